"""SSSOM: the mapping set as TSV with its metadata in front (https://mapping-commons.github.io/sssom, version 1.1).

Values of a column have no identifier of their own, so every mapping is a *literal mapping*: ``subject_type`` is ``rdfs literal``,
the value is the ``subject_label``, and ``subject_source`` names the column.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterable, Mapping
from typing import TextIO
from urllib.parse import quote

from mrterms.about import __version__
from mrterms.columns.exports.mappings import Target, ValueMapping
from mrterms.lexicon import Lexicon

__all__ = ["PREFIXES", "SYSTEMS", "write_sssom"]

SYSTEMS: Mapping[str, str] = {
    "SNOMEDCT": "SCTID",
    "MONDO": "MONDO",
    "HPO": "HP",
    "DOID": "DOID",
    "MESH": "MESH",
    "ICD10CM": "ICD10CM",
    "UMLS": "UMLS",
}
"""Code systems in the order in which ``object_id`` is taken from them, with their prefixes; ICD-11 has no address for a code."""

PREFIXES: Mapping[str, str] = {
    "SCTID": "http://snomed.info/id/",
    "MONDO": "http://purl.obolibrary.org/obo/MONDO_",
    "HP": "http://purl.obolibrary.org/obo/HP_",
    "DOID": "http://purl.obolibrary.org/obo/DOID_",
    "MESH": "http://id.nlm.nih.gov/mesh/",
    "ICD10CM": "http://purl.bioontology.org/ontology/ICD10CM/",
    "UMLS": "http://linkedlifedata.com/resource/umls/id/",
    "mrterms": "urn:x-mrterms:concept:",
    "lexicon": "urn:x-mrterms:lexicon:",
    "column": "urn:x-mrterms:column:",
}
"""What prefixes stand for; those of mrterms are names, not addresses."""

NO_LICENCE = "https://w3id.org/sssom/license/unspecified"
NO_TERM = "sssom:NoTermFound"
_SETS = "https://w3id.org/sssom/mappings/"
"""Where sssom-py looks for sets without an address of their own; it refuses a URN."""

_COLUMNS = (
    "subject_label", "predicate_id", "object_id", "object_label", "mapping_justification", "subject_type", "subject_source",
    "object_source", "confidence", "comment",
)  # fmt: skip
_TO_QUOTE = re.compile(r'["\t\r\n]|^#')
_BY_MATCH = {
    "decision": "semapv:ManualMappingCuration",
    "code": "semapv:BackgroundKnowledgeBasedMatching",
    "column": "semapv:BackgroundKnowledgeBasedMatching",
    "fuzzy": "semapv:LexicalSimilarityThresholdMatching",
}


def write_sssom(
    handle: TextIO, mappings: Iterable[ValueMapping], *, lexicon: Lexicon, mapping_set_id: str | None = None, licence: str = NO_LICENCE
) -> None:
    """Write the mapping set: a row a value and concept, and ``sssom:NoTermFound`` for a value that names none.

    ``object_id`` is the first code of :data:`SYSTEMS` that the concept has, else the lexicon's own concept id. The predicate is
    ``skos:exactMatch``; ``skos:broadMatch`` where the value says more than the concept (a grade, several diagnoses);
    ``skos:relatedMatch`` where it does not say that the patient has it (denied, past, a relative's). Ambiguous values are left
    out, for neither a match nor its absence is known; the set's comment counts them. ``mapping_set_id`` is a URI; without it
    one is made from the content, so that the same table gives the same file.
    """
    mappings = list(mappings)
    label = {(system, code): concept.preferred_name for concept in lexicon.concepts.values() for system, code in concept.codes.items()}
    rows = [row for mapping in mappings if not mapping.ambiguous for row in _rows(mapping, lexicon, label)]
    body = "".join("\t".join(map(_quoted, row)) + "\n" for row in (_COLUMNS, *rows))
    head: dict[str, str | Mapping[str, str]] = {
        "sssom_version": "1.1",
        "mapping_set_id": mapping_set_id or f"{_SETS}{uuid.uuid5(uuid.NAMESPACE_URL, body)}",
        "license": licence,
        "mapping_tool": "mrterms",
        "mapping_tool_version": __version__,
        "curie_map": _prefixes(rows),
        "comment": f"{sum(mapping.ambiguous for mapping in mappings)} ambiguous values are left out",
    }
    handle.writelines(f"#{line}\n" for line in _yaml(head))
    handle.write(body)


def _rows(mapping: ValueMapping, lexicon: Lexicon, label: Mapping[tuple[str, str], str]) -> list[tuple[str, ...]]:
    source = f"column:{quote(mapping.column, safe='')}"
    if not mapping.targets:
        justified = "semapv:ManualMappingCuration" if mapping.decided_by is not None else "semapv:LexicalMatching"
        nothing = ("skos:exactMatch", NO_TERM, "", justified)
        return [
            (mapping.value, *nothing, "rdfs literal", source, f"lexicon:{lexicon.name}", f"{mapping.confidence:.3f}", _comment(mapping))
        ]
    rows: list[tuple[str, ...]] = []
    for target in mapping.targets:
        object_id, object_label = _object(target, label)
        said = (_predicate(target, mapping), object_id, object_label, _justification(target))
        rows.append((mapping.value, *said, "rdfs literal", source, "", f"{target.score:.3f}", _comment(mapping, target)))
    return rows


def _object(target: Target, label: Mapping[tuple[str, str], str]) -> tuple[str, str]:
    """The CURIE and name of a concept. A finer code than the concept's own (a STEMI's) has the finer concept's name."""
    prefix, _, rest = target.concept_id.partition(":")
    if rest and prefix in PREFIXES:
        return target.concept_id, target.preferred_name
    for system, curie in SYSTEMS.items():
        if code := target.codes.get(system):
            return f"{curie}:{code.removeprefix(curie + ':')}", label.get((system, code), target.preferred_name)
    return f"mrterms:{quote(target.concept_id, safe='')}", target.preferred_name


def _predicate(target: Target, mapping: ValueMapping) -> str:
    if not target.plain:
        return "skos:relatedMatch"
    return "skos:broadMatch" if target.severity or len(mapping.targets) > 1 else "skos:exactMatch"


def _justification(target: Target) -> str:
    by_context = "semapv:CompositeMatching" if target.sense_status == "resolved" else "semapv:LexicalMatching"
    return _BY_MATCH.get(target.match, by_context)


def _comment(mapping: ValueMapping, target: Target | None = None) -> str:
    facts = [f"{mapping.count} rows"]
    if target is not None:
        facts += [target.assertion] * (not target.plain) + [target.severity] * bool(target.severity)  # type: ignore[list-item]
    facts += [f"decided by {mapping.decided_by}"] if mapping.decided_by else []
    return "; ".join([*facts, *mapping.problems])


def _quoted(cell: str) -> str:
    """Quoted as the specification asks, and where it begins like a line of metadata."""
    return '"' + cell.replace('"', '""') + '"' if _TO_QUOTE.search(cell) else cell


def _prefixes(rows: Iterable[tuple[str, ...]]) -> dict[str, str]:
    """The prefixes that the rows use; those of SSSOM itself (sssom, skos, semapv) are built in."""
    used = {cell.partition(":")[0] for row in rows for cell in (row[2], row[6], row[7])}
    return {prefix: address for prefix, address in PREFIXES.items() if prefix in used}


def _yaml(head: Mapping[str, str | Mapping[str, str]]) -> Iterable[str]:
    """Every JSON string is a YAML string."""
    for key, value in head.items():
        if isinstance(value, str):
            yield f"{key}: {json.dumps(value)}"
        else:
            yield f"{key}:"
            yield from (f"  {inner}: {json.dumps(text)}" for inner, text in value.items())
