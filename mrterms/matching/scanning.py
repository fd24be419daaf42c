"""Which notes can hold a mention, told from their words before anything is tokenized.

Every mention holds an *anchor*: the rarest word of its form.  A note whose pieces between white space bear no anchor is passed
over; that is one look-up of sets a note.  Of the others those are read whose words make a form, in whatever order.  This only ever
errs towards reading a note: the tokenizer cuts each piece by itself, so a piece has the same tokens wherever it stands.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence

import numpy as np
from spacy.attrs import ORTH, SPACY
from spacy.tokens import Doc

from mrterms.matching.gates import Gate, has_letter

__all__ = ["Sieve"]

_MOST_KNOWN = 1_000_000
"""Pieces remembered, some 100 MB; then they are learned anew."""
_BEFORE, _BEHIND = ',;:()?!"', ',.;:()?!"'
_CUT_INSIDE = ("not", "NOT")
"""The tokenizer's rules cut "cannot", the only word of plain letters."""


class Sieve:
    """Tells which notes to read. ``tokenize`` must cut text between white space by itself, as spaCy's tokenizer does without
    special cases that hold a space; ``plain``: it leaves words of ASCII letters whole and takes punctuation off them."""

    def __init__(self, tokenize: Callable[[str], Doc], gates: Sequence[Gate], *, plain: bool) -> None:
        self._tokenize = tokenize
        self._gates = gates
        self._plain = plain
        self._lettered = all(gate.lettered for gate in gates)
        self._dull: set[str] = set()
        self._telling: set[str] = set()
        self._words: dict[str, frozenset[str]] = {}
        """The words of the lexicon that a piece bears; pieces without any are left out."""

    def choose(self, texts: Sequence[str]) -> list[bool]:
        """For each text whether it can hold a mention."""
        if len(self._dull) + len(self._telling) > _MOST_KNOWN:
            for known in (self._dull, self._telling, self._words):
                known.clear()
        rest = {place: pieces for place, text in enumerate(texts) if (pieces := self._unless_dull(text))}
        self._learn(set().union(*(pieces - self._dull for pieces in rest.values())) - self._telling)
        chosen = {place for place, pieces in rest.items() if not self._telling.isdisjoint(pieces) and self._may_hold(pieces)}
        return [place in chosen for place in range(len(texts))]

    def _unless_dull(self, text: str) -> set[str]:
        pieces = text.split()
        # Most notes end here: no set is made of their pieces.
        return set() if self._dull.issuperset(pieces) else set(pieces)

    def _may_hold(self, pieces: set[str]) -> bool:
        words = frozenset().union(*map(self._words.__getitem__, self._words.keys() & pieces))
        return any(gate.may_hold(words) for gate in self._gates)

    def _learn(self, pieces: set[str]) -> None:
        """Sort pieces that were not met before into dull and telling ones."""
        unsure: list[str] = []
        for piece in pieces:
            if (tokens := self._plain_tokens(piece)) is None:
                unsure.append(piece)
            else:
                self._remember(piece, tokens)
        string_of = self._tokenize("").vocab.strings.__getitem__
        for piece, orths in self._cut(unsure).items():
            self._remember(piece, map(string_of, orths))

    def _remember(self, piece: str, tokens: Iterable[str]) -> None:
        words = frozenset(word for token in tokens for gate in self._gates for word in gate.words_of(token))
        if words:
            self._words[piece] = words
        telling = any(gate.is_anchor(word) for gate in self._gates for word in words)
        (self._telling if telling else self._dull).add(piece)

    def _plain_tokens(self, piece: str) -> tuple[str, ...] | None:
        """The tokens that may have a word in a piece of letters and punctuation, as most are; None where the tokenizer must tell."""
        if not self._plain:
            return None
        bare = piece.lstrip(_BEFORE).rstrip(_BEHIND)
        if bare.isalpha() and bare.isascii() and not bare.endswith(_CUT_INSIDE):
            return (bare, bare + ".") if bare + "." in piece else (bare,)  # "Dr." and "B." keep their full stops
        return () if self._lettered and not has_letter(piece) else None

    def _cut(self, pieces: Collection[str]) -> dict[str, list[int]]:
        """The tokens of each piece, all cut in one Doc."""
        doc = self._tokenize(" ".join(pieces))
        tokens = np.asarray(doc.to_array([ORTH, SPACY]))
        orths: list[int] = tokens[:, 0].tolist()
        ends = [0, *(tokens[:, 1].nonzero()[0] + 1).tolist(), len(orths)]
        return {piece: orths[start:end] for piece, start, end in zip(pieces, ends, ends[1:], strict=False)}
