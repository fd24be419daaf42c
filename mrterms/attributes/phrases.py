"""One trie of atoms for all phrases of the room: a sentence is walked once, whatever the tables hold."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from mrterms.attributes.atoms import split_phrase

__all__ = ["Hit", "PhraseTrie"]

_END = ""
"""The key of a node's meanings; no atom is empty."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A phrase found at the atoms ``first`` to ``last`` (half-open), with its meanings."""

    first: int
    last: int
    meanings: tuple[object, ...]


class PhraseTrie:
    """Phrases with their meanings; a phrase may have several, one from each table."""

    def __init__(self) -> None:
        self._root: dict[str, Any] = {}

    def add(self, phrase: str, meaning: object) -> None:
        """Add a meaning of a phrase."""
        node = self._root
        for atom in split_phrase(phrase):
            node = node.setdefault(atom, {})
        node[_END] = (*node.get(_END, ()), meaning)

    def may_hit(self, atoms: Iterable[str]) -> bool:
        """Whether any phrase could begin at one of the atoms."""
        return not self._root.keys().isdisjoint(atoms)

    def scan(self, atoms: list[str]) -> list[Hit]:
        """The longest phrases from left to right, without overlaps."""
        hits: list[Hit] = []
        root, count = self._root, len(atoms)
        at = 0
        while at < count:
            node = root.get(atoms[at])
            if node is None:
                at += 1
                continue
            place, found, meanings = at + 1, at + 1, node.get(_END)
            while place < count and (node := node.get(atoms[place])) is not None:
                place += 1
                if _END in node:
                    found, meanings = place, node[_END]
            if meanings:
                hits.append(Hit(at, found, meanings))
                at = found
            else:
                at += 1
        return hits
