"""From a token to the lexicon's words: exact, normal form, short form, misspelt, run together.

Every distinct token of a run is looked at once and remembered, so that a text costs one look-up in an array a token (a note
repeats its words; measured in ../shared/design-notes.md: 152,000 words held 10,877 distinct ones).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA, Indel
from rapidfuzz.process import extract

from mrterms.lexicon.resources import lexicon_folder
from mrterms.lexicon.tables import read_table
from mrterms.matching.neighbours import Neighbours
from mrterms.text.normal_form import fold, normal_word, surfaces
from mrterms.text.numbered import NumberedWords, PerWord

__all__ = [
    "CONJUNCTIONS",
    "GLUE",
    "PASSED_OVER",
    "SHORTEST_FUZZY",
    "SKIPPED",
    "NormalWord",
    "Vocabulary",
    "WordMemo",
    "clinical_spelling",
    "general_word_table",
    "plain_short_form",
]

GLUE = frozenset("of the a an in to and or with by at for from on , / & ; : + vs is are was were be not due as".split())
"""Words that may stand inside a form but never make one."""

# Edits allowed by word length: one below eight letters, two from eight, none below five (design-notes.md).
SHORTEST_FUZZY, _TWO_EDITS_FROM = 5, 8
_SHORTEST_PART = 4
_SHORTEST_HEAD, _SHORTEST_TAIL, _SHORTEST_BROKEN = 2, 4, 7
_BESIDE = frozenset(("para", "peri"))
"""Beginnings without which a word says the contrary: a para-valvular leak is no valvular one."""
_NONE: frozenset[str] = frozenset()
_OPPOSITES = (("hyper", "hypo"), ("macro", "micro"), ("inter", "intra"), ("ante", "anti"), ("mono", "poly"))
# Passed over inside a form: hyphens, brackets, the full stop of "pulm. valve" (no form crosses a sentence), and single line
# breaks; a blank line is no wrap and ends a form.
SKIPPED = frozenset(("-", "–", "—", "‐", "‑", "'s", "’s", "'S", "’S", "'", "’", "­", "(", ")", "."))


CONJUNCTIONS = frozenset(("and", "or", "and/or", "&", "/", ","))
"""Over these, forms may share words."""

PASSED_OVER = frozenset("a an the his her its their our my your this these those some both all such".split())
"""Articles and the like: a general ontology's forms are looked for without them (``absence of | some | phalanges``)."""


@dataclass(frozen=True, slots=True)
class NormalWord:
    """What a token stands for: one word of the lexicon, or several where a space was dropped."""

    words: tuple[str, ...]
    edits: int = 0
    tail_of: frozenset[str] = frozenset()
    """The beginnings that make this token a word of the lexicon: ``gurgitation`` after ``re``."""
    hyphen_only: bool = False
    """A tail that is a word by itself (``cuspid``) is only joined over a hyphen, or to what is no word (``tri``)."""
    alone: bool = True
    """Whether it may be a form of one word: ``delayed`` is found in "delayed speech", but is no "delay"."""


_SKIP = NormalWord(())


@cache
def clinical_spelling() -> Mapping[str, str]:
    """The table of spelling variants that holds for forms and text alike."""
    rows = read_table(lexicon_folder("clinical") / "spelling.tsv", ("form", "normal"), None)
    return {row["form"]: row["normal"] for row in rows}


@cache
def general_word_table() -> Mapping[str, bool]:
    """Words that name nothing by themselves → whether they name nothing together either; words joined by + name nothing together."""
    rows = read_table(lexicon_folder("clinical") / "general_words.tsv", ("words", "together"), ("source",))
    return {word: row["together"] == "yes" for row in rows for word in row["words"].split()}


def plain_short_form(text: str) -> str:
    """A short form without dots and plural: ``M.I.`` and ``MIs`` → ``MI``."""
    plain = text.replace(".", "") if "." in text and len(text) <= 10 else text
    if len(plain) > 2 and plain.endswith("s") and plain[:-1].isupper():
        plain = plain[:-1]
    return plain


class Vocabulary:
    """The words of the lexicon's forms: case-bound short forms, and all others in normal form."""

    def __init__(self, *, spelling: Mapping[str, str], in_use: Callable[[], Collection[str]], fuzzy: bool = True) -> None:
        self.short_forms: set[str] = set()
        self.low_short_forms: set[str] = set()
        self.words: set[str] = set()
        self.pairs: set[tuple[str, str]] = set()
        self.misspellings: dict[str, NormalWord] = {}
        self.spelling = spelling
        self.fuzzy = fuzzy
        self._in_use = in_use
        self._targets: set[str] = set()
        self._neighbours = Neighbours.of(())
        self._tails: dict[str, set[str]] = {}
        self._headless: dict[str, list[str]] = {}
        self._kin: set[str] = set()

    def close(self) -> None:
        """Index the words; call it once all forms are in."""
        self._tails = {}
        variants = {form for form, normal in self.spelling.items() if normal in self.words}
        self._targets = {word for word in self.words | variants if len(word) >= SHORTEST_FUZZY and word.isalpha()}
        self._neighbours = Neighbours.of(list(self._targets))
        self._headless = {}
        for word in self._targets:
            if word[0] != word[1]:
                self._headless.setdefault(word[1:], []).append(word)
            if len(word) >= _SHORTEST_BROKEN:
                for place in range(_SHORTEST_HEAD, len(word) - _SHORTEST_TAIL + 1):
                    self._tails.setdefault(word[place:], set()).add(word[:place])
        self._kin = {surface for word in self.words | variants | self.misspellings.keys() for surface in surfaces(word)}
        self._kin.update(self._tails, self.low_short_forms)

    def look_up(self, text: str) -> NormalWord | None:
        """What the token ``text`` stands for, or None where it is no word of the lexicon."""
        return None if self._is_other_word(text) else self._look_closely(text)

    def _look_closely(self, text: str) -> NormalWord | None:
        if self._is_passed_over(text):
            return _SKIP
        plain = plain_short_form(text)
        if self._is_short_form(plain):
            return NormalWord((plain,))
        if text in self.low_short_forms:
            return NormalWord((text,))
        if not text[0].isalpha() and not self._is_word(text):
            return None  # numbers and signs: no form begins or goes on with one that is not listed as it stands
        word = normal_word(text, self.spelling).removesuffix("'s")  # "Barlow's-syndrome" is one token up to its hyphen
        if self._is_word(word):
            beside = _BESIDE & self._tails.get(word, _NONE)
            return NormalWord((word,), tail_of=frozenset(beside), hyphen_only=True) if beside else NormalWord((word,))
        if (known := self.misspellings.get(word)) is not None:
            return known
        if not word.isalpha() or len(word) < _SHORTEST_TAIL or not self.fuzzy:
            return None
        folded = fold(text)
        near = self._near(word, folded) if len(folded) >= SHORTEST_FUZZY else None
        tail = self._tail(folded)
        return replace(near, tail_of=tail.tail_of, hyphen_only=tail.hyphen_only) if near and tail else near or tail

    def _is_other_word(self, text: str) -> bool:
        """Whether this is a word that no form holds and nobody's misspelling: most words of a text, told without a normal form."""
        lower = text.lower()
        if lower in self._kin or not text[0].isalpha() or not text.isascii():
            return False
        if text != lower and self._is_short_form(plain_short_form(text)):
            return False
        return len(lower) < SHORTEST_FUZZY or lower in self._in_use()

    def may_be(self, text: str) -> tuple[str, ...]:
        """The words of the lexicon that a token stands for, and those whose end it may be."""
        word = self.look_up(text)
        if word is None or not word.tail_of:
            return word.words if word else ()
        end = fold(text)
        return (*word.words, *(begin + end for begin in word.tail_of))

    def is_in_use(self, word: str) -> bool:
        """Whether a word stands for itself somewhere in English or in medicine."""
        return word in self._in_use()

    def _is_passed_over(self, text: str) -> bool:
        return text in SKIPPED or (text.isspace() and text.count("\n") < 2)

    def _is_short_form(self, plain: str) -> bool:
        return plain in self.short_forms

    def _is_word(self, word: str) -> bool:
        return word in self.words

    def _is_pair(self, first: str, second: str) -> bool:
        """Whether two words stand side by side in a form."""
        return (first, second) in self.pairs

    def _is_target(self, word: str) -> bool:
        """Whether a misspelt word may stand for this one."""
        return word in self._targets

    def _with_first_letter(self, word: str) -> Iterable[str]:
        """The words that are ``word`` behind one more letter."""
        return self._headless.get(word, ())

    def whole(self, word: str) -> NormalWord:
        """A word whose two halves stood apart."""
        return NormalWord((word,), 1)

    def _tail(self, word: str) -> NormalWord | None:
        heads = self._tails.get(word)
        return NormalWord((), 1, frozenset(heads), word in self._in_use()) if heads else None

    def _near(self, word: str, folded: str) -> NormalWord | None:
        in_use = self._in_use()
        if folded in in_use or word in in_use:
            return None
        if joined := self._split(word):
            return NormalWord(joined, 1)
        # The word as it stands first: "stenosys" is no plural.
        tried = dict.fromkeys((folded, word))
        return next((near for one in tried if (near := self.nearest(one, budget=2 if len(one) >= _TWO_EDITS_FROM else 1))), None)

    def nearest(self, word: str, *, budget: int) -> NormalWord | None:
        """The one word of the lexicon within ``budget`` edits (optimal string alignment), or None where several tie."""
        near = self._neighbours.like(word, budget)
        found = extract(word, [*near, *self._first_letter_slips(word)], scorer=OSA.distance, score_cutoff=budget, limit=4)
        return self._best(word, found) if found else None

    def _first_letter_slips(self, word: str) -> Iterator[str]:
        """The words whose first letter was doubled, dropped or swapped; where it is another one only a slip of that kind is believed."""
        for one in (word[1:], word[1] + word[0] + word[2:]):
            if one[0] != word[0] and self._is_target(one):
                yield one
        yield from self._with_first_letter(word)

    def _best(self, word: str, found: list[tuple[str, int, int]]) -> NormalWord | None:
        edits = found[0][1]
        # A swap is likelier than a dropped letter, and that likelier than another in its place: mital is mitral, not metal.
        letters = sorted(word)
        best = sorted((sorted(near) != letters, Indel.distance(word, near), near) for near, other, _ in found if other == edits)
        near = best[0][2]
        if len({self.spelling.get(other, other) for *key, other in best if key == list(best[0][:2])}) > 1:
            return None
        if edits > 1 and len(near) < _TWO_EDITS_FROM:
            return None
        if _are_opposites(word, near):
            return None
        near = self.spelling.get(near, near)
        return NormalWord((near,), int(edits))

    def _split(self, word: str) -> tuple[str, ...] | None:
        for place in range(_SHORTEST_PART, len(word) - _SHORTEST_PART + 1):
            pair = self.spelling.get(word[:place], word[:place]), self.spelling.get(word[place:], word[place:])
            if self._is_pair(*pair):
                return pair
        return None


def _are_opposites(word: str, other: str) -> bool:
    """``hypo-`` is no slip of ``hyper-``, and a lacking ``a-`` is none either (phasic, aphasia)."""
    if word[1:] == other or other[1:] == word:
        return "a" in (word[0], other[0])
    return any(word.startswith(pair) and other.startswith(pair) and word[:4] != other[:4] for pair in _OPPOSITES)


class WordMemo:
    """Word → code of what it stands for, 0 where it is no word of the lexicon.

    The code is the place in ``words`` (those of the lexicon for which it stands), ``edits`` and ``alone``, as :class:`NormalWord` has
    them; plain columns are no work for the garbage collector. ``ends`` has those that may be the end of a broken word.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._known = PerWord(self.code_of)
        self.words: list[tuple[str, ...]] = [()]
        """By code: the words of the lexicon for which it stands."""
        self.edits: list[int] = [0]
        self.alone: list[bool] = [True]
        self.ends: dict[int, NormalWord] = {}
        """The codes of what may be the end of a broken word."""
        self._codes: dict[tuple[object, ...], int] = {}
        self.skip = self._code(_SKIP)
        """The code of what is passed over."""

    def codes(self, words: NumberedWords) -> NDArray[np.int32]:
        """The code of each word of a text."""
        return self._known.of(words)

    def code_of(self, word: str) -> int:
        """The code of one word."""
        found = self._vocabulary.look_up(word)
        return 0 if found is None else self._code(found)

    def _code(self, word: NormalWord) -> int:
        plain = word.words, word.edits, word.alone
        code = self._codes.setdefault((*plain, word.tail_of, word.hyphen_only) if word.tail_of else plain, len(self.words))
        if code == len(self.words):
            self.words.append(word.words)
            self.edits.append(word.edits)
            self.alone.append(word.alone)
            if word.tail_of:
                self.ends[code] = word
        return code

    def joined(self, head: str, tail: str, code: int, *, hyphen: bool) -> int:
        """The code of the word that two tokens make (``re-gurgitation``, ``regurgi tation``), or 0; ``code`` is that of the second."""
        word, begin = self.ends[code], fold(head)
        if begin not in word.tail_of or (word.hyphen_only and not hyphen and self._vocabulary.is_in_use(begin)):
            return 0
        return self._code(self._vocabulary.whole(begin + fold(tail)))
