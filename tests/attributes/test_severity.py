"""Grades: each of the marked sentences in ``severity_cases.tsv`` gives every lesion its own grade."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

LINES = [
    line for line in (Path(__file__).parent / "severity_cases.tsv").read_text(encoding="utf-8").splitlines() if line[:1] not in ("#", "")
]
CASES = LINES[1:]


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 120


@pytest.mark.parametrize("marked", CASES)
def test_every_lesion_gets_its_own_grade(sentences: Any, marked: str) -> None:
    text, mentions, descriptions = sentences.describe(marked)
    for mention, description in zip(mentions, descriptions, strict=True):
        severity = description.severity
        assert (severity.value if severity else None) == mention["severity"], mention
        for bound in ("low", "high"):
            if bound in mention:
                assert severity is not None
                assert getattr(severity, bound) == mention[bound]
        if severity is not None:
            assert text[severity.start : severity.end] == severity.text


def test_echo_lines_are_read_right(benchmark: ModuleType, sentences: Any) -> None:
    lines = benchmark.marked_lines(benchmark.ECHO_LINES)
    assert len(lines) >= 150
    verdicts: list[bool] = []
    for marked in lines:
        _, mentions, descriptions = sentences.describe(marked)
        for mention, description in zip(mentions, descriptions, strict=True):
            verdicts.extend(right for right, _ in benchmark.judge(mention, description))
    assert sum(verdicts) / len(verdicts) >= 0.97


@pytest.mark.parametrize(
    ("marked", "value", "scale"),
    [
        ("4+ {MR|mitral_regurgitation}", "severe", "four"),
        ("4+ {TR|tricuspid_regurgitation}", "massive", "tricuspid"),
        ("{TR|tricuspid_regurgitation} 4/5", "massive", "five"),
        ("{TR|tricuspid_regurgitation} 4/4", "severe", "four"),
        ("severe {TR|tricuspid_regurgitation}", "severe", "words"),
    ],
)
def test_scales_are_kept_per_lesion(sentences: Any, marked: str, value: str, scale: str) -> None:
    severity = sentences.describe(marked)[2][0].severity
    assert (severity.value, severity.scale) == (value, scale)
