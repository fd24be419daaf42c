"""spaCy's EntityRuler, phrases in any case and, before them, short forms as written; one concept a span."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import spacy
from spacy.language import Language

from peers.wire import Annotate, Found, Job, by_concept, read_terms


def add_rulers(nlp: Language, job: Job) -> None:
    for attribute, as_written in (("ORTH", True), ("LOWER", False)):
        if forms := by_concept(read_terms(job), as_written=as_written):
            ruler = nlp.add_pipe("entity_ruler", name=attribute, config={"phrase_matcher_attr": attribute})
            ruler.add_patterns([{"label": concept_id, "pattern": text} for concept_id, texts in forms.items() for text in texts])


def load(job: Job) -> Annotate:
    nlp = spacy.blank("en")
    add_rulers(nlp, job)

    def annotate(texts: Iterable[str]) -> Iterator[list[Found]]:
        for doc in nlp.pipe(texts):
            yield [Found(one.start_char, one.end_char, one.label_) for one in doc.ents]

    return annotate
