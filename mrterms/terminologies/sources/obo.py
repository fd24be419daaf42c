"""OBO (parsed by fastobo, which streams a file's frames) and OBO Graph JSON.

Obsolete terms and synonyms that the ontology calls obsolete are left out; a synonym's scope is kept.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Set
from pathlib import Path
from typing import Any

from mrterms.errors import LexiconError
from mrterms.records import Concept
from mrterms.terminologies.sources.records import Filters, Item, Name, Scope, below

__all__ = ["read_obo", "read_obo_graph"]

_SYSTEMS = {"SNOMEDCT_US": "SNOMEDCT", "SNOMEDCT_US_2023_03_01": "SNOMEDCT", "MSH": "MESH", "ICD10CM": "ICD10CM", "UMLS": "UMLS"}
_SCOPES: dict[str, Scope] = {"EXACT": "exact", "NARROW": "narrow", "BROAD": "broad", "RELATED": "related"}
_GRAPH_SCOPES: dict[str, Scope] = {f"has{name.title()}Synonym": scope for name, scope in _SCOPES.items()}
_PURL = re.compile(r"https?://(?:purl\.obolibrary\.org/obo|www\.orpha\.net/ORDO)/([A-Za-z]+)_(\w+)$")
_OBSOLETE, _SHORT = "obsolete_synonym", "abbreviation"


def read_obo(file: Path, filters: Filters) -> Iterator[Item]:
    """The terms of an OBO file. Raises :class:`LexiconError` where it is not OBO."""
    import fastobo

    parents: dict[str, tuple[str, ...]] = {}
    frames = []
    try:
        document = fastobo.iter(str(file), ordered=True)
        namespace = _namespace(document.header())
        for frame in document:
            if isinstance(frame, fastobo.term.TermFrame):
                term = _Term(frame, namespace)
                if not term.obsolete and term.name:
                    parents[term.concept_id] = term.parents
                    frames.append(term)
    except (SyntaxError, ValueError, OSError) as error:
        line = getattr(error, "lineno", None)
        raise LexiconError(f"not OBO: {type(error).__name__}", file=str(file), line=line, fix="is the file whole?") from None
    wanted = _wanted(filters, parents, file)
    for term in frames:
        if term.concept_id in wanted:
            yield from term.items()


def _wanted(filters: Filters, parents: dict[str, tuple[str, ...]], file: Path) -> Set[str]:
    if missing := sorted(filters.branches - parents.keys()):
        raise LexiconError(f"no such branch: {', '.join(missing)}", file=str(file), fix="give the id of a concept of this source")
    within = below(filters.branches, parents) if filters.branches else parents.keys()
    return {one for one in within if filters.takes_vocabulary(one.partition(":")[0])}


def _namespace(header: Any) -> str:
    for clause in header:
        if type(clause).__name__ == "DefaultNamespaceClause":
            return str(clause.namespace)
    return "term"


class _Term:
    """One term frame of OBO, read once."""

    def __init__(self, frame: Any, namespace: str) -> None:
        self.concept_id = str(frame.id)
        self.name = ""
        self.obsolete = False
        self._namespace = namespace
        self._codes: dict[str, str] = {}
        self._names: list[Name] = []
        parents: list[str] = []
        for clause in frame:
            kind = type(clause).__name__
            if kind == "NameClause":
                self.name = clause.name
            elif kind == "SynonymClause":
                self._add(clause.synonym)
            elif kind == "IsAClause":
                parents.append(str(clause.term))
            elif kind == "XrefClause":
                system, _, code = str(clause.xref.id).partition(":")
                if system in _SYSTEMS:
                    self._codes.setdefault(_SYSTEMS[system], code)
            elif kind == "NamespaceClause":
                self._namespace = str(clause.namespace)
            elif kind == "IsObsoleteClause":
                self.obsolete = clause.obsolete
        self.parents = tuple(parents)

    def _add(self, synonym: Any) -> None:
        kind = str(synonym.type or "")
        if kind != _OBSOLETE:
            self._names.append(Name(concept_id=self.concept_id, text=synonym.desc, scope=_SCOPES[synonym.scope], short=kind == _SHORT))

    def items(self) -> Iterator[Item]:
        """The concept and its names."""
        yield Concept(
            concept_id=self.concept_id,
            preferred_name=self.name,
            semantic_type=self._namespace,
            parents=self.parents,
            codes=self._codes,
        )
        yield Name(concept_id=self.concept_id, text=self.name, scope="preferred")
        yield from self._names


def read_obo_graph(file: Path, filters: Filters) -> Iterator[Item]:
    """The classes of an OBO Graph JSON file. Raises :class:`LexiconError` where it is none."""
    try:
        graphs = json.loads(file.read_bytes())["graphs"]
        nodes = [node for graph in graphs for node in graph["nodes"]]
        edges = [edge for graph in graphs for edge in graph.get("edges", ())]
    except (ValueError, KeyError, TypeError) as error:
        raise LexiconError(f"not OBO Graph JSON: {type(error).__name__}", file=str(file), fix="is the file whole?") from None
    above: dict[str, list[str]] = {}
    for edge in edges:
        if edge["pred"] == "is_a":
            above.setdefault(_curie(edge["sub"]), []).append(_curie(edge["obj"]))
    living = [node for node in nodes if node.get("lbl") and node.get("type") == "CLASS" and not node.get("meta", {}).get("deprecated")]
    parents = {_curie(node["id"]): tuple(above.get(_curie(node["id"]), ())) for node in living}
    wanted = _wanted(filters, parents, file)
    for node in living:
        concept_id = _curie(node["id"])
        if concept_id in wanted:
            yield from _graph_items(node, concept_id, parents[concept_id])


def _graph_items(node: dict[str, Any], concept_id: str, parents: tuple[str, ...]) -> Iterator[Item]:
    meta = node.get("meta", {})
    codes: dict[str, str] = {}
    for xref in meta.get("xrefs", ()):
        system, _, code = xref["val"].partition(":")
        if system in _SYSTEMS:
            codes.setdefault(_SYSTEMS[system], code)
    values = meta.get("basicPropertyValues", ())
    namespace = next((one["val"] for one in values if one["pred"].endswith("#hasOBONamespace")), "term")
    yield Concept(concept_id=concept_id, preferred_name=node["lbl"], semantic_type=namespace, parents=parents, codes=codes)
    yield Name(concept_id=concept_id, text=node["lbl"], scope="preferred")
    for synonym in meta.get("synonyms", ()):
        kind = synonym.get("synonymType", "")
        if not kind.endswith(_OBSOLETE):
            scope = _GRAPH_SCOPES.get(synonym["pred"], "related")
            yield Name(concept_id=concept_id, text=synonym["val"], scope=scope, short=kind.endswith(_SHORT))


def _curie(iri: str) -> str:
    found = _PURL.match(iri)
    return f"{found[1]}:{found[2]}" if found else iri
