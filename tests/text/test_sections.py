"""Which titles open a section, and what is no title."""

from __future__ import annotations

from pathlib import Path

import pytest
import spacy

import mrterms.components.sections  # noqa: F401  (registers the factory)
from mrterms.errors import LexiconError
from mrterms.lexicon.resources import lexicon_folder
from mrterms.text.sections import read_titles
from mrterms.text.tokenizer import make_tokenizer

NLP = spacy.blank("en")
NLP.tokenizer = make_tokenizer(NLP)
NLP.add_pipe("mrterms_sections")

TITLES = [
    ("PMH: HTN, MI. FH: father with MI. SH: smoker", ["past_medical_history", "family_history", "social_history"]),
    ("PMH: HTN, old MI FH: father with MI", ["past_medical_history", "family_history"]),
    ("pmh: htn, mi. fh: father mi", ["past_medical_history", "family_history"]),
    ("IMPRESSION:     1. MILD MR.  2. NO AS.", ["impression"]),
    ("IMPRESSION - mild MR", ["impression"]),
    ("Findings\nMild MR\n\nImpression\nStable", ["findings", "impression"]),
    ("## Assessment\n**Plan:** echo\n\n### Family History\nMother MI", ["assessment", "plan", "family_history"]),
    ("DISCHARGE DIAGNOSIS(ES):  Severe MR", ["discharge_diagnosis"]),
    ("ECHO (3/4/2019): mild MR. TTE 5/6: no AS.", ["echo", "echo"]),
    ("Assessment / Plan: MR. A&P: MR. A/P: MR", ["assessment_and_plan"] * 3),
    ("PAST MEDICAL\nHISTORY: MI", ["past_medical_history"]),
    ("HIS SOCIAL HISTORY: none", ["social_history"]),
    ("FAMILY HISTORY Father had an MI at 50.", ["family_history"]),
    ("Allergies\tpenicillin\nMedications\taspirin", ["allergies", "medications"]),
    (
        "Background Endocarditis is rare. We met it once.\n\nCase presentation A 25-year-old man fell ill.",
        ["abstract", "case_presentation"],
    ),
    ("Abbreviations CT: Computed tomography; ECG: Electrocardiogram; MR: Mitral regurgitation.", ["abbreviations"]),
    ("Risks and benefits: bleeding, MI, death", ["risks"]),
    ("Address: 4 Elm St, Troy, MI 48083", ["address"]),
]

PROSE = [
    "Family history of MI is negative.",
    "The past medical history was significant for MI and gout.",
    "Past medical history significant for HTN.",
    "We reviewed the\nMedications\nwhich he takes.",
    "Plan to repeat the echo. History and physical were done.",
    "Her impression was that the plan had failed; the findings agree.",
    "Mitral valve: mild MR\nAortic valve: normal",
    "REPEAT EXAM: in 5 years",
    "the changes noted on ECG: ST elevation",
]


def _sections(text: str) -> list[tuple[str, str]]:
    doc = NLP(text)
    return [(span.label_, span.text.strip()) for span in doc.spans["mrterms_sections"]]


def _names(text: str) -> list[str]:
    return [name for name, _ in _sections(text)]


@pytest.mark.parametrize(("text", "names"), TITLES)
def test_titles(text: str, names: list[str]) -> None:
    assert _names(text) == names


@pytest.mark.parametrize("text", PROSE)
def test_prose_has_no_titles(text: str) -> None:
    assert _names(text) == []


def test_a_section_reaches_to_the_next_title() -> None:
    assert [text for _, text in _sections("Seen today.\nPMH: MI.\nGout.\n\nFH: none")] == ["PMH: MI.\nGout.", "FH: none"]


def test_an_unknown_heading_ends_a_section() -> None:
    assert _sections("FAMILY HISTORY: Father MI.\n\nTRANSPORT NEEDS:\nNone for MR.") == [("family_history", "FAMILY HISTORY: Father MI.")]


def test_lines_about_the_report_do_not_end_a_section() -> None:
    text = "ECHO REPORT\nMRN\t0041\nReferring physician: Dr. Li\nMild MR.\n\nIMPRESSION: MR"
    assert [name for name, _ in _sections(text)] == ["echo", "demographics", "demographics", "echo", "impression"]
    assert _sections(text)[3] == ("echo", "Mild MR.")


def test_a_part_that_begins_on_its_title_line_ends_with_its_paragraph() -> None:
    assert _sections("FH: father with MI.\nMother well.\n\nHe has MR.") == [("family_history", "FH: father with MI.\nMother well.")]
    assert _sections("FH:\n\nFather with MI.\n\nMother well.") == [("family_history", "FH:\n\nFather with MI.\n\nMother well.")]


def test_a_line_about_the_report_does_not_stretch_a_part_that_ends_with_its_paragraph() -> None:
    text = "Indication: syncope\nQuality: fair\n\nMitral valve: annular calcification.\nLeft atrium: large."
    reached = [part for name, part in _sections(text) if name == "indication"]
    assert reached
    assert not any("calcification" in part for part in reached)


def test_valve_headings_do_not_end_a_section() -> None:
    text = "ECHO:\nMitral valve: mild MR\nTricuspid valve: normal"
    assert _sections(text) == [("echo", text)]


def test_the_table() -> None:
    titles = read_titles(lexicon_folder("clinical") / "sections.tsv")
    valves = {title.section for title in titles if title.kind == "valve"}
    assert valves == {"mitral_valve", "aortic_valve", "tricuspid_valve", "pulmonary_valve"}
    assert len([title for title in titles if title.kind != "valve"]) >= 150


@pytest.mark.parametrize(
    "row", ["PMH\tpast\tchapter", "PMH\t\tsection", "FH\tfamily_history\tsection\nF h\tother\tsection\nfh\tother\tsection"]
)
def test_a_malformed_table_is_named_with_its_line(tmp_path: Path, row: str) -> None:
    path = tmp_path / "sections.tsv"
    path.write_text(f"title\tsection\tkind\n{row}\n", encoding="utf-8")
    with pytest.raises(LexiconError, match=r"sections\.tsv:[24]: "):
        read_titles(path)
