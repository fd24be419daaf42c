"""Scores of predicted mentions against gold. Pure functions: gold and predictions in, an :class:`Evaluation` out.

How it is counted. Mentions are paired one to one, greedily: same concept first, then same span, then the larger overlap.
*Overlap* counts the pairs of one concept, *strict* those of them with the same span. An optional mention of gold is
neither hit nor miss, nor is a prediction paired with it. A prediction of a concept that the guideline does not score is
left aside; one that abstains (no concept) is counted apart, and the mention under it is missed. Status and severity are
judged on overlap pairs, severity on valve lesions only, and ``graded`` where gold or prediction states a grade.
Intervals are percentile bootstraps over notes, because mentions of one note are not independent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mrterms.evaluation.gold import GoldMention, GoldNote, Prediction
from mrterms.evaluation.markup import SCORED_CONCEPTS

__all__ = ["Abstentions", "Confusion", "Error", "Evaluation", "Pairing", "Prf", "Scores", "Share", "evaluate", "pair_mentions"]

UNGRADED = frozenset(
    ("myocardial_infarction", "infective_endocarditis", "mitral_valve_replacement", "mitral_valve_repair", "aortic_valve_replacement")
)
"""Scored concepts that are no valve lesions and so have no severity after the guideline."""

MISSED, SPURIOUS, ABSTAINED, UNSTATED = "(missed)", "(spurious)", "(abstained)", "(none)"

Confusion = Mapping[tuple[str, str], int]
"""How often gold's answer (first) got the predicted one (second)."""


@dataclass(frozen=True, slots=True)
class Share:
    """A ratio of counts with its 95 % interval; without ``total`` it has no value."""

    right: int
    total: int
    low: float | None = None
    high: float | None = None

    @property
    def value(self) -> float | None:
        """The ratio, or None where nothing was counted."""
        return self.right / self.total if self.total else None

    def to_dict(self) -> dict[str, Any]:
        """The ratio as JSON-ready dict."""
        return {"value": self.value, "right": self.right, "total": self.total, "low": self.low, "high": self.high}


@dataclass(frozen=True, slots=True)
class Prf:
    """Precision, recall and F1; the counts of F1 are twice the hits over gold and predicted mentions."""

    precision: Share
    recall: Share
    f1: Share


@dataclass(frozen=True, slots=True)
class Scores:
    """All scores of one concept or of all."""

    strict: Prf
    overlap: Prf
    status: Share
    severity: Share
    graded: Share

    def to_dict(self) -> dict[str, Any]:
        """The scores as JSON-ready dict."""
        plain: dict[str, Any] = {
            name: {part: getattr(getattr(self, name), part).to_dict() for part in ("precision", "recall", "f1")}
            for name in ("strict", "overlap")
        }
        return plain | {name: getattr(self, name).to_dict() for name in ("status", "severity", "graded")}


@dataclass(frozen=True, slots=True)
class Abstentions:
    """Predictions without a concept: all, those over a mention that was missed, those of them with the right candidate."""

    total: int = 0
    over_missed: int = 0
    with_candidate: int = 0


@dataclass(frozen=True, slots=True, order=True)
class Error:
    """A difference from gold. ``kind``: missed, spurious, concept, span, status or severity; offsets are gold's where it has any."""

    note_id: str
    start: int
    end: int
    kind: str
    concept_id: str
    gold: str
    predicted: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """The result of :func:`evaluate`."""

    notes: int
    overall: Scores
    by_concept: Mapping[str, Scores]
    concepts: Confusion
    statuses: Confusion
    severities: Confusion
    abstentions: Abstentions
    errors: tuple[Error, ...]


class Pairing(NamedTuple):
    """The pairs of a note by index (gold, prediction): of the same concept, and the rest that merely overlap."""

    same: list[tuple[int, int]]
    other: list[tuple[int, int]]


def evaluate(
    notes: Sequence[GoldNote],
    predictions: Mapping[str, Sequence[Prediction]],
    *,
    scored: frozenset[str] | None = None,
    samples: int = 1000,
    seed: int = 0,
) -> Evaluation:
    """Score the predictions of each note (by note id; none where it has no entry).

    ``scored`` are the concepts that count; without it, the guideline's and any other that gold marks. ``samples`` is the
    number of bootstrap samples (0: no intervals), ``seed`` makes them the same each time.
    """
    counted = scored or SCORED_CONCEPTS | {mention.concept_id for note in notes for mention in note.mentions}
    tallies = [_Tally(note, predictions.get(note.note_id, ()), counted) for note in notes]
    concepts = sorted({concept for tally in tallies for concept in tally.counts})
    table = np.zeros((len(tallies), len(concepts), len(_COLUMNS)), dtype=np.int64)
    for row, tally in enumerate(tallies):
        for concept, counts in tally.counts.items():
            table[row, concepts.index(concept)] = [counts[column] for column in _COLUMNS]
    drawn = np.random.default_rng(seed).integers(0, max(len(tallies), 1), size=(samples if tallies else 0, len(tallies)))
    weights = np.array([np.bincount(sample, minlength=len(tallies)) for sample in drawn]).reshape(len(drawn), len(tallies))
    return Evaluation(
        notes=len(notes),
        overall=_scores(table.sum(axis=1), weights),
        by_concept={concept: _scores(table[:, place], weights) for place, concept in enumerate(concepts)},
        concepts=sum((tally.concepts for tally in tallies), Counter[tuple[str, str]]()),
        statuses=sum((tally.statuses for tally in tallies), Counter[tuple[str, str]]()),
        severities=sum((tally.severities for tally in tallies), Counter[tuple[str, str]]()),
        abstentions=Abstentions(*(sum(tally.abstentions[place] for tally in tallies) for place in range(3))),
        errors=tuple(sorted(error for tally in tallies for error in tally.errors)),
    )


def pair_mentions(gold: Sequence[GoldMention], predicted: Sequence[Prediction]) -> Pairing:
    """Pair mentions one to one, greedily: same concept first, then same span, larger overlap, earlier place.

    An optional mention of gold is paired with its own concept only.
    """
    ranked = sorted(
        (one.concept_id != other.concept_id, _span(one) != _span(other), -overlap, g, p)
        for g, one in enumerate(gold)
        for p, other in enumerate(predicted)
        if (overlap := _overlap(one, other)) > 0 and (one.concept_id == other.concept_id or not one.optional)
    )
    pairing = Pairing([], [])
    taken_gold: set[int] = set()
    taken_predicted: set[int] = set()
    for differs, _, _, g, p in ranked:
        if g not in taken_gold and p not in taken_predicted:
            taken_gold.add(g)
            taken_predicted.add(p)
            (pairing.other if differs else pairing.same).append((g, p))
    return pairing


def _span(mention: GoldMention | Prediction) -> tuple[int, int]:
    return mention.start, mention.end


def _overlap(one: GoldMention | Prediction, other: GoldMention | Prediction) -> int:
    return min(one.end, other.end) - max(one.start, other.start)


_COLUMNS = ("gold", "predicted", "overlap", "strict", "status", "lesions", "severity", "graded", "graded_right")


class _Tally:
    """The counts of one note, by concept."""

    def __init__(self, note: GoldNote, predictions: Sequence[Prediction], scored: frozenset[str]) -> None:
        self.note_id = note.note_id
        self.gold = [mention for mention in note.mentions if mention.concept_id in scored]
        self.predicted = [one for one in predictions if one.concept_id in scored]
        self.counts: dict[str, Counter[str]] = {}
        self.concepts: Counter[tuple[str, str]] = Counter()
        self.statuses: Counter[tuple[str, str]] = Counter()
        self.severities: Counter[tuple[str, str]] = Counter()
        self.errors: list[Error] = []
        pairing = pair_mentions(self.gold, self.predicted)
        for g, p in pairing.same:
            if not self.gold[g].optional:
                self._count_hit(self.gold[g], self.predicted[p])
        matched = {g for g, _ in pairing.same}
        missed = [g for g, mention in enumerate(self.gold) if g not in matched and not mention.optional]
        abstaining = [one for one in predictions if one.concept_id is None]
        over = {g: found for g in missed if (found := [one for one in abstaining if _overlap(self.gold[g], one) > 0])}
        self.abstentions = (
            len(abstaining),
            len(over),
            sum(any(self.gold[g].concept_id in one.candidates for one in found) for g, found in over.items()),
        )
        self._count_misses(pairing, missed, frozenset(over))

    def _add(self, concept: str, *columns: str) -> None:
        self.counts.setdefault(concept, Counter()).update(columns)

    def _error(self, mention: GoldMention | Prediction, kind: str, gold: str, predicted: str) -> None:
        self.errors.append(Error(self.note_id, mention.start, mention.end, kind, mention.concept_id or "", gold, predicted))

    def _count_hit(self, gold: GoldMention, predicted: Prediction) -> None:
        concept = gold.concept_id
        self._add(concept, "gold", "predicted", "overlap")
        self.concepts[concept, concept] += 1
        if _span(gold) == _span(predicted):
            self._add(concept, "strict")
        else:
            self._error(gold, "span", f"{gold.start}-{gold.end}", f"{predicted.start}-{predicted.end}")
        self._count_status(gold, predicted)
        if concept not in UNGRADED:
            self._count_severity(gold, predicted)

    def _count_status(self, gold: GoldMention, predicted: Prediction) -> None:
        right = predicted.status in gold.statuses
        self.statuses[predicted.status if right else gold.statuses[0], predicted.status] += 1
        if right:
            self._add(gold.concept_id, "status")
        else:
            self._error(gold, "status", " or ".join(gold.statuses), predicted.status)

    def _count_severity(self, gold: GoldMention, predicted: Prediction) -> None:
        right = predicted.severity in gold.severities
        said = predicted.severity or UNSTATED
        self.severities[said if right else gold.severities[0] or UNSTATED, said] += 1
        self._add(gold.concept_id, "lesions", *(["severity"] if right else []))
        if predicted.severity or any(gold.severities):
            self._add(gold.concept_id, "graded", *(["graded_right"] if right else []))
        if not right:
            self._error(gold, "severity", " or ".join(grade or UNSTATED for grade in gold.severities), said)

    def _count_misses(self, pairing: Pairing, missed: Sequence[int], abstained: frozenset[int]) -> None:
        instead = dict(pairing.other)
        for g in missed:
            mention = self.gold[g]
            self._add(mention.concept_id, "gold")
            if g in instead:
                said = self.predicted[instead[g]].concept_id or ""
                self._error(mention, "concept", mention.concept_id, said)
            else:
                said = ABSTAINED if g in abstained else MISSED
                self._error(mention, "missed", mention.concept_id, said)
            self.concepts[mention.concept_id, said] += 1
        paired = {p for _, p in pairing.same}
        explained = set(instead.values())
        for p, one in enumerate(self.predicted):
            if p not in paired:
                self._add(one.concept_id or "", "predicted")
                if p not in explained:
                    self.concepts[SPURIOUS, one.concept_id or ""] += 1
                    self._error(one, "spurious", SPURIOUS, one.concept_id or "")


def _scores(counts: NDArray[np.int64], weights: NDArray[np.int64]) -> Scores:
    """The scores of a table notes x columns."""
    column = {name: counts[:, place] for place, name in enumerate(_COLUMNS)}

    def prf(hits: NDArray[np.int64]) -> Prf:
        gold, predicted = column["gold"], column["predicted"]
        return Prf(_share(hits, predicted, weights), _share(hits, gold, weights), _share(2 * hits, gold + predicted, weights))

    return Scores(
        prf(column["strict"]),
        prf(column["overlap"]),
        _share(column["status"], column["overlap"], weights),
        _share(column["severity"], column["lesions"], weights),
        _share(column["graded_right"], column["graded"], weights),
    )


def _share(right: NDArray[np.int64], total: NDArray[np.int64], weights: NDArray[np.int64]) -> Share:
    ratios = list(_ratios(weights @ right, weights @ total))
    low, high = np.percentile(ratios, [2.5, 97.5]).tolist() if ratios else (None, None)
    return Share(int(right.sum()), int(total.sum()), low, high)


def _ratios(right: NDArray[np.int64], total: NDArray[np.int64]) -> Iterator[float]:
    """The ratios of the samples that have one."""
    counted = total > 0
    yield from (right[counted] / total[counted]).tolist()
