"""The words of a vocabulary that a misspelt word may stand for, by letters that they share.

An edit changes at most two of a word's letter counts, so words whose letter masks differ in more bits than the budget allows
need no comparison; numpy drops them some hundred at a time.  Words of one first letter and of similar length lie side by
side.  (../shared/design-notes.md: a distance to every word of similar length costs most of a cold start.)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from spacy.strings import get_string_id

__all__ = ["LONGEST", "Endings", "Neighbours", "can_be_misspelt", "letter_mask", "sort_for_neighbours"]

LONGEST = 40
"""Longer words are never misspelt: no such word is in use but as the name of a substance."""

_LETTERS = 26
_BIT = {letter: 1 << place for place, letter in enumerate("abcdefghijklmnopqrstuvwxyz")}


def can_be_misspelt(word: str) -> bool:
    """Whether the index can hold a word: only letters of English, and not too many."""
    return word.isascii() and word.isalpha() and word.islower() and len(word) <= LONGEST


def letter_mask(word: str) -> int:
    """Which letters a word holds once (bits 0 to 25) and which more than once (bits 26 to 51).

    >>> letter_mask("abba") == 0b11 | 0b11 << 26
    True
    """
    once = twice = 0
    for letter in word:
        bit = _BIT.get(letter, 0)
        twice |= once & bit
        once |= bit
    return once | twice << _LETTERS


def sort_for_neighbours(words: Sequence[str]) -> list[int]:
    """The places of ``words`` that the index can hold, in its order: by first letter, then by length."""
    places = [place for place, word in enumerate(words) if word and can_be_misspelt(word)]
    return sorted(places, key=lambda place: (words[place][0], len(words[place]), words[place]))


@dataclass(frozen=True, slots=True)
class Neighbours:
    """``masks`` of the words in the index's order, ``starts[letter, length]`` where they begin, ``word_at`` gives a word."""

    masks: NDArray[np.uint64]
    starts: NDArray[np.int32]
    word_at: Callable[[int], str]

    @classmethod
    def of(cls, words: Sequence[str]) -> Neighbours:
        """The index of ``words`` in memory."""
        kept = [words[place] for place in sort_for_neighbours(words)]
        return cls(*cls.arrays(kept), kept.__getitem__)

    @staticmethod
    def arrays(kept: Sequence[str]) -> tuple[NDArray[np.uint64], NDArray[np.int32]]:
        """Masks and starts of words that stand in the index's order."""
        masks = np.fromiter(map(letter_mask, kept), dtype=np.uint64, count=len(kept))
        cells = np.fromiter(((ord(word[0]) - 97) * (LONGEST + 2) + len(word) for word in kept), dtype=np.int64, count=len(kept))
        starts = np.searchsorted(cells, np.arange(_LETTERS * (LONGEST + 2) + 1)).astype(np.int32)
        return masks, starts

    def like(self, word: str, budget: int) -> list[str]:
        """The words with the same first letter that may lie within ``budget`` edits of ``word``, and few others."""
        if not can_be_misspelt(word):
            return []
        row = (ord(word[0]) - 97) * (LONGEST + 2)
        first = int(self.starts[row + max(0, len(word) - budget)])
        last = int(self.starts[row + min(LONGEST, len(word) + budget) + 1])
        if first == last:
            return []
        differing = np.bitwise_count(self.masks[first:last] ^ np.uint64(letter_mask(word)))
        return [self.word_at(first + place) for place in (differing <= 2 * budget).nonzero()[0].tolist()]


_ENDING_SLOTS = 8
"""Slots a word: about one ending in eight that no word has is taken for one."""


class Endings:
    """Tells of most texts that no word is the same behind one more letter, so that the letters need not be tried."""

    def __init__(self, words: Sequence[str]) -> None:
        self._slots = bytearray(1 << (_ENDING_SLOTS * len(words)).bit_length())
        self._last = len(self._slots) - 1
        for word in words:
            self._slots[get_string_id(word[1:]) & self._last] = 1

    def may_hold(self, text: str) -> bool:
        """Whether ``text`` may be a word without its first letter; never no where it is."""
        return self._slots[get_string_id(text) & self._last] == 1
