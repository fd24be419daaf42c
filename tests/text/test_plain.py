"""Texts with characters that nobody sees or that stand for plain ones: they mean what they read as, at their own offsets."""

from __future__ import annotations

import json
import re
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokenizer import Tokenizer
from spacy.tokens import DocBin

import mrterms
from mrterms.text.plain import is_read_otherwise, places_as_written, read, twin_of
from mrterms.text.tokenizer import make_tokenizer

TABLE = Path(__file__).with_name("plain_cases.tsv")
NOTES = Path(__file__).parents[2] / "corpora" / "demo"
UNSEEN = "\u200b\u00ad\u200c\u2060\ufeff\u200e"
FULL_WIDTH = {place: place + 0xFEE0 for place in range(0x21, 0x7F)}


def cases() -> list[list[str]]:
    """Text, tokens and how it reads, of each line."""
    text = re.sub(r"\\u(....)", lambda code: chr(int(code[1], 16)), TABLE.read_text(encoding="utf-8"))
    return [[cell.replace("\\n", "\n") for cell in line.split("\t")] for line in text.split("\n")[1:] if line]


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return make_tokenizer(spacy.blank("en"))


@pytest.mark.parametrize(("text", "tokens", "reads"), cases())
def test_cut_as_it_reads(tokenizer: Tokenizer, text: str, tokens: str, reads: str) -> None:
    assert [token.text for token in tokenizer(text)] == tokens.split("|")
    assert read(text) == reads


SIGNS = st.sampled_from([*UNSEEN, "ﬃ", "Ⅲ", "Ｍ", "＋", "、", "𝐌", " ", "\n", "MR", "2+", "don't", "mm", "5", ".", "é"])


@given(st.lists(SIGNS, max_size=12).map("".join))
def test_nothing_is_lost(tokenizer: Tokenizer, text: str) -> None:
    doc = tokenizer(text)
    assert doc.text == text
    twin = twin_of(doc)
    if twin is not None:
        assert len(twin) == len(doc)
        assert len(places_as_written(doc)) == len(twin.text)


def test_ordinary_text_has_no_twin(tokenizer: Tokenizer) -> None:
    for text in ("MR 2+", "Régurgitation 0.4 cm², 5 µg – “mild”", "MR\u00a02+"):
        assert not is_read_otherwise(text)
        assert twin_of(tokenizer(text)) is None


def told(value: Any) -> Any:
    """What is said of a mention, without words and their places."""
    if isinstance(value, dict):
        return {key: told(inner) for key, inner in value.items() if key not in ("start", "end", "text", "evidence", "match")}
    return [told(inner) for inner in value] if isinstance(value, list) else value


def quotations(value: Any) -> list[tuple[int, int, str]]:
    """Every place of an annotation with its words."""
    found = []
    if isinstance(value, dict):
        if "text" in value and value.get("start") is not None:
            found.append((value["start"], value["end"], value["text"]))
        value = list(value.values())
    if isinstance(value, list):
        found += [one for inner in value for one in quotations(inner)]
    return found


def sprinkled(text: str) -> str:
    """The text with something unseen in every longer word."""
    signs = cycle(UNSEEN)
    return re.sub(r"(?<=[A-Za-z])(?=[A-Za-z]\b)", lambda _: next(signs), text)


def widened(text: str) -> str:
    return text.translate(FULL_WIDTH)


@pytest.mark.parametrize("change", [sprinkled, widened])
def test_a_note_means_what_it_reads_as(change: Any) -> None:
    for path in sorted(NOTES.glob("*.txt")):
        text = path.read_text(encoding="utf-8")
        written = change(text)
        assert read(written) == text
        plain, found = mrterms.annotate(text).annotations, mrterms.annotate(written).annotations
        assert plain
        assert told(list(found)) == told(list(plain))
        assert all(written[start:end] == words for start, end, words in quotations(list(found)))
        assert [read(one["text"]) for one in found] == [one["text"] for one in plain]
        assert list(next(mrterms.annotate_many([written], scan=True)).annotations) == list(found)


def test_the_docs_spans_are_the_texts_own() -> None:
    text = "No \u200bM\u00adR. Ｓｅｖｅｒｅ　ＡＳ"
    doc = mrterms.load()(text)
    assert doc.text == text
    assert [(span.text, span.kb_id_, span._.mrterms["assertion"]["status"]) for span in doc.spans["mrterms"]] == [
        ("M\u00adR", "mitral_regurgitation", "absent"),
        ("ＡＳ", "aortic_stenosis", "present"),
    ]
    assert doc.spans["mrterms"][1]._.mrterms["severity"]["text"] == "Ｓｅｖｅｒｅ"
    assert json.dumps([span._.mrterms for span in doc.spans["mrterms"]])
    assert [one.text for one in DocBin(docs=[doc], store_user_data=True).get_docs(doc.vocab)] == [text]


def test_cells_mean_what_they_read_as() -> None:
    assert mrterms.normalize("ＭＲ ２＋") == mrterms.normalize("MR 2+")
