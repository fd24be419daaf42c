"""From raw text to a model folder: examples, folds by document, training, calibration, report, model card.

Everything that ``mrterms train`` does is here; the command only reads files and prints.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from mrterms.sense.calibration import OUTSIDE, calibrate, outcome, outcomes, pooled_scores
from mrterms.sense.clusters import word_clusters
from mrterms.sense.cues import Cues
from mrterms.sense.examples import Example, ExampleBuilder, LabelledForm, long_form_examples
from mrterms.sense.features import Reader
from mrterms.sense.model import Model, save_model, scales_of
from mrterms.sense.resolve import DEFAULT_THRESHOLD, SenseLexicon
from mrterms.sense.training import LABELLED, Floats, TrainingOptions, fit, held_out, predict

__all__ = ["Answer", "Trained", "Training", "raised_thresholds", "report", "table", "train"]

THRESHOLDS = (0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
_BINS = 10
_WANTED, _ENOUGH = 0.85, 20
"""The share of right answers that a form must reach where it is decided, and the answers from which it is asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """What a model is trained on: raw ``texts`` as (document, text), ``labelled`` places, ``sentences`` written to teach."""

    texts: Sequence[tuple[str, str]] = ()
    labelled: Sequence[LabelledForm] = ()
    sentences: Sequence[LabelledForm] = ()
    sources: Sequence[dict[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model that never saw the document said of one place: the probability of each outcome."""

    short_form: str
    kind: str
    doc: str
    right: str
    chances: dict[str, float]

    @property
    def best(self) -> str:
        """The likeliest outcome."""
        return max(self.chances, key=self.chances.__getitem__)


@dataclass(slots=True)
class Trained:
    """A model with the held-out answers that its figures come from."""

    model: Model
    answers: list[Answer]
    report: dict[str, Any] = field(default_factory=dict)

    def save(self, folder: Path) -> None:
        """Write the model folder."""
        save_model(self.model, folder)


def train(
    training: Training,
    lexicon: SenseLexicon,
    cues: Cues,
    nlp: Any,
    *,
    folds: int = 5,
    options: TrainingOptions | None = None,
    base: Model | None = None,
    progress: Callable[[str], None] = lambda step: None,
    on_fold: Callable[[Model, Set[str]], None] = lambda model, unseen: None,
) -> Trained:
    """Train, calibrate and measure. Without ``labelled`` places the held-out long forms are measured instead.

    ``nlp`` tokenizes; folds are split by document, and the calibration that is measured never saw the fold it is
    measured on. ``base`` is a model to adapt. ``on_fold`` gets each fold's model, without scales, and the documents that it never
    saw. Raises :class:`MissingExtraError` without the extra ``train``.
    """
    progress("clusters of words")
    clusters = _clusters(training, base)
    progress("examples")
    builder = ExampleBuilder(nlp, Reader(cues, clusters), lexicon)
    places = [*_named(training.labelled, lexicon), *long_form_examples(training.texts, lexicon), *training.sentences]
    examples = [example for place in places if (example := builder.build(place)) is not None]
    names = list(builder.features)
    kinds = LABELLED if training.labelled else ("long form",)
    tested, scores = [], []
    for number, (_, test) in enumerate(held_out([one for one in examples if one.kind in kinds], folds), 1):
        progress(f"fold {number} of {folds}")
        # A document of this fold teaches in no way: neither its labelled places nor its long forms.
        model = fit([one for one in examples if one.doc not in test], names, lexicon, options=options, base=base)
        on_fold(model, test)
        mine = [one for one in examples if one.doc in test and one.kind in kinds]
        tested += mine
        scores += predict(model, mine, names, lexicon)
    answers = _honest_answers(tested, scores, lexicon, folds)
    progress("final model")
    model = fit(examples, names, lexicon, options=options, base=base)
    model.scales.update(calibrate(tested, scores, lexicon))
    model.clusters = clusters
    found = report(answers)
    model.card = _card(training, examples, found) | {"thresholds": raised_thresholds(answers)}
    return Trained(model, answers, found)


def _clusters(training: Training, base: Model | None) -> Mapping[str, int]:
    """The clusters of the base (its weights know them), or new ones where there is text to learn them from."""
    if base is not None:
        return base.clusters
    return word_clusters(text for _, text in training.texts) if training.texts else {}


def _named(places: Iterable[LabelledForm], lexicon: SenseLexicon) -> list[LabelledForm]:
    """The places whose form has their sense; a sense that only other forms have, and is outside the subject, is ``other``."""
    known = {form: {entry.concept_id for entry in entries} for form, entries in lexicon.senses.items()}
    found = []
    for place in places:
        concept = lexicon.concepts.get(place.sense)
        if place.sense not in known.get(place.short_form, ()) and concept is not None and concept.other_sense:
            place = replace(place, sense=OUTSIDE)
        if place.sense == OUTSIDE or place.sense in known.get(place.short_form, ()):
            found.append(place)
    return found


def _honest_answers(examples: Sequence[Example], scores: Sequence[Floats], lexicon: SenseLexicon, folds: int) -> list[Answer]:
    """Calibrate on the other folds, answer on this one."""
    answers = []
    for fitted, test in held_out(examples, folds):
        inside = [i for i, one in enumerate(examples) if one.doc in fitted]
        scales = calibrate([examples[i] for i in inside], [scores[i] for i in inside], lexicon)
        for i, example in enumerate(examples):
            if example.doc in test:
                names = outcomes(example.short_form, lexicon)
                pooled = pooled_scores(np.array(scales_of(example.short_form, scales)) @ scores[i], names)
                total = float(np.logaddexp.reduce(list(pooled.values())))
                chances = {name: float(np.exp(score - total)) for name, score in pooled.items()}
                answers.append(Answer(example.short_form, example.kind, example.doc, outcome(example, lexicon), chances))
    return answers


def report(answers: Sequence[Answer]) -> dict[str, Any]:
    """Figures by short form and kind, calibration by form, and coverage against accuracy by threshold."""
    groups: dict[str, dict[str, list[Answer]]] = defaultdict(lambda: defaultdict(list))
    for answer in answers:
        groups[answer.short_form][answer.kind].append(answer)
    forms = {form: {kind: _figures(some) for kind, some in sorted(kinds.items())} for form, kinds in sorted(groups.items())}
    calibration = {form: _calibration([one for some in kinds.values() for one in some]) for form, kinds in sorted(groups.items())}
    return {"forms": forms, "calibration": calibration, "thresholds": [_coverage(answers, threshold) for threshold in THRESHOLDS]}


def raised_thresholds(answers: Sequence[Answer]) -> dict[str, float]:
    """For each form whose held-out answers are wrong too often at the default threshold the least one that is enough."""
    by_form: dict[str, list[Answer]] = defaultdict(list)
    for answer in answers:
        by_form[answer.short_form].append(answer)
    found = {}
    for form, own in sorted(by_form.items()):
        if len(own) < _ENOUGH:
            continue
        for threshold in (one for one in THRESHOLDS if one >= DEFAULT_THRESHOLD):
            sure = [answer for answer in own if answer.chances[answer.best] >= threshold]
            if sum(answer.best == answer.right for answer in sure) >= _WANTED * len(sure):
                break
        if threshold > DEFAULT_THRESHOLD:
            found[form] = threshold
    return found


def _figures(answers: Sequence[Answer]) -> dict[str, Any]:
    right = Counter(answer.right for answer in answers)
    said = Counter(answer.best for answer in answers)
    hits = Counter(answer.right for answer in answers if answer.best == answer.right)
    senses = {
        sense: {"n": n, "recall": round(hits[sense] / n, 4), "precision": round(hits[sense] / said[sense], 4) if said[sense] else None}
        for sense, n in sorted(right.items())
    }
    balanced = float(np.mean([hits[sense] / n for sense, n in right.items()]))
    return {"n": len(answers), "balanced_accuracy": round(balanced, 4), "senses": senses}


def _calibration(answers: Sequence[Answer]) -> dict[str, Any]:
    """Expected calibration error over ten bins of the best probability, and the bins (mean probability, accuracy, number).

    ``by_chance`` is the error that the same answers would show on average if every probability were exactly true: few answers in a
    bin miss their mean (half-normal approximation; after Broecker and Smith, Weather and Forecasting 2007, who draw the samples).
    """
    bins: list[list[tuple[float, bool]]] = [[] for _ in range(_BINS)]
    for answer in answers:
        chance = answer.chances[answer.best]
        bins[min(int(chance * _BINS), _BINS - 1)].append((chance, answer.best == answer.right))
    rows = [(float(np.mean([c for c, _ in some])), float(np.mean([h for _, h in some])), len(some)) for some in bins if some]
    error = sum(abs(chance - hit) * n for chance, hit, n in rows) / len(answers)
    spreads = (sum(chance * (1 - chance) for chance, _ in some) for some in bins)
    by_chance = sum(math.sqrt(2 / math.pi * spread) for spread in spreads) / len(answers)
    shown = [[round(chance, 3), round(hit, 3), n] for chance, hit, n in rows]
    return {"n": len(answers), "ece": round(error, 4), "by_chance": round(by_chance, 4), "bins": shown}


def _coverage(answers: Sequence[Answer], threshold: float) -> dict[str, Any]:
    row: dict[str, Any] = {"threshold": threshold}
    for name, some in (("all", answers), ("MI", [answer for answer in answers if answer.short_form == "MI"])):
        sure = [answer for answer in some if answer.chances[answer.best] >= threshold]
        if some:
            accuracy = sum(answer.best == answer.right for answer in sure) / len(sure) if sure else None
            row[name] = {"coverage": round(len(sure) / len(some), 4), "accuracy": None if accuracy is None else round(accuracy, 4)}
    return row


def _card(training: Training, examples: Sequence[Example], found: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": "mrterms sense model",
        "what": "log-linear model of the senses of clinical short forms; senses share the weights of their ancestors in the lexicon",
        "data": list(training.sources),
        "examples": dict(sorted(Counter(example.kind for example in examples).items())),
        "figures": found,
        "limits": [
            "No public text was found in which a clinician writes MI for mitral insufficiency: that sense is learned and measured on long "
            "forms replaced by MI and on sentences written for this project.",
            "The figures are of case reports; real notes hold almost only infarcts under MI. Give the setting where it is known.",
            "Probabilities are calibrated on held-out case reports, form by form where there are at least 20 examples.",
            "No clinical use without a test on own notes.",
        ],
    }


def table(found: dict[str, Any]) -> str:
    """The report as plain text."""
    lines = [f"{'form':5} {'kind':9} {'n':>5} {'balanced':>8} {'ECE':>6} {'chance':>6}  recall / precision by sense"]
    for form, kinds in found["forms"].items():
        for kind, row in kinds.items():
            senses = ", ".join(
                f"{sense} {one['recall']:.2f}/{'-' if one['precision'] is None else format(one['precision'], '.2f')} ({one['n']})"
                for sense, one in row["senses"].items()
            )
            error = found["calibration"][form]
            figures = f"{row['balanced_accuracy']:8.3f} {error['ece']:6.3f} {error['by_chance']:6.3f}"
            lines.append(f"{form:5} {kind:9} {row['n']:5} {figures}  {senses}")
    lines.append("")
    lines.append("threshold  coverage  accuracy  | MI coverage  accuracy")
    for row in found["thresholds"]:
        cells = [f"{row['threshold']:9.2f}"]
        for name in ("all", "MI"):
            one = row.get(name)
            cells += ["       -         -"] if one is None else [f"{one['coverage']:9.3f} {one['accuracy'] or 0:9.3f}"]
        lines.append("  ".join(cells))
    return "\n".join(lines)
