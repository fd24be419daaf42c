"""medspaCy's default pipeline: PyRuSH sentences, its target matcher and ConText with its default rules.

The debug messages that PyRuSH writes for each token are switched off: they take a tenth of its time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import medspacy
from loguru import logger
from medspacy.ner import TargetRule

from peers.wire import Annotate, Found, Job, Term, read_terms

STATUS = (
    ("is_family", "family"),
    ("is_negated", "absent"),
    ("is_hypothetical", "hypothetical"),
    ("is_historical", "historical"),
    ("is_uncertain", "uncertain"),
)


def load(job: Job) -> Annotate:
    logger.disable("PyRuSH")
    nlp = medspacy.load()
    written = nlp.tokenizer

    def rule(term: Term) -> Any:
        pattern = None if term.case == "any" else [{"ORTH": token.text} for token in written(term.text)]
        return TargetRule(term.text, term.concept_id, pattern=pattern)

    nlp.get_pipe("medspacy_target_matcher").add([rule(term) for term in read_terms(job)])

    def annotate(texts: Iterable[str]) -> Iterator[list[Found]]:
        for doc in nlp.pipe(texts):
            yield [Found(one.start_char, one.end_char, one.label_, status_of(one)) for one in doc.ents]

    return annotate


def status_of(entity: Any) -> str:
    says = [status for attribute, status in STATUS if getattr(entity._, attribute)]
    return "family_absent" if says[:2] == ["family", "absent"] else says[0] if says else "present"
