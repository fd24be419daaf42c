"""Whether a text can hold a mention, told from its words or its tokens alone: what scanning asks of a matcher."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cache
from itertools import chain
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mrterms.lexicon.resources import lexicon_folder
from mrterms.matching.automaton import Automaton
from mrterms.matching.coordination import Coordination
from mrterms.matching.descriptions import Descriptions
from mrterms.matching.finder import Finder, Hit, Scanner
from mrterms.matching.forms import FormTable
from mrterms.matching.words import Vocabulary, WordMemo
from mrterms.text.array_cache import Hashes

__all__ = ["CompiledGate", "FormGate", "Gate", "anchors_in", "anchors_of", "common_words", "has_letter"]


class Gate(Protocol):
    """Three questions, dearer and surer from first to last. No answer may keep out a text in which the matcher finds a mention."""

    def is_other_word(self, word: str) -> bool:
        """Whether a word of plain letters, or a piece of text without any, is told at once to be no anchor."""

    def is_anchor(self, orth: int) -> bool:
        """Whether a token, alone or as the end of a broken word, may be an anchor: a word without one of which there is no mention."""

    def may_match(self, hashes: Hashes) -> bool:
        """Whether a text of these tokens can hold a mention."""


class FormGate:
    """The gate of the curated forms: a mention is one of ``forms``, a description in words, or a lesion and what it is of.

    ``table`` to ``words`` are the matcher's own.
    """

    def __init__(
        self,
        *,
        forms: Collection[str],
        table: FormTable,
        vocabulary: Vocabulary,
        memo: WordMemo,
        finder: Finder,
        string_of: Callable[[int], str],
        descriptions: Descriptions | None,
        site_lesions: Mapping[tuple[str, str], str],
        words: Mapping[str, frozenset[str]],
    ) -> None:
        self._forms, self._table, self._vocabulary = frozenset(forms), table, vocabulary
        self._memo, self._finder, self._string_of = memo, finder, string_of
        self._site_lesions = site_lesions
        self._words = {role: words[role] for role in ("grade", "lone", "valvular", "cardiac")}
        self._triggers = descriptions.triggers if descriptions else frozenset[str]()
        self._places = descriptions.places if descriptions else frozenset[str]()
        needed = [table.forms[key].words for key in self._forms]
        needed += [part.words for key, part in table.parts.items() if part.role == "lesion" or key in self._places]
        self.anchors = anchors_of(needed, common_words())
        self._lettered = all(map(has_letter, self.anchors))

    def is_other_word(self, word: str) -> bool:
        """As in :class:`Gate`."""
        return self._vocabulary.is_other_word(word) if has_letter(word) else self._lettered

    def is_anchor(self, orth: int) -> bool:
        """As in :class:`Gate`."""
        return not self.anchors.isdisjoint(self._memo.may_be(orth))

    def may_match(self, hashes: Hashes) -> bool:
        """As in :class:`Gate`."""
        hits = self._finder.find(hashes)
        return (
            any(hit.key in self._forms and self._may_count(hashes, hit) for hit in hits)
            or self._may_be_described({hit.key for hit in hits})
            or self._may_be_composed(hashes, hits)
        )

    def _may_count(self, hashes: Hashes, hit: Hit) -> bool:
        """A short form in small letters needs a grade beside it."""
        if not self._table.forms[hit.key].needs_grade:
            return True
        before = self._nearest(hashes[: hit.token_start][::-1])
        after = self._nearest(hashes[hit.token_end :])
        return before in self._words["grade"] or (after[:1].isdigit() and after.endswith("+"))

    def _nearest(self, hashes: Hashes) -> str:
        words = (self._string_of(int(orth)).lower() for orth in hashes)
        return next((word for word in words if not word.isspace()), "")

    def _may_be_described(self, keys: set[str]) -> bool:
        return not (self._triggers.isdisjoint(keys) or self._places.isdisjoint(keys))

    def _may_be_composed(self, hashes: Hashes, hits: Sequence[Hit]) -> bool:
        parts = [part for hit in hits if (part := self._table.parts.get(hit.key))]
        lesions = {part.value for part in parts if part.role == "lesion"}
        sites = {part.value for part in parts if part.role == "site"} if lesions else ()
        if any((site, lesion) in self._site_lesions for site in sites for lesion in lesions):
            return True
        return "regurgitation" in lesions and self._may_be_lone(hashes, hits)

    def _may_be_lone(self, hashes: Hashes, hits: Sequence[Hit]) -> bool:
        """Regurgitation of a valve that nobody names, where the text speaks of the heart or of anything that the lexicon knows."""
        lower = [self._string_of(orth).lower() for orth in hashes.tolist()]
        if not self._words["valvular"].isdisjoint(lower):
            return True
        if all(lower[hit.token_end - 1] not in self._words["lone"] for hit in hits):
            return False
        return not self._words["cardiac"].isdisjoint(lower) or any(hit.key in self._table.forms for hit in hits)


class CompiledGate:
    """The gate of a compiled lexicon: a mention is a form, or one of several that share words."""

    def __init__(
        self, automaton: Automaton, scanner: Scanner, coordination: Coordination, memo: WordMemo, number_of: Callable[[str], int]
    ) -> None:
        self._scanner, self._coordination, self._memo, self._number_of = scanner, coordination, memo, number_of
        ranks = np.full(len(automaton.first), len(common_words()), dtype=np.int32)
        for word, rank in common_words().items():
            ranks[number_of(word)] = rank
        self._anchors = anchors_in(automaton, ranks)

    def is_other_word(self, word: str) -> bool:
        """Nothing is told at once: a terminology may hold any word."""
        return False

    def is_anchor(self, orth: int) -> bool:
        """As in :class:`Gate`."""
        return any(self._anchors[self._number_of(word)] for word in self._memo.may_be(orth))

    def may_match(self, hashes: Hashes) -> bool:
        """As in :class:`Gate`."""
        scan = self._scanner.scan(hashes)
        return scan is not None and bool((places := self._scanner.places(scan)) or self._coordination.places(scan, places))


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
