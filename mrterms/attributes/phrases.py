"""One trie of atoms for all phrases of the room: a sentence is walked once, whatever the tables hold."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from mrterms.attributes.atoms import split_phrase

if TYPE_CHECKING:
    from mrterms.attributes.facts import FactRule
    from mrterms.attributes.measures import MeasureRule
    from mrterms.attributes.scales import Bound, GradePart

__all__ = ["Hit", "Meaning", "PhraseTrie"]

_END = ""
"""The key of a node's meaning; no atom is empty."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a phrase may mean; several tables may know it. One that means nothing shields its words from shorter phrases."""

    grade: GradePart | None = None
    bound: Bound | None = None
    facts: tuple[FactRule, ...] = ()
    measure: MeasureRule | None = None

    @property
    def harmless(self) -> bool:
        """Whether it may stand between a grade and its lesion."""
        return bool(self.facts) or self.measure is not None


class Hit(NamedTuple):
    """A phrase found at the atoms ``first`` to ``last`` (half-open)."""

    first: int
    last: int
    meaning: Meaning


class PhraseTrie:
    """Phrases with their meanings."""

    def __init__(self) -> None:
        self._root: dict[str, Any] = {}
        self._anchors: set[str] = set()
        self._measure_anchors: set[str] = set()

    def add(
        self,
        phrase: str,
        *,
        grade: GradePart | None = None,
        bound: Bound | None = None,
        fact: FactRule | None = None,
        measure: MeasureRule | None = None,
    ) -> None:
        """Add a meaning of a phrase to those that it has."""
        atoms = split_phrase(phrase)
        node = self._root
        for atom in atoms:
            node = node.setdefault(atom, {})
        known: Meaning = node.get(_END, Meaning())
        node[_END] = replace(
            known,
            grade=grade or known.grade,
            bound=bound or known.bound,
            facts=(*known.facts, fact) if fact else known.facts,
            measure=measure or known.measure,
        )
        if grade or fact:
            self._anchors |= _anchor(phrase, atoms)
        elif measure:
            self._measure_anchors |= _anchor(phrase, atoms)

    def may_hit(self, words: Iterable[str], *, figures: bool) -> bool:
        """Whether a phrase that says something by itself could stand among the words.

        ``figures``: whether the sentence has any, without which no measurement is said. Phrases of figures alone are left out.
        """
        return not self._anchors.isdisjoint(words) or (figures and not self._measure_anchors.isdisjoint(words))

    def scan(self, atoms: list[str]) -> list[Hit]:
        """The longest phrases from left to right, without overlaps."""
        hits: list[Hit] = []
        root, count, free = self._root, len(atoms), 0
        for at in [place for place, atom in enumerate(atoms) if atom in root]:
            if at < free:
                continue
            node = root[atoms[at]]
            place = last = at + 1
            meaning = node.get(_END)
            while place < count and (node := node.get(atoms[place])) is not None:
                place += 1
                if _END in node:
                    last, meaning = place, node[_END]
            if meaning is not None:
                hits.append(Hit(at, last, meaning))
                free = last
        return hits


def _anchor(phrase: str, atoms: tuple[str, ...]) -> set[str]:
    """The word without which a phrase cannot stand: its longest, or the whole of one like ``P2``."""
    whole = phrase.lower()
    if whole.isalnum() and not whole.isalpha():
        return {whole, atoms[0]} if len(atoms[0]) > 1 else {whole}
    letters = [atom for atom in atoms if atom.isalpha() and atom not in ("of", "to")]
    return {max(letters, key=len)} if letters else set()
