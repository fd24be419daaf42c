"""negspacy: NegEx behind the EntityRuler."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import spacy
from negspacy import negation  # noqa: F401  registers the factory

from peers.adapters.entity_ruler import add_rulers
from peers.wire import Annotate, Found, Job


def load(job: Job) -> Annotate:
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    add_rulers(nlp, job)
    nlp.add_pipe("negex")

    def annotate(texts: Iterable[str]) -> Iterator[list[Found]]:
        for doc in nlp.pipe(texts):
            yield [Found(one.start_char, one.end_char, one.label_, "absent" if one._.negex else "present") for one in doc.ents]

    return annotate
