"""What the tests of the whole package share."""

from __future__ import annotations

from pathlib import Path

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
