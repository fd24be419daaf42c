"""What a person decided: corrected review files read back, every cell checked against the lexicon.

The column ``decision`` of a row may hold: nothing (untouched); ``ok`` or ``accept`` (the choice of the row stands); ``none`` or
``-`` (the value names no concept); a concept id, a preferred name, or a term or code that only one concept has.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rapidfuzz import fuzz, process

from mrterms.columns.records import CellValue, Decision
from mrterms.columns.review import BY_ROW, NOT_FOUND
from mrterms.columns.sheets import Row, read_sheet
from mrterms.errors import InputError
from mrterms.lexicon import Lexicon
from mrterms.text.normal_form import fold

__all__ = ["Decisions", "read_decisions", "unmatched"]

_ACCEPT = ("ok", "accept")
_NONE = ("none", "-")
_SHOWN = 20
_SUGGESTED, _LOOKED_AT = 3, 40
_MEANT = 6
_SEPARATORS = re.compile(r"[\s_\-]+")

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Decisions:
    """Decisions by (column, value), the place of each (``review.tsv:12``), and what the reader should be told."""

    by_value: Mapping[Key, Decision]
    places: Mapping[Key, str]
    notes: tuple[str, ...]


def read_decisions(paths: Sequence[str | Path], *, lexicon: Lexicon, columns: Sequence[str]) -> Decisions:
    """The decisions in corrected review files on the columns that are being cleaned.

    A file without the column ``column`` is taken for the only one of ``columns``. The order of files does not matter.

    Raises :class:`InputError` naming file, row and remedy for every cell that cannot be understood, and where two rows decide
    the same value differently.
    """
    reader = _Reader(lexicon, columns)
    for path in map(Path, paths):
        reader.read(path)
    if faults := reader.faults:
        more = [f"and {len(faults) - _SHOWN} more"] if len(faults) > _SHOWN else []
        raise InputError("\n".join(["decisions that cannot be applied:", *faults[:_SHOWN], *more]))
    return Decisions(reader.found, reader.places, tuple(reader.notes))


def unmatched(decisions: Decisions, values: Iterable[CellValue]) -> list[str]:
    """A line a file on the decided values that the table no longer has; the line names rows, not values."""
    present = {(value.column, value.value) for value in values}
    gone: dict[str, list[int]] = {}
    for key, place in decisions.places.items():
        if key not in present:
            file, _, row = place.rpartition(":")
            gone.setdefault(file, []).append(int(row))
    return [f"{file}: the table no longer has the values decided in {_rows(rows)}" for file, rows in gone.items()]


class _Fault(Exception):
    """What is wrong with one decision."""


class _Reader:
    """Gathers the decisions of several files, and all that is wrong with them, so that a person can mend it in one go."""

    def __init__(self, lexicon: Lexicon, columns: Sequence[str]) -> None:
        self._lexicon, self._columns, self._names = lexicon, columns, _Names(lexicon)
        self.found: dict[Key, Decision] = {}
        self.places: dict[Key, str] = {}
        self.faults: list[str] = []
        self.notes: list[str] = []

    def read(self, path: Path) -> None:
        rows = read_sheet(path)
        _check_header(path, rows, self._columns)
        decided = [row for row in rows if row.cells["decision"].strip()]
        if odd := [row.number for row in rows if not row.cells["decision"].strip() and _edited(row, self._lexicon)]:
            fault = f"concept_id and preferred_name do not belong together in {_rows(odd)}"
            self.notes.append(f"{path.name}: {fault}; only the column decision is read")
        for column in sorted({self._column(row) for row in decided} - set(self._columns)):
            self.notes.append(f"{path.name}: decisions on the column {column!r} are left aside, for it is not cleaned here")
        for row in decided:
            if self._column(row) in self._columns:
                self._add(row, path.name)

    def _column(self, row: Row) -> str:
        return row.cells.get("column") or self._columns[0]

    def _add(self, row: Row, file: str) -> None:
        key, place = (self._column(row), row.cells["value"]), f"{file}:{row.number}"
        try:
            decision = _decision(row, key, file, self._names)
        except _Fault as fault:
            self.faults.append(f"{place}: {fault}")
            return
        if decision is None:
            return
        if key in self.found and self.found[key].concept_id != decision.concept_id:
            self.faults.append(f"{place}: the value is decided otherwise at {self.places[key]} (keep one of the two)")
        self.found.setdefault(key, decision)
        self.places.setdefault(key, place)


class _Names:
    """Every way to name a concept: id, preferred name, term, code."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.ids = lexicon.concepts
        self._preferred: dict[str, set[str]] = {}
        self._others: dict[str, set[str]] = {}
        for concept in lexicon.concepts.values():
            for name in (concept.concept_id, concept.preferred_name):
                self._preferred.setdefault(_plain(name), set()).add(concept.concept_id)
            for code in concept.codes.values():
                self._others.setdefault(_plain(code), set()).add(concept.concept_id)
        for term in lexicon.terms:
            self._others.setdefault(_plain(term.text), set()).add(term.concept_id)
        for entries in lexicon.senses.values():
            for entry in entries:
                self._others.setdefault(_plain(entry.short_form), set()).add(entry.concept_id)

    def concept(self, name: str) -> str:
        """The one concept of that name. Raises :class:`_Fault`, with suggestions, where there is none or more than one."""
        if name in self.ids:
            return name
        meant = self._preferred.get(_plain(name)) or self._others.get(_plain(name)) or set()
        if len(meant) == 1:
            return next(iter(meant))
        if meant:
            listed = sorted(meant, key=lambda concept_id: (self.ids[concept_id].other_sense, concept_id))
            more = ", ..." if len(listed) > _MEANT else ""
            raise _Fault(f"{name[:60]!r} names several concepts (write one of {', '.join(listed[:_MEANT])}{more})")
        raise _Fault(f"unknown concept {name[:60]!r} ({self._suggest(name)}, or none)")

    def _suggest(self, name: str) -> str:
        """The nearest concepts of the subject."""
        everything = self._preferred | self._others
        near = process.extract(_plain(name), everything.keys(), scorer=fuzz.WRatio, limit=_LOOKED_AT, score_cutoff=60)
        meant = (concept_id for form, _, _ in near for concept_id in sorted(everything[form]))
        ids = dict.fromkeys(concept_id for concept_id in meant if not self.ids[concept_id].other_sense)
        return f"nearest: {', '.join(list(ids)[:_SUGGESTED])}" if ids else "write a concept id"


def _plain(name: str) -> str:
    return _SEPARATORS.sub(" ", fold(name)).strip()


def _decision(row: Row, key: Key, file: str, names: _Names) -> Decision | None:
    """The decision of a row; None where it accepts what other columns decide row by row."""
    said = row.cells["decision"].strip()
    comment = row.cells.get("comment", "").strip()
    note = f"{file}: {comment}" if comment else file
    if said.lower() in _NONE:
        return Decision(*key, None, note)
    if said.lower() not in _ACCEPT:
        return Decision(*key, names.concept(said), note)
    chosen, status = row.cells.get("concept_id", "").strip(), row.cells.get("status", "").strip()
    if status == BY_ROW:
        return None
    if not chosen and status != NOT_FOUND:
        raise _Fault(f"{said!r}, but nothing was chosen (write a concept id, or none)")
    return Decision(*key, names.concept(chosen) if chosen else None, note)


def _check_header(path: Path, rows: Sequence[Row], columns: Sequence[str]) -> None:
    if not rows:
        return
    needed = ["value", "decision"] if len(columns) == 1 else ["column", "value", "decision"]
    have = rows[0].cells
    if missing := [column for column in needed if column not in have]:
        listed = ", ".join(name for name in have if name) or "nothing"
        raise InputError(f"no column {' or '.join(missing)}; found {listed}", file=str(path), fix="give a file that --review wrote")


def _edited(row: Row, lexicon: Lexicon) -> bool:
    """Whether the choice itself was overwritten, where only the column ``decision`` counts."""
    chosen, name = row.cells.get("concept_id", "").strip(), row.cells.get("preferred_name")
    if name is None or "concept_id" not in row.cells:
        return False
    known = lexicon.concepts.get(chosen)
    return (known is not None and known.preferred_name != name.strip()) or bool(chosen) != bool(name.strip())


def _rows(numbers: Sequence[int]) -> str:
    shown = ", ".join(map(str, sorted(numbers)[:_SHOWN]))
    return f"row{'s' if len(numbers) > 1 else ''} {shown}" + (", ..." if len(numbers) > _SHOWN else "")
