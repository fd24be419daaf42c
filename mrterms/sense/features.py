"""What stands around a short form, as named features: the same reading for training and for use.

A feature is a *base* (a word, a cue class, a shape) at a *level* (how near it stands), written ``level|base``; or a
single fact about the mention (``*|sibling:lesion_short``).  Each knows the token that carries it, so that every weight can
be shown on the words that brought it.

Speed: a token is read through its ORTH id; what depends on the word alone is worked out once and kept, and what depends on
the words alone (which are words, where a sentence ends, which phrases begin) once for all mentions of a :class:`Window`.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import compress
from typing import Final, TypeVar

from spacy.strings import StringStore

from mrterms.sense.cues import Cues
from mrterms.sense.settings import READ, guess_setting_by

__all__ = ["BUCKETS", "CODES", "FACTS", "Context", "Reader", "Window", "Word", "part_of", "word_features"]

WINDOW: Final = 30
"""Words read to each side of a mention: 25 to 40 do equally well on held-out documents, fewer cost less."""

L1, R1, L2, R2, NEAR, SENTENCE, FAR = range(7)
BUCKETS: Final[tuple[tuple[str, ...], ...]] = (
    ("a", "s", "n", "L"),
    ("a", "s", "n", "R"),
    ("a", "s", "n", "l"),
    ("a", "s", "n", "r"),
    ("a", "s", "n"),
    ("a", "s"),
    ("a",),
)
"""The levels of a word by its distance: ``a`` anywhere, ``s`` same sentence, ``n`` within 4 words, ``l``/``r`` second
word to the left or right, ``L``/``R`` beside the mention. A near word has all the wider levels too."""

CODES: Final = range(2 * len(BUCKETS))
"""What a word may stand under: twice its bucket, plus one on the left."""

FACTS: Final = 2
"""The part of what is told about the mention as a whole; words make two parts, see :func:`part_of`."""

_NEAR_WORDS: Final = 4
_SENTENCE_WORDS: Final = 16
_SEPARATORS: Final = frozenset({",", "/", ";", "&", "and", "or", "-", "–", "+", "(", ")", ":", "with", "w/", "plus"})
_END: Final = frozenset({".", "?", "!", "..."})
_SKIPPED_CLASSES: Final = frozenset({"severity", "grade", "negation"})
_SIBLINGS: Final = 2
_LABEL_SIGNS: Final = frozenset({":", "?", "="})
_LABEL_REACH: Final = 10
_GRADE: Final = "grade"
_RANGE_SIGNS: Final = frozenset({"-", "–", "/", "to"})
_ROMANS: Final = frozenset({"i", "ii", "iii", "iv"})
_LOWER_ENDS: Final = frozenset({"0", "1", "2", "3", "0+", "1+", "2+", "3+"}) | _ROMANS
_DEGREE: Final = "°"
_LIST_REACH: Final = 9
_LINK_CLASSES: Final = ("cause_back", "cause_forward")
_CAUSE_REACH: Final = 14
_LINK_REACH: Final = 4


_PLAIN, _STOP, _WRAP, _SPEAKS, _BEGINS, _GRADES, _LINKS = (1 << bit for bit in range(7))
"""Traits of a word: a word proper, an end of sentence, white space inside one; whether it speaks from afar, begins cue phrases, ends ranges
of grades, links causes."""


def _trait(wanted: int) -> bytes:
    """The table by which ``bytes.translate`` makes 1 of what has a trait and 0 of what has not: one pass at the speed of C."""
    return bytes([bool(traits & wanted) for traits in range(256)])


_IS_PLAIN, _IS_STOP, _IS_SPEAKING, _IS_BEGIN, _IS_GRADE, _IS_LINK = map(_trait, (_PLAIN, _STOP, _SPEAKS, _BEGINS, _GRADES, _LINKS))
_IS_KEPT: Final = bytes([not is_wrap for is_wrap in _trait(_WRAP)])
_WRAPS: Final = bytes([_WRAP])


@dataclass(frozen=True, slots=True, eq=False)
class Word:
    """What a word brings wherever it stands. ``kind``: 0 word, 1 punctuation, 2 end of sentence, 3 white space."""

    kind: int
    lower: str
    left: tuple[str, ...]
    right: tuple[str, ...]
    classes: frozenset[str]
    shape: str
    phrases: Mapping[str, Sequence[tuple[tuple[str, ...], str, str]]]
    """The cue phrases that begin with the word, by their second word."""
    traits: int
    """What it is, in bits."""

    @property
    def far(self) -> bool:
        """Whether it is a word proper that says anything from afar."""
        return bool(self.traits & _SPEAKS)


def _traits(words: Iterable[Word]) -> bytes:
    return bytes([word.traits for word in words])


class Window:
    """Words around one mention or several, and what all its mentions share. White space inside sentences is left out.

    ``tokens``: the token of each word. ``plain``: the places of words proper, ``stops`` of ends of sentences, ``speaking`` of words
    that say something from afar (``speakers``), with the place where the same word stands before (-1: nowhere) and after (past
    the end). ``links`` has a 1 for each word that links causes, else 0. ``phrases``: begin, end, name and position of each cue phrase.
    """

    __slots__ = ("after", "before", "links", "phrases", "plain", "speakers", "speaking", "stops", "tokens", "words")

    def __init__(self, words: list[Word], traits: bytes, tokens: Sequence[int]) -> None:
        if _WRAP in traits:
            kept = traits.translate(_IS_KEPT)
            words, tokens, traits = list(compress(words, kept)), list(compress(tokens, kept)), traits.replace(_WRAPS, b"")
        self.words = words
        self.tokens = tokens
        places = range(len(words))
        self.plain = list(compress(places, traits.translate(_IS_PLAIN)))
        self.stops = list(compress(places, traits.translate(_IS_STOP)))
        self.links = traits.translate(_IS_LINK)
        speaks = traits.translate(_IS_SPEAKING)
        self.speaking = list(compress(places, speaks))
        self.speakers = list(compress(words, speaks))
        self.before = [-1] * len(self.speaking)
        self.after = [len(words)] * len(self.speaking)
        seen: dict[Word, int] = {}
        for i, word in enumerate(self.speakers):
            last = seen.get(word)
            if last is not None:
                self.before[i] = self.speaking[last]
                self.after[last] = self.speaking[i]
            seen[word] = i
        self.phrases: list[tuple[int, int, str, str]] = []
        for at in compress(places[:-1], traits.translate(_IS_BEGIN)):
            for phrase, name, position in words[at].phrases.get(words[at + 1].lower, ()):
                if [word.lower for word in words[at : at + len(phrase)]] == list(phrase):
                    self.phrases.append((at, at + len(phrase), name, position))

    def locate(self, token_start: int, token_end: int) -> tuple[int, int]:
        """The words that some tokens are, both half-open."""
        return bisect_left(self.tokens, token_start), bisect_left(self.tokens, token_end)


@dataclass(slots=True)
class Context:
    """The surroundings of one mention of the form ``own``, which itself says nothing.

    Words ``near`` it come with code and place; those farther off in the same ``sentence`` and ``far`` ones have their ``places`` in one
    list; ``facts`` are name and place.
    A code is twice the bucket, plus one on the left; from afar the side says nothing. A word that stands again as far off or
    farther says nothing new: training counts a feature once. Places are indices into the words read, half-open; place -1 is a fact
    about the mention as a whole. ``ends`` are those of facts of more than one word, by place.
    """

    own: str
    near: list[tuple[Word, int, int]] = field(default_factory=list)
    sentence: list[Word] = field(default_factory=list)
    far: list[Word] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    facts: list[tuple[str, int]] = field(default_factory=list)
    ends: dict[int, int] = field(default_factory=dict)

    def coded(self) -> Iterator[tuple[Word, int]]:
        """Every word with its code."""
        for word, code, _ in self.near:
            yield word, code
        for words, bucket in ((self.sentence, SENTENCE), (self.far, FAR)):
            for word in words:
                yield word, 2 * bucket

    def named(self) -> Iterator[tuple[int, str]]:
        """Every feature by name, with the part that it belongs to; a name comes as often as it counts in use."""
        for word, code in self.coded():
            part = part_of(code)
            for name in word_features(word, code) if word.lower != self.own else ():
                yield part, name
        for fact, _ in self.facts:
            yield FACTS, f"*|{fact}"


_STOP_WORDS: Final = frozenset(
    "a an the and or of in on at to for with from by as is was were are be been has had have that this which who it its he she his her "
    "they their there after but also not no than then these those we our all may can could would should will did do does into "
    "during when while".split()
)
_NEAR_ONLY: Final = "~"
"""Mark of a base that says nothing from afar: a function word, a number."""


def levels(base: str, bucket: int) -> Iterator[str]:
    """The feature names of a base in a bucket."""
    near_only = base[0] == _NEAR_ONLY
    for level in BUCKETS[bucket]:
        if not (near_only and level in "as"):
            yield f"{level}|{base}"


def part_of(code: int) -> int:
    """The part of the evidence that a word under a code belongs to: 0 the words near the mention, 1 those farther off."""
    return int(code >= 2 * SENTENCE)


def word_features(word: Word, code: int) -> Iterator[str]:
    """The feature names of a word under a code."""
    for base in word.left if code & 1 else word.right:
        yield from levels(base, code >> 1)


def _shape(word: str) -> str:
    if not word.isalpha() and any(character.isdigit() for character in word):
        return re.sub(r"d+", "d", re.sub(r"[0-9]", "d", re.sub(r"[A-Za-z]+", "x", word)))[:6]
    if not word[:1].isalpha():
        return word[:2]
    if word.isupper():
        return "X" if len(word) == 1 else "XX" if len(word) < 5 else "XXXXX"
    return "Xx" if word[0].isupper() else "x"


def _base(name: str, position: str) -> str:
    return f"<{name}>" if position == "any" else f"{_NEAR_ONLY}<{name}>"


_KEPT: Final = 100_000
_DIGITS = re.compile(r"[0-9]")


_Read = TypeVar("_Read")


def _all_of(known: dict[int, _Read], orths: Sequence[int], read: Callable[[int], _Read]) -> list[_Read]:
    """What is known of each of some ORTH ids; what was not met before is read."""
    try:
        return list(map(known.__getitem__, orths))
    except KeyError:
        for orth in set(orths).difference(known):
            known[orth] = read(orth)
        return list(map(known.__getitem__, orths))


class Reader:
    """Reads contexts with the cues of a lexicon; one for each pipeline, safe to share between documents."""

    def __init__(self, cues: Cues, clusters: Mapping[str, int] | None = None) -> None:
        self.cues = cues
        self.clusters = clusters or {}
        self._words: dict[int, Word] = {}
        self._settings: dict[int, str] = {}
        self._grade = self._read_word("2+")

    def is_full(self) -> bool:
        """Whether so many words are kept that they should go."""
        return len(self._words) + len(self._settings) >= _KEPT

    def clear(self) -> None:
        """Forget the words; whoever keeps rows of them must forget those too."""
        self._words.clear()
        self._settings.clear()
        self._grade = self._read_word("2+")

    def guess_setting(self, orths: Sequence[int], strings: StringStore) -> str:
        """The kind of a text, guessed from its first words."""
        orths = orths[:READ]
        found = _all_of(self._settings, orths, lambda orth: self.cues.setting_of(strings[orth]))
        return guess_setting_by(list(filter(None, found)), len(orths))

    def window(self, low: int, orths: Sequence[int], strings: StringStore) -> Window:
        """The window of the words of some ORTH ids; ``low`` is the token of the first. The first figure of a range of grades is read as its
        last ("2-3+"), and degrees are grades ("II°")."""
        words = _all_of(self._words, orths, lambda orth: self._read_word(strings[orth]))
        traits = _traits(words)
        if 1 in (grades := traits.translate(_IS_GRADE)):
            _join_grades(words, reversed(list(compress(range(len(words)), grades))), self._grade)
            traits = _traits(words)
        return Window(words, traits, range(low, low + len(words)))

    def _read_word(self, text: str) -> Word:
        if text.isspace():
            kind = 2 if text.count("\n") > 1 else 3
            return Word(kind, " ", (), (), frozenset(), "", {}, _STOP if kind == 2 else _WRAP)
        lower = text.lower()
        found = self.cues.of_word(text, lower)
        is_number = lower[:1].isdigit() and not any(map(str.isalpha, lower))
        own = [f"{_NEAR_ONLY if is_number or lower in _STOP_WORDS else ''}{_DIGITS.sub('0', lower)}"]
        if text.isupper() and 1 < len(text) < 6:
            own.append(f"^{text}")  # TR and tr, AS and as
        if len(lower) > 5 and lower.isalpha():
            own.append(f"{lower[:5]}-")  # regurgitant, regurgitation, regurgitations
        if (cluster := self.clusters.get(lower)) is not None and lower not in _STOP_WORDS:
            own.append(f"={cluster}")
        left = (*own, *(_base(name, position) for name, position in found if position != "right"))
        right = (*own, *(_base(name, position) for name, position in found if position != "left"))
        kind = 2 if text in _END else 0 if any(character.isalnum() for character in text) else 1
        if kind and not found:
            left = right = ()
        classes = frozenset(name for name, _ in found)
        phrases = self.cues.phrases.get(lower, {})
        far = not kind and any(base[0] != _NEAR_ONLY for base in (*left, *right))
        traits = _PLAIN * (not kind) | _STOP * (kind == 2) | _SPEAKS * far | _BEGINS * bool(phrases)
        traits |= _GRADES * (lower == _DEGREE or _GRADE in classes) | _LINKS * (not classes.isdisjoint(_LINK_CLASSES))
        return Word(kind, lower, left, right, classes, _shape(text), phrases, traits)

    def context(self, window: Window, start: int, end: int, form: str, *, section: str | None = None) -> Context:
        """The context of the mention of ``form`` that the words ``start`` to ``end`` (half-open) of a window are."""
        words = window.words
        own = form.lower()
        context = Context(own)
        facts = context.facts
        left_near = _near(words, range(start - 1, -1, -1), own, context, on_left=True)
        right_near = _near(words, range(end, len(words)), own, context, on_left=False)
        _farther(window, start, end, context)
        _neighbours(words, left_near, right_near, facts)
        _phrases(window, start, end, context)
        _siblings(words, start, end, own, facts)
        _labels(words, start, end, own, facts)
        _causes(window, start, end, facts)
        if section and (name := self.cues.sections.get(section)):
            facts.append((f"section:{name}", -1))
        if not (context.near or context.places):
            facts.append(("alone", -1))
        return context

    def add_shape(self, context: Context, text: str, following: str = "") -> None:
        """How the short form is written: dotted, plural, in lower case, or joined by a hyphen to what follows (``AI-based``)."""
        if following[:1] == "-" and following[1:2].isalnum():
            context.facts.append(("compound:word" if following[1].islower() else "compound:code", -1))
        if "." in text:
            context.facts.append(("written:dotted", -1))
        if text.islower():
            context.facts.append(("written:lower", -1))
        elif text[-1:] == "s" and not text[-2:-1].islower():
            context.facts.append(("written:plural", -1))


def _near(words: Sequence[Word], order: range, own: str, context: Context, *, on_left: bool) -> list[int]:
    """Add the words of one side to the context, as far as four words from the mention; gives the places of the two nearest."""
    found = context.near
    nearest: list[int] = []
    if order:
        word = words[order[0]]
        context.facts.append((f"next{'L' if on_left else 'R'}:{word.lower if word.kind else 'word'}", order[0]))
    distance = 0
    seen: set[Word] = set()
    for at in order:
        word = words[at]
        if word.kind == 2:
            break
        bucket = NEAR
        if word.kind == 0:
            distance += 1
            if distance > _NEAR_WORDS:
                break
            if word.lower == own:
                continue
            if distance <= 2:
                nearest.append(at)
                bucket = (L1 if on_left else R1) if distance == 1 else L2 if on_left else R2
        elif not word.left:
            continue
        if bucket == NEAR:
            if word in seen:
                continue
            seen.add(word)
        found.append((word, bucket + bucket + on_left, at))
    return nearest


def _farther(window: Window, start: int, end: int, context: Context) -> None:
    """Add the words of the sentence beyond the near ones, and those farther off: each once, where it is nearest (or on the right)."""
    plain, stops, size = window.plain, window.stops, len(window.plain)
    left, right = bisect_left(plain, start), bisect_left(plain, end)
    stop = bisect_left(stops, start)
    low = stops[stop - 1] if stop else 0
    first = max(left - _SENTENCE_WORDS, bisect_left(plain, low))
    if left - first == _SENTENCE_WORDS:
        low = plain[first]
    stop = bisect_left(stops, end)
    high = stops[stop] + 1 if stop < len(stops) else len(window.words)
    last = min(right + _SENTENCE_WORDS, bisect_left(plain, high))
    if last - right == _SENTENCE_WORDS:
        high = plain[last - 1] + 1
    near_low = plain[left - _NEAR_WORDS] if left - first > _NEAR_WORDS else low
    near_high = plain[right + _NEAR_WORDS] if last - right > _NEAR_WORDS else high
    far_low = max(plain[max(left - WINDOW, 0)], low - 2 * WINDOW) if first else low
    far_high = min(plain[min(right + WINDOW, size) - 1] + 1, high + 2 * WINDOW) if last < size else high
    speaking, speakers, before, after = window.speaking, window.speakers, window.before, window.after
    a, b, c = bisect_left(speaking, far_low), bisect_left(speaking, low), bisect_left(speaking, near_low)
    d, e, f = bisect_left(speaking, near_high), bisect_left(speaking, high), bisect_left(speaking, far_high)
    kept = [place >= high for place in after[b:c]] + [place < near_low for place in before[d:e]]
    context.sentence = list(compress(speakers[b:c] + speakers[d:e], kept))
    context.places = list(compress(speaking[b:c] + speaking[d:e], kept))
    kept = [place >= far_high for place in after[a:b]] + [place < low for place in before[e:f]]
    context.far = list(compress(speakers[a:b] + speakers[e:f], kept))
    context.places += compress(speaking[a:b] + speaking[e:f], kept)


def _neighbours(words: Sequence[Word], left: Sequence[int], right: Sequence[int], facts: list[tuple[str, int]]) -> None:
    """Pairs of the nearest words, and the shapes of the nearest (a title stands before a capitalised name)."""
    if left:
        facts.append((f"shapeL:{words[left[0]].shape}", left[0]))
        if len(left) > 1:
            facts.append((f"LL:{words[left[1]].lower} {words[left[0]].lower}", left[0]))
    if right:
        facts.append((f"shapeR:{words[right[0]].shape}", right[0]))
        if len(right) > 1:
            facts.append((f"RR:{words[right[0]].lower} {words[right[1]].lower}", right[0]))
    if left and right:
        facts.append((f"LR:{words[left[0]].lower} {words[right[0]].lower}", left[0]))


def _phrases(window: Window, start: int, end: int, context: Context) -> None:
    """Cue phrases of several words within the window, near ones twice (``n`` as for words)."""
    for at, last, name, position in window.phrases:
        on_left = at < start
        if at < start - WINDOW or at >= end + WINDOW or position == ("right" if on_left else "left") or at < start < last:
            continue
        context.facts.append((f"phrase:<{name}>", at))
        if (start - last if on_left else at - end) <= _NEAR_WORDS:
            context.facts.append((f"near phrase:<{name}>", at))
        context.ends[at] = max(last, context.ends.get(at, last))


def _siblings(words: Sequence[Word], start: int, end: int, own: str, facts: list[tuple[str, int]]) -> None:
    """The members of the list in which the mention stands: ``MI/AI/TI``, ``CAD, MI, CVA``, ``1+ MI, trace TR``."""
    for order in (range(start - 1, max(-1, start - 1 - _LIST_REACH), -1), range(end, min(len(words), end + _LIST_REACH))):
        separated, found = False, 0
        for at in order:
            word = words[at]
            if word.kind == 3 or (word.kind == 0 and word.classes & _SKIPPED_CLASSES) or word.lower == own:
                continue
            if word.lower in _SEPARATORS:
                separated = True
                continue
            if word.kind or not separated:
                break
            _sibling(word, at, facts)
            found, separated = found + 1, False
            if found == _SIBLINGS:
                break


def _sibling(word: Word, at: int, facts: list[tuple[str, int]]) -> None:
    facts.append((f"sibling:{word.lower}", at))
    facts.extend((f"sibling:<{name}>", at) for name in word.classes)


def _labels(words: Sequence[Word], start: int, end: int, own: str, facts: list[tuple[str, int]]) -> None:
    """The other labels of a list of labels and values, as siblings: ``MI: none. Stroke: none.``"""
    if end >= len(words) or words[end].lower not in _LABEL_SIGNS:
        return
    for order in (range(end + 1, min(len(words), end + 1 + _LABEL_REACH)), range(start - 1, max(0, start - 1 - _LABEL_REACH), -1)):
        found = 0
        for at in order:
            label = words[at - 1]
            if words[at].lower != words[end].lower or label.kind or label.lower == own or at == start:
                continue
            _sibling(label, at - 1, facts)
            found += 1
            if found == _SIBLINGS:
                break


def _join_grades(words: list[Word], ends: Iterable[int], grade: Word) -> None:
    """Read what stands before the grades and degrees at some places as a grade; what became one may end another ("II-III°")."""
    for end in ends:
        at = end
        while at:
            word, before = words[at], words[at - 1].lower
            if word.lower == _DEGREE and before in _ROMANS:
                at -= 1
                words[at] = grade
            elif before in _RANGE_SIGNS and at > 1 and words[at - 2].lower in _LOWER_ENDS and _GRADE in word.classes:
                at -= 2
                words[at] = word
            else:
                break


def _causes(window: Window, start: int, end: int, facts: list[tuple[str, int]]) -> None:
    """The direction of a causal link to a mechanism: what follows "MI due to ..." made it, "... due to MI" was made by it."""
    words, links = window.words, window.links
    at = links.find(1, end, end + _LINK_REACH + 1)
    if at >= 0 and (name := _link(words, at, range(end, at))):
        role = "due to" if name == "cause_back" else "causes"
        _mechanisms(words, range(at + 1, min(len(words), at + _CAUSE_REACH)), role, facts)
    at = links.rfind(1, max(0, start - _LINK_REACH), start)
    if at >= 0 and (name := _link(words, at, range(at + 1, start))):
        role = "causes" if name == "cause_back" else "due to"
        _mechanisms(words, range(at - 1, max(-1, at - _CAUSE_REACH), -1), role, facts)


def _link(words: Sequence[Word], at: int, between: range) -> str | None:
    """The class of a link, unless a sentence ends between it and the mention."""
    if any(words[other].kind == 2 for other in between) or words[at].kind == 2:
        return None
    return next(name for name in _LINK_CLASSES if name in words[at].classes)


def _mechanisms(words: Sequence[Word], order: range, role: str, facts: list[tuple[str, int]]) -> None:
    for at in order:
        word = words[at]
        if word.kind == 2:
            return
        facts.extend((f"{role}:<{name}>", at) for name in word.classes)
