"""spaCy's PhraseMatcher over the bare tokenizer, the longest of what overlaps: names as they stand, nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import spacy
from spacy.matcher import PhraseMatcher

from peers.wire import Annotate, Found, Job, by_concept, longest, read_terms


def load(job: Job) -> Annotate:
    nlp = spacy.blank("en")
    matchers = []
    for attribute, as_written in (("LOWER", False), ("ORTH", True)):
        if forms := by_concept(read_terms(job), as_written=as_written):
            matchers.append(PhraseMatcher(nlp.vocab, attr=attribute))
            for concept_id, texts in forms.items():
                matchers[-1].add(concept_id, list(nlp.tokenizer.pipe(texts)))

    def annotate(texts: Iterable[str]) -> Iterator[list[Found]]:
        for doc in nlp.pipe(texts):
            spans = (span for matcher in matchers for span in matcher(doc, as_spans=True))
            yield longest(Found(span.start_char, span.end_char, span.label_) for span in spans)

    return annotate
