"""What a lexicon's tables say that cannot be right: every finding has its file and line."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Literal

from mrterms.errors import LexiconError
from mrterms.lexicon.codes import malformed
from mrterms.lexicon.loading import CASES, CODE_SYSTEMS, KINDS, SETTINGS, lexicon_place, read_manifest
from mrterms.lexicon.resources import lexicon_folder
from mrterms.lexicon.tables import Row, read_table

__all__ = ["Finding", "lint"]

SEMANTIC_TYPES = ("disorder", "finding", "procedure", "device", "structure", "measurement", "other")
PARTS = ("noun", "adjective", "verb")
STRENGTHS = ("full", "weak")
PRIOR_FLOOR = 0.001
"""No sense is impossible: a prior of 0 or 1 could never be overruled by the text."""

_CONCEPT_ID = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*|[A-Za-z][A-Za-z0-9.]*:[A-Za-z0-9_.-]+")


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing that is wrong (``error``) or doubtful (``warning``), and where."""

    file: str
    line: int
    severity: Literal["error", "warning"]
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.severity}: {self.message}"


def lint(folder: Traversable | str | Path) -> list[Finding]:
    """All findings in a lexicon's folder (or a shipped lexicon's name), by file and line. An empty list is a clean lexicon."""
    place = lexicon_place(folder) if isinstance(folder, (str, Path)) else folder
    return sorted(_Linter(place).findings())


@dataclass(frozen=True, slots=True)
class _Spec:
    required: tuple[str, ...]
    optional: tuple[str, ...] = ("source",)
    key: tuple[str, ...] = ()


_SPECS = {
    "concepts.tsv": _Spec(
        ("concept_id", "preferred_name", "semantic_type"),
        ("parents", "report_as", "other_sense", *CODE_SYSTEMS, "source"),
        key=("concept_id",),
    ),
    "terms.tsv": _Spec(("term", "concept_id", "kind"), ("case", "source")),
    "senses.tsv": _Spec(("short_form", "concept_id", *SETTINGS), key=("short_form", "concept_id")),
    "sites.tsv": _Spec(("form", "site"), ("strength", "source"), key=("form",)),
    "lesions.tsv": _Spec(("form", "lesion"), ("part", "source"), key=("form",)),
    "site_lesions.tsv": _Spec(("site", "lesion", "concept_id"), key=("site", "lesion")),
    "spelling.tsv": _Spec(("form", "normal"), ("kind", "source"), key=("form",)),
}


class _Linter:
    def __init__(self, folder: Traversable) -> None:
        self._folder = folder
        self._found: list[Finding] = []
        self._tables: dict[str, list[Row]] = {}
        self._words = _english_words()

    def findings(self) -> list[Finding]:
        self._read()
        for name, rows in self._tables.items():
            self._unfilled_or_twice(name, rows)
        concepts = {row["concept_id"]: row for row in self._tables["concepts.tsv"]}
        self._concepts(concepts)
        self._codes(concepts)
        self._terms(concepts)
        self._senses(concepts)
        self._parts(concepts)
        for row in self._tables["spelling.tsv"]:
            if row["form"] == row["normal"] or " " in row["form"] + row["normal"]:
                self._error(row, f"{row['form']!r} and {row['normal']!r} must be two different single words")
        return self._found

    def _error(self, row: Row, message: str) -> None:
        self._found.append(Finding(row.file, row.line, "error", message))

    def _warn(self, row: Row, message: str) -> None:
        self._found.append(Finding(row.file, row.line, "warning", message))

    def _read(self) -> None:
        self._try(lambda: read_manifest(self._folder))
        for name, spec in _SPECS.items():
            path = self._folder / name
            self._tables[name] = []
            if path.is_file():
                self._try(partial(self._read_one, name, path, spec))
        if (self._folder / "terms.tsv").is_file() != (self._folder / "concepts.tsv").is_file():
            self._found.append(Finding(str(self._folder), 1, "error", "concepts.tsv and terms.tsv belong together; one is missing"))

    def _read_one(self, name: str, path: Traversable, spec: _Spec) -> None:
        self._tables[name] = read_table(path, spec.required, spec.optional)

    def _try(self, read: Callable[[], object]) -> None:
        try:
            read()
        except LexiconError as error:
            fix = f" ({error.fix})" if error.fix else ""
            self._found.append(Finding(error.file or str(self._folder), error.line or 1, "error", error.message + fix))

    def _unfilled_or_twice(self, name: str, rows: Sequence[Row]) -> None:
        spec, first = _SPECS[name], dict[tuple[str, ...], int]()
        for row in rows:
            for column in spec.required:
                if not row[column]:
                    self._error(row, f"empty {column}")
            key = tuple(row[column] for column in spec.key)
            if key and first.setdefault(key, row.line) != row.line:
                self._error(row, f"{' / '.join(key)!r} stands already on line {first[key]}")

    def _one_of(self, row: Row, column: str, known: Iterable[str], *, empty: bool = False) -> None:
        value = row[column]
        if (value or not empty) and value not in tuple(known):
            self._error(row, f"unknown {column} {value!r}; known: {', '.join(known)}")

    # -- concepts -------------------------------------------------------------------------------------------------------

    def _concepts(self, concepts: Mapping[str, Row]) -> None:
        for concept_id, row in concepts.items():
            if not _CONCEPT_ID.fullmatch(concept_id):
                self._error(row, f"concept_id {concept_id!r} is neither lower_case_words nor a CURIE")
            self._one_of(row, "semantic_type", SEMANTIC_TYPES)
            self._one_of(row, "other_sense", ("yes",), empty=True)
            for parent in row.list("parents"):
                if parent not in concepts:
                    self._error(row, f"unknown parent {parent!r}")
            if reported := row["report_as"]:
                self._reported(row, reported, concepts)
            if concept_id in _ancestors(concept_id, concepts):
                self._error(row, f"{concept_id!r} is its own ancestor")

    def _reported(self, row: Row, reported: str, concepts: Mapping[str, Row]) -> None:
        if reported not in concepts:
            self._error(row, f"unknown report_as {reported!r}")
        elif reported == row["concept_id"]:
            self._error(row, "report_as names the concept itself")
        elif concepts[reported]["report_as"]:
            self._error(row, f"report_as {reported!r} is itself reported as {concepts[reported]['report_as']!r}")
        elif concepts[reported]["other_sense"] != row["other_sense"]:
            self._error(row, f"report_as {reported!r} is on the other side of other_sense")

    def _codes(self, concepts: Mapping[str, Row]) -> None:
        kin = {concept_id: _ancestors(concept_id, concepts) | {concept_id} for concept_id in concepts}
        holders: dict[tuple[str, str], list[Row]] = defaultdict(list)
        for row in concepts.values():
            for system in CODE_SYSTEMS:
                if code := row[system]:
                    if reason := malformed(system, code):
                        self._error(row, f"{system} {code!r}: {reason}")
                    holders[system, code].append(row)
        for (system, code), rows in holders.items():
            holding = {row["concept_id"] for row in rows}
            for row in rows[1:]:
                if not any(_related(row["concept_id"], other["concept_id"], kin, holding) for other in rows if other is not row):
                    first = rows[0]
                    self._error(row, f"{system} {code} belongs to {first['concept_id']!r} on line {first.line}, which is no relative")

    # -- terms and senses -----------------------------------------------------------------------------------------------

    def _terms(self, concepts: Mapping[str, Row]) -> None:
        senses = {row["short_form"] for row in self._tables["senses.tsv"]}
        forms: dict[str, list[Row]] = defaultdict(list)
        for row in self._tables["terms.tsv"]:
            self._known_concept(row, concepts)
            self._one_of(row, "kind", KINDS)
            self._one_of(row, "case", CASES, empty=True)
            self._case(row)
            forms[_folded(row)].append(row)
        for rows in forms.values():
            first: dict[str, Row] = {}
            for row in rows:
                if (same := first.setdefault(row["concept_id"], row)) is not row:
                    self._error(row, f"{row['term']!r} stands already under {row['concept_id']!r} on line {same.line}")
            if len(first) > 1 and rows[0]["term"] not in senses:
                self._error(rows[-1], f"{rows[0]['term']!r} stands under {' and '.join(sorted(first))} but not in senses.tsv")

    def _case(self, row: Row) -> None:
        text, case = row["term"], row["case"] or "any"
        if case == "upper" and text != text.upper():
            self._error(row, f"case is upper, but {text!r} has small letters (use exact)")
        if row["kind"] != "abbreviation" or " " in text:
            return
        small = text.lower() if case == "any" else text if case == "exact" else ""
        if small in self._words:
            self._error(row, f"the abbreviation {text!r} is an English word: its case must be upper")
        elif case == "any" and len(text) <= 2:
            self._error(row, f"an abbreviation of {len(text)} letters needs case upper or exact")

    def _senses(self, concepts: Mapping[str, Row]) -> None:
        under: dict[str, dict[str, Row]] = defaultdict(dict)
        for row in self._tables["terms.tsv"]:
            under[row["term"]][row["concept_id"]] = row
        groups: dict[str, list[Row]] = defaultdict(list)
        for row in self._tables["senses.tsv"]:
            self._known_concept(row, concepts)
            groups[row["short_form"]].append(row)
            subject = row["concept_id"] in concepts and concepts[row["concept_id"]]["other_sense"] != "yes"
            if subject and row["concept_id"] not in under[row["short_form"]]:
                self._error(row, f"{row['short_form']!r} is no term of {row['concept_id']!r} in terms.tsv")
        for form, rows in groups.items():
            for missing in sorted(under[form].keys() - {row["concept_id"] for row in rows}):
                self._error(under[form][missing], f"{missing!r} is not among the senses of {form!r} in senses.tsv")
            if len(rows) == 1:
                self._warn(rows[0], f"{form!r} has one sense only")
            self._priors(form, rows)

    def _priors(self, form: str, rows: Sequence[Row]) -> None:
        for setting in SETTINGS:
            total = 0.0
            for row in rows:
                try:
                    prior = float(row[setting])
                except ValueError:
                    self._error(row, f"{setting} is {row[setting]!r}, not a number")
                    continue
                if not PRIOR_FLOOR <= prior <= 1 - PRIOR_FLOOR:
                    self._error(row, f"{setting} is {prior:g}, outside {PRIOR_FLOOR} to {1 - PRIOR_FLOOR}")
                total += prior
            if total > 1 + 1e-6:
                self._error(rows[-1], f"the priors of {form!r} for {setting} sum to {total:.4g}, over 1")

    # -- sites and lesions ----------------------------------------------------------------------------------------------

    def _parts(self, concepts: Mapping[str, Row]) -> None:
        sites = {row["site"] for row in self._tables["sites.tsv"]}
        lesions = {row["lesion"] for row in self._tables["lesions.tsv"]}
        for row in self._tables["sites.tsv"]:
            self._one_of(row, "strength", STRENGTHS)
        for row in self._tables["lesions.tsv"]:
            self._one_of(row, "part", PARTS)
        joined = self._tables["site_lesions.tsv"]
        for row in joined:
            self._known_concept(row, concepts)
            self._one_of(row, "site", sorted(sites))
            self._one_of(row, "lesion", sorted(lesions))
        used = {row["lesion"] for row in joined}
        for row in self._tables["lesions.tsv"]:
            if row["lesion"] not in used:
                self._warn(row, f"the lesion {row['lesion']!r} stands in no row of site_lesions.tsv")

    def _known_concept(self, row: Row, concepts: Mapping[str, Row]) -> None:
        if row["concept_id"] and row["concept_id"] not in concepts:
            self._error(row, f"unknown concept_id {row['concept_id']!r}")


def _english_words() -> frozenset[str]:
    text = (lexicon_folder("clinical") / "short_words.txt").read_text(encoding="utf-8")
    return frozenset(word for line in text.splitlines() if not line.startswith("#") for word in line.split())


def _folded(row: Row) -> str:
    """What a term is compared by: a form bound to its case is another form than the same letters in any case."""
    text = row["term"]
    return " ".join(text.casefold().replace("-", " ").split()) if (row["case"] or "any") == "any" else f"={text}"


def _ancestors(concept_id: str, concepts: Mapping[str, Row]) -> set[str]:
    """The ancestors by parents and report_as; the concept itself is among them only in a cycle of parents."""
    found: set[str] = set()
    waiting = list(_above(concepts[concept_id]))
    while waiting:
        above = waiting.pop()
        if above not in found:
            found.add(above)
            if above in concepts:
                waiting += _above(concepts[above])
    # "endocarditis" is wider than "infective endocarditis" and yet reported as it: only parents make a cycle.
    return found if concept_id in _by_parents(concept_id, concepts) else found - {concept_id}


def _above(row: Row) -> Iterator[str]:
    yield from row.list("parents")
    if row["report_as"]:
        yield row["report_as"]


def _by_parents(concept_id: str, concepts: Mapping[str, Row]) -> set[str]:
    found: set[str] = set()
    waiting = list(concepts[concept_id].list("parents"))
    while waiting:
        above = waiting.pop()
        if above not in found:
            found.add(above)
            waiting += concepts[above].list("parents") if above in concepts else ()
    return found


def _related(one: str, other: str, kin: Mapping[str, set[str]], holding: set[str]) -> bool:
    """Ancestor and descendant, or both below a third concept that holds the same code."""
    return one in kin[other] or other in kin[one] or bool(kin[one] & kin[other] & holding)
