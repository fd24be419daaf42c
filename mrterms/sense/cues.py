"""The cue table of the sense step: words and phrases by the class of evidence they are, as a clinician can read them.

``sense_cues.tsv`` has a row a cue: ``cue`` (a word, a phrase, or ``re:`` and a pattern for one whole token), ``class``
(the name under which the model weighs all cues of a kind together), ``position`` (``any``; ``near`` the short
form, or near it on the ``left`` or ``right``) and ``note``.  Cues teach the model nothing by themselves: the weight of a class is learned.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from importlib.resources.abc import Traversable
from typing import Literal, cast

from mrterms.lexicon.tables import Row, read_table

__all__ = ["Cues", "Position", "load_cues"]

Position = Literal["any", "near", "left", "right"]
SETTING_PREFIX = "setting:"
SECTION_PREFIX = "section:"


@dataclass(frozen=True)
class Cues:
    """The cues of a lexicon. A phrase is a tuple of lower-case words, found by its first word and its second; ``exact`` minds the case."""

    words: dict[str, list[tuple[str, Position]]] = field(default_factory=dict)
    exact: dict[str, list[tuple[str, Position]]] = field(default_factory=dict)
    phrases: dict[str, dict[str, list[tuple[tuple[str, ...], str, Position]]]] = field(default_factory=dict)
    patterns: list[tuple[re.Pattern[str], str, Position]] = field(default_factory=list)
    sections: dict[str, str] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    """The kind of text for which a word speaks, by the word in lower case or, where the case matters, as written."""

    def setting_of(self, word: str) -> str:
        """The kind of text for which a word speaks, empty where for none."""
        return self.settings.get(word.lower()) or self.settings.get(word, "")

    def of_word(self, word: str, lower: str) -> list[tuple[str, Position]]:
        """The classes of one word as written; a pattern sees it as written."""
        found = [*self.words.get(lower, ()), *self.exact.get(word, ())]
        if self.any_pattern.fullmatch(word):
            found.extend((name, position) for pattern, name, position in self.patterns if pattern.fullmatch(word))
        return found

    @cached_property
    def any_pattern(self) -> re.Pattern[str]:
        """All patterns in one: few words meet any, and each distinct word is asked once."""
        return re.compile("|".join(f"(?:{pattern.pattern})" for pattern, _, _ in self.patterns) or r"(?!)")


def load_cues(path: Traversable) -> Cues:
    """Read ``sense_cues.tsv``. Raises :class:`LexiconError` with file and line where a row is malformed."""
    return _build(read_table(path, ("cue", "class", "position"), ("note",)))


def _build(rows: Iterable[Row]) -> Cues:
    cues = Cues()
    for row in rows:
        cue, name = row["cue"], row["class"]
        if row["position"] not in ("any", "near", "left", "right"):
            row.fail(f"unknown position {row['position']!r}", "any, near, left or right")
        if not cue or not name:
            row.fail("a cue needs words and a class")
        position = cast(Position, row["position"])
        if name.startswith(SETTING_PREFIX):
            word = cue.removeprefix("re:")
            if " " in word or (word != cue and not word.isalnum()):
                row.fail(f"{cue!r} is no single word", "the kind of a text is read from single words")
            cues.settings.setdefault(word if word != cue else cue.lower(), name.removeprefix(SETTING_PREFIX))
        elif cue.startswith("re:") and cue[3:].isalnum():
            cues.exact.setdefault(cue[3:], []).append((name, position))
        elif cue.startswith("re:"):
            cues.patterns.append((_compile(row, cue[3:]), name, position))
        elif cue.startswith(SECTION_PREFIX):
            cues.sections[cue.removeprefix(SECTION_PREFIX)] = name
        elif len(words := tuple(cue.lower().split())) > 1:
            cues.phrases.setdefault(words[0], {}).setdefault(words[1], []).append((words, name, position))
        else:
            cues.words.setdefault(cue.lower(), []).append((name, position))
    return cues


def _compile(row: Row, pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as error:
        row.fail(f"the pattern does not compile: {error}")
