"""Marked sentences for the room's tests, described by the same reader as the benchmark uses."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARK = Path(__file__).resolve().parents[2] / "benchmarks" / "attributes.py"


@pytest.fixture(scope="session")
def benchmark() -> ModuleType:
    """``benchmarks/attributes.py``."""
    spec = importlib.util.spec_from_file_location("attributes_benchmark", BENCHMARK)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def sentences(benchmark: ModuleType) -> object:
    """Describes marked lines."""
    return benchmark.MarkedSentences()
