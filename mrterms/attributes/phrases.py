"""One trie of atoms for all phrases of the room: a sentence is walked once, whatever the tables hold."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from mrterms.attributes.atoms import split_phrase

if TYPE_CHECKING:
    from mrterms.attributes.facts import FactRule
    from mrterms.attributes.measures import MeasureRule
    from mrterms.attributes.scales import Bound, GradePart

__all__ = ["GRADED", "Hit", "Meaning", "PhraseTrie", "measuring"]

GRADED = "graded"
"""What a phrase may be for, beside the kinds of lesion of which it says something and what it measures."""
_COMMON = frozenset(
    "of to a and or out / - – — one two three four second third significant left right aortic atrial mitral tricuspid pulmonary valve "
    "ventricular".split()
)
"""Atoms that stand in many a sentence that has none of their phrases."""
_END = ""
"""The key of a node's meaning; no atom is empty."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a phrase may mean; several tables may know it. One that means nothing shields its words from shorter phrases."""

    grade: GradePart | None = None
    bound: Bound | None = None
    facts: tuple[FactRule, ...] = ()
    measure: MeasureRule | None = None
    harmless: bool = field(init=False)
    """Whether it may stand between a grade and its lesion."""
    passable: bool = field(init=False)
    """Whether it may stand between an attribute and its lesion."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "harmless", bool(self.facts) or self.measure is not None)
        object.__setattr__(self, "passable", self.harmless or self.grade is not None or self.bound is not None)


class Hit(NamedTuple):
    """A phrase found at the atoms ``first`` to ``last`` (half-open)."""

    first: int
    last: int
    meaning: Meaning


class PhraseTrie:
    """Phrases with their meanings."""

    def __init__(self) -> None:
        self._root: dict[str, Any] = {}
        self._needed: dict[frozenset[str], frozenset[str]] = {}
        """The uses of phrases, by the atoms that they need."""

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
        if grade or fact or measure:
            needed = frozenset(atoms)
            uses = frozenset([GRADED] if grade else fact.kinds if fact else measure.uses if measure else ())
            self._needed[needed] = uses | self._needed.get(needed, frozenset())

    @cached_property
    def _anchors(self) -> dict[str, dict[frozenset[str], frozenset[str]]]:
        """The phrases under the rarest of their atoms; what a phrase of fewer atoms tells already is left out."""
        anchors: dict[str, dict[frozenset[str], frozenset[str]]] = {}
        for needed in sorted(self._needed, key=len):
            told = [uses for atom in needed for fewer, uses in anchors.get(atom, {}).items() if fewer <= needed]
            if uses := self._needed[needed].difference(*told):
                anchors.setdefault(max(needed, key=_rarity), {})[needed] = uses
        return anchors

    def may_hit(self, words: Set[str], uses: Set[str]) -> bool:
        """Whether a phrase could stand among the words (atoms without order) that says something of one of the ``uses``.

        A use is a kind of lesion, ``GRADED``, or one of :func:`measuring`.
        """
        for word in self._anchors.keys() & words:
            for needed, meant in self._anchors[word].items():
                if needed <= words and not meant.isdisjoint(uses):
                    return True
        return False

    def anchors(self, uses: Set[str]) -> frozenset[str]:
        """The atoms without any of which no phrase says anything of one of the ``uses``."""
        return frozenset(atom for atom, phrases in self._anchors.items() if any(not meant.isdisjoint(uses) for meant in phrases.values()))

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


def measuring(lesion: str) -> str:
    """The use of a phrase that names a measurement of such a lesion (a concept, a kind, or ``*`` for any)."""
    return f"measured {lesion}"


def _rarity(atom: str) -> tuple[bool, bool, bool, int, str]:
    """A guess at which of the atoms of a phrase the fewest sentences have."""
    return atom not in _COMMON, not atom[0].isdigit(), atom.isalpha(), len(atom), atom
