"""Finding the forms of the lexicon in a Doc: a trie over word numbers, walked only where a form can begin.

Every token has a code (one dictionary look-up, see :mod:`mrterms.matching.words`); hyphens and single line breaks are
passed over, so spelling, plural, wraps and slips of the pen cost nothing in the walk.  Hits carry token places, so offsets
are the text's own.

spaCy's PhraseMatcher gives the same hits (tests/matching compares them), but needs a Doc of normal words: on 520 real notes
and articles that alone cost more than the tokenizer's half, and it cannot be mapped from a file.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from spacy.tokens import Doc

from mrterms.matching.words import WordMemo
from mrterms.text.array_cache import Hashes

__all__ = ["Finder", "Hit"]

_END = ""
_Node = dict[str, Any]
"""Word → next node; under the empty word the key of the form that ends here."""


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
        self._memo = memo
        self._root: _Node = {}
        self._lone: set[tuple[str, ...]] = set()
        self._is_alone: list[bool] = []
        self._alone_array = np.zeros(0, dtype=np.bool_)
        for key in keys:
            if " " not in key:
                self._lone.add((key,))
            node = self._root
            for word in key.split(" "):
                node = node.setdefault(word, {})
            node[_END] = key

    def find(self, doc: Doc) -> list[Hit]:
        """All hits in the Doc, in the order of their beginnings."""
        hashes: Hashes = doc.to_array("ORTH")  # type: ignore[assignment]
        array = self._memo.codes(hashes)
        # A form of several words goes on with another word of the lexicon; most words that could begin one stand alone.
        begins = array > 0
        begins[:-1] &= (array[1:] != 0) | self._alone(array[:-1])
        begins[-1:] &= self._alone(array[-1:])
        anchors: list[int] = begins.nonzero()[0].tolist()
        if not anchors:
            return []
        codes: list[int] = array.tolist()
        ends = self._join_broken_words(hashes, codes, anchors)
        if ends:
            anchors = sorted({*anchors, *(end - 1 for end in ends)})
        hits: list[Hit] = []
        for anchor in anchors:
            if codes[anchor] > 0:
                self._walk(codes, anchor, ends, hits)
        return hits

    def _alone(self, codes: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Which codes are forms by themselves, or ends of broken words."""
        words = self._memo.words
        while len(self._is_alone) < len(words):
            word = words[len(self._is_alone)]
            self._is_alone.append(bool(word.tail_of) or len(word.words) > 1 or word.words[:1] in self._lone)
        if len(self._is_alone) != len(self._alone_array):
            self._alone_array = np.array(self._is_alone, dtype=np.bool_)
        return self._alone_array[np.abs(codes)]

    def _walk(self, codes: list[int], start: int, ends: dict[int, int], hits: list[Hit]) -> None:
        decode, length = self._memo.words.__getitem__, len(codes)
        node: _Node | None = self._root
        place, edits = start, 0
        while place < length and (code := codes[place]):
            word = decode(code if code > 0 else -code)
            for part in word.words:
                node = node.get(part)  # type: ignore[union-attr]
                if node is None:
                    return
            place += 1
            edits += word.edits
            if word.words and _END in node:  # type: ignore[operator]
                hits.append(Hit(node[_END], start, ends.get(place, place), edits))  # type: ignore[index]

    def _join_broken_words(self, hashes: Hashes, codes: list[int], anchors: list[int]) -> dict[int, int]:
        """Give the ``re`` of ``re - gurgitation`` the code of the word; returns where such words truly end."""
        ends: dict[int, int] = {}
        memo = self._memo
        for anchor in anchors:
            if codes[anchor] not in memo.tails:
                continue
            head = anchor - 1
            hyphen = head > 0 and codes[head] < 0 and not memo.decode(codes[head]).words
            head -= hyphen
            code = memo.joined(int(hashes[head]), int(hashes[anchor]), hyphen=hyphen) if head >= 0 else 0
            if code:
                codes[head], codes[anchor] = code, memo.skip
                ends[head + 1] = anchor + 1
            elif not memo.decode(codes[anchor]).words:
                codes[anchor] = 0
        return ends
