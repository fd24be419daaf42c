"""The forms that are looked for: every curated term as a sequence of normal words, with its regular inversions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from mrterms.lexicon import Lexicon
from mrterms.matching.words import GLUE, Vocabulary, plain_short_form
from mrterms.records import Term
from mrterms.text.normal_form import normal_word

__all__ = ["Form", "FormTable", "Part"]

_MOST_INVERTED = 6
_MOST_EDITS = 4
_INNER_GLUE = "to"  # of "edge-to-edge", which may stand in any order
_SHORT = 5


@dataclass(slots=True)
class Form:
    """One sequence of normal words and what it may mean."""

    words: tuple[str, ...]
    term: Term
    concept_ids: list[str] = field(default_factory=list)
    inverted: bool = False
    comma: bool = False
    needs_grade: bool = False
    told: bool = False
    """Whether only words listed for it vouch for it (case ``told``)."""

    @property
    def short(self) -> bool:
        """Whether the form is a short form, bound to its case."""
        return self.term.kind == "abbreviation"


@dataclass(frozen=True, slots=True)
class Part:
    """A word that names a valve (``site``) or a lesion (``lesion``); composing joins them."""

    role: str
    value: str
    words: tuple[str, ...]
    full: bool = True
    part: str = "noun"


class FormTable:
    """All forms by their words; filling it also fills the vocabulary. Call :meth:`close` at the end."""

    def __init__(self, vocabulary: Vocabulary, tokenize: Callable[[str], list[str]]) -> None:
        self.forms: dict[str, Form] = {}
        self.parts: dict[str, Part] = {}
        self._vocabulary = vocabulary
        self._tokenize = tokenize

    def add_lexicon(self, lexicon: Lexicon) -> None:
        """Add every term of a lexicon; curated forms win over inversions of others."""
        for term in lexicon.terms:
            if term.kind != "misspelling":
                self._add_term(term)
        self._vocabulary.close()
        for term in lexicon.terms:
            if term.kind == "misspelling":
                self._learn_misspelling(term)
        for form in [form for form in self.forms.values() if not (form.inverted or form.told)]:
            self._vocabulary.pairs.update(pairwise(form.words))
            concept = lexicon.concepts.get(form.concept_ids[0])
            if concept is not None and concept.other_sense:
                continue  # look-alikes need not be found in every order
            for words in _inversions(form):
                if " ".join(words) not in self.forms:
                    self._put(words, form.term, form.concept_ids, inverted=True).comma = "," in words

    def add_part(self, text: str, part: Callable[[tuple[str, ...]], Part]) -> None:
        """Add a site or lesion word; close the vocabulary when all are in."""
        words = tuple(self._plain_words(text))
        self._vocabulary.words.update(words)
        self.parts.setdefault(" ".join(words), part(words))

    def _add_term(self, term: Term) -> None:
        words = self._term_words(term)
        if not words or all(word in GLUE for word in words):
            return
        form = self._put(words, term, [term.concept_id])
        if term.kind != "abbreviation" and (kept := self._with_capitals(term)) != words:
            # where another form makes "ST" a short form, the text's "ST" keeps its capitals
            self._put(kept, term, form.concept_ids)
        form.told = term.case == "told"
        if term.concept_id not in form.concept_ids:
            form.concept_ids.append(term.concept_id)
        if term.kind == "abbreviation" and term.case == "upper" and len(words) == 1 and words[0].isalpha():
            low = words[0].lower()
            if low not in self._vocabulary.words and low not in GLUE:
                self._vocabulary.low_short_forms.add(low)
                self._put((low,), term, form.concept_ids, needs_grade=True)

    def _learn_misspelling(self, term: Term) -> None:
        """A curated misspelling teaches its words, so that every form with the right word is found with it."""
        words = self._plain_words(term.text)
        for word in words:
            if word not in self._vocabulary.words and (near := self._vocabulary.nearest(word, budget=_MOST_EDITS)):
                self._vocabulary.misspellings.setdefault(word, near)
        if any(word not in self._vocabulary.words and word not in self._vocabulary.misspellings for word in words):
            self._add_term(term)

    def close(self) -> None:
        """Index the words; call it once all forms and parts are in."""
        self._vocabulary.close()

    def _put(
        self, words: tuple[str, ...], term: Term, concept_ids: list[str], *, inverted: bool = False, needs_grade: bool = False
    ) -> Form:
        key = " ".join(words)
        if key not in self.forms:
            self.forms[key] = Form(words, term, concept_ids, inverted=inverted, needs_grade=needs_grade)
        return self.forms[key]

    def _term_words(self, term: Term) -> tuple[str, ...]:
        if term.kind != "abbreviation" or term.case == "any":
            words = self._plain_words(term.text)
            self._vocabulary.words.update(words)
            return tuple(words)
        words = []
        for token in self._tokens(term.text):
            if any(letter.isupper() for letter in token):
                words.append(plain_short_form(token))
                self._vocabulary.short_forms.add(words[-1])
            else:
                words.append(normal_word(token, self._vocabulary.spelling))
                self._vocabulary.words.add(words[-1])
        return tuple(words)

    def _with_capitals(self, term: Term) -> tuple[str, ...]:
        pairs = zip(self._tokens(term.text), self._plain_words(term.text), strict=True)
        return tuple(token if token.isupper() and len(token) < _SHORT else word for token, word in pairs)

    def _plain_words(self, text: str) -> list[str]:
        return [normal_word(token, self._vocabulary.spelling) for token in self._tokens(text)]

    def _tokens(self, text: str) -> Iterator[str]:
        return (token for token in self._tokenize(text) if token.strip() and token not in {"-", "–", "'s", "’s", "'"})


def _inversions(form: Form) -> Iterable[tuple[str, ...]]:
    """``mitral valve regurgitation`` → ``regurgitation of (the) mitral valve``, ``regurgitation, mitral valve``."""
    words = form.words
    if form.short or not 2 <= len(words) <= _MOST_INVERTED or any(word in GLUE and word != _INNER_GLUE for word in words):
        return
    head, rest = words[-1:], words[:-1]
    yield (*head, "of", *rest)
    yield (*head, "of", "the", *rest)
    yield (*head, ",", *rest)
    yield (*words[1:], ",", words[0])
    if len(words) > 2:
        yield (*head, *rest)
