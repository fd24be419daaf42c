"""spaCy's English tokenizer made fit for clinical notes.

What is added to spaCy's rules, each for a way in which notes are written:

- ``s/p``, ``h/o``, ``r/o`` ... stay one token, other slashes split (``MR/TR``);
- a grade stays one token (``2+``) and comes off the lesion (``2+MR``, ``MR(2+)``, ``MR:2+``);
- a sign before a lesion comes off (``-MI``, ``?MI``, ``+MR``), and an arrow from both sides (``MI->CABG``);
- the marks of de-identified notes come off (``[**2101-3-4**]``);
- a "not" comes off its verb however its apostrophe is written (``don&apos;t``, ``dont``);
- emoticons and web addresses have no rules: in notes ``8)`` ends a list;
- text with unseen or full-width characters is cut as it reads (:mod:`mrterms.text.plain`).

spaCy's tokenizer stops keeping what it has cut as soon as a text holds one of its special cases (a line break is one), so
forms that must stay whole are no special cases here but ``token_match``; and its rules are asked only where one may apply.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import product
from typing import Any

import spacy.util
from spacy.lang.char_classes import ALPHA_LOWER, ALPHA_UPPER, CONCAT_QUOTES, LIST_ELLIPSES, LIST_ICONS
from spacy.lang.en import English
from spacy.lang.tokenizer_exceptions import BASE_EXCEPTIONS
from spacy.language import Language
from spacy.tokenizer import Tokenizer
from spacy.tokens import Doc
from spacy.vocab import Vocab

from mrterms.text.lexemes import quicken
from mrterms.text.plain import cut_as_read, is_read_otherwise

__all__ = ["NoteTokenizer", "create_tokenizer", "make_tokenizer"]

SLASH_FORMS = (
    "s/p h/o r/o c/w w/o c/b c/o c/f d/t d/c y/o b/l n/v f/u w/u w/ p/w a/w i/s/o h/x f/h n/a s/t m/r/g r/g/m r/m/g c/c/e"
).split()
"""Clinical shorthand with a slash that is one word (status post, history of, rule out ...)."""

_APOSTROPHE = r"(?:['’´`]|&(?:apos|rsquo|#0?39|#[xX]27|#8217);)"
_VERBS = "[Dd]o [Dd]id [Dd]oes [Ii]s [Ww]as [Aa]re [Ww]ere [Hh]as [Hh]ave [Hh]ad [Cc]a [Cc]ould [Ww]o [Ww]ould [Ss]hould".split()
"""Verbs to which people write "not" without an apostrophe ("dont")."""

# Alternatives begin with the characters that they take, so that the engine drops most of them at the first look.
_PREFIXES = (
    r"\[\*\*",
    r"[-–—−+~±?](?=[A-Za-z])",
    r"[0-4]\+(?=[A-Za-z])",
    r"[<>≤≥≈~=](?=[\d.])",
    r"[*•·/]",
)
_SUFFIXES = (
    r"\*\*\]",
    r"[*/-]",
    rf"(?:n{_APOSTROPHE}t|N{_APOSTROPHE}T|{_APOSTROPHE}(?:s|re|ve|ll|m|d|S|RE|VE|LL|M|D))",
    r"(?<=[0-9])(?:mm[Hh]g|m[lL]|[cm]m2|cc|msec|ms|[cm]m)",
    r"(?<=[0-9])[AaPp](?:[Mm]|\.[Mm]\.)",
    r"(?:not|NOT)(?<=^[Cc][Aa][Nn]...)",
    rf"nt(?:{'|'.join(f'(?<=^{verb}nt)' for verb in _VERBS)})",
    r"[0-4]\+(?<=[A-Za-z][A-Za-z]..)",
    r"\.(?<=[0-9+)]\.)",
    r"\.(?<=[A-Z][A-Z]\.)",
)
_CUT_ENDS = frozenset({"not", "NOT", *(f"{verb}nt"[-3:] for verb in _VERBS)})
_QUOTES = CONCAT_QUOTES.replace("'", r"\'")
_INFIXES = (
    *LIST_ELLIPSES,
    *LIST_ICONS,
    r"[()\[\]{};|&→]",
    r"[-=]{1,2}>(?=\w)",
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


_KEPT_CUTS = 300_000
"""Words kept with their tokens; spaCy's own limit of 10,000 is met after some hundred notes."""
_LONGEST_SUFFIX = 12
"""Characters; only rows of full stops are longer."""
_ENDS = ",;:)"
"""Signs that come off a word by themselves."""
_one_character = re.compile(".").match


class _WholeForms(frozenset[str]):
    """Forms that stay one token. The set's own question stands where spaCy wants the bound method of a pattern, so it has a pattern."""

    pattern: str

    def __new__(cls, forms: Iterable[str], any_case: Iterable[str]) -> _WholeForms:
        cased = {"".join(letters) for form in any_case for letters in product(*({one.lower(), one.upper()} for one in form))}
        whole = super().__new__(cls, cased.union(forms))
        whole.pattern = rf"(?:{'|'.join(map(re.escape, sorted(whole)))})\Z"
        return whole

    def __reduce__(self) -> tuple[type[_WholeForms], tuple[list[str], tuple[()]]]:
        return _WholeForms, (sorted(self), ())


class _Rules:
    """Rules for affixes as one pattern, which is not asked of words that none of them can meet."""

    def __init__(self, pattern: str, whole: _WholeForms) -> None:
        self.pattern = pattern
        self._compiled = re.compile(pattern)
        self._whole = whole

    def start(self, text: str) -> re.Match[str] | None:
        """The prefix; of letters only currencies are one ("US$")."""
        if text[:1].isalpha() and text[0].isascii() and "$" not in text:
            return None
        return None if text.isalnum() and text.isascii() else self._compiled.match(text)

    def inside(self, text: str) -> Iterable[re.Match[str]]:
        """The infixes."""
        return () if text.isalnum() and text.isascii() else self._compiled.finditer(text)

    def end(self, text: str) -> re.Match[str] | None:
        """The suffix: looked for in the last characters alone, as a search tries every place of a word."""
        if text.isascii():  # most words: what can be told from the last characters needs no pattern
            last = text[-1:]
            if text.replace("-", "").isalpha() and last != "-":
                return self._compiled.search(text) if text[-3:] in _CUT_ENDS else None
            if last.isdigit():
                return self._compiled.search(text) if text[-2:] == "m2" else None
            if last in _ENDS and text[-2:-1].isalpha():
                return _one_character(text, len(text) - 1)
            if last == "." and text[-2:-1].islower() and text[:-1].isalpha():
                return None if text in self._whole else _one_character(text, len(text) - 1)
        if text in self._whole:
            return None  # "(e.g.": spaCy takes a prefix and a suffix off before it asks whether a form stays whole
        start = max(0, len(text) - _LONGEST_SUFFIX)
        found = self._compiled.search(text, start)
        return self._compiled.search(text) if found and start and found.start() == start else found


@cache
def _parts() -> dict[str, Any]:
    """What is not spaCy's own in the tokenizer."""
    defaults = English.Defaults
    # spaCy takes "2+" apart; a grade must stay whole.
    suffixes = [rule for rule in (defaults.suffixes or ()) if rule != r"(?<=[0-9])\+"]
    whole = _WholeForms(_abbreviations(defaults.tokenizer_exceptions or {}), SLASH_FORMS)
    return {
        "token_match": whole.__contains__,
        "prefix_search": _Rules(spacy.util.compile_prefix_regex([*_PREFIXES, *(defaults.prefixes or ())]).pattern, whole).start,
        "suffix_search": _Rules(spacy.util.compile_suffix_regex([*_SUFFIXES, *suffixes]).pattern, whole).end,
        "infix_finditer": _Rules(spacy.util.compile_infix_regex(_INFIXES).pattern, whole).inside,
    }


def _abbreviations(exceptions: Mapping[str, Sequence[object]]) -> Iterator[str]:
    """spaCy's special cases of one token with a sign in it ("Dr.", "e.g.", "o'clock"), without emoticons."""
    for form, tokens in exceptions.items():
        initial = len(form) == 2 and form[1] == "."
        if len(tokens) == 1 and form[0].isalpha() and not form.isalpha() and (initial or form not in BASE_EXCEPTIONS):
            yield form


class NoteTokenizer(Tokenizer):  # type: ignore[misc]  # written in Cython, without types
    """spaCy's tokenizer with the rules of this module. ``to_disk``, pickling and rules that a user adds work as ever."""

    def __init__(self, vocab: Vocab, rules: Any = None, *parts: Any, **named: Any) -> None:
        standard = {} if parts or named else _parts()
        super().__init__(vocab, rules, *parts, **standard, **{"max_cache_size": _KEPT_CUTS, **named})

    def __call__(self, text: str) -> Doc:
        """The Doc of a text."""
        cut = super().__call__
        return cut_as_read(text, cut) if is_read_otherwise(text) else cut(text)

    def from_bytes(self, bytes_data: bytes, *, exclude: Iterable[str] = ()) -> Tokenizer:
        """As :meth:`spacy.tokenizer.Tokenizer.from_bytes`; patterns that are this module's come back as they were, not bare."""
        super().from_bytes(bytes_data, exclude=exclude)
        for name, part in _parts().items():
            if (stored := getattr(self, name)) is not None and stored.__self__.pattern == part.__self__.pattern:
                setattr(self, name, part)
        return self


def make_tokenizer(nlp: Language) -> Tokenizer:
    """The tokenizer for ``nlp``, whose new words are made faster for it (:mod:`mrterms.text.lexemes`)."""
    quicken(nlp.vocab)
    return NoteTokenizer(nlp.vocab)


def create_tokenizer() -> Callable[[Language], Tokenizer]:
    """Entry point ``mrterms.Tokenizer.v1`` of spaCy's ``tokenizers`` registry."""
    return make_tokenizer
