"""Finding the forms of the lexicon in a Doc: a trie over word numbers, walked only where a form can begin.

Every token has a code (see :mod:`mrterms.matching.words`); hyphens and single line breaks are
passed over, so spelling, plural, wraps and slips of the pen cost nothing in the walk.  Hits carry token places, so offsets
are the text's own.

spaCy's PhraseMatcher gives the same hits (tests/matching compares them), but needs a Doc of normal words: on 520 real notes
and articles that alone cost more than the tokenizer's half, and it cannot be mapped from a file.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from mrterms.matching.automaton import Automaton, Walker
from mrterms.matching.words import WordMemo
from mrterms.text.numbered import NumberedWords

__all__ = ["Finder", "Hit", "Place", "Scan", "Scanner"]

_MOST_STEPS = 400_000
_LEARNING = Lock()
"""Words that are met for the first time get their codes from one thread at a time. One lock for all, since it cannot be pickled."""

Place = tuple[int, int, int, int]
"""Number of the form, first token, token after the last, edits."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A form found: its key (normal words joined by spaces), the tokens it covers, and how many edits it took."""

    key: str
    token_start: int
    token_end: int
    edits: int


class Finder:
    """Finds keys (normal words joined by single spaces) in Docs; longest and shorter ones, overlapping ones too."""

    def __init__(self, keys: Iterable[str], memo: WordMemo) -> None:
        self._keys = list(keys)
        numbers = _Numbers()
        forms = [[numbers.setdefault(word, len(numbers) + 1) for word in key.split(" ")] for key in self._keys]
        self._scanner = Scanner(Automaton.of(forms, len(numbers) + 1), memo, numbers.__getitem__)

    def find(self, words: NumberedWords) -> list[Hit]:
        """All hits among the words of a text, in the order of their beginnings."""
        return [Hit(self._keys[form], start, end, edits) for form, start, end, edits in self._scanner.find(words)]


class _Numbers(dict[str, int]):
    """Word → number, 0 for words that no form holds."""

    def __missing__(self, word: str) -> int:
        return 0


@dataclass(frozen=True, slots=True)
class Scan:
    """A text as codes without what is passed over; ``places`` are the tokens, ``ends`` where a broken word truly ends.

    ``anchors``: where a form may begin; ``joins``: where a conjunction stands.
    """

    codes: list[int]
    places: list[int]
    anchors: list[int]
    joins: list[int]
    ends: dict[int, int]

    def place(self, form: int, start: int, end: int, edits: int = 0) -> Place:
        """A form over the codes ``start`` to ``end`` as a place in the Doc."""
        last = self.places[end - 1] + 1
        return form, self.places[start], self.ends.get(last, last), edits


@dataclass(slots=True)
class _Ways:
    """What all states of a trie share: the trie, the numbers of the words for which each code stands, and the steps kept."""

    walker: Walker
    numbers: list[tuple[int, ...]]
    kept: int = 0


class State(dict[int, "State | None"]):
    """A node of the trie as code → the state that the code's words lead to, None where there is none; a text goes the same ways
    again, so a way is looked up once."""

    __slots__ = ("_node", "_ways", "form")

    def __init__(self, ways: _Ways, node: int = 0) -> None:
        self._ways, self._node = ways, node
        self.form = ways.walker.form_at(node)
        """The form that ends here, or -1."""

    def __missing__(self, code: int) -> State | None:
        node = self._ways.walker.follow(self._node, self._ways.numbers[code])
        state = self[code] = State(self._ways, node) if node else None
        self._ways.kept += 1
        return state

    def __reduce__(self) -> tuple[type[State], tuple[_Ways, int]]:
        return State, (self._ways, self._node)  # the ways gone are no part of it


class Scanner:
    """Finds the forms of an automaton; ``number_of`` gives a word's number in it, 0 where no form holds the word.

    ``joins`` are the words whose places a scan tells.
    """

    def __init__(self, automaton: Automaton, memo: WordMemo, number_of: Callable[[str], int], joins: Collection[str] = ()) -> None:
        self._automaton = automaton
        self._memo = memo
        self._number_of = number_of
        self._join_words = frozenset((word,) for word in joins)
        self._known = 0
        self._ways = _Ways(automaton.walker(), [])
        self._single: list[str] = []
        """The word for which a code stands, empty where it stands for none or several."""
        self._root = State(self._ways)
        self._word = np.zeros(1024, dtype=np.int64)
        self._alone = np.zeros(1024, dtype=np.bool_)
        self._tail = np.zeros(1024, dtype=np.bool_)
        self._joins = np.zeros(1024, dtype=np.bool_)

    def find(self, words: NumberedWords) -> list[Place]:
        """All forms among the words of a text, by their beginnings; longer and shorter ones, overlapping ones too."""
        scan = self.scan(words)
        return self.places(scan) if scan else []

    def scan(self, words: NumberedWords) -> Scan | None:
        """The tokens as codes, and where forms may begin; None where nowhere."""
        with _LEARNING:
            return self._scan(words)

    def _scan(self, words: NumberedWords) -> Scan | None:
        if self._ways.kept >= _MOST_STEPS:
            self._root.clear()  # memory stays within bounds; ways come back at the price of one look-up
            self._ways.kept = 0
        codes = self._memo.codes(words)
        ends = self._join_broken_words(words, codes)
        solid = (codes != self._memo.skip).nonzero()[0]
        codes = codes[solid]
        self._learn()
        begins = self._alone[codes]
        begins[self._automaton.begins(self._word[codes])] = True
        anchors: list[int] = begins.nonzero()[0].tolist()
        if not anchors:
            return None
        joins: list[int] = self._joins[codes].nonzero()[0].tolist()
        return Scan(codes.tolist(), solid.tolist(), anchors, joins, ends)

    def places(self, scan: Scan) -> list[Place]:
        """The forms in a text."""
        hits: list[Place] = []
        for anchor in scan.anchors:
            self._walk(scan, anchor, hits)
        return hits

    def is_word(self, code: int, word: str) -> bool:
        """Whether a code stands for that word."""
        return self._single[code] == word

    def follow(self, scan: Scan, start: int, end: int) -> State | None:
        """The state to which the codes ``start`` to ``end`` lead from the root."""
        state = self._root
        for code in scan.codes[start:end]:
            if not code or (following := state[code]) is None:
                return None
            state = following
        return state

    def goes_on_at(self, scan: Scan, state: State, first: int, last: int) -> list[int]:
        """The codes from ``first`` on, before ``last``, at which a walk can go on."""
        return [at for at, code in enumerate(scan.codes[first:last], first) if code and state[code] is not None]

    def forms_from(self, scan: Scan, state: State, at: int) -> list[tuple[int, int]]:
        """The forms that end behind a state when the walk goes on at code ``at``, and where each ends."""
        found: list[tuple[int, int]] = []
        codes, here = scan.codes, state
        while at < len(codes) and (code := codes[at]) and (following := here[code]) is not None:
            here = following
            at += 1
            if here.form >= 0:
                found.append((here.form, at))
        return found

    def _learn(self) -> None:
        """Note the numbers of the words that the memo has met since."""
        words = self._memo.words
        if self._known == len(words):
            return
        if len(words) > len(self._word):
            self._word = np.resize(self._word, 2 * len(words))
            self._alone, self._tail, self._joins = (np.resize(one, 2 * len(words)) for one in (self._alone, self._tail, self._joins))
        for code in range(self._known, len(words)):
            numbers = tuple(map(self._number_of, words[code]))
            self._ways.numbers.append(numbers)
            self._single.append(words[code][0] if len(numbers) == 1 else "")
            self._word[code] = numbers[0] if numbers else 0
            self._alone[code] = self._memo.alone[code] and bool(numbers) and (len(numbers) > 1 or self._is_form(numbers))
            self._tail[code] = code in self._memo.ends
            self._joins[code] = words[code] in self._join_words
        self._known = len(words)

    def _is_form(self, numbers: Iterable[int]) -> bool:
        walker = self._ways.walker
        node = walker.follow(0, numbers)
        return node > 0 and walker.form_at(node) >= 0

    def _walk(self, scan: Scan, start: int, hits: list[Place]) -> None:
        edits_of, alone, codes = self._memo.edits, self._memo.alone, scan.codes
        state, edits, at = self._root, 0, start
        while at < len(codes) and (code := codes[at]) and (following := state[code]) is not None:
            state = following
            edits += edits_of[code]
            at += 1
            if state.form >= 0 and (at - start > 1 or alone[code]):
                hits.append(scan.place(state.form, start, at, edits))

    def _join_broken_words(self, words: NumberedWords, codes: NDArray[np.int32]) -> dict[int, int]:
        """Give the ``re`` of ``re - gurgitation`` the code of the word; returns where such words truly end."""
        self._learn()
        ends: dict[int, int] = {}
        memo = self._memo
        tails: list[int] = self._tail[codes].nonzero()[0].tolist()
        for tail in tails:
            head = tail - 1
            hyphen = head > 0 and codes[head] == memo.skip
            head -= hyphen
            code = memo.joined(words.word(head), words.word(tail), codes[tail], hyphen=hyphen) if head >= 0 else 0
            if code:
                codes[head], codes[tail] = code, memo.skip
                ends[head + 1] = tail + 1
            elif not memo.words[codes[tail]]:
                codes[tail] = 0
        return ends
