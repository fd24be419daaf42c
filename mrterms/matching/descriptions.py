"""Lesions described in words: "the valve does not close tightly", "blood leaks back into the left atrium".

The patterns are data (``description_words.tsv``, ``descriptions.tsv``); this module compiles them to regular expressions
over a sentence's plain words and looks only at sentences that hold a trigger word.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from importlib.resources.abc import Traversable

from mrterms.lexicon.tables import read_table
from mrterms.text.view import Sentence

__all__ = ["DESCRIBED", "Described", "Descriptions", "Phrase"]

ANY_SITE = "any"
DESCRIBED = "described: "
"""How the reason of every description begins."""
_GAP = "gap"
_GAP_WORDS = 6
_VERBS = ("not_close", "back", "leaks", "is_narrow", "not_open")
_PLACES = frozenset("valve valves leaflet leaflets cusps atrium atria ventricle chamber chambers la ra aorta".split())
_Span = tuple[int, int, str]
_CONTRACTIONS = {"n't": "not", "n’t": "not", "ca": "can", "wo": "will"}
_PASSED_OVER = frozenset('()[]-"“”')


@dataclass(frozen=True, slots=True)
class Described:
    """A description found: word indices (half-open) in the sentence; ``site`` is None where no valve is named."""

    first: int
    last: int
    site: str | None
    lesion: str
    reason: str


@dataclass(frozen=True, slots=True)
class Phrase:
    """Sets of words, of each of which a phrase holds one, and how many words it takes at most with a gap behind it."""

    asked: tuple[frozenset[str], ...]
    reach: int


class Descriptions:
    """The compiled patterns. No pattern can match without one of ``triggers`` and one of ``places``."""

    def __init__(self, folder: Traversable) -> None:
        self._phrases: dict[str, list[str]] = {}
        for row in read_table(folder / "description_words.tsv", ("name", "phrase"), ("source",)):
            self._phrases.setdefault(row["name"], []).append(row["phrase"])
        rows = read_table(folder / "descriptions.tsv", ("pattern", "lesion"), ("source",))
        self._patterns = [(row["pattern"], tuple(row["pattern"].split()), row["lesion"]) for row in rows]
        used = {name for _, names, _ in self._patterns for name in names} - {_GAP}
        self._regexes = {
            known: re.compile(rf"(?<!\S){self._one_of(known)}")
            for known in self._phrases
            if known in used or known.partition(".")[0] in used
        }
        self._keys = {name: self._keys_of(name) for name in used}
        self._function = re.compile(rf"(?<!\S){self._one_of('function')}")
        self.places = _PLACES
        self.triggers = frozenset(word for name in _VERBS for word in self._trigger_words(name))

    def find(self, sentence: Sentence) -> list[Described]:
        """The descriptions in a sentence; of those that overlap, the one that names a valve, then the longest."""
        words, places = _plain(sentence)
        text = " ".join(words) + " "
        starts = _starts(words)
        spans = {
            name: [(*match.span(), site) for site, key in keys for match in self._regexes[key].finditer(text)]
            for name, keys in self._keys.items()
        }
        found: list[Described] = []
        for pattern, names, lesion in self._patterns:
            if all(name == _GAP or spans[name] for name in names):
                for site, start, end in self._matches(text, names, spans):
                    first, last = bisect_left(starts, start), bisect_right(starts, end - 2)
                    found.append(Described(places[first], places[last - 1] + 1, site, lesion, DESCRIBED + pattern.replace(" gap", "")))
        return list(_longest(found))

    @property
    def patterns(self) -> list[tuple[str, ...]]:
        """The names of each pattern, without gaps."""
        return [tuple(name for name in names if name != _GAP) for _, names, _ in self._patterns]

    def words_asked(self, name: str, unsaid: Set[str]) -> list[Phrase]:
        """What each phrase under a name asks for, without sets that hold a word in ``unsaid``."""
        phrases = [phrase for known in self._phrases if known.partition(".")[0] == name for phrase in self._phrases[known]]
        return [self._phrase(phrase, unsaid) for phrase in phrases]

    def _phrase(self, phrase: str, unsaid: Set[str]) -> Phrase:
        asked = tuple(words for token in phrase.split() if (words := self._asked(token)) and words.isdisjoint(unsaid))
        return Phrase(asked, self._length(phrase) + _GAP_WORDS)

    def _asked(self, token: str) -> frozenset[str]:
        """The words one of which stands for a token of a phrase; none where it may be left out or be any word."""
        if token.endswith("?") or "*" in token:
            return frozenset()
        found: set[str] = set()
        for part in token.split("/"):
            if not part.startswith("<"):
                found.add(part)
                continue
            for phrase in self._phrases[part[1:-1]]:
                words = next(filter(None, map(self._asked, phrase.split())), None)
                if words is None:
                    return frozenset()
                found |= words
        return frozenset(found | {raw for raw, plain in _CONTRACTIONS.items() if plain in found})

    def _length(self, phrase: str) -> int:
        parts = (token.rstrip("?").split("/") for token in phrase.split())
        return sum(max(max(map(self._length, self._phrases[part[1:-1]])) if part[0] == "<" else 1 for part in choices) for choices in parts)

    def _keys_of(self, name: str) -> list[tuple[str, str]]:
        """The sites and keys of the regular expressions under a name."""
        return [(known.partition(".")[2], known) for known in self._regexes if known.partition(".")[0] == name]

    def _matches(self, text: str, names: tuple[str, ...], spans: Mapping[str, list[_Span]]) -> Iterator[tuple[str | None, int, int]]:
        nearest: dict[tuple[_Span, ...], list[_Span]] = {}
        for chain in self._chains(text, names, spans):
            known = nearest.setdefault(tuple(chain[:-1]), chain)
            if chain[-1][0] < known[-1][0]:
                nearest[tuple(chain[:-1])] = chain
        for chain in nearest.values():
            sites = {site for _, _, site in chain if site and site != ANY_SITE}
            start, end = chain[0][0], chain[-1][1]
            if len(sites) <= 1 and (names[0] == "valve" or not self._of_normal_function(text, start)):
                yield next(iter(sites), None), start, end

    def _chains(self, text: str, names: tuple[str, ...], spans: Mapping[str, list[_Span]]) -> list[list[_Span]]:
        """Each way to find the names one after the other, the nearest of each name."""
        chains: list[list[_Span]] = [[]]
        gap = True
        starts: list[int] = []
        for name in names:
            if name == _GAP:
                gap = True
                continue
            chains = [
                [*chain, span]
                for chain in chains
                for span in spans[name]
                if not chain or (self._follows(text, chain[-1][1], span[0], gap) and not _any_between(starts, chain[-1][1], span[0]))
            ]
            if not chains:
                return []
            starts = [start for start, _, _ in spans[name]]
            gap = False
        return chains

    def _follows(self, text: str, end: int, start: int, gap: bool) -> bool:
        if start <= end or not gap:
            return start == end
        between = text[end:start]
        return between.count(" ") <= _GAP_WORDS and ";" not in between and ":" not in between and not self._function.search(between)

    def _of_normal_function(self, text: str, start: int) -> bool:
        clause = text[:start].rpartition(" , ")[2] if " , " in text[:start] else text[:start]
        nearby = " ".join(clause.split(" ")[-_GAP_WORDS:])
        return bool(self._function.search(nearby))

    def _one_of(self, name: str) -> str:
        return "(?:" + "|".join("".join(map(self._token, phrase.split())) for phrase in self._phrases[name]) + ")"

    def _token(self, token: str) -> str:
        # Every compiled word ends in its space, so optional words need no space of their own.
        optional = token.endswith("?")
        one = "|".join(map(self._choice, token.rstrip("?").split("/")))
        return f"(?:{one})?" if optional else f"(?:{one})"

    def _choice(self, part: str) -> str:
        if part.startswith("<"):
            return self._one_of(part[1:-1])
        return r"[^\s;:,]+ " if part == "*" else re.escape(part) + " "

    def _trigger_words(self, name: str) -> Iterator[str]:
        text = " ".join(self._phrases[name] + self._phrases["shut"])
        for word in re.findall(r"[a-z-]{4,}", text):
            if word.startswith(
                ("clos", "shut", "seal", "coapt", "leak", "back", "regurgitat", "narrow", "open", "tight", "stiff", "wrong")
            ):
                yield word


def _any_between(starts: list[int], low: int, high: int) -> bool:
    """Whether a nearer one of the same name lies between: the nearest valve is the one that does not close."""
    return any(low <= start < high for start in starts)


def _plain(sentence: Sentence) -> tuple[list[str], list[int]]:
    kept = [(place, _CONTRACTIONS.get(word, word)) for place, word in enumerate(sentence.lower) if word not in _PASSED_OVER]
    return [word for _, word in kept], [place for place, _ in kept]


def _starts(words: list[str]) -> list[int]:
    starts, at = [], 0
    for word in words:
        starts.append(at)
        at += len(word) + 1
    return starts


def _longest(found: list[Described]) -> Iterator[Described]:
    """One description a lesion and clause: the one that names a valve, then the longest."""
    kept: list[Described] = []
    for one in sorted(found, key=lambda one: (one.site is None, one.first - one.last)):
        if all(one.last <= other.first or one.first >= other.last for other in kept):
            kept.append(one)
    yield from sorted(kept, key=lambda one: one.first)
