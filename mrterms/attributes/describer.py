"""The room's one door: what a sentence says about its mentions beyond their being there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources.abc import Traversable

from mrterms.attributes.atoms import Atoms, atomize
from mrterms.attributes.grades import GradeBinder, GradePhrase, Place
from mrterms.attributes.phrases import PhraseTrie
from mrterms.attributes.scales import Scales, grade_name
from mrterms.lexicon.resources import lexicon_folder
from mrterms.records import Attribute, Severity
from mrterms.text.view import Sentence

__all__ = ["Describer", "Description", "Target"]

_WORST = 7


@dataclass(frozen=True, slots=True)
class Target:
    """A mention of which the room is asked: its words in the sentence (half-open) and the concept it is reported as."""

    first: int
    last: int
    concept_id: str
    attributes: tuple[Attribute, ...] = ()


@dataclass(frozen=True, slots=True)
class Description:
    """What the sentence says about one target."""

    severity: Severity | None = None
    attributes: tuple[Attribute, ...] = ()


_NOTHING = Description()


class Describer:
    """Grades, attributes and measurements of the mentions of a sentence.

    ``folder`` is a lexicon with the tables of ``lexicons/valve``: ``scales/``, ``attributes/``, ``measurements.tsv`` and
    ``thresholds.tsv``.  Raises :class:`mrterms.errors.LexiconError` where a table is missing or malformed.
    """

    def __init__(self, folder: Traversable | None = None) -> None:
        folder = lexicon_folder("valve") if folder is None else folder
        self._trie = PhraseTrie()
        self._scales = Scales(folder / "scales", self._trie)
        self._grades = GradeBinder(self._scales)

    def describe(self, sentence: Sentence, targets: Sequence[Target], *, text: str | None = None) -> list[Description]:
        """What the sentence says about each target.

        All targets of the sentence belong into one call, so that each grade finds its own lesion.  ``text`` is the whole
        document: with it, quoted words are exact even across line breaks; without it, white space is quoted as blanks.
        """
        atoms = atomize(sentence)
        if not self._trie.may_hit(atoms.texts):
            return [_NOTHING] * len(targets)
        hits = self._trie.scan(atoms.texts)
        places = [self._place(sentence, atoms, target) for target in targets]
        grades = self._grades.bind(atoms.texts, hits, places)
        quote = _Quote(sentence, text)
        return [
            Description(self._severity(grade, place, atoms, quote) if grade else None)
            for grade, place in zip(grades, places, strict=True)
        ]

    def _place(self, sentence: Sentence, atoms: Atoms, target: Target) -> Place:
        first, last = atoms.within(*sentence.span(target.first, target.last))
        return Place(first, last, self._scales.lesion(target.concept_id))

    def _severity(self, grade: GradePhrase, place: Place, atoms: Atoms, quote: _Quote) -> Severity | None:
        if place.lesion.scale is None:
            return None
        reading = self._scales.read(grade.parts, place.lesion.scale)
        value: int | None
        low: int | None
        high: int | None
        value, low, high = reading.value, reading.low, reading.high
        if grade.bound == "ge":
            high = None
        elif grade.bound == "le":
            low = None
        elif grade.bound == "gt":
            value, low, high = None, min(high + 1, _WORST), None
        elif grade.bound == "lt":
            value, low, high = None, None, low - 1
        start, end = atoms.starts[grade.shown], atoms.ends[grade.last - 1]
        return Severity(
            value=None if value is None else grade_name(value),
            text=quote(start, end),
            start=start,
            end=end,
            low=None if low is None else grade_name(low),
            high=None if high is None or high < 0 else grade_name(high),
            scale=reading.scale,
        )


class _Quote:
    """Slices of the document by character offsets."""

    def __init__(self, sentence: Sentence, text: str | None) -> None:
        self._text, self._sentence = text, sentence
        self._rebuilt: str | None = None

    def __call__(self, start: int, end: int) -> str:
        if self._text is not None:
            return self._text[start:end]
        offset = self._sentence.starts[0]
        if self._rebuilt is None:
            pieces: list[str] = []
            at = offset
            for word, place in zip(self._sentence.words, self._sentence.starts, strict=True):
                pieces.append(" " * (place - at) + word)
                at = place + len(word)
            self._rebuilt = "".join(pieces)
        return self._rebuilt[start - offset : end - offset]
