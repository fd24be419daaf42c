"""The records of a cleaned table: what each distinct value means, who decided it, and the whole result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["CellValue", "CleanResult", "Decision"]


@dataclass(frozen=True, slots=True)
class CellValue:
    """What one distinct value of one column was found to mean.

    Where companion columns make the same value mean different things in different rows, it has one record for each
    meaning, with the rows that hold it counted apart; a :class:`Decision` on the value is for all of them.
    """

    column: str
    value: str
    """As given: the text form of the cell."""
    count: int
    """Rows that hold it."""
    concept_id: str | None
    """None: nothing found, or ambiguous."""
    preferred_name: str | None
    score: float | None
    """From 0 to 1: probability of the sense times how well the words match; None where nothing was found."""
    match: str | None
    """The kind of :class:`mrterms.records.Match`, or ``code`` or ``decision``."""
    sense_status: str | None
    """unambiguous, resolved, ambiguous; None where nothing was found."""
    assertion: str | None
    severity: str | None
    codes: Mapping[str, str]
    candidates: tuple[Mapping[str, object], ...]
    """JSON-like, best first: ``concept_id``, ``preferred_name``, ``score`` (that of the plain columns)."""
    all: tuple[Mapping[str, object], ...]
    """Every concept found in the cell, JSON-like, in the order of the cell, with the fields of the plain columns."""
    reason: str
    """In plain words: why this choice, or why none."""
    problems: tuple[str, ...]
    """What does not fit together, for example ``code I21.9 means myocardial_infarction, the text mitral_regurgitation``."""
    decided_by: str | None
    """None: mrterms; else who or what decided (a file of decisions)."""
    by_frequency: bool = False
    """Nothing in the cell, the column or a code spoke for the choice: it is what the short form mostly means."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decided that a value of a column means; ``concept_id`` None: it names no concept.

    ``value`` is the text form of the cell, as :attr:`CellValue.value`. ``note`` says who or what decided, and why
    ("review.tsv: asked the surgeon"); it becomes :attr:`CellValue.decided_by`.
    """

    column: str
    value: str
    concept_id: str | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class CleanResult:
    """A cleaned table: ``frame`` is the given one with the ``mrterms_*`` columns added, ``values`` all that was decided.

    ``values`` holds the columns in the order given, and in a column the values in the order of their first row. ``settings``
    are the options of the run as JSON-like data, so that a report can state them and the run be repeated. Rows with the same
    number in ``alike`` have the same in all added columns.
    """

    frame: pd.DataFrame
    values: tuple[CellValue, ...]
    columns: tuple[str, ...]
    settings: Mapping[str, object] = field(default_factory=dict)
    alike: NDArray[np.int64] | None = field(default=None, repr=False, compare=False)
