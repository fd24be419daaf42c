"""The room's one door: what a sentence says about its mentions beyond their being there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from importlib.resources.abc import Traversable
from typing import NamedTuple

from mrterms.attributes.atoms import Atoms, atomize, atoms_of, pieces
from mrterms.attributes.dates import COUNT_WORDS, occasions
from mrterms.attributes.facts import FactBinder, read_facts
from mrterms.attributes.grades import GradeBinder, GradePhrase, Place
from mrterms.attributes.measures import Measure, MeasureFinder, other_valve
from mrterms.attributes.phrases import GRADED, Hit, PhraseTrie
from mrterms.attributes.scales import BoundKind, Lesion, Reading, Roles, Scales, grade_name
from mrterms.attributes.thresholds import Thresholds
from mrterms.lexicon.resources import lexicon_folder
from mrterms.records import GRADES, Attribute, Severity
from mrterms.text.memo import Memo
from mrterms.text.view import Sentence

__all__ = ["Describer", "Description", "Target"]

_WORST = len(GRADES) - 1
_DATED = frozenset(["infarction", "procedure"])
_MEASURED = frozenset(["regurgitation", "stenosis", "procedure"])
_DIGITS = frozenset("0123456789")
_MOST_WORDS = 100_000
_TERSE = 10
"""Words of a sentence between a lesion and its measurements that may say something else: "Severe MR. Eccentric jet. EROA 0.4." """
_DONE = ("present", "historical")
_NOT_OWN = ("family", "hypothetical", "not_assessed")


class Target(NamedTuple):
    """A mention of which the room is asked: its words in the sentence (half-open) and the concept it is reported as.

    ``status`` is that of its assertion: a valve replaced takes the gradients that would else be those of its stenosis.
    ``may_be`` are the concepts of a form whose sense is open, which take measurements as each of them would.
    """

    first: int
    last: int
    concept_id: str
    attributes: tuple[Attribute, ...] = ()
    status: str = "present"
    may_be: tuple[str, ...] = ()


class Description(NamedTuple):
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
        self._roles = roles = Roles(folder / "scales" / "binding.tsv")
        self._scales = Scales(folder / "scales", self._trie)
        read_facts(folder / "attributes", self._trie)
        self._measures = MeasureFinder(folder, self._trie, roles)
        self._thresholds = Thresholds(folder / "thresholds.tsv")
        self._grades, self._facts = GradeBinder(roles), FactBinder(roles)
        self._named = frozenset([*self._scales.lesions, ""])
        unnamed = self._scales.lesion("")
        self._unnamed = self._trie.anchors(unnamed.uses | unnamed.measured)
        self._speaks = Memo(self._may_speak, _MOST_WORDS)

    def is_silent(self, sentence: Sentence, concept_ids: Iterable[str]) -> bool:
        """Whether a sentence surely says nothing of its mentions of these concepts, nor do those behind it: a quick look.

        It is for concepts that the tables do not name (those of a terminology), most of whose sentences hold no word of the room.  Of
        others, and of forms whose sense is open (an empty id), it says nothing.
        """
        if not self._named.isdisjoint(concept_ids):
            return False
        return not any(map(self._speaks.__getitem__, sentence.lower))

    def _may_speak(self, word: str) -> bool:
        """Whether a word in lower case is part of a phrase that says something of a concept that the tables do not name."""
        if word.isalpha() and word.isascii():
            return word in self._unnamed  # most words, at a third of the price
        return not self._unnamed.isdisjoint([piece for piece, _, _ in pieces(word)])

    def describe(self, sentence: Sentence, targets: Sequence[Target], *, text: Callable[[], str] | None = None) -> list[Description]:
        """What the sentence says about each target.

        All targets of the sentence belong into one call, so that each grade finds its own lesion.  ``text`` gives the whole
        document: with it, quoted words are exact even across line breaks; without it, white space is quoted as blanks.
        """
        lesions = [self._scales.lesion(target.concept_id) for target in targets]
        atom_set = atoms_of(sentence.lower)
        figures = not _DIGITS.isdisjoint([atom[0] for atom in atom_set])
        dated = []
        if figures or not COUNT_WORDS.isdisjoint(atom_set):
            dated = [number for number, lesion in enumerate(lesions) if lesion.kind in _DATED]
        uses: set[str] = set().union(*[lesion.uses for lesion in lesions])
        if figures:
            may_be = [self._scales.lesion(concept_id) for target in targets for concept_id in target.may_be]
            uses.update(*[lesion.measured for lesion in (*lesions, *may_be)])
        read = self._trie.may_hit(atom_set, uses)
        if not dated and not read:
            return [_NOTHING] * len(targets)
        quote = _Quote(sentence, text)
        found: list[list[Attribute]] = [[] for _ in targets]
        for number in dated:
            start, end = sentence.span(targets[number].first, targets[number].last)
            words, offset = quote.sentence()
            for one in occasions(words, start - offset, end - offset, offset):
                found[number].append(replace(one, text=quote(one.start or 0, one.end or 0)))
        severities = self._read(sentence, targets, lesions, found, quote) if read else [None] * len(targets)
        return [
            Description(severity, _new(attributes, target.attributes)) if severity or attributes else _NOTHING
            for severity, attributes, target in zip(severities, found, targets, strict=True)
        ]

    def _read(
        self, sentence: Sentence, targets: Sequence[Target], lesions: Sequence[Lesion], found: list[list[Attribute]], quote: _Quote
    ) -> list[Severity | None]:
        """Grades of the targets; their attributes are added to ``found``."""
        atoms = atomize(sentence)
        places = [self._place(sentence, atoms, target, lesion) for target, lesion in zip(targets, lesions, strict=True)]
        hits = self._trie.scan(atoms.texts)
        if not hits:
            return [None] * len(targets)
        self._add_facts(found, atoms, hits, places, quote)
        cells = quote.cells(atoms) if len(targets) > 1 else frozenset()
        measures = self._measures.find(atoms, hits)
        measured = {measure.last: measure.first for measure in measures}
        grades = self._grades.bind(atoms.texts, hits, places, cells=cells, measured=measured)
        severities = [
            self._severity(grade, place.lesion, atoms, quote) if grade else None for grade, place in zip(grades, places, strict=True)
        ]
        for measure in measures:
            number = self._measures.bind(measure, atoms.texts, places)
            if number is not None:
                found[number].extend(self._measured(measure, places[number].lesion, severities[number], atoms, quote))
        return severities

    def _place(self, sentence: Sentence, atoms: Atoms, target: Target, lesion: Lesion) -> Place:
        first, last = atoms.within(*sentence.span(target.first, target.last))
        texts = atoms.texts
        if last + 1 < len(texts) and texts[last] == "." and texts[last - 1] in self._roles.cut and atoms.touch(last - 1):
            last += 1
        others = tuple([self._scales.lesion(concept_id) for concept_id in target.may_be]) if target.may_be else ()
        return Place(first, last, lesion, _is_done(target), target.status == "absent", others)

    def goes_on(self, target: Target) -> bool:
        """Whether a sentence behind that of a target may still speak of it."""
        return target.status not in _NOT_OWN and self._scales.lesion(target.concept_id).kind in _MEASURED

    def describe_next(
        self,
        sentence: Sentence,
        targets: Sequence[Target],
        known: Sequence[Description],
        *,
        after: Sentence | None = None,
        text: Callable[[], str] | None = None,
    ) -> list[Description] | None:
        """What a sentence without mentions adds to the targets of an earlier one, or None where it turns to something else.

        Measurements go to the one lesion that they can measure.  A grade does only right behind the sentence of its lesion
        (``after``) and where nothing else can be meant: "There is mitral regurgitation. It is severe."
        """
        lesions = [self._scales.lesion(target.concept_id) for target in targets]
        atom_set = atoms_of(sentence.lower)
        figures = not _DIGITS.isdisjoint([atom[0] for atom in atom_set])
        cut = after is not None and self._is_cut(after, targets[-1])
        on = cut or not atom_set.isdisjoint(self._roles.again)
        heir = self._heir(after, lesions, known) if after is not None and on else None
        added: list[list[Attribute]] = [[] for _ in targets]
        severities: list[Severity | None] = [None] * len(targets)
        ranks = range(-len(targets), 0)
        places = [Place(at, at, lesion, _is_done(target)) for at, target, lesion in zip(ranks, targets, lesions, strict=True)]
        uses: set[str] = set().union(*[lesion.measured for lesion in lesions]) if figures else set()
        if heir is not None:
            uses.add(GRADED)
        if uses and self._trie.may_hit(atom_set, uses):
            atoms, quote = atomize(sentence), _Quote(sentence, text)
            hits = self._trie.scan(atoms.texts)
            if heir is not None and (grade := self._grades.continued(atoms.texts, hits, cut=cut)) is not None:
                severities[heir] = self._severity(grade, lesions[heir], atoms, quote)
            for measure in self._measures.find(atoms, hits):
                number = self._measures.bind_next(measure, atoms.texts, places)
                if number is not None:
                    stated = known[number].severity or severities[number]
                    added[number].extend(self._measured(measure, lesions[number], stated, atoms, quote))
        if not any(added) and not any(severities) and (len(sentence.words) > _TERSE or other_valve(sentence.lower, places)):
            return None
        return [
            Description(severity, _new(attributes, (*target.attributes, *one.attributes))) if severity or attributes else _NOTHING
            for severity, attributes, target, one in zip(severities, added, targets, known, strict=True)
        ]

    def _is_cut(self, after: Sentence, target: Target) -> bool:
        """Whether a sentence ends with a lesion whose last word is cut short: "MITRAL VALVE INSUFF." """
        words = after.lower[target.last - 1 :]
        return "".join(words).rstrip(".") in self._roles.cut and words[-1].endswith(".")

    def _heir(self, after: Sentence, lesions: Sequence[Lesion], known: Sequence[Description]) -> int | None:
        """The target that "It is severe" would speak of: the one thing that its sentence names."""
        alone = len(lesions) == 1 and lesions[0].scale is not None and known[0].severity is None
        return 0 if alone and self._roles.beyond.isdisjoint(after.lower) else None

    def _add_facts(self, found: list[list[Attribute]], atoms: Atoms, hits: Sequence[Hit], places: Sequence[Place], quote: _Quote) -> None:
        for attributes, facts in zip(found, self._facts.bind(atoms, hits, places), strict=True):
            for fact in facts:
                start, end = atoms.starts[fact.first], atoms.end(fact.last - 1)
                attributes.append(Attribute(kind=fact.kind, value=fact.value, text=quote(start, end), start=start, end=end))

    def _measured(self, measure: Measure, lesion: Lesion, stated: Severity | None, atoms: Atoms, quote: _Quote) -> list[Attribute]:
        """A measurement of a lesion with the grade that it would give."""
        kind = measure.rule.becomes.get(lesion.concept_id, measure.kind)
        start, end = atoms.starts[measure.first], atoms.end(measure.last - 1)
        unit = measure.unit.name or None
        told = Attribute(kind=kind, value=measure.value, unit=unit, text=quote(start, end), start=start, end=end, extra=measure.extra())
        return [told, *self._judged(lesion.concept_id, kind, measure, stated, (start, end))]

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

    def _severity(self, grade: GradePhrase, lesion: Lesion, atoms: Atoms, quote: _Quote) -> Severity | None:
        if lesion.scale is None:
            return None
        reading = self._scales.read(grade.parts, lesion.scale)
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
    if not attributes:
        return ()
    seen = {(attribute.kind, attribute.value) for attribute in known}
    kept: list[Attribute] = []
    for attribute in sorted(attributes, key=lambda one: (one.start is None, one.start or 0)):
        if (attribute.kind, attribute.value) not in seen or attribute.kind in ("severity_from_measure", "conflict"):
            seen.add((attribute.kind, attribute.value))
            kept.append(attribute)
    return tuple(kept)


def _is_done(target: Target) -> bool:
    return target.concept_id.endswith("_replacement") and target.status in _DONE


class _Quote:
    """Slices of the document by character offsets, rebuilt from the words of a sentence where that is exact.

    Between two words that are neighbours in the Doc stands one blank or nothing; where a white-space token stands between,
    the whole text is asked for, because its making takes longer than all else that a sentence needs.
    """

    def __init__(self, sentence: Sentence, text: Callable[[], str] | None) -> None:
        self._text, self._sentence = text, sentence

    def __call__(self, start: int, end: int) -> str:
        quoted = self._sentence.quote(start, end)
        if quoted is not None:
            return quoted
        text, offset = (self._text(), 0) if self._text is not None else self.sentence()
        return text[start - offset : end - offset]

    def cells(self, atoms: Atoms) -> frozenset[int]:
        """The atoms before which a tab stands."""
        starts, words, tokens = self._sentence.starts, self._sentence.words, self._sentence.tokens
        if self._text is None or tokens[-1] - tokens[0] == len(tokens) - 1:
            return frozenset()
        text = self._text()
        parted = [place for place in range(1, len(tokens)) if tokens[place] - tokens[place - 1] > 1]
        tabs = [starts[place] for place in parted if "\t" in text[starts[place - 1] + len(words[place - 1]) : starts[place]]]
        return frozenset(atoms.within(start, start)[0] for start in tabs)

    def sentence(self) -> tuple[str, int]:
        """The sentence with blanks for white space, and its offset in the document."""
        pieces: list[str] = []
        at = offset = self._sentence.starts[0]
        for word, place in zip(self._sentence.words, self._sentence.starts, strict=True):
            pieces.append(" " * (place - at) + word)
            at = place + len(word)
        return "".join(pieces), offset
