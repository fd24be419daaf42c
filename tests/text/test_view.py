"""A View's words and texts, held to what spaCy says of the same tokens."""

from __future__ import annotations

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.language import Language

from mrterms.text import numbered
from mrterms.text.view import View

PIECES = st.sampled_from(["MR", "isn't", "dont", "Régurgitation", "2+", "İ", ".", " ", "  ", "\n", "\t", "(", "AS)", "’s"])


@pytest.fixture(scope="module")
def nlp() -> Language:
    return spacy.blank("en", config={"nlp": {"tokenizer": {"@tokenizers": "mrterms.Tokenizer.v1"}}})


@given(st.lists(PIECES, min_size=1, max_size=12))
def test_words_and_texts_are_those_of_the_doc(nlp: Language, pieces: list[str]) -> None:
    doc = nlp.make_doc("".join(pieces))
    view = View(doc)
    assert view.text == doc.text
    assert [view.word(token.i) for token in doc] == [token.text for token in doc]
    assert [view.text_of(0, end) for end in range(1, len(doc) + 1)] == [doc[:end].text for end in range(1, len(doc) + 1)]
    sentence = view.sentence(0)
    assert sentence.words == [token.text for token in doc if not token.is_space]
    assert sentence.starts == [token.idx for token in doc if not token.is_space]


def test_more_words_than_are_kept_at_once(nlp: Language, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numbered, "_MOST_WORDS", 2)
    docs = [nlp.make_doc(text) for text in ("Severe MR and mild AS.", "Mild AR and severe MR.", "No TR but trace AR.")]
    views = [View(doc) for doc in docs]
    lengths = numbered.PerWord(len)
    for view in views:
        assert view.words.table is not views[0].words.table or view is views[0]
    for view, doc in [*zip(views, docs, strict=True)] * 2:  # each still means its own words
        assert view.sentence(0).lower == [token.lower_ for token in doc]
        assert lengths.of(view.words).tolist() == [len(token) for token in doc]


def test_a_table_grows_with_its_words(nlp: Language, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numbered, "_FIRST", 4)
    monkeypatch.setattr(numbered, "_SLOTS", 8)
    monkeypatch.setattr(numbered, "_table", numbered._Table())
    lengths = numbered.PerWord(len)
    for text in ("No MR.", "Trace MR but mild AS, and no vegetation on any of the valves.", "No MR."):
        doc = nlp.make_doc(text)
        assert numbered.words_of(doc).written() == [token.text for token in doc]
        assert lengths.of(numbered.words_of(doc)).tolist() == [len(token) for token in doc]
