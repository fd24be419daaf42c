"""Sentences cut into atoms (letters, figures, single signs), so that ``2+/4+`` reads alike however a tokenizer cut it."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass, field
from functools import lru_cache

from mrterms.text.view import Sentence

__all__ = ["Atoms", "atomize", "split_phrase"]

_ATOM = re.compile(r"[^\W\d_]+|\d+(?:[.,]\d+)*|\S")


@dataclass(slots=True)
class Atoms:
    """The atoms of a sentence in lower case, each with its character offset in the document."""

    texts: list[str] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)

    def end(self, at: int) -> int:
        """The offset behind an atom."""
        return self.starts[at] + len(self.texts[at])

    def touch(self, at: int) -> bool:
        """Whether nothing stands between an atom and the next."""
        return self.end(at) == self.starts[at + 1]

    def within(self, start: int, end: int) -> tuple[int, int]:
        """The atoms (half-open) that the characters ``start`` to ``end`` hold."""
        first = bisect_left(self.starts, start)
        return first, bisect_left(self.starts, end, first)


def atomize(sentence: Sentence) -> Atoms:
    """The atoms of a sentence."""
    words, lower, starts = sentence.words, sentence.lower, sentence.starts
    atoms = Atoms()
    done = 0
    plain = "".join(words).isascii()  # lower case keeps the length of ASCII letters only
    for at in [number for number, word in enumerate(words) if not (word.isalpha() and (plain or word.isascii())) and len(word) > 1]:
        atoms.texts += lower[done:at]
        atoms.starts += starts[done:at]
        for piece, offset in _pieces(words[at]):
            atoms.texts.append(piece)
            atoms.starts.append(starts[at] + offset)
        done = at + 1
    atoms.texts += lower[done:]
    atoms.starts += starts[done:]
    return atoms


@lru_cache(maxsize=2048)
def _pieces(word: str) -> tuple[tuple[str, int], ...]:
    """The atoms of a word with their offsets; a letter that grows in lower case (İ) stays, so that lengths hold."""
    pieces = []
    for found in _ATOM.finditer(word):
        lower = found[0].lower()
        pieces.append((lower if len(lower) == len(found[0]) else found[0], found.start()))
    return tuple(pieces)


def split_phrase(phrase: str) -> tuple[str, ...]:
    """A phrase of a table as atoms.

    >>> split_phrase("2+/4+")
    ('2', '+', '/', '4', '+')
    """
    return tuple(_ATOM.findall(phrase.lower()))
