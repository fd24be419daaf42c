"""Other organs, other lesions, normal function: linked to no scored concept."""

from __future__ import annotations

import csv
from pathlib import Path

from spacy.language import Language

import mrterms
from mrterms.evaluation.markup import SCORED_CONCEPTS

MOST_LINKED = 1
TABLE = Path(__file__).parents[2] / "corpora" / "challenges" / "lookalikes.tsv"


def rows() -> list[dict[str, str]]:
    """The look-alikes with line breaks and tabs undone."""
    with open(TABLE, encoding="utf-8", newline="") as lines:
        found = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [row | {"text": row["text"].replace("\\n", "\n").replace("\\t", "\t")} for row in found]


def test_hardly_any_is_linked(nlp: Language) -> None:
    table = rows()
    assert len(table) >= 300
    linked = [
        (row["text"], one["concept_id"])
        for row in table
        for one in mrterms.annotate(row["text"], nlp=nlp).annotations
        if one["concept_id"] in SCORED_CONCEPTS
    ]
    assert len(linked) <= MOST_LINKED, linked


def test_upper_case_makes_no_link(nlp: Language) -> None:
    """In capitals every word may look like a short form."""
    table = rows()
    texts = [row["text"].upper() for row in table]
    linked = [
        (text, one["text"], one["concept_id"])
        for text in texts
        for one in mrterms.annotate(text, nlp=nlp).annotations
        if one["concept_id"] in SCORED_CONCEPTS and one["match"]["kind"] != "abbreviation"
    ]
    assert len(linked) <= len(table) // 100, linked
