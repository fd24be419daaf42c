"""gilda's entity recogniser over a grounder of our terms; the best match of a span.

Without its models for ambiguous genes, which it would download and which know none of these terms.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gilda.grounder import Grounder
from gilda.ner import annotate as recognise
from gilda.process import normalize
from gilda.term import Term

from peers.wire import Annotate, Found, Job, read_terms


def load(job: Job) -> Annotate:
    grounder = Grounder(
        Term(normalize(term.text), term.text, "peers", term.concept_id, term.concept_id, "synonym", "peers")
        for term in read_terms(job)
        if normalize(term.text).strip()
    )
    grounder.gilda_disambiguators = {}

    def annotate(texts: Iterable[str]) -> Iterator[list[Found]]:
        for text in texts:
            yield [Found(one.start, one.end, one.matches[0].term.id) for one in recognise(text, grounder=grounder)]

    return annotate
