"""UMLS in Rich Release Format: MRCONSO.RRF and, where it lies beside, MRSTY.RRF.

Columns after the UMLS Reference Manual, chapter 3 (MRCONSO: CUI 0, LAT 1, TS 2, ISPREF 6, SAB 11, TTY 12, CODE 13, STR 14,
SUPPRESS 16; MRSTY: CUI 0, TUI 1, STY 3).  Suppressed names (SUPPRESS other than N) are left out.  MRCONSO is sorted by CUI, so
one concept at a time is in memory.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import IO

from mrterms.errors import LexiconError
from mrterms.records import Concept
from mrterms.terminologies.sources.records import Filters, Item, Name

__all__ = ["read_rrf"]

_COLUMNS = 18
_LANGUAGES = {"ENG": "en", "SPA": "es", "GER": "de", "FRE": "fr", "ITA": "it", "POR": "pt", "DUT": "nl", "SWE": "sv", "FIN": "fi",
              "DAN": "da", "NOR": "no", "CZE": "cs", "POL": "pl", "RUS": "ru", "JPN": "ja", "CHI": "zh", "KOR": "ko"}  # fmt: skip
_SYSTEMS = {"SNOMEDCT_US": "SNOMEDCT", "ICD10CM": "ICD10CM", "MSH": "MESH", "HPO": "HPO"}
_SHORT_TYPES = frozenset(("AB", "ACR", "AA", "SA", "NS_AB"))


def read_rrf(folder: Path, filters: Filters) -> Iterator[Item]:
    """The concepts of a UMLS subset as CURIEs ``UMLS:C0026266``. Raises :class:`LexiconError` with file and line."""
    if filters.branches:
        raise LexiconError("UMLS files have no branches", file=str(folder), fix="filter by semantic type or vocabulary")
    conso = _file(folder, "MRCONSO.RRF")
    if conso is None:
        raise LexiconError("MRCONSO.RRF is missing", file=str(folder))
    types = _semantic_types(_file(folder, "MRSTY.RRF"))
    for cui, rows in groupby(_rows(conso, _COLUMNS), key=lambda row: row[0]):
        kinds = types.get(cui, ())
        if not filters.takes_type(*(part for kind in kinds for part in kind)):
            continue
        kept = [row for row in rows if _wanted(row, filters)]
        if kept:
            yield from _items(cui, kept, kinds[0][1] if kinds else "concept")


def _items(cui: str, rows: list[list[str]], kind: str) -> Iterator[Item]:
    preferred = next((row for row in rows if row[2] == "P" and row[6] == "Y"), rows[0])
    codes = {"UMLS": cui}
    for row in rows:
        if row[11] in _SYSTEMS:
            codes.setdefault(_SYSTEMS[row[11]], row[13])
    concept_id = f"UMLS:{cui}"
    yield Concept(concept_id=concept_id, preferred_name=preferred[14], semantic_type=kind, codes=codes)
    for text in dict.fromkeys((preferred[14], *(row[14] for row in rows))):
        short = any(row[12] in _SHORT_TYPES for row in rows if row[14] == text)
        yield Name(concept_id=concept_id, text=text, scope="preferred" if text == preferred[14] else "exact", short=short)


def _wanted(row: list[str], filters: Filters) -> bool:
    return row[16] == "N" and filters.takes_language(_LANGUAGES.get(row[1], row[1].lower())) and filters.takes_vocabulary(row[11])


def _semantic_types(file: Path | None) -> dict[str, tuple[tuple[str, str], ...]]:
    found: dict[str, tuple[tuple[str, str], ...]] = {}
    for row in _rows(file, 6) if file else ():
        found[row[0]] = (*found.get(row[0], ()), (row[1], row[3]))
    return found


def _file(folder: Path, name: str) -> Path | None:
    return next((path for path in (folder / name, folder / f"{name}.gz") if path.is_file()), None)


def _open(path: Path) -> IO[str]:
    opener = gzip.open if path.suffix == ".gz" else open
    return opener(path, "rt", encoding="utf-8", newline="\n")


def _rows(path: Path, columns: int) -> Iterator[list[str]]:
    with _open(path) as lines:
        for number, line in enumerate(lines, 1):
            row = line.rstrip("\r\n").split("|")
            if len(row) < columns:
                raise LexiconError(f"{len(row)} cells instead of {columns}", file=str(path), line=number, fix="is the file whole?")
            yield row
