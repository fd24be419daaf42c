"""Marked sentences for the room's tests, described by the same reader as the benchmark uses."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def benchmark(load_benchmark: Callable[[str], ModuleType]) -> ModuleType:
    """``benchmarks/attributes.py``."""
    return load_benchmark("attributes")


@pytest.fixture(scope="session")
def sentences(benchmark: ModuleType) -> object:
    """Describes marked lines."""
    return benchmark.MarkedSentences()
