"""A View's words and texts, held to what spaCy says of the same tokens."""

from __future__ import annotations

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.language import Language

from mrterms.text import view as views
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
    monkeypatch.setattr(views, "_MOST_WORDS", 2)
    for text in ("Severe MR and mild AS.", "Mild AR and severe MR."):
        doc = nlp.make_doc(text)
        assert View(doc).sentence(0).lower == [token.lower_ for token in doc]
