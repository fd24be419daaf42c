"""The normal form of a word: what case, spelling, plural, apostrophes and Unicode may change without changing the word.

Words are normalised one by one, so a word's place in the text is its token's place: offsets never shift, whatever the
text holds.  The lexicon's forms go through the same function; a form that is linguistically odd ("mitralis" → "mitralis")
does no harm as long as both sides agree.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

__all__ = ["british_to_american", "fold", "normal_word", "singular", "surfaces"]

_FOLDS = str.maketrans(
    {"’": "'", "‘": "'", "ʼ": "'", "`": "'", "´": "'", "–": "-", "—": "-", "−": "-", "‐": "-", "‑": "-", "­": "", "​": "", "﻿": ""}
)
# Regular British spellings inside medical words (ONS standardisation table; domain.md 1.3).
_BRITISH = (
    ("aemi", "emi"), ("haem", "hem"), ("oedem", "edem"), ("aetiol", "etiol"), ("oesoph", "esoph"), ("aesth", "esth"),
    ("paed", "ped"), ("colour", "color"), ("tumour", "tumor"), ("fibre", "fiber"), ("centre", "center"), ("foet", "fet"),
    ("rrhoe", "rrhe"), ("pnoe", "pne"), ("calibre", "caliber"), ("leuco", "leuko"), ("gynaec", "gynec"), ("naev", "nev"),
    ("phaeo", "pheo"), ("faec", "fec"), ("caec", "cec"), ("coel", "cel"), ("oestr", "estr"), ("behaviour", "behavior"),
    ("alised", "alized"), ("isation", "ization"),
)  # fmt: skip
_BRITISH_SIGN = re.compile("ae|oe|our|bre|tre|leuco|alised|isation")
# An American compound that looks British: gastr|o|esophageal, but trans|oesophageal.
_COMPOUND = re.compile("[a-np-rt-z]oesoph")
# Words in -s that are no plurals, by ending.
_NO_PLURAL = ("ss", "us", "is", "'s")
# Plurals of words in -sis, by ending.
_SIS_PLURAL = ("noses", "theses", "doses", "roses", "toses", "moses", "boses", "phoses", "uloses", "yloses", "tases", "yses", "pareses")


def fold(text: str) -> str:
    """Lower case, compatibility forms, plain apostrophes and hyphens, no accents.

    >>> fold("Régurgitation‑MITRALE")
    'regurgitation-mitrale'
    """
    if text.isascii():
        return text.lower()
    text = unicodedata.normalize("NFKD", text.translate(_FOLDS)).lower()
    return "".join(letter for letter in text if not unicodedata.combining(letter))


def singular(word: str) -> str:
    """The singular of a regular English or Latin plural.

    >>> [singular(word) for word in ("infarctions", "stenoses", "insufficiencies", "pus", "valves")]
    ['infarction', 'stenosis', 'insufficiency', 'pus', 'valve']
    """
    if len(word) < 4 or not word.endswith("s") or word.endswith(_NO_PLURAL):
        return word
    if word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith(_SIS_PLURAL):
        return word[:-2] + "is"
    if word.endswith(("sses", "shes", "ches", "xes")) and not word.endswith("aches"):
        return word[:-2]
    return word[:-1]


def british_to_american(word: str) -> str:
    """American spelling of a British one; other words as they are.

    >>> british_to_american("ischaemic")
    'ischemic'
    """
    if _BRITISH_SIGN.search(word) and not _COMPOUND.search(word):
        for british, american in _BRITISH:
            word = word.replace(british, american)
    return word


def surfaces(word: str) -> set[str]:
    """All folded words that :func:`singular` and :func:`british_to_american` turn into ``word``, and some that are no words.

    >>> sorted(surfaces("anemia"))
    ['anaemia', 'anaemiaes', 'anaemias', 'anaemiies', 'anemes', 'anemia', 'anemiaes', 'anemias', 'anemiies']
    """
    found = {word, word + "s", word + "es", word[:-2] + "es", word[:-1] + "ies"}
    for british, american in _BRITISH:
        found.update([one.replace(american, british) for one in found if american in one])
    return found


def normal_word(word: str, spelling: Mapping[str, str]) -> str:
    """The normal form of one word; ``spelling`` maps further variants (valvar → valvular)."""
    word = fold(word)
    word = singular(spelling.get(word) or british_to_american(word))
    return spelling.get(word, word)
