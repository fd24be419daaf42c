"""daachorse (Rust) over the lower-cased text: what finding strings alone can cost, with whole words and case checked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from daachorse import CharwiseDoubleArrayAhoCorasick

from peers.wire import Annotate, Found, Job, Term, free_form, longest, lower_same_length, read_terms


def load(job: Job) -> Annotate:
    by_form: dict[str, list[Term]] = defaultdict(list)
    for term in read_terms(job):
        by_form[lower_same_length(term.text)].append(term)
    terms = list(by_form.values())
    automaton = CharwiseDoubleArrayAhoCorasick(list(by_form))

    def find(text: str) -> Iterator[Found]:
        for start, end, number in automaton.find_overlapping(lower_same_length(text)):
            if free_form(text, start, end):
                for term in terms[number]:
                    if term.case == "any" or text[start:end] == term.text:
                        yield Found(start, end, term.concept_id)

    def annotate(texts: Iterable[str]) -> Iterator[list[Found]]:
        for text in texts:
            yield longest(find(text))

    return annotate
