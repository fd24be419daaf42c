"""Words as numbers, so that what a room knows of words is one array, read for all words of a text in one step.

numpy reads a whole Doc some five times faster than a dict would; only words that were never met reach Python, each once.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

import numpy as np
from numpy.typing import NDArray
from spacy.strings import StringStore
from spacy.tokens import Doc

__all__ = ["Hashes", "NumberedWords", "PerWord", "words_of"]

Hashes = NDArray[np.uint64]
Numbers = NDArray[np.int32]

_SLOTS = 2**18
_FIRST = 2**15
_MOST_WORDS = 300_000
_CONTRACTED = re.compile(r"(n?)(?:[’´`]|&[a-z0-9#]+;)([a-z]{1,2})")
"""What the tokenizer takes off a word for its apostrophe, whichever sign or code stands for it."""
_UNKNOWN = -1


class _Table:
    """The words met, by number; a hash means its word in every pipeline. The number 0 is no word's.

    Slots hold one number for many hashes, like the cache of a processor; only hashes that are not in their slot reach a dict.
    """

    def __init__(self) -> None:
        self.count = 1
        self.written, self.lower = np.empty(_FIRST, dtype=np.object_), np.empty(_FIRST, dtype=np.object_)
        self._hashes = np.zeros(_FIRST, dtype=np.uint64)
        self._slots = np.zeros(_SLOTS, dtype=np.int32)
        self._known: dict[int, int] = {}

    def numbers(self, hashes: Hashes, strings: StringStore) -> Numbers:
        """The number of each hash."""
        slots = (hashes & np.uint64(_SLOTS - 1)).view(np.int64)
        numbers = self._slots.take(slots)  # twice as fast as indexing
        missing = (self._hashes.take(numbers) != hashes).nonzero()[0]
        if len(missing):
            known, asked = self._known, hashes[missing].tolist()
            numbers[missing] = [known.get(one) or self._number(one, strings) for one in asked]
            self._slots[slots[missing]] = numbers[missing]
        return numbers

    def _number(self, word_hash: int, strings: StringStore) -> int:
        number, word = self.count, strings[word_hash]
        if number == len(self.written):
            self.written, self.lower = (np.resize(one, 2 * number) for one in (self.written, self.lower))
            self._hashes = np.resize(self._hashes, 2 * number)
        self.written[number], self.lower[number], self._hashes[number] = word, _in_lower_case(word), word_hash
        self._known[word_hash] = number
        self.count += 1
        return number


def _in_lower_case(word: str) -> str:
    if word.isspace():
        return ""
    lower = word.lower()
    if word == "nt":
        return "n't"
    if not word.isalnum() and (contracted := _CONTRACTED.fullmatch(lower)):
        return f"{contracted[1]}'{contracted[2]}"
    return lower


@dataclass(frozen=True, slots=True)
class NumberedWords:
    """The words of a Doc: a ``number`` for each token, which means its word in ``table``, and the tokens' ``hashes``."""

    table: _Table
    numbers: Numbers
    hashes: Hashes

    def __len__(self) -> int:
        return len(self.numbers)

    def written(self) -> list[str]:
        """The words as written."""
        words: list[str] = self.table.written.take(self.numbers).tolist()
        return words

    def lower(self) -> list[str]:
        """The words in lower case: empty where one is white space; contractions have a plain apostrophe."""
        words: list[str] = self.table.lower.take(self.numbers).tolist()
        return words

    def word(self, token: int) -> str:
        """A token's text."""
        word: str = self.table.written[self.numbers[token]]
        return word


_LOCK = Lock()
_table = _Table()


def words_of(doc: Doc) -> NumberedWords:
    """The words of a Doc; its hashes are read as a column, which is a tenth of the tokenizer's work."""
    global _table
    hashes: Hashes = doc.to_array("ORTH")  # type: ignore[assignment]
    with _LOCK:
        if _table.count >= _MOST_WORDS:
            _table = _Table()  # memory stays within bounds; Docs on their way keep the table in which their numbers mean words
        return NumberedWords(_table, _table.numbers(hashes, doc.vocab.strings), hashes)


class PerWord:
    """A whole number from 0 for each word, worked out by ``answer`` when a text first has the word."""

    def __init__(self, answer: Callable[[str], int]) -> None:
        self._answer = answer
        self._known: tuple[_Table | None, NDArray[np.int32]] = None, np.zeros(0, dtype=np.int32)

    def __reduce__(self) -> tuple[type[PerWord], tuple[Callable[[str], int]]]:
        return PerWord, (self._answer,)  # numbers of words mean nothing in another process

    def of(self, words: NumberedWords) -> NDArray[np.int32]:
        """The answer for each word of a text."""
        table = words.table
        of_table, known = self._known
        if of_table is not table or len(known) < table.count:
            grown = np.full(len(table.written), _UNKNOWN, dtype=np.int32)
            if of_table is table:
                grown[: len(known)] = known
            known = grown
            self._known = table, known
        answers = known.take(words.numbers)
        missing = (answers == _UNKNOWN).nonzero()[0]
        if len(missing):
            unknown = words.numbers[missing]
            for number in set(unknown.tolist()):
                known[number] = self._answer(table.written[number])
            answers[missing] = known[unknown]
        return answers
