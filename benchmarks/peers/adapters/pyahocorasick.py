"""pyahocorasick over the lower-cased text: what finding strings alone can cost, with whole words and case checked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import ahocorasick

from peers.wire import Annotate, Found, Job, free_form, longest, lower_same_length, read_terms


def load(job: Job) -> Annotate:
    automaton = ahocorasick.Automaton()
    for term in read_terms(job):
        form = lower_same_length(term.text)
        automaton.add_word(form, (*automaton.get(form, ()), term))
    automaton.make_automaton()

    def find(text: str) -> Iterator[Found]:
        for last, terms in automaton.iter(lower_same_length(text)):
            start, end = last + 1 - len(terms[0].text), last + 1
            if free_form(text, start, end):
                for term in terms:
                    if term.case == "any" or text[start:end] == term.text:
                        yield Found(start, end, term.concept_id)

    def annotate(texts: Iterable[str]) -> Iterator[list[Found]]:
        for text in texts:
            yield longest(find(text))

    return annotate
