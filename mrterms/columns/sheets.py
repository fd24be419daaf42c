"""Tables that a person opens in a spreadsheet and gives back: TSV, CSV, Excel and Parquet.

A spreadsheet runs a cell that begins like a formula and rewrites a cell that looks like a number or a date. Such text gets
an apostrophe in front (:func:`guard`), and reading takes it away again (:func:`unguard`), so that every text comes back as it
was. Parquet is no spreadsheet's format: there text stands as it is.
"""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from mrterms.errors import ConfigError, InputError, MissingExtraError

__all__ = ["SUFFIXES", "Row", "Sheet", "check_format", "guard", "read_sheet", "unguard", "write_sheet", "written_whole"]

Cell = str | int | float | None
_Function = TypeVar("_Function")

_CELL_LIMIT = 32_000
"""Characters; Excel holds 32,767 in a cell and cuts the rest."""

_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
# What runs (OWASP, CSV injection; full-width signs too) and what would be rewritten, behind any number of our own marks.
_RISKY = re.compile(
    rf"'*(?:[\t\r\n]|\s*[=+\-@＝＋－＠]|(?=.*\d)(?:[\W\d_]*(?:(?:{_MONTHS})[a-z]*|e|[ap]m?)?[\W\d_]*)\Z|(?:true|false)\Z)",
    re.IGNORECASE | re.DOTALL,
)
# XML 1.0 has no place for these, and it turns a carriage return into a line feed; ECMA-376 22.9.2.19 writes them so.
_NOT_IN_XML = re.compile("[\x00-\x08\x0b-\x0d\x0e-\x1f\ud800-\udfff\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
_XML_ESCAPE = re.compile("_x([0-9A-Fa-f]{4})_")


@dataclass(frozen=True, slots=True)
class Row:
    """A row that was read: its number as a spreadsheet shows it (the header is 1) and its cells by column."""

    number: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A table to write. ``widths`` are in characters; ``choices`` offers (id, name) for the cells of one column in Excel."""

    columns: Sequence[str]
    rows: Sequence[Mapping[str, Cell]]
    widths: Mapping[str, int]
    frozen: int = 0
    choices_for: str | None = None
    choices: Sequence[tuple[str, str]] = ()


def guard(text: str) -> str:
    """The text with an apostrophe in front where a spreadsheet would run or rewrite it.

    >>> guard("=1+1"), guard("424.0"), guard("2+ MR"), guard("'MR'"), guard("'=1")
    ("'=1+1", "'424.0", '2+ MR', "'MR'", "''=1")
    """
    return "'" + text if _RISKY.match(text) else text


def unguard(text: str) -> str:
    """The text as it was before :func:`guard`."""
    return text[1:] if text.startswith("'") and _RISKY.match(text, 1) else text


def check_format(path: str | Path) -> None:
    """Raise what :func:`write_sheet` would raise for this file's kind, before there is anything to write."""
    _of_suffix(_WRITERS, Path(path))
    {".xlsx": _openpyxl, ".parquet": _pyarrow}.get(Path(path).suffix.lower(), lambda: None)()


def write_sheet(path: str | Path, sheet: Sheet) -> list[int]:
    """Write the table in the format of the file's suffix; return the places of rows that the format cannot hold.

    Only Excel leaves rows out: those with a text that is longer than its cells. The file is complete or not there.

    Raises :class:`ConfigError` for an unknown suffix and :class:`MissingExtraError`.
    """
    path = Path(path)
    write = _of_suffix(_WRITERS, path)
    with written_whole(path) as part:
        return write(part, sheet)


def read_sheet(path: str | Path) -> list[Row]:
    """The rows of the first sheet, blank ones left out; text is as it was before :func:`write_sheet`.

    Raises :class:`InputError` where the file cannot be read, :class:`ConfigError` for an unknown suffix and
    :class:`MissingExtraError`.
    """
    path = Path(path)
    read = _of_suffix(_READERS, path)
    try:
        return list(read(path))
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror or type(error).__name__}", file=str(path)) from None


@contextmanager
def written_whole(path: str | Path) -> Iterator[Path]:
    """A file that is complete or not there: what is written to the path that this gives takes its place at the end."""
    path = Path(path)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _row(number: int, header: Sequence[str], cells: Sequence[str]) -> Row:
    """Programs leave out empty cells at the end of a row."""
    return Row(number, dict.fromkeys(header, "") | dict(zip(header, map(unguard, cells), strict=False)))


def _of_suffix(table: Mapping[str, _Function], path: Path) -> _Function:
    try:
        return table[path.suffix.lower()]
    except KeyError:
        raise ConfigError("unknown kind of file", file=str(path), fix=f"known: {', '.join(table)}") from None


# --- TSV and CSV -----------------------------------------------------------------------------------------------------------


def _write_text(delimiter: str) -> Callable[[Path, Sheet], list[int]]:
    def write(path: Path, sheet: Sheet) -> list[int]:
        # The byte order mark tells Excel that the file is UTF-8.
        with path.open("w", encoding="utf-8-sig", errors="backslashreplace", newline="") as handle:
            writer = csv.writer(handle, delimiter=delimiter)
            writer.writerow(sheet.columns)
            writer.writerows([_guarded(row.get(column)) for column in sheet.columns] for row in sheet.rows)
        return []

    return write


def _guarded(cell: Cell) -> str:
    return "" if cell is None else guard(cell) if isinstance(cell, str) else str(cell)


def _read_text(path: Path) -> Iterator[Row]:
    reader = csv.reader(io.StringIO(_decoded(path), newline=""), delimiter=_delimiter(path), strict=True)
    header: list[str] = []
    try:
        for number, cells in enumerate(reader, 1):
            header = header or [cell.strip() for cell in cells]
            if number > 1 and any(cells):
                yield _row(number, header, cells)
    except csv.Error as error:
        raise InputError(f"broken row: {error}", file=str(path), line=reader.line_num) from None


def _decoded(path: Path) -> str:
    raw = path.read_bytes()
    # "Unicode text" of Excel is UTF-16.
    encoding = "utf-16" if raw.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        raise InputError(f"not UTF-8 at byte {error.start}", file=str(path), fix='save it as "CSV UTF-8" or as .xlsx') from None


def _delimiter(path: Path) -> str:
    """What separates the most columns in the header: some spreadsheets write ``;`` into a ``.csv``."""
    header = _decoded(path).split("\n", 1)[0]
    return max("\t;,", key=header.count)


# --- Excel -----------------------------------------------------------------------------------------------------------------


def _openpyxl() -> Any:
    try:
        import openpyxl
    except ImportError:
        raise MissingExtraError("openpyxl", "excel") from None
    return openpyxl


def _write_excel(path: Path, sheet: Sheet) -> list[int]:
    from_openpyxl = _openpyxl()
    book = from_openpyxl.Workbook(write_only=True)
    page = book.create_sheet("review")
    letters = {column: from_openpyxl.utils.get_column_letter(place) for place, column in enumerate(sheet.columns, 1)}
    page.freeze_panes = from_openpyxl.utils.get_column_letter(sheet.frozen + 1) + "2"
    for column, width in sheet.widths.items():
        page.column_dimensions[letters[column]].width = width
    page.auto_filter.ref = f"A1:{letters[sheet.columns[-1]]}{len(sheet.rows) + 1}"
    if sheet.choices_for:
        page.data_validations.append(_offer(letters[sheet.choices_for], len(sheet.choices)))
    page.append([_excel_cell(page, column, bold=True) for column in sheet.columns])
    left_out = []
    for place, row in enumerate(sheet.rows):
        cells = [row.get(column) for column in sheet.columns]
        if any(isinstance(cell, str) and len(cell) > _CELL_LIMIT for cell in cells):
            left_out.append(place)
        else:
            page.append([_excel_cell(page, guard(cell) if isinstance(cell, str) else cell) for cell in cells])
    if sheet.choices:
        names = book.create_sheet("concepts")
        names.column_dimensions["A"].width = names.column_dimensions["B"].width = 45
        for choice in (("concept_id", "preferred_name"), *sheet.choices):
            names.append([_excel_cell(names, cell) for cell in choice])
    book.save(path)
    return left_out


def _excel_cell(page: Any, value: Cell, *, bold: bool = False) -> Any:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    if not isinstance(value, str):
        return value
    value = _NOT_IN_XML.sub(lambda found: f"_x{ord(found[0]):04X}_", value)
    if not bold and not value.startswith("#"):
        return value or None
    cell = WriteOnlyCell(page, value=value)
    # Text stays text, though it is "#N/A".
    cell.data_type = "s"
    if bold:
        cell.font = Font(bold=True)
    return cell


def _offer(letter: str, number: int) -> Any:
    """A list of the concepts at each cell of a column; anything else may be typed too."""
    from openpyxl.worksheet.datavalidation import DataValidation

    validation = DataValidation(type="list", formula1=f"concepts!$A$2:$A${number + 1}", allow_blank=True, showErrorMessage=False)
    validation.add(f"{letter}2:{letter}1048576")
    return validation


def _read_excel(path: Path) -> Iterator[Row]:
    _openpyxl()
    from zipfile import BadZipFile

    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        # rich_text: otherwise openpyxl takes the escape of "_" away and leaves the others.
        book = load_workbook(path, read_only=True, rich_text=True, data_only=True)
    except (BadZipFile, InvalidFileException, KeyError, ValueError):
        raise InputError("not an Excel workbook", file=str(path), fix="save it as .xlsx") from None
    header: list[str] = []
    for number, cells in enumerate(book.worksheets[0].iter_rows(values_only=True), 1):
        texts = [_text_of(cell) for cell in cells]
        header = header or [text.strip() for text in texts]
        if number > 1 and any(texts):
            yield _row(number, header, texts)
    book.close()


def _text_of(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return _XML_ESCAPE.sub(lambda found: chr(int(found[1], 16)), str(cell))


# --- Parquet ---------------------------------------------------------------------------------------------------------------


def _pyarrow() -> tuple[Any, Any]:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise MissingExtraError("pyarrow", "parquet") from None
    return pyarrow, parquet


def _write_parquet(path: Path, sheet: Sheet) -> list[int]:
    pyarrow, parquet = _pyarrow()
    columns = {column: [_encodable(row.get(column)) for row in sheet.rows] for column in sheet.columns}
    # A column without any cell filled would have no type.
    kinds = {column: None if any(map(_is_number, cells)) else pyarrow.string() for column, cells in columns.items()}
    arrays = {column: pyarrow.array(cells, kinds[column]) for column, cells in columns.items()}
    parquet.write_table(pyarrow.table(arrays), path)
    return []


def _encodable(cell: Cell) -> Cell:
    """Half a surrogate pair is no character, and UTF-8 has no bytes for it."""
    return cell.encode("utf-8", "backslashreplace").decode() if isinstance(cell, str) else cell


def _is_number(cell: Cell) -> bool:
    return isinstance(cell, int | float)


def _read_parquet(path: Path) -> Iterator[Row]:
    pyarrow, parquet = _pyarrow()
    try:
        table = parquet.read_table(path)
    except pyarrow.ArrowInvalid:
        raise InputError("not a Parquet file", file=str(path)) from None
    for number, record in enumerate(table.to_pylist(), 2):
        yield Row(number, {str(column): "" if cell is None else str(cell) for column, cell in record.items()})


_WRITERS: dict[str, Callable[[Path, Sheet], list[int]]] = {
    ".tsv": _write_text("\t"),
    ".csv": _write_text(","),
    ".xlsx": _write_excel,
    ".parquet": _write_parquet,
}
_READERS: dict[str, Callable[[Path], Iterator[Row]]] = {
    ".tsv": _read_text,
    ".csv": _read_text,
    ".xlsx": _read_excel,
    ".parquet": _read_parquet,
}
SUFFIXES = tuple(_WRITERS)
