"""Sentences cut into atoms (letters, figures, single signs), so that ``2+/4+`` reads alike however a tokenizer cut it."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass, field

from mrterms.text.view import Sentence

__all__ = ["Atoms", "atomize", "split_phrase"]

_ATOM = re.compile(r"[^\W\d_]+|\d+(?:[.,]\d+)*|\S")


@dataclass(slots=True)
class Atoms:
    """The atoms of a sentence in lower case, each with its character offsets in the document."""

    texts: list[str] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)

    def within(self, start: int, end: int) -> tuple[int, int]:
        """The atoms (half-open) that the characters ``start`` to ``end`` hold."""
        return bisect_left(self.starts, start), bisect_left(self.starts, end)


def atomize(sentence: Sentence) -> Atoms:
    """The atoms of a sentence."""
    atoms = Atoms()
    texts, starts, ends = atoms.texts, atoms.starts, atoms.ends
    for word, lower, at in zip(sentence.words, sentence.lower, sentence.starts, strict=True):
        if word.isalpha() or len(word) == 1:
            texts.append(lower)
            starts.append(at)
            ends.append(at + len(word))
            continue
        for piece in _ATOM.finditer(word):
            texts.append(piece[0].lower())
            starts.append(at + piece.start())
            ends.append(at + piece.end())
    return atoms


def split_phrase(phrase: str) -> tuple[str, ...]:
    """A phrase of a table as atoms.

    >>> split_phrase("2+/4+")
    ('2', '+', '/', '4', '+')
    """
    return tuple(_ATOM.findall(phrase.lower()))
