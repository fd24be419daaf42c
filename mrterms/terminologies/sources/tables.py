"""Sources that are tables: SNOMED CT RF2, OMOP vocabularies, and a user's own TSV or CSV."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from pathlib import Path

from mrterms.errors import LexiconError
from mrterms.records import Concept
from mrterms.terminologies.sources.records import Filters, Item, Name, Scope, below

__all__ = ["read_omop", "read_rf2", "read_table_of_terms"]

# SNOMED CT identifiers (Release File Specification): fully specified name, and the is-a relationship.
_FSN, _IS_A = "900000000000003001", "116680003"
_OMOP_LANGUAGES = {"4180186": "en", "4182511": "es", "4182504": "de", "4180190": "fr", "4182507": "it"}
"""Athena's ids of languages; English is 4180186 (OMOP vocabulary, CONCEPT_SYNONYM.language_concept_id)."""
_SCOPES: dict[str, Scope] = {
    "": "exact", "synonym": "exact", "exact": "exact", "abbreviation": "exact", "lay": "exact",
    "preferred": "preferred", "name": "preferred", "label": "preferred",
    "narrow": "narrow", "broad": "broad", "related": "related",
}  # fmt: skip
_USER_COLUMNS = frozenset("concept_id term preferred_name semantic_type status case parents source language scope".split())


def read_rf2(folder: Path, filters: Filters) -> Iterator[Item]:
    """The active concepts of a SNOMED CT release (snapshot files) as ``SNOMEDCT:48724000``, with their active descriptions.

    The semantic type is the tag of the fully specified name (``disorder``). Raises :class:`LexiconError` with file and line.
    """
    active = {row["id"] for row in _release(folder, "Concept") if row["active"] == "1"}
    wanted = active
    if filters.branches:
        roots = {branch.removeprefix("SNOMEDCT:") for branch in filters.branches}
        above: dict[str, tuple[str, ...]] = {}
        for row in _release(folder, "Relationship"):
            if row["active"] == "1" and row["typeId"] == _IS_A:
                above[row["sourceId"]] = (*above.get(row["sourceId"], ()), row["destinationId"])
        if missing := sorted(roots - active):
            raise LexiconError(f"no such branch: {', '.join(missing)}", file=str(folder), fix="give the id of an active concept")
        wanted = active & below(roots, above)
    known: set[str] = set()
    for row in _release(folder, "Description"):
        if row["typeId"] == _FSN and row["active"] == "1" and row["conceptId"] in wanted and filters.takes_language(row["languageCode"]):
            name, _, tag = row["term"].rpartition(" (")
            code, tag = row["conceptId"], tag.rstrip(")") if name else "concept"
            if filters.takes_type(tag):
                known.add(code)
                plain = name or row["term"]
                yield Concept(concept_id=f"SNOMEDCT:{code}", preferred_name=plain, semantic_type=tag, codes={"SNOMEDCT": code})
                yield Name(concept_id=f"SNOMEDCT:{code}", text=plain, scope="preferred")
    for row in _release(folder, "Description"):
        if row["typeId"] != _FSN and row["active"] == "1" and row["conceptId"] in known and filters.takes_language(row["languageCode"]):
            yield Name(concept_id=f"SNOMEDCT:{row['conceptId']}", text=row["term"])


def _release(folder: Path, table: str) -> Iterator[dict[str, str]]:
    files = sorted(file for file in folder.rglob(f"sct2_{table}_*.txt") if "Full" not in file.name and "Delta" not in file.name)
    if not files:
        raise LexiconError(
            f"no sct2_{table}_Snapshot*.txt in the folder", file=str(folder), fix="give the folder of the release's snapshot"
        )
    for file in files:
        yield from _rows(file)


def read_omop(folder: Path, filters: Filters) -> Iterator[Item]:
    """The valid concepts of OMOP vocabulary files as ``OMOP:<concept_id>``, with their synonyms.

    Branches need CONCEPT_ANCESTOR.csv. Raises :class:`LexiconError` with file and line.
    """
    wanted = _omop_branch(folder, filters)
    known: dict[str, str] = {}
    for row in _rows(folder / "CONCEPT.csv"):
        code = row["concept_id"]
        if row["invalid_reason"] or not filters.takes_vocabulary(row["vocabulary_id"]) or (wanted is not None and code not in wanted):
            continue
        if filters.takes_type(row["domain_id"], row["concept_class_id"]):
            known[code] = row["concept_name"]
            codes = {"OMOP": code, row["vocabulary_id"]: row["concept_code"]}
            yield Concept(
                concept_id=f"OMOP:{code}", preferred_name=row["concept_name"], semantic_type=row["domain_id"].lower(), codes=codes
            )
            yield Name(concept_id=f"OMOP:{code}", text=row["concept_name"], scope="preferred")
    synonyms = folder / "CONCEPT_SYNONYM.csv"
    for row in _rows(synonyms) if synonyms.is_file() else ():
        code, text = row["concept_id"], row["concept_synonym_name"]
        language = row["language_concept_id"]
        if code in known and known[code] != text and filters.takes_language(_OMOP_LANGUAGES.get(language, language)):
            yield Name(concept_id=f"OMOP:{code}", text=text)


def _omop_branch(folder: Path, filters: Filters) -> set[str] | None:
    if not filters.branches:
        return None
    file = folder / "CONCEPT_ANCESTOR.csv"
    if not file.is_file():
        raise LexiconError("a branch needs CONCEPT_ANCESTOR.csv", file=str(folder), fix="add it, or filter by vocabulary or domain")
    roots = {branch.removeprefix("OMOP:") for branch in filters.branches}
    return roots | {row["descendant_concept_id"] for row in _rows(file) if row["ancestor_concept_id"] in roots}


def _rows(file: Path) -> Iterator[dict[str, str]]:
    """Tab-separated rows with a header, unquoted as RF2 and Athena write them."""
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            header = next(lines, "").rstrip("\r\n").split("\t")
            for number, line in enumerate(lines, 2):
                cells = line.rstrip("\r\n").split("\t")
                if len(cells) != len(header):
                    raise LexiconError(
                        f"{len(cells)} cells under {len(header)} columns", file=str(file), line=number, fix="is the file whole?"
                    )
                yield dict(zip(header, cells, strict=True))
    except FileNotFoundError:
        raise LexiconError("the file is missing", file=str(file)) from None
    except UnicodeDecodeError as error:
        raise LexiconError(f"not UTF-8 at byte {error.start}", file=str(file)) from None


def read_table_of_terms(file: Path, filters: Filters) -> Iterator[Item]:
    """A TSV or CSV with the columns ``concept_id`` and ``term``; optional are ``preferred_name``, ``semantic_type``, ``status`` or
    ``scope``, ``language``, ``parents`` (by ``|``); every other column is a code system.

    A concept's facts are those of its first row. Raises :class:`LexiconError` with file and line.
    """
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    wanted: set[str] | None = None
    if filters.branches:
        parents: dict[str, tuple[str, ...]] = {}
        for _, row in _user_rows(file):
            above = tuple(filter(None, map(str.strip, row.get("parents", "").split("|"))))
            parents[row["concept_id"]] = parents.get(row["concept_id"], ()) + above
        wanted = set(below(filters.branches, parents))
    known: set[str] = set()
    for line, row in _user_rows(file):
        concept_id, kind = row["concept_id"], row.get("semantic_type") or "other"
        status = (row.get("scope") or row.get("status") or "").lower()
        if status not in _SCOPES:
            raise LexiconError(f"unknown status {status!r}", file=str(file), line=line, fix=f"one of {', '.join(filter(None, _SCOPES))}")
        if not filters.takes_type(kind) or not filters.takes_vocabulary(concept_id.partition(":")[0]):
            continue
        if (wanted is not None and concept_id not in wanted) or not filters.takes_language(row.get("language", "")):
            continue
        if concept_id not in known:
            known.add(concept_id)
            codes = {column: value for column, value in row.items() if value and column not in _USER_COLUMNS}
            above = tuple(filter(None, map(str.strip, row.get("parents", "").split("|"))))
            name = row.get("preferred_name") or row["term"]
            yield Concept(concept_id=concept_id, preferred_name=name, semantic_type=kind, parents=above, codes=codes)
        yield Name(concept_id=concept_id, text=row["term"], scope=_SCOPES[status], short=status == "abbreviation")


def _user_rows(file: Path) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            head = lines.readline()
            delimiter = "\t" if "\t" in head else ";" if head.count(";") > head.count(",") else ","
            lines.seek(0)
            rows = csv.DictReader(lines, delimiter=delimiter, strict=True)
            columns = [name.strip() for name in rows.fieldnames or ()]
            rows.fieldnames = columns
            if missing := [name for name in ("concept_id", "term") if name not in columns]:
                raise LexiconError(f"missing column {' and '.join(missing)}", file=str(file), line=1, fix=f"found {', '.join(columns)}")
            for row in rows:
                cells = {name: (value or "").strip() for name, value in row.items() if isinstance(name, str) and isinstance(value, str)}
                if None in row:
                    raise LexiconError("more cells than columns", file=str(file), line=rows.line_num)
                if not cells.get("concept_id") or not cells.get("term"):
                    raise LexiconError(
                        "empty concept_id or term", file=str(file), line=rows.line_num, fix="fill the cell or remove the row"
                    )
                yield rows.line_num, cells
    except UnicodeDecodeError as error:
        raise LexiconError(f"not UTF-8 at byte {error.start}", file=str(file), fix="save the table as UTF-8") from None
    except csv.Error as error:
        raise LexiconError(str(error), file=str(file)) from None
