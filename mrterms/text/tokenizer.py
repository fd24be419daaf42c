"""spaCy's English tokenizer made fit for clinical notes.

What is added to spaCy's rules, each for a way in which notes are written:

- ``s/p``, ``h/o``, ``r/o`` ... stay one token, other slashes split (``MR/TR``);
- a grade stays one token (``2+``) and comes off the lesion (``2+MR``, ``MR(2+)``, ``MR:2+``);
- a sign before a lesion comes off (``-MI``, ``?MI``, ``+MR``);
- the marks of de-identified notes come off (``[**2101-3-4**]``);
- emoticons and web addresses have no rules: in notes ``8)`` ends a list.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import spacy.util
from spacy.lang.char_classes import ALPHA_LOWER, ALPHA_UPPER, CONCAT_QUOTES, LIST_ELLIPSES, LIST_ICONS
from spacy.lang.tokenizer_exceptions import BASE_EXCEPTIONS
from spacy.language import Language
from spacy.tokenizer import Tokenizer

__all__ = ["create_tokenizer", "make_tokenizer"]

SLASH_FORMS = (
    "s/p h/o r/o c/w w/o c/b c/o c/f d/t d/c y/o b/l n/v f/u w/u w/ p/w a/w i/s/o h/x f/h n/a s/t m/r/g r/g/m r/m/g c/c/e"
).split()
"""Clinical shorthand with a slash that is one word (status post, history of, rule out ...)."""

# Alternatives begin with the characters that they take, so that the engine drops most of them at the first look.
_PREFIXES = (
    r"\ufeff",
    r"\[\*\*",
    r"[-–—−+~±?](?=[A-Za-z])",
    r"[0-4]\+(?=[A-Za-z])",
    r"[<>≤≥≈~=](?=[\d.])",
    r"[*•·/]",
)
_SUFFIXES = (
    r"\*\*\]",
    r"[*/-]",
    r"(?:n['’]t|N['’]T|['’](?:re|ve|ll|m|d|RE|VE|LL|M|D))",
    r"(?<=[0-9])(?:mm[Hh]g|m[lL]|[cm]m2|cc|msec|ms|[cm]m)",
    r"[0-4]\+(?<=[A-Za-z][A-Za-z]..)",
    r"\.(?<=[0-9+)]\.)",
    r"\.(?<=[A-Z][A-Z]\.)",
)
_QUOTES = CONCAT_QUOTES.replace("'", r"\'")
_INFIXES = (
    *LIST_ELLIPSES,
    *LIST_ICONS,
    r"[()\[\]{};|&→]",
    r"\*\*\]",
    r"[+\-*^](?<=[0-9].)(?=[0-9-])",
    rf"\.(?<=[{ALPHA_LOWER}{_QUOTES}]\.)(?=[{ALPHA_UPPER}{_QUOTES}])",
    r",(?<=[^0-9\s],)(?=\w)",
    r"-{2,3}(?=\w)",
    r"[-–—‐‑~](?<=\w.)(?=[^\W\d_])",
    r"[-–—~](?<=[^\W\d_].)(?=\d)",
    r"[:<>=/](?<=[^\W_].)(?=[^\W\d_])",
    r"[:=<>≤≥~/](?<=[^\W\d_].)(?=[0-9.])",
    r"/(?<=\+/)(?=\w)",
    r"\+(?<=[A-Z]\+)(?=[A-Z])",
)


def make_tokenizer(nlp: Language) -> Tokenizer:
    """The tokenizer for ``nlp``; its rules are ordinary spaCy rules, so ``to_disk`` and pickling work."""
    defaults = nlp.Defaults
    # spaCy keeps no memory of words cut by special cases ("don't,"), so contractions are cut by suffix rules instead.
    rules = {
        form: parses
        for form, parses in (defaults.tokenizer_exceptions or {}).items()
        if (form not in BASE_EXCEPTIONS or form.isspace() or form[0].isalpha()) and not (len(parses) > 1 and ("'" in form or "’" in form))
    }
    # spaCy takes "2+" apart; a grade must stay whole.
    suffixes = [rule for rule in (defaults.suffixes or ()) if rule != r"(?<=[0-9])\+"]
    return Tokenizer(
        nlp.vocab,
        rules=rules,
        # Not special cases: those are looked for in every text a second time.
        token_match=re.compile(rf"(?:{'|'.join(map(re.escape, SLASH_FORMS))})$", re.IGNORECASE).match,
        prefix_search=spacy.util.compile_prefix_regex([*_PREFIXES, *(defaults.prefixes or ())]).search,
        suffix_search=spacy.util.compile_suffix_regex([*_SUFFIXES, *suffixes]).search,
        infix_finditer=spacy.util.compile_infix_regex(_INFIXES).finditer,
    )


def create_tokenizer() -> Callable[[Language], Tokenizer]:
    """Entry point ``mrterms.Tokenizer.v1`` of spaCy's ``tokenizers`` registry."""
    return make_tokenizer
