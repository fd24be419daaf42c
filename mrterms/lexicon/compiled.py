"""The concepts of a compiled lexicon, read one at a time when they are asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from mrterms.lexicon.store import Store
from mrterms.records import Concept

__all__ = ["CompiledConcepts", "LayeredConcepts", "concepts_of"]

_MOST_MET = 50_000


class CompiledConcepts(Mapping[str, Concept]):
    """Concept id → concept, decoded from the store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._texts = store.texts("concepts")
        self._ids = store.words("concept_ids")
        self._met: dict[int, Concept] = {}

    def __reduce__(self) -> tuple[type[CompiledConcepts], tuple[Store]]:
        return CompiledConcepts, (self._store,)

    def __getitem__(self, concept_id: str) -> Concept:
        number = self._ids.get(concept_id)
        if number < 0:
            raise KeyError(concept_id)
        return self.at(number)

    def at(self, number: int) -> Concept:
        """The concept of that number; decoded once, because a text's concepts are few and come again."""
        concept = self._met.get(number)
        if concept is None:
            if len(self._met) >= _MOST_MET:
                self._met.clear()
            concept = self._met[number] = self._decode(number)
        return concept

    def _decode(self, number: int) -> Concept:
        plain = json.loads(self._texts[number])
        return Concept(
            concept_id=plain["id"],
            preferred_name=plain["name"],
            semantic_type=plain["type"],
            parents=tuple(plain.get("parents", ())),
            codes=plain.get("codes", {}),
        )

    def id_at(self, number: int) -> str:
        """The id of the concept of that number."""
        return self.at(number).concept_id

    def get(self, concept_id: str, default: Any = None) -> Any:
        """The concept of that id, or ``default``."""
        number = self._ids.get(concept_id)
        return default if number < 0 else self.at(number)

    def __iter__(self) -> Iterator[str]:
        return (self.id_at(number) for number in range(len(self._texts)))

    def __len__(self) -> int:
        return len(self._texts)


@lru_cache(maxsize=8)
def concepts_of(store: Store) -> CompiledConcepts:
    """The concepts of a store; whoever asks shares what has been decoded."""
    return CompiledConcepts(store)


class LayeredConcepts(Mapping[str, Concept]):
    """The concepts of tables, and behind them those of compiled lexicons.

    Looking up asks all layers; iteration and length tell only of the tables, because no caller should walk millions.
    """

    def __init__(self, tables: Mapping[str, Concept], layers: tuple[Mapping[str, Concept], ...]) -> None:
        self._tables, self._layers = tables, layers
        self._met: dict[str, Concept | None] = {}

    def __getitem__(self, concept_id: str) -> Concept:
        concept: Concept | None = self.get(concept_id)
        if concept is None:
            raise KeyError(concept_id)
        return concept

    def get(self, concept_id: str, default: Any = None) -> Any:
        """The concept of that id, or ``default``."""
        try:
            concept = self._met[concept_id]
        except KeyError:
            if len(self._met) >= _MOST_MET:
                self._met.clear()
            found = (layer.get(concept_id) for layer in (self._tables, *self._layers))
            concept = self._met[concept_id] = next((one for one in found if one is not None), None)
        return default if concept is None else concept

    def __iter__(self) -> Iterator[str]:
        return iter(self._tables)

    def __len__(self) -> int:
        return len(self._tables)
