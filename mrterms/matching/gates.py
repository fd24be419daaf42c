"""Whether a text can hold a mention, told from its words alone: what scanning asks of a matcher."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from functools import cache, cached_property
from itertools import chain, islice
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mrterms.lexicon.resources import lexicon_folder
from mrterms.matching.automaton import Automaton
from mrterms.matching.descriptions import Descriptions
from mrterms.matching.forms import FormTable
from mrterms.matching.low_forms import LowForms
from mrterms.matching.words import GLUE, Vocabulary

__all__ = ["Bearing", "CompiledGate", "FormGate", "Gate", "anchors_in", "anchors_of", "common_words", "has_letter"]

_GRADE, _PLUS, _CARDIAC, _VALVULAR, _LESION, _SAID = "\tgrade", "\tplus", "\tcardiac", "\tvalvular", "\tlesion ", "\tsaid "
_VOUCHES = "\tvouches "
"""Marks of tokens beside the words of the lexicon; none can be a word, since no word holds a tab."""
_BESIDE = 3
"""Pieces between a short form written small and what vouches for it."""
_UNSAID = 30
"""A description is told by its words without the commonest ones: most notes hold "does", "not" and "in"."""


class Bearing:
    """The words of the lexicon that a text bears: ``numbers`` tells of each piece but those passed over where its words stand in
    ``words``, 0 where it bears none."""

    def __init__(self, numbers: NDArray[np.int32], words: Sequence[Set[str]]) -> None:
        self._numbers, self._words = numbers, words

    @cached_property
    def every(self) -> frozenset[str]:
        """All words."""
        return frozenset().union(*(self._words[number] for number in set(self._numbers.tolist())))

    @cached_property
    def _bearing(self) -> tuple[list[int], list[Set[str]]]:
        """The places of the pieces that bear words, and these."""
        places: list[int] = self._numbers.nonzero()[0].tolist()
        return places, [self._words[number] for number in self._numbers[places].tolist()]

    def near(self, word: str, before: int, behind: int) -> Iterator[frozenset[str]]:
        """For each piece that bears ``word`` the words that stand at most so many pieces before or behind it."""
        places, words = self._bearing
        for place, here in zip(places, words, strict=True):
            if word in here:
                yield frozenset().union(*words[bisect_left(places, place - before) : bisect_right(places, place + behind)])

    def together(self, bag: Set[str], word: str, reach: int) -> bool:
        """Whether all of ``bag`` stands at most ``reach`` pieces from ``word``."""
        return bag <= self.every and (len(bag) == 1 or any(bag <= near for near in self.near(word, reach, reach)))


class Gate(Protocol):
    """What scanning asks of a matcher. No answer may keep out a text in which the matcher finds a mention."""

    @property
    def lettered(self) -> bool:
        """Whether all that it asks for, but for grades such as ``2+``, holds a letter."""

    def words_of(self, text: str) -> Collection[str]:
        """The words of the lexicon that a token may stand for, alone or as the end of a broken word, and marks of the gate's own;
        glue may be left out."""

    def is_anchor(self, word: str) -> bool:
        """Whether a word of the lexicon is an anchor: a mention holds at least one."""

    def may_hold(self, found: Bearing) -> bool:
        """Whether a text with these words of the lexicon, and no others with a letter, can hold a mention."""


class FormGate:
    """The gate of the curated forms: a mention is one of ``forms``, a description in words, or a lesion and what it is of.

    ``roles`` are the words of ``modifiers.tsv`` by role; the others are the matcher's own.
    """

    def __init__(
        self,
        *,
        forms: Collection[str],
        table: FormTable,
        vocabulary: Vocabulary,
        descriptions: Descriptions | None,
        site_lesions: Mapping[tuple[str, str], str],
        low_forms: LowForms | None,
        roles: Mapping[str, Set[str]],
    ) -> None:
        self._vocabulary = vocabulary
        places = descriptions.places if descriptions else frozenset[str]()
        parts = list(table.parts.items())
        needed = [table.forms[key].words for key in forms]
        needed += [part.words for key, part in parts if part.role in ("lesion", "bare_infarct") or key in places]
        self.anchors = anchors_of(needed, common_words())
        self.lettered = all(map(has_letter, self.anchors))
        listed = [table.forms[key] for key in forms]
        # A bare infarct is rare enough that every text with one is read.
        whole = [one.words for one in listed if not (one.needs_grade or one.told)]
        whole += [part.words for _, part in parts if part.role == "bare_infarct"]
        self._bags = _by_anchor(((words, _bag(words)) for words in whole), self.anchors)
        beside_of = low_forms.beside if low_forms else {}
        told = {one.words: beside_of.get(" ".join(one.words), set()) for one in listed if one.told}
        self._told = _by_anchor(((words, _bag(words)) for words in told), self.anchors)
        self._vouching = {_bag(words): frozenset(_VOUCHES + word for word in beside) for words, beside in told.items()}
        self._graded = frozenset(one.words[0] for one in listed if one.needs_grade)
        self._lesions: dict[str, list[tuple[frozenset[str], int, str]]] = {}
        for lesion in sorted({part.value for _, part in parts if part.role == "lesion"}):
            bags = _by_anchor(((part.words, _bag(part.words)) for _, part in parts if part.value == lesion), self.anchors)
            for anchor, least in bags.items():
                self._lesions.setdefault(anchor, []).extend((*one, lesion) for one in least)
        sites = _least((_bag(part.words), part.value) for _, part in parts if part.role == "site")
        self._sites = [(bag, {lesion for other, lesion in site_lesions if other == site}) for bag, site in sites]
        # Beside these even a regurgitation without a word of the heart may be a valve's; a mention that is not published does, too.
        beside = [form.words for key, form in table.forms.items() if key not in forms]
        beside += [part.words for _, part in parts if part.role == "site"]
        self._company = [bag for bag, _ in _least((_bag(words), "") for words in beside)]
        self._lone = frozenset(word for one in roles.get("lone", ()) for word in vocabulary.may_be(one))
        self._places = [_bag(key.split(" ")) for key in places]
        self._phrases = _Phrases(descriptions) if descriptions else None
        self._marks: dict[str, list[str]] = {}
        for mark, role in ((_GRADE, "grade"), (_CARDIAC, "cardiac"), (_VALVULAR, "valvular")):
            for word in roles.get(role, ()):
                self._marks.setdefault(word, []).append(mark)
        self._low_forms = low_forms
        for word in low_forms.lesions if low_forms else ():
            self._marks.setdefault(word, []).append(_LESION + word)
        for word in set().union(*told.values()):
            self._marks.setdefault(word, []).append(_VOUCHES + word)
        if self._phrases and descriptions:
            for word in descriptions.triggers | self._phrases.words:
                self._marks.setdefault(word, []).append(_SAID + word)

    def words_of(self, text: str) -> Collection[str]:
        """As in :class:`Gate`."""
        lower = text.lower()
        words = [word for word in self._vocabulary.may_be(text) if word not in GLUE]
        words += self._marks.get(lower, ())
        return [*words, _PLUS] if lower[:1].isdigit() and lower.endswith("+") else words

    def is_anchor(self, word: str) -> bool:
        """As in :class:`Gate`."""
        return word in self.anchors

    def may_hold(self, found: Bearing) -> bool:
        """As in :class:`Gate`."""
        lesions: set[str] = set()
        for anchor in self.anchors & found.every:
            if any(found.together(bag, anchor, reach) for bag, reach in self._bags.get(anchor, ()) if bag <= found.every):
                return True
            if any(self._is_told(found, bag, anchor, reach) for bag, reach in self._told.get(anchor, ())):
                return True
            if anchor in self._graded and (self._is_graded(found, anchor) or self._is_vouched(found, anchor)):
                return True
            for bag, reach, lesion in self._lesions.get(anchor, ()):
                if found.together(bag, anchor, reach):
                    lesions.add(lesion)
                    if lesion == "regurgitation" and self._may_be_of_any_valve(found, anchor, bag, reach):
                        return True
        if lesions and any(bag <= found.every and not lesions.isdisjoint(of_site) for bag, of_site in self._sites):
            return True
        return self._phrases is not None and self._may_describe(found, self._phrases)

    def _is_told(self, found: Bearing, bag: Set[str], word: str, reach: int) -> bool:
        """Whether words may vouch for a form that is believed only beside them."""
        if not found.together(bag, word, reach):
            return False
        vouching = self._vouching[frozenset(bag)]
        return not vouching or any(not vouching.isdisjoint(near) for near in found.near(word, reach + _BESIDE, 0))

    def _is_graded(self, found: Bearing, word: str) -> bool:
        """Whether a grade may stand beside a word."""
        return any(_GRADE in near for near in found.near(word, 1, 0)) or any(_PLUS in near for near in found.near(word, 0, 1))

    def _is_vouched(self, found: Bearing, word: str) -> bool:
        """Whether other words may vouch for a short form written small."""
        forms = self._low_forms
        if forms is None or word not in forms.told:
            return forms is not None and word in forms.free
        marks = {_GRADE, *(_LESION + other for other in forms.lesions if other != word)}
        return any(not marks.isdisjoint(near) for near in found.near(word, _BESIDE, _BESIDE))

    def _may_be_of_any_valve(self, found: Bearing, anchor: str, lesion: Set[str], reach: int) -> bool:
        """Whether a regurgitation may be one of a valve that nobody names."""
        if found.together(lesion | {_VALVULAR}, anchor, reach + 2):
            return True
        return not self._lone.isdisjoint(lesion) and (_CARDIAC in found.every or any(bag <= found.every for bag in self._company))

    def _may_describe(self, found: Bearing, phrases: _Phrases) -> bool:
        triggers = phrases.triggers & found.every
        if not triggers or not any(bag <= found.every for bag in self._places):
            return False
        reach = phrases.reach
        while reach:
            # What stands near enough allows only some phrases, perhaps only short ones: then nearer ones must do.
            before, reach = reach, max((phrases.reach_in(near) for one in triggers for near in found.near(one, reach, reach)), default=0)
            if reach == before:
                return True
        return False


class _Phrases:
    """What of the descriptions' words must stand near one another."""

    def __init__(self, descriptions: Descriptions) -> None:
        self.triggers = frozenset(_SAID + word for word in descriptions.triggers)
        self._patterns = descriptions.patterns
        self._asked = {name: descriptions.words_asked(name, _commonest()) for name in set(chain.from_iterable(self._patterns))}
        every = chain.from_iterable(self._asked.values())
        self.words = frozenset(chain.from_iterable(words for phrase in every for words in phrase.asked))
        self.reach = self._longest({name: max(phrase.reach for phrase in phrases) for name, phrases in self._asked.items()})

    def reach_in(self, marks: Set[str]) -> int:
        """How many words a description in a stretch of text with these marks may take at most; 0 where there can be none."""
        said = {mark.removeprefix(_SAID) for mark in marks if mark.startswith(_SAID)}
        fitting = {
            name: [phrase.reach for phrase in phrases if not any(map(said.isdisjoint, phrase.asked))]
            for name, phrases in self._asked.items()
        }
        return self._longest({name: max(reaches) for name, reaches in fitting.items() if reaches})

    def _longest(self, reach: Mapping[str, int]) -> int:
        return max((sum(map(reach.__getitem__, names)) for names in self._patterns if reach.keys() >= set(names)), default=0)


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

    def may_hold(self, found: Bearing) -> bool:
        """As in :class:`Gate`."""
        return any(map(self.is_anchor, found.every))


def _bag(words: Iterable[str]) -> frozenset[str]:
    """The words of a form that a sieve always tells: no glue, and no signs and numbers."""
    return frozenset(word for word in words if word not in GLUE and has_letter(word))


def _least(bags: Iterable[tuple[frozenset[str], str]]) -> list[tuple[frozenset[str], str]]:
    """Of bags of one value those that hold no other."""
    distinct = set(bags)
    return [(bag, value) for bag, value in distinct if not any(value == other and less < bag for less, other in distinct)]


def _by_anchor(forms: Iterable[tuple[tuple[str, ...], frozenset[str]]], anchors: Set[str]) -> dict[str, list[tuple[frozenset[str], int]]]:
    """The least bags of forms under every anchor that they hold, each with how many pieces such a form may take.

    Each word of a form may be broken in two, and stands beside the next but for pieces passed over.
    """
    found: dict[str, dict[frozenset[str], int]] = {}
    for words, bag in sorted(forms, key=lambda form: (len(form[1]), form)):
        for anchor in anchors & set(words):
            bags = found.setdefault(anchor, {})
            least = next((one for one in bags if one <= bag), bag)
            bags[least] = max(bags.get(least, 0), 2 * len(words))
    return {anchor: list(bags.items()) for anchor, bags in found.items()}


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


@cache
def _commonest() -> frozenset[str]:
    """Words that tell no description from others."""
    return frozenset([*islice(common_words(), _UNSAID), *GLUE])
