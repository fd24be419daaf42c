"""What is read around a short form, against a reading word by word that is slow and plain."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from spacy.language import Language

from mrterms.lexicon import load_lexicon
from mrterms.sense import Resolver
from mrterms.sense.features import FAR, L1, L2, NEAR, R1, R2, SENTENCE, Reader, Word

NOTES = sorted((Path(__file__).parents[2] / "corpora" / "notes").glob("*.txt"))[:12]
TEXTS = [
    "MI",
    "MI. MI. MI.",
    "of MI of",
    "mild MI and mild TR, mild AI; known mild MI since 2004. Echo: mild MI 2-3+, II-III° MR.",
    "echo " * 80 + "MI" + " valve" * 80,
    "stent echo " * 20 + "MI valve stent " * 3 + "stent. echo valve " * 20,
    "ST elevation, MI - ST elevation\n\nST elevation" + " and more words of it" * 12 + " MI ST elevation",
]
NEAR_WORDS, SENTENCE_WORDS, ALL_WORDS, FAR_TOKENS = 4, 16, 30, 60


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Resolver(load_lexicon("valve")).reader


def _slowly(words: Sequence[Word], order: Sequence[int], own: str, *, on_left: bool) -> list[tuple[Word, int, int]]:
    """The words of one side with their codes and places, from the mention outwards."""
    found: list[tuple[Word, int, int]] = []
    distance = beyond = 0
    away = False
    for at in order:
        word = words[at]
        if away:
            beyond += 1
            if beyond > FAR_TOKENS or distance >= ALL_WORDS:
                break
            distance += word.kind == 0
            if word.kind == 0 and word.far and word.lower != own:
                found.append((word, 2 * FAR, at))
            continue
        if word.kind == 2:
            away = True
        elif word.kind == 1:
            if word.left and distance <= NEAR_WORDS:
                found.append((word, 2 * NEAR + on_left, at))
        else:
            distance += 1
            side = (L1, L2) if on_left else (R1, R2)
            bucket = side[distance - 1] if distance <= 2 else NEAR if distance <= NEAR_WORDS else SENTENCE
            if word.lower != own and (word.far or bucket != SENTENCE):
                found.append((word, 2 * bucket + (on_left and bucket != SENTENCE), at))
            away = distance == SENTENCE_WORDS
    return found


def _once(left: Sequence[tuple[Word, int, int]], right: Sequence[tuple[Word, int, int]]) -> dict[tuple[Word, int], int]:
    """Each word beyond the near ones where it is nearest, on the right where it is as near there."""
    found = [*right, *left]
    nearest = {word: min(code // 2 for other, code, _ in found if other is word) for word, _, _ in found}
    kept: dict[tuple[Word, int], int] = {}
    for word, code, at in found:
        if code < 2 * SENTENCE or code // 2 == nearest[word]:
            kept.setdefault((word, code), at)
    return kept


def _check(nlp: Language, reader: Reader, text: str, form: str) -> int:
    doc = nlp.make_doc(text)
    window = reader.window(0, doc.to_array("ORTH").tolist(), doc.vocab.strings)
    words, own = window.words, form.lower()
    places = [at for at, word in enumerate(words) if word.lower == own]
    for at in places:
        context = reader.context(window, at, at + 1, form)
        told = zip(context.coded(), [*[place for _, _, place in context.near], *context.places], strict=True)
        found = {(word, code): place for (word, code), place in told if word.lower != own}
        left = _slowly(words, range(at - 1, -1, -1), own, on_left=True)
        right = _slowly(words, range(at + 1, len(words)), own, on_left=False)
        assert found == _once(left, right)
    return len(places)


@pytest.mark.parametrize("text", TEXTS)
def test_a_context_is_what_a_slow_reading_finds(nlp: Language, reader: Reader, text: str) -> None:
    assert _check(nlp, reader, text, "MI")


def test_contexts_of_whole_notes_are_what_a_slow_reading_finds(nlp: Language, reader: Reader) -> None:
    texts = [path.read_text(encoding="utf-8") for path in NOTES]
    assert sum(_check(nlp, reader, text, form) for text in texts for form in ("MI", "MR", "AS", "TR")) >= 40
