"""The corpora hold what they promise: legal marks, compiled gold in step, notes of every kind."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any, get_args

import pytest

from mrterms.evaluation.markup import SCORED_CONCEPTS, STATUSES, compile_notes, parse_markup, read_notes, render_markup
from mrterms.records import GRADES, AssertionStatus

CORPORA = Path(__file__).parents[2] / "corpora"
NOTES = CORPORA / "notes"
DEMO = CORPORA / "demo"
GOLD: list[dict[str, Any]] = list(read_notes(NOTES))
MENTIONS: list[tuple[str, dict[str, Any]]] = [(note["note_id"], mention) for note in GOLD for mention in note["mentions"]]

GUIDELINE_GRADES = tuple(grade for grade in GRADES if grade not in ("massive", "torrential"))
"""The guideline folds massive and torrential into severe; they may stand as second answers."""
PROCEDURES = {"mitral_valve_replacement", "mitral_valve_repair", "aortic_valve_replacement"}
NO_GRADE = PROCEDURES | {"myocardial_infarction", "infective_endocarditis"}
OUTSIDE_WORDS = re.compile(
    r"\b(?:mild|moderate|severe|critical|massive|trace|trivial|significant|acute|old|prior|previous|no|known|chronic)\b|\d", re.IGNORECASE
)
"""What the guideline keeps out of a span: severity, negation, dates."""


def of(note_id: str) -> dict[str, Any]:
    return next(note for note in GOLD if note["note_id"] == note_id)


def test_gold_is_in_step_with_the_notes() -> None:
    compiled = (NOTES / "gold.jsonl").read_text(encoding="utf-8")
    assert compiled == compile_notes(NOTES), "run: python -m mrterms.evaluation.markup corpora/notes -o corpora/notes/gold.jsonl"


def test_marks_survive_the_way_back() -> None:
    for note in GOLD:
        assert parse_markup(render_markup(note["text"], note["mentions"])) == (note["text"], note["mentions"]), note["note_id"]


def test_corpus_is_as_large_and_varied_as_promised() -> None:
    lengths = {note["note_id"]: len(note["text"].split()) for note in GOLD}
    assert len(GOLD) >= 45
    assert f"{len(GOLD)} notes" in (CORPORA / "README.md").read_text(encoding="utf-8")
    assert sum(lengths.values()) >= 9000
    assert {note_id for note_id, length in lengths.items() if not 80 <= length <= 400} == set()
    assert len(MENTIONS) >= 350
    assert sum(not note["mentions"] for note in GOLD) >= 5


def test_every_concept_status_and_grade_occurs() -> None:
    firm = [mention for _, mention in MENTIONS if not mention.get("optional")]
    assert {mention["concept_id"] for mention in firm} == SCORED_CONCEPTS
    assert {mention["status"] for mention in firm} == set(STATUSES) - {"not_assessed"}
    assert {mention["severity"] for mention in firm} == {None, *GUIDELINE_GRADES}


def test_both_senses_of_mi_occur_in_one_note() -> None:
    senses = {(note_id, mention["concept_id"]) for note_id, mention in MENTIONS if mention["text"] == "MI"}
    both = {note_id for note_id, _ in senses if {(note_id, "mitral_regurgitation"), (note_id, "myocardial_infarction")} <= senses}
    assert len(both) >= 3


@pytest.mark.parametrize("note", GOLD, ids=lambda note: note["note_id"])
def test_mentions_are_legal(note: dict[str, Any]) -> None:
    for mention in note["mentions"]:
        assert note["text"][mention["start"] : mention["end"]] == mention["text"]
        assert mention["concept_id"] in SCORED_CONCEPTS
        assert mention["status"] in (*get_args(AssertionStatus), "family_absent")
        assert mention["severity"] in (None, *GUIDELINE_GRADES)
        assert not (mention["severity"] and mention["concept_id"] in NO_GRADE)
        assert mention.get("status_alt") != mention["status"]
        assert mention.get("severity_alt", "") != mention["severity"]
        assert set(mention) <= {"start", "end", "text", "concept_id", "status", "severity", "status_alt", "severity_alt", "optional"}


@pytest.mark.parametrize("note", GOLD, ids=lambda note: note["note_id"])
def test_spans_are_not_odd(note: dict[str, Any]) -> None:
    text = note["text"]
    for mention in note["mentions"]:
        words = mention["text"]
        assert words[0].isalnum(), words
        assert words[-1].isalnum(), words
        assert not text[mention["start"] - 1 : mention["start"]].isalnum(), words
        assert not text[mention["end"] : mention["end"] + 1].isalnum(), words
        assert not OUTSIDE_WORDS.search(words), words
        assert words.count("\n") <= 1


@pytest.mark.parametrize("note", GOLD, ids=lambda note: note["note_id"])
def test_no_mention_is_marked_twice(note: dict[str, Any]) -> None:
    places = Counter((mention["start"], mention["end"], mention["concept_id"]) for mention in note["mentions"])
    assert not [place for place, times in places.items() if times > 1]


@pytest.mark.parametrize("note_id", ["other_neuro_ms", "other_michigan_indices", "other_oncology", "other_psych_tox", "nothing_gi"])
def test_lookalike_notes_hold_no_mention(note_id: str) -> None:
    assert of(note_id)["mentions"] == []


def test_manifest_names_the_licence() -> None:
    manifest = tomllib.loads((NOTES / "corpus.toml").read_text(encoding="utf-8"))
    assert manifest["licence"] == "CC0-1.0"
    assert {"name", "version", "description", "made", "limits"} <= set(manifest)


def test_demo_notes_are_plain() -> None:
    texts = {path.name: path.read_text(encoding="utf-8") for path in DEMO.glob("*.txt")}
    assert len(texts) == 6
    for name, text in texts.items():
        assert parse_markup(text) == (text, []), name
        assert len(text) < 2000, name
