"""Forms believed for the words beside them: "mr severe", "had mi in 2001" and "died of a coronary", but no "mr smith"."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence, Set
from functools import partial
from importlib.resources.abc import Traversable

from mrterms.lexicon.tables import read_table
from mrterms.matching.words import GLUE

__all__ = ["LowForms"]

_Atom = Callable[[str], bool]
_Phrase = tuple[_Atom, ...]
_EDGE_SIGNS = frozenset(",;:()/.•*→&|")
_YEAR = re.compile("19[5-9][0-9]|20[0-4][0-9]")
_STOPS = frozenset(".;!?")
_END = ""
"""Stands for the end of a sentence, where a phrase asks for a word behind or before it."""


class LowForms:
    """Where short forms written small are believed (``low_forms.tsv``), over the words of a sentence in lower case."""

    def __init__(self, folder: Traversable, grades: Set[str]) -> None:
        rows = read_table(folder / "low_words.tsv", ("role", "words"), ("source",))
        words = {row["role"]: frozenset(row.list("words")) for row in rows}
        self.lesions = words["lesion"]
        """Short forms of valve lesions, one of which may vouch for another."""
        self.free: set[str] = set()
        """The forms for which any words, or numbers alone, may vouch."""
        self.told: set[str] = set()
        """The forms for which only a grade or another lesion vouches."""
        self.beside: dict[str, set[str]] = {}
        """A word of each phrase before a form, empty where a phrase asks for none."""
        edges = _EDGE_SIGNS | words["joint"] | {_END}
        self._atoms: Mapping[str, _Atom] = {
            "^": edges.__contains__,
            "$": edges.__contains__,
            "<end>": (_STOPS | {_END}).__contains__,
            "<any>": bool,
            "<grade>": partial(_is_grade, grades),
            "<number>": str.isdigit,
            "<year>": _is_year,
            "<listed>": words["listed"].__contains__,
            "<lesion>": self.lesions.__contains__,
        }
        self._rows: dict[str, list[tuple[list[_Phrase], list[_Phrase]]]] = {}
        for row in read_table(folder / "low_forms.tsv", ("form", "before", "after"), ("source",)):
            sides = [row[side].split("|") for side in ("before", "after")]
            before, after = ([self._phrase(one) for one in side] for side in sides)
            told = any(all(map(self._asks_a_lesion, side)) for side in sides)
            for form in row.list("form"):
                self._rows.setdefault(form, []).append((before, after))
                (self.told if told else self.free).add(form)
                self.beside.setdefault(form, set()).update(map(self._rarest, sides[0]))
        self.told -= self.free
        self.beside = {form: set() if "" in words else words for form, words in self.beside.items()}

    def _asks_a_lesion(self, phrase: str) -> bool:
        """Whether a phrase holds a grade or another lesion."""
        return "grade" in phrase or "<lesion>" in phrase or not self.lesions.isdisjoint(phrase.split())

    def _rarest(self, phrase: str) -> str:
        """A word that a phrase asks for, empty where it asks for none but the commonest."""
        return next((word for word in phrase.split() if word not in self._atoms and word not in GLUE), "")

    def _phrase(self, text: str) -> _Phrase:
        return tuple(self._atoms.get(word, word.__eq__) for word in text.split())

    def is_believed(self, lower: Sequence[str], first: int, last: int) -> bool:
        """Whether the words ``first`` to ``last`` (half-open) of a sentence stand as such a form stands."""
        rows = self._rows.get(" ".join(lower[first:last]), ())
        return any(
            any(_fits(phrase, lower, first - len(phrase)) for phrase in before) and any(_fits(phrase, lower, last) for phrase in after)
            for before, after in rows
        )


def _is_grade(grades: Set[str], word: str) -> bool:
    return word in grades or (word[:1].isdigit() and word.endswith("+"))


def _is_year(word: str) -> bool:
    return _YEAR.fullmatch(word) is not None


def _fits(phrase: _Phrase, lower: Sequence[str], start: int) -> bool:
    words = [lower[place] if 0 <= place < len(lower) else _END for place in range(start, start + len(phrase))]
    return all(atom(word) for atom, word in zip(phrase, words, strict=True))
