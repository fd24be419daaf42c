"""The score on ``corpora/challenges/assertion.tsv``, with its mentions given, does not fall."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import spacy

from mrterms.assertion import Asserter, Target, lead_in
from mrterms.components.assertion import target_kind
from mrterms.evaluation.markup import parse_markup
from mrterms.lexicon import load_lexicon
from mrterms.records import Assertion
from mrterms.text.view import View

TABLE = Path(__file__).parents[2] / "corpora" / "challenges" / "assertion.tsv"
LEAST = {0: 0.98, 1: 0.98}
"""Rows with even and with odd numbers. Cues were written with the errors of all rows in view, so neither half is a clean
measure: this guards a level (issue 5 asks 0.97), it does not estimate one. First readings are in corpora/challenges/README.md."""


def is_right(mention: dict[str, Any], assertion: Assertion) -> bool:
    said = "family_absent" if assertion.status == "absent" and assertion.experiencer == "family" else assertion.status
    wanted = {mention["status"], mention.get("status_alt")}
    return said in wanted or (said == "not_assessed" and "uncertain" in wanted)


@pytest.fixture(scope="module")
def shares() -> dict[int, float]:
    lexicon, asserter = load_lexicon("valve"), Asserter()
    nlp = spacy.blank("en", config={"nlp": {"tokenizer": {"@tokenizers": "mrterms.Tokenizer.v1"}}})
    nlp.add_pipe("mrterms_sections")
    right, total = Counter[int](), Counter[int]()
    with TABLE.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            text, mentions = parse_markup(row["text"].replace("\\n", "\n").replace("\\t", "\t"))
            view = View(doc := nlp(text))
            half = int(row["id"].rsplit("-", 1)[1]) % 2
            for mention in mentions:
                span = doc.char_span(mention["start"], mention["end"], alignment_mode="expand")
                assert span is not None
                number = view.sentence_number(span.start)
                sentence = view.sentence(number)
                first, last = sentence.locate(span.start, span.end)
                target = Target(first, last, target_kind(lexicon, mention["concept_id"]))
                asked = sentence.lower[-1:] == ["?"] and number + 1 < len(view.sentence_starts)
                following = view.sentence(number + 1) if asked else None
                (got,) = asserter.assess(sentence, [target], previous=lead_in(view, number), following=following)
                total[half] += 1
                right[half] += is_right(mention, got)
    return {half: right[half] / total[half] for half in total}


@pytest.mark.parametrize("half", LEAST)
def test_the_share_of_right_statuses_keeps_its_level(shares: dict[int, float], half: int) -> None:
    assert shares[half] >= LEAST[half]
