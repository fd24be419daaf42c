"""Words have the attributes that spaCy gives them."""

from __future__ import annotations

import spacy
from hypothesis import example, given
from hypothesis import strategies as st
from spacy.attrs import NAMES

from mrterms.text.lexemes import quicken

PLAIN = spacy.blank("en").vocab
QUICK = spacy.blank("en").vocab
quicken(QUICK)
WRITTEN = st.one_of(
    st.text(min_size=1, max_size=12),
    st.from_regex(r"[A-Za-z]{1,12}[.,]?", fullmatch=True),
    st.sampled_from(["(", "’", "``", "«", "€", "https://x.org", "a@b.org", "x.org/", "MVR", "McKay", "twelfth", "22nd", "1/2", "１", "ß"]),
)


@given(WRITTEN)
@example("İ")
@example("Twelve")
def test_the_answers_are_those_of_spacy(word: str) -> None:
    plain, quick = PLAIN.lex_attr_getters, QUICK.lex_attr_getters
    assert {NAMES[one]: quick[one](word) for one in quick} == {NAMES[one]: plain[one](word) for one in plain}


def test_getters_of_a_users_own_stay() -> None:
    vocab = spacy.blank("en").vocab
    vocab.lex_attr_getters[spacy.attrs.SHAPE] = str.upper
    quicken(vocab)
    assert vocab["mitral"].shape_ == "MITRAL"
