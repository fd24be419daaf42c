"""The room's one door: what a sentence says about its mentions beyond their being there."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources.abc import Traversable

from mrterms.attributes.atoms import Atoms, atomize
from mrterms.attributes.dates import occasions
from mrterms.attributes.facts import FactBinder, read_facts
from mrterms.attributes.grades import GradeBinder, GradePhrase, Place
from mrterms.attributes.measures import Measure, MeasureFinder
from mrterms.attributes.phrases import Hit, PhraseTrie
from mrterms.attributes.scales import BoundKind, Reading, Roles, Scales, grade_name
from mrterms.attributes.thresholds import Thresholds
from mrterms.lexicon.resources import lexicon_folder
from mrterms.records import GRADES, Attribute, Severity
from mrterms.text.view import Sentence

__all__ = ["Describer", "Description", "Target"]

_WORST = len(GRADES) - 1
_DIGIT = re.compile(r"\d")
_FIGURE = re.compile(r"\d\n?\+|\+\n?\d|\d\n?/\n?[45]|\+\n?\+|[^\W\d_][-/.'][^\W\d_]")
"""A grade in figures, or words that a tokenizer left joined (``mod-sev``), in the words of a sentence put on lines."""
_DATED = ("infarction", "procedure")


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
        roles = Roles(folder / "scales" / "binding.tsv")
        self._scales = Scales(folder / "scales", self._trie)
        read_facts(folder / "attributes", self._trie)
        self._measures = MeasureFinder(folder, self._trie, roles)
        self._thresholds = Thresholds(folder / "thresholds.tsv")
        self._grades, self._facts = GradeBinder(roles), FactBinder(roles)

    def describe(self, sentence: Sentence, targets: Sequence[Target], *, text: str | None = None) -> list[Description]:
        """What the sentence says about each target.

        All targets of the sentence belong into one call, so that each grade finds its own lesion.  ``text`` is the whole
        document: with it, quoted words are exact even across line breaks; without it, white space is quoted as blanks.
        """
        lesions = [self._scales.lesion(target.concept_id) for target in targets]
        dated = any(lesion.kind in _DATED for lesion in lesions)
        if not dated and not self._worth_reading(sentence):
            return [_NOTHING] * len(targets)
        atoms = atomize(sentence)
        places = [
            Place(*atoms.within(*sentence.span(target.first, target.last)), lesion) for target, lesion in zip(targets, lesions, strict=True)
        ]
        hits = self._trie.scan(atoms.texts)
        quote = _Quote(sentence, text)
        found: list[list[Attribute]] = [[] for _ in targets]
        self._add_facts(found, atoms, hits, places, quote)
        if dated:
            _add_occasions(found, atoms, places, quote)
        grades = self._grades.bind(atoms.texts, hits, places)
        severities = [self._severity(grade, place, atoms, quote) if grade else None for grade, place in zip(grades, places, strict=True)]
        self._add_measures(found, severities, atoms, hits, places, quote)
        return [
            Description(severity, _new(attributes, target.attributes)) if severity or attributes else _NOTHING
            for severity, attributes, target in zip(severities, found, targets, strict=True)
        ]

    def _worth_reading(self, sentence: Sentence) -> bool:
        """A quick look: whether any phrase of the tables could stand in the sentence."""
        lines = "\n".join(sentence.words)
        return self._trie.may_hit(sentence.lower, figures=bool(_DIGIT.search(lines))) or bool(_FIGURE.search(lines))

    def _add_facts(self, found: list[list[Attribute]], atoms: Atoms, hits: Sequence[Hit], places: Sequence[Place], quote: _Quote) -> None:
        for attributes, facts in zip(found, self._facts.bind(atoms, hits, places), strict=True):
            for fact in facts:
                start, end = atoms.starts[fact.first], atoms.end(fact.last - 1)
                attributes.append(Attribute(kind=fact.kind, value=fact.value, text=quote(start, end), start=start, end=end))

    def _add_measures(
        self,
        found: list[list[Attribute]],
        severities: Sequence[Severity | None],
        atoms: Atoms,
        hits: Sequence[Hit],
        places: Sequence[Place],
        quote: _Quote,
    ) -> None:
        for measure in self._measures.find(atoms, hits):
            number = self._measures.bind(measure, atoms.texts, places)
            if number is None:
                continue
            concept_id = places[number].lesion.concept_id
            kind = measure.rule.becomes.get(concept_id, measure.kind)
            start, end = atoms.starts[measure.first], atoms.end(measure.last - 1)
            found[number].append(
                Attribute(
                    kind=kind,
                    value=measure.value,
                    unit=measure.unit.name or None,
                    text=quote(start, end),
                    start=start,
                    end=end,
                    extra=measure.extra(),
                )
            )
            found[number].extend(self._judged(concept_id, kind, measure, severities[number], (start, end)))

    def _judged(self, concept_id: str, kind: str, measure: Measure, stated: Severity | None, place: tuple[int, int]) -> list[Attribute]:
        """The grade by the guideline and, where the stated one differs, the conflict."""
        bands = self._thresholds.grade(concept_id, kind, measure)
        if not bands:
            return []
        low, high = min(band.grade_low for band in bands), max(band.grade_high for band in bands)
        value = GRADES[(low + high + 1) // 2]
        extra: dict[str, object] = {"measure": kind, "rule": "|".join(band.rule for band in bands), "source": bands[0].source}
        if low != high:
            extra |= {"low": GRADES[low], "high": GRADES[high]}
        judged = [Attribute(kind="severity_from_measure", value=value, start=place[0], end=place[1], extra=extra)]
        if stated is not None and not _overlaps(stated, low, high):
            told = stated.value or f"{'at most' if stated.high else 'at least'} {stated.high or stated.low}"
            judged.append(Attribute(kind="conflict", value="severity", extra={"stated": told, "measured": value, "measure": kind}))
        return judged

    def _severity(self, grade: GradePhrase, place: Place, atoms: Atoms, quote: _Quote) -> Severity | None:
        if place.lesion.scale is None:
            return None
        reading = self._scales.read(grade.parts, place.lesion.scale)
        value, low, high = _bounded(reading, grade.bound)
        start, end = atoms.starts[grade.shown], atoms.end(grade.last - 1)
        return Severity(
            value=None if value is None else grade_name(value),
            text=quote(start, end),
            start=start,
            end=end,
            low=None if low is None else grade_name(low),
            high=None if high is None else grade_name(high),
            scale=reading.scale,
        )


def _bounded(reading: Reading, bound: BoundKind | None) -> tuple[int | None, int | None, int | None]:
    """Value and range of a grade under a bound; "less than severe" has no value of its own."""
    match bound:
        case "ge":
            return reading.value, reading.low, None
        case "le":
            return reading.value, None, reading.high
        case "gt":
            return None, min(reading.high + 1, _WORST), None
        case "lt":
            return None, None, reading.low - 1 if reading.low else None
        case _:
            return reading.value, reading.low, reading.high


def _overlaps(stated: Severity, low: int, high: int) -> bool:
    least = GRADES.index(stated.low) if stated.low else 0
    most = GRADES.index(stated.high) if stated.high else _WORST
    return least <= high and low <= most


def _new(attributes: list[Attribute], known: Sequence[Attribute]) -> tuple[Attribute, ...]:
    """The attributes in the order of the text, without those that say again what is known."""
    seen = {(attribute.kind, attribute.value) for attribute in known}
    kept: list[Attribute] = []
    for attribute in sorted(attributes, key=lambda one: (one.start is None, one.start or 0)):
        if (attribute.kind, attribute.value) not in seen or attribute.kind in ("severity_from_measure", "conflict"):
            seen.add((attribute.kind, attribute.value))
            kept.append(attribute)
    return tuple(kept)


def _add_occasions(found: list[list[Attribute]], atoms: Atoms, places: Sequence[Place], quote: _Quote) -> None:
    text, offset = quote.sentence()
    for attributes, place in zip(found, places, strict=True):
        if place.lesion.kind in _DATED:
            start, end = atoms.starts[place.first] - offset, atoms.end(place.last - 1) - offset
            attributes.extend(occasions(text, start, end, offset))


class _Quote:
    """Slices of the document by character offsets."""

    def __init__(self, sentence: Sentence, text: str | None) -> None:
        self._text, self._sentence = text, sentence
        self._rebuilt: str | None = None

    def __call__(self, start: int, end: int) -> str:
        if self._text is not None:
            return self._text[start:end]
        text, offset = self.sentence()
        return text[start - offset : end - offset]

    def sentence(self) -> tuple[str, int]:
        """The text of the sentence and its offset in the document."""
        offset, last = self._sentence.starts[0], self._sentence.starts[-1] + len(self._sentence.words[-1])
        if self._text is not None:
            return self._text[offset:last], offset
        if self._rebuilt is None:
            pieces: list[str] = []
            at = offset
            for word, place in zip(self._sentence.words, self._sentence.starts, strict=True):
                pieces.append(" " * (place - at) + word)
                at = place + len(word)
            self._rebuilt = "".join(pieces)
        return self._rebuilt, offset
