"""The columns that a user names, by their path in the JSON of an annotation: ``note_id,start,severity.value,codes.ICD10CM``."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from typing import Any

from mrterms.adapters.exporters.options import NoteDict
from mrterms.errors import ConfigError

__all__ = ["check_columns", "rows"]

_NOTE = ("note_id", "setting")
_PLAIN = ("start", "end", "text", "concept_id", "preferred_name", "semantic_type", "section", "code_rules")
_PARTS = {
    "match": ("kind", "term", "score", "reason"),
    "sense": ("status", "probability", "candidates", "evidence"),
    "assertion": ("status", "experiencer", "temporality", "change", "cues"),
    "severity": ("value", "low", "high", "text", "start", "end", "scale"),
}
_OPEN = ("codes", "attributes")
"""Parts whose keys are those of the lexicons: code systems, and kinds of attributes."""


def check_columns(columns: Sequence[str]) -> tuple[str, ...]:
    """The columns, if there are such. Raises :class:`ConfigError` naming the one that is not."""
    known = [*_NOTE, *_PLAIN, *_OPEN, *_PARTS, *(f"{part}.{name}" for part, names in _PARTS.items() for name in names)]
    for column in columns:
        part, _, name = column.partition(".")
        if column not in known and not (part in _OPEN and name):
            near = get_close_matches(column, known, n=3)
            raise ConfigError(
                f"unknown column {column!r}", fix=f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(known)}"
            )
    return tuple(columns)


def rows(notes: Iterable[NoteDict], columns: Sequence[str]) -> Iterator[dict[str, Any]]:
    """A row an annotation, or one with the note's own columns alone where there is none."""
    for note in notes:
        for one in note["annotations"] or [{}]:
            yield {column: _value(note if column in _NOTE else one, column) for column in columns}


def _value(one: NoteDict, column: str) -> Any:
    part, _, name = column.partition(".")
    value = one.get(part)
    if name and part == "attributes":
        return "|".join(str(made["value"]) for made in value or () if made["kind"] == name) or None
    if name:
        value = (value or {}).get(name)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (dict, list, tuple)) else value
