"""Where sentences begin. Cases are written for this test; ``|`` marks a boundary that is expected."""

from __future__ import annotations

import pickle
from collections.abc import Iterator

import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.language import Language
from spacy.tokens import Doc

import mrterms.components.sections  # noqa: F401  (registers the factory)
from mrterms.text.tokenizer import make_tokenizer


def _pipeline() -> Language:
    nlp = spacy.blank("en")
    nlp.tokenizer = make_tokenizer(nlp)
    nlp.add_pipe("mrterms_sections")
    return nlp


NLP = _pipeline()

CASES = {
    "plain": "Echo shows severe MR.| She feels well.",
    "lower case, number after a stop": "Mild MR.| no AS.| 2+ TR.| EF was 55.| 40 mg daily.",
    "short form before the stop": "Old inferior MI.| CABG in 2004.| No AI.| MR is mild.",
    "abbreviations": "Seen by Dr. Okafor vs. Dr. Lund for approx. 3 weeks, e.g. at home.| See Fig. 2 and No. 4 of Brandt et al. in print.",
    "abbreviations that may end": "Seen at 5 p.m. today.| Left at 6 p.m.| She slept.| Given 5 mg. b.i.d. at home, etc.| He agreed.",
    "initials": "Referred by J. Smith and Mary K. Jones.| Has hepatitis C.| The valve leaks.| Takes vitamin D.| Calcium is normal.",
    "no is an answer": "Any chest pain? no.| Any syncope? yes.| No. 2 vessel is patent.",
    "decimals": "AVA 0.9 cm2, peak 4.5 m/s, EF .55 by eye.| Next visit soon.",
    "ellipsis": "Pain ... then none.| Felt dizzy...| He sat down.",
    "wrapped prose": (
        "This pleasant 71 year old woman was sent to us because of a\nloud murmur at the apex, which had been heard first by her own\n"
        "doctor last winter.| She has known mitral\nregurgitation since then and was told that Dr.\nOrtega would review the scan."
    ),
    "narrow column": (
        "On review of the\nfilm we saw that the\nposterior leaflet of\nthe valve prolapsed\nand that the jet was\nlarge."
        "| No clot in\nthe appendage."
    ),
    "capitals, wrapped": (
        "THIS 66 YEAR OLD GENTLEMAN WAS BROUGHT IN BY HIS WIFE WITH\nBREATHLESSNESS AT NIGHT AND WAS FOUND TO HAVE A LEAK OF THE\n"
        "MITRAL VALVE.| TRACE MR.| NO AS."
    ),
    "capitals, lines": "DILATED LEFT ATRIUM\n|MODERATE MITRAL REGURGITATION\n|NO AORTIC STENOSIS",
    "a title before a name": "MR. HALL WAS SEEN AGAIN.| HE HAS MILD MR.| NORMAL RV.",
    "blank lines": "Severe MR\n\n|No AS\n \n|Plan to follow",
    "bullets": "Findings today\n|- severe MR\n|- no AS\n|* trace TR\n|• normal RV",
    "numbers": "IMPRESSION:\n|1. Moderate MR\n|2. Old MI\n|3) Normal RV\n|a. repeat echo\n|b) see in clinic",
    "numbers on one line": "IMPRESSION:     |1. MILD MR.  |2. NO AS.  |3. TRACE TR.",
    "numbers that go on": "Assessment: |1) severe MR |2) old MI with grade 2) murmur |3) AF",
    "a stop before a blank line": "Murmur grade 2.\n\n|Acute MR.\n\n|Seen at 5 p.m.\n\n|Type A\n\n|CHF VS. MI.",
    "an abbreviation begins the wrapped line": (
        "She was seen here last week after an evening of chest pressure and\nfaintness, which was then put down to a second, smaller\n"
        "MI in the same wall as the first, and she was kept overnight for\nrest.| No MR."
    ),
    "a number is no marker": "The murmur is grade 2.| There were 2 of 3.| Stage (2) disease.",
    "hanging indent": (
        "1.  Severe leak of the valve with good left\n    ventricular function.\n|2.  Status post inferior\n    MI.\n|3.  Gout."
    ),
    "labels": "LVEF: 55%\n|Mitral valve: thickened, mild MR\n|Aortic valve - trileaflet, no AS\n|TV normal\n|LA size 4.2 cm",
    "label with the wrap of its value": (
        "Mitral valve: both leaflets are thickened and the jet is directed\ntoward the lateral wall, reaching the pulmonary veins\n"
        "|Aortic valve: normal"
    ),
    "short lines without a stop": "ef 60\n|mild mr\n|no ai\n|trace tr",
    "columns": "Mitral valve:   mild MR        |Aortic valve:   normal",
    "table": "valve\tgrade\n|mitral\t2+\n|aortic\tnone",
    "semicolons": "MV: mild MR; AV: no AS; TV: trace TR.| Normal RV.",
    "marks of de-identification": "Admitted [**2101-3-4**] to [**Hospital 12**].| Seen by [**Last Name (un) **] today.",
    "doubt": "Chest pain ?MI.| Raised troponin ? MI.| R/O MI?| Possible (MI?) and AF.",
    "dialogue": "how is your breathing ?| i am fine .| any swelling ?| no , none",
    "titles inside a line": "PMH: HTN, MI.| FH: father with MI.| SH: smoker",
    "quotation": 'She said "I feel well." |Echo was normal (see below.) |No MR.',
    "exclamation": "I have a leaky valve!!| Is that bad?| Thanks",
    "windows line ends": "Severe MR\r\n|No AS\r\n\r\n|TTE next year",
}


def _pieces(doc: Doc) -> list[str]:
    return ["".join(sentence.text_with_ws.split()) for sentence in doc.sents]


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_boundaries(case: str) -> None:
    assert _pieces(NLP(case.replace("|", ""))) == ["".join(piece.split()) for piece in case.split("|")]


def test_every_token_is_marked() -> None:
    doc = NLP("Mild MR. No AS.\n\nPlan: echo")
    assert [token.text for token in doc if token.is_sent_start] == ["Mild", "No", "Plan"]
    assert all(token.is_sent_start is False for token in doc if token.text in ("MR", ".", "AS"))


@pytest.mark.parametrize("text", ["", " ", "\n", "\n\n\n", ".", "?", "1.", "- ", "\t\t", "MR", ":", "#", "1. 2. 3."])
def test_hardly_any_text(text: str) -> None:
    assert "".join(sentence.text_with_ws for sentence in NLP(text).sents) == text


FRAGMENTS = st.sampled_from(
    [
        "MR",
        "mild",
        "No",
        "no",
        "1",
        ")",
        ".",
        ". ",
        "\n",
        "\n\n",
        "  ",
        ":",
        ": ",
        "FH",
        "Plan",
        "-",
        "*",
        "#",
        "(",
        "?",
        "Dr.",
        "J.",
        "\t",
        ",",
        "é",
        "\u2028",
    ]
)


def _texts() -> Iterator[st.SearchStrategy[str]]:
    yield st.text(max_size=60)
    yield st.lists(FRAGMENTS, max_size=25).map("".join)
    yield st.lists(FRAGMENTS, max_size=25).map(" ".join)


@settings(max_examples=150, deadline=None)
@given(st.one_of(*_texts()))
def test_any_text(text: str) -> None:
    doc = NLP(text)
    assert "".join(sentence.text_with_ws for sentence in doc.sents) == text
    spans = doc.spans["mrterms_sections"]
    assert all(first.end <= second.start for first, second in zip(spans, list(spans)[1:], strict=False))


def test_survives_disk_pickle_and_processes(tmp_path: object) -> None:
    text = "PMH: MI. FH: none\nMild MR"
    expected = _pieces(NLP(text))
    again = pickle.loads(pickle.dumps(NLP.get_pipe("mrterms_sections")))
    assert _pieces(again(NLP.make_doc(text))) == expected
    NLP.to_disk(str(tmp_path))
    assert _pieces(spacy.load(str(tmp_path))(text)) == expected
