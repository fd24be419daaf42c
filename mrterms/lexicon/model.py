"""A lexicon as one immutable value, and how two of them become one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib.resources.abc import Traversable

from mrterms.lexicon.compiled import LayeredConcepts, concepts_of
from mrterms.lexicon.store import Store
from mrterms.records import Concept, SenseEntry, Term

__all__ = ["Lexicon", "merge"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lexicon:
    """Concepts, their surface forms, and the senses of the short forms among them.

    ``senses`` is keyed by the short form as its table writes it. ``folder`` holds the further tables (cues, grades,
    sites ...) that other rooms read; it is None for a plain list of a user's terms. ``compiled`` are compiled lexicons; their
    concepts can be looked up in ``concepts``, which does not list them.
    """

    name: str
    version: str = "0"
    licence: str = ""
    source: str = ""
    concepts: Mapping[str, Concept] = field(default_factory=dict)
    terms: tuple[Term, ...] = ()
    senses: Mapping[str, tuple[SenseEntry, ...]] = field(default_factory=dict)
    folder: Traversable | None = None
    compiled: tuple[Store, ...] = ()


def merge(*lexicons: Lexicon) -> Lexicon:
    """One lexicon of all; the first is the base (its name, folder, and its names of shared concepts stay).

    A concept in several lexicons gets the terms of all; where two give a code of the same system, the later one wins
    (a user's own table comes last). A form under concepts of different lexicons simply stands under each of them: it
    is ambiguous. Senses of the same short form are joined, concept by concept, the later one winning.

    Raises ``ValueError`` without a lexicon.
    """
    if not lexicons:
        raise ValueError("merge needs at least one lexicon")
    compiled = tuple(store for lexicon in lexicons for store in lexicon.compiled)
    concepts: dict[str, Concept] = {}
    terms: dict[tuple[str, str], Term] = {}
    senses: dict[str, dict[str, SenseEntry]] = {}
    for lexicon in lexicons:
        for concept in lexicon.concepts.values():
            concepts[concept.concept_id] = _join(concepts.get(concept.concept_id), concept)
        terms.update({(term.text, term.concept_id): term for term in lexicon.terms})
        for form, entries in lexicon.senses.items():
            senses.setdefault(form, {}).update({entry.concept_id: entry for entry in entries})
    return replace(
        lexicons[0],
        concepts=LayeredConcepts(concepts, tuple(map(concepts_of, compiled))) if compiled else concepts,
        compiled=compiled,
        terms=tuple(terms.values()),
        senses={form: tuple(entries.values()) for form, entries in senses.items()},
        folder=next((lexicon.folder for lexicon in lexicons if lexicon.folder is not None), None),
    )


def _join(first: Concept | None, later: Concept) -> Concept:
    if first is None:
        return later
    parents = tuple(dict.fromkeys((*first.parents, *later.parents)))
    return replace(first, parents=parents, codes={**first.codes, **later.codes})
