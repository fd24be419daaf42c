"""Sources that a library reads: ICD-10-CM (simple-icd-10-cm) and SKOS (rdflib); both come with the extra ``ontology``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mrterms.errors import LexiconError, MissingExtraError
from mrterms.records import Concept
from mrterms.terminologies.sources.records import Filters, Item, Name, Scope, below

__all__ = ["read_icd10cm", "read_skos"]

_RDF_FORMATS = {".ttl": "turtle", ".nt": "nt", ".rdf": "xml", ".xml": "xml", ".skos": "xml", ".jsonld": "json-ld"}


def read_icd10cm(filters: Filters) -> Iterator[Item]:
    """The categories and codes of ICD-10-CM with their inclusion terms, as ``ICD10CM:I34.0``."""
    try:
        import simple_icd_10_cm as icd
    except ImportError:
        raise MissingExtraError("simple-icd-10-cm", "ontology") from None

    roots = {branch.removeprefix("ICD10CM:") for branch in filters.branches}
    if missing := sorted(root for root in roots if not icd.is_valid_item(root)):
        raise LexiconError(f"no such branch: {', '.join(missing)}", file="icd10cm", fix="give a chapter, block or code")
    wanted = roots.union(*map(icd.get_descendants, roots)) if roots else icd.get_all_codes(with_dots=True)
    for code in sorted(wanted):
        if icd.is_chapter_or_block(code):
            continue
        concept_id, title = f"ICD10CM:{code}", icd.get_description(code)
        parent = icd.get_parent(code)
        yield Concept(
            concept_id=concept_id,
            preferred_name=title,
            semantic_type="diagnosis",
            parents=(f"ICD10CM:{parent}",) if parent and not icd.is_chapter_or_block(parent) else (),
            codes={"ICD10CM": code},
        )
        yield Name(concept_id=concept_id, text=title, scope="preferred")
        for term in icd.get_inclusion_term(code):
            yield Name(concept_id=concept_id, text=term)


def read_skos(file: Path, filters: Filters) -> Iterator[Item]:
    """The concepts of a SKOS file: labels as names, ``broader`` as parents, ``notation`` as code. Deprecated ones are left out.

    An id is the CURIE that the file's own prefixes give, else the IRI. Raises :class:`LexiconError` where it cannot be parsed.
    """
    try:
        import rdflib
        from rdflib.namespace import OWL, RDF, SKOS
    except ImportError:
        raise MissingExtraError("rdflib", "ontology") from None

    graph = rdflib.Graph()
    try:
        graph.parse(file, format=_RDF_FORMATS[file.suffix.lower()])
    except Exception as error:  # each of rdflib's parsers has errors of its own
        raise LexiconError(f"not SKOS: {type(error).__name__}", file=str(file), fix="is the file whole?") from None
    concepts = [one for one in graph.subjects(RDF.type, SKOS.Concept) if (one, OWL.deprecated, rdflib.Literal(True)) not in graph]
    ids = {one: _curie(graph, one) for one in sorted(concepts, key=str)}
    parents = {ids[one]: tuple(ids[above] for above in graph.objects(one, SKOS.broader) if above in ids) for one in ids}
    if missing := sorted(filters.branches - parents.keys()):
        raise LexiconError(f"no such branch: {', '.join(missing)}", file=str(file), fix="give the id of a concept of this source")
    wanted = below(filters.branches, parents) if filters.branches else parents.keys()
    labels: tuple[tuple[Any, Scope], ...] = ((SKOS.prefLabel, "preferred"), (SKOS.altLabel, "exact"), (SKOS.hiddenLabel, "related"))
    for one, concept_id in ids.items():
        names = [
            Name(concept_id=concept_id, text=str(label), scope=scope)
            for predicate, scope in labels
            for label in sorted(graph.objects(one, predicate), key=str)
            if filters.takes_language(getattr(label, "language", None) or "")
        ]
        if not names or concept_id not in wanted or not filters.takes_vocabulary(concept_id.partition(":")[0]):
            continue
        codes = list(graph.objects(one, SKOS.notation))
        yield Concept(
            concept_id=concept_id,
            preferred_name=names[0].text,
            semantic_type="concept",
            parents=parents[concept_id],
            codes={"notation": str(codes[0])} if codes else {},
        )
        yield from names


def _curie(graph: Any, iri: Any) -> str:
    try:
        prefix, _, name = graph.namespace_manager.compute_qname(iri, generate=False)
    except (KeyError, ValueError):
        return str(iri)
    return f"{prefix}:{name}" if prefix else str(iri)
