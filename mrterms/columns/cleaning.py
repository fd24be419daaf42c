"""Columns in, concepts out: every distinct value is read once, and the column decides what its cells leave open."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from spacy.language import Language

from mrterms.columns.choosing import Chooser, Outcome
from mrterms.columns.codes import FoundCode
from mrterms.columns.evidence import ColumnEvidence, form_of, is_clear, is_open, let_the_cell_lead
from mrterms.columns.flags import with_flags
from mrterms.columns.reading import Asked, CellsReader, OpenCell, Reading, reading_cells
from mrterms.columns.records import CellValue, CleanResult, Decision
from mrterms.columns.values import Distinct, distinct_values, joined
from mrterms.errors import ConfigError
from mrterms.lexicon import Lexicon
from mrterms.pipeline import load
from mrterms.sense import Hint
from mrterms.sense.resolve import DEFINITION_WEIGHT

__all__ = ["PLAIN_COLUMNS", "Progress", "normalize_column", "normalize_columns"]

PLAIN_COLUMNS: Final = ("concept_id", "preferred_name", "score", "match", "sense_status", "assertion", "severity")
Progress = Callable[[int, int], None]
"""Called now and then with the distinct values done and their number."""

_GRADE: Final = "trace"
_UNGRADED: Final = 4.0
"""Log-odds that a short form is no grade where the cell names nothing that it could grade."""


def normalize_column(
    series: pd.Series[Any],
    *,
    codes: Sequence[str] = (),
    nlp: Language | None = None,
    lexicons: Sequence[str | Path] = (),
    builtin: bool = True,
    setting: str | None = None,
    threshold: float | None = None,
    flags: bool = True,
    n_process: int = 1,
) -> pd.DataFrame:
    """The concepts of a column of short cells: a frame with the same index and the ``mrterms_*`` columns.

    The name of the series and its other values help to tell what short forms mean. ``codes`` are the code systems that get
    a column each. For the other options see :func:`normalize_columns`.

    >>> import pandas as pd
    >>> found = normalize_column(pd.Series(["MR 2+", "AI", "s/p MVR", "MI", "TR", None], name="valve_lesion"))
    >>> found["mrterms_concept_id"].tolist()[3], found["mrterms_severity"].tolist()[0]
    ('mitral_regurgitation', 'moderate')
    """
    if not isinstance(series, pd.Series):
        raise TypeError(f"series must be a pandas Series, not {type(series).__name__}")
    name = "" if series.name is None else str(series.name)
    frame = pd.DataFrame({name: series})
    options: dict[str, Any] = {"nlp": nlp, "lexicons": lexicons, "builtin": builtin, "setting": setting, "threshold": threshold}
    options["flags"] = flags
    result = normalize_columns(frame, [name], codes=codes, n_process=n_process, **options)
    return result.frame.drop(columns=[name])


def normalize_columns(
    frame: pd.DataFrame,
    columns: Sequence[str],
    *,
    context_columns: Sequence[str] = (),
    codes: Sequence[str] = (),
    decisions: Mapping[tuple[str, str], Decision] | None = None,
    decided_by: str = "decisions",
    nlp: Language | None = None,
    lexicons: Sequence[str | Path] = (),
    builtin: bool = True,
    setting: str | None = None,
    threshold: float | None = None,
    flags: bool = True,
    n_process: int = 1,
    progress: Progress | None = None,
    reader: CellsReader | None = None,
) -> CleanResult:
    """The concepts of one or several columns of a table, beside the table as it is.

    Rows, order, index, dtypes and columns stay. One column adds ``mrterms_concept_id`` and so on; of several, each adds
    ``<column>_mrterms_concept_id`` and so on. ``context_columns`` are companion columns whose cells help to tell what a short
    form of the same row means. ``decisions`` are by column and text form of the value, and win over everything read;
    ``decided_by`` names where they come from, if their notes do not. ``nlp`` is a pipeline of :func:`mrterms.load`; without it,
    one is made of ``lexicons``, ``builtin``, ``setting`` and ``threshold``. ``flags``: a cell that is nothing but a flag (Y, 0) or a
    grade (3+) says it of the column's name, where that is one clear concept. ``reader`` is one that :func:`reading_cells` made of the
    same columns, if it is at work already: its pipeline then is ``nlp``. Without it, one is made with ``n_process`` processes.

    Raises :class:`~mrterms.errors.ConfigError` for a column that is not there, stands twice or would be overwritten, for an
    unknown code system and for a decision on an unknown concept.
    """
    columns, context_columns, codes = ([one] if isinstance(one, str) else one for one in (columns, context_columns, codes))
    nlp = reader.nlp if reader else nlp or load(lexicons=lexicons, builtin=builtin, setting=setting, threshold=threshold)
    lexicon: Lexicon = nlp.get_pipe("mrterms_matcher").lexicon  # type: ignore[attr-defined]
    systems = _systems(codes, lexicon)
    names = {column: f"{column}_mrterms_" if len(columns) > 1 else "mrterms_" for column in columns}
    _check(frame, columns, context_columns, [f"{prefix}{one}" for prefix in names.values() for one in _suffixes(systems)])
    _check_decisions(decisions or {}, lexicon)
    contexts = [distinct_values(frame[one]) for one in context_columns]
    distinct = {column: distinct_values(frame[column]) for column in columns}
    ticker = _Ticker(progress, sum(len(one.texts) for one in distinct.values()))
    values: list[CellValue] = []
    added: dict[str, Any] = {}
    alike: NDArray[np.int64] | None = None
    with reading_cells(nlp, columns, n_process=n_process) if reader is None else nullcontext(reader) as cells:
        for column in columns:
            outcomes, rows = _Cleaner(cells, column, ticker.step).clean(distinct[column], contexts)
            chooser = cells.chooser(column)
            if flags:
                outcomes = with_flags(nlp, chooser, lexicon, column, list(map(str, frame.columns)), outcomes)
            if decisions:
                outcomes = [_decided(chooser, column, value, one, decisions, decided_by) for value, one in outcomes]
            values.extend(_cell_values(column, outcomes, rows))
            added |= _added(names[column], [one for _, one in outcomes], rows, systems, frame.index)
            alike = rows if alike is None else np.unique(alike * (len(outcomes) + 1) + rows, return_inverse=True)[1].reshape(-1)
    ticker.finish()
    settings = {
        "columns": list(columns),
        "context_columns": list(context_columns),
        "codes": list(systems),
        "lexicons": [str(one) for one in lexicons],
        "builtin": builtin,
        "setting": setting,
        "threshold": threshold,
        "flags": flags,
        "decisions": len(decisions or {}),
        "rows": len(frame),
    }
    whole = pd.concat([frame, pd.DataFrame(added, index=frame.index)], axis=1)
    return CleanResult(whole, tuple(values), tuple(columns), settings, alike)


# --- checks --------------------------------------------------------------------------------------------------------------


def _suffixes(systems: Sequence[str]) -> list[str]:
    return [*PLAIN_COLUMNS, *(f"code_{system}" for system in systems), "candidates", "all"]


def _systems(asked: Sequence[str], lexicon: Lexicon) -> list[str]:
    known = {system.lower(): system for concept in lexicon.concepts.values() for system in concept.codes}
    for system in asked:
        if system.lower() not in known:
            raise ConfigError(f"unknown code system {system!r}", fix=f"one of {', '.join(sorted(known.values()))}")
    return list(dict.fromkeys(known[system.lower()] for system in asked))


def _check(frame: pd.DataFrame, columns: Sequence[str], contexts: Sequence[str], added: Sequence[str]) -> None:
    if not columns:
        raise ConfigError("no column to clean", fix="name at least one")
    for column in dict.fromkeys((*columns, *contexts)):
        if not isinstance(column, str):
            raise ConfigError(f"the column {column!r} is named by no text", fix="name it so: frame.rename(columns=str)")
        found = list(frame.columns).count(column)
        if found != 1:
            if found:
                raise ConfigError(f"the column {column!r} stands {found} times", fix="give each a name of its own")
            joint = "; join the levels of the names first: frame.columns = frame.columns.map('_'.join)" if frame.columns.nlevels > 1 else ""
            raise ConfigError(f"no column {column!r}", fix=f"columns: {', '.join(map(str, frame.columns))}{joint}")
    if len(set(columns)) < len(columns):
        raise ConfigError("a column is named twice", fix="name each once")
    if taken := [name for name in added if name in frame.columns]:
        raise ConfigError(f"the table has a column {taken[0]!r} already", fix="take the columns of an earlier run away, or rename them")


def _check_decisions(decisions: Mapping[tuple[str, str], Decision], lexicon: Lexicon) -> None:
    for decision in decisions.values():
        if decision.concept_id is not None and decision.concept_id not in lexicon.concepts:
            raise ConfigError(
                f"a decision for column {decision.column!r} names the concept {decision.concept_id!r}, which no lexicon has",
                fix="use a concept id of the lexicon, or give the lexicon that has it",
            )


# --- one column ----------------------------------------------------------------------------------------------------------


class _Cleaner:
    """Decides one column."""

    def __init__(self, cells: CellsReader, column: str, step: Callable[[int], None]) -> None:
        self._cells, self._column, self._step = cells, column, step

    def clean(self, cells: Distinct, contexts: list[Distinct]) -> tuple[list[tuple[str, Outcome]], NDArray[np.int64]]:
        """Value and outcome of every meaning in the column, and for each row the place of its own (-1: missing)."""
        readings = self._cells.read(self._column, cells.texts, self._step)
        evidence = ColumnEvidence(self._cells.senses, self._column, cells.counts, readings, self._cells.shifts)
        evidence.learn(form for reading in readings.values() for form in _open_forms(reading))
        if not contexts:
            every = self._outcomes([(value, "") for value in cells.texts], readings, evidence)
            return list(zip(cells.texts, every, strict=True)), cells.rows
        return self._clean_with_contexts(cells, contexts, readings, evidence)

    def _clean_with_contexts(
        self, cells: Distinct, contexts: list[Distinct], readings: Mapping[str, Reading], evidence: ColumnEvidence
    ) -> tuple[list[tuple[str, Outcome]], NDArray[np.int64]]:
        """Open values are decided for each distinct pair of value and context; equal answers of a value are one meaning."""
        is_asked = np.array([readings[value].open is not None for value in cells.texts] + [False], dtype=bool)
        texts, places = joined(contexts, is_asked[cells.rows])
        keys = cells.rows * (len(texts) + 1) + places + 1
        pairs, first, rows, counts = np.unique(keys, return_index=True, return_inverse=True, return_counts=True)
        pairs, order = pairs[cells.rows[first] >= 0], np.argsort(-counts, kind="stable")
        held = [divmod(int(key), len(texts) + 1) for key in pairs]
        asked = [(cells.texts[value], texts[context - 1] if context else "") for value, context in held]
        evidence.learn_contexts((form, context) for value, context in asked if context for form in _open_forms(readings[value]))
        outcomes = self._outcomes(asked, readings, evidence)
        missing = len(counts) - len(pairs)  # at most one key, the lowest: rows without a value
        merged: dict[tuple[object, ...], int] = {}
        kept: list[tuple[str, Outcome]] = []
        place_of = np.full(len(counts), -1, dtype=np.int64)
        for place in order.tolist():
            if place < missing:
                continue
            value, outcome = asked[place - missing][0], outcomes[place - missing]
            key = (value, outcome.concept_id, outcome.sense_status, tuple(one["concept_id"] for one in outcome.all))
            if key not in merged:
                merged[key] = len(kept)
                kept.append((value, outcome))
            place_of[place] = merged[key]
        return _by_first_row(kept, place_of[rows.reshape(-1)])

    def _outcomes(self, asked: Sequence[tuple[str, str]], readings: Mapping[str, Reading], evidence: ColumnEvidence) -> list[Outcome]:
        """One outcome for each cell and context; cells with open forms are read again with what is known from outside."""
        outcomes = [readings[value].outcome for value, _ in asked]
        again: list[tuple[int, Asked]] = []
        for place, (value, context) in enumerate(asked):
            if (cell := readings[value].open) is not None and (hints := self._hints(cell, context, evidence)):
                again.append((place, (cell, hints)))
        for (place, _), outcome in zip(again, self._cells.read_again(self._column, [one for _, one in again]), strict=True):
            outcomes[place] = outcome
        return outcomes

    def _hints(self, cell: OpenCell, context: str, evidence: ColumnEvidence) -> dict[str, tuple[Hint, ...]]:
        found: dict[str, tuple[Hint, ...]] = {}
        for one in cell.annotations:
            if not is_open(one) or (form := form_of(one)) in found:
                continue
            senses = [candidate["concept_id"] for candidate in one["sense"]["candidates"]]
            hints = list(evidence.hints(form))
            if context and (hint := evidence.context_hint(form, context)) is not None:
                hints.append(hint)
            if is_clear(one, cell.text):
                hints = let_the_cell_lead(one, hints)
            hints += [self._code_hint(code, senses) for code in cell.codes]
            if (graded := evidence.grade_hint(one)) is not None:
                hints.append(graded)
            if _GRADE in senses and all(form_of(other) == form for other in cell.annotations):
                hints.append(Hint("nothing in the cell to grade", {_GRADE: -_UNGRADED}))
            found[form] = tuple(hint for hint in hints if hint.weights)
        return {form: hints for form, hints in found.items() if hints}

    def _code_hint(self, code: FoundCode, senses: Sequence[str]) -> Hint:
        named = code.concept_ids or code.choices
        agreeing = [one for one in senses if any(self._cells.index.agree(other, one) for other in named)]
        return Hint(f"the code {code.code}", dict.fromkeys(agreeing, DEFINITION_WEIGHT))


def _open_forms(reading: Reading) -> Iterator[str]:
    return map(form_of, filter(is_open, reading.open.annotations if reading.open else ()))


def _by_first_row(kept: list[tuple[str, Outcome]], rows: NDArray[np.int64]) -> tuple[list[tuple[str, Outcome]], NDArray[np.int64]]:
    places, first = np.unique(rows, return_index=True)
    order = [place for place in places[np.argsort(first)].tolist() if place >= 0]
    place_of = np.full(len(kept) + 1, -1, dtype=np.int64)
    place_of[order] = np.arange(len(order))
    return [kept[place] for place in order], place_of[rows]


# --- results -------------------------------------------------------------------------------------------------------------


def _decided(
    chooser: Chooser, column: str, value: str, found: Outcome, decisions: Mapping[tuple[str, str], Decision], by: str
) -> tuple[str, Outcome]:
    decision = decisions.get((column, value))
    return value, found if decision is None else chooser.decide(found, decision, decision.note or by)


def _cell_values(column: str, outcomes: Sequence[tuple[str, Outcome]], rows: NDArray[np.int64]) -> Iterator[CellValue]:
    counts = np.bincount(rows[rows >= 0], minlength=len(outcomes)).tolist()
    for (value, outcome), count in zip(outcomes, counts, strict=True):
        yield CellValue(column, value, count, *outcome)


def _added(
    prefix: str, outcomes: Sequence[Outcome], rows: NDArray[np.int64], systems: Sequence[str], index: pd.Index[Any]
) -> dict[str, Any]:
    """The new columns: each distinct text is held once, however many rows show it."""
    columns: dict[str, list[Any]] = {name: [getattr(one, name) for one in outcomes] for name in PLAIN_COLUMNS}
    columns |= {f"code_{system}": [one.codes.get(system) for one in outcomes] for system in systems}
    columns |= {name: [_as_json(found) if (found := getattr(one, name)) else "[]" for one in outcomes] for name in ("candidates", "all")}
    added: dict[str, Any] = {}
    for name, held in columns.items():
        kind = "float64" if name == "score" else "object"
        array = np.empty(len(held) + 1, dtype=kind)
        array[:] = [*held, None]
        added[f"{prefix}{name}"] = pd.Series(array[rows], dtype=kind, index=index)
    return added


_as_json: Final = json.JSONEncoder(separators=(",", ":")).encode


class _Ticker:
    """Tells how far the work is."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress, self._total, self._done = progress, total, 0

    def step(self, number: int) -> None:
        """So many more values are read."""
        self._done += number
        if self._progress:
            self._progress(min(self._done, self._total), self._total)

    def finish(self) -> None:
        """All values are read."""
        if self._progress:
            self._progress(self._total, self._total)
