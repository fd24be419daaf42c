"""NOTE_NLP of the OMOP common data model, version 5.4, as CSV with its fields in their order.

``note_id`` must be the integer of the NOTE table. OMOP concept ids come from the user's own map and are 0 without one: they
need the Athena vocabularies, which are not shipped. After the convention of the model, ``term_exists`` is Y only for what the
patient has or had; what is denied, another person's, conditional or uncertain (which includes "rule out") is N, with the
reason among ``term_modifiers``.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, BinaryIO

from mrterms.about import __version__
from mrterms.adapters.exporters.options import ExportOptions, NoteDict
from mrterms.errors import InputError

__all__ = ["FIELDS", "check", "rows", "write"]

FIELDS = (
    "note_nlp_id", "note_id", "section_concept_id", "snippet", "offset", "lexical_variant", "note_nlp_concept_id",
    "note_nlp_source_concept_id", "nlp_system", "nlp_date", "nlp_datetime", "term_exists", "term_temporal", "term_modifiers",
)  # fmt: skip
_SHORT, _LONG = 250, 2000
_EXISTS = ("present", "historical")
_TEMPORAL = {"current": "present", "historical": "past", "future": "future"}


def check(note: NoteDict) -> None:
    """Raise :class:`InputError` where the note's id is no integer."""
    note_id = str(note["note_id"])
    if not (note_id.isascii() and note_id.isdigit()):
        raise InputError("a note id that is no integer, as OMOP's note_id is", fix="name the column of NOTE.note_id with --id-column")


def write(handle: BinaryIO, notes: Iterable[NoteDict], options: ExportOptions) -> None:
    """A row an annotation; notes without any have none."""
    text = io.TextIOWrapper(handle, encoding="utf-8", newline="", write_through=True)
    table = csv.writer(text)
    table.writerow(FIELDS)
    for row in rows(notes, options):
        table.writerow([row[name] for name in FIELDS])
    text.detach()


def rows(notes: Iterable[NoteDict], options: ExportOptions) -> Iterator[dict[str, Any]]:
    """The rows, numbered from 1; ``source`` of the notes is needed with ``options.snippet``."""
    day = (options.day or date.today()).isoformat()
    number = 0
    for note in notes:
        check(note)
        for one in note["annotations"]:
            number += 1
            assertion = one["assertion"]
            yield {
                "note_nlp_id": number,
                "note_id": int(note["note_id"]),
                "section_concept_id": 0,
                "snippet": _snippet(note["source"], one["start"], one["end"]) if options.snippet else None,
                "offset": str(one["start"]),
                "lexical_variant": " ".join(one["text"].split())[:_SHORT],
                "note_nlp_concept_id": options.concept_map.get(one["concept_id"] or "", 0),
                "note_nlp_source_concept_id": 0,
                "nlp_system": f"mrterms {__version__}",
                "nlp_date": day,
                "nlp_datetime": None,
                "term_exists": "Y" if one["concept_id"] and assertion["status"] in _EXISTS and _own(assertion) else "N",
                "term_temporal": _TEMPORAL.get(assertion["temporality"]),
                "term_modifiers": _modifiers(one),
            }


def _own(assertion: dict[str, Any]) -> bool:
    return bool(assertion["experiencer"] == "patient")


def _modifiers(one: NoteDict) -> str:
    assertion, severity = one["assertion"], one.get("severity") or {}
    told = {
        "negation": "true" if assertion["status"] == "absent" else "false",
        "subject": assertion["experiencer"],
        "status": assertion["status"],
        "concept": one["concept_id"],
        "sense": one["sense"]["status"],
        "severity": severity.get("value"),
        "change": assertion.get("change"),
        **(one.get("codes") or {}),
        **{made["kind"]: made["value"] for made in one.get("attributes") or () if made["kind"] != "subtype"},
    }
    whole = ""
    for name, value in told.items():
        more = f"{',' if whole else ''}{name}={str(value).replace(',', ' ')}"
        if value is not None and len(whole) + len(more) <= _LONG:
            whole += more
    return whole


def _snippet(text: str, start: int, end: int) -> str:
    """The words around a mention, as many as the field holds."""
    margin = max(0, _SHORT - (end - start)) // 2
    return " ".join(text[max(0, start - margin) : end + margin].split())[:_SHORT]
