"""What holds for any text: offsets point where they say, and how notes are grouped changes nothing.

Texts are random Unicode, and clinical phrases with random Unicode between them: the second kind reaches the code behind
the matcher. A text that once failed stands in ``FOUND`` for good.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from spacy.language import Language

import mrterms

ROOT = Path(__file__).parents[1]
PHRASES = (
    """
MI|MR|2+ MI|M.I.|MI's|mild-to-moderate MR|MR/TR|mitral insufficiency (MI)|[MI]|AS|mod AI|NSTEMI|TI|MVR|MR 3+|tr. MR|MR (2+)
myocardial infarctions|mitral and tricuspid regurgitation|infarct of the anterior wall|leaky mitral valve|mitral-valve prolapse
MITRAL VALVE: severe regurgitation.|mitrall regurgitaton|insuffisance mitrale|old inferior infarct|severe AS and MR|AV:|TV:
no|No evidence of|denies|father had|h/o|?|s/p|rule out|if|worse than in 2019|PMH:|FH:|IMPRESSION:|Mr.|MRI|MI 48201|1.|- |3)
severe|trace|2+|3/4|grade II/IV|EROA 0.4 cm2|EROA 0.22 cm²|mean gradient 45 mmHg|Vmax 4.4 m/s|[**2101-3-4**]|in 2009|at 50
, |. |; |and|or|/|with|due to|:|(|)|-|+|'s
""".strip("\n")
    .replace("|", "\n")
    .split("\n")
)
PHRASES += ["mitral\n  regurgitation", "\n", "\n\n", "\r\n", "\t", " "]
SPACES = st.sampled_from(
    [" ", "\u00a0", "\u2009", "\u3000", "\u200b", "\u2028", "\x0b", "\x0c", "\x1c", "\x85", "\ufeff", "\u00ad", "  \n \t"]
)
MARKS = st.sampled_from(["\u0301", "\u0308", "\u200d", "\ufe0f", "\u20e3", "\u0489"])
ASTRAL = st.sampled_from(["𝐌𝐈", "🫀", "👩🏽‍⚕️", "𐐷", "ＭＩ", "ﬁ", "ß", "İ", "ŉ", "ǆ", "½", "²", "Ⅳ", "™", "℞"])
LONG = st.sampled_from(
    ["MI" * 600, "a" * 5_000, "regurgitation" * 200, "+" * 900, "-" * 900, "1" * 800, "(" * 300, "MR/" * 300, "no " * 400]
)
UNICODE = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
ANY_TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=200)
PIECES = st.one_of(st.sampled_from(PHRASES), st.sampled_from(PHRASES), st.just(" "), SPACES, MARKS, ASTRAL, UNICODE)
CLINICAL = st.lists(PIECES, max_size=25).map("".join)
SPACED = st.lists(st.one_of(st.sampled_from(PHRASES), UNICODE, ASTRAL), max_size=20).map(" ".join)
WITH_LONG = st.tuples(CLINICAL, LONG, CLINICAL).map(" ".join)
TEXTS = st.one_of(ANY_TEXT, CLINICAL, SPACED, WITH_LONG)
BATCHES = st.lists(st.one_of(CLINICAL, SPACED), min_size=1, max_size=8)

FOUND = [
    "",
    " ",
    "\x00",
    "\ufeffMI",
    "MI\u0301",
    "İ MI severe",
    "\u00a02+\u00a0MI\u00a0",
    "mitral\u00ad regurgitation",
    "\u200bM\u2060R\u200b ２＋ \ufeff",
    "PMH:MI",
    "² . ",
    "(MI in 2012)",
    "\n\nthe valve does not close",
]


def offsets(value: Any, at: str) -> Iterator[tuple[str, int, int, str]]:
    """Every place, at any depth of an annotation, that names characters of the note with the words that stand there."""
    if isinstance(value, dict):
        start, end = value.get("start"), value.get("end")
        assert (start is None) == (end is None), at
        words = value.get("text", value.get("cue") if at.endswith("cues") else None)
        if start is not None and words is not None:
            yield at, start, end, words
        for key, inner in value.items():
            yield from offsets(inner, f"{at}.{key}")
    elif isinstance(value, list):
        for inner in value:
            yield from offsets(inner, at)


def spans(value: Any) -> Iterator[tuple[int, int]]:
    if isinstance(value, dict):
        if value.get("start") is not None:
            yield value["start"], value["end"]
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from spans(inner)


def check(text: str, note: mrterms.Note) -> None:
    for one in note.annotations:
        for at, start, end, words in offsets(one, "annotation"):
            assert text[start:end] == words, at
        assert all(0 <= start < end <= len(text) for start, end in spans(one))
        assert one["text"].strip()


@settings(max_examples=400)
@given(text=TEXTS)
@example(text="\x00MI\x00")
@example(text="MI" * 10_000)
def test_offsets_point_into_the_text_as_given(nlp: Language, text: str) -> None:
    check(text, mrterms.annotate(text, nlp=nlp))


@pytest.mark.parametrize("text", FOUND)
def test_offsets_of_texts_that_once_failed(nlp: Language, text: str) -> None:
    check(text, mrterms.annotate(text, nlp=nlp))


def test_offsets_in_the_notes_of_the_corpora(nlp: Language) -> None:
    """Real layout: headings, tables, wrapped lines, quotes."""
    lines = (ROOT / "corpora" / "notes" / "gold.jsonl").read_text(encoding="utf-8").splitlines()
    pairs = [(note["note_id"], note["text"]) for note in map(json.loads, lines)]
    for (_, text), note in zip(pairs, mrterms.annotate_many(pairs, nlp=nlp), strict=True):
        check(text, note)


@settings(max_examples=150)
@given(text=st.one_of(CLINICAL, SPACED))
def test_annotating_twice_gives_the_same(nlp: Language, text: str) -> None:
    assert mrterms.annotate(text, nlp=nlp) == mrterms.annotate(text, nlp=nlp)


@settings(max_examples=60)
@given(texts=BATCHES, batch_size=st.integers(1, 5))
def test_batches_give_the_same_as_note_by_note(nlp: Language, texts: list[str], batch_size: int) -> None:
    alone = [mrterms.annotate(text, note_id=str(number), nlp=nlp) for number, text in enumerate(texts)]
    assert list(mrterms.annotate_many(texts, nlp=nlp, batch_size=batch_size)) == alone


@settings(max_examples=6)
@given(texts=st.lists(st.one_of(CLINICAL, SPACED), min_size=4, max_size=16))
def test_processes_give_the_same_as_note_by_note(nlp: Language, texts: list[str]) -> None:
    alone = [mrterms.annotate(text, note_id=str(number), nlp=nlp) for number, text in enumerate(texts)]
    assert list(mrterms.annotate_many(texts, nlp=nlp, n_process=2, batch_size=3)) == alone


@settings(max_examples=40)
@given(first=st.one_of(CLINICAL, SPACED), second=st.one_of(CLINICAL, SPACED))
def test_what_was_read_before_changes_nothing(nlp: Language, first: str, second: str) -> None:
    """The memo of misspellings and the cache of words fill up on the way; results must not depend on it."""
    before = mrterms.annotate(second, nlp=nlp)
    mrterms.annotate(first, nlp=nlp)
    assert mrterms.annotate(second, nlp=nlp) == before


@settings(max_examples=100)
@given(text=st.text(st.sampled_from(" \t\n\r\x0b\x0c\x1c\x85\u00a0\u2003\u2028\u2029\u3000\u200b\ufeff"), max_size=30))
def test_white_space_holds_nothing(nlp: Language, text: str) -> None:
    assert mrterms.annotate(text, nlp=nlp).annotations == ()


@settings(max_examples=100)
@given(cell=st.one_of(ANY_TEXT, SPACED))
def test_any_cell_can_be_normalized(nlp: Language, cell: str) -> None:
    scores = [one["score"] for one in mrterms.normalize(cell, nlp=nlp)]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)


@settings(max_examples=60)
@given(lead=st.text(st.sampled_from(" \n\t\u00a0"), max_size=5), tail=st.text(st.sampled_from(" \n\t\u00a0"), max_size=5))
def test_white_space_around_a_note_only_moves_it(nlp: Language, lead: str, tail: str) -> None:
    text = "Severe mitral regurgitation; no aortic stenosis."
    moved = [
        (one["start"] - len(lead), one["end"] - len(lead), one["concept_id"], one["assertion"]["status"])
        for one in mrterms.annotate(lead + text + tail, nlp=nlp).annotations
    ]
    plain = [
        (one["start"], one["end"], one["concept_id"], one["assertion"]["status"]) for one in mrterms.annotate(text, nlp=nlp).annotations
    ]
    assert moved == plain
