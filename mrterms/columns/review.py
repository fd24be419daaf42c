"""The review file: one row a distinct value, what matters most first, with room for a person's decision.

**Order.** ``harm`` is what leaving a value unread may cost, in rows: its count times how unsure its choice is
(:func:`unsureness`). The file is sorted by it, so a person may stop where the rest no longer matters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from mrterms.columns.records import CellValue
from mrterms.columns.sheets import Cell, Sheet, write_sheet
from mrterms.lexicon import Lexicon

__all__ = ["BY_ROW", "NOT_FOUND", "REVIEW_COLUMNS", "review_rows", "status_of", "unsureness", "write_review"]

NOT_FOUND = "not found"
BY_ROW = "by row"

REVIEW_COLUMNS: dict[str, int] = {
    "column": 12,
    "value": 38,
    "count": 9,
    "concept_id": 30,
    "preferred_name": 30,
    "score": 7,
    "status": 13,
    "decision": 30,
    "comment": 24,
    "runners_up": 44,
    "also_found": 30,
    "reason": 60,
    "problems": 50,
    "assertion": 12,
    "severity": 12,
    "harm": 9,
    "decided_by": 20,
}
"""The columns of a review file with their widths in characters."""

_RUNNERS_UP = 4
_AMBIGUOUS, _PROBLEM, _NOTHING, _NO_LETTERS = 1.0, 0.9, 0.05, 0.001
_BY_FREQUENCY = 3.0
_FLOOR = {"unambiguous": 0.01, "resolved": 0.05}


def write_review(path: str | Path, values: Sequence[CellValue], *, lexicon: Lexicon) -> int:
    """Write the review file (.tsv, .csv, .xlsx or .parquet); return how many values are too long for it (Excel only).

    Raises :class:`~mrterms.errors.ConfigError` for another suffix and :class:`~mrterms.errors.MissingExtraError`.
    """
    choices = [(concept.concept_id, concept.preferred_name) for concept in lexicon.concepts.values() if not concept.other_sense]
    sheet = Sheet(
        columns=tuple(REVIEW_COLUMNS),
        rows=list(review_rows(values)),
        widths=REVIEW_COLUMNS,
        frozen=2,
        choices_for="decision",
        choices=sorted(choices),
    )
    return len(write_sheet(path, sheet))


def review_rows(values: Sequence[CellValue]) -> Iterator[Mapping[str, Cell]]:
    """The rows of the review file: by ``harm``, then by count, then in the order of the table.

    A value that means different things in different rows (companion columns) has one row, since a decision is for all.
    """
    places: dict[str, int] = {}
    for value in values:
        places.setdefault(value.column, len(places))
    together = [list(same) for _, same in groupby(sorted(values, key=_key), key=_key)]
    rows = [_row(max(same, key=lambda one: one.count), same) for same in together]
    # Sorting is stable: the last key sorted by is the first that counts.
    rows.sort(key=lambda row: (places[str(row["column"])], str(row["value"])))
    rows.sort(key=lambda row: (row["harm"], row["count"]), reverse=True)
    yield from rows


def unsureness(value: CellValue) -> float:
    """How unsure a choice is, 0 to 1: an estimate of the share of its rows that a person would change.

    Decided: 0. Ambiguous: 1, for its rows have no concept. With a problem (code against text): at least 0.9. Chosen: one
    minus its score, but never less than 0.05 where the context chose and 0.01 where the form is unambiguous; three times as
    much where a short form was read by its frequency alone, for another hospital's frequencies are others. Nothing found:
    0.05, for a spelling may have been missed; 0.001 where the value has no letters, 0 where it is blank.
    """
    if value.decided_by is not None or not value.value.strip():
        return 0.0
    if value.concept_id is None:
        unsure = _AMBIGUOUS if value.sense_status == "ambiguous" else _NOTHING if any(map(str.isalpha, value.value)) else _NO_LETTERS
    else:
        unsure = max(1.0 - (value.score or 0.0), _FLOOR.get(value.sense_status or "", 0.0))
        unsure = min(_PROBLEM, _BY_FREQUENCY * unsure) if value.by_frequency else unsure
    return max(unsure, _PROBLEM) if value.problems else unsure


def status_of(value: CellValue) -> str:
    """One word on how a value was settled: decided, not found, or the status of its sense."""
    return "decided" if value.decided_by is not None else value.sense_status or NOT_FOUND


def _key(value: CellValue) -> tuple[str, str]:
    return value.column, value.value


def _row(first: CellValue, same: Sequence[CellValue]) -> dict[str, Any]:
    split = len({one.concept_id for one in same}) > 1
    decided = first.decided_by is not None
    return {
        "column": first.column,
        "value": first.value,
        "count": sum(one.count for one in same),
        "concept_id": first.concept_id,
        "preferred_name": first.preferred_name,
        "score": first.score,
        "status": BY_ROW if split else status_of(first),
        "decision": (first.concept_id or "none") if decided else None,
        "comment": (first.decided_by or "").partition(": ")[2] or None,
        "runners_up": _runners_up(first) or None,
        "also_found": _also(first) or None,
        "reason": _by_row(same) if split else first.reason,
        "problems": "; ".join(dict.fromkeys(problem for one in same for problem in one.problems)) or None,
        "assertion": first.assertion,
        "severity": first.severity,
        "harm": round(sum(one.count * unsureness(one) for one in same), 2),
        "decided_by": first.decided_by,
    }


def _by_row(same: Sequence[CellValue]) -> str:
    parts = (f"{one.concept_id or status_of(one)} in {one.count} rows: {one.reason}" for one in sorted(same, key=lambda one: -one.count))
    return "other columns decide row by row. " + " / ".join(parts)


def _runners_up(value: CellValue) -> str:
    others = (one for one in value.candidates if one.get("concept_id") != value.concept_id)
    return "; ".join(_candidate(one) for _, one in zip(range(_RUNNERS_UP), others, strict=False))


def _candidate(candidate: Mapping[str, object]) -> str:
    score = candidate.get("score", candidate.get("probability"))
    return f"{candidate.get('concept_id')} {score:.2f}" if isinstance(score, float | int) else str(candidate.get("concept_id"))


def _also(value: CellValue) -> str:
    """The other concepts of a cell with several diagnoses; what is not plainly present says so."""
    found = []
    for one in value.all:
        concept, status = one.get("concept_id"), one.get("assertion")
        if concept and concept != value.concept_id:
            found.append(f"{concept} ({status})" if status not in (None, "present") else str(concept))
    return "; ".join(dict.fromkeys(found))
