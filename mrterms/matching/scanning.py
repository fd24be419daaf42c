"""Which notes can hold a mention, told from their words before anything is tokenized.

Every mention holds an *anchor*: the rarest word of its form.  A note whose pieces between white space bear no anchor is passed
over; that is one look-up of sets a note.  Of the others the tokens are put together from those of their pieces, and the matcher
says whether they hold a form.  Both only ever err towards reading a note: the tokenizer cuts each piece by itself, so a piece
has the same tokens wherever it stands.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import chain

import numpy as np
from spacy.attrs import ORTH, SPACY
from spacy.tokens import Doc

from mrterms.matching.gates import Gate, has_letter
from mrterms.text.array_cache import Hashes

__all__ = ["Sieve"]

_MOST_KNOWN = 1_000_000
"""Pieces remembered, some 100 MB; then they are learned anew."""
_PIECES = re.compile(r"\S+|\s+")
_CUT_OFF = ',.;:()?!"'
_CUT_INSIDE = ("not", "NOT")
"""The tokenizer's rules cut "cannot", the only word of plain letters."""


class Sieve:
    """Tells which notes to read. ``tokenize`` must cut text between white space by itself, as spaCy's tokenizer does without
    special cases that hold a space; ``plain``: it leaves words of ASCII letters whole and takes punctuation off them."""

    def __init__(self, tokenize: Callable[[str], Doc], gates: Sequence[Gate], *, plain: bool) -> None:
        self._tokenize = tokenize
        self._gates = gates
        self._plain = plain
        self._dull: set[str] = set()
        self._telling: set[str] = set()

    def choose(self, texts: Sequence[str]) -> list[bool]:
        """For each text whether it can hold a mention."""
        chosen = [False] * len(texts)
        rest = {place: pieces for place, text in enumerate(texts) if (pieces := self._not_dull(text))}
        self._learn(set().union(*rest.values()) - self._telling)
        anchored = [place for place, pieces in rest.items() if not self._telling.isdisjoint(pieces)]
        for place, hashes in zip(anchored, self._hashes([texts[place] for place in anchored]), strict=True):
            chosen[place] = any(gate.may_match(hashes) for gate in self._gates)
        return chosen

    def _not_dull(self, text: str) -> set[str]:
        pieces = text.split()
        # Most notes end here: no set is made of their pieces.
        return set() if self._dull.issuperset(pieces) else set(pieces) - self._dull

    def _learn(self, pieces: set[str]) -> None:
        """Sort pieces that were not met before into dull and telling ones."""
        if len(self._dull) + len(self._telling) > _MOST_KNOWN:
            self._dull.clear()
            self._telling.clear()
        unsure = [piece for piece in pieces if not (self._plain and self._is_dull(piece))]
        self._telling.update(piece for piece, orths in self._cut(unsure).items() if self._bears_anchor(orths))
        self._dull |= pieces - self._telling

    def _is_dull(self, piece: str) -> bool:
        """Whether a piece is a word that no form is hung on, with punctuation that every tokenizer takes off; most pieces are."""
        bare = piece.strip(_CUT_OFF)
        if has_letter(bare) and not (bare.isalpha() and bare.isascii() and not bare.endswith(_CUT_INSIDE)):
            return False
        return all(gate.is_other_word(bare) for gate in self._gates)

    def _bears_anchor(self, orths: Collection[int]) -> bool:
        return any(gate.is_anchor(orth) for gate in self._gates for orth in orths)

    def _cut(self, pieces: Collection[str]) -> dict[str, list[int]]:
        """The tokens of each piece, all cut in one Doc."""
        doc = self._tokenize(" ".join(pieces))
        tokens = np.asarray(doc.to_array([ORTH, SPACY]))
        orths: list[int] = tokens[:, 0].tolist()
        ends = [0, *(tokens[:, 1].nonzero()[0] + 1).tolist(), len(orths)]
        return {piece: orths[start:end] for piece, start, end in zip(pieces, ends, ends[1:], strict=False)}

    def _hashes(self, texts: Sequence[str]) -> Iterable[Hashes]:
        """The tokens of each text, white space too where the tokenizer makes a token of it."""
        split = [_with_space(text) for text in texts]
        distinct = set().union(*split)
        tokens = self._cut([piece for piece in distinct if not piece.isspace()])
        tokens |= {space: [token.orth for token in self._tokenize(space)] for space in distinct if space.isspace()}
        for pieces in split:
            yield np.fromiter(chain.from_iterable(map(tokens.__getitem__, pieces)), dtype=np.uint64)


def _with_space(text: str) -> list[str]:
    """The pieces and the white space between them, less the blank that belongs to the piece before it."""
    pieces = _PIECES.findall(text)
    after = [piece[1:] if piece[0] == " " else piece for piece in pieces[1:]]
    return [piece for piece in [*pieces[:1], *after] if piece]
