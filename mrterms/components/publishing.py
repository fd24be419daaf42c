"""Mentions and senses → spans and plain annotations on the Doc."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from spacy.tokens import Doc, Span

from mrterms.components.shared import ANNOTATIONS, OTHER, Work
from mrterms.lexicon import Lexicon
from mrterms.records import Annotation, Attribute, Mention, Sense
from mrterms.text.memo import Memo
from mrterms.text.view import View

__all__ = ["Publisher"]

_MOST_TOLD = 100_000


class _Told(NamedTuple):
    """What is told of every mention of a concept; all None where the text leaves the concept open."""

    concept_id: str | None
    """The concept under which it is reported (STEMI → myocardial_infarction)."""
    preferred_name: str | None
    semantic_type: str | None
    codes: Mapping[str, str]
    subtype: str | None
    """The concept itself, where that is a finer one."""
    is_other: bool
    """Whether it is outside the lexicon's subject."""


class Publisher:
    """Writes what was found to a Doc; what it tells of a concept is worked out once."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._told = Memo(self._tell, _MOST_TOLD)

    def publish(self, doc: Doc, work: Work, mentions: Sequence[Mention], senses: Sequence[Sense], *, other_senses: bool) -> list[Mention]:
        """Write the mentions of the lexicon's subject to the Doc; the others go to a span group of their own.

        Returns the mentions written, in the order of the annotations.
        """
        annotations: list[Annotation] = []
        spans: list[Span] = []
        others: list[Span] = []
        written: list[Mention] = []
        for mention, sense in zip(mentions, senses, strict=True):
            told = self._told[sense.concept_id]
            span = Span(doc, mention.token_start, mention.token_end, label=told.semantic_type or "ambiguous", kb_id=told.concept_id or "")
            if told.is_other and not other_senses:
                others.append(span)
                continue
            annotations.append(self._annotation(work.view, mention, sense, told))
            spans.append(span)
            written.append(mention)
        work.as_written(annotations)
        doc.user_data[ANNOTATIONS] = annotations
        doc.spans[ANNOTATIONS] = spans
        doc.spans[OTHER] = others
        return written

    def _tell(self, concept_id: str | None) -> _Told:
        concept = self._lexicon.concepts.get(concept_id or "")
        if concept is None:
            return _Told(concept_id, None, None, {}, None, is_other=False)
        as_ = self._lexicon.concepts.get(concept.report_as, concept) if concept.report_as else concept
        finer = as_ is not concept
        codes = {**as_.codes, **concept.codes} if finer else concept.codes
        subtype = concept.concept_id if finer else None
        return _Told(as_.concept_id, as_.preferred_name, as_.semantic_type, codes, subtype, concept.other_sense)

    def _annotation(self, view: View, mention: Mention, sense: Sense, told: _Told) -> Annotation:
        # An empty comprehension costs more than all else of a field, and most mentions have neither attributes nor evidence.
        attributes = [attribute.to_dict() for attribute in mention.attributes] if mention.attributes else []
        if told.subtype is not None:
            attributes.append(Attribute(kind="subtype", value=told.subtype).to_dict())
        section, match = view.section_at(mention.token_start), mention.match
        return {
            "start": mention.start,
            "end": mention.end,
            "text": mention.text,
            "concept_id": told.concept_id,
            "preferred_name": told.preferred_name,
            "semantic_type": told.semantic_type,
            "codes": {**told.codes},
            "match": {"kind": match.kind, "term": match.term, "score": match.score, "reason": match.reason},
            "sense": {
                "status": sense.status,
                "probability": _rounded(sense.probability),
                "candidates": [
                    {"concept_id": self._told[one.concept_id].concept_id, "probability": _rounded(one.probability)}
                    for one in sense.candidates
                ],
                "evidence": [_evidence(*one) for one in sense.evidence] if sense.evidence else [],
            },
            "assertion": {"status": "present", "experiencer": "patient", "temporality": "current", "change": None, "cues": []},
            "severity": None,
            "attributes": attributes,
            "section": section.name if section else None,
        }


def _rounded(probability: float) -> float:
    return probability if probability == 1.0 else round(probability, 3)


def _evidence(cue: str, weight: float, start: int | None, end: int | None) -> dict[str, Any]:
    plain: dict[str, Any] = {"cue": cue, "weight": round(weight, 2)}
    return plain if start is None else plain | {"start": start, "end": end}
