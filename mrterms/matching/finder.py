"""Finding the forms of the lexicon in a Doc: a trie over word numbers, walked only where a form can begin.

Every token has a code (one dictionary look-up, see :mod:`mrterms.matching.words`); hyphens and single line breaks are
passed over, so spelling, plural, wraps and slips of the pen cost nothing in the walk.  Hits carry token places, so offsets
are the text's own.

spaCy's PhraseMatcher gives the same hits (tests/matching compares them), but needs a Doc of normal words: on 520 real notes
and articles that alone cost more than the tokenizer's half, and it cannot be mapped from a file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from mrterms.matching.automaton import Automaton
from mrterms.matching.words import WordMemo
from mrterms.text.array_cache import Hashes

__all__ = ["Finder", "Hit", "Place", "Scanner"]

Place = tuple[int, int, int, int]
"""Number of the form, first token, token after the last, edits."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A form found: its key (normal words joined by spaces), the tokens it covers, and how many edits it took."""

    key: str
    token_start: int
    token_end: int
    edits: int


class Finder:
    """Finds keys (normal words joined by single spaces) in Docs; longest and shorter ones, overlapping ones too."""

    def __init__(self, keys: Iterable[str], memo: WordMemo) -> None:
        self._keys = list(keys)
        numbers: dict[str, int] = {}
        forms = [[numbers.setdefault(word, len(numbers) + 1) for word in key.split(" ")] for key in self._keys]
        self._scanner = Scanner(Automaton.of(forms, len(numbers) + 1), memo, partial(_number_in, numbers))

    def find(self, hashes: Hashes) -> list[Hit]:
        """All hits among the tokens of these hashes, in the order of their beginnings."""
        return [Hit(self._keys[form], start, end, edits) for form, start, end, edits in self._scanner.find(hashes)]


def _number_in(numbers: Mapping[str, int], word: str) -> int:
    return numbers.get(word, 0)


class Scanner:
    """Finds the forms of an automaton; ``number_of`` gives a word's number in it, 0 where no form holds the word."""

    def __init__(self, automaton: Automaton, memo: WordMemo, number_of: Callable[[str], int]) -> None:
        self._automaton = automaton
        self._walker = automaton.walker()
        self._memo = memo
        self._number_of = number_of
        self._known = 0
        self._numbers: list[tuple[int, ...]] = []
        self._word = np.zeros(1024, dtype=np.int64)
        self._alone = np.zeros(1024, dtype=np.bool_)
        self._tail = np.zeros(1024, dtype=np.bool_)

    def find(self, hashes: Hashes) -> list[Place]:
        """All forms among the tokens of these hashes, by their beginnings; longer and shorter ones, overlapping ones too."""
        codes = self._memo.codes(hashes)
        ends = self._join_broken_words(hashes, codes)
        solid = (codes != self._memo.skip).nonzero()[0]
        codes = codes[solid]
        self._learn()
        words = self._word[codes]
        begins = self._alone[codes]
        begins[:-1] |= self._automaton.begins(words)
        anchors: list[int] = begins.nonzero()[0].tolist()
        if not anchors:
            return []
        plain: list[int] = codes.tolist()
        places: list[int] = solid.tolist()
        hits: list[Place] = []
        for anchor in anchors:
            self._walk(plain, places, anchor, ends, hits)
        return hits

    def _learn(self) -> None:
        """Note the numbers of the words that the memo has met since."""
        words = self._memo.words
        if self._known == len(words):
            return
        if len(words) > len(self._word):
            self._word = np.resize(self._word, 2 * len(words))
            self._alone, self._tail = np.resize(self._alone, 2 * len(words)), np.resize(self._tail, 2 * len(words))
        for code in range(self._known, len(words)):
            numbers = tuple(map(self._number_of, words[code].words))
            self._numbers.append(numbers)
            self._word[code] = numbers[0] if numbers else 0
            self._alone[code] = len(numbers) > 1 or (len(numbers) == 1 and self._walker.form_at(self._walker.follow(0, numbers)) >= 0)
            self._tail[code] = bool(words[code].tail_of)
        self._known = len(words)

    def _walk(self, codes: list[int], places: list[int], at: int, ends: dict[int, int], hits: list[Place]) -> None:
        walker, words = self._walker, self._memo.words
        start, node, edits = places[at], 0, 0
        while at < len(codes) and (code := codes[at]) and (node := walker.follow(node, self._numbers[code])):
            edits += words[code].edits
            if (form := walker.form_at(node)) >= 0:
                end = places[at] + 1
                hits.append((form, start, ends.get(end, end), edits))
            at += 1

    def _join_broken_words(self, hashes: Hashes, codes: NDArray[np.int32]) -> dict[int, int]:
        """Give the ``re`` of ``re - gurgitation`` the code of the word; returns where such words truly end."""
        self._learn()
        ends: dict[int, int] = {}
        memo = self._memo
        tails: list[int] = self._tail[codes].nonzero()[0].tolist()
        for tail in tails:
            head = tail - 1
            hyphen = head > 0 and codes[head] == memo.skip
            head -= hyphen
            code = memo.joined(int(hashes[head]), int(hashes[tail]), hyphen=hyphen) if head >= 0 else 0
            if code:
                codes[head], codes[tail] = code, memo.skip
                ends[head + 1] = tail + 1
            elif not memo.words[codes[tail]].words:
                codes[tail] = 0
        return ends
