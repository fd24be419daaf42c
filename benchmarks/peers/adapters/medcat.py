"""MedCAT: a model of our terms, untrained, as a public user without a model pack has it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pandas as pd
from medcat.cat import CAT
from medcat.config import Config
from medcat.model_creation.cdb_maker import CDBMaker
from medcat.vocab import Vocab

from peers.wire import Annotate, Found, Job, read_terms


def load(job: Job) -> Annotate:
    config = Config()
    terms = list(read_terms(job))
    table = pd.DataFrame({"cui": [term.concept_id for term in terms], "name": [term.text for term in terms]})
    cdb = CDBMaker(config).prepare_csvs([table])
    cat = CAT(cdb, Vocab(), config)
    ids = {term.concept_id.upper(): term.concept_id for term in terms}

    def annotate(texts: Iterable[str]) -> Iterator[list[Found]]:
        for text in texts:
            entities = cat.get_entities(text)["entities"].values()
            yield [Found(one["start"], one["end"], ids[one["cui"].upper()]) for one in entities]

    return annotate
