"""``mrterms_assertion``: what the text says about each mention (present, absent, the father's, planned ...)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from spacy.language import Language
from spacy.tokens import Doc

from mrterms.assertion import Asserter, Target, lead_in
from mrterms.components.shared import annotations_of, configured_lexicon, register_extension, work_of
from mrterms.lexicon import Lexicon
from mrterms.records import Annotation, Cue
from mrterms.text.view import Sentence, View

__all__ = ["AssertionComponent", "make_assertion"]

_Kind = Literal["lesion", "infarct", "procedure", "other"]


class AssertionComponent:
    """spaCy component around :class:`mrterms.assertion.Asserter`."""

    def __init__(self, *, lexicons: Sequence[str], builtin: bool) -> None:
        register_extension()
        self._lexicon = configured_lexicon(lexicons, builtin)
        self._asserter = Asserter()
        self._kinds: dict[str | None, _Kind] = {}

    def __call__(self, doc: Doc) -> Doc:
        work = work_of(doc)
        view, mentions = work.view, work.mentions
        annotations = annotations_of(doc)
        by_sentence = work.by_sentence()
        for number, places in by_sentence.items():
            sentence = view.sentence(number)
            targets = [
                Target(*sentence.locate(mentions[place].token_start, mentions[place].token_end), self._kind(annotations[place]))
                for place in places
            ]
            following = view.sentence(number + 1) if sentence.lower[-1] == "?" and number + 1 < len(view.sentence_starts) else None
            previous = lead_in(view, number, in_any_case=self._asserter.looks_back(sentence))
            assertions = self._asserter.assess(sentence, targets, previous=previous, following=following)
            for place, (status, experiencer, temporality, change, cues) in zip(places, assertions, strict=True):
                annotations[place]["assertion"] = {
                    "status": status,
                    "experiencer": experiencer,
                    "temporality": temporality,
                    "change": change,
                    "cues": [_plain(cue, sentence, view) for cue in cues] if cues else [],
                }
        if work.written is not None:
            work.as_written([annotations[place]["assertion"] for places in by_sentence.values() for place in places])
        return doc

    def _kind(self, annotation: Annotation) -> _Kind:
        if (concept_id := annotation["concept_id"]) is None:
            concept_id = _likeliest(annotation)
        if (known := self._kinds.get(concept_id)) is None:
            known = self._kinds[concept_id] = target_kind(self._lexicon, concept_id)
        return known


def _plain(cue: Cue, sentence: Sentence, view: View) -> dict[str, Any]:
    """A cue as plain data, with its words as the text has them."""
    text, start, end, category = cue
    return {"text": _words(cue, sentence, view) if " " in text else text, "start": start, "end": end, "category": category}


def _words(cue: Cue, sentence: Sentence, view: View) -> str:
    """The words of a cue as the text has them, line breaks included; a lead-in and an answer stand outside the sentence."""
    inside = sentence.starts[0] <= cue.start and cue.end <= sentence.starts[-1] + len(sentence.words[-1])
    quoted = sentence.quote(cue.start, cue.end) if inside else None
    return view.text[cue.start : cue.end] if quoted is None else quoted


def _likeliest(annotation: Annotation) -> str | None:
    """The first candidate of a concept that is open: "plan MVR" is a procedure, repair or replacement."""
    return next((str(one["concept_id"]) for one in annotation["sense"]["candidates"]), None)


def target_kind(lexicon: Lexicon, concept_id: str | None) -> _Kind:
    """How a concept behaves in time: a chronic lesion, an event, a procedure, or unknown."""
    concept = lexicon.concepts.get(concept_id or "")
    if concept is None:
        return "infarct" if concept_id is None else "other"
    if concept.semantic_type in ("procedure", "device"):
        return "procedure"
    if concept.concept_id == "myocardial_infarction" or "myocardial_infarction" in concept.parents:
        return "infarct"
    return "lesion" if any(word in parent for parent in concept.parents for word in ("valve", "regurgitation", "stenosis")) else "other"


@Language.factory("mrterms_assertion", requires=["doc.spans"], assigns=["span._.mrterms"], default_config={"lexicons": [], "builtin": True})
def make_assertion(nlp: Language, name: str, lexicons: list[str], builtin: bool) -> AssertionComponent:
    """The factory."""
    return AssertionComponent(lexicons=lexicons, builtin=builtin)
