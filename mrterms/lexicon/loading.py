"""From a lexicon's folder, or a user's table of terms, to a :class:`Lexicon`."""

from __future__ import annotations

import csv
import io
import tomllib
from collections.abc import Collection, Iterator
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, get_args

from mrterms.errors import LexiconError
from mrterms.lexicon.model import Lexicon
from mrterms.lexicon.resources import lexicon_folder
from mrterms.lexicon.store import Store, is_store
from mrterms.lexicon.tables import Row, read_table
from mrterms.records import CaseRule, Concept, SenseEntry, Term, TermKind

__all__ = ["CODE_SYSTEMS", "SETTINGS", "lexicon_place", "load_lexicon", "read_manifest", "read_user_terms"]

CODE_SYSTEMS = ("SNOMEDCT", "ICD10CM", "ICD11", "MESH", "HPO", "MONDO", "DOID", "UMLS")
"""The code systems of ``concepts.tsv``, each a column."""

SETTINGS = ("general", "cardiology", "literature", "patient")
"""The kinds of text for which ``senses.tsv`` states priors, each a column."""

KINDS: tuple[str, ...] = get_args(TermKind)
CASES: tuple[str, ...] = get_args(CaseRule)
FORMAT = 1

_CONCEPT_COLUMNS = ("concept_id", "preferred_name", "semantic_type")
_CONCEPT_OPTIONAL = ("parents", "report_as", "other_sense", *CODE_SYSTEMS, "source")
_TERM_COLUMNS = ("term", "concept_id", "kind")
_SENSE_COLUMNS = ("short_form", "concept_id", *SETTINGS)
_USER_COLUMNS = ("concept_id", "term", "preferred_name", "semantic_type", "status", "case", "parents", "source")
_KIND_ALIASES = {"": "", "name": "preferred", "label": "preferred", "exact": "synonym", "abbr": "abbreviation", "typo": "misspelling"}


def load_lexicon(name_or_path: str | Path = "valve") -> Lexicon:
    """The lexicon of that name (shipped), in that folder (``lexicon.toml`` or compiled), or a user's table of terms.

    Raises :class:`LexiconError` with file and line where something is missing, malformed or unknown.
    """
    place = lexicon_place(name_or_path)
    if isinstance(place, Path) and is_store(place):
        store = Store(place)
        return Lexicon(name=store.manifest["name"], source=store.manifest["source"], compiled=(store,))
    if not place.is_dir():
        return read_user_terms(name_or_path)
    manifest = read_manifest(place)
    concepts = {concept.concept_id: concept for concept in _concepts(place)}
    return Lexicon(
        name=manifest["name"],
        version=manifest["version"],
        licence=manifest.get("licence", ""),
        source=manifest.get("source", ""),
        concepts=dict(concepts),
        terms=tuple(_terms(place, concepts)),
        senses=dict(_senses(place, concepts)),
        folder=place,
    )


def lexicon_place(name_or_path: str | Path) -> Traversable:
    """The folder or file that a name or path means; a path in the file system comes before a shipped name.

    Raises :class:`LexiconError` where there is neither.
    """
    path = Path(name_or_path)
    if path.is_file() or (path / "lexicon.toml").is_file() or is_store(path):
        return path
    if path.is_dir() and len(path.parts) > 1:
        raise LexiconError("the folder has no lexicon.toml", file=str(path), fix="add one with name, version and format = 1")
    if len(path.parts) == 1 and not path.suffix:
        return lexicon_folder(str(name_or_path))
    raise LexiconError("no such lexicon file or folder", file=str(path))


def read_manifest(folder: Traversable) -> dict[str, Any]:
    """The keys of ``lexicon.toml``: at least name, version and ``format = 1``."""
    path = folder / "lexicon.toml"
    try:
        manifest = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise LexiconError("the file is missing", file=str(path), fix="write one with name, version and format = 1") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise LexiconError(f"not TOML: {error}", file=str(path)) from None
    for key in ("name", "version"):
        if not isinstance(manifest.get(key), str):
            raise LexiconError(f"no {key!r}", file=str(path), fix=f'add a line such as {key} = "..."')
    if manifest.get("format") != FORMAT:
        raise LexiconError(f"format is {manifest.get('format')!r}", file=str(path), fix=f"this version reads format = {FORMAT}")
    return manifest


def _concepts(folder: Traversable) -> Iterator[Concept]:
    for row in read_table(folder / "concepts.tsv", _CONCEPT_COLUMNS, _CONCEPT_OPTIONAL):
        cells = row.cells
        yield Concept(
            concept_id=cells["concept_id"],
            preferred_name=cells["preferred_name"],
            semantic_type=cells["semantic_type"],
            parents=row.list("parents"),
            codes={system: code for system in CODE_SYSTEMS if (code := cells.get(system))},
            report_as=row["report_as"],
            other_sense=row["other_sense"] == "yes",
        )


def _terms(folder: Traversable, concepts: dict[str, Concept]) -> Iterator[Term]:
    for row in read_table(folder / "terms.tsv", _TERM_COLUMNS, ("case", "source")):
        cells = row.cells
        _known(row, cells["concept_id"], concepts, "concept_id")
        yield Term(
            text=cells["term"],
            concept_id=cells["concept_id"],
            kind=_known(row, cells["kind"], KINDS, "kind"),  # type: ignore[arg-type]
            case=_known(row, cells.get("case") or "any", CASES, "case"),  # type: ignore[arg-type]
            source=cells.get("source", ""),
        )


def _senses(folder: Traversable, concepts: dict[str, Concept]) -> dict[str, tuple[SenseEntry, ...]]:
    """The senses by short form; a lexicon without ambiguous short forms needs no ``senses.tsv``."""
    path = folder / "senses.tsv"
    found: dict[str, list[SenseEntry]] = {}
    for row in read_table(path, _SENSE_COLUMNS, ("source",)) if path.is_file() else ():
        concept_id = _known(row, row["concept_id"], concepts, "concept_id")
        priors = {setting: _number(row, setting) for setting in SETTINGS}
        entry = SenseEntry(short_form=row["short_form"], concept_id=concept_id, priors=priors, source=row["source"])
        found.setdefault(entry.short_form, []).append(entry)
    return {form: tuple(entries) for form, entries in found.items()}


def _known(row: Row, value: str, known: Collection[str], column: str) -> str:
    if value not in known:
        row.fail(f"unknown {column} {value!r}", "add it to concepts.tsv" if column == "concept_id" else f"one of {', '.join(known)}")
    return value


def _number(row: Row, column: str) -> float:
    try:
        return float(row[column])
    except ValueError:
        row.fail(f"{column} is {row[column]!r}", "write a number between 0 and 1")


def read_user_terms(path: str | Path) -> Lexicon:
    """A user's own terms from TSV or CSV, as a lexicon that is named after the file.

    Columns ``concept_id`` and ``term`` are required; ``preferred_name``, ``semantic_type``, ``status`` (the kind of the
    term) and ``case`` (``any``, ``upper``, ``exact``) are optional; every other column is a code system. Facts about a concept
    may stand on any of its rows. Without ``status`` a word in capitals of up to six letters is an abbreviation, which
    is matched in capitals only; anything else is a synonym.

    Raises :class:`LexiconError` with file and line.
    """
    file = Path(path)
    rows = list(_user_rows(file))
    facts: dict[str, dict[str, str]] = {}
    for row in rows:
        known = facts.setdefault(row["concept_id"], {})
        for column, value in row.cells.items():
            if value:
                known.setdefault(column, value)
    return Lexicon(
        name=file.stem,
        source=str(file),
        concepts={concept_id: _user_concept(concept_id, known) for concept_id, known in facts.items()},
        terms=tuple({(term.text, term.concept_id): term for term in map(_user_term, rows)}.values()),
    )


def _user_rows(file: Path) -> Iterator[Row]:
    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise LexiconError(f"cannot be read: {error.strerror}", file=str(file)) from None
    except UnicodeDecodeError as error:
        raise LexiconError(f"not UTF-8 at byte {error.start}", file=str(file), fix="save the table as UTF-8") from None
    head = text.split("\n", 1)[0]
    delimiter = "\t" if "\t" in head else ";" if head.count(";") > head.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    header = [name.strip() for name in next(reader, [])]
    missing = [column for column in ("concept_id", "term") if column not in header]
    if missing:
        fix = f"found {', '.join(filter(None, header)) or 'nothing'}; the first line names the columns"
        raise LexiconError(f"missing column {' and '.join(missing)}", file=str(file), line=1, fix=fix)
    if len(set(header)) < len(header):
        raise LexiconError("a column stands twice in the header", file=str(file), line=1)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise LexiconError(str(error), file=str(file), line=line) from None
        if not any(cell.strip() for cell in cells):
            continue
        row = Row({name: cell.strip() for name, cell in zip(header, cells, strict=False) if name}, str(file), line)
        if len(cells) > len(header):
            row.fail(f"{len(cells)} cells under {len(header)} columns", "quote cells that hold the separator")
        for column in ("concept_id", "term"):
            if not row[column]:
                row.fail(f"empty {column}", "fill the cell or remove the row")
        yield row


def _user_concept(concept_id: str, facts: dict[str, str]) -> Concept:
    return Concept(
        concept_id=concept_id,
        preferred_name=facts.get("preferred_name") or facts["term"],
        semantic_type=facts.get("semantic_type", "other"),
        parents=tuple(part.strip() for part in facts.get("parents", "").split("|") if part.strip()),
        codes={column: value for column, value in facts.items() if column not in _USER_COLUMNS},
    )


def _user_term(row: Row) -> Term:
    text, status = row["term"], row["status"].lower()
    looks_short = text.isupper() and len(text) <= 6 and text.isalnum()
    kind = _KIND_ALIASES.get(status, status) or ("abbreviation" if looks_short else "synonym")
    case = row["case"] or ("upper" if looks_short and kind == "abbreviation" else "any")
    return Term(
        text=text,
        concept_id=row["concept_id"],
        kind=_known(row, kind, KINDS, "status"),  # type: ignore[arg-type]
        case=_known(row, case, CASES, "case"),  # type: ignore[arg-type]
        source=row["source"] or Path(row.file).name,
    )
