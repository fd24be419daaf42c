"""What a user may say about an export, and what several formats need."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import quote

from mrterms.errors import ConfigError

__all__ = ["ExportOptions", "NoteDict", "file_name", "pieces", "read_concept_map"]

NoteDict = dict[str, Any]
_LONGEST_NAME = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportOptions:
    """``columns``: of a table, in place of the usual ones. ``concept_map``: concept id → OMOP concept id. ``snippet``: with
    the words around a mention (OMOP; patient text). ``notes``: patient and day by note id (FHIR). ``day``: when the notes were
    processed (OMOP); None is today.
    """

    columns: tuple[str, ...] = ()
    concept_map: Mapping[str, int] = field(default_factory=dict)
    snippet: bool = False
    notes: Mapping[str, tuple[str, date | None]] = field(default_factory=dict)
    day: date | None = None


def read_concept_map(path: Path) -> dict[str, int]:
    """OMOP concept ids by concept id, from a TSV with the columns ``concept_id`` and ``omop_concept_id``.

    Raises :class:`ConfigError` with file and line for a missing column, an id that is no number, or a concept that comes twice.
    """
    found: dict[str, int] = {}
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError:
        raise ConfigError("no such file", file=str(path)) from None
    table = csv.DictReader(lines, delimiter="\t")
    if not {"concept_id", "omop_concept_id"} <= set(table.fieldnames or ()):
        raise ConfigError("no columns concept_id and omop_concept_id", file=str(path), line=1, fix="separate them by tabs")
    for row in table:
        concept_id, number = (row["concept_id"] or "").strip(), (row["omop_concept_id"] or "").strip()
        if not concept_id or not number.isascii() or not number.isdigit():
            raise ConfigError("not a concept id and a number", file=str(path), line=table.line_num)
        if concept_id in found:
            raise ConfigError("a concept that stands above already", file=str(path), line=table.line_num)
        found[concept_id] = int(number)
    return found


def file_name(note_id: str) -> str:
    """A note's id as the name of a file: other signs than letters, digits and ``-_.`` are percent-encoded, so that ids stay apart."""
    name = quote(note_id, safe="").replace("~", "%7E")
    name = f"%2E{name[1:]}" if name.startswith(".") else name
    if len(name) > _LONGEST_NAME:
        name = f"{name[:80]}-{hashlib.blake2b(note_id.encode(), digest_size=16).hexdigest()}"
    return name or "%00"


def pieces(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The parts of a span between its line breaks, without blanks at their ends."""
    at = start
    for line in text[start:end].splitlines(keepends=True):
        inner = line.strip()
        if inner:
            first = at + line.index(inner)
            yield first, first + len(inner)
        at += len(line)
