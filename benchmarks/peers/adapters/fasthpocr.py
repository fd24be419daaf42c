"""FastHPOCR: phenotypes of HPO, from the ontology file itself; its index is built beforehand, as its user would."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from FastHPOCR.HPOAnnotator import HPOAnnotator
from FastHPOCR.IndexHPO import IndexHPO

from peers.wire import Annotate, Found, Job


def prepare(job: Job) -> None:
    IndexHPO(str(job.ontology), str(job.folder)).index()


def load(job: Job) -> Annotate:
    annotator = HPOAnnotator(str(job.folder / "hp.index"))

    def annotate(texts: Iterable[str]) -> Iterator[list[Found]]:
        for text in texts:
            found = annotator.annotate(text, longestMatch=True)
            yield [Found(one.getStartOffset(), one.getEndOffset(), one.getHPOUri()) for one in found]

    return annotate
