"""Values of a cleaned table, made by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mrterms.columns import CellValue
from mrterms.lexicon import Lexicon, load_lexicon

Make = Callable[..., CellValue]


@pytest.fixture(scope="session")
def valve() -> Lexicon:
    """The built-in lexicon."""
    return load_lexicon()


@pytest.fixture(scope="session")
def make(valve: Lexicon) -> Make:
    """A value of the column ``dx`` with the given meaning; whatever else it needs follows from the lexicon."""

    def value_of(value: str, concept_id: str | None = None, **given: Any) -> CellValue:
        concept = valve.concepts[concept_id] if concept_id else None
        facts: dict[str, Any] = {
            "column": "dx",
            "value": value,
            "count": 1,
            "concept_id": concept_id,
            "preferred_name": concept.preferred_name if concept else None,
            "score": 1.0 if concept else None,
            "match": "exact" if concept else None,
            "sense_status": "unambiguous" if concept else None,
            "assertion": "present" if concept else None,
            "severity": None,
            "codes": dict(concept.codes) if concept else {},
            "candidates": ({"concept_id": concept_id, "preferred_name": concept.preferred_name, "score": 1.0},) if concept else (),
            "reason": "the form of the lexicon" if concept else "nothing known in it",
            "problems": (),
            "decided_by": None,
        } | given
        plain = ("concept_id", "preferred_name", "score", "match", "sense_status", "assertion", "severity", "codes")
        facts.setdefault("all", ({name: facts[name] for name in plain},) if facts["concept_id"] else ())
        return CellValue(**facts)

    return value_of
