"""A trie over word numbers, in four numpy arrays: built level by level, mapped from files as it stands.

Forms are sequences of word numbers (from 1).  The edges from the root are an array by word, all others a hash table with open
addressing; a bit table over pairs of words tells in one stroke for a whole text where a form of several words can begin.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Automaton"]

_MIX = 0x9E3779B97F4A7C15
_MASK = 2**64 - 1
_WORD_BITS = 32
_PAIR_SLOTS = 8
"""Bits of the table a pair: about one pair in eight that no form holds gets through, and then fails at the next step."""


@dataclass(frozen=True, slots=True)
class Automaton:
    """``first[word]``: node after the root; ``keys``, ``nodes``: edges (node, word) → node; ``forms[node]``: form or -1.

    ``pairs``: which hashes of two words begin a form. Node 0 is the root, and no edge leads there.
    """

    first: NDArray[np.int32]
    keys: NDArray[np.uint64]
    nodes: NDArray[np.int32]
    forms: NDArray[np.int32]
    pairs: NDArray[np.bool_]

    @classmethod
    def build_forms(cls, words: NDArray[np.int32], starts: NDArray[np.int64], n_words: int) -> tuple[Automaton, NDArray[np.int64]]:
        """The trie of the sequences ``words[starts[i]:starts[i + 1]]``, and the form of each; equal sequences are one form.

        Words are numbers from 1 and below ``n_words``; a sequence has at least one.
        """
        lengths = np.diff(starts)
        node_of = np.zeros(len(lengths), dtype=np.int64)
        alive = np.nonzero(lengths)[0]
        edges: list[NDArray[np.uint64]] = []
        count, depth = 1, 0
        while len(alive):
            asked = node_of[alive].astype(np.uint64) << np.uint64(_WORD_BITS) | words[starts[alive] + depth].astype(np.uint64)
            distinct, places = np.unique(asked, return_inverse=True)
            node_of[alive] = count + places
            edges.append(distinct)
            count, depth = count + len(distinct), depth + 1
            alive = alive[lengths[alive] > depth]
        ends, form_of = np.unique(node_of, return_inverse=True)
        forms = np.full(count, -1, dtype=np.int32)
        forms[ends] = np.arange(len(ends))
        first = np.zeros(n_words, dtype=np.int32)
        if edges:
            first[edges[0].astype(np.int64)] = np.arange(1, len(edges[0]) + 1)
        keys, values = _hash_table(edges[1:], 1 + len(edges[0]) if edges else 1)
        return cls(first, keys, values, forms, _pair_table(edges)), form_of

    @classmethod
    def of(cls, forms: Iterable[Iterable[int]], n_words: int) -> Automaton:
        """The trie of forms given one by one; a form's number is its place, of equal forms the first counts."""
        listed = [list(form) for form in forms]
        starts = np.zeros(len(listed) + 1, dtype=np.int64)
        np.cumsum([len(form) for form in listed], out=starts[1:])
        trie, form_of = cls.build_forms(np.array([word for form in listed for word in form], dtype=np.int32), starts, n_words)
        _, first_places = np.unique(form_of, return_index=True)
        given = trie.forms >= 0
        trie.forms[given] = first_places[trie.forms[given]]
        return trie

    def begins(self, words: NDArray[np.int64]) -> NDArray[np.intp]:
        """The places of words that begin a form of several words with the next (and of few others); 0 is no word."""
        known = words > 0
        places = (known[:-1] & known[1:]).nonzero()[0]
        pairs = words[places].astype(np.uint64) << np.uint64(_WORD_BITS) | words[places + 1].astype(np.uint64)
        found: NDArray[np.intp] = places[self.pairs[_slots(pairs, len(self.pairs))]]
        return found

    def walker(self) -> Walker:
        """A walker over the arrays."""
        return Walker(self)


class Walker:
    """Single steps in plain Python numbers; views of memory are read three times faster than numpy's scalars."""

    def __init__(self, automaton: Automaton) -> None:
        self._automaton = automaton
        self._first, self._forms = automaton.first.data, automaton.forms.data
        self._keys, self._nodes = automaton.keys.data, automaton.nodes.data
        self._shift = 64 - (len(automaton.keys).bit_length() - 1)
        self._last = len(automaton.keys) - 1

    def __reduce__(self) -> tuple[type[Walker], tuple[Automaton]]:
        return Walker, (self._automaton,)  # a view of memory cannot be pickled

    def step(self, node: int, word: int) -> int:
        """The node that ``word`` leads to, 0 where there is none."""
        if not node:
            return self._first[word]
        key = node << _WORD_BITS | word
        slot = ((key * _MIX) & _MASK) >> self._shift
        keys = self._keys
        while (found := keys[slot]) != key:
            if not found:
                return 0
            slot = slot + 1 & self._last
        return self._nodes[slot]

    def follow(self, node: int, words: Iterable[int]) -> int:
        """The node that several words lead to, 0 where there is none."""
        for word in words:
            node = self.step(node, word)
            if not node:
                return 0
        return node

    def form_at(self, node: int) -> int:
        """The form that ends at a node, or -1."""
        return self._forms[node]


def _slots(keys: NDArray[np.uint64], size: int) -> NDArray[np.intp]:
    return ((keys * np.uint64(_MIX)) >> np.uint64(64 - (size.bit_length() - 1))).astype(np.intp)


def _power_of_two(least: int) -> int:
    return max(4, 1 << (least - 1).bit_length())


def _hash_table(levels: list[NDArray[np.uint64]], first_node: int) -> tuple[NDArray[np.uint64], NDArray[np.int32]]:
    size = _power_of_two(2 * sum(map(len, levels)) + 2)
    keys, values = np.zeros(size, dtype=np.uint64), np.zeros(size, dtype=np.int32)
    for level in levels:
        pending, nodes = level, np.arange(first_node, first_node + len(level), dtype=np.int32)
        slots = _slots(pending, size)
        while len(pending):
            free = np.nonzero(keys[slots] == 0)[0]
            keys[slots[free]] = pending[free]  # where several want one slot, the last of them gets it
            placed = keys[slots] == pending
            values[slots[placed]] = nodes[placed]
            pending, nodes, slots = pending[~placed], nodes[~placed], (slots[~placed] + 1) & (size - 1)
        first_node += len(level)
    return keys, values


def _pair_table(edges: list[NDArray[np.uint64]]) -> NDArray[np.bool_]:
    if len(edges) < 2:
        return np.zeros(4, dtype=np.bool_)
    table = np.zeros(_power_of_two(_PAIR_SLOTS * len(edges[1])), dtype=np.bool_)
    before = edges[0][(edges[1] >> np.uint64(_WORD_BITS)).astype(np.int64) - 1]
    pairs = before << np.uint64(_WORD_BITS) | edges[1] & np.uint64(2**_WORD_BITS - 1)
    table[_slots(pairs, len(table))] = True
    return table
