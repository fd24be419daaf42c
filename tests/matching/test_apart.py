"""Valve and lesion that stand apart: which valve lends itself to which lesion, and which does not (``apart.tsv``).

The same test holds for short forms written small (``low_forms.tsv``), infarcts whose organ is not named (``infarcts.tsv``),
lay names and what leaflets explain (``told.tsv``), prostheses under a label (``labels.tsv``) and odd typing (``odd_typing.tsv``).
"""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from spacy.language import Language

import mrterms
from mrterms.evaluation.markup import SCORED_CONCEPTS, parse_markup

TABLES = ("apart.tsv", "low_forms.tsv", "infarcts.tsv", "told.tsv", "labels.tsv", "odd_typing.tsv")


def cases(name: str) -> list[str]:
    with open(Path(__file__).with_name(name), encoding="utf-8", newline="") as lines:
        return [row["text"].replace("\\n", "\n") for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)]


@pytest.mark.parametrize("marked", [case for name in TABLES for case in cases(name)])
def test_the_marked_concepts_and_no_others(nlp: Language, marked: str) -> None:
    text, gold = parse_markup(marked)
    found = [one for one in mrterms.annotate(text, nlp=nlp).annotations if one["concept_id"] in SCORED_CONCEPTS]
    assert {(one["text"], one["concept_id"]) for one in found} == {(one["text"], one["concept_id"]) for one in gold}


def test_an_inferred_valve_is_said_to_be_inferred(nlp: Language) -> None:
    (inferred,) = mrterms.annotate("My leaky valve was found by chance.", nlp=nlp).annotations
    (named,) = mrterms.annotate("My leaky mitral valve was found by chance.", nlp=nlp).annotations
    assert [(one["kind"], one["value"]) for one in inferred["attributes"]] == [("site", "inferred")]
    assert named["attributes"] == []
    assert inferred["match"]["score"] < named["match"]["score"]
