"""Sentences cut into atoms (letters, figures, single signs), so that ``2+/4+`` reads alike however a tokenizer cut it."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Set
from dataclasses import dataclass, field
from functools import lru_cache

from mrterms.text.view import Sentence

__all__ = ["Atoms", "atomize", "atoms_of", "pieces", "split_phrase"]

_ATOM = re.compile(r"[^\W\d_]+|\d+(?:[.,]\d+)*|\S")
_FOLDED = {sign: unicodedata.normalize("NFKC", sign) for sign in map(chr, [*range(0x2160, 0x2180), *range(0xFF01, 0xFF5F), 0x207A, 0x208A])}
"""Roman figures of one sign, full-width signs and raised plus signs (Ⅲ, ３＋, 2⁺); raised figures are units and notes."""

_PLAIN: set[str] = set()
"""Words in lower case that are one atom as they stand; lower case keeps the length of ASCII letters only."""
_MOST_PLAIN = 50_000


@dataclass(slots=True)
class Atoms:
    """The atoms of a sentence in lower case, each with its character offset in the document."""

    texts: list[str] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    folded: dict[int, int] = field(default_factory=dict)
    """The ends of atoms that the text writes in fewer signs (Ⅲ), by their start."""

    def end(self, at: int) -> int:
        """The offset behind an atom."""
        start = self.starts[at]
        return self.folded.get(start) or start + len(self.texts[at])

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
    odd = _odd(set(lower))
    for at in [number for number, word in enumerate(lower) if word in odd] if odd else ():
        atoms.texts += lower[done:at]
        atoms.starts += starts[done:at]
        for piece, offset, length in pieces(words[at]):
            atoms.texts.append(piece)
            atoms.starts.append(starts[at] + offset)
            if length != len(piece):
                atoms.folded[starts[at] + offset] = starts[at] + offset + length
        done = at + 1
    atoms.texts += lower[done:]
    atoms.starts += starts[done:]
    return atoms


@lru_cache(maxsize=2048)
def pieces(word: str) -> tuple[tuple[str, int, int], ...]:
    """The atoms of a word with their offsets and lengths in it; a letter that grows in lower case (İ) stays, so that lengths hold."""
    places = list(range(len(word) + 1))
    if not word.isascii() and any(sign in _FOLDED for sign in word):
        signs = [_FOLDED.get(sign, sign) for sign in word]
        places = [place for place, sign in enumerate(signs) for _ in sign] + [len(word)]
        word = "".join(signs)
    found_pieces = []
    for found in _ATOM.finditer(word):
        lower = found[0].lower()
        start, end = places[found.start()], places[found.end()]
        found_pieces.append((lower if len(lower) == len(found[0]) else found[0], start, end - start))
    return tuple(found_pieces)


def atoms_of(words: Iterable[str]) -> set[str]:
    """The atoms of words in lower case without their order, for a quick look; and the words themselves."""
    atoms = set(words)
    for word in _odd(atoms):
        atoms.update([piece for piece, _, _ in pieces(word)])
    return atoms


def _odd(words: Set[str]) -> set[str]:
    """The words that are more than one atom or another than they look; each plain word is judged once."""
    odd = set(words - _PLAIN)
    if odd and (plain := {word for word in odd if _is_plain(word)}):
        if len(_PLAIN) > _MOST_PLAIN:
            _PLAIN.clear()
        _PLAIN.update(plain)
        odd -= plain
    return odd


def _is_plain(word: str) -> bool:
    if word.isascii():
        return word.isalpha() or _ATOM.fullmatch(word) is not None
    return len(word) == 1 and word not in _FOLDED


def split_phrase(phrase: str) -> tuple[str, ...]:
    """A phrase of a table as atoms.

    >>> split_phrase("2+/4+")
    ('2', '+', '/', '4', '+')
    """
    return tuple(_ATOM.findall(phrase.lower()))
