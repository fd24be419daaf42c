"""The kind of a text is guessed from its words."""

from __future__ import annotations

from pathlib import Path

import pytest
from spacy.language import Language

from mrterms.lexicon import load_lexicon
from mrterms.sense import Resolver

CASES = [
    tuple(line.split("\t"))
    for line in Path(__file__).with_name("settings.tsv").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]


@pytest.fixture(scope="module")
def resolver() -> Resolver:
    return Resolver(load_lexicon("valve"))


@pytest.mark.parametrize(("setting", "text"), CASES)
def test_the_setting_is_guessed(nlp: Language, resolver: Resolver, setting: str, text: str) -> None:
    doc = nlp.make_doc(text)
    assert resolver.reader.guess_setting(doc.to_array("ORTH").tolist(), doc.vocab.strings) == setting
