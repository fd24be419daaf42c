"""What the valve lexicon must hold: fixed ids, codes that exist, and senses for what is ambiguous."""

from __future__ import annotations

import pytest

from mrterms.lexicon import Lexicon, load_lexicon

SCORED = (
    "mitral_regurgitation mitral_stenosis mitral_valve_prolapse aortic_regurgitation aortic_stenosis tricuspid_regurgitation "
    "tricuspid_stenosis pulmonary_regurgitation pulmonary_stenosis heart_valve_regurgitation infective_endocarditis "
    "mitral_annular_calcification myocardial_infarction mitral_valve_replacement mitral_valve_repair aortic_valve_replacement"
)
AMBIGUOUS = "MI MR MS AR AI AS TR TI TS PR PI PS MVR AVR MVP MVD MVA MV MAC IE AMI PM BAV TVR PVL TMVR IMR FMR DMR PMR SMR RCT TEER BE"


@pytest.fixture(scope="module")
def valve() -> Lexicon:
    return load_lexicon()


def reported(lexicon: Lexicon, form: str) -> set[str]:
    found = {term.concept_id for term in lexicon.terms if term.text == form}
    return {lexicon.concepts[concept_id].report_as or concept_id for concept_id in found}


@pytest.mark.parametrize("concept_id", SCORED.split())
def test_scored_concepts_are_reported_as_themselves(valve: Lexicon, concept_id: str) -> None:
    concept = valve.concepts[concept_id]
    assert not concept.report_as
    assert not concept.other_sense
    assert [term for term in valve.terms if term.concept_id == concept_id and term.kind == "preferred"]


def test_size(valve: Lexicon) -> None:
    subject = {concept_id for concept_id, concept in valve.concepts.items() if not concept.other_sense}
    assert len(subject) >= 60
    assert len([term for term in valve.terms if term.concept_id in subject]) >= 600


@pytest.mark.parametrize("short_form", AMBIGUOUS.split())
def test_ambiguous_short_forms_have_senses(valve: Lexicon, short_form: str) -> None:
    assert len(valve.senses[short_form]) > 1


@pytest.mark.parametrize("setting", ["general", "literature", "patient"])
def test_infarct_is_the_usual_sense_of_mi(valve: Lexicon, setting: str) -> None:
    priors = {entry.concept_id: entry.priors[setting] for entry in valve.senses["MI"]}
    assert max(priors, key=priors.__getitem__) == "myocardial_infarction"
    assert priors["myocardial_infarction"] > 10 * priors["mitral_regurgitation"]


@pytest.mark.parametrize(
    ("form", "concept_id"),
    [
        ("NSTEMI", "myocardial_infarction"),
        ("AWMI", "myocardial_infarction"),
        ("infarct of the anterior wall", "myocardial_infarction"),
        ("heart attack", "myocardial_infarction"),
        ("posterior circulation infarct", "cerebral_infarction"),
        ("endocarditis", "infective_endocarditis"),
        ("Libman-Sacks endocarditis", "libman_sacks_endocarditis"),
        ("FMR", "mitral_regurgitation"),
        ("leaky mitral valve", "mitral_regurgitation"),
        ("leaky valve", "heart_valve_regurgitation"),
        ("pulmonic stenosis", "pulmonary_stenosis"),
        ("pulmonary artery stenosis", "pulmonary_artery_stenosis"),
        ("aortic sclerosis", "aortic_sclerosis"),
        ("TAVI", "aortic_valve_replacement"),
        ("MitraClip", "mitral_valve_repair"),
        ("bioprosthetic mitral valve", "mitral_valve_replacement"),
        ("flail leaflet", "flail_mitral_leaflet"),
    ],
)
def test_form_is_reported_as(valve: Lexicon, form: str, concept_id: str) -> None:
    assert reported(valve, form) == {concept_id}


def test_short_words_are_bound_to_capitals(valve: Lexicon) -> None:
    two_letters = [term for term in valve.terms if len(term.text) == 2]
    assert {term.case for term in two_letters} == {"upper"}


@pytest.mark.parametrize(
    "word", ["myocardial", "mitral", "aortic", "infarct", "infarction", "valve", "annuloplasty", "bioprosthesis", "leak"]
)
def test_words_that_are_no_concept_alone(valve: Lexicon, word: str) -> None:
    assert not reported(valve, word)


def test_icd10cm_codes_exist(valve: Lexicon) -> None:
    icd = pytest.importorskip("simple_icd_10_cm")
    codes = {concept.codes["ICD10CM"] for concept in valve.concepts.values() if "ICD10CM" in concept.codes}
    assert [code for code in sorted(codes) if not icd.is_valid_item(code)] == []


def test_codes_that_are_easily_swapped(valve: Lexicon) -> None:
    """Mix-ups seen in public code: MR and MS, STEMI and NSTEMI; congenital and rheumatic codes for the plain lesion."""
    snomed = {concept_id: concept.codes.get("SNOMEDCT") for concept_id, concept in valve.concepts.items()}
    assert (snomed["mitral_regurgitation"], snomed["mitral_stenosis"]) == ("48724000", "79619009")
    assert (snomed["st_elevation_myocardial_infarction"], snomed["non_st_elevation_myocardial_infarction"]) == ("401303003", "401314000")
    assert valve.concepts["mitral_regurgitation"].codes["ICD10CM"] == "I34.0"
    assert valve.concepts["aortic_regurgitation"].codes["ICD10CM"] == "I35.1"
