"""Candidates for a misspelt word, held to a distance measured to every word; surfaces of a normal word."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from mrterms.matching.neighbours import Endings, Neighbours
from mrterms.text.normal_form import normal_word, surfaces

WORDS = st.text(alphabet="abcde", min_size=1, max_size=9)


@given(st.lists(WORDS, max_size=30), WORDS, st.integers(1, 2))
def test_no_word_within_the_budget_is_dropped(words: list[str], asked: str, budget: int) -> None:
    near = {word for word in words if word[0] == asked[0] and OSA.distance(word, asked) <= budget}
    assert near <= set(Neighbours.of(words).like(asked, budget))


def test_most_other_words_are_dropped() -> None:
    words = ["stenosis", "sclerosis", "syncope", "stenotic", "splenomegaly", "seizure"]
    assert Neighbours.of(words).like("stenosos", 2) == ["stenosis"]


@given(st.lists(WORDS, max_size=30))
def test_no_ending_of_a_word_is_dropped(words: list[str]) -> None:
    endings = Endings(words)
    assert all(endings.may_hold(word[1:]) for word in words)


def test_most_texts_are_told_to_be_no_ending() -> None:
    endings = Endings(["stenosis", "sclerosis", "syncope", "seizure"])
    assert not all(endings.may_hold(text) for text in ("stenosis", "clerotic", "yncop", "eizures", "mitral"))


def test_words_of_other_letters_have_no_neighbours() -> None:
    assert Neighbours.of(["été", "stenosis", "ab1"]).like("ét", 1) == []


@given(st.text(alphabet="aeiosymnhdtp", min_size=1, max_size=10))
def test_every_regular_surface_of_a_word_is_known(surface: str) -> None:
    assert surface in surfaces(normal_word(surface, {}))
