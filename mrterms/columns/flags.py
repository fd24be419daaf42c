"""Columns of flags and grades: "Prior MI" with Y and N, "MR grade" with 0 to 4. What such a cell says, it says of the column's name.

Only a name that the pipeline reads as one clear concept, with nothing else in it, lends its concept; only a cell that is nothing but a
flag or a grade takes it.  The grade is read as it would be in a note, behind the name of the concept.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

from spacy.language import Language

from mrterms.columns.choosing import Chooser, Outcome
from mrterms.lexicon import Lexicon
from mrterms.lexicon.resources import lexicon_folder
from mrterms.lexicon.tables import read_table
from mrterms.pipeline import annotate
from mrterms.records import Annotation

__all__ = ["ColumnFlags", "flags_of", "with_flags"]

_Numbers = Literal["flags", "grades", "neither"]

_NAME_WORDS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_RANGE: Final = re.compile(r"(?<!\d)([01])\s*(?:-|–|to|_)\s*(\d+)(?!\d)")
_NUMBER: Final = re.compile(r"(-?\d{1,3})(?:\.0+)?")
_ROMAN: Final = re.compile("I{1,3}|IV")
_SURE: Final = 0.9
"""The least probability of what a short form in a name means: a whole column hangs on it."""
_LONGEST: Final = 30
_NEIGHBOURS: Final = 6
"""Names before and behind a column's that help to tell what a short form in it means."""
_MOST_TRIED: Final = 20
_MOST_DISTINCT: Final = 50
"""Values without a concept of their own above which a column is none of flags or grades."""
_GRADES: Final = frozenset({0, 1, 2, 3, 4})
_UNKNOWN_NUMBERS: Final = frozenset({8, 9, 77, 88, 98, 99, 888, 999, -1, -8, -9, -88, -99, -999})
_PROBE: Final = "mitral regurgitation"
"""Behind it a cell is read that may be a grade."""
_DENIED: Final = frozenset({"present", "historical"})
"""What a "no" denies. Of a relative's, a suspected or a planned one it says nothing of the patient's own."""
_PARTS: Final = frozenset({"subtype", "territory", "chronicity", "age", "site", "infarct_type", "cause", "primacy", "leak"})
"""What a name says more than its concept, so that a "no" does not deny all of it: a column of STEMI with N denies no infarct."""


@dataclass(frozen=True, slots=True)
class _Words:
    """``column_words.tsv``."""

    said: Mapping[str, str]
    grade: Set[str]
    allowed: frozenset[str]
    read_as: Mapping[str, str]


@cache
def _words() -> _Words:
    rows = read_table(lexicon_folder("clinical") / "column_words.tsv", ("words", "role"), ("reads", "source"))
    by_role: dict[str, list[str]] = {}
    for row in rows:
        by_role.setdefault(row["role"], []).extend(row.list("words"))
    said = {word: role for role in ("yes", "no", "unknown") for word in by_role[role]}
    allowed = frozenset(by_role["grade"] + by_role["plain"] + by_role["cue"])
    return _Words(said, frozenset(by_role["grade"]), allowed, {row["words"]: row["reads"] for row in rows if row["reads"]})


class ColumnFlags:
    """Reads the flags and grades of one column. ``named`` is how its name was read, ``numbers`` what numbers in it are.

    ``to_four``: grades are known to go to four; where they may end with three, that is no grade that can be told.
    """

    def __init__(self, nlp: Language, named: Annotation, numbers: _Numbers, *, to_four: bool) -> None:
        self._nlp, self._named, self._numbers, self._to_four = nlp, named, numbers, to_four
        self.concept_id: str = named["concept_id"]

    def read(self, cell: str) -> Annotation | None:
        """What a cell says of the concept of the column's name; None where it says nothing, or more."""
        cell = cell.strip()
        found = self._read(cell) if 0 < len(cell) <= _LONGEST else None
        if found is None:
            return None
        match = self._named["match"]
        reason = f"the column's name, of which the cell says {cell!r}"
        return {**found, "text": cell, "match": {**match, "kind": "column", "reason": reason}}

    def _read(self, cell: str) -> Annotation | None:
        if (number := _number(cell)) is not None:
            if self._numbers == "grades" and number in _GRADES:
                words = f"grade {number}/4" if self._to_four else f"grade {number}"
                return self._graded(words, told=self._to_four or number < 3) if number else self._denied()
            return (self._denied(), self._named)[number] if self._numbers == "flags" and number in (0, 1) else None
        said = _words().said.get(cell.lower())
        if said == "yes":
            return self._named
        if said == "no":
            return self._denied()
        return None if said else self._graded(f"grade {cell}" if _ROMAN.fullmatch(cell) else cell, told=True)

    def _denied(self) -> Annotation | None:
        if self._named["assertion"]["status"] not in _DENIED or self._named["severity"]:
            return None
        is_part = any(one["kind"] in _PARTS for one in self._named["attributes"])
        return None if is_part and self._named["assertion"]["status"] == "present" else self._behind_the_name("none")

    def _graded(self, grade: str, *, told: bool) -> Annotation | None:
        found = self._behind_the_name(grade)
        if found is None or found["severity"] is None or found["severity"]["text"] != grade:
            return None
        assertion = found["assertion"] | {"status": self._named["assertion"]["status"]}
        return {**found, "severity": found["severity"] if told else None, "assertion": assertion}

    def _behind_the_name(self, words: str) -> Annotation | None:
        found = annotate(f"{self._named['preferred_name']}: {words}", nlp=self._nlp).annotations
        return found[0] if len(found) == 1 and found[0]["concept_id"] == self._named["concept_id"] else None


def with_flags(
    nlp: Language, chooser: Chooser, lexicon: Lexicon, name: str, header: Sequence[str], outcomes: Sequence[tuple[str, Outcome]]
) -> list[tuple[str, Outcome]]:
    """Values and outcomes of a column, those flags and grades read that name no concept themselves.

    In a column whose other cells name other concepts ("valve_lesion") they are left alone.
    """
    bare = {value for value, one in outcomes if not (one.concept_id or one.all or one.problems) and value.isprintable()}
    flags = flags_of(nlp, lexicon, name, header, bare) if 0 < len(bare) <= _MOST_DISTINCT else None
    if flags is None or any(named["concept_id"] not in (None, flags.concept_id) for _, one in outcomes for named in one.all):
        return list(outcomes)
    found = {value: chooser.choose(value, [said], (), {}) for value in bare if (said := flags.read(value)) is not None}
    return [(value, found.get(value, one)) for value, one in outcomes]


def flags_of(nlp: Language, lexicon: Lexicon, name: str, header: Sequence[str], cells: Collection[str]) -> ColumnFlags | None:
    """What reads the flags and grades of a column; None where its name is not one clear concept and nothing else, or no cell is one.

    ``header`` are the names of the table's columns in their order: they help to tell what a short form in the name means. ``cells`` are
    the distinct cells of the column that name no concept themselves.
    """
    cells = {cell.strip() for cell in cells if len(cell) <= _LONGEST}
    numbers = {number for cell in cells if (number := _number(cell)) is not None} - _UNKNOWN_NUMBERS
    grades_words = [cell for cell in sorted(cells)[:_MOST_TRIED] if _number(cell) is None and _is_grade(nlp, cell)]
    if not (numbers or grades_words or any(_words().said.get(cell.lower(), "unknown") != "unknown" for cell in cells)):
        return None
    scale = _RANGE.search(name)
    told = scale is not None or not _words().grade.isdisjoint(word.lower() for word in _NAME_WORDS.findall(name))
    is_graded = told or bool(grades_words) or bool(numbers & {3, 4})
    named = _named(nlp, lexicon, name, header, graded=is_graded)
    if named is None:
        return None
    kind: _Numbers = "grades" if is_graded else "flags" if numbers <= {0, 1} else "neither"
    if not numbers <= _GRADES or (scale and int(scale[2]) not in (3, 4)):
        kind = "neither"
    return ColumnFlags(nlp, named, kind, to_four=scale[2] == "4" if scale else 4 in numbers)


def _named(nlp: Language, lexicon: Lexicon, name: str, header: Sequence[str], *, graded: bool) -> Annotation | None:
    """The one concept of a column's name, as it stands in the name, in words where its form has several senses.

    What a short form means the names beside it tell, as the text of a list; where the column grades, also its grade alone.
    """
    forms = {term.text for term in lexicon.terms if term.case == "upper" and term.text.isupper()}
    words = " ".join(_core(forms, name))
    grade = " 2+" if graded else ""
    place = header.index(name) if name in header else 0
    lead, rest = (
        [core for one in names if (core := " ".join(_core(forms, one)))]
        for names in (header[max(0, place - _NEIGHBOURS) : place], header[place + 1 : place + 1 + _NEIGHBOURS])
    )
    listed = _mention(nlp, "".join(f"{one}, " for one in lead), words, "".join((grade, *(f", {one}" for one in rest))))
    alone = _mention(nlp, "", words, grade) if words else None
    if listed is None or (alone is not None and alone["concept_id"] != listed["concept_id"] and alone["concept_id"]):
        return None
    sure = max(listed["sense"]["probability"], alone["sense"]["probability"] if alone and alone["concept_id"] and graded else 0.0)
    return _as_named(nlp, lexicon, name, words, listed) if sure >= _SURE else None


def _mention(nlp: Language, lead: str, words: str, rest: str) -> Annotation | None:
    """The one mention in some words of a text, if it was told what it means; its place is that in the words."""
    found = annotate(lead + words + rest, nlp=nlp).annotations
    inside = [one for one in found if len(lead) <= one["start"] and one["end"] <= len(lead) + len(words)]
    if len(inside) != 1 or not inside[0]["concept_id"]:
        return None
    return {**inside[0], "start": inside[0]["start"] - len(lead), "end": inside[0]["end"] - len(lead)}


def _as_named(nlp: Language, lexicon: Lexicon, name: str, words: str, one: Annotation) -> Annotation | None:
    """The mention in a name, if all other words of the name are such as say nothing of the concept."""
    concept = lexicon.concepts.get(one["concept_id"])
    start, end = one["start"], one["end"]
    if concept is None or concept.other_sense:
        return None
    text = words if one["sense"]["status"] == "unambiguous" else f"{words[:start]}{one['preferred_name']}{words[end:]}"
    read = annotate(text, nlp=nlp).annotations
    if len(read) != 1 or read[0]["concept_id"] != one["concept_id"] or read[0]["assertion"]["status"] == "absent":
        return None
    grade = read[0]["severity"]["text"].lower().split() if read[0]["severity"] else ()
    if not _words().allowed.union(grade).issuperset(f"{words[:start]} {words[end:]}".lower().split()):
        return None
    score = round(one["sense"]["probability"] * one["match"]["score"], 3)
    # "Endocarditis" is reported as the infective kind, of which it is no part.
    attributes = [
        part for part in read[0]["attributes"] if part["kind"] != "subtype" or _is_below(lexicon, part["value"], one["concept_id"])
    ]
    return {**read[0], "attributes": attributes, "match": {"kind": "column", "term": name, "score": score, "reason": ""}}


def _is_below(lexicon: Lexicon, concept_id: str, other: str) -> bool:
    parents = lexicon.concepts[concept_id].parents if concept_id in lexicon.concepts else ()
    return other in parents or any(_is_below(lexicon, parent, other) for parent in parents)


def _core(forms: Set[str], name: str) -> list[str]:
    """The words of a name that say what the column is about, short forms in capitals; none where it holds other numbers than a scale."""
    words = _NAME_WORDS.findall(_RANGE.sub(" ", name))
    if any(map(str.isdigit, words)):
        return []
    told = _words()
    read = [told.read_as.get(word.lower(), word) for word in words if word.lower() not in told.grade]
    return [word.upper() if word.upper() in forms and word.lower() not in told.allowed else word for word in read]


def _is_grade(nlp: Language, cell: str) -> bool:
    found = annotate(f"{_PROBE}: {cell}", nlp=nlp).annotations
    return len(found) == 1 and found[0]["severity"] is not None and found[0]["severity"]["text"] == cell


def _number(cell: str) -> int | None:
    found = _NUMBER.fullmatch(cell)
    return int(found[1]) if found else None
