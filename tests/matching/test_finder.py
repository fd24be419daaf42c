"""The trie walk against spaCy's PhraseMatcher over a Doc of normal words, and offsets on odd text."""

from __future__ import annotations

from itertools import pairwise

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.language import Language
from spacy.matcher import PhraseMatcher
from spacy.tokens import Doc

import mrterms
from mrterms.matching.finder import Finder, Hit
from mrterms.matching.words import Vocabulary, WordMemo
from mrterms.text.numbered import words_of

KEYS = (
    "mitral regurgitation",
    "mitral valve regurgitation",
    "regurgitation",
    "regurgitation of the mitral valve",
    "mitral valve",
    "valve",
    "aortic stenosis",
    "aortic valve stenosis",
    "stenosis , aortic",
    "MI",
    "acute MI",
    "leak",
)
TOKENS = (
    *"mitral valve regurgitation aortic stenosis leak of the , acute MI".split(),
    *"Mitral VALVES stenoses mitrall regurgitaton stenosos mitralvalve valveregurgitation mi leaks".split(),
    *"heart and 2+ . x".split(),
    "-",
    "–",
    "(",
    ")",
    "'s",
    "\n",
    "\n\n",
)
BLANK = spacy.blank("en")


def make_memo() -> WordMemo:
    """A small vocabulary with spelling, slips and run-together words."""
    vocabulary = Vocabulary(spelling={}, in_use=frozenset)
    for key in KEYS:
        words = key.split(" ")
        vocabulary.pairs.update(pairwise(words))
        vocabulary.words.update(word for word in words if word != "MI")
    vocabulary.short_forms.add("MI")
    vocabulary.close()
    return WordMemo(vocabulary)


MEMO = make_memo()
FINDER = Finder(KEYS, MEMO)
MATCHER = PhraseMatcher(BLANK.vocab)
MATCHER.add("form", [Doc(BLANK.vocab, words=key.split(" ")) for key in KEYS])


def slow_hits(doc: Doc) -> list[Hit]:
    """What PhraseMatcher finds in a Doc of the normal words; hits that begin or end inside a token are none."""
    words: list[str] = []
    places: list[int] = []
    edits: list[int] = []
    for token in doc:
        code = MEMO.code_of(token.text)
        parts = MEMO.words[code] if code else (f"\0{token.i}",)
        words += parts
        places += [token.i] * len(parts)
        edits += [MEMO.edits[code] if place == 0 else 0 for place in range(len(parts))]
    if not words:
        return []
    normal = Doc(BLANK.vocab, words=words)
    hits = []
    for _, start, end in MATCHER(normal):
        inside = (start > 0 and places[start - 1] == places[start]) or (end < len(places) and places[end - 1] == places[end])
        if not inside:
            hits.append(Hit(" ".join(words[start:end]), places[start], places[end - 1] + 1, sum(edits[start:end])))
    return hits


@given(st.lists(st.sampled_from(TOKENS), max_size=25))
def test_the_trie_finds_what_phrase_matcher_finds(tokens: list[str]) -> None:
    doc = Doc(BLANK.vocab, words=tokens)
    key = lambda hit: (hit.token_start, hit.token_end, hit.key)  # noqa: E731 -- a sort key used twice
    assert sorted(FINDER.find(words_of(doc)), key=key) == sorted(slow_hits(doc), key=key)


@pytest.mark.parametrize(
    ("tokens", "hit"),
    [
        (["re", "-", "gurgitation"], Hit("regurgitation", 0, 3, 1)),
        (["ste", "nosis", ",", "aortic"], Hit("stenosis , aortic", 0, 4, 1)),
    ],
)
def test_broken_words_are_joined(tokens: list[str], hit: Hit) -> None:
    assert hit in FINDER.find(words_of(Doc(BLANK.vocab, words=tokens)))


def test_a_blank_line_ends_a_form() -> None:
    found = FINDER.find(words_of(Doc(BLANK.vocab, words=["mitral", "\n\n", "regurgitation"])))
    assert [hit.key for hit in found] == ["regurgitation"]


@pytest.mark.parametrize(
    "text",
    [
        "mitral\nregurgitation",
        "mitral\r\nregurgitation",
        "mitral   regurgitation",
        "mitral\tregurgitation",
        "mitral\u00a0regurgitation",
        "mitral\u2009regurgitation",
        "mitral-regurgitation",
        "mitral\u2013regurgitation",
        "m\u00edtral regurgitation",
        "mi\u0301tral regurgitation",
        "\ufeff mitral regurgitation",
        "mitral insu\ufb03ciency",
        "\u201cmitral regurgitation\u201d",
        "\U0001f600 mitral regurgitation",
        "\u7530\u4e2d mitral regurgitation",
        "[mitral regurgitation]",
        "MITRAL\n   REGURGITATION",
    ],
)
def test_odd_text_is_found_at_its_own_offsets(nlp: Language, text: str) -> None:
    for before, after in (("", ""), ("Echo today:\n", "\nas before."), ("\u2764\ufe0f ", " \U0001fac0")):
        whole = before + text + after
        found = [one for one in mrterms.annotate(whole, nlp=nlp).annotations if one["concept_id"] == "mitral_regurgitation"]
        assert len(found) == 1
        assert whole[found[0]["start"] : found[0]["end"]] == found[0]["text"]
        assert found[0]["start"] >= len(before)
        assert found[0]["end"] <= len(before) + len(text)


PIECES = ("\u0301", "\u200d", "\u202e", "\U0001fac0", "\x00", "\r\n", "\u2028", "ß", "İ", "\u00ad", " ", "MR", "leak", "mitral")


@given(st.lists(st.sampled_from(PIECES)))
def test_offsets_hold_whatever_stands_around(nlp: Language, pieces: list[str]) -> None:
    text = "".join(pieces)
    for one in mrterms.annotate(text, nlp=nlp).annotations:
        assert text[one["start"] : one["end"]] == one["text"]
