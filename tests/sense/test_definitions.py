"""Definitions inside the document, in either direction and bracket."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from spacy.language import Language

from mrterms.lexicon import load_lexicon
from mrterms.records import Match, Mention
from mrterms.sense import Resolver
from mrterms.sense.definitions import OTHER_SENSE, find_definitions
from mrterms.sense.resolve import GLOSS_WEIGHT

CASES = [
    tuple(line.split("\t"))
    for line in (Path(__file__).parent / "definitions.tsv").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]


def _mention(text: str, form: str) -> Mention:
    start = text.index(form)
    end = start + len(form) + (text[start + len(form) : start + len(form) + 1] == "s")
    return Mention(
        start=start,
        end=end,
        text=text[start:end],
        token_start=0,
        token_end=1,
        match=Match(kind="abbreviation", term=form),
        concept_ids=("a", "b"),
        short_form=form,
    )


def _only_mi(nlp: Language, text: str) -> dict[str, Any]:
    found: dict[str, Any]
    (found,) = [one for one in nlp(text).user_data["mrterms"] if one["text"] == "MI"]
    return found


@pytest.mark.parametrize(("text", "form", "concept"), CASES)
def test_definition(text: str, form: str, concept: str) -> None:
    long_forms = Resolver(load_lexicon("valve"))._long_forms
    found = find_definitions(text, [_mention(text, form)], long_forms, known={})
    assert [one.concept_id for one in found.get(form, [])] == ([] if concept == "none" else [concept])
    for one in found.get(form, []):
        assert text[one.start : one.end] == one.text


@pytest.mark.parametrize(
    ("text", "senses"),
    [
        ("Mitral insufficiency (MI) was found. MI was unchanged a year later.", ["mitral_regurgitation"] * 2),
        ("Rates of myocardial infarction (MI) fell; MI was rare.", ["myocardial_infarction"] * 2),
        ("MI is seldom seen here. The mean mitral insufficiency (MI) grade was 2.", ["mitral_regurgitation"] * 2),
    ],
)
def test_a_definition_holds_for_the_document(nlp: Language, text: str, senses: list[str]) -> None:
    found = [one["concept_id"] for one in nlp(text).user_data["mrterms"] if one["text"] == "MI"]
    assert found == senses


def test_a_document_that_defines_both_ways_is_flagged_and_decided_locally(nlp: Language) -> None:
    text = "Mitral insufficiency (MI) was severe. Troponin confirmed a myocardial infarction (MI)."
    found = [one for one in nlp(text).user_data["mrterms"] if one["text"] == "MI"]
    assert [one["concept_id"] for one in found] == ["mitral_regurgitation", "myocardial_infarction"]
    assert all(any(cue["cue"].startswith("defined both ways") for cue in one["sense"]["evidence"]) for one in found)


def test_an_unknown_long_form_is_none_of_our_senses(nlp: Language) -> None:
    found = [one["concept_id"] for one in nlp("The myeloid index (MI) was 3.").user_data.get("mrterms", []) if one["text"] == "MI"]
    assert set(found) <= {OTHER_SENSE}


@pytest.mark.parametrize(
    ("text", "sense"),
    [
        ("AMI: acute MI; LA: left atrium; MV: mitral valve", "myocardial_infarction"),
        ("STEMI (MI) pathway", "myocardial_infarction"),
        ("LA = left atrium, MR = MI, PV = pulmonary vein", "mitral_regurgitation"),
        ("the degree of MI (MR) was unchanged", "mitral_regurgitation"),
    ],
)
def test_short_forms_that_explain_each_other(nlp: Language, text: str, sense: str) -> None:
    found = _only_mi(nlp, text)
    assert found["concept_id"] == sense
    assert any(cue["cue"].startswith("explains: ") for cue in found["sense"]["evidence"])


@pytest.mark.parametrize("text", ["MR: none MI: old", "MR: mild MI 2003", "Valves: MR (mild), MI (old)", "MR, MI (AS)"])
def test_findings_in_a_row_explain_nothing(nlp: Language, text: str) -> None:
    found = [one for one in nlp(text).user_data["mrterms"] if one["text"] == "MI"]
    assert found
    assert not any(cue["cue"].startswith("explains: ") for one in found for cue in one["sense"]["evidence"])


@pytest.mark.parametrize(
    ("text", "sense"),
    [
        ("MI (mitral)", "mitral_regurgitation"),
        ("MI mitral 2+", "mitral_regurgitation"),
        ("Echo: MI mitral, moderate", "mitral_regurgitation"),
        ("MI - mitral", "mitral_regurgitation"),
        ("MI [mitral valve], mild", "mitral_regurgitation"),
        ("MI (myocardial)", "myocardial_infarction"),
    ],
)
def test_the_part_named_behind_tells_the_sense(nlp: Language, text: str, sense: str) -> None:
    found = _only_mi(nlp, text)
    assert found["concept_id"] == sense
    assert found["sense"]["evidence"][0]["weight"] == GLOSS_WEIGHT


@pytest.mark.parametrize("text", ["PMH: MI, mitral stenosis", "MI (mild)", "MI - old, now stable"])
def test_no_other_word_behind_does(nlp: Language, text: str) -> None:
    found = _only_mi(nlp, text)
    assert all(cue["weight"] != GLOSS_WEIGHT for cue in found["sense"]["evidence"])
