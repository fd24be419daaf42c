"""Annotated notes to files: JSON lines, CSV, TSV, Parquet and an HTML page.

Every writer takes a binary handle and notes as dicts (``Note.to_dict()``) and streams. In the tables a row is an
annotation, and a note without annotations has one row with empty cells, so that no note is ever lost.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Literal, get_args

from mrterms.adapters.html import is_measured, measured, write_html
from mrterms.errors import ConfigError, MissingExtraError

__all__ = ["COLUMNS", "WRITERS", "Format", "Writer", "choose_format", "flatten", "json_line", "write_csv", "write_jsonl"]

Format = Literal["jsonl", "csv", "tsv", "parquet", "html", "omop", "fhir", "brat", "i2b2", "spacy"]
NoteDict = dict[str, Any]
Writer = Callable[[BinaryIO, Iterable[NoteDict]], None]

CODE_SYSTEMS = ("SNOMEDCT", "ICD10CM", "ICD11", "MESH", "HPO", "MONDO", "DOID", "UMLS")
"""The code systems with a column of their own; codes of a user's other systems stand in ``other_codes`` as JSON."""

COLUMNS: dict[str, type] = {
    "note_id": str,
    "start": int,
    "end": int,
    "text": str,
    "concept_id": str,
    "preferred_name": str,
    "semantic_type": str,
    "match_kind": str,
    "match_term": str,
    "score": float,
    "sense_status": str,
    "probability": float,
    "status": str,
    "experiencer": str,
    "temporality": str,
    "change": str,
    "severity": str,
    "severity_low": str,
    "severity_high": str,
    "severity_text": str,
    "section": str,
    "setting": str,
    **{f"code_{system}": str for system in CODE_SYSTEMS},
    "other_codes": str,
    "code_rules": str,
    "measurements": str,
    "candidates": str,
    "evidence": str,
    "cues": str,
    "attributes": str,
}
"""The columns of the tables with their types; the same for every job, so that tables can be put together."""

_ROW_GROUP = 5_000


_encode = json.JSONEncoder(ensure_ascii=False).encode


def json_line(note: NoteDict) -> bytes:
    """A note as a line of JSON in UTF-8."""
    return _encode(note).encode() + b"\n"


def flatten(note: NoteDict) -> Iterator[dict[str, Any]]:
    """The rows of a note: one an annotation, or one with empty cells. The keys are those of :data:`COLUMNS`."""
    empty = dict.fromkeys(COLUMNS) | {"note_id": note["note_id"], "setting": note.get("setting")}
    annotations = note["annotations"]
    if not annotations:
        yield empty
    for annotation in annotations:
        yield empty | _cells(annotation)


def _cells(annotation: dict[str, Any]) -> dict[str, Any]:
    match, sense, assertion, severity = (annotation.get(part) or {} for part in ("match", "sense", "assertion", "severity"))
    codes = annotation.get("codes") or {}
    return {
        **{name: annotation.get(name) for name in ("start", "end", "text", "concept_id", "preferred_name", "semantic_type", "section")},
        "match_kind": match.get("kind"),
        "match_term": match.get("term"),
        "score": match.get("score"),
        "sense_status": sense.get("status"),
        "probability": sense.get("probability"),
        **{name: assertion.get(name) for name in ("status", "experiencer", "temporality")},
        "change": annotation.get("change") or assertion.get("change"),
        "severity": severity.get("value"),
        "severity_low": severity.get("low"),
        "severity_high": severity.get("high"),
        "severity_text": severity.get("text"),
        **{f"code_{system}": codes.get(system) for system in CODE_SYSTEMS},
        "other_codes": _json({system: code for system, code in codes.items() if system not in CODE_SYSTEMS}),
        "code_rules": "|".join(annotation.get("code_rules") or ()) or None,
        "measurements": "; ".join(map(measured, filter(is_measured, annotation.get("attributes") or ()))) or None,
        "candidates": _json(sense.get("candidates")),
        "evidence": _json(sense.get("evidence")),
        "cues": _json(assertion.get("cues")),
        "attributes": _json(annotation.get("attributes")),
    }


def _json(value: Any) -> str | None:
    return _encode(value) if value else None


def write_jsonl(handle: BinaryIO, notes: Iterable[NoteDict]) -> None:
    """A line of JSON a note, in the shape of the interface; each is flushed, so that a reader at the other end sees it."""
    for note in notes:
        handle.write(json_line(note))
        handle.flush()


def write_csv(handle: BinaryIO, notes: Iterable[NoteDict]) -> None:
    """CSV after RFC 4180, in UTF-8."""
    _write_table(handle, notes, delimiter=",")


def _write_tsv(handle: BinaryIO, notes: Iterable[NoteDict]) -> None:
    _write_table(handle, notes, delimiter="\t")


def _write_table(handle: BinaryIO, notes: Iterable[NoteDict], *, delimiter: str) -> None:
    text = io.TextIOWrapper(handle, encoding="utf-8", newline="", write_through=True)
    table = csv.writer(text, delimiter=delimiter)
    table.writerow(COLUMNS)
    for note in notes:
        for row in flatten(note):
            # A TSV is read line by line (cut, awk): a mention over a line break must not break its row.
            table.writerow(row.values() if delimiter == "," else [_one_line(value) for value in row.values()])
    text.detach()


def _one_line(value: object) -> object:
    return " ".join(value.split()) if isinstance(value, str) and ("\n" in value or "\r" in value or "\t" in value) else value


def _write_parquet(handle: BinaryIO, notes: Iterable[NoteDict]) -> None:
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError:
        raise MissingExtraError("pyarrow", "parquet") from None
    types = {str: pa.string(), int: pa.int64(), float: pa.float64()}
    schema = pa.schema([(name, types[kind]) for name, kind in COLUMNS.items()])
    with parquet.ParquetWriter(handle, schema) as table:
        for rows in _groups(notes):
            table.write_table(pa.Table.from_pylist(rows, schema=schema))


def _groups(notes: Iterable[NoteDict]) -> Iterator[list[dict[str, Any]]]:
    rows: list[dict[str, Any]] = []
    for note in notes:
        rows.extend(flatten(note))
        if len(rows) >= _ROW_GROUP:
            yield rows
            rows = []
    if rows:
        yield rows


WRITERS: dict[Format, Writer] = {
    "jsonl": write_jsonl,
    "csv": write_csv,
    "tsv": _write_tsv,
    "parquet": _write_parquet,
    "html": write_html,
}
"""The plain formats; those of other programs stand in ``exporters``. HTML goes over the notes twice and needs their ``source``."""


def choose_format(output: Path | None, given: str | None) -> Format:
    """The format that was given, else that of the output's suffix, else JSONL. Raises :class:`ConfigError`."""
    suffix = Path(output.name.removesuffix(".gz")).suffix.lower().lstrip(".") if output else "jsonl"
    wanted = given or {"ndjson": "jsonl", "htm": "html"}.get(suffix, suffix)
    for known in get_args(Format):
        if wanted == known:
            return known  # type: ignore[no-any-return]
    raise ConfigError(f"unknown format {wanted!r}", fix=f"--format {', '.join(get_args(Format))}, or such a suffix of --output")
