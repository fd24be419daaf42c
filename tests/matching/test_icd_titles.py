"""Titles of ICD-10-CM: no diagnosis of another organ is linked, the valve and infarct titles are read."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "icd_titles.py"
LEAST_TITLES, MOST_WRONG_OUTSIDE, LEAST_RIGHT_INSIDE = 40_000, 5, 85


@pytest.fixture(scope="module")
def icd() -> ModuleType:
    """The benchmark as a module; an sdist has none."""
    pytest.importorskip("simple_icd_10_cm")
    if not BENCHMARK.exists():
        pytest.skip("benchmarks are not in the sdist")
    spec = importlib.util.spec_from_file_location("icd_titles_benchmark", BENCHMARK)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


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
