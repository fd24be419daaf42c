"""Tables from files and to files: CSV, TSV, Excel, Parquet, standard input.

A CSV or TSV table comes out as it went in, byte for byte, with columns added at the end of each line: its cells are read as
text, and what is written is the line itself. No row is ever lost; one that is broken is named and kept.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import os
import re
import sys
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice, repeat, zip_longest
from operator import methodcaller
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mrterms.errors import ConfigError, InputError, MissingExtraError

__all__ = ["FORMATS", "BrokenRow", "Seen", "Table", "TableOptions", "choose_format", "neutralised", "read_table", "write_table"]

Seen = Callable[[str, Sequence[str | None]], None]
"""Called with a column's name and some of its cells, in their order, while the rest is still being read."""

FORMATS: Final = ("csv", "tsv", "xlsx", "parquet")
_SUFFIXES: Final = {".csv": "csv", ".tsv": "tsv", ".tab": "tsv", ".txt": "csv", ".xlsx": "xlsx", ".xlsm": "xlsx", ".parquet": "parquet"}
_DELIMITERS: Final = (",", ";", "\t", "|")
_SNIFFED: Final = 100
_SHOWN: Final = 60
"""Characters of a column's name that an error shows."""
_OTHER: Final = {
    ".xls": "save it as .xlsx",
    ".xlsb": "save it as .xlsx",
    ".ods": "save it as .xlsx",
    ".json": "write it as CSV: pandas.read_json(...).to_csv(...)",
    ".jsonl": "write it as CSV: pandas.read_json(..., lines=True).to_csv(...)",
    ".sav": "write it as CSV: pandas.read_spss(...).to_csv(...)",
    ".dta": "write it as CSV: pandas.read_stata(...).to_csv(...)",
    ".sas7bdat": "write it as CSV: pandas.read_sas(...).to_csv(...)",
}
"""What to do with tables that are not read."""
_LOOKED_AT: Final = 2_000
"""Bytes that tell whether a file is text; its length is even."""
_MOST_LINES: Final = 1_000
"""A quoted cell of more lines is taken for a quote that was never closed."""
_MOST_CHARACTERS: Final = 131_072
"""Of a quoted cell: what csv allows where nobody raised its limit, which holds for the whole process."""
_CHUNK: Final = 50_000
_BLOCK: Final = 1_000
"""Lines that are read at a time as long as each is a row; one that is not costs the block the slow way."""
_OLD_EXCEL: Final = bytes.fromhex("D0CF11E0A1B11AE1")
_EXCEL_ROWS: Final = 1_048_576
_EXCEL_CELL: Final = 32_767
_FORMULA: Final = tuple("=+-@\t\r")
"""What starts a formula for spreadsheets (OWASP, CSV injection)."""
_NOT_IN_EXCEL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class TableOptions:
    """How to read. None: find out."""

    delimiter: str | None = None
    encoding: str | None = None
    header: bool = True
    sheet: str | None = None


@dataclass(frozen=True, slots=True)
class BrokenRow:
    """A row that does not fit the header, or whose quotes do not close; ``reason`` holds nothing of its text."""

    place: str
    reason: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table as read. ``notes`` tell a person how it was read; ``broken`` are the rows that were kept but do not fit.

    ``lines`` are the records as they stand in the file; ``odd`` has, by place, those that do not fit: 0 for a blank line, which
    is no row of the frame, else how many fields a row has (one more than the header where they cannot be told apart).
    """

    frame: pd.DataFrame
    kind: str
    name: str
    broken: tuple[BrokenRow, ...] = ()
    notes: tuple[str, ...] = ()
    encoding: str = "utf-8"
    delimiter: str = ","
    head: str | None = None
    mark: str = ""
    lines: Sequence[str] = field(default=(), repr=False)
    odd: Mapping[int, int] = field(default_factory=dict, repr=False)
    original: Any = field(default=None, repr=False)
    sheets: tuple[str, ...] = ()
    """All sheets of a workbook of several."""

    def whole(self) -> pd.DataFrame:
        """The frame for another format: what a broken row holds stands in it too, however its cells fall."""
        frame = self.frame.copy()
        blank = 0
        for place, fields in self.odd.items():
            blank += not fields
            if fields > frame.shape[1]:
                cells = self.lines[place].rstrip("\r\n").split(self.delimiter, frame.shape[1] - 1)
                frame.iloc[place - blank] = [*cells, *[None] * (frame.shape[1] - len(cells))]
        return frame

    def column(self, name: str) -> str:
        """The column of that name. Raises :class:`ConfigError` that says what there is instead, and what may be wrong."""
        found = list(self.frame.columns)
        if name in found:
            return name
        same = [one for one in found if one.strip().lower() == name.strip().lower()]
        if same:
            fix = f"did you mean {same[0]!r}?"
        elif len(found) == 1 and any(delimiter in found[0] for delimiter in _DELIMITERS):
            fix = f"the whole line was read as one column {found[0]!r}: give --delimiter"
        elif number := self._row_of(name):
            fix = f"the name stands in row {number}: take the rows above it out of the file, which must begin with the names"
        else:
            shown = ", ".join(repr(one if len(one) <= _SHOWN else f"{one[:_SHOWN]}...") for one in found[:40])
            fix = f"columns: {shown}; if the first row is no header: --no-header, and --column 1 for the first"
        if self.sheets:
            fix += f"; this is one sheet of {', '.join(self.sheets)}: --sheet"
        raise ConfigError(f"no column {name!r}", file=self.name, fix=fix)

    def _row_of(self, name: str) -> int | None:
        """The row, as an editor counts them, near the top that holds a cell of that name."""
        if self.kind in ("csv", "tsv"):
            head = [*([self.head] if self.head is not None else []), *self.lines[:_SNIFFED]]
            rows = [[cell.strip(' "\r\n') for cell in re.split(r"[,;\t|]", line)] for line in head]
        else:
            rows = [[], *self.frame.head(_SNIFFED).astype(str).to_numpy().tolist()]
        return next((number for number, cells in enumerate(rows, 1) if name in cells), None)


def choose_format(output: Path | None, asked: str | None, source: str) -> str:
    """The format to write: as asked, else by the output's suffix, else as the source's (``kind`` of its table)."""
    if asked is not None:
        if asked not in FORMATS:
            raise ConfigError(f"unknown format {asked!r}", fix=f"one of {', '.join(FORMATS)}")
        return asked
    if output is None:
        return source if source in ("csv", "tsv") else "csv"
    suffix = output.suffix.lower()
    if suffix not in _SUFFIXES:
        raise ConfigError(f"unknown kind of output {suffix!r}", file=str(output), fix=f"give --format, one of {', '.join(FORMATS)}")
    return source if suffix == ".txt" and source in ("csv", "tsv") else _SUFFIXES[suffix]


def read_table(
    path: str | Path, options: TableOptions | None = None, *, stdin: BinaryIO | None = None, seen: Seen = lambda name, cells: None
) -> Table:
    """A table from a file, or from standard input for ``-`` (CSV or TSV). ``seen`` is told of the cells of CSV and TSV as they come.

    Raises :class:`InputError` where it cannot be read at all, :class:`ConfigError` for an option that cannot be, and
    :class:`MissingExtraError` where Excel or Parquet need a package.
    """
    options = options or TableOptions()
    if options.delimiter is not None and len(options.delimiter) != 1:
        raise ConfigError(f"delimiter {options.delimiter!r} is not one character", fix="for example ';', or tab for tabs")
    name = str(path)
    if name == "-":
        return _read_text((stdin or sys.stdin.buffer).read(), name, "", options, seen)
    file = Path(path)
    if not file.is_file():
        raise InputError("is a folder" if file.is_dir() else "no such file", file=name)
    suffix = Path(name.removesuffix(".gz")).suffix.lower()
    kind = _SUFFIXES.get(suffix)
    if kind is None or (name.endswith(".gz") and kind not in ("csv", "tsv")):
        fix = _OTHER.get(suffix, f"known: {', '.join(_SUFFIXES)}, .csv.gz, - for standard input")
        raise InputError("unknown kind of table", file=name, fix=fix)
    try:
        if kind == "parquet":
            return _read_parquet(file)
        if kind == "xlsx":
            return _read_excel(file, options)
        return _read_text(gzip.open(file).read() if name.endswith(".gz") else file.read_bytes(), name, suffix, options, seen)
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise InputError("no gzip file, or a broken one", file=name, fix="if it is plain text, take .gz off its name") from None
    except OSError as error:
        raise InputError(error.strerror or "cannot be read", file=name) from None


# --- text ----------------------------------------------------------------------------------------------------------------


def _read_text(raw: bytes, name: str, suffix: str, options: TableOptions, seen: Seen) -> Table:
    encoding, notes = _encoding(raw, name, options.encoding)
    text = raw.decode(encoding)
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    lines = io.StringIO(text.removeprefix(mark), newline="").readlines()
    if not any(map(str.strip, lines)):
        raise InputError("the table is empty", file=name)
    delimiter = options.delimiter or _delimiter(lines, suffix)
    first = next(_records(lines, delimiter))
    if first.cells is None:
        raise InputError(f"the header cannot be read: {first.reason}", file=name, line=1)
    width, head = len(first.cells), first.text if options.header else None
    if width == 1 and options.delimiter is None and delimiter != _usual(suffix):
        notes.append(f"{name}: one column, whose cells hold {_usual(suffix)!r}, so new columns are set off by {delimiter!r}")
    names = first.cells if options.header else [str(number) for number in range(1, width + 1)]
    start = len(io.StringIO(first.text, newline="").readlines()) if options.header else 0
    found = _collect(lines, delimiter, _Rows(names, name, seen), at=start)
    kind = "tsv" if delimiter == "\t" else "csv"
    return replace(found, kind=kind, notes=tuple(notes), encoding=encoding, delimiter=delimiter, head=head, mark=mark)


@dataclass(slots=True)
class _Record:
    number: int
    text: str
    cells: list[str] | None
    reason: str = ""
    lines: int = 1


def _collect(lines: Sequence[str], delimiter: str, rows: _Rows, *, at: int) -> Table:
    while at < len(lines):
        end = at + _BLOCK
        if (columns := _columns_of(lines[at:end], delimiter, rows.width)) is not None:
            rows.add_block(lines[at:end], columns)
            at += _BLOCK
        while at < min(end, len(lines)):
            record = next(_records(lines, delimiter, rows.width, at=at))
            rows.add(record)
            at += record.lines
    return Table(rows.frame(), "csv", rows.name, tuple(rows.broken), lines=rows.lines, odd=rows.odd)


def _columns_of(lines: Sequence[str], delimiter: str, width: int) -> list[list[str]] | None:
    """The cells by column of lines that are a row each, as most are; None where a line is not, or where it is hard to tell."""
    quoted = [place for place, line in enumerate(lines) if '"' in line]
    plain = [line.rstrip("\r\n") for line in lines]
    for place in quoted:
        plain[place] = delimiter * (width - 1)
    if set(map(methodcaller("count", delimiter), plain)) != {width - 1}:
        return None
    cells = delimiter.join(plain).split(delimiter)
    columns = [cells[place::width] for place in range(width)]
    try:
        rows = list(csv.reader([lines[place] for place in quoted], delimiter=delimiter, strict=True))
    except csv.Error:
        return None
    # A cell that goes on in the next line would make fewer rows than lines.
    if len(rows) != len(quoted) or any(len(row) != width or max(map(len, row)) > _MOST_CHARACTERS for row in rows):
        return None
    for place, row in zip(quoted, rows, strict=True):
        for column, cell in zip(columns, row, strict=True):
            column[place] = cell
    return columns


class _Rows:
    """The rows of a table as they are read: the cells by column, and the lines they stand on."""

    def __init__(self, names: list[str], name: str, seen: Seen) -> None:
        self.width, self.name, self._names, self._seen = len(names), name, names, seen
        self.lines: list[str] = []
        self.odd: dict[int, int] = {}
        self.broken: list[BrokenRow] = []
        self._cells: list[list[str | None]] = [[] for _ in names]
        self._frames: list[pd.DataFrame] = []

    def add_block(self, lines: Sequence[str], columns: Sequence[Sequence[str]]) -> None:
        """Lines that are a row each, and their cells by column."""
        for column, found in zip(self._cells, columns, strict=True):
            column.extend(found)
        self.lines.extend(lines)
        self._pack()

    def add(self, record: _Record) -> None:
        """Any record, with what does not fit named."""
        cells, width = record.cells, self.width
        is_blank = width > 1 and not record.text.strip("\r\n")
        if not is_blank and (cells is None or len(cells) != width):
            reason = record.reason or f"{len(cells or ())} fields under {width} columns"
            self.broken.append(BrokenRow(f"{self.name}:{record.number}", reason))
            self.odd[len(self.lines)] = width + 1 if cells is None else min(len(cells), width + 1)
            cells = cells if cells is not None and len(cells) < width else []
        if is_blank:
            self.odd[len(self.lines)] = 0
        else:
            for column, cell in zip_longest(self._cells, cells or ()):
                column.append(cell)
        self.lines.append(record.text)
        self._pack()

    def frame(self) -> pd.DataFrame:
        """All rows."""
        self._pack(least=0 if not self._frames else 1)
        return pd.concat(self._frames, ignore_index=True) if len(self._frames) > 1 else self._frames[0]

    def _pack(self, *, least: int = _CHUNK) -> None:
        if len(self._cells[0]) >= least:
            frame = pd.concat([pd.Series(column, dtype="str") for column in self._cells], axis=1)
            frame.columns = pd.Index(self._names)
            self._frames.append(frame)
            for name, cells in zip(self._names, self._cells, strict=True):
                self._seen(name, cells)
            self._cells = [[] for _ in self._names]


def _encoding(raw: bytes, name: str, asked: str | None) -> tuple[str, list[str]]:
    marked = "utf-16-be" if raw.startswith(codecs.BOM_UTF16_BE) else "utf-16-le"
    if asked is not None:
        try:
            codecs.lookup(asked)
        except LookupError:
            raise ConfigError(f"unknown encoding {asked!r}", fix="for example utf-8, cp1252 or latin-1") from None
        if (place := _undecodable(raw, asked)) is not None:
            raise InputError(f"not {asked} at byte {place}", file=name, line=raw.count(b"\n", 0, place) + 1, fix="give another --encoding")
        # The byte order mark is kept as a letter of the text, so that it comes out as it went in.
        return {"utf-16": marked, "utf-8-sig": "utf-8"}.get(codecs.lookup(asked).name, asked), []
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return marked, []
    if (zeros := raw[:_LOOKED_AT].count(0)) * 4 > len(raw[:_LOOKED_AT]):
        for found, place in (("utf-16-le", 1), ("utf-16-be", 0)):
            if raw[place:_LOOKED_AT:2].count(0) > 0.9 * zeros and _undecodable(raw, found) is None:
                return found, [f"{name}: read as {found}, though no mark says so (if letters look wrong: --encoding)"]
        raise InputError("this is no text", file=name, fix="give a table as text, .xlsx or .parquet")
    place = _undecodable(raw, "utf-8")
    if place is None:
        return "utf-8", []
    found = "cp1252" if _undecodable(raw, "cp1252") is None else "latin-1"
    line = raw.count(b"\n", 0, place) + 1
    return found, [f"{name}:{line}: not UTF-8, so the table was read as {found} (if letters look wrong: --encoding)"]


def _undecodable(raw: bytes, encoding: str) -> int | None:
    try:
        raw.decode(encoding)
    except UnicodeDecodeError as error:
        return error.start
    return None


def _usual(suffix: str) -> str:
    """The delimiter that a file's name promises."""
    return "\t" if suffix in (".tsv", ".tab") else ","


def _delimiter(lines: Sequence[str], suffix: str) -> str:
    """The delimiter under which most of the first lines have as many fields as the first, and more than one."""
    best, best_share = _usual(suffix), 0.0
    for delimiter in (best, *(one for one in _DELIMITERS if one != best)):
        counts = [len(record.cells or ()) for record in islice(_records(lines, delimiter), _SNIFFED) if record.text.strip()]
        share = sum(count == counts[0] for count in counts) / len(counts) if counts and counts[0] > 1 else 0.0
        if share > best_share + 0.05:
            best, best_share = delimiter, share
    if not best_share:  # one column: what its cells hold, as in "AS, mild", parts nothing
        best = next((one for one in (best, *_DELIMITERS) if not any(one in line and '"' not in line for line in lines)), best)
    return best


def _records(lines: Sequence[str], delimiter: str, width: int = 0, *, at: int = 0) -> Iterator[_Record]:
    """The records of a table with the lines they stand on. A quote that does not close costs its own line only.

    With ``width``, cells of several lines are believed only where they make a row of so many fields.
    """
    while at < len(lines):
        line = lines[at]
        if '"' not in line:
            yield _Record(at + 1, line, line.rstrip("\r\n").split(delimiter))
            at += 1
            continue
        used = iter(range(at, min(at + _MOST_LINES, len(lines))))
        last = at
        cells: list[str] | None
        try:
            reader = csv.reader((lines[last := place] for place in used), delimiter=delimiter, strict=True)
            cells = next(reader)
        except csv.Error as error:
            cells, is_long = None, "field limit" in str(error)
        else:
            is_long = max(map(len, cells)) > _MOST_CHARACTERS
        if is_long:
            yield _Record(at + 1, line, None, f"a cell of more than {_MOST_CHARACTERS} characters")
            at += 1
            continue
        if cells is None or (last > at and width and len(cells) != width):
            reason = "a quote does not close, or stands where none can"
            if cells is not None:
                reason = f"a quote that closes in line {last + 1} makes {len(cells)} fields under {width} columns"
            yield _Record(at + 1, line, None, reason)
            at += 1
            continue
        yield _Record(at + 1, line if last == at else "".join(lines[at : last + 1]), cells, lines=last + 1 - at)
        at = last + 1


# --- Excel and Parquet -----------------------------------------------------------------------------------------------------


def _openpyxl() -> Any:
    try:
        import openpyxl
    except ImportError:
        raise MissingExtraError("openpyxl", "excel") from None
    return openpyxl


def _parquet() -> Any:
    try:
        import pyarrow.parquet
    except ImportError:
        raise MissingExtraError("pyarrow", "parquet") from None
    return pyarrow.parquet


def _read_excel(file: Path, options: TableOptions) -> Table:
    openpyxl = _openpyxl()
    try:
        book = openpyxl.load_workbook(file, read_only=True, data_only=True)
    except Exception as error:  # whatever zip and XML raise on a file that is none
        with open(file, "rb") as opened:
            is_old = opened.read(8) == _OLD_EXCEL
        fix = "it is of Excel 97 or has a password: save it as .xlsx without" if is_old else "if it is text, name it .csv"
        raise InputError(f"no Excel workbook ({type(error).__name__})", file=str(file), fix=fix) from None
    if options.sheet is not None and options.sheet not in book.sheetnames:
        raise ConfigError(f"no sheet {options.sheet!r}", file=str(file), fix=f"sheets: {', '.join(book.sheetnames)}")
    sheet = book[options.sheet or book.sheetnames[0]]
    sheet.reset_dimensions()
    rows = [list(row) for row in sheet.iter_rows(values_only=True)]
    while rows and all(cell is None for cell in rows[-1]):
        rows.pop()
    if not rows:
        raise InputError(f"the sheet {sheet.title!r} is empty", file=str(file))
    width = max(map(len, rows))
    rows = [[*row, *[None] * (width - len(row))] for row in rows]
    names = [str(number) for number in range(1, width + 1)]
    if options.header:
        names = [str(cell) if cell is not None else f"column {number}" for number, cell in enumerate(rows.pop(0), 1)]
    frame = pd.DataFrame({number: pd.Series([row[number] for row in rows], dtype=object) for number in range(width)})
    frame.columns = pd.Index(names)
    book.close()
    sheets = tuple(book.sheetnames) if len(book.sheetnames) > 1 else ()
    notes = (f"{file}: read the sheet {sheet.title!r} of {', '.join(sheets)}",) if sheets and options.sheet is None else ()
    return Table(frame, "xlsx", str(file), notes=notes, sheets=sheets)


def _read_parquet(file: Path) -> Table:
    parquet = _parquet()
    try:
        table = parquet.read_table(file)
    except (ValueError, OSError) as error:
        raise InputError(f"no Parquet file ({type(error).__name__})", file=str(file)) from None
    return Table(table.to_pandas(ignore_metadata=True), "parquet", str(file), original=table)


# --- writing -------------------------------------------------------------------------------------------------------------


def write_table(table: Table, added: pd.DataFrame, output: Path | BinaryIO, form: str, *, alike: NDArray[np.int64] | None = None) -> None:
    """The table with the added columns behind its own. Rows with the same number in ``alike`` get the same, which saves time.

    A file is complete or not there. A CSV or TSV table in its own format keeps its bytes; into Excel every text that a
    spreadsheet would run as a formula goes with an apostrophe before it.
    """
    writers: dict[str, Callable[[Table, pd.DataFrame, BinaryIO], None]] = {"xlsx": _write_excel, "parquet": _write_parquet}
    own = table.lines and form == table.kind
    lines = partial(_write_lines, alike=alike)
    writer = writers.get(form) or (lines if own else _write_tsv if form == "tsv" else _write_csv)
    if not isinstance(output, Path):
        writer(table, added, output)
        return
    part = output.with_name(f"{output.name}.part")
    try:
        with open(part, "wb") as handle:
            writer(table, added, handle)
        os.replace(part, output)
    finally:
        part.unlink(missing_ok=True)


def _write_lines(table: Table, added: pd.DataFrame, handle: BinaryIO, *, alike: NDArray[np.int64] | None = None) -> None:
    out = codecs.getwriter(table.encoding)(handle, "xmlcharrefreplace")
    out.write(table.mark)
    delimiter = table.delimiter
    if table.head is not None:
        out.write(_extended(table.head, "".join(delimiter + _quoted(str(name), delimiter) for name in added.columns)))
    tails = _padded(table, _tails(added, delimiter, alike))
    for start in range(0, len(table.lines), _CHUNK):
        out.write(_all_extended(table.lines[start : start + _CHUNK], tails[start : start + _CHUNK]))


def _all_extended(lines: Sequence[str], tails: Sequence[str]) -> str:
    text = "".join(lines)
    bodies = text.split("\n")
    if "\r" in text or bodies.pop() or len(bodies) != len(lines):
        return "".join(map(_extended, lines, tails))
    pieces = ["\n"] * (3 * len(lines))  # as most tables are: each line ends with a line break and holds no other
    pieces[::3], pieces[1::3] = bodies, tails
    return "".join(pieces)


def _extended(line: str, tail: str) -> str:
    text = line.rstrip("\r\n")
    return f"{text}{tail}{line[len(text) :]}" if tail else line


def _padded(table: Table, tails: list[str]) -> list[str]:
    """A tail for each line: none behind a blank line or a broken row, and the fields that a short row lacks before its own."""
    if not table.odd:
        return tails
    given, width = iter(tails), table.frame.shape[1]
    padded = []
    for fields in map(table.odd.get, range(len(table.lines)), repeat(width)):
        tail = next(given) if fields else ""
        padded.append(table.delimiter * (width - fields) + tail if 0 < fields <= width else "")
    return padded


def _tails(added: pd.DataFrame, delimiter: str, alike: NDArray[np.int64] | None) -> list[str]:
    """What each row gets at its end."""
    if not added.size:
        return [""] * len(added)
    rows = np.arange(len(added))
    places = rows if alike is None else alike - alike.min()
    of_each = np.zeros(places.max() + 1, dtype=np.int64)
    of_each[places] = rows
    distinct = added.iloc[of_each].astype(object)
    columns = [column.where(column.notna(), None).tolist() for _, column in distinct.items()]
    tails = ["".join(delimiter + _quoted(_plain(cell), delimiter) for cell in row) for row in zip(*columns, strict=True)]
    found: list[str] = np.array(tails, dtype=object)[places].tolist()
    return found


def _plain(cell: object) -> str:
    return "" if cell is None else str(cell)


def _quoted(text: str, delimiter: str) -> str:
    if delimiter in text or '"' in text or "\n" in text or "\r" in text:
        return '"' + text.replace('"', '""') + '"'
    return text


def _write_csv(table: Table, added: pd.DataFrame, handle: BinaryIO, delimiter: str = ",") -> None:
    frame = pd.concat([table.whole(), added], axis=1)
    frame.to_csv(handle, index=False, sep=delimiter, encoding="utf-8", lineterminator="\n")


def _write_tsv(table: Table, added: pd.DataFrame, handle: BinaryIO) -> None:
    _write_csv(table, added, handle, "\t")


def neutralised(cell: Any) -> Any:
    """A cell as a spreadsheet may show it: text that it would run as a formula gets an apostrophe before it."""
    if isinstance(cell, str):
        cell = _NOT_IN_EXCEL.sub("\ufffd", cell)
        return f"'{cell}" if cell.startswith(_FORMULA) else cell
    return None if cell is None or cell is pd.NA or cell is pd.NaT or cell != cell else cell


def _write_excel(table: Table, added: pd.DataFrame, handle: BinaryIO) -> None:
    openpyxl = _openpyxl()
    frame = pd.concat([table.whole(), added], axis=1)
    if len(frame) >= _EXCEL_ROWS:
        raise ConfigError(f"{len(frame)} rows are more than a sheet of Excel holds", fix="write CSV or Parquet")
    longest = [int(frame.iloc[:, place].map(_length).max() or 0) if len(frame) else 0 for place in range(frame.shape[1])]
    if max(longest, default=0) > _EXCEL_CELL:
        column = frame.columns[longest.index(max(longest))]
        raise ConfigError(
            f"a cell of the column {str(column)!r} is longer than the {_EXCEL_CELL} characters of Excel", fix="write CSV or Parquet"
        )
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("cleaned")
    sheet.append([neutralised(str(name)) for name in frame.columns])
    for row in zip(*(frame.iloc[:, place].tolist() for place in range(frame.shape[1])), strict=True):
        sheet.append([_excel_cell(cell, sheet) for cell in row])
    book.save(handle)


def _length(cell: object) -> int:
    return len(cell) + 1 if isinstance(cell, str) else 0


def _excel_cell(cell: Any, sheet: Any) -> Any:
    from openpyxl.cell import WriteOnlyCell

    cell = neutralised(cell)
    if isinstance(cell, str) and cell.startswith("#"):  # text stays text, though it is "#N/A"
        cell = WriteOnlyCell(sheet, value=cell)
        cell.data_type = "s"
        return cell
    if getattr(cell, "tzinfo", None) is not None:  # Excel knows no time zones
        return cell.isoformat()
    return cell.to_pydatetime() if isinstance(cell, pd.Timestamp) else cell


def _write_parquet(table: Table, added: pd.DataFrame, handle: BinaryIO) -> None:
    parquet = _parquet()
    import pyarrow

    original = table.original
    if original is None:
        if not table.frame.columns.is_unique:
            raise ConfigError("two columns have the same name, which Parquet does not allow", file=table.name, fix="write CSV")
        frame = table.whole()
        for name in frame.columns[list(map(pd.api.types.is_object_dtype, frame.dtypes))]:
            kinds = {type(cell) for cell in frame[name].dropna()}
            if len(kinds) > 1:  # a column of Parquet has one type
                frame[name] = frame[name].map(str, na_action="ignore")
        original = pyarrow.Table.from_pandas(frame, preserve_index=False)
    types = [pyarrow.float64() if dtype == "float64" else pyarrow.string() for dtype in added.dtypes]
    schema = original.schema
    for name, kind in zip(added.columns, types, strict=True):
        schema = schema.append(pyarrow.field(name, kind))
    with parquet.ParquetWriter(handle, schema) as writer:
        for start in range(0, max(1, len(added)), _CHUNK):
            piece = original.slice(start, _CHUNK)
            for name, kind in zip(added.columns, types, strict=True):
                cells = added[name].iloc[start : start + _CHUNK]
                piece = piece.append_column(name, pyarrow.array(cells, kind, from_pandas=True))
            writer.write_table(piece.cast(schema))
