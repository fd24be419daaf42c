"""The attributes of a word that spaCy works out once, from functions written in C where spaCy has loops in Python.

A text of medicine has a new word in every twenty-fifth place, and spaCy asks some twenty functions about each: half of the
time that cutting a new text takes. The answers are spaCy's.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import itemgetter

from spacy.lang import lex_attrs
from spacy.lang.en import lex_attrs as english
from spacy.vocab import Vocab

__all__ = ["quicken"]

_LONGEST_RUN = 4
"""Letters of a kind in a row that a shape has ("xxxx")."""
_SMALL, _DIGITS = ("x" * _LONGEST_RUN, "d" * _LONGEST_RUN)
_NO_SHAPE = 100
"""Characters from which spaCy gives no shape."""


def _word_shape(text: str) -> str:
    if text.isascii() and len(text) < _NO_SHAPE:
        if text.isalpha():
            if text.islower():
                return _SMALL[: len(text)]
            if text[1:].islower():
                return "X" + _SMALL[: len(text) - 1]
        elif text.isdigit():
            return _DIGITS[: len(text)]
    return str(lex_attrs.word_shape(text))


def _like_url(text: str) -> bool:
    # what has neither a point nor a slash is none
    return ("." in text or "/" in text) and bool(lex_attrs.like_url(text))


def _like_email(text: str) -> bool:
    return "@" in text and bool(lex_attrs.like_email(text))


def _is_punct(text: str) -> bool:
    return not text.isalnum() and bool(lex_attrs.is_punct(text))


def _is_currency(text: str) -> bool:
    return not text.isalnum() and bool(lex_attrs.is_currency(text))


def _like_num(text: str) -> bool:
    return text.lower() in _NUMBERS if text.isalpha() else bool(english.like_num(text))  # type: ignore[no-untyped-call]


_NUMBERS = frozenset((*english._num_words, *english._ordinal_words))
_SIGNS = [chr(code) for code in range(0x3000) if not chr(code).isalnum()] + ["''", "``"]


def _members(holds: Callable[[str], bool]) -> Callable[[object], bool]:
    """A function of spaCy's that looks a sign up in a list, as the question of a set."""
    return frozenset(filter(holds, _SIGNS)).__contains__


_COMPILED: tuple[tuple[object, Callable[[str], object]], ...] = (
    (lex_attrs.lower, str.lower),
    (lex_attrs.prefix, itemgetter(0)),
    (lex_attrs.suffix, itemgetter(slice(-3, None))),
    (lex_attrs.is_alpha, str.isalpha),
    (lex_attrs.is_digit, str.isdigit),
    (lex_attrs.is_lower, str.islower),
    (lex_attrs.is_space, str.isspace),
    (lex_attrs.is_title, str.istitle),
    (lex_attrs.is_upper, str.isupper),
    (lex_attrs.is_ascii, str.isascii),
    (lex_attrs.is_bracket, _members(lex_attrs.is_bracket)),
    (lex_attrs.is_quote, _members(lex_attrs.is_quote)),
    (lex_attrs.is_left_punct, _members(lex_attrs.is_left_punct)),
    (lex_attrs.is_right_punct, _members(lex_attrs.is_right_punct)),
    (lex_attrs.is_punct, _is_punct),
    (lex_attrs.is_currency, _is_currency),
    (lex_attrs.like_url, _like_url),
    (lex_attrs.like_email, _like_email),
    (lex_attrs.word_shape, _word_shape),
    (english.like_num, _like_num),
)


def quicken(vocab: Vocab) -> None:
    """Exchange spaCy's own functions among the getters of a vocabulary; what is not spaCy's stays."""
    getters: dict[int, Callable[[str], object]] = vocab.lex_attr_getters  # type: ignore[attr-defined]
    quick = {attribute: next((one for own, one in _COMPILED if own is getter), getter) for attribute, getter in getters.items()}
    vocab.lex_attr_getters = quick  # type: ignore[attr-defined]
