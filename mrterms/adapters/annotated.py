"""Annotated notes and cleaned tables read back, with patient and date: the ground of cohorts.

Three kinds of input, told apart by what is in them: the JSON lines of ``mrterms annotate``, its tables (CSV, TSV, Parquet), and
tables of ``mrterms clean`` (also Excel), a row a note. Patient and date stand beside the annotations or in a table of notes. Of
each mention only what a cohort asks about is kept. Errors name the file and the row, as a spreadsheet counts it (the header is
row 1), and never the content of a cell.
"""

from __future__ import annotations

import csv
import gzip
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from pathlib import Path
from typing import IO, Any
from zipfile import BadZipFile

from mrterms.errors import ConfigError, InputError, MissingExtraError

__all__ = ["NoteColumns", "NotesTable", "read_annotated", "read_notes_table"]

Note = dict[str, Any]
Row = tuple[int, Mapping[str, Any]]
_SHOWN = 5
_CLEANED = "mrterms_concept_id"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteColumns:
    """The columns (or fields) of note id, patient and date. ``date_format``: None reads ISO 8601, else as ``strptime``."""

    note: str = "note_id"
    patient: str = "patient_id"
    date: str = "date"
    date_format: str | None = None


@dataclass(frozen=True, slots=True)
class NotesTable:
    """Patient and day by note id."""

    file: str
    notes: Mapping[str, tuple[str, date | None]]


def read_notes_table(path: Path, columns: NoteColumns | None = None) -> NotesTable:
    """The table that says whose each note is and of which day.

    Raises :class:`InputError` naming the rows with a missing or repeated id, no patient, or a date that cannot be read.
    """
    columns = columns or NoteColumns()
    found: dict[str, tuple[str, date | None]] = {}
    faults = _Faults(str(path))
    with _table(path) as (header, rows):
        _need(header, [columns.note, columns.patient, columns.date], path)
        for number, row in rows:
            note_id, patient = _cell(row, columns.note), _cell(row, columns.patient)
            if not note_id:
                faults.add("no note id", number, f"fill the column {columns.note!r}")
            elif note_id in found:
                faults.add("a note id that stands above already", number, "give each note one row")
            elif not patient:
                faults.add("no patient", number, f"fill the column {columns.patient!r}")
            else:
                found[note_id] = patient, faults.day(columns, row, number)
    faults.end()
    return NotesTable(str(path), found)


def read_annotated(
    inputs: Iterable[Path],
    columns: NoteColumns | None = None,
    *,
    table: NotesTable | None = None,
    with_text: bool = False,
    unmatched: Callable[[str], None] | None = None,
) -> Iterator[Note]:
    """Notes with ``note_id``, ``patient_id``, ``date`` and slim ``annotations``, ready for :func:`mrterms.cohorts.select.select`.

    ``with_text`` keeps the words of the mentions. A note that ``table`` does not know is an error, unless ``unmatched`` is there
    to be told of its id. Raises :class:`InputError` naming file and row for anything that cannot be read, and for a note id
    that comes twice.
    """
    columns = columns or NoteColumns()
    places: dict[str, str] = {}
    for path in inputs:
        faults = _Faults(str(path))
        for number, note in _read(path, columns, faults, with_text, table):
            note_id = note["note_id"]
            if note_id in places:
                faults.add(f"a note id that stands already at {places[note_id]}", number, "give each note once")
                continue
            places[note_id] = f"{path}:{number}"
            if table is None:
                yield note
            elif note_id in table.notes:
                patient, day = table.notes[note_id]
                yield note | {"patient_id": patient, "date": day}
            elif unmatched is not None:
                unmatched(note_id)
            else:
                faults.add(f"a note that {table.file} does not know", number, "add it there, or leave such notes out with --skip-unmatched")
        faults.end()


def _read(path: Path, columns: NoteColumns, faults: _Faults, with_text: bool, table: NotesTable | None) -> Iterator[tuple[int, Note]]:
    """The notes of a file with their row; patient and date are asked for only where no table has them."""
    if _suffix(path) in (".jsonl", ".ndjson"):
        notes = _read_lines(path, with_text)
    else:
        notes = _read_table(path, columns, with_text, owned=table is None)
    for number, note, own in notes:
        if table is None:
            note["patient_id"], note["date"] = _cell(own, columns.patient), faults.day(columns, own, number)
            if not note["patient_id"]:
                faults.add("no patient", number, f"fill {columns.patient!r}, or give --notes-table")
                continue
        yield number, note


Found = Iterator[tuple[int, Note, Mapping[str, Any]]]


def _read_lines(path: Path, with_text: bool) -> Found:
    with _opened(path) as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                note = json.loads(line)
                annotations = [_slim(one, with_text) for one in note["annotations"]]
                note_id = str(note["note_id"])
            except (ValueError, KeyError, TypeError, AttributeError):
                raise InputError("no line of `mrterms annotate`", file=str(path), line=number, fix="give its JSONL output") from None
            yield number, {"note_id": note_id, "annotations": annotations}, note


def _read_table(path: Path, columns: NoteColumns, with_text: bool, *, owned: bool) -> Found:
    with _table(path) as (header, rows):
        prefixes = [name.removesuffix(_CLEANED) for name in header if name.endswith(_CLEANED)]
        if prefixes:
            _need(header, [columns.patient, columns.date] if owned else [columns.note], path)
            yield from ((number, _cleaned(row, number, path, columns, prefixes, with_text), row) for number, row in rows)
        elif {"note_id", "concept_id", "status", "sense_status"} <= set(header):
            _need(header, [columns.patient, columns.date] if owned else [], path)
            for note_id, group in groupby(rows, key=lambda row: str(row[1]["note_id"])):
                own = list(group)
                annotations = [_slim(_nested(row, number, path), with_text) for number, row in own if row.get("start") not in (None, "")]
                yield own[0][0], {"note_id": note_id, "annotations": annotations}, own[0][1]
        else:
            raise InputError(
                f"neither a table of `mrterms annotate` nor of `mrterms clean`; its columns: {', '.join(map(str, list(header)[:20]))}",
                file=str(path),
                fix="run one of them on it first",
            )


# --- mentions ----------------------------------------------------------------------------------------------------------------


def _slim(one: Mapping[str, Any], with_text: bool) -> dict[str, Any]:
    """Of an annotation what a cohort asks about: a million notes must fit into memory."""
    assertion = one.get("assertion") or {}
    slim: dict[str, Any] = {
        "concept_id": sys.intern(one["concept_id"]) if one.get("concept_id") else None,
        "start": one.get("start"),
        "end": one.get("end"),
        "assertion": {name: sys.intern(assertion[name]) for name in ("status", "experiencer") if assertion.get(name)},
    }
    if (grade := (one.get("severity") or {}).get("value")) is not None:
        slim["severity"] = {"value": sys.intern(grade)}
    if kept := [{"kind": "subtype", "value": made["value"]} for made in one.get("attributes") or () if made["kind"] == "subtype"]:
        slim["attributes"] = kept
    if slim["concept_id"] is None:
        slim["sense"] = {"candidates": (one.get("sense") or {}).get("candidates") or []}
    if with_text and one.get("text"):
        slim["text"] = one["text"]
    return slim


def _nested(row: Mapping[str, Any], number: int, path: Path) -> dict[str, Any]:
    """The annotation in a row of a table of ``mrterms annotate``."""
    try:
        return {
            "concept_id": row["concept_id"] or None,
            "start": int(row["start"]),
            "end": int(row["end"]),
            "text": row.get("text"),
            "assertion": {"status": row["status"], "experiencer": row.get("experiencer")},
            "severity": {"value": row.get("severity") or None},
            "attributes": json.loads(row.get("attributes") or "[]"),
            "sense": {"candidates": json.loads(row.get("candidates") or "[]")},
        }
    except (ValueError, TypeError):
        raise InputError("a row that is not as `mrterms annotate` wrote it", file=str(path), line=number) from None


def _cleaned(row: Mapping[str, Any], number: int, path: Path, columns: NoteColumns, prefixes: Sequence[str], with_text: bool) -> Note:
    """A row of a table of ``mrterms clean`` as a note; without a column of ids it is called after its place."""
    mentions = [mention for prefix in prefixes for mention in _of_column(row, f"{prefix}mrterms_", number, path, with_text)]
    return {"note_id": _cell(row, columns.note) or f"{path.name} row {number}", "annotations": mentions}


def _of_column(row: Mapping[str, Any], prefix: str, number: int, path: Path, with_text: bool) -> list[dict[str, Any]]:
    """What one cleaned column says: every concept of the cell, else the main one, else what it may mean."""
    try:
        every = json.loads(row.get(f"{prefix}all") or "[]")
        mentions = [_of_cell(one, with_text) for one in every if one.get("concept_id")]
    except (ValueError, TypeError, AttributeError):
        raise InputError(f"{prefix}all is not as `mrterms clean` wrote it", file=str(path), line=number) from None
    if not mentions and (concept_id := _cell(row, f"{prefix}concept_id")):
        main = {"concept_id": concept_id, "assertion": row.get(f"{prefix}assertion"), "severity": row.get(f"{prefix}severity")}
        mentions = [_of_cell(main, with_text)]
    if not mentions and _cell(row, f"{prefix}sense_status") == "ambiguous":
        mentions = [{"concept_id": None, "sense": {"candidates": _candidates(row.get(f"{prefix}candidates"))}}]
    return mentions


def _of_cell(one: Mapping[str, Any], with_text: bool) -> dict[str, Any]:
    """A concept of a cell; its assertion and severity stand there as one word each, or as in an annotation."""
    status, grade = one.get("assertion") or "present", one.get("severity") or None
    if isinstance(status, str):
        status = {"status": status, "experiencer": "family" if status == "family" else "patient"}
    return _slim({**one, "assertion": status, "severity": {"value": grade} if isinstance(grade, str) else grade}, with_text)


def _candidates(cell: Any) -> list[dict[str, Any]]:
    """Candidates with a probability; where a table has none, each is worth a look."""
    try:
        found = json.loads(cell or "[]")
        return [{"concept_id": one["concept_id"], "probability": float(one.get("probability", one.get("score", 1.0)))} for one in found]
    except (ValueError, TypeError, KeyError):
        return []


# --- files -------------------------------------------------------------------------------------------------------------------


class _Faults:
    """What is wrong with the rows of a file, gathered by kind so that all of it can be mended at once."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._rows: dict[tuple[str, str], list[int]] = {}

    def add(self, message: str, number: int, fix: str) -> None:
        self._rows.setdefault((message, fix), []).append(number)

    def day(self, columns: NoteColumns, row: Mapping[str, Any], number: int) -> date | None:
        try:
            return _day(row.get(columns.date), columns.date_format)
        except (ValueError, TypeError):
            told = f"as {columns.date_format}" if columns.date_format else "as ISO 8601 (2026-03-31)"
            self.add(f"a date that cannot be read {told}", number, "mend them, or say how they are written with --date-format")
            return None

    def end(self) -> None:
        """Raise :class:`InputError` where there was any fault."""
        if self._rows:
            (message, fix), numbers = next(iter(self._rows.items()))
            more = f" and {len(numbers) - _SHOWN:,} more" if len(numbers) > _SHOWN else ""
            rows = f"row{'s' if len(numbers) > 1 else ''} {', '.join(map(str, numbers[:_SHOWN]))}{more}"
            raise InputError(f"{message}: {rows}", file=self._file, fix=fix)


def _day(value: object, form: str | None) -> date | None:
    """The day of a cell, None where it is empty. Raises ValueError where it cannot be read."""
    if isinstance(value, datetime):
        return value.date()
    if value is None or isinstance(value, date):
        return value
    text = str(value).strip()
    if not text:
        return None
    return (datetime.strptime(text, form) if form else datetime.fromisoformat(text)).date()


def _need(header: Iterable[str], wanted: Iterable[str], path: Path) -> None:
    header = list(header)
    for column in wanted:
        if column not in header:
            raise InputError(
                f"no column {column!r}; found {', '.join(map(str, header[:20]))}",
                file=str(path),
                fix="name the columns with --note-column, --patient-column and --date-column",
            )


def _cell(row: Mapping[str, Any], column: str) -> str:
    value = row.get(column)
    return "" if value is None else str(value).strip()


@contextmanager
def _table(path: Path) -> Iterator[tuple[list[str], Iterator[Row]]]:
    """The columns of a table, and its rows with their number."""
    suffix = _suffix(path)
    if suffix == ".parquet":
        yield _parquet_rows(path)
    elif suffix == ".xlsx":
        yield _excel_rows(path)
    elif suffix in (".csv", ".tsv"):
        with _opened(path) as handle:
            head = handle.readline()
            delimiter = "\t" if suffix == ".tsv" else max(",;\t|", key=head.count)
            handle.seek(0)
            csv.field_size_limit(sys.maxsize)
            rows = csv.DictReader(handle, delimiter=delimiter, strict=True)
            yield list(rows.fieldnames or ()), _csv_rows(rows, path)
    else:
        raise ConfigError("unknown kind of file", file=str(path), fix="known: .jsonl, .csv, .tsv (each also .gz), .parquet, .xlsx")


def _csv_rows(rows: csv.DictReader[str], path: Path) -> Iterator[Row]:
    number = 1
    try:
        for number, row in enumerate(rows, 2):
            yield number, row
    except csv.Error:
        raise InputError("a broken row: a quote that is not closed?", file=str(path), line=number + 1) from None


def _parquet_rows(path: Path) -> tuple[list[str], Iterator[Row]]:
    try:
        from pyarrow import parquet
    except ImportError:
        raise MissingExtraError("pyarrow", "parquet") from None
    try:
        opened = parquet.ParquetFile(path)
    except ValueError:  # pyarrow's ArrowInvalid
        raise InputError("broken Parquet", file=str(path)) from None
    batches = opened.iter_batches(batch_size=4096)
    return opened.schema_arrow.names, enumerate((row for batch in batches for row in batch.to_pylist()), 2)


def _excel_rows(path: Path) -> tuple[list[str], Iterator[Row]]:
    """The rows of the first sheet, as `mrterms clean` writes it."""
    try:
        from openpyxl import load_workbook
    except ImportError:
        raise MissingExtraError("openpyxl", "excel") from None
    try:
        rows = load_workbook(path, read_only=True, data_only=True).worksheets[0].iter_rows(values_only=True)
    except (BadZipFile, KeyError):
        raise InputError("broken Excel file", file=str(path)) from None
    header = ["" if name is None else str(name) for name in next(rows, ())]
    return header, enumerate((dict(zip(header, cells, strict=False)) for cells in rows), 2)


@contextmanager
def _opened(path: Path) -> Iterator[IO[str]]:
    try:
        with (
            gzip.open(path, "rt", encoding="utf-8-sig", newline="")
            if path.suffix == ".gz"
            else open(path, encoding="utf-8-sig", newline="") as handle
        ):
            yield handle
    except FileNotFoundError:
        raise InputError("no such file", file=str(path)) from None
    except UnicodeDecodeError as error:
        raise InputError(f"not UTF-8 at byte {error.start} of a block", file=str(path), fix="save it as UTF-8") from None


def _suffix(path: Path) -> str:
    return Path(path.name.removesuffix(".gz")).suffix.lower()
