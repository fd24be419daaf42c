"""Titles of ICD-10-CM: no diagnosis of another organ is linked, the valve and infarct titles are read."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import pytest

LEAST_TITLES, MOST_WRONG_OUTSIDE, LEAST_RIGHT_INSIDE = 40_000, 0, 91


@pytest.fixture(scope="module")
def icd(load_benchmark: Callable[[str], ModuleType]) -> ModuleType:
    """``benchmarks/icd_titles.py``."""
    pytest.importorskip("simple_icd_10_cm")
    return load_benchmark("icd_titles")


def test_titles_outside_the_cardiac_chapters(icd: ModuleType) -> None:
    titles = icd.all_titles()
    assert len(titles) >= LEAST_TITLES
    linked = icd.linked_outside(titles)
    assert [one for one in linked if one[0] not in icd.EXPLAINED] == []
    wrong = [one for one in linked if icd.EXPLAINED[one[0]].startswith("wrong")]
    assert len(wrong) <= MOST_WRONG_OUTSIDE, wrong


def test_titles_of_valves_and_infarcts(icd: ModuleType) -> None:
    expected = icd.expected_concepts()
    wrong = icd.wrong_inside(expected)
    assert [one for one in wrong if not one[2]] == []
    naming = len({code for code, concepts in expected.items() if concepts})
    assert naming - len(wrong) >= LEAST_RIGHT_INSIDE, wrong
