"""How clinical writing is cut into tokens: a table of cases, and what holds for any text."""

from __future__ import annotations

from pathlib import Path

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokenizer import Tokenizer

from mrterms.text.tokenizer import make_tokenizer

TABLE = Path(__file__).with_name("tokenizer_cases.tsv")


def cases() -> list[tuple[str, list[str]]]:
    """Text and tokens of each line; ``\\n`` and ``\\t`` stand for a line break and a tab."""
    pairs = [line.split("\t") for line in TABLE.read_text(encoding="utf-8").splitlines()[1:]]
    undone = [[cell.replace("\\n", "\n").replace("\\t", "\t") for cell in pair] for pair in pairs]
    return [(text, tokens.split("|")) for text, tokens in undone]


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    """The tokenizer alone, without the pipeline."""
    return make_tokenizer(spacy.blank("en"))


@pytest.mark.parametrize(("text", "tokens"), cases())
def test_tokens(tokenizer: Tokenizer, text: str, tokens: list[str]) -> None:
    assert [token.text for token in tokenizer(text)] == tokens


@given(st.text(max_size=60))
def test_no_character_is_lost(tokenizer: Tokenizer, text: str) -> None:
    assert tokenizer(text).text == text


@given(st.lists(st.sampled_from(["MR", "2+", "/", "-", "(", ")", " ", "s/p", "**]", "[**", "0.9", "cm2", "'s", "\n", ":"]), max_size=12))
def test_known_pieces_keep_their_offsets(tokenizer: Tokenizer, pieces: list[str]) -> None:
    text = "".join(pieces)
    assert all(text[token.idx : token.idx + len(token)] == token.text for token in tokenizer(text))
