"""Mentions and senses → spans and plain annotations on the Doc."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from spacy.tokens import Doc, Span

from mrterms.components.shared import ANNOTATIONS, OTHER, Work
from mrterms.lexicon import Lexicon
from mrterms.records import Annotation, Attribute, Concept, Mention, Sense
from mrterms.text.view import View

__all__ = ["publish", "reported"]


def reported(lexicon: Lexicon, concept_id: str) -> str:
    """The concept id under which a concept is reported (STEMI → myocardial_infarction)."""
    concept = lexicon.concepts.get(concept_id)
    return concept.report_as or concept_id if concept else concept_id


def publish(
    doc: Doc, work: Work, lexicon: Lexicon, mentions: Sequence[Mention], senses: Sequence[Sense], *, other_senses: bool
) -> list[Mention]:
    """Write the mentions of the lexicon's subject to the Doc; the others go to a span group of their own.

    Returns the mentions written, in the order of the annotations.
    """
    annotations: list[Annotation] = []
    spans: list[Span] = []
    others: list[Span] = []
    written: list[Mention] = []
    for mention, sense in zip(mentions, senses, strict=True):
        concept = lexicon.concepts.get(sense.concept_id or "")
        one = _annotation(work.view, lexicon, mention, sense, concept)
        span = Span(doc, mention.token_start, mention.token_end, label=one["semantic_type"] or "ambiguous", kb_id=one["concept_id"] or "")
        if concept is not None and concept.other_sense and not other_senses:
            others.append(span)
            continue
        annotations.append(one)
        spans.append(span)
        written.append(mention)
    work.as_written(annotations)
    doc.user_data[ANNOTATIONS] = annotations
    doc.spans[ANNOTATIONS] = spans
    doc.spans[OTHER] = others
    return written


def _annotation(view: View, lexicon: Lexicon, mention: Mention, sense: Sense, concept: Concept | None) -> Annotation:
    told = lexicon.concepts.get(concept.report_as, concept) if concept and concept.report_as else concept
    attributes = [attribute.to_dict() for attribute in mention.attributes]
    if concept and told and told is not concept:
        attributes.append(Attribute(kind="subtype", value=concept.concept_id).to_dict())
    section = view.section_at(mention.token_start)
    return {
        "start": mention.start,
        "end": mention.end,
        "text": mention.text,
        "concept_id": told.concept_id if told else sense.concept_id,
        "preferred_name": told.preferred_name if told else None,
        "semantic_type": told.semantic_type if told else None,
        "codes": {**told.codes, **concept.codes} if told and concept else {},
        "match": {"kind": mention.match.kind, "term": mention.match.term, "score": mention.match.score, "reason": mention.match.reason},
        "sense": _sense(lexicon, sense),
        "assertion": {"status": "present", "experiencer": "patient", "temporality": "current", "change": None, "cues": []},
        "severity": None,
        "attributes": attributes,
        "section": section.name if section else None,
    }


def _sense(lexicon: Lexicon, sense: Sense) -> dict[str, Any]:
    return {
        "status": sense.status,
        "probability": round(sense.probability, 3),
        "candidates": [
            {"concept_id": reported(lexicon, one.concept_id), "probability": round(one.probability, 3)} for one in sense.candidates
        ],
        "evidence": [_evidence(one.cue, one.weight, one.start, one.end) for one in sense.evidence],
    }


def _evidence(cue: str, weight: float, start: int | None, end: int | None) -> dict[str, Any]:
    plain: dict[str, Any] = {"cue": cue, "weight": round(weight, 2)}
    return plain if start is None else plain | {"start": start, "end": end}
