"""One short string: its codes are read as those of a cell."""

from __future__ import annotations

import pandas as pd
import pytest
from spacy.language import Language

import mrterms

CELLS = (
    """
I34.0|I340|MR (I34.0)|I34.0 severe mitral regurg|MI I34.0|MI I21.9|424.0 MR|I25.2|I34|I05.1|48724000|HP:0001653|NSTEMI I21.4
mitral valve disease I34.0|ICD-9 424.1|AS I34.0|I21.9 - mitral regurg|I35.0 - mitral stenosis|MI I35.0|C50.9|Ｉ３４．０|MR 2+|room 424
""".strip()
    .replace("\n", "|")
    .split("|")
)


@pytest.mark.parametrize("cell", CELLS)
def test_a_string_means_what_it_means_as_a_cell(nlp: Language, cell: str) -> None:
    column = mrterms.normalize_column(pd.Series([cell]), nlp=nlp).iloc[0]
    found = mrterms.normalize(cell, nlp=nlp)
    best = found[0] if found else {}
    assert best.get("sense_status") == column["mrterms_sense_status"]
    if column["mrterms_sense_status"] != "ambiguous":
        assert (best.get("concept_id"), best.get("assertion"), best.get("severity")) == (
            column["mrterms_concept_id"],
            column["mrterms_assertion"],
            column["mrterms_severity"],
        )


def test_a_code_alone(nlp: Language) -> None:
    (found,) = mrterms.normalize("I34.0", nlp=nlp)
    assert (found["concept_id"], found["score"], found["codes"]["ICD10CM"]) == ("mitral_regurgitation", 1.0, "I34.0")
    assert found["match"] == {"kind": "code", "term": "I34.0", "score": 1.0, "reason": "a code of ICD10CM"}
    assert mrterms.normalize("I34.0") == [found]


def test_code_and_text_contradict_each_other(nlp: Language) -> None:
    found = mrterms.normalize("I21.9 - mitral regurg", nlp=nlp)
    assert {one["concept_id"] for one in found} == {"myocardial_infarction", "mitral_regurgitation"}
    assert all(one["sense_status"] == "ambiguous" and one["score"] <= 0.5 for one in found)
