"""FastHPOCR: phenotypes of HPO, from the ontology file itself; its index is built beforehand, as its user would."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from FastHPOCR.cr.CRIndexKB import CRIndexKB
from FastHPOCR.HPOAnnotator import HPOAnnotator
from FastHPOCR.IndexHPO import IndexHPO

from peers.wire import Annotate, Found, Job


def prepare(job: Job) -> None:
    """Its index as it would build it; only that the words of a cluster are looked up and not looked for among 570,000 each time,
    which takes it more than half an hour with the HPO of 2025."""
    words_of: dict[str, list[str]] = {}

    def words(_: CRIndexKB, cluster: str, clusters: dict[str, str]) -> list[str]:
        if not words_of:
            for word, number in clusters.items():
                words_of.setdefault(number, []).append(word)
        return list(words_of.get(cluster, ()))

    CRIndexKB.compileClusterList = words
    IndexHPO(str(job.ontology), str(job.folder)).index()


def load(job: Job) -> Annotate:
    annotator = HPOAnnotator(str(job.folder / "hp.index"))

    def annotate(texts: Iterable[str]) -> Iterator[list[Found]]:
        for text in texts:
            found = annotator.annotate(text, longestMatch=True)
            yield [Found(one.getStartOffset(), one.getEndOffset(), one.getHPOUri()) for one in found]

    return annotate
