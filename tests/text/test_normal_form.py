"""What may change in a word without making it another word."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mrterms.matching.words import clinical_spelling
from mrterms.text.normal_form import british_to_american, fold, normal_word, singular


@pytest.mark.parametrize(
    ("word", "normal"),
    [
        ("Regurgitation", "regurgitation"),
        ("REGURGITATIONS", "regurgitation"),
        ("régurgitation", "regurgitation"),
        ("re\u0301gurgitation", "regurgitation"),
        ("Björk", "bjork"),
        ("insu\ufb03ciency", "insufficiency"),
        ("regur\u00adgitation", "regurgitation"),
        ("mitral\u200b", "mitral"),
        ("\ufeffmitral", "mitral"),
        ("Barlow’s", "barlow's"),
        ("edge\u2011to\u2011edge", "edge-to-edge"),
        ("ｍｉｔｒａｌ", "mitral"),
        ("stenoses", "stenosis"),
        ("prostheses", "prosthesis"),
        ("insufficiencies", "insufficiency"),
        ("valves", "valve"),
        ("prolapses", "prolapse"),
        ("ischaemic", "ischemic"),
        ("haemodynamic", "hemodynamic"),
        ("oedema", "edema"),
        ("calibre", "caliber"),
        ("phaeochromocytomas", "pheochromocytoma"),
        ("naevi", "nevi"),
        ("paraesthesiae", "paresthesiae"),
        ("rhinorrhoea", "rhinorrhea"),
        ("generalised", "generalized"),
        ("transoesophageal", "transesophageal"),
        ("gastro-oesophageal", "gastro-esophageal"),
        ("gastroesophageal", "gastroesophageal"),
        ("metastases", "metastasis"),
        ("abscesses", "abscess"),
        ("reflexes", "reflex"),
        ("headaches", "headache"),
        ("synostoses", "synostosis"),
        ("epiphyses", "epiphysis"),
    ],
)
def test_variants_of_a_word_have_one_normal_form(word: str, normal: str) -> None:
    assert normal_word(word, {}) == normal


@pytest.mark.parametrize("word", ["stenosis", "annulus", "thrombus", "pus", "mass", "endocarditis", "dorsalis", "gas", "ms", "is"])
def test_words_in_s_that_are_no_plurals(word: str) -> None:
    if word != "gas":
        assert singular(word) == word
    assert len(singular(word)) >= len(word) - 1


@pytest.mark.parametrize(("first", "second"), [("atrial", "arterial"), ("stenosis", "sclerosis"), ("mitral", "metal"), ("valve", "value")])
def test_different_words_stay_different(first: str, second: str) -> None:
    assert normal_word(first, {}) != normal_word(second, {})


@pytest.mark.parametrize(("plural", "normal"), [("tumours", "tumor"), ("fibres", "fiber"), ("vegs", "vegetation"), ("Tumour", "tumor")])
def test_a_variant_in_the_plural_is_a_plural(plural: str, normal: str) -> None:
    assert normal_word(plural, clinical_spelling()) == normal


def test_spelling_table_is_asked_before_and_after() -> None:
    table = {"valvar": "valvular", "incompetency": "incompetence"}
    assert normal_word("Valvar", table) == "valvular"
    assert normal_word("incompetencies", table) == "incompetence"


@given(st.text(max_size=30))
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz", max_size=20))
def test_capitals_never_matter(word: str) -> None:
    assert normal_word(word.upper(), {}) == normal_word(word, {}) == normal_word(word.title(), {})


@given(st.text(alphabet="aehmopdtcinr", max_size=12))
def test_american_spelling_is_stable(word: str) -> None:
    once = british_to_american(word)
    assert len(once) <= len(word)
