"""Notes from files: text, folders of text, JSON lines, CSV, TSV, Parquet and standard input, one at a time.

What cannot be read comes out as an :class:`Unreadable` with its place and reason, between the notes that can, so that one
broken line never costs the rest.  Newlines stay as they are in the file: offsets count the characters of the file's text.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import json
import re
import sys
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, cast

from mrterms.errors import ConfigError, InputError, MissingExtraError

__all__ = ["MAX_CHARS", "ReadOptions", "Source", "SourceNote", "Unreadable", "read_notes"]

MAX_CHARS = 1_000_000
"""The longest text that is annotated: spaCy's own limit."""

_SUFFIXES = (".txt", ".jsonl", ".ndjson", ".csv", ".tsv", ".parquet")
_READ_ERRORS = (OSError, EOFError, zlib.error)
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_EVERY_OTHER = re.compile(rb"(?:[^\0]\0){4}|(?:\0[^\0]){4}")
_JSON_OBJECT = re.compile(rb'\s*\{\s*["}]')
_LINE_LIMIT = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class SourceNote:
    """A note as read. ``place`` is ``file`` or ``file:line``; ``generated``: the input gave no id, so the place made it."""

    note_id: str
    text: str
    place: str
    generated: bool = False


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A note, or a file, that cannot be read; ``reason`` never holds text of the note.

    ``misnamed``: an option names a column that the file has not.
    """

    note_id: str | None
    place: str
    reason: str
    misnamed: bool = False


Source = SourceNote | Unreadable


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOptions:
    """How to read. ``id_column`` None means ``note_id`` where there is one, else ids from the place."""

    id_column: str | None = None
    text_column: str = "text"
    max_chars: int = MAX_CHARS
    encoding: str = "utf-8"

    @property
    def line_limit(self) -> int:
        """The bytes after which a line or row is given up: a character takes up to 12 as JSON escapes."""
        return max(_LINE_LIMIT, 16 * self.max_chars)


def read_notes(inputs: Iterable[str | Path], options: ReadOptions | None = None, *, stdin: BinaryIO | None = None) -> Iterator[Source]:
    """The notes of files, folders (their ``.txt`` files) and ``-``, in order, read as they are asked for.

    Raises :class:`InputError` or :class:`ConfigError` at once where a path is missing, its kind unknown or the encoding
    has no codec; whatever turns up later comes out as :class:`Unreadable`.
    """
    options = options or ReadOptions()
    paths = [str(given) for given in inputs]
    for path in paths:
        _check(path)
    try:
        codecs.lookup(options.encoding)
    except LookupError:
        raise ConfigError(f"unknown encoding {options.encoding!r}", fix="for example utf-8, cp1252 or latin-1") from None
    if any(path.endswith(".parquet") for path in paths):
        _parquet()
    return chain.from_iterable(_read(path, options, stdin) for path in paths)


def _check(path: str) -> None:
    if path == "-" or Path(path).is_dir():
        return
    if not Path(path).exists():
        raise InputError("no such file or folder", file=_printable(path))
    if _suffix(path) not in _SUFFIXES:
        raise InputError("unknown kind of file", file=_printable(path), fix=f"known: {', '.join(_SUFFIXES)}, folders of .txt, -")


def _read(path: str, options: ReadOptions, stdin: BinaryIO | None) -> Iterator[Source]:
    place = _printable(path)
    try:
        if path == "-":
            yield from _read_stdin(stdin or sys.stdin.buffer, options)
        elif Path(path).is_dir():
            yield from _read_folder(Path(path), options)
        elif _suffix(path) == ".txt":
            yield _read_text(path, _printable(Path(path.removesuffix(".gz")).stem), options)
        elif _suffix(path) == ".parquet":
            yield from _read_parquet(path, options)
        else:
            with _opened(path) as handle:
                yield from _read_lines(path, handle, options)
    except _READ_ERRORS as error:
        yield Unreadable(None, place, _why(error))


def _read_stdin(handle: BinaryIO, options: ReadOptions) -> Iterator[Source]:
    lines = _lines(handle, options)
    head = []
    for line in lines:
        head.append(line)
        if line.raw.strip():
            break
    everything = chain(head, lines)
    if head and _JSON_OBJECT.match(head[-1].raw.removeprefix(codecs.BOM_UTF8)):
        yield from _read_jsonl(everything, "-", options)
    else:
        yield _decoded(b"".join(_up_to(everything, options)), "stdin", "-", options)


def _up_to(lines: Iterable[_Line], options: ReadOptions) -> Iterator[bytes]:
    """The bytes of the lines, given up where they are too many for one note."""
    size = 0
    for line in lines:
        yield line.raw
        size += len(line.raw)
        if size > options.line_limit:
            return


def _read_folder(folder: Path, options: ReadOptions) -> Iterator[Source]:
    found = False
    for path in _text_files(folder):
        found = True
        note_id = path.relative_to(folder).with_suffix("").as_posix()
        yield _read_text(str(path), _printable(note_id), options)
    if not found:
        yield Unreadable(None, _printable(str(folder)), "the folder holds no .txt file (name other files one by one)")


def _text_files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        # "._note.txt" and the like are leavings of file systems, not notes.
        if path.name.startswith("."):
            continue
        if path.is_dir() and not path.is_symlink():
            yield from _text_files(path)
        elif path.suffix.lower() == ".txt":
            yield path


def _read_text(path: str, note_id: str, options: ReadOptions) -> Source:
    place = _printable(path)
    try:
        with _opened(path) as handle:
            # No character takes more than four bytes: so much is enough to see that a text is too long.
            raw = handle.read(4 * options.max_chars + 8)
    except _READ_ERRORS as error:
        return Unreadable(note_id, place, _why(error))
    return _decoded(raw, note_id, place, options)


def _decoded(raw: bytes, note_id: str, place: str, options: ReadOptions) -> Source:
    try:
        text = _text(raw, 0, options)
    except _BadEncoding as error:
        # What was cut off may have been cut inside a character.
        return Unreadable(note_id, place, _too_long(options) if len(raw) > 4 * options.max_chars else str(error))
    return _source({"id": note_id, "text": text}, place, ReadOptions(id_column="id", max_chars=options.max_chars), generated=True)


# --- lines ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Line:
    """A line as bytes with its number and the place of its first byte; ``cut``: it was too long and its end was skipped."""

    number: int
    at: int
    raw: bytes
    cut: bool = False


def _lines(handle: BinaryIO, options: ReadOptions) -> Iterator[_Line]:
    limit = options.line_limit
    at = number = 0
    while raw := handle.readline(limit):
        size = len(raw)
        cut = size == limit and not raw.endswith(b"\n")
        rest = raw
        while cut and rest and not rest.endswith(b"\n"):
            rest = handle.readline(limit)
            size += len(rest)
        number += 1
        yield _Line(number, at, raw, cut)
        at += size


def _read_lines(path: str, handle: BinaryIO, options: ReadOptions) -> Iterator[Source]:
    lines = _lines(handle, options)
    first = next(lines, None)
    if (wide := _wide_encoding(first, options)) is not None:
        yield Unreadable(None, _printable(path), f"lines in {wide} are not read: save it as UTF-8")
        return
    lines = chain(() if first is None else (first,), lines)
    yield from _read_jsonl(lines, _printable(path), options) if _suffix(path) in (".jsonl", ".ndjson") else _read_csv(lines, path, options)


def _wide_encoding(first: _Line | None, options: ReadOptions) -> str | None:
    """The encoding of lines that no byte of its own ends, asked for or seen."""
    if "\n".encode(options.encoding) != b"\n":
        return options.encoding
    return "utf-16" if first is not None and _is_utf16(first.raw) else None


def _read_jsonl(lines: Iterable[_Line], file: str, options: ReadOptions) -> Iterator[Source]:
    for line in lines:
        place = f"{file}:{line.number}"
        if line.cut:
            yield Unreadable(None, place, f"line longer than {options.line_limit:,} bytes")
        elif line.raw.strip():
            yield _read_json(line, place, options)


def _read_json(line: _Line, place: str, options: ReadOptions) -> Source:
    try:
        # Not strict: a tab as it is inside a string is bad JSON, but leaves no doubt.
        record = json.loads(_text(line.raw, line.at, options), strict=False)
    except _BadEncoding as error:
        return Unreadable(None, place, str(error))
    except json.JSONDecodeError as error:
        return Unreadable(None, place, f"broken JSON: {error.msg} (column {error.colno})")
    except (ValueError, RecursionError):
        return Unreadable(None, place, "broken JSON: a number too large or lists too deep")
    if not isinstance(record, dict):
        return Unreadable(None, place, f"a JSON {type(record).__name__}, not an object")
    return _source(record, place, options)


# --- tables --------------------------------------------------------------------------------------------------------------


class _Feed:
    """The lines of a table for ``csv.reader``; remembers what was wrong with the lines since the last row."""

    def __init__(self, lines: Iterable[_Line], options: ReadOptions) -> None:
        self._lines, self._options = lines, options
        self.begin()

    def begin(self) -> None:
        """Start a row."""
        self.problem: str | None = None
        self.first: int | None = None
        self._size = 0

    def __iter__(self) -> Iterator[str]:
        for line in self._lines:
            self.first = self.first or line.number
            self._size += len(line.raw)
            if line.cut or self._size > self._options.line_limit:
                raise _EndlessRow
            # A carriage return alone ends rows in files of old spreadsheets; csv must then see them one by one.
            yield from self._decode(line).splitlines(keepends=True) if b"\r" in line.raw[:-2] else (self._decode(line),)

    def _decode(self, line: _Line) -> str:
        try:
            return _text(line.raw, line.at, self._options)
        except _BadEncoding as error:
            self.problem = self.problem or str(error)
            return line.raw.decode(self._options.encoding, "replace")


class _EndlessRow(Exception):
    """A quote that is never closed swallows the file."""


def _read_csv(lines: Iterable[_Line], path: str, options: ReadOptions) -> Iterator[Source]:
    file = _printable(path)
    csv.field_size_limit(sys.maxsize)
    lines = iter(lines)
    first = next(lines, None)
    if first is None:
        yield Unreadable(None, file, "the table is empty")
        return
    feed = _Feed(chain([first], lines), options)
    # strict: a quote that is never closed must not silently swallow the notes that follow.
    rows = csv.reader(feed, delimiter=_delimiter(first, path, options), strict=True)
    header: list[str] | None = None
    while True:
        try:
            cells = next(rows, None)
            problem = feed.problem
        except csv.Error as error:
            cells, problem = [], f"broken row: {error}"
        except _EndlessRow:
            yield Unreadable(None, f"{file}:{feed.first}", f"row longer than {options.line_limit:,} bytes; the file is read no further")
            return
        if cells is None:
            return
        place = f"{file}:{feed.first}"
        feed.begin()
        if problem:
            yield Unreadable(_cell(header, cells, options), place, problem)
        elif header is None:
            header = cells
            if (fault := _missing(header, options)) is not None:
                yield Unreadable(None, file, fault, misnamed=True)
                return
        elif len(cells) > len(header):
            fault = f"{len(cells)} cells under {len(header)} columns: a text without quotes?"
            yield Unreadable(_cell(header, cells, options), place, fault)
        elif cells:
            yield _source(dict(zip(header, cells, strict=False)), place, options)


def _delimiter(header: _Line, path: str, options: ReadOptions) -> str:
    """Tab for ``.tsv``; else whatever separates a column of the text's name from the others (spreadsheets write ``;``)."""
    if _suffix(path) == ".tsv":
        return "\t"
    line = header.raw.removeprefix(codecs.BOM_UTF8).decode(options.encoding, "replace").rstrip("\r\n")
    return next((mark for mark in ",;\t|" if options.text_column in next(csv.reader([line], delimiter=mark), ())), ",")


def _cell(header: list[str] | None, cells: list[str], options: ReadOptions) -> str | None:
    """The id of a row that cannot be read, where it has one."""
    record = dict(zip(header or (), cells, strict=False))
    return _clean_id(record.get(options.id_column or "note_id")) or None


def _missing(columns: Iterable[str], options: ReadOptions) -> str | None:
    columns = list(columns)
    for column, option in ((options.text_column, "--text-column"), (options.id_column, "--id-column")):
        if column is not None and column not in columns:
            return f"no column {column!r}; found {_listed(columns)} (choose with {option})"
    return None


def _listed(names: Iterable[Any]) -> str:
    shown = [_printable(str(name))[:40] for name in names]
    return ", ".join(shown[:20]) + (", ..." if len(shown) > 20 else "") if shown else "none"


def _parquet() -> Any:
    try:
        from pyarrow import parquet
    except ImportError:
        raise MissingExtraError("pyarrow", "parquet") from None
    return parquet


def _read_parquet(path: str, options: ReadOptions) -> Iterator[Source]:
    file = _printable(path)
    try:
        with _parquet().ParquetFile(path) as table:
            names = table.schema_arrow.names
            if (fault := _missing(names, options)) is not None:
                yield Unreadable(None, file, fault, misnamed=True)
                return
            wanted = [name for name in dict.fromkeys((options.id_column or "note_id", options.text_column)) if name in names]
            row = 0
            for batch in table.iter_batches(batch_size=256, columns=wanted):
                columns = {name: batch.column(name) for name in wanted}
                for place in range(batch.num_rows):
                    row += 1
                    yield _read_values({name: column[place] for name, column in columns.items()}, f"{file}:{row}", options)
    except ValueError as error:  # pyarrow's ArrowInvalid; its messages speak of the file's format, not of its content
        yield Unreadable(None, file, f"broken Parquet ({type(error).__name__})")


def _read_values(values: dict[str, Any], place: str, options: ReadOptions) -> Source:
    try:
        return _source({name: value.as_py() for name, value in values.items()}, place, options)
    except UnicodeDecodeError as error:
        return Unreadable(None, place, f"not UTF-8 at byte {error.start} of the cell")


# --- a record --------------------------------------------------------------------------------------------------------------


def _source(record: dict[str, Any], place: str, options: ReadOptions, *, generated: bool = False) -> Source:
    """The note in a record of named values, or what is wrong with it."""
    given = record.get(options.id_column or "note_id")
    if given is not None and (isinstance(given, bool) or not isinstance(given, str | int | float)):
        return Unreadable(None, place, f"the id is a {type(given).__name__}, not a string")
    note_id = _clean_id(given)
    if options.text_column not in record:
        return Unreadable(note_id or None, place, f"no field {options.text_column!r}; found {_listed(record)} (choose with --text-column)")
    if options.id_column is not None and options.id_column not in record:
        return Unreadable(None, place, f"no field {options.id_column!r}; found {_listed(record)} (choose with --id-column)")
    text = record[options.text_column]
    if not isinstance(text, str):
        fault = "the text is null" if text is None else f"the text is a {type(text).__name__}, not a string"
        return Unreadable(note_id or None, place, fault)
    if len(text) > options.max_chars:
        return Unreadable(note_id or None, place, _too_long(options))
    # Half a surrogate pair is no character, and no file can hold it; one sign for another keeps every offset.
    return SourceNote(note_id or place, _LONE_SURROGATE.sub("\ufffd", text), place, generated or not note_id)


def _clean_id(given: Any) -> str:
    return "" if given is None else _printable(str(given))


def _too_long(options: ReadOptions) -> str:
    return f"text longer than {options.max_chars:,} characters (--max-chars)"


class _BadEncoding(Exception):
    """Bytes that are no text; the message tells the place of the first."""


def _text(raw: bytes, at: int, options: ReadOptions) -> str:
    """The text of bytes that stand at byte ``at`` of a file; a byte order mark at its start is no part of the text."""
    utf8 = codecs.lookup(options.encoding).name == "utf-8"
    body = raw.removeprefix(codecs.BOM_UTF8) if utf8 and at == 0 else raw
    if utf8 and at == 0 and _is_utf16(raw):
        raise _BadEncoding("UTF-16, not UTF-8 (--encoding utf-16)")
    try:
        return body.decode(options.encoding)
    except UnicodeDecodeError as error:
        hint = " (if it is Windows text: --encoding cp1252)" if utf8 else ""
        raise _BadEncoding(f"not {options.encoding.upper()} at byte {at + len(raw) - len(body) + error.start}{hint}") from None


def _is_utf16(raw: bytes) -> bool:
    """Whether bytes begin with a mark of UTF-16, or every other one of the first is nought, as in UTF-16 without a mark."""
    return raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or _EVERY_OTHER.match(raw) is not None


def _printable(name: str) -> str:
    """A file's name may hold bytes that are no text; they are shown as escapes."""
    return name.encode("utf-8", "backslashreplace").decode()


def _suffix(path: str) -> str:
    return Path(path.removesuffix(".gz")).suffix.lower()


def _opened(path: str) -> BinaryIO:
    return cast(BinaryIO, gzip.open(path, "rb")) if path.endswith(".gz") else open(path, "rb")


def _why(error: BaseException) -> str:
    return f"cannot be read: {getattr(error, 'strerror', None) or type(error).__name__}"
