"""What in a compiled lexicon will match too much or twice: short, general and ambiguous names, suspicious words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mrterms.lexicon.compiled import CompiledConcepts
from mrterms.lexicon.store import Store, verify
from mrterms.matching.words import GLUE
from mrterms.terminologies.sources import SCOPES
from mrterms.text.words_in_use import words_in_use

__all__ = ["lint_compiled"]

_SHORT = 4


def lint_compiled(folder: Path) -> Iterator[str]:
    """A line a finding: ``name: what (concepts)``. Checks every byte first; raises LexiconError where one is damaged."""
    verify(folder)
    store = Store(folder)
    for reason, count in sorted(store.manifest["left_out"].items()):
        yield f"{folder}: {count} names left out: {reason}"
    yield from _names(store)
    yield from dict.fromkeys(_homonyms(store))


def _names(store: Store) -> Iterator[str]:
    names, concepts, of = store.texts("names"), CompiledConcepts(store), store.array("name_concepts")
    for number, name in enumerate(names):
        place = f"{name} ({concepts.id_at(int(of[number]))})"
        if len(name) < _SHORT:
            yield f"{place}: short"
        elif " " not in name and name.islower() and name in words_in_use() and len(name) <= _SHORT:
            yield f"{place}: a common word"
        elif all(word in GLUE for word in name.lower().split()[:-1]) and " " in name:
            yield f"{place}: one word behind stop words"
        elif name.count("(") != name.count(")") or name.count("[") != name.count("]"):
            yield f"{place}: a bracket is not closed"
        elif any(mark in name for mark in "\t|;?*_"):
            yield f"{place}: an odd sign"


def _homonyms(store: Store) -> Iterator[str]:
    """Forms whose nearest names stand under several concepts: such mentions are ambiguous."""
    names, concepts = store.texts("names"), CompiledConcepts(store)
    of, scopes = store.array("name_concepts"), store.array("name_scopes")
    form_names, starts = store.array("form_names"), store.array("form_starts")
    for form in range(len(starts) - 1):
        under = form_names[starts[form] : starts[form + 1]]
        if len(under) > 1:
            nearest = under[scopes[under] == scopes[under].min()]
            numbers = sorted({int(of[name]) for name in nearest})
            if len(numbers) > 1:
                listed = ", ".join(concepts.id_at(number) for number in numbers)
                yield f"{names[int(nearest[0])]}: {SCOPES[int(scopes[nearest[0]])]} name of several concepts: {listed}"
