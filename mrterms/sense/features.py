"""What stands around a short form, as named features: the same reading for training and for use.

A feature is a *base* (a word, a cue class, a shape) at a *level* (how near it stands), written ``level|base``; or a
single fact about the mention (``*|sibling:lesion_short``).  Each knows the token that carries it, so that every weight can
be shown on the words that brought it.

Speed: a token is read through its ORTH id; everything that depends on the word alone is worked out once and kept.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from spacy.strings import StringStore

from mrterms.sense.cues import SETTING_PREFIX, Cues

__all__ = ["BUCKETS", "FACTS", "Context", "Reader", "Word", "part_of", "word_features"]

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
_CAUSE_REACH: Final = 14


@dataclass(frozen=True, slots=True, eq=False)
class Word:
    """What a word brings wherever it stands. ``kind``: 0 word, 1 punctuation, 2 end of sentence, 3 white space."""

    kind: int
    lower: str
    left: tuple[str, ...]
    right: tuple[str, ...]
    classes: frozenset[str]
    setting: str
    shape: str
    phrases: Mapping[str, Sequence[tuple[tuple[str, ...], str, str]]]
    """The cue phrases that begin with the word, by their second word."""
    far: bool
    """Whether it says anything from afar."""
    rows: dict[int, int]
    """Room for what each form keeps by bucket and side (the row of its gains)."""


@dataclass(slots=True)
class Context:
    """The surroundings of one mention: ``words`` with their ``codes`` and ``places``, and single ``facts`` (name, place, end).

    A code is twice the bucket, plus one on the left. Places are indices into the words read, half-open; place -1 is a
    fact about the mention as a whole.
    """

    words: list[Word]
    codes: list[int]
    places: list[int]
    facts: list[tuple[str, int, int]]

    def forget_repeats(self) -> None:
        """A word that stands again as far off or farther says nothing new: training counts a feature once."""
        nearest: dict[Word, int] = {}
        for word, code in zip(self.words, self.codes, strict=True):
            if code < nearest.get(word, code + 1):
                nearest[word] = code
        if len(nearest) == len(self.words):
            return
        kept: dict[tuple[Word, int], int] = {}
        for word, code, place in zip(self.words, self.codes, self.places, strict=True):
            if code < 2 * SENTENCE or nearest[word] == code:
                kept.setdefault((word, code), place)
        self.words = [word for word, _ in kept]
        self.codes = [code for _, code in kept]
        self.places = list(kept.values())

    def named(self) -> Iterator[tuple[int, str]]:
        """Every feature by name, with the part that it belongs to; a name comes as often as it counts in use."""
        for word, code in zip(self.words, self.codes, strict=True):
            part = part_of(code)
            for name in word_features(word, code):
                yield part, name
        for fact, _, _ in self.facts:
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


class Reader:
    """Reads contexts with the cues of a lexicon; one for each pipeline, safe to share between documents."""

    def __init__(self, cues: Cues, clusters: Mapping[str, int] | None = None) -> None:
        self.cues = cues
        self.clusters = clusters or {}
        self._words: dict[int, Word] = {}
        self._grade_ends: set[int] = set()
        self._grade = self._read_word("2+")

    def is_full(self) -> bool:
        """Whether so many words are kept that they should go."""
        return len(self._words) >= _KEPT

    def clear(self) -> None:
        """Forget the words; whoever keeps rows on them must forget those too."""
        self._words.clear()
        self._grade_ends.clear()
        self._grade = self._read_word("2+")

    def word(self, orth: int, strings: StringStore) -> Word:
        """The word of an ORTH id."""
        known = self._words.get(orth)
        if known is None:
            known = self._words[orth] = self._read_word(strings[orth])
            if known.lower == _DEGREE or _GRADE in known.classes:
                self._grade_ends.add(orth)
        return known

    def words(self, orths: Sequence[int], strings: StringStore) -> list[Word]:
        """The words of several ORTH ids. The first figure of a range of grades is read as its last ("2-3+"), and degrees are grades
        ("II°")."""
        found = list(map(self._words.get, orths))
        words = [word or self.word(orth, strings) for word, orth in zip(found, orths, strict=True)] if None in found else found
        if not self._grade_ends.isdisjoint(orths):
            _join_grades(words, self._grade)  # type: ignore[arg-type]  # no None in it
        return words  # type: ignore[return-value]

    def _read_word(self, text: str) -> Word:
        if text.isspace():
            kind = 2 if text.count("\n") > 1 else 3
            return Word(kind, " ", (), (), frozenset(), "", "", {}, False, {})
        lower = text.lower()
        found = self.cues.of_word(text, lower)
        setting = next((name.removeprefix(SETTING_PREFIX) for name, _ in found if name.startswith(SETTING_PREFIX)), "")
        found = [(name, position) for name, position in found if not name.startswith(SETTING_PREFIX)]
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
        far = any(base[0] != _NEAR_ONLY for base in (*left, *right))
        return Word(kind, lower, left, right, classes, setting, _shape(text), self.cues.phrases.get(lower, {}), far, {})

    def context(self, words: Sequence[Word], start: int, end: int, form: str, *, section: str | None = None) -> Context:
        """The context of the mention ``words[start:end]`` of ``form``."""
        own = form.lower()
        facts: list[tuple[str, int, int]] = []
        context = Context([], [], [], facts)
        left_near = _side(words, range(start - 1, -1, -1), own, context, on_left=True)
        right_near = _side(words, range(end, len(words)), own, context, on_left=False)
        context.forget_repeats()
        _neighbours(words, left_near, right_near, facts)
        _phrases(words, start, end, facts)
        _siblings(words, start, end, own, facts)
        _labels(words, start, end, own, facts)
        _causes(words, start, end, facts)
        if section and (name := self.cues.sections.get(section)):
            facts.append((f"section:{name}", -1, -1))
        if not context.words:
            facts.append(("alone", -1, -1))
        return context

    def add_shape(self, context: Context, text: str, following: str = "") -> None:
        """How the short form is written: dotted, plural, in lower case, or joined by a hyphen to what follows (``AI-based``)."""
        if following[:1] == "-" and following[1:2].isalnum():
            context.facts.append(("compound:word" if following[1].islower() else "compound:code", -1, -1))
        if "." in text:
            context.facts.append(("written:dotted", -1, -1))
        if text.islower():
            context.facts.append(("written:lower", -1, -1))
        elif text[-1:] == "s" and not text[-2:-1].islower():
            context.facts.append(("written:plural", -1, -1))


def _side(words: Sequence[Word], order: range, own: str, context: Context, *, on_left: bool) -> list[int]:
    """Add the words of one side to the context, from the mention outwards; gives the places of the two nearest."""
    found, codes, found_at = context.words, context.codes, context.places
    near: list[int] = []
    if order:
        word = words[order[0]]
        context.facts.append((f"next{'L' if on_left else 'R'}:{word.lower if word.kind else 'word'}", order[0], order[0] + 1))
    distance = 0
    places = iter(order)
    for at in places:
        word = words[at]
        if word.kind == 2:
            break
        if word.kind == 1:
            if not word.left or distance > _NEAR_WORDS:
                continue
            bucket = NEAR
        else:
            distance += 1
            if word.lower == own:
                continue
            if distance <= 2:
                near.append(at)
                bucket = (L1 if on_left else R1) if distance == 1 else L2 if on_left else R2
            else:
                bucket = NEAR if distance <= _NEAR_WORDS else SENTENCE
        if word.far or bucket != SENTENCE:
            found.append(word)
            codes.append(bucket + bucket + on_left)
            found_at.append(at)
        if distance == _SENTENCE_WORDS:
            break
    far = [at for at in itertools.islice(places, 2 * WINDOW) if not words[at].kind][: WINDOW - distance]
    far = [at for at in far if words[at].far and words[at].lower != own]
    found.extend([words[at] for at in far])
    codes.extend([FAR + FAR + on_left] * len(far))
    found_at.extend(far)
    return near


def _neighbours(words: Sequence[Word], left: Sequence[int], right: Sequence[int], facts: list[tuple[str, int, int]]) -> None:
    """Pairs of the nearest words, and the shapes of the nearest (a title stands before a capitalised name)."""
    if left:
        facts.append((f"shapeL:{words[left[0]].shape}", left[0], left[0] + 1))
        if len(left) > 1:
            facts.append((f"LL:{words[left[1]].lower} {words[left[0]].lower}", left[0], left[0] + 1))
    if right:
        facts.append((f"shapeR:{words[right[0]].shape}", right[0], right[0] + 1))
        if len(right) > 1:
            facts.append((f"RR:{words[right[0]].lower} {words[right[1]].lower}", right[0], right[0] + 1))
    if left and right:
        facts.append((f"LR:{words[left[0]].lower} {words[right[0]].lower}", left[0], left[0] + 1))


def _phrases(words: Sequence[Word], start: int, end: int, facts: list[tuple[str, int, int]]) -> None:
    """Cue phrases of several words within the window, near ones twice (``n`` as for words)."""
    low = max(0, start - WINDOW)
    for at, word in enumerate(words[low : min(end + WINDOW, len(words) - 1)], low):
        if not word.phrases or not (begun := word.phrases.get(words[at + 1].lower)):
            continue
        on_left = at < start
        for phrase, name, position in begun:
            last = at + len(phrase)
            if position == ("right" if on_left else "left") or at < start < last or last > len(words):
                continue
            if all(words[at + i].lower == part for i, part in enumerate(phrase)):
                facts.append((f"phrase:<{name}>", at, last))
                if (start - last if on_left else at - end) <= _NEAR_WORDS:
                    facts.append((f"near phrase:<{name}>", at, last))


def _siblings(words: Sequence[Word], start: int, end: int, own: str, facts: list[tuple[str, int, int]]) -> None:
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


def _sibling(word: Word, at: int, facts: list[tuple[str, int, int]]) -> None:
    facts.append((f"sibling:{word.lower}", at, at + 1))
    facts.extend((f"sibling:<{name}>", at, at + 1) for name in word.classes)


def _labels(words: Sequence[Word], start: int, end: int, own: str, facts: list[tuple[str, int, int]]) -> None:
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


def _join_grades(words: list[Word], grade: Word) -> None:
    for at in range(len(words) - 1, 0, -1):
        word, before = words[at], words[at - 1].lower
        if word.lower == _DEGREE and before in _ROMANS:
            words[at - 1] = grade
        elif before in _RANGE_SIGNS and at > 1 and words[at - 2].lower in _LOWER_ENDS and _GRADE in word.classes:
            words[at - 2] = word


def _causes(words: Sequence[Word], start: int, end: int, facts: list[tuple[str, int, int]]) -> None:
    """The direction of a causal link to a mechanism: what follows "MI due to ..." made it, "... due to MI" was made by it."""
    after = _link(words, range(end, min(len(words), end + 5)))
    if after:
        at, name = after
        role = "due to" if name == "cause_back" else "causes"
        _mechanisms(words, range(at + 1, min(len(words), at + _CAUSE_REACH)), role, facts)
    before = _link(words, range(start - 1, max(-1, start - 5), -1))
    if before:
        at, name = before
        role = "causes" if name == "cause_back" else "due to"
        _mechanisms(words, range(at - 1, max(-1, at - _CAUSE_REACH), -1), role, facts)


def _link(words: Sequence[Word], order: range) -> tuple[int, str] | None:
    for at in order:
        word = words[at]
        if word.kind == 2:
            return None
        for name in ("cause_back", "cause_forward"):
            if name in word.classes:
                return at, name
    return None


def _mechanisms(words: Sequence[Word], order: range, role: str, facts: list[tuple[str, int, int]]) -> None:
    for at in order:
        word = words[at]
        if word.kind == 2:
            return
        facts.extend((f"{role}:<{name}>", at, at + 1) for name in word.classes)
