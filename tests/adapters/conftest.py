"""A stand-in for the pipeline: it finds the words MR and MI, and fails where it is told to."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from spacy.language import Language

import mrterms
from mrterms.records import Note

CONCEPTS = {"MR": "mitral_regurgitation", "MI": None}


def annotation(text: str, start: int, end: int, concept_id: str | None) -> dict[str, object]:
    return {
        "start": start,
        "end": end,
        "text": text[start:end],
        "concept_id": concept_id,
        "preferred_name": concept_id and concept_id.replace("_", " ").capitalize(),
        "semantic_type": concept_id and "disorder",
        "codes": {"ICD10CM": "I34.0", "LOCAL": "v-1"} if concept_id else {},
        "match": {"kind": "abbreviation", "term": text[start:end], "score": 1.0},
        "sense": {
            "status": "resolved" if concept_id else "ambiguous",
            "probability": 0.9,
            "candidates": [{"concept_id": name, "probability": 0.9} for name in ("mitral_regurgitation", "b", "c", "d", "e")],
            "evidence": [{"cue": "jet", "weight": 1.5}],
        },
        "assertion": {
            "status": "absent",
            "experiencer": "patient",
            "temporality": "current",
            "cues": [{"text": "no", "category": "negation"}],
        },
        "severity": {"value": "moderate", "text": "2+", "start": 0, "end": 2},
        "attributes": [],
        "section": None,
    }


def annotate(pairs: Iterable[tuple[str, str]]) -> Iterator[Note]:
    for note_id, text in pairs:
        if "EXPLODE" in text:
            raise ZeroDivisionError(text)
        found = [annotation(text, hit.start(), hit.end(), CONCEPTS[hit[0]]) for hit in re.finditer(r"\b(?:MR|MI)\b", text)]
        yield Note(note_id=note_id, annotations=tuple(found))


@pytest.fixture
def annotator() -> Callable[[Iterable[tuple[str, str]]], Iterator[Note]]:
    return annotate


TEXTS = {
    "1": "Echo: 2+ MI, trace TR, no AS. EF 45%. Mean gradient 5 to 7 mmHg with mitral\nstenosis. Severe MR, EROA > 0.4 cm2.\r\n"
    "Father had a heart attack.",
    "2": "s/p mechanical MVR in 2014. Old inferior MI 06/2009. Will need TAVR. Possible endocarditis. No family history of MI.",
    "3": "",
    "4": "Résumé: MI 😀, «severe MR».\n\nMitral\n  regurgitation, moderate to severe. MI?",
    "5": "MS, MR and MI: see old chart. Not had mitral valve repair.",
}


@pytest.fixture(scope="session")
def real_notes(nlp: Language) -> list[dict[str, Any]]:
    """Notes with a bit of everything, annotated by the pipeline, with their text; tests must not change them."""
    notes = mrterms.annotate_many(TEXTS.items(), nlp=nlp)
    return [json.loads(json.dumps(note.to_dict())) | {"source": TEXTS[note.note_id]} for note in notes]


@pytest.fixture(scope="session")
def statuses(real_notes: list[dict[str, Any]]) -> set[str]:
    """The statuses that occur in them, so that a test can be sure of what it met."""
    return {one["assertion"]["status"] for note in real_notes for one in note["annotations"]}
