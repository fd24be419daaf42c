"""The cue tables and their matcher: all phrases in one automaton over words, the longest phrase wins."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources.abc import Traversable

from mrterms.lexicon.tables import Row, read_table

__all__ = ["CueTable", "Entry", "Hit", "Rule"]

CATEGORIES = frozenset(
    {"absent", "uncertain", "query", "not_assessed", "historical", "hypothetical", "planned", "present", "known"}
    | {"resolved", "new", "worse", "unchanged", "improved", "patient", "pseudo", "left_out", "study", "general", "in_place"}
    | {"upcoming", "confirmed", "shown"}
)
DIRECTIONS = frozenset({"forward", "backward", "both"})
SCOPES = frozenset(
    {"next", "item", "noun", "nouns", "phrase", "list", "complaints", "events", "value", "clause", "opening", "claim"}
    | {"date", "aim", "head", "it"}
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
    ``predicate``: whether a rule speaks of what stands before it, and not as the value of a label.
    """

    roles: frozenset[str]
    rules: tuple[Rule, ...]
    opens: frozenset[str]
    predicate: bool
    relative: str
    heading: bool


@dataclass(frozen=True, slots=True)
class Hit:
    """A phrase found in a sentence: its words (half-open) and what it says."""

    start: int
    end: int
    entry: Entry


class _State:
    """A state of the automaton: the nodes at which a text may be, and for a symbol the next state once a text has asked."""

    __slots__ = ("entries", "moves", "nodes")

    def __init__(self, nodes: frozenset[int], entries: Mapping[str, Entry | None] | None) -> None:
        self.nodes, self.entries = nodes, entries
        self.moves: dict[str, _State | None] = {}


_NOWHERE: frozenset[int] = frozenset()
_UNASKED = _State(_NOWHERE, None)


class _Phrases:
    """Phrases with choices as one automaton over words.

    Its states and moves are made when a text first asks for them: written out, the choices would be some hundred thousand
    phrases. What a phrase says hangs on the kind of mention, so that one about procedures hides none about lesions.
    """

    def __init__(self, words: Mapping[str, set[str]]) -> None:
        self._adverbs, self._no_adverbs = words["adverb"], words["no_adverb"]
        self._edges: dict[str, dict[int, set[int]]] = {}
        """By symbol: where it leads from each node that it leaves."""
        self._nodes = 1
        self._skips: dict[int, set[int]] = {}
        self._sayings: dict[int, list[Saying]] = {}
        self._states: dict[frozenset[int], _State] = {}
        self._words: set[str] = set()
        self.root = _State(frozenset(), None)
        self.first: frozenset[str] = frozenset()

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
        if at in self._closure({start}):
            row.fail("the phrase can be empty", "make one part of it obligatory")
        self._sayings.setdefault(at, []).append(saying)
        self._skip(0, start)

    def close(self) -> None:
        """Make the first state, with all its moves; after that nothing can be added."""
        self._words = self._edges.keys() | self._adverbs
        self.root = _State(self._closure({0}), None)
        self.first = frozenset(symbol for symbol in self._edges if self._after(self.root, symbol))

    def symbols(self, words: Iterable[str]) -> list[str | None]:
        """What each word is to the automaton: itself, the class of a number, date or adverb that no phrase holds, or None where no
        phrase goes on with it."""
        known = self._words
        return [word if word in known else self._class_known(word) if word[0] in _DIGITS or word[-2:] == "ly" else None for word in words]

    def _class_known(self, word: str) -> str | None:
        return kind if (kind := self._class(word)) in self._words else None

    def follow(self, state: _State, symbol: str) -> _State | None:
        """The state after a symbol; a number or adverb that phrases hold also fits its class (``<year>``, ``<n>``, ``<adverb>``)."""
        following = self._after(state, symbol)
        if (kind := self._class(symbol)) != symbol:
            following |= self._after(state, kind)
        found = state.moves[symbol] = self._state(following) if following else None
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

    def _after(self, state: _State, symbol: str) -> frozenset[int]:
        leaving, nodes = self._edges.get(symbol), state.nodes
        if not leaving:
            return _NOWHERE
        if len(nodes) < len(leaving):
            return _NOWHERE.union(*[following for node in nodes if (following := leaving.get(node))])
        return _NOWHERE.union(*[following for node, following in leaving.items() if node in nodes])

    def _state(self, following: frozenset[int]) -> _State:
        if (known := self._states.get(following)) is not None:
            return known
        nodes = self._closure(following)
        sayings = [saying for node in sorted(nodes & self._sayings.keys()) for saying in self._sayings[node]]
        made = self._states[following] = _State(nodes, _entries(sayings) if sayings else None)
        return made

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
        self._edges.setdefault(word, {}).setdefault(at, set()).add(end)

    def _skip(self, at: int, end: int) -> None:
        """Let the walk go on at ``end`` where it has come to ``at``."""
        self._skips.setdefault(at, set()).add(end)

    def _closure(self, nodes: Iterable[int]) -> frozenset[int]:
        seen = set(nodes)
        waiting = list(seen)
        while waiting:
            for node in self._skips.get(waiting.pop(), ()):
                if node not in seen:
                    seen.add(node)
                    waiting.append(node)
        return frozenset(seen)


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
        root, follow, first = self._phrases.root, self._phrases.follow, self._phrases.first
        symbols = self._phrases.symbols(lower)
        count = len(symbols)
        hits: list[Hit] = []
        end = 0
        for place in [place for place, symbol in enumerate(symbols) if symbol and (symbol in first or symbol[0] in _DIGITS)]:
            if place < end:
                continue
            state, at, best = root, place, None
            while at < count and (symbol := symbols[at]):
                if (following := state.moves.get(symbol, _UNASKED)) is _UNASKED:
                    following = follow(state, symbol)
                if following is None:
                    break
                state = following
                at += 1
                if state.entries is not None and (entry := state.entries[kind]) is not None:
                    best, end = entry, at
            if best is not None:
                hits.append(Hit(place, end, best))
        return hits

    def _add_role(self, row: Row) -> None:
        role = row["role"]
        _check(row, (role,), ROLES | WORD_ROLES)
        if role in self.words:
            self.words[role].update(" ".join(words) for choices, _ in _groups(row) for words in choices)
        if role not in WORD_ROLES:
            self._phrases.add(row, Saying(role=role))


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
    return Rule(category, direction != "backward", direction != "forward", row["scope"], kinds, personal)


def _entries(sayings: Sequence[Saying]) -> dict[str, Entry | None]:
    """What the sayings that end at one place say of each kind of mention."""
    if all(saying.rule is None or saying.rule.kinds is KINDS for saying in sayings):
        return dict.fromkeys(KINDS, _entry(sayings))
    fitting = {kind: [saying for saying in sayings if saying.rule is None or kind in saying.rule.kinds] for kind in KINDS}
    return {kind: _entry(said) if said else None for kind, said in fitting.items()}


def _entry(sayings: Sequence[Saying]) -> Entry:
    rules = tuple(dict.fromkeys(saying.rule for saying in sayings if saying.rule is not None))
    roles = {saying.role for saying in sayings if saying.role}
    return Entry(
        roles=frozenset(roles | {"joint"} if "or" in roles else roles),
        rules=rules,
        opens=frozenset(rule.category for rule in rules if rule.forward and rule.category != "pseudo" and rule.scope != "value"),
        predicate=any(rule.backward and rule.scope != "value" for rule in rules),
        relative=next((saying.relative for saying in sayings if saying.relative), ""),
        heading=any(saying.heading for saying in sayings),
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
