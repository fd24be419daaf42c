"""Reading the TSV tables of a lexicon; every row knows its file and line, so that errors can name them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from typing import NoReturn

from mrterms.errors import LexiconError

__all__ = ["Row", "read_table"]

_SEPARATOR = re.compile(r"(?<!\\)\|")


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table: its cells by column name, stripped; a missing cell is an empty string."""

    cells: dict[str, str]
    file: str
    line: int

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")

    def list(self, column: str) -> tuple[str, ...]:
        """The values of a cell that holds several, separated by ``|``; ``\\|`` is the sign itself."""
        return tuple(value.replace(r"\|", "|") for part in _SEPARATOR.split(self[column]) if (value := part.strip()))

    def fail(self, message: str, fix: str | None = None) -> NoReturn:
        """Raise :class:`LexiconError` at this row."""
        raise LexiconError(message, file=self.file, line=self.line, fix=fix)


def read_table(path: Traversable, required: Iterable[str], optional: Iterable[str] | None = ()) -> list[Row]:
    """The rows of a TSV file. ``#`` at the start of a line is a comment, blank lines are skipped.

    ``optional=None`` allows any further column. Raises :class:`LexiconError` where the file, a required column or a
    cell is missing, or a column is unknown.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise LexiconError("the file is missing", file=str(path)) from None
    except UnicodeDecodeError as error:
        raise LexiconError(f"not UTF-8 at byte {error.start}", file=str(path), fix="save the table as UTF-8") from None
    return list(_rows(text, str(path), tuple(required), None if optional is None else tuple(optional)))


def _rows(text: str, file: str, required: tuple[str, ...], optional: tuple[str, ...] | None) -> Iterator[Row]:
    header: list[str] | None = None
    for number, line in enumerate(text.split("\n"), 1):
        line = line.rstrip("\r")
        if not line.strip() or line.startswith("#"):
            continue
        cells = list(map(str.strip, line.split("\t")))
        if header is None:
            header = cells
            _check_header(header, file, number, required, optional)
            continue
        if len(cells) > len(header):
            raise LexiconError(f"{len(cells)} cells under {len(header)} columns", file=file, line=number, fix="look for a stray tab")
        row = Row(dict(zip(header, cells, strict=False)), file, number)
        if len(cells) < len(header):
            for column in required:
                if column not in row.cells:
                    row.fail(f"no cell for the column {column!r}", "separate the cells by single tabs")
        yield row
    if header is None:
        raise LexiconError("the table has no header", file=file, fix=f"first line: {' '.join(required)}")


def _check_header(header: list[str], file: str, line: int, required: tuple[str, ...], optional: tuple[str, ...] | None) -> None:
    missing = [column for column in required if column not in header]
    if missing:
        raise LexiconError(f"missing column {', '.join(missing)}; found {', '.join(header)}", file=file, line=line)
    if optional is not None:
        known = (*required, *optional)
        if unknown := [column for column in header if column not in known]:
            raise LexiconError(f"unknown column {', '.join(unknown)}", file=file, line=line, fix=f"known: {', '.join(known)}")
    if len(set(header)) < len(header):
        raise LexiconError("a column stands twice in the header", file=file, line=line)
