"""The cue tables and their matcher: all phrases in one automaton over words, the longest phrase wins."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from importlib.resources.abc import Traversable
from itertools import chain, repeat
from sys import intern
from typing import NamedTuple

from mrterms.lexicon.tables import Row, read_table
from mrterms.text.memo import Memo

__all__ = ["CueTable", "Entry", "Hit", "Rule"]

CATEGORIES = frozenset(
    {"absent", "uncertain", "query", "not_assessed", "historical", "hypothetical", "planned", "present", "known"}
    | {"resolved", "new", "worse", "unchanged", "improved", "patient", "pseudo", "left_out", "study", "general", "in_place"}
    | {"upcoming", "confirmed", "shown"}
)
DIRECTIONS = frozenset({"forward", "backward", "both"})
SCOPES = frozenset(
    {"next", "item", "noun", "nouns", "phrase", "list", "complaints", "events", "value", "clause", "opening", "claim"}
    | {"date", "aim", "head", "it", "again", "object", "entry", "colon"}
)
KINDS = frozenset({"lesion", "infarct", "procedure", "other"})
ROLES = frozenset({"stop", "break", "cause", "effect", "joint", "or", "verb", "seen", "grade", "with", "own", "fresh", "outcome"})
WORD_ROLES = frozenset(
    {"subject", "report", "passive", "relation", "in", "female", "male", "possessive", "pronoun", "done", "individual", "aspect"}
    | {"asking", "general_question", "inquiry", "opener", "answer", "assent", "modal", "voice", "writer", "reader", "contrast"}
    | {"determiner", "complication", "adverb", "no_adverb", "label"}
)
"""Roles that are looked up for one word where needed; they are not searched for."""

PERSONAL = "?"
"""Behind a category: what the phrase says holds of a person and not in words about people in general."""
_EVENTS = "events"
"""The scope that is a list for an event and an item for anything else."""
_OF_WHOM = frozenset({"general", "patient", "pseudo"})
"""Categories that say whom a sentence is about and nothing of a mention."""
_GROUP = re.compile(r"\(((?:\\.|[^()\\])*)\)(\?)?")
_DIGITS = frozenset("0123456789")
_CENTURIES = ("19", "20", "21")  # de-identified notes are shifted into the next century
_ADVERB = "<adverb>"
_BARE = re.compile(r"(?<!\\)[()]")
_SPAN = re.compile(r"\d{1,2}(?:y|yrs?|mos?|mths?|wks?)")
_ORDINAL = re.compile(r"\d{1,2}(?:st|nd|rd|th)")
_DATE = re.compile(r"\d{1,2}[/-]\d{1,2}[/-](?:\d{2}|\d{4})|\d{1,2}/(?:19|20)?\d\d")


@dataclass(frozen=True, slots=True)
class Rule:
    """What a phrase says, and of which mentions; ``personal``: only of a person's, not in words about people in general."""

    category: str
    forward: bool
    backward: bool
    scope: str
    kinds: frozenset[str]
    personal: bool = False


@dataclass(frozen=True, slots=True)
class Saying:
    """What one row of a table says of its phrases: a rule, a role, or a relative."""

    rule: Rule | None = None
    role: str = ""
    relative: str = ""
    heading: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """Everything that the tables say of one phrase.

    ``opens``: categories of the rules that reach forward; after a comma they open a statement of their own.
    ``forward`` and ``backward``: the rules by the side to which they reach, without those that only keep shorter phrases from being found.
    ``predicate``: whether a rule speaks of what stands before it, and not as the value of a label.
    ``grades``: whether it may be a grade; ``speaks``: whether it says something, and does not only steer what others say; ``tells``:
    whether a rule says more than whom the sentence is about.
    """

    roles: frozenset[str]
    rules: tuple[Rule, ...]
    forward: tuple[Rule, ...]
    backward: tuple[Rule, ...]
    opens: frozenset[str]
    predicate: bool
    relative: str
    heading: bool
    grades: bool
    speaks: bool
    tells: bool


class Hit(NamedTuple):
    """A phrase found in a sentence: its words (half-open) and what it says."""

    start: int
    end: int
    entry: Entry


_hit: Callable[[tuple[int, int, Entry]], Hit] = partial(tuple.__new__, Hit)
"""A Hit at half the price: nothing of its making is Python."""


class _State:
    """A state of the automaton: what is said there, and where each symbol leads from its nodes.

    ``moves`` has every symbol with which a phrase goes on, so that most walks end at one look; the state behind it is made when a text
    first comes there, and is None until then.
    """

    __slots__ = ("edges", "entries", "moves")

    def __init__(self, entries: Mapping[str, Entry | None] | None, edges: Sequence[_Edges]) -> None:
        self.entries, self.edges = entries, edges
        self.moves: dict[str | None, _State | None] = dict.fromkeys(chain.from_iterable(edges))


_Edges = dict[str, tuple[int, ...]]
"""From a node by symbol: where it leads."""
_NOWHERE = _State(None, ())
_MOST_WORDS = 300_000
_MOST_ENTRIES = 10_000


class _Phrases:
    """Phrases with choices as one automaton over words.

    Its states and moves are made when a text first asks for them: written out, the choices would be some hundred thousand
    phrases. What a phrase says hangs on the kind of mention, so that one about procedures hides none about lesions.
    """

    def __init__(self, words: Mapping[str, set[str]]) -> None:
        self._adverbs, self._no_adverbs = words["adverb"], words["no_adverb"]
        self._edges: dict[int, _Edges] = {}
        self._nodes = 1
        self._skips: dict[int, set[int]] = {}
        self._sayings: dict[int, list[Saying]] = {}
        self._states: dict[tuple[int, ...], _State] = {}
        self._entries: dict[frozenset[int], Mapping[str, Entry | None]] = {}
        self._words: dict[str, str] = {}
        """The symbols that phrases hold, each by itself: a symbol is one object everywhere, so that a look-up need not compare letters."""
        self._of_class: dict[str, dict[str | None, _State | None]] = {}
        """By class: the words of phrases that belong to it, too (``<year>``, ``<adverb>``), as moves to states not yet made."""
        self.symbols: Memo[str, str | None] = Memo(self._symbol, _MOST_WORDS)
        self.root = _NOWHERE

    def add(self, row: Row, saying: Saying) -> None:
        """Take in the phrases of a row."""
        at = start = self._node()
        for choices, optional in _groups(row):
            end = self._node()
            for words in choices:
                self._chain(at, words, end)
            if optional:
                self._skip(at, end)
            at = end
        if at in self._closure((start,)):
            row.fail("the phrase can be empty", "make one part of it obligatory")
        self._sayings.setdefault(at, []).append(saying)
        self._skip(0, start)

    def close(self) -> None:
        """Make the first state; after that nothing can be added."""
        for word in self._words:
            if (kind := self._class(word)) != word:
                self._of_class.setdefault(kind, {})[word] = None
        # Without the words of the classes: an adverb that only stands inside phrases begins none.
        self.root = _State(None, self._edges_of(self._closure((0,))))

    def _symbol(self, word: str) -> str | None:
        """A word that phrases hold as it is, the class of a number, date or adverb that none holds, or None where no phrase goes on."""
        return self._words.get(word) or self._words.get(self._class(word))

    def follow(self, state: _State, symbol: str | None) -> _State:
        """The state after a symbol with which a phrase goes on."""
        assert symbol is not None
        if len(state.edges) > 1:
            state.edges = (_merged(state.edges),)
        onward = state.edges[0]
        following = tuple(sorted({*onward.get(symbol, ()), *onward.get(self._class(symbol), ())}))
        found = state.moves[symbol] = self._state(following)
        return found

    def _class(self, word: str) -> str:
        """The class of a number, date or adverb as the tables write it; any other word itself."""
        if word[0] not in _DIGITS:
            return _ADVERB if word in self._adverbs or (word.endswith("ly") and word not in self._no_adverbs) else word
        if word.isdigit():
            return "<year>" if len(word) == 4 and word[:2] in _CENTURIES else "<n>"
        if _DATE.fullmatch(word):
            return "<date>"
        return "<span>" if _SPAN.fullmatch(word) else "<n>" if _ORDINAL.fullmatch(word) else word

    def _state(self, following: tuple[int, ...]) -> _State:
        if (known := self._states.get(following)) is not None:
            return known
        nodes = self._closure(following)
        made = _State(self._said(self._sayings.keys() & nodes), self._edges_of(nodes))
        for kind, words in self._of_class.items():
            if kind in made.moves:
                made.moves |= words
        self._states[following] = made
        return made

    def _said(self, ends: Set[int]) -> Mapping[str, Entry | None] | None:
        """What the phrases say that end at some nodes; states at which the same phrases end share it."""
        if not ends:
            return None
        key = frozenset(ends)
        if (known := self._entries.get(key)) is None:
            known = self._entries[key] = _entries([saying for node in sorted(key) for saying in self._sayings[node]])
        return known

    def _edges_of(self, nodes: Iterable[int]) -> list[_Edges]:
        edges = self._edges
        return [edges[node] for node in nodes if node in edges]

    def _node(self) -> int:
        self._nodes += 1
        return self._nodes - 1

    def _chain(self, at: int, words: Sequence[str], end: int) -> None:
        for word in words[:-1]:
            following = self._node()
            self._edge(at, word, following)
            at = following
        if words:
            self._edge(at, words[-1], end)
        else:
            self._skip(at, end)

    def _edge(self, at: int, word: str, end: int) -> None:
        word = self._words.setdefault(word, word)
        leaving = self._edges.setdefault(at, {})
        leaving[word] = (*leaving.get(word, ()), end)

    def _skip(self, at: int, end: int) -> None:
        """Let the walk go on at ``end`` where it has come to ``at``."""
        self._skips.setdefault(at, set()).add(end)

    def _closure(self, nodes: Collection[int]) -> Collection[int]:
        """The nodes with those to which the walk skips from them."""
        if self._skips.keys().isdisjoint(nodes):
            return nodes
        seen = set(nodes)
        waiting = list(seen)
        while waiting:
            for node in self._skips.get(waiting.pop(), ()):
                if node not in seen:
                    seen.add(node)
                    waiting.append(node)
        return seen


class CueTable:
    """The phrases of ``cues/assertion.tsv``, ``cues/grammar.tsv`` and ``relatives.tsv`` of a lexicon folder."""

    def __init__(self, folder: Traversable) -> None:
        self.words: dict[str, set[str]] = {role: set() for role in (*WORD_ROLES, "verb")}
        self._phrases = _Phrases(self.words)
        cues = folder / "cues"
        for row in read_table(cues / "assertion.tsv", ("phrase", "category", "direction", "scope"), ("kinds", "source")):
            self._phrases.add(row, Saying(rule=_rule(row)))
        for row in read_table(cues / "grammar.tsv", ("phrase", "role"), ("source",)):
            self._add_role(row)
        for row in read_table(folder / "relatives.tsv", ("phrase", "experiencer", "kind"), ("source",)):
            _check(row, (row["experiencer"],), frozenset({"family", "other"}))
            _check(row, (row["kind"],), frozenset({"history", "person"}))
            self._phrases.add(row, Saying(relative=row["experiencer"], heading=row["kind"] == "history"))
        self._phrases.close()

    def find(self, lower: Sequence[str], kind: str) -> list[Hit]:
        """The phrases that speak of mentions of a kind, from left to right, the longest at each place, without overlap."""
        root, follow = self._phrases.root, self._phrases.follow
        symbols = [*map(self._phrases.symbols.__getitem__, lower), None]
        hits: list[Hit] = []
        end = 0
        for at, state in enumerate(map(root.moves.get, symbols, repeat(_NOWHERE)), 1):
            if state is _NOWHERE or at <= end:
                continue
            start = at - 1
            if state is None:
                state = follow(root, symbols[start])
            best = None if state.entries is None else state.entries[kind]
            if best is not None:
                end = at
            while (symbol := symbols[at]) in state.moves:
                state = state.moves[symbol] or follow(state, symbol)
                at += 1
                if state.entries is not None and (entry := state.entries[kind]) is not None:
                    best, end = entry, at
            if best is not None:
                hits.append(_hit((start, end, best)))
        return hits

    def _add_role(self, row: Row) -> None:
        role = row["role"]
        _check(row, (role,), ROLES | WORD_ROLES)
        if role in self.words:
            self.words[role].update(" ".join(words) for choices, _ in _groups(row) for words in choices)
        if role not in WORD_ROLES:
            self._phrases.add(row, Saying(role=intern(role)))


def _merged(edges: Iterable[_Edges]) -> _Edges:
    """Where each symbol leads from several nodes."""
    onward: _Edges = {}
    for leaving in edges:
        for symbol, ends in leaving.items():
            onward[symbol] = onward[symbol] + ends if symbol in onward else ends
    return onward


def _check(row: Row, values: Iterable[str], known: frozenset[str]) -> None:
    for value in values:
        if value not in known:
            row.fail(f"unknown value {value!r}", f"known: {', '.join(sorted(known))}")


def _rule(row: Row) -> Rule:
    kinds = frozenset(row.list("kinds")) or KINDS
    _check(row, kinds, KINDS)
    category, direction = row["category"].removesuffix(PERSONAL), row["direction"]
    _check(row, (category,), CATEGORIES)
    _check(row, (direction,), DIRECTIONS)
    _check(row, (row["scope"],), SCOPES)
    personal = row["category"].endswith(PERSONAL)
    return Rule(intern(category), direction != "backward", direction != "forward", intern(row["scope"]), kinds, personal)


def _entries(sayings: Sequence[Saying]) -> Mapping[str, Entry | None]:
    """What the sayings that end at one place say of each kind of mention."""
    if all(saying.rule is None or (saying.rule.kinds == KINDS and saying.rule.scope != _EVENTS) for saying in sayings):
        return dict.fromkeys(KINDS, _entry(sayings))
    return Memo(partial(_entry_for, sayings), len(KINDS))


def _entry_for(sayings: Sequence[Saying], kind: str) -> Entry | None:
    fitting = [_scoped(saying, kind) for saying in sayings if saying.rule is None or kind in saying.rule.kinds]
    return _entry(fitting) if fitting else None


def _scoped(saying: Saying, kind: str) -> Saying:
    """The saying with the scope that it has for a kind: events are told in lists."""
    if saying.rule is None or saying.rule.scope != _EVENTS:
        return saying
    return replace(saying, rule=replace(saying.rule, scope="list" if kind in ("infarct", "procedure") else "item"))


def _entry(sayings: Sequence[Saying]) -> Entry:
    rules = tuple(dict.fromkeys([saying.rule for saying in sayings if saying.rule is not None]))
    roles = frozenset([saying.role for saying in sayings if saying.role])
    relatives = [saying for saying in sayings if saying.relative]
    return _made(rules, roles, relatives[0].relative if relatives else "", any(one.heading for one in relatives))


@lru_cache(maxsize=_MOST_ENTRIES)
def _made(rules: tuple[Rule, ...], roles: frozenset[str], relative: str, heading: bool) -> Entry:
    """The entry that phrases share of which the same is said."""
    return Entry(
        roles=roles | {"joint"} if "or" in roles else roles,
        rules=rules,
        forward=tuple(rule for rule in rules if rule.forward and rule.category != "pseudo"),
        backward=tuple(rule for rule in rules if rule.backward and rule.category != "pseudo"),
        opens=frozenset(rule.category for rule in rules if rule.forward and rule.category != "pseudo" and rule.scope != "value"),
        predicate=any(rule.backward and rule.scope != "value" for rule in rules),
        relative=relative,
        heading=heading,
        grades="grade" in roles,
        speaks=bool(rules or relative),
        tells=any(rule.category not in _OF_WHOM for rule in rules),
    )


def _groups(row: Row) -> list[tuple[list[list[str]], bool]]:
    """The parts of a phrase: the word sequences to choose from, and whether the part may be left out."""
    phrase = row["phrase"]
    groups: list[tuple[list[list[str]], bool]] = []
    at = 0
    for part in _GROUP.finditer(phrase):
        if plain := _words(row, phrase[at : part.start()]):
            groups.append(([plain], False))
        groups.append(([_words(row, choice) for choice in part[1].split("|")], bool(part[2])))
        at = part.end()
    if plain := _words(row, phrase[at:]):
        groups.append(([plain], False))
    return groups


def _words(row: Row, text: str) -> list[str]:
    if _BARE.search(text):
        row.fail("a bracket that does not close, or one inside another", "choices cannot be nested; write \\( for a bracket")
    return text.replace("\\", "").split()
