"""Grades as the tables give them: words, figures, bounds, and what a figure means on the scale of a lesion."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib.resources.abc import Traversable
from typing import Literal, NamedTuple, cast

from mrterms.attributes.phrases import GRADED, PhraseTrie, measuring
from mrterms.lexicon.tables import Row, read_table
from mrterms.records import GRADES, Grade

__all__ = ["Bound", "BoundKind", "GradeFigure", "GradePart", "GradeWord", "Lesion", "Reading", "Roles", "Scales", "grade_name"]

BoundKind = Literal["ge", "gt", "le", "lt", "eq", "past", "now", "to_come"]
_BOUNDS = ("ge", "gt", "le", "lt", "eq", "past", "now", "to_come")
_BEHIND = ("after", "listed")
_ORDER = {grade: number for number, grade in enumerate(GRADES)}


@dataclass(frozen=True, slots=True)
class GradeWord:
    """A word that grades; ``low`` and ``high`` count in ``GRADES``. An adverb grades only what stands right behind it."""

    low: int
    high: int
    adverb: bool = False


@dataclass(frozen=True, slots=True)
class GradeFigure:
    """A grade in figures; ``of`` is the top of the scale where said; ``after``: only right behind a lesion; ``listed``: and in a list."""

    low: float
    high: float
    of: int | None = None
    after: bool = False
    listed: bool = False


GradePart = GradeWord | GradeFigure


@dataclass(frozen=True, slots=True)
class Bound:
    """A word before a grade: ``at least`` (ge), ``non-`` (lt), ``previously`` (past) ..."""

    kind: BoundKind


@dataclass(frozen=True, slots=True)
class Lesion:
    """What a concept is, for binding: ``kind`` regurgitation, stenosis, infarction ...; ``scale`` None: takes no grade."""

    concept_id: str
    kind: str
    site: str
    scale: str | None
    uses: frozenset[str] = field(init=False)
    """What phrases may be for that say something of it beyond its measurements."""
    measured: frozenset[str] = field(init=False)
    """The uses of the phrases that name its measurements: those of its kind, its own, and but for other things those of any lesion."""

    def __post_init__(self) -> None:
        names = {self.kind, self.concept_id} if self.kind == "other" else {self.kind, self.concept_id, "*"}
        object.__setattr__(self, "measured", frozenset(map(measuring, names)))
        object.__setattr__(self, "uses", frozenset([self.kind, GRADED] if self.scale else [self.kind]))


class Reading(NamedTuple):
    """A grade read on a scale, with its range."""

    value: int
    low: int
    high: int
    scale: str


class Roles:
    """The closed lists of words by their role between a lesion and what is said of it (``binding.tsv``)."""

    def __init__(self, path: Traversable) -> None:
        words: dict[str, frozenset[str]] = {}
        for row in read_table(path, ("role", "words")):
            words[row["role"]] = words.get(row["role"], frozenset()) | set(row.list("words"))
        self.between, self.link, self.predicate, self.plural = words["between"], words["link"], words["predicate"], words["plural"]
        self.closer, self.list, self.decoy, self.figure = words["closer"], words["list"], words["decoy"], words["figure"]
        self.way = words["way"]
        self.gap, self.boundary = words["gap"], words["boundary"]
        self.again, self.cut, self.beyond = words["again"], words["cut"], words["beyond"]
        self._between_endings, self._closer_endings = tuple(words["suffix_between"]), tuple(words["suffix_closer"])

    def harmless(self, atom: str) -> bool:
        """Whether a word may stand between a grade and its lesion."""
        return atom in self.between or (len(atom) > 4 and atom.endswith(self._between_endings))

    def closes(self, atom: str) -> bool:
        """Whether a word behind a grade leaves the grade to the lesion before it."""
        return not atom.isalpha() or atom in self.closer or atom.endswith(self._closer_endings)


class Scales:
    """The tables of ``scales/``; adds its phrases to the room's trie."""

    def __init__(self, folder: Traversable, trie: PhraseTrie) -> None:
        self._numbers: dict[tuple[str, float], Reading] = {}
        self.lesions: dict[str, Lesion] = {}
        self._read_numbers(folder / "numbers.tsv")
        self._read_lesions(folder / "lesions.tsv")
        for row in read_table(folder / "words.tsv", ("phrase", "low", "high", "form", "source")):
            trie.add(row["phrase"], grade=_word(row))
        for row in read_table(folder / "notations.tsv", ("phrase", "low", "high", "of", "where", "source")):
            of = int(row["of"]) if row["of"] else None
            after, listed = row["where"] in _BEHIND, row["where"] == "listed"
            trie.add(row["phrase"], grade=GradeFigure(float(row["low"]), float(row["high"]), of, after, listed))
        for row in read_table(folder / "modifiers.tsv", ("phrase", "op", "source")):
            if row["op"] not in _BOUNDS:
                row.fail(f"unknown op {row['op']!r}", f"known: {', '.join(_BOUNDS)}")
            trie.add(row["phrase"], bound=Bound(cast(BoundKind, row["op"])))

    def lesion(self, concept_id: str) -> Lesion:
        """What a concept is; one that is not in the table is graded like any lesion."""
        return self.lesions.get(concept_id) or self.lesions["*"]

    def read(self, parts: tuple[GradePart, ...], scale: str) -> Reading:
        """What one grade or the two ends of a range mean on the scale of a lesion."""
        readings = [self._read_part(part, scale) for part in parts]
        if len(readings) == 1:
            return readings[0]
        figures = [part for part in parts if isinstance(part, GradeFigure)]
        low, high = min(reading.low for reading in readings), max(reading.high for reading in readings)
        if len(figures) == len(parts):
            middle = (figures[0].low + figures[-1].high) / 2
            if (known := self._numbers.get((readings[-1].scale, middle))) is not None:
                return Reading(known.value, low, high, known.scale)
        return Reading((low + high + 1) // 2, low, high, readings[-1].scale)

    def _read_part(self, part: GradePart, scale: str) -> Reading:
        if isinstance(part, GradeWord):
            return Reading((part.low + part.high + 1) // 2, part.low, part.high, "words")
        name = "five" if part.of == 5 or (part.high > 4 and scale == "four") else "four" if part.of == 4 else scale
        low, high = self._numbers[name, part.low], self._numbers[name, part.high]
        middle = self._numbers.get((name, (part.low + part.high) / 2), high)
        return Reading(middle.value, low.low, high.high, name)

    def _read_numbers(self, path: Traversable) -> None:
        for row in read_table(path, ("scale", "number", "value", "low", "high", "source")):
            value, low, high = (_grade(row, column) for column in ("value", "low", "high"))
            self._numbers[row["scale"], float(row["number"])] = Reading(value, low, high, row["scale"])

    def _read_lesions(self, path: Traversable) -> None:
        scales = {scale for scale, _ in self._numbers}
        for row in read_table(path, ("concept_id", "kind", "site", "scale")):
            if row["scale"] not in scales | {"none"}:
                row.fail(f"unknown scale {row['scale']!r}", f"known: none, {', '.join(sorted(scales))}")
            scale = None if row["scale"] == "none" else row["scale"]
            self.lesions[row["concept_id"]] = Lesion(row["concept_id"], row["kind"], row["site"], scale)


def _word(row: Row) -> GradeWord | None:
    if row["form"] == "pseudo":
        return None
    return GradeWord(_grade(row, "low"), _grade(row, "high"), row["form"] == "adverb")


def _grade(row: Row, column: str) -> int:
    if row[column] not in _ORDER:
        row.fail(f"unknown grade {row[column]!r}", f"known: {', '.join(GRADES)}")
    return _ORDER[row[column]]


def grade_name(number: int) -> Grade:
    """The grade at a place of ``GRADES``."""
    return cast(Grade, GRADES[number])
