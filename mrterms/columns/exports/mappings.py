"""What all mapping sets say: a distinct value and the concepts that it names, with what is said about each."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from mrterms.columns.records import CellValue
from mrterms.columns.review import unsureness

__all__ = ["CODE_LENGTH", "Target", "ValueMapping", "mappings_of", "one_line", "source_code"]

CODE_LENGTH = 50
"""OMOP CDM v5.4: source_to_concept_map.source_code is a varchar(50)."""

_FACTS = ("score", "match", "sense_status", "assertion", "severity", "codes")

_BREAKS = re.compile(r"[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A concept that a value names. ``plain``: it says that the patient has it, without denial, doubt, past or relative."""

    concept_id: str
    preferred_name: str
    score: float
    match: str
    sense_status: str
    assertion: str
    severity: str | None
    codes: Mapping[str, str]

    @property
    def plain(self) -> bool:
        return self.assertion == "present"


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueMapping:
    """A distinct value of a column. Without ``targets`` it is ``ambiguous`` or names no concept (of the lexicon)."""

    column: str
    value: str
    count: int
    targets: tuple[Target, ...]
    ambiguous: bool
    confidence: float
    reason: str
    problems: tuple[str, ...] = ()
    decided_by: str | None = None
    candidates: tuple[str, ...] = field(default=())


def mappings_of(values: Iterable[CellValue]) -> list[ValueMapping]:
    """A mapping for each distinct value, in the order of the columns and then of the values.

    A blank cell is no value. One that companion columns resolve differently in different rows is ambiguous here: a mapping set has no rows.
    """
    grouped: dict[tuple[str, str], list[CellValue]] = {}
    for value in values:
        if value.value.strip():
            grouped.setdefault((value.column, value.value), []).append(value)
    columns = list(dict.fromkeys(column for column, _ in grouped))
    ordered = sorted(grouped.values(), key=lambda same: columns.index(same[0].column))
    return [_mapping(same) for _, part in groupby(ordered, key=lambda same: same[0].column) for same in part]


def source_code(value: str) -> str:
    """The value as a source code: itself, or where it is longer than 50 characters its start and a digest of it."""
    if len(value) <= CODE_LENGTH:
        return value
    return f"{value[: CODE_LENGTH - 9]}~{hashlib.sha256(value.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def one_line(text: str) -> str:
    """The text with a blank for each line break."""
    return _BREAKS.sub(" ", text)


def _mapping(same: Sequence[CellValue]) -> ValueMapping:
    first = max(same, key=lambda one: one.count)
    by_row = len({one.concept_id for one in same}) > 1
    targets = () if by_row else _targets(first)
    found = (str(one["concept_id"]) for value in same for one in value.candidates if one.get("concept_id"))
    return ValueMapping(
        column=first.column,
        value=first.value,
        count=sum(one.count for one in same),
        targets=targets,
        ambiguous=not targets and (by_row or first.sense_status == "ambiguous") and first.decided_by is None,
        confidence=round(1.0 - unsureness(first), 3),
        reason="other columns decide it row by row" if by_row else first.reason,
        problems=tuple(dict.fromkeys(problem for one in same for problem in one.problems)),
        decided_by=first.decided_by,
        candidates=tuple(dict.fromkeys(found)),
    )


def _targets(value: CellValue) -> tuple[Target, ...]:
    """The concepts of a cell, the main one first and each once: as plainly said where it is also denied or past."""
    if value.concept_id is None:
        return ()
    main = {name: getattr(value, name) for name in ("concept_id", "preferred_name", *_FACTS)}
    found: dict[str, Target] = {}
    for one in (main, *value.all):
        if one.get("concept_id"):
            target = _target(one)
            known = found.setdefault(target.concept_id, target)
            if target.plain and not known.plain:
                found[target.concept_id] = target
    return tuple(found.values())


def _target(one: Mapping[str, Any]) -> Target:
    match = one.get("match")
    return Target(
        concept_id=str(one["concept_id"]),
        preferred_name=str(one.get("preferred_name") or one["concept_id"]),
        score=float(one.get("score") or 0.0),
        match=str((match.get("kind") if isinstance(match, dict) else match) or ""),
        sense_status=str(one.get("sense_status") or ""),
        assertion=str(one.get("assertion") or "present"),
        severity=one.get("severity"),
        codes=one.get("codes") or {},
    )
