"""EDS-NLP: its matcher on normalised text, and its negation, hypothesis, history and family rules (made for French)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import edsnlp
import edsnlp.pipes as eds

from peers.wire import Annotate, Found, Job, by_concept, read_terms

STATUS = (("family", "family"), ("negation", "absent"), ("hypothesis", "hypothetical"), ("history", "historical"))


def load(job: Job, *, term_matcher: str = "exact") -> Annotate:
    nlp = edsnlp.blank("eds")
    nlp.add_pipe(eds.normalizer())
    nlp.add_pipe(eds.sentences())
    terms = list(read_terms(job))
    for attribute, as_written in (("TEXT", True), ("NORM", False)):
        if forms := by_concept(terms, as_written=as_written):
            matcher = "exact" if as_written else term_matcher
            nlp.add_pipe(eds.matcher(terms=forms, attr=attribute, term_matcher=matcher), name=f"matcher_{attribute}")
    for pipe in (eds.negation, eds.hypothesis, eds.history, eds.family):
        nlp.add_pipe(pipe())

    def annotate(texts: Iterable[str]) -> Iterator[list[Found]]:
        for doc in nlp.pipe(texts):
            yield [Found(one.start_char, one.end_char, one.label_, status_of(one)) for one in doc.ents]

    return annotate


def status_of(entity: Any) -> str:
    return next((status for attribute, status in STATUS if getattr(entity._, attribute, False)), "present")
