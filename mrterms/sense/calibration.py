"""Honest probabilities: a scale for each short form and a shift for each of its senses, fitted on held-out documents."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mrterms.sense.examples import Example
from mrterms.sense.model import Model
from mrterms.sense.resolve import SenseLexicon

__all__ = ["OUTSIDE", "Calibration", "apply_calibration", "calibrate", "outcome", "outcomes", "pooled_scores"]

Floats = NDArray[np.float64]
OUTSIDE = "other"
"""The outcome that all senses outside the subject share: whichever it is, the mention is left out."""

_LEAST = 20
_SHIFT_PULL, _SCALE_PULL, _BALANCE = 20.0, 2.0, 0.25


@dataclass(frozen=True, slots=True)
class Calibration:
    """``scale`` times the scores plus the ``shift`` of each outcome."""

    scale: float
    shifts: Mapping[str, float]

    def scores(self, scores: Floats, names: Sequence[str]) -> Floats:
        """Calibrated scores of the senses whose outcomes are ``names``."""
        shifted: Floats = self.scale * scores + np.array([self.shifts.get(name, 0.0) for name in names])
        return shifted


def outcomes(short_form: str, lexicon: SenseLexicon) -> list[str]:
    """What each sense of a form comes out as: its concept, or :data:`OUTSIDE`."""
    concepts = lexicon.concepts
    return [OUTSIDE if concepts[entry.concept_id].other_sense else entry.concept_id for entry in lexicon.senses[short_form]]


def outcome(example: Example, lexicon: SenseLexicon) -> str:
    """The right outcome of an example."""
    return OUTSIDE if lexicon.concepts[example.senses[0]].other_sense else example.senses[0]


def pooled_scores(scores: Floats, names: Sequence[str]) -> dict[str, float]:
    """The score of each outcome: the log of the summed powers of its senses."""
    found: dict[str, list[float]] = defaultdict(list)
    for score, name in zip(scores, names, strict=True):
        found[name].append(float(score))
    return {name: float(np.logaddexp.reduce(values)) for name, values in found.items()}


def calibrate(examples: Sequence[Example], scores: Sequence[Floats], lexicon: SenseLexicon) -> dict[str, Calibration]:
    """A calibration for each form with enough held-out examples, and the mean scale under ``*`` for the rest."""
    by_form: dict[str, list[int]] = defaultdict(list)
    for i, example in enumerate(examples):
        by_form[example.short_form].append(i)
    found = {
        form: _fit([examples[i] for i in places], [scores[i] for i in places], outcomes(form, lexicon), lexicon)
        for form, places in sorted(by_form.items())
        if len(places) >= _LEAST
    }
    logs = [math.log(one.scale) for one in found.values()]
    if logs:
        found["*"] = Calibration(math.exp(sum(logs) / len(logs)), {})
    return found


def _fit(examples: Sequence[Example], scores: Sequence[Floats], names: Sequence[str], lexicon: SenseLexicon) -> Calibration:
    from scipy.optimize import minimize

    kinds = sorted(set(names))
    pooled = [pooled_scores(score, names) for score in scores]
    table = np.array([[row[kind] for kind in kinds] for row in pooled])
    right = np.array([kinds.index(outcome(example, lexicon)) for example in examples])
    counts = np.bincount(right, minlength=len(kinds))
    weights = ((len(right) / len(kinds) / np.maximum(counts, 1)) ** _BALANCE)[right]

    def loss(values: Floats) -> float:
        shifted = math.exp(values[0]) * table + values[1:]
        chance = shifted[np.arange(len(right)), right] - np.logaddexp.reduce(shifted, axis=1)
        return float(-(weights * chance).sum() + _SHIFT_PULL * (values[1:] ** 2).sum() + _SCALE_PULL * values[0] ** 2)

    bounds = [(-2.0, 1.0), *[(-3.0, 3.0)] * len(kinds)]
    values = minimize(loss, np.zeros(1 + len(kinds)), method="L-BFGS-B", bounds=bounds).x
    return Calibration(float(math.exp(values[0])), dict(zip(kinds, map(float, values[1:]), strict=True)))


def apply_calibration(model: Model, calibrations: Mapping[str, Calibration], lexicon: SenseLexicon) -> None:
    """Write the calibrations into the scales and biases of a model."""
    for form, one in calibrations.items():
        model.scales[form] = one.scale
        if form == "*":
            continue
        for entry, name in zip(lexicon.senses[form], outcomes(form, lexicon), strict=True):
            key = (form, entry.concept_id)
            model.biases[key] = model.biases.get(key, 0.0) + one.shifts.get(name, 0.0) / one.scale
