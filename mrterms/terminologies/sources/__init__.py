"""Terminologies as others publish them: which format a path is in, and its concepts and names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mrterms.errors import LexiconError
from mrterms.terminologies.sources.obo import read_obo, read_obo_graph
from mrterms.terminologies.sources.packages import read_icd10cm, read_skos
from mrterms.terminologies.sources.records import SCOPES, Filters, Item, Name, Scope
from mrterms.terminologies.sources.rrf import read_rrf
from mrterms.terminologies.sources.tables import read_omop, read_rf2, read_table_of_terms

__all__ = ["FORMATS", "SCOPES", "Filters", "Item", "Name", "Scope", "format_of", "read_source"]

FORMATS = ("obo", "obograph", "umls", "snomed", "omop", "icd10cm", "skos", "table")
_SUFFIXES = {
    ".obo": "obo", ".json": "obograph", ".tsv": "table", ".csv": "table",
    ".ttl": "skos", ".rdf": "skos", ".nt": "skos", ".xml": "skos", ".skos": "skos", ".jsonld": "skos",
}  # fmt: skip


def format_of(source: str | Path) -> str:
    """The format of a source by its name and what lies in it. Raises :class:`LexiconError` where it is none known."""
    path = Path(source)
    if path.is_dir():
        if any((path / name).is_file() for name in ("MRCONSO.RRF", "MRCONSO.RRF.gz")):
            return "umls"
        if (path / "CONCEPT.csv").is_file():
            return "omop"
        if next(path.rglob("sct2_Description_*.txt"), None):
            return "snomed"
        fix = "a folder needs MRCONSO.RRF, CONCEPT.csv or sct2_Description_*.txt"
        raise LexiconError("no terminology in this folder", file=str(source), fix=fix)
    if path.is_file():
        if path.name.startswith("MRCONSO.RRF"):
            return "umls"
        if found := _SUFFIXES.get(path.suffix.lower()):
            return found
        raise LexiconError("unknown kind of file", file=str(source), fix=f"one of {', '.join(_SUFFIXES)}, or say --format")
    if str(source).lower() == "icd10cm":
        return "icd10cm"
    raise LexiconError("no such file or folder", file=str(source))


def read_source(source: str | Path, filters: Filters, *, form: str | None = None) -> Iterator[Item]:
    """The concepts and names of a source in one stream; a concept comes before its names.

    ``form`` is one of ``FORMATS``; without it the name tells. Raises :class:`LexiconError` with file and line.
    """
    if unknown := sorted(filters.scopes - set(SCOPES)):
        raise LexiconError(f"unknown scope {', '.join(unknown)}", file=str(source), fix=f"one of {', '.join(SCOPES)}")
    items = _items(source, filters, form or format_of(source))
    if filters.scopes:
        return (item for item in items if not isinstance(item, Name) or item.scope in filters.scopes)
    return items


def _items(source: str | Path, filters: Filters, form: str) -> Iterator[Item]:
    path = Path(source)
    match form:
        case "obo":
            return read_obo(path, filters)
        case "obograph":
            return read_obo_graph(path, filters)
        case "umls":
            return read_rrf(path if path.is_dir() else path.parent, filters)
        case "snomed":
            return read_rf2(path, filters)
        case "omop":
            return read_omop(path, filters)
        case "icd10cm":
            return read_icd10cm(filters)
        case "skos":
            return read_skos(path, filters)
        case "table":
            return read_table_of_terms(path, filters)
    raise LexiconError(f"unknown format {form!r}", file=str(source), fix=f"one of {', '.join(FORMATS)}")
