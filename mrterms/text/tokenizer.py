"""spaCy's English tokenizer made fit for clinical notes.

What is added to spaCy's rules, each for a way in which notes are written:

- ``s/p``, ``h/o``, ``r/o`` ... stay one token, other slashes split (``MR/TR``);
- a grade stays one token (``2+``) and comes off the lesion (``2+MR``, ``MR(2+)``, ``MR:2+``);
- a sign before a lesion comes off (``-MI``, ``?MI``, ``+MR``);
- the marks of de-identified notes come off (``[**2101-3-4**]``);
- emoticons and web addresses have no rules: in notes ``8)`` ends a list.
"""

from __future__ import annotations

from collections.abc import Callable

import spacy.util
from spacy.lang.char_classes import ALPHA, HYPHENS
from spacy.lang.tokenizer_exceptions import BASE_EXCEPTIONS
from spacy.language import Language
from spacy.symbols import ORTH
from spacy.tokenizer import Tokenizer

__all__ = ["create_tokenizer", "make_tokenizer"]

SLASH_FORMS = (
    "s/p h/o r/o c/w w/o c/b c/o c/f d/t d/c y/o b/l n/v f/u w/u w/ p/w a/w i/s/o h/x f/h n/a s/t m/r/g r/g/m r/m/g c/c/e"
).split()
"""Clinical shorthand with a slash that is one word (status post, history of, rule out ...)."""

_SIGN = r"[-–—−+~±?](?=[A-Za-z])"
_GRADE = r"[0-4]\+(?=[A-Za-z])"
_PREFIXES = (r"\[\*\*", _SIGN, _GRADE, r"[<>≤≥≈~=](?=[\d.])", r"\*+", r"•", r"·", r"/")
_SUFFIXES = (
    r"\*\*\]",
    r"\*+",
    r"(?<=[0-9])(?:mmHg|mm[Hh]g|mL|ml|cm2|mm2|cc|msec|ms|cm|mm)",
    r"(?<=[A-Za-z][A-Za-z])[0-4]\+",
    r"(?<=[0-9+)])\.",
    r"(?<=[A-Z][A-Z])\.",
    r"/",
    r"-",
)
_INFIXES = (
    r"\*\*\]",
    r"\[\*\*",
    r"[()\[\]{};|&]",
    r"(?<=[" + ALPHA + r"])[:=<>≤≥~](?=[0-9.])",
    r"(?<=[^0-9\s]),(?=\w)",
    r"(?<=[A-Z])\+(?=[A-Z])",
    r"(?<=\+)/(?=\w)",
    r"(?<=[" + ALPHA + r"])/(?=[0-9])",
    r"(?<=[" + ALPHA + r"0-9])(?:" + HYPHENS + r")(?=[" + ALPHA + r"])",
    r"(?<=[" + ALPHA + r"])(?:" + HYPHENS + r")(?=[0-9])",
)


def make_tokenizer(nlp: Language) -> Tokenizer:
    """The tokenizer for ``nlp``; its rules are ordinary spaCy rules, so ``to_disk`` and pickling work."""
    defaults = nlp.Defaults
    rules = {form: parses for form, parses in (defaults.tokenizer_exceptions or {}).items() if form not in BASE_EXCEPTIONS}
    rules |= {form: parses for form, parses in BASE_EXCEPTIONS.items() if form[:1] in " \t\n\\" or form[0].isalpha()}
    for form in SLASH_FORMS:
        for written in (form, form.upper(), form[0].upper() + form[1:]):
            rules[written] = [{ORTH: written}]
    # spaCy takes "2+" apart; a grade must stay whole.
    suffixes = [rule for rule in (defaults.suffixes or ()) if rule != r"(?<=[0-9])\+"]
    return Tokenizer(
        nlp.vocab,
        rules=rules,
        prefix_search=spacy.util.compile_prefix_regex([*_PREFIXES, *(defaults.prefixes or ())]).search,
        suffix_search=spacy.util.compile_suffix_regex([*_SUFFIXES, *suffixes]).search,
        infix_finditer=spacy.util.compile_infix_regex([*_INFIXES, *(defaults.infixes or ())]).finditer,
    )


def create_tokenizer() -> Callable[[Language], Tokenizer]:
    """Entry point ``mrterms.Tokenizer.v1`` of spaCy's ``tokenizers`` registry."""
    return make_tokenizer
