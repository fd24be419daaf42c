"""``mrterms_attributes``: the grade, attributes, measurements and codes of each mention."""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc

from mrterms.attributes import Describer, Description, Target
from mrterms.attributes.codes import CodeRules
from mrterms.components.shared import Work, annotations_of, configured_lexicon, register_extension, release, work_of
from mrterms.records import Annotation, Mention, Severity
from mrterms.text.view import Sentence, View

__all__ = ["AttributesComponent", "make_attributes"]


_SENTENCES_ON = 3
"""How many sentences behind that of a lesion may still measure it."""


class AttributesComponent:
    """spaCy component around :class:`mrterms.attributes.Describer` and :class:`mrterms.attributes.codes.CodeRules`."""

    def __init__(self, *, lexicons: Sequence[str], builtin: bool) -> None:
        register_extension()
        folder = configured_lexicon(lexicons, builtin).folder
        self._describer, self._codes = Describer(folder), CodeRules(folder)

    def __call__(self, doc: Doc) -> Doc:
        if annotations := annotations_of(doc):
            self._describe(work_of(doc), annotations)
        release(doc)
        return doc

    def _describe(self, work: Work, annotations: Sequence[Annotation]) -> None:
        by_sentence = work.by_sentence()
        for number, places in by_sentence.items():
            sentence = work.view.sentence(number)
            if self._describer.is_silent(sentence, [annotations[place]["concept_id"] or "" for place in places]):
                continue
            targets = [_target(sentence, work.mentions[place], annotations[place]) for place in places]
            descriptions = self._describer.describe(sentence, targets, text=lambda: work.view.text)
            for place, description in zip(places, descriptions, strict=True):
                _add(work, annotations[place], description)
            if any(map(self._describer.goes_on, targets)):
                self._go_on(work, number, by_sentence, [annotations[place] for place in places], targets, descriptions)
        for annotation in annotations:
            codes, rules = self._codes.codes_of(annotation)
            annotation["codes"], annotation["code_rules"] = codes, list(rules)

    def _go_on(
        self,
        work: Work,
        number: int,
        taken: Container[int],
        annotations: Sequence[Annotation],
        targets: Sequence[Target],
        descriptions: Sequence[Description],
    ) -> None:
        """Add what the sentences without a mention that follow say: "Severe MR. EROA 0.45 cm2." """
        view = work.view
        own = [place for place, target in enumerate(targets) if self._describer.goes_on(target)]
        known = [descriptions[place] for place in own]
        here = sentence = view.sentence(number)
        for ahead in range(number + 1, min(number + 1 + _SENTENCES_ON, len(view.sentence_starts))):
            if ahead in taken:
                return
            before, sentence = sentence, view.sentence(ahead)
            if not sentence.words or sentence.section != here.section or _blank_line(view, before, sentence):
                return
            after = here if before is here and len(own) == len(targets) else None
            added = self._describer.describe_next(sentence, [targets[place] for place in own], known, after=after, text=lambda: view.text)
            if added is None:
                return
            for place, description in zip(own, added, strict=True):
                _add(work, annotations[place], description)


def _target(sentence: Sentence, mention: Mention, annotation: Annotation) -> Target:
    first, last = sentence.locate(mention.token_start, mention.token_end)
    concept_id = annotation["concept_id"] or ""
    may_be = () if concept_id else tuple([one["concept_id"] for one in annotation["sense"]["candidates"]])
    return Target(first, last, concept_id, mention.attributes, annotation["assertion"]["status"], may_be)


def _blank_line(view: View, before: Sentence, behind: Sentence) -> bool:
    """Whether a blank line parts two sentences."""
    return any("\n" in view.doc[at].text.replace("\r\n", "\n").partition("\n")[2] for at in range(before.tokens[-1] + 1, behind.tokens[0]))


def _add(work: Work, annotation: Annotation, description: Description) -> None:
    if description.severity is not None:
        annotation["severity"] = _severity(description.severity)
        work.as_written(annotation["severity"])
    if description.attributes:
        added = [attribute.to_dict() for attribute in description.attributes]
        work.as_written(added)
        annotation["attributes"] += added


def _severity(severity: Severity) -> dict[str, Any]:
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
