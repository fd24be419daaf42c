"""What every reader of a terminology gives: concepts, and names that belong to them, in a stream."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from typing import Literal, get_args

from mrterms.records import Concept

__all__ = ["SCOPES", "Filters", "Item", "Name", "Scope", "below"]

Scope = Literal["preferred", "exact", "narrow", "related", "broad"]
SCOPES: tuple[str, ...] = get_args(Scope)
"""How near a name is to its concept, nearest first; where a form stands under several concepts the nearest wins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """One name of a concept. ``short`` where the source itself calls it an abbreviation."""

    concept_id: str
    text: str
    scope: Scope = "exact"
    short: bool = False


Item = Concept | Name
"""A reader's stream: a concept comes before its names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What to take of a source; an empty set takes all.

    ``branches``: concept ids, each with all below it; ``semantic_types`` as the source names or numbers them;
    ``languages`` two-letter codes; ``vocabularies`` the source's abbreviations (SNOMEDCT_US, ICD10CM, HP);
    ``scopes`` of ``SCOPES``.
    """

    branches: Set[str] = frozenset()
    semantic_types: Set[str] = frozenset()
    languages: Set[str] = field(default_factory=lambda: frozenset(("en",)))
    vocabularies: Set[str] = frozenset()
    scopes: Set[str] = frozenset()

    def takes_type(self, *names: str) -> bool:
        """Whether one of a concept's semantic types (names or numbers, any case) is wanted."""
        return not self.semantic_types or any(name.casefold() in self._wanted_types for name in names)

    @property
    def _wanted_types(self) -> Set[str]:
        return {name.casefold() for name in self.semantic_types}

    def takes_vocabulary(self, name: str) -> bool:
        """Whether a vocabulary is wanted."""
        return not self.vocabularies or name in self.vocabularies

    def takes_language(self, code: str) -> bool:
        """Whether a name in that language (``en``, ``en-GB``; empty: not said) is wanted."""
        return not code or not self.languages or code.partition("-")[0].lower() in self.languages


def below(roots: Set[str], parents: Mapping[str, tuple[str, ...]]) -> Set[str]:
    """The concepts ``roots`` and all that have one of them above, by each concept's ``parents``."""
    children: dict[str, list[str]] = {}
    for concept_id, above in parents.items():
        for parent in above:
            children.setdefault(parent, []).append(concept_id)
    found: set[str] = set()
    waiting = list(roots)
    while waiting:
        if (one := waiting.pop()) not in found:
            found.add(one)
            waiting += children.get(one, ())
    return found
