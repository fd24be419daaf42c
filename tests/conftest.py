"""What the tests of the whole package share."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import HealthCheck, settings
from spacy.language import Language

import mrterms

ROOT = Path(__file__).parents[1]

# Shared machines are slow at times: no deadline a case; the number of examples bounds the time instead.
settings.register_profile("mrterms", deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("mrterms")


@pytest.fixture(scope="session")
def nlp() -> Language:
    """The default pipeline, loaded once; tests must not add components to it."""
    return mrterms.load()


@pytest.fixture(scope="session")
def demo() -> dict[str, str]:
    """The demo notes by name."""
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted((ROOT / "corpora" / "demo").glob("*.txt"))}


@pytest.fixture(scope="session")
def load_benchmark() -> Callable[[str], ModuleType]:
    """Loads ``benchmarks/<name>.py`` as a module; the test is skipped in an sdist, which has none."""

    def load(name: str) -> ModuleType:
        path = ROOT / "benchmarks" / f"{name}.py"
        if not path.exists():
            pytest.skip("benchmarks are not in the sdist")
        spec = importlib.util.spec_from_file_location(f"{name}_benchmark", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module  # dataclasses look their module up
        sys.path.insert(0, str(path.parent))  # benchmarks share modules
        try:
            spec.loader.exec_module(module)
        finally:
            sys.path.remove(str(path.parent))
        return module

    return load
