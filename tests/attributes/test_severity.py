"""Grades: each of the marked sentences in ``severity_cases.tsv`` gives every lesion its own grade."""

from __future__ import annotations

import pytest
from support import HERE, describe, marked_lines

CASES = marked_lines(HERE / "severity_cases.tsv")


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 120


@pytest.mark.parametrize("marked", CASES)
def test_every_lesion_gets_its_own_grade(marked: str) -> None:
    text, mentions, descriptions = describe(marked)
    for mention, description in zip(mentions, descriptions, strict=True):
        severity = description.severity
        assert (severity.value if severity else None) == mention["severity"], mention
        for bound in ("low", "high"):
            if bound in mention:
                assert severity is not None and getattr(severity, bound) == mention[bound]
        if severity is not None:
            assert text[severity.start : severity.end] == severity.text
