"""Whether a text can hold a mention, told from its words alone: what scanning asks of a matcher."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from functools import cache
from itertools import chain
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mrterms.lexicon.resources import lexicon_folder
from mrterms.matching.automaton import Automaton
from mrterms.matching.descriptions import Descriptions
from mrterms.matching.forms import FormTable
from mrterms.matching.words import GLUE, Vocabulary

__all__ = ["CompiledGate", "FormGate", "Gate", "anchors_in", "anchors_of", "common_words", "has_letter"]


class Gate(Protocol):
    """What scanning asks of a matcher. No answer may keep out a text in which the matcher finds a mention."""

    @property
    def lettered(self) -> bool:
        """Whether every anchor, a word without one of which there is no mention, holds a letter."""

    def words_of(self, text: str) -> Collection[str]:
        """The words of the lexicon that a token may stand for, alone or as the end of a broken word; glue may be left out."""

    def is_anchor(self, word: str) -> bool:
        """Whether a word of the lexicon is an anchor."""

    def may_hold(self, words: Set[str]) -> bool:
        """Whether a text that holds these words of the lexicon, in whatever order, and no others with a letter, can hold a mention."""


class FormGate:
    """The gate of the curated forms: a mention is one of ``forms``, a description in words, or a lesion and what it is of.

    The others are the matcher's own.
    """

    def __init__(
        self,
        *,
        forms: Collection[str],
        table: FormTable,
        vocabulary: Vocabulary,
        descriptions: Descriptions | None,
        site_lesions: Mapping[tuple[str, str], str],
    ) -> None:
        self._forms, self._table, self._vocabulary = frozenset(forms), table, vocabulary
        self._site_lesions = site_lesions
        self._triggers = descriptions.triggers if descriptions else frozenset[str]()
        self._places = descriptions.places if descriptions else frozenset[str]()
        needed = [table.forms[key].words for key in self._forms]
        needed += [part.words for key, part in table.parts.items() if part.role == "lesion" or key in self._places]
        self.anchors = anchors_of(needed, common_words())
        self.lettered = all(map(has_letter, self.anchors))
        self._bags = _by_anchor(((table.forms[key].words, "") for key in self._forms), self.anchors)
        parts = table.parts.values()
        self._lesions = _by_anchor(((part.words, part.value) for part in parts if part.role == "lesion"), self.anchors)
        self._sites = [(_bag(part.words), part.value) for part in parts if part.role == "site"]
        self._trigger_bags = [_bag(key.split(" ")) for key in self._triggers]
        self._place_bags = [_bag(key.split(" ")) for key in self._places]

    def words_of(self, text: str) -> Collection[str]:
        """As in :class:`Gate`."""
        return [word for word in self._vocabulary.may_be(text) if word not in GLUE]

    def is_anchor(self, word: str) -> bool:
        """As in :class:`Gate`."""
        return word in self.anchors

    def may_hold(self, words: Set[str]) -> bool:
        """As in :class:`Gate`."""
        here = self.anchors & words
        if any(bag <= words for anchor in here for bag, _ in self._bags.get(anchor, ())):
            return True
        lesions = {lesion for anchor in here for bag, lesion in self._lesions.get(anchor, ()) if bag <= words}
        if "regurgitation" in lesions:
            return True  # it may be one of a valve that nobody names
        if lesions and any((site, lesion) in self._site_lesions for bag, site in self._sites if bag <= words for lesion in lesions):
            return True
        return any(bag <= words for bag in self._place_bags) and any(bag <= words for bag in self._trigger_bags)


class NumberedVocabulary(Protocol):
    """What a gate asks of the vocabulary of a compiled lexicon."""

    def may_be(self, text: str) -> tuple[str, ...]:
        """As in :class:`mrterms.matching.words.Vocabulary`."""

    def number_of(self, word: str) -> int:
        """The number of a word in the trie, 0 where no form holds it."""


class CompiledGate:
    """The gate of a compiled lexicon: a mention is a form, or one of several that share words."""

    lettered = False

    def __init__(self, automaton: Automaton, vocabulary: NumberedVocabulary) -> None:
        self._vocabulary = vocabulary
        ranks = np.full(len(automaton.first), len(common_words()), dtype=np.int32)
        for word, rank in common_words().items():
            ranks[vocabulary.number_of(word)] = rank
        self._anchors = anchors_in(automaton, ranks)

    def words_of(self, text: str) -> Collection[str]:
        """As in :class:`Gate`."""
        return self._vocabulary.may_be(text)

    def is_anchor(self, word: str) -> bool:
        """As in :class:`Gate`."""
        return bool(self._anchors[self._vocabulary.number_of(word)])

    def may_hold(self, words: Set[str]) -> bool:
        """As in :class:`Gate`."""
        return any(map(self.is_anchor, words))


def _bag(words: Iterable[str]) -> frozenset[str]:
    """The words of a form that a sieve always tells: no glue, and no signs and numbers."""
    return frozenset(word for word in words if word not in GLUE and has_letter(word))


def _by_anchor(forms: Iterable[tuple[Sequence[str], str]], anchors: Set[str]) -> dict[str, list[tuple[frozenset[str], str]]]:
    """The bags of forms, each with what stands beside it, under every anchor that they hold."""
    found: dict[str, list[tuple[frozenset[str], str]]] = {}
    for words, value in forms:
        for anchor in anchors & set(words):
            found.setdefault(anchor, []).append((_bag(words), value))
    return found


def anchors_in(automaton: Automaton, ranks: NDArray[np.int32]) -> NDArray[np.bool_]:
    """The numbers of words of which every form of a trie holds one; ``ranks``: by number, high where a word is rare."""
    count = len(automaton.forms)
    parent, word = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64)
    begins = automaton.first.nonzero()[0]
    word[automaton.first[begins]] = begins
    edges = automaton.keys.nonzero()[0]
    parent[automaton.nodes[edges]] = automaton.keys[edges] >> np.uint64(32)
    word[automaton.nodes[edges]] = automaton.keys[edges] & np.uint64(2**32 - 1)
    ends = automaton.forms >= 0
    alone = np.zeros(len(ranks), dtype=np.bool_)
    alone[word[ends & (parent == 0)]] = True
    rarest, covered = word.copy(), alone[word]
    # Nodes stand level by level, each behind its parent.
    low, high = 1, 1 + len(begins)
    while high < count:
        low, high = high, int(np.searchsorted(parent, high))
        above = parent[low:high]
        rarest[low:high] = np.where(ranks[word[low:high]] > ranks[rarest[above]], word[low:high], rarest[above])
        covered[low:high] |= covered[above]
    anchors = alone
    anchors[rarest[ends & ~covered]] = True
    anchors[0] = False
    return anchors


def anchors_of(forms: Iterable[Sequence[str]], common: Mapping[str, int]) -> frozenset[str]:
    """Words of which every form holds one: of each form the rarest, few in all.

    ``common`` is the rank of words that many notes hold, from the commonest; words that are not in it are rare.
    """
    ordered = sorted(forms, key=lambda form: (len(form), form))
    uses = Counter(chain.from_iterable(ordered))
    anchors: set[str] = set()
    for form in ordered:
        if anchors.isdisjoint(form):
            anchors.add(max(form, key=lambda word: (has_letter(word), common.get(word.lower(), len(common)), uses[word], word)))
    return frozenset(anchors)


def has_letter(text: str) -> bool:
    """Whether a text of ASCII holds a letter; other texts always may."""
    return not text.isascii() or text.lower() != text.upper()


@cache
def common_words() -> Mapping[str, int]:
    """The ranks of ``lexicons/clinical/common_words.txt``."""
    lines = (lexicon_folder("clinical") / "common_words.txt").read_text(encoding="utf-8").splitlines()
    words = [word for line in lines if not line.startswith("#") for word in line.split()]
    return {word: rank for rank, word in enumerate(words)}
