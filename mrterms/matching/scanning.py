"""Which notes can hold a mention, told from their words before anything is tokenized.

Every mention holds an *anchor*: the rarest word of its form.  A note whose pieces between white space bear no anchor is passed
over; that is one look-up of numbers a piece.  Of the others those are read in which the words that an anchor needs stand near
enough.  This only ever errs towards reading a note: the tokenizer cuts each piece by itself, so a piece has the same tokens
wherever it stands.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from spacy.attrs import ORTH, SPACY
from spacy.tokens import Doc

from mrterms.matching.gates import Bearing, Gate, has_letter
from mrterms.matching.pieces import PieceNumbers
from mrterms.matching.words import SKIPPED
from mrterms.text.plain import read

__all__ = ["Sieve"]

_MOST_KNOWN = 1_000_000
"""Pieces remembered, some 100 MB; then they are learned anew."""
_BEFORE, _BEHIND = ',;:()?!"', ',.;:()?!"'
_CUT_INSIDE = ("not", "NOT")
"""The tokenizer's rules cut "cannot", the only word of plain letters."""
_PASSED_OVER = frozenset("".join(SKIPPED)) | set('[]"“”')
"""Signs of which pieces may be that stand inside a form or a description and are no words of it; or more, which does no harm."""
_NONE: frozenset[str] = frozenset()
_UNSURE, _DULL, _SKIPPED, _FIRST = 0, 1, 2, 3
"""Numbers of pieces without words of interest, of those passed over inside forms, and of the first with words; those that bear an
anchor are negative."""


class Sieve:
    """Tells which notes to read. ``tokenize`` must cut text between white space by itself, as spaCy's tokenizer does without
    special cases that hold a space; ``plain``: it leaves words of ASCII letters whole and takes punctuation off them."""

    def __init__(self, tokenize: Callable[[str], Doc], gates: Sequence[Gate], *, plain: bool) -> None:
        self._tokenize = tokenize
        self._gates = gates
        self._plain = plain
        self._lettered = all(gate.lettered for gate in gates)
        self._tokens: dict[str, frozenset[str]] = {}
        self._words: list[frozenset[str]] = []
        self._numbers_of: dict[frozenset[str], int] = {}
        self._pieces = PieceNumbers(self._learn, self._forget, most=_MOST_KNOWN)
        self._forget()

    def choose(self, texts: Sequence[str]) -> list[bool]:
        """For each text whether it can hold a mention."""
        chosen = [False] * len(texts)
        first = 0
        for numbers, begins in self._pieces.of(texts):
            telling = (numbers < 0).nonzero()[0]
            for place in np.unique(np.searchsorted(begins, telling, side="right") - 1).tolist():
                chosen[first + place] = self._may_hold(numbers[begins[place] : begins[place + 1]])
            first += len(begins) - 1
        return chosen

    def _may_hold(self, numbers: NDArray[np.int32]) -> bool:
        numbers = np.abs(numbers[numbers != _SKIPPED])
        numbers[numbers == _DULL] = 0
        found = Bearing(numbers, self._words)
        return any(gate.may_hold(found) for gate in self._gates)

    def _forget(self) -> None:
        self._tokens.clear()
        self._numbers_of.clear()
        self._words = [_NONE] * _FIRST

    def _learn(self, pieces: list[str]) -> list[int]:
        """The numbers of pieces that were not met before."""
        pieces = list(map(read, pieces))
        numbers = [_UNSURE if (words := self._plain_words(piece)) is None else self._number(piece, words) for piece in pieces]
        unsure = [place for place, number in enumerate(numbers) if number == _UNSURE]
        if unsure:
            string_of = self._tokenize("").vocab.strings.__getitem__
            for place, orths in zip(unsure, self._cut([pieces[place] for place in unsure]), strict=True):
                numbers[place] = self._number(pieces[place], _NONE.union(*map(self._words_of, map(string_of, orths))))
        return numbers

    def _number(self, piece: str, words: frozenset[str]) -> int:
        if not words:
            return _SKIPPED if _PASSED_OVER.issuperset(piece) else _DULL
        number = self._numbers_of.get(words)
        if number is None:
            telling = any(gate.is_anchor(word) for gate in self._gates for word in words)
            number = self._numbers_of[words] = -len(self._words) if telling else len(self._words)
            self._words.append(words)
        return number

    def _words_of(self, token: str) -> frozenset[str]:
        words = self._tokens.get(token)
        if words is None:
            found = [word for gate in self._gates for word in gate.words_of(token)]
            words = self._tokens[token] = frozenset(found) if found else _NONE  # not an empty set of its own for each token
        return words

    def _plain_words(self, piece: str) -> frozenset[str] | None:
        """The words in a piece of letters and punctuation, as most are; None where the tokenizer must tell."""
        if not self._plain:
            return None
        bare = piece if piece.isalpha() else piece.lstrip(_BEFORE).rstrip(_BEHIND)
        if bare.isalpha() and bare.isascii() and not bare.endswith(_CUT_INSIDE):
            words = self._words_of(bare)
            if bare is piece or bare + "." not in piece:
                return words
            return None if words or self._words_of(bare + ".") else _NONE  # "Dr." and "B." keep their full stops
        return _NONE if self._lettered and not has_letter(piece) and "+" not in piece else None

    def _cut(self, pieces: Collection[str]) -> list[list[int]]:
        """The tokens of each piece, all cut in one Doc."""
        doc = self._tokenize(" ".join(pieces))
        tokens = np.asarray(doc.to_array([ORTH, SPACY]))
        orths: list[int] = tokens[:, 0].tolist()
        ends = [0, *(tokens[:-1, 1].nonzero()[0] + 1).tolist(), len(orths)]
        return [orths[start:end] for start, end in pairwise(ends)]
