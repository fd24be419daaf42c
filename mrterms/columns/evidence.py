"""What a column says of its short forms: a cell has no sentence, a column has a distribution.

The sense model reads each short form in lists of the column's other values ("AI, TR, MI, MVP"), as it reads the list of a
note; how far that moves it from the bare form is the evidence of the column. So its cues (siblings, words of the valves, of
the coronaries, of scanners) serve here too, and nothing is said twice.
"""

from __future__ import annotations

import math
import random
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Final, cast

import numpy as np
from numpy.typing import NDArray
from spacy.language import Language

from mrterms.columns.notations import NO
from mrterms.components.shared import work_of
from mrterms.lexicon import Lexicon
from mrterms.records import Annotation
from mrterms.sense import Hint, Resolver

if TYPE_CHECKING:
    from mrterms.columns.reading import Reading

__all__ = ["LONE_SURROGATE", "ColumnEvidence", "FormInTexts", "SenseReader", "form_of", "is_clear", "is_open", "let_the_cell_lead"]

LONE_SURROGATE: Final = re.compile("[\ud800-\udfff]")
"""What no encoding takes, and so no pipeline; cells may hold it all the same."""
LIST_WEIGHT: Final = 0.7
"""What a list made of a column counts of a list that somebody wrote: its members stand in other rows, not beside each other."""
CONTEXT_WEIGHT: Final = 1.0
"""What the companion cells of the same row count of words in the same sentence."""
NAME_WEIGHT: Final = 0.6
SAME_FORM_WEIGHT: Final = 0.7
"""Log-odds a doubling of clear cells for one sense over those for all others brings the unclear ones, as in a document."""
GRADE_WEIGHT: Final = 2.0
_OF_VALVES: Final = 0.7
"""Log-odds for the valves from which a column is one of valves."""
_MOST: Final = 5.0
"""No evidence from outside the cell weighs more, in log-odds: the cell itself must be able to win."""
_MOST_SAME: Final = 2.5
_LISTS: Final = 24
_MEMBERS: Final = 6
_HALF: Final = 3
"""Other values that give a column half its say."""
_LONGEST: Final = 60
_CLEAR: Final = 0.9
_LESS: Final = 0.3
"""What then stays of a hint; the sense step does the same with the words of other sentences."""
_MOST_AGAINST: Final = 2.0
"""And all that stands around a clear cell brings no other sense nearer than so many log-odds."""
_WORDS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")

FormInTexts = tuple[str, Sequence[tuple[str, int]]]
"""A short form, and texts with the place at which each holds it."""


def is_open(annotation: Annotation) -> bool:
    """Whether a mention is of a form with several senses."""
    return bool(annotation["sense"]["status"] != "unambiguous")


def form_of(annotation: Annotation) -> str:
    """The short form of an open mention, as the lexicon writes it."""
    return str(annotation["match"]["term"])


def is_clear(annotation: Annotation, text: str | None) -> bool:
    """Whether the words of a cell, and not the form's mere frequency, settle an open mention; a bare no ("MI -") tells no sense."""
    candidates = annotation["sense"]["candidates"]
    return bool(candidates) and annotation["text"] != (text or "").strip().removesuffix(NO) and candidates[0]["probability"] >= _CLEAR


def let_the_cell_lead(annotation: Annotation, hints: Sequence[Hint]) -> list[Hint]:
    """Where a cell says one sense clearly and everything around it another, the latter counts less: "old MI" among valves."""
    best = annotation["sense"]["candidates"][0]["concept_id"]
    others = {sense for hint in hints for sense in hint.weights} - {best}
    against = max((sum(hint.weights.get(other, 0.0) - hint.weights.get(best, 0.0) for hint in hints) for other in others), default=0.0)
    if against <= 0.0:
        return list(hints)
    less = min(_LESS, _MOST_AGAINST / against)
    return [Hint(hint.label, {sense: less * weight for sense, weight in hint.weights.items()}) for hint in hints]


class SenseReader:
    """Log probabilities of the senses of a short form at a place of a text, as the pipeline's sense step weighs them."""

    def __init__(self, nlp: Language, lexicon: Lexicon) -> None:
        self._nlp, self._concepts = nlp, lexicon.concepts
        self._topics: dict[str, str] = {}
        self._alone: dict[str, dict[str, float] | None] = {}
        self._resolver: Resolver = nlp.get_pipe("mrterms_sense").resolver  # type: ignore[attr-defined]

    def read(self, texts: Sequence[tuple[str, int]]) -> list[dict[str, float] | None]:
        """For each (text, offset of a short form): log probability by sense; None where no ambiguous form starts there."""
        texts = [(LONE_SURROGATE.sub("\ufffd", text), start) for text, start in texts]
        found: list[dict[str, float] | None] = []
        with self._nlp.select_pipes(enable=["mrterms_sections", "mrterms_matcher"]):
            for doc, start in self._nlp.pipe(texts, as_tuples=True):
                work = work_of(doc)
                _, verdicts = self._resolver.weigh(work.view, work.mentions, patients=True)
                verdict = next((one for one in verdicts if one.mention.start == start), None)
                found.append(dict(zip(verdict.senses, map(_log, verdict.probabilities()), strict=True)) if verdict else None)
        return found

    def shifts(self, asked: Sequence[FormInTexts]) -> list[dict[str, float]]:
        """How far texts move each form from where it stands alone, in log-odds by sense, the mean over its texts.

        Senses of the valves move together: a neighbour tells the topic, not whether a valve leaks or was replaced.
        """
        fresh = [form for form in dict.fromkeys(form for form, texts in asked if texts) if form not in self._alone]
        read = iter(self.read([*((form, 0) for form in fresh), *(text for _, texts in asked for text in texts)]))
        self._alone.update(zip(fresh, read, strict=False))
        return [self._shift(self._alone.get(form), list(islice(read, len(texts)))) for form, texts in asked]

    def _shift(self, alone: Mapping[str, float] | None, read: Sequence[Mapping[str, float] | None]) -> dict[str, float]:
        known = [self._by_topic(one) for one in read if one is not None]
        if alone is None or not known:
            return {}
        bare = self._by_topic(alone)
        moved = {topic: sum(one.get(topic, own) for one in known) / len(known) - own for topic, own in bare.items()}
        return {sense: moved[self.topic(sense)] for sense in alone}

    def topic(self, concept_id: str) -> str:
        """``valve`` for every lesion, procedure and structure of a valve, else the concept itself."""
        known = self._topics.get(concept_id)
        if known is None:
            concept = self._concepts.get(concept_id)
            of_valve = "_valve" in concept_id or any(self.topic(parent) == "valve" for parent in (concept.parents if concept else ()))
            known = self._topics[concept_id] = "valve" if of_valve else concept_id
        return known

    def is_lesion(self, concept_id: str) -> bool:
        """Whether a sense is a disorder of a valve, and so may be graded."""
        return self.topic(concept_id) == "valve" and self._concepts[concept_id].semantic_type == "disorder"

    def _by_topic(self, senses: Mapping[str, float]) -> dict[str, float]:
        found: dict[str, float] = {}
        for sense, chance in senses.items():
            found[self.topic(sense)] = found.get(self.topic(sense), 0.0) + math.exp(chance)
        return {topic: math.log(chance) for topic, chance in found.items()}


class ColumnEvidence:
    """The evidence of one column, of the forms that it was told to learn.

    ``counts`` are rows by distinct value, ``readings`` what these values say; ``shifts`` is :meth:`SenseReader.shifts`, in
    whatever process.
    """

    def __init__(
        self,
        reader: SenseReader,
        name: str,
        counts: Mapping[str, int],
        readings: Mapping[str, Reading],
        shifts: Callable[[Sequence[FormInTexts]], Sequence[Mapping[str, float]]],
        *,
        seed: int = 0,
    ) -> None:
        self._reader, self._shifts = reader, shifts
        self._name = " ".join(_WORDS.findall(name))
        self._seed = seed
        self._readings = readings
        self._members = sorted(value for value in counts if _is_member(value))
        self._rows = np.array([counts[value] for value in self._members], dtype=np.int64)
        self._weights = np.sqrt(self._rows)
        self._clear = _clear_cells(counts, readings)
        self._hints: dict[str, tuple[Hint, ...]] = {}
        self._contexts: dict[tuple[str, str], Hint | None] = {}

    def learn(self, forms: Iterable[str]) -> None:
        """Find out what the column's name, its other values, and the same form in clear cells say of each form."""
        fresh = [form for form in dict.fromkeys(forms) if form not in self._hints]
        others = [self._without(form) for form in fresh]
        lists = [(form, self._lists(form, places)) for form, places in zip(fresh, others, strict=True)]
        told = self._shifts([*((form, self._below_the_name(form)) for form in fresh), *lists])
        for form, places, by_name, by_list in zip(fresh, others, told[: len(fresh)], told[len(fresh) :], strict=True):
            every = (_hint("the column's name", by_name, NAME_WEIGHT), self._of_list(places, by_list), self._of_same(form))
            self._hints[form] = tuple(hint for hint in every if hint is not None)

    def learn_contexts(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Find out what companion cells of a row say of a form, for pairs of form and cells."""
        fresh = [pair for pair in dict.fromkeys(pairs) if pair not in self._contexts]
        shifts = self._shifts([(form, [_led(f"{context}; ", form)]) for form, context in fresh])
        for pair, shift in zip(fresh, shifts, strict=True):
            self._contexts[pair] = _hint("the row's other cells", shift, CONTEXT_WEIGHT)

    def hints(self, form: str) -> tuple[Hint, ...]:
        """What was learned of a form."""
        return self._hints[form]

    def grade_hint(self, annotation: Annotation) -> Hint | None:
        """What a grade beside a form says in a column of valves: "AS severe" is no left ear there.

        Notes write the grade before the lesion, so the sense model makes little of one behind it; the cells of registries do.
        """
        form = form_of(annotation)
        senses = [one["concept_id"] for one in annotation["sense"]["candidates"]]
        lesions = [one for one in senses if self._reader.is_lesion(one)]
        told = {one: sum(hint.weights.get(one, 0.0) for hint in self.hints(form)) for one in senses}
        others = max((told[one] for one in senses if one not in lesions), default=0.0)
        if not annotation["severity"] or not lesions or max(told[one] for one in lesions) - others < _OF_VALVES:
            return None
        return Hint("its grade", dict.fromkeys(lesions, GRADE_WEIGHT))

    def context_hint(self, form: str, context: str) -> Hint | None:
        """What was learned of the companion cells of a row."""
        return self._contexts[form, context]

    def _below_the_name(self, form: str) -> list[tuple[str, int]]:
        return [_led(f"{self._name}: ", form)] if self._name else []

    def _lists(self, form: str, others: NDArray[np.int64]) -> list[tuple[str, int]]:
        if not len(others):
            return []
        drawn = random.Random(f"{self._seed} {form}")
        weights = self._weights[others].cumsum()
        return [_listed(form, [self._members[place] for place in _draw(drawn, others, weights)], drawn) for _ in range(_LISTS)]

    def _of_list(self, others: NDArray[np.int64], shift: Mapping[str, float]) -> Hint | None:
        if not shift:
            return None
        label = f"the column's other values ({self._shares(others)})"
        return _hint(label, shift, LIST_WEIGHT * len(others) / (len(others) + _HALF))

    def _without(self, form: str) -> NDArray[np.int64]:
        """The places of the members in which a form is not open."""
        is_other = np.ones(len(self._members), dtype=np.bool_)
        is_other[self._places_of.get(form, [])] = False
        return is_other.nonzero()[0]

    @cached_property
    def _places_of(self) -> Mapping[str, list[int]]:
        """The members in which each form is open."""
        found: dict[str, list[int]] = {}
        for place, value in enumerate(self._members):
            if (cell := self._readings[value].open) is not None:
                for one in filter(is_open, cell.annotations):
                    found.setdefault(form_of(one), []).append(place)
        return found

    def _shares(self, others: NDArray[np.int64]) -> str:
        """What other values name, in words, as shares of their rows."""
        total = int(self._rows[others].sum())
        valves, infarcts = (int(rows[others].sum()) for rows in self._topics)
        return f"{100 * valves / total:.0f} % of their rows name a valve, {100 * infarcts / total:.0f} % an infarct"

    @cached_property
    def _topics(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The rows of each member that names a valve, and of each that names an infarct."""
        topics = [set(map(self._reader.topic, self._readings[value].concept_ids)) for value in self._members]
        valves, infarcts = (np.array([topic in found for found in topics]) for topic in ("valve", "myocardial_infarction"))
        return self._rows * valves, self._rows * infarcts

    def _of_same(self, form: str) -> Hint | None:
        cells = self._clear.get(form)
        if not cells:
            return None
        total = sum(cells.values())
        weights = {sense: SAME_FORM_WEIGHT * math.log2((1 + weight) / (1 + total - weight)) for sense, weight in cells.items()}
        return _hint(f"{form} in clear cells of the column", weights, 1.0, most=_MOST_SAME)


def _hint(label: str, shift: Mapping[str, float], weight: float, *, most: float = _MOST) -> Hint | None:
    weights = {sense: max(-most, min(most, weight * change)) for sense, change in shift.items()}
    return Hint(label, weights) if weights else None


def _is_member(value: str) -> bool:
    return len(value) <= _LONGEST and sum(map(str.isalpha, value)) > 1


def _led(lead: str, form: str) -> tuple[str, int]:
    return lead + form, len(lead)


def _listed(form: str, others: Sequence[str], drawn: random.Random) -> tuple[str, int]:
    cut = drawn.randint(0, len(others))
    lead = "".join(f"{value}, " for value in others[:cut])
    return lead + form + "".join(f", {value}" for value in others[cut:]), len(lead)


def _draw(drawn: random.Random, others: NDArray[np.int64], weights: NDArray[np.float64]) -> list[int]:
    """Some of the others, none twice, frequent ones more often; ``weights`` are cumulative."""
    picked = drawn.choices(range(len(others)), cum_weights=cast(Sequence[float], weights), k=2 * _MEMBERS)
    chosen: list[int] = others[list(dict.fromkeys(picked))[:_MEMBERS]].tolist()
    return chosen


def _clear_cells(counts: Mapping[str, int], readings: Mapping[str, Reading]) -> dict[str, dict[str, float]]:
    """By form and sense: the weight of the cells that settle the sense by their own words (not the bare form's prior)."""
    found: dict[str, dict[str, float]] = {}
    for value, reading in readings.items():
        for one in reading.open.annotations if reading.open else ():
            if is_open(one) and is_clear(one, value):
                best = one["sense"]["candidates"][0]
                senses = found.setdefault(form_of(one), {})
                senses[best["concept_id"]] = senses.get(best["concept_id"], 0.0) + math.sqrt(counts[value])
    return found


def _log(probability: float) -> float:
    return math.log(max(probability, 1e-4))
