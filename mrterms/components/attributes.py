"""``mrterms_attributes``: the grade, attributes and measurements of each mention."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc

from mrterms.attributes import Describer, Target
from mrterms.components.shared import annotations_of, configured_lexicon, register_extension, work_of
from mrterms.records import Severity

__all__ = ["AttributesComponent", "make_attributes"]


class AttributesComponent:
    """spaCy component around :class:`mrterms.attributes.Describer`."""

    def __init__(self, *, lexicons: Sequence[str], builtin: bool) -> None:
        register_extension()
        self._describer = Describer(configured_lexicon(lexicons, builtin).folder)

    def __call__(self, doc: Doc) -> Doc:
        work = work_of(doc)
        annotations = annotations_of(doc)
        for number, places in work.by_sentence().items():
            sentence = work.view.sentence(number)
            targets = []
            for place in places:
                mention = work.mentions[place]
                first, last = sentence.locate(mention.token_start, mention.token_end)
                targets.append(Target(first=first, last=last, concept_id=annotations[place]["concept_id"] or "", attributes=mention.attributes))
            for place, description in zip(places, self._describer.describe(sentence, targets, text=work.view.text), strict=True):
                annotations[place]["severity"] = _severity(description.severity)
                annotations[place]["attributes"] += [attribute.to_dict() for attribute in description.attributes]
        return doc


def _severity(severity: Severity | None) -> dict[str, Any] | None:
    if severity is None:
        return None
    return {
        "value": severity.value,
        "text": severity.text,
        "start": severity.start,
        "end": severity.end,
        "low": severity.low,
        "high": severity.high,
        "scale": severity.scale,
    }


@Language.factory(
    "mrterms_attributes", requires=["doc.spans"], assigns=["span._.mrterms"], default_config={"lexicons": [], "builtin": True}
)
def make_attributes(nlp: Language, name: str, lexicons: list[str], builtin: bool) -> AttributesComponent:
    """The factory."""
    return AttributesComponent(lexicons=lexicons, builtin=builtin)
