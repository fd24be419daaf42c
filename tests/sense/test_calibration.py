"""Scales by part of the evidence, and the error that answers would show by chance alone."""

from __future__ import annotations

from array import array

import numpy as np
import pytest

from mrterms.lexicon import load_lexicon
from mrterms.sense.building import Answer, report
from mrterms.sense.examples import Example

pytest.importorskip("scipy")


def test_a_part_that_says_nothing_true_counts_less() -> None:
    from mrterms.sense.calibration import calibrate

    lexicon = load_lexicon("valve")
    senses = [entry.concept_id for entry in lexicon.senses["MVR"]]
    rng = np.random.default_rng(0)
    examples, parts = [], []
    for number in range(120):
        right = int(rng.integers(len(senses)))
        near = np.where(np.arange(len(senses)) == right, 2.0, 0.0) + rng.normal(0, 0.5, len(senses))
        examples.append(Example("MVR", (senses[right],), f"d{number}", "masked", "general", 1.0, array("i"), ()))
        parts.append(np.array([near, rng.normal(0, 2, len(senses)), np.zeros(len(senses)), np.zeros(len(senses))]))
    scales = calibrate(examples, parts, lexicon)
    near_scale, far_scale, *_ = scales["MVR"]
    assert far_scale < 0.4 * near_scale
    assert set(scales) == {"MVR", "*"}


def test_few_answers_miss_their_mean_by_chance() -> None:
    rng = np.random.default_rng(1)

    def error(n: int) -> tuple[float, float]:
        chances = rng.uniform(0.5, 1.0, n)
        rights = rng.uniform(size=n) < chances
        pairs = zip(chances.tolist(), rights.tolist(), strict=True)
        answers = [Answer("MI", "masked", "d", "a" if hit else "b", {"a": chance, "b": 1 - chance}) for chance, hit in pairs]
        found = report(answers)["calibration"]["MI"]
        return found["ece"], found["by_chance"]

    seen = [error(80) for _ in range(60)]
    assert np.mean([ece for ece, _ in seen]) == pytest.approx(np.mean([chance for _, chance in seen]), rel=0.1)
    assert error(20_000)[1] < 0.01
