"""Labelled examples of short forms from raw text: long forms replaced by short ones, and sentences marked by hand."""

from __future__ import annotations

import random
import re
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from spacy.language import Language

from mrterms.sense.features import Reader
from mrterms.sense.resolve import SenseLexicon

__all__ = ["Example", "ExampleBuilder", "LabelledForm", "long_form_examples", "marked_sentences"]

_CHARACTERS = 420
"""Read to each side of a long form: more than the window of words."""
_PER_DOCUMENT = 8
"""Examples of one concept taken from one document: a review of mitral regurgitation must not drown the others."""
_FORMS = 3
"""Short forms tried for one long form, the first of the lexicon's table: contexts repeat."""
_SISTERS = 3
"""Sister senses that the context of one long form teaches too: what says leaky aortic valve says valve, not infarct."""
_TAUGHT_BY_SISTERS = ("disorder", "procedure")
_MARK = re.compile(r"\{([^{}|]+)\|([a-z0-9_]+)(?:\|[^{}]*)?\}")

_LONG_WORD = re.compile(r"[A-Za-z]+|[^\sA-Za-z-]")


@dataclass(frozen=True, slots=True)
class LabelledForm:
    """A place in a text where a short form stands (or is imagined to stand) with its sense."""

    text: str
    start: int
    end: int
    short_form: str
    sense: str
    doc: str
    kind: str
    setting: str | None = None
    weight: float = 1.0


@dataclass(slots=True)
class Example:
    """A labelled context as feature ids. ``senses``: those of the form that count as right (several for a vague label).

    ``parts``: the ids of near words, far words and facts, each as often as it counts in use; ``features``: each once.
    """

    short_form: str
    senses: tuple[str, ...]
    doc: str
    kind: str
    setting: str
    weight: float
    features: array[int]
    parts: tuple[array[int], ...]


@dataclass(slots=True)
class ExampleBuilder:
    """Turns labelled places into examples; ``features`` numbers the feature names as they come."""

    nlp: Language
    reader: Reader
    lexicon: SenseLexicon
    features: dict[str, int] = field(default_factory=dict)

    def build(self, place: LabelledForm) -> Example | None:
        """The example of a place, or None where the form has no such sense."""
        senses = self._right_senses(place)
        doc = self.nlp.make_doc(place.text)
        span = doc.char_span(place.start, place.end, alignment_mode="expand")
        if not senses or span is None:
            return None
        orths, strings = doc.to_array("ORTH").tolist(), doc.vocab.strings
        setting = place.setting or self.reader.guess_setting(orths, strings)
        window = self.reader.window(0, orths, strings)
        context = self.reader.context(window, *window.locate(span.start, span.end), place.short_form)
        self.reader.add_shape(context, place.text[place.start : place.end], place.text[place.end : place.end + 2])
        parts = (array("i"), array("i"), array("i"))
        for part, name in context.named():
            parts[part].append(self.features.setdefault(name, len(self.features)))
        ids = array("i", sorted(set().union(*parts)))
        return Example(place.short_form, senses, place.doc, place.kind, setting, place.weight, ids, parts)

    def _right_senses(self, place: LabelledForm) -> tuple[str, ...]:
        entries = self.lexicon.senses.get(place.short_form, ())
        if place.sense != "other":
            return tuple(entry.concept_id for entry in entries if entry.concept_id == place.sense)
        concepts = self.lexicon.concepts
        return tuple(entry.concept_id for entry in entries if concepts[entry.concept_id].other_sense)


def marked_sentences(lines: Iterable[str], *, source: str, known: Iterable[str]) -> Iterator[LabelledForm]:
    """The marked short forms of sentences as ``{MI|myocardial_infarction}``; each line is a document of its own.

    ``known`` are the short forms; ``\\n`` in a line is a line break, ``#`` starts a comment, and a line
    ``[setting]`` gives the setting of the lines below.
    """
    known = list(known)
    forms = {form.upper(): form for form in known} | {form: form for form in known}
    setting: str | None = None
    for number, line in enumerate(lines, 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        if heading := re.fullmatch(r"\[([a-z]+)\]", line):
            setting = None if heading[1] == "any" else heading[1]
            continue
        yield from _marked(line.replace("\\n", "\n"), f"{source}:{number}", setting, forms)


def _marked(line: str, doc: str, setting: str | None, forms: Mapping[str, str]) -> Iterator[LabelledForm]:
    text, at = "", 0
    places: list[tuple[int, int, str]] = []
    for mark in _MARK.finditer(line):
        text += line[at : mark.start()]
        places.append((len(text), len(text) + len(mark[1]), mark[2]))
        text += mark[1]
        at = mark.end()
    text += line[at:]
    for start, end, sense in places:
        letters = re.sub(r"['’]s$|[^A-Za-z]", "", text[start:end])
        # MVR and MVr are two short forms: as written comes before in capitals.
        spellings = (letters, letters.removesuffix("s"), letters.upper(), letters.upper().removesuffix("S"))
        form = next((forms[one] for one in spellings if one in forms), None)
        if form is not None:
            yield LabelledForm(text, start, end, form, sense, doc, "written", setting)


class LongForms:
    """Finds the long forms of all senses in raw text."""

    def __init__(self, lexicon: SenseLexicon) -> None:
        self.forms_of: dict[str, list[str]] = defaultdict(list)
        for form, entries in lexicon.senses.items():
            for entry in entries:
                self.forms_of[entry.concept_id].append(form)
        self.concept_of: dict[str, str] = {}
        for concept in lexicon.concepts.values():
            self._add(concept.preferred_name, concept.concept_id)
        for term in lexicon.terms:
            if term.kind in ("preferred", "synonym"):
                self._add(term.text, term.concept_id)
        self._names: dict[str, list[tuple[tuple[str, ...], str]]] = defaultdict(list)
        for name, concept_id in sorted(self.concept_of.items(), key=lambda item: -len(item[0])):
            words = tuple(name.split())
            self._names[words[0]].append((words, concept_id))

        self.sisters_of = _sisters(lexicon, self.forms_of)

    def _add(self, name: str, concept_id: str) -> None:
        name = " ".join(name.lower().replace("-", " ").split())
        if concept_id in self.forms_of and len(name) > 7 and (" " in name or len(name) > 10):
            self.concept_of.setdefault(name, concept_id)

    def find(self, text: str) -> list[tuple[int, int, str]]:
        """Start, end and concept of each long form."""
        words = [(match.start(), match.end(), match[0].lower()) for match in _LONG_WORD.finditer(text)]
        found: list[tuple[int, int, str]] = []
        for at, (start, _, word) in enumerate(words):
            for name, concept_id in self._names.get(word, ()):
                last = at + len(name) - 1
                if last < len(words) and all(_same(words[at + i][2], part) for i, part in enumerate(name)):
                    if not found or found[-1][1] <= start:
                        found.append((start, words[last][1], concept_id))
                    break
        return found


def _sisters(lexicon: SenseLexicon, forms_of: Mapping[str, Sequence[str]]) -> dict[str, list[tuple[str, str]]]:
    """By concept of the subject: the short forms that can mean its like at another site, each with that sense.

    Of the senses of a form only the one nearest of kin is taught: the context of an aortic valve replacement is one of
    mitral valve replacement, and not of mitral valve repair.
    """
    kin = {name: ancestors(lexicon, name) for name in forms_of}
    sisters: dict[str, list[tuple[str, str]]] = {}
    for name in forms_of:
        concept = lexicon.concepts[name]
        if concept.other_sense or concept.semantic_type not in _TAUGHT_BY_SISTERS:
            continue
        found = sisters[name] = []
        for other in forms_of:
            if lexicon.concepts[other].semantic_type != concept.semantic_type or other in kin[name] or name in kin[other]:
                continue
            shared = len(kin[name] & kin[other])
            for form in forms_of[other][:2] if shared and other != name else ():
                rivals = [len(kin[name] & kin[entry.concept_id]) for entry in lexicon.senses[form] if entry.concept_id != other]
                if shared > max(rivals, default=0):
                    found.append((form, other))
    return sisters


def ancestors(lexicon: SenseLexicon, concept_id: str) -> set[str]:
    """The parents of a concept, their parents, and so on."""
    found: set[str] = set()
    waiting = [concept_id]
    while waiting:
        concept = lexicon.concepts.get(waiting.pop())
        for parent in concept.parents if concept else ():
            if parent not in found:
                found.add(parent)
                waiting.append(parent)
    return found


def _same(word: str, part: str) -> bool:
    return word == part or (word.startswith(part) and word[len(part) :] in ("s", "es"))


def long_form_examples(
    texts: Iterable[tuple[str, str]], lexicon: SenseLexicon, *, seed: int = 0, setting: str | None = None
) -> Iterator[LabelledForm]:
    """Masked places from ``(doc, text)`` pairs: each long form becomes, in turn, every short form that can mean it.

    Other long forms of the same concept in the window become the short form too, an expansion in brackets goes, and some
    long forms of other concepts are shortened at random: a clinician who writes MI also writes TR.
    """
    finder = LongForms(lexicon)
    for doc, text in texts:
        rng = random.Random(f"{seed} {doc}")
        found = finder.find(text)
        by_concept: dict[str, list[int]] = defaultdict(list)
        for at, (_, _, concept) in enumerate(found):
            by_concept[concept].append(at)
        for places in by_concept.values():
            for at in sorted(rng.sample(places, min(len(places), _PER_DOCUMENT))):
                yield from _masked(doc, text, found, at, finder, rng, setting)


def _masked(
    doc: str,
    text: str,
    found: Sequence[tuple[int, int, str]],
    at: int,
    finder: LongForms,
    rng: random.Random,
    setting: str | None,
) -> Iterator[LabelledForm]:
    start, end, concept = found[at]
    low, high = max(0, start - _CHARACTERS), min(len(text), end + _CHARACTERS)
    shorten = rng.random() < 0.4
    forms_of = finder.forms_of
    own = [(form, concept, "long form") for form in forms_of[concept][:_FORMS]]
    sisters = finder.sisters_of.get(concept, ())
    taught = [(form, sense, "sister") for form, sense in rng.sample(sisters, min(len(sisters), _SISTERS))]
    for form, sense, kind in own + taught:
        pieces, here, place = [], low, 0
        for other_start, other_end, other in found:
            if other_start < here or other_end > high:
                continue
            is_it = other_start == start
            if other == concept:
                short = form
            elif shorten and forms_of[other][0] != form:
                short = forms_of[other][0]
            else:
                continue
            pieces.append(text[here:other_start])
            if is_it:
                place = sum(map(len, pieces))
            pieces.append(short)
            here = other_end
            if bracket := re.compile(r"\s*[(\[][A-Za-z.]{2,6}[)\]]").match(text, here):
                here = bracket.end()
        pieces.append(text[here:high])
        yield LabelledForm("".join(pieces), place, place + len(form), form, sense, doc, kind, setting)
