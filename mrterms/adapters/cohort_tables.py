"""Cohorts to files: a row a patient as CSV, TSV, JSON lines or Parquet; the flow as CSV, TSV, JSON or an SVG picture."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from mrterms.cohorts.definitions import Definition
from mrterms.cohorts.flow import picture, rows
from mrterms.cohorts.select import Cohorts, Member, Patient
from mrterms.errors import ConfigError, MissingExtraError

__all__ = ["PATIENT_FORMATS", "check_flow", "write_flow", "write_patients"]


PATIENT_FORMATS = ("csv", "tsv", "jsonl", "parquet")
_FLOW_SUFFIXES = (".csv", ".tsv", ".json", ".svg")


def write_patients(
    handle: BinaryIO, patients: Iterable[Patient], definitions: Sequence[Definition], form: str, *, text: bool = False
) -> None:
    """A row a patient with eight columns a definition: ``NAME_ever``, ``NAME_current``, ``NAME_first_date`` and so on.

    In CSV and TSV true is 1, false 0 and unknown empty; evidence is JSON. ``text`` adds the words of the mentions to it.
    """
    flat = (_row(patient, text) for patient in patients)
    if form == "jsonl":
        for patient in patients:
            handle.write(json.dumps(_nested(patient, text), ensure_ascii=False).encode() + b"\n")
    elif form == "parquet":
        _write_parquet(handle, list(flat), definitions)
    else:
        _write_table(handle, flat, [name for name, _ in _columns(definitions)], delimiter="," if form == "csv" else "\t")


_KINDS = {
    "ever": bool,
    "current": bool,
    "first_date": str,
    "last_date": str,
    "worst_grade": str,
    "notes": int,
    "to_review": int,
    "evidence": str,
}


def _columns(definitions: Sequence[Definition]) -> list[tuple[str, type]]:
    own = [(f"{one.name}_{name}", kind) for one in definitions for name, kind in _KINDS.items()]
    return [("patient_id", str), ("notes", int), *own]


def _member(member: Member, text: bool) -> dict[str, Any]:
    plain = member.to_dict()
    if text:
        for place, (_, mention) in zip(plain["evidence"], member.told, strict=True):
            place["text"] = mention.get("text")
    return plain


def _nested(patient: Patient, text: bool) -> dict[str, Any]:
    members = {name: _member(member, text) for name, member in patient.members.items()}
    return {"patient_id": patient.patient_id, "notes": patient.notes, **members}


def _row(patient: Patient, text: bool) -> dict[str, Any]:
    row: dict[str, Any] = {"patient_id": patient.patient_id, "notes": patient.notes}
    for name, member in patient.members.items():
        plain = _member(member, text)
        plain["evidence"] = json.dumps(plain["evidence"], ensure_ascii=False) if plain["evidence"] else None
        row.update({f"{name}_{key}": value for key, value in plain.items()})
    return row


def _write_table(handle: BinaryIO, flat: Iterable[dict[str, Any]], columns: list[str], *, delimiter: str) -> None:
    lines = io.TextIOWrapper(handle, encoding="utf-8", newline="", write_through=True)
    table = csv.writer(lines, delimiter=delimiter)
    table.writerow(columns)
    for row in flat:
        table.writerow([int(value) if isinstance(value, bool) else value for value in map(row.get, columns)])
    lines.detach()


def _write_parquet(handle: BinaryIO, flat: list[dict[str, Any]], definitions: Sequence[Definition]) -> None:
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError:
        raise MissingExtraError("pyarrow", "parquet") from None
    types = {str: pa.string(), int: pa.int64(), bool: pa.bool_()}
    schema = pa.schema([(name, types[kind]) for name, kind in _columns(definitions)])
    parquet.write_table(pa.Table.from_pylist(flat, schema=schema), handle)


def check_flow(path: Path) -> None:
    """Raise :class:`ConfigError` where a flow cannot be written under that name."""
    if path.suffix.lower() not in _FLOW_SUFFIXES:
        raise ConfigError("unknown kind of flow file", file=str(path), fix=f"known: {', '.join(_FLOW_SUFFIXES)}")


def write_flow(path: Path, cohorts: Cohorts, definition: Definition, *, suppress_below: int = 0) -> None:
    """The flow of all definitions as a table or JSON, or that of one as a picture, by the suffix of ``path``."""
    check_flow(path)
    suffix = path.suffix.lower()
    if suffix == ".svg":
        title = definition.title or definition.name
        path.write_text(picture(cohorts.flow, definition.name, title=title, suppress_below=suppress_below), encoding="utf-8")
        return
    flow = rows(cohorts.flow, suppress_below=suppress_below)
    if suffix == ".json":
        path.write_text(json.dumps(flow, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        return
    with open(path, "wb") as handle:
        _write_table(handle, flow, list(flow[0]), delimiter="," if suffix == ".csv" else "\t")
