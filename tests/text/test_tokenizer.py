"""How clinical writing is cut into tokens: a table of cases, and what holds for any text."""

from __future__ import annotations

import pickle
import re
from pathlib import Path

import pytest
import spacy
from hypothesis import example, given
from hypothesis import strategies as st
from spacy.tokenizer import Tokenizer

from mrterms.text.plain import read
from mrterms.text.tokenizer import NoteTokenizer, make_tokenizer

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


@pytest.fixture(scope="module")
def plain(tokenizer: Tokenizer) -> Tokenizer:
    """The same rules as bare patterns, asked of every word: slow, and right by definition."""
    whole = tokenizer.token_match
    suffix = re.compile(tokenizer.suffix_search.__self__.pattern)
    return Tokenizer(
        tokenizer.vocab,
        token_match=whole,
        prefix_search=re.compile(tokenizer.prefix_search.__self__.pattern).search,
        suffix_search=lambda text: None if whole(text) else suffix.search(text),
        infix_finditer=re.compile(tokenizer.infix_finditer.__self__.pattern).finditer,
    )


_PIECES = ["MR", "cannot", "CAN", "not", "didn't", "10am", "p.m.", "e.g.", "(", ")", ".", "..", "." * 9, "2+", "mg", "cm2", "²", "’s", "°C"]


@given(
    st.one_of(
        st.text(max_size=40), st.lists(st.sampled_from([*_PIECES, "-", "/", "[**", " ", "ß", "5", "$", "“"]), max_size=12).map("".join)
    )
)
def test_rules_passed_over_would_not_have_met(tokenizer: Tokenizer, plain: Tokenizer, text: str) -> None:
    text = read(text)
    assert [token.text for token in tokenizer(text)] == [token.text for token in plain(text)]


@given(st.lists(st.sampled_from([*_PIECES, "mild", ",", ";", " "]), max_size=8).map("".join))
@example("regurgitation, (mild)")
def test_what_explain_tells_are_the_tokens(tokenizer: Tokenizer, text: str) -> None:
    explained = [word for _, word in tokenizer.explain(text)]
    assert explained == [token.text for token in tokenizer(text) if not token.is_space]


def test_whole_forms_stand_in_their_pattern(tokenizer: Tokenizer) -> None:
    whole = tokenizer.token_match
    pattern = re.compile(whole.__self__.pattern)
    for form in ("s/p", "S/P", "e.g.", "Dr.", "dr.", "o'clock", "MR", "s/p.", "and/or", ""):
        assert bool(whole(form)) == bool(pattern.match(form)), form


def test_comes_back_as_it_was(tokenizer: Tokenizer) -> None:
    text = "Pt (e.g. h/o MI, S/P MVR) cannot see Dr. X at 10am."
    read = make_tokenizer(spacy.blank("en")).from_bytes(tokenizer.to_bytes())
    for again in (pickle.loads(pickle.dumps(tokenizer)), read):
        assert isinstance(again, NoteTokenizer)
        assert [token.text for token in again(text)] == [token.text for token in tokenizer(text)]
        assert type(again.suffix_search.__self__) is type(tokenizer.suffix_search.__self__)


def test_a_users_rule_holds(tokenizer: Tokenizer) -> None:
    own = make_tokenizer(spacy.blank("en"))
    own.add_special_case("MR/TR", [{"ORTH": "MR/TR"}])
    assert [token.text for token in own("MR/TR, MR/AI")] == ["MR/TR", ",", "MR", "/", "AI"]
