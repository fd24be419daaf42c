"""mrterms, the whole pipeline: fuzzy matching, sense, assertion, attributes. A lexicon not its own is compiled beforehand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import mrterms
from peers.wire import Annotate, Found, Job


def compiled(job: Job) -> Path:
    return job.folder / "compiled"


def prepare(job: Job) -> None:
    if not job.builtin:
        from mrterms.terminologies import build_lexicon

        build_lexicon(job.ontology or job.terms, compiled(job))


def load(job: Job) -> Annotate:
    nlp = mrterms.load() if job.builtin else mrterms.load(lexicons=compiled(job), builtin=False)

    def annotate(texts: Iterable[str]) -> Iterator[list[Found]]:
        for doc in nlp.pipe(texts):
            yield [found_of(one) for one in doc.user_data["mrterms"] if one["concept_id"]]

    return annotate


def found_of(one: dict[str, Any]) -> Found:
    status, experiencer = one["assertion"]["status"], one["assertion"]["experiencer"]
    return Found(one["start"], one["end"], one["concept_id"], "family_absent" if (status, experiencer) == ("absent", "family") else status)
