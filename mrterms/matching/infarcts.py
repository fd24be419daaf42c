"""Whose infarct is it: a bare "infarct" names no organ, and what stands about it tells of the heart or of another one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from importlib.resources.abc import Traversable

from mrterms.lexicon.tables import read_table
from mrterms.text.view import Sentence

__all__ = ["InfarctSigns"]

_HYPHENS = frozenset(("-", "–"))
_HEART, _ELSEWHERE, _SECTION = "heart", "elsewhere", "heart_section"


class InfarctSigns:
    """The signs of ``infarct_signs.tsv``; ``other_organs`` are words that tell of another organ, too."""

    def __init__(self, folder: Traversable, other_organs: Set[str]) -> None:
        self._phrases: dict[str, list[tuple[tuple[str, ...], str]]] = {word: [((word,), _ELSEWHERE)] for word in other_organs}
        self._sections: set[str] = set()
        for row in read_table(folder / "infarct_signs.tsv", ("phrase", "tells"), ("source",)):
            if row["tells"] == _SECTION:
                self._sections.add(row["phrase"])
            elif row["tells"] in (_HEART, _ELSEWHERE):
                words = tuple(row["phrase"].split())
                self._phrases.setdefault(words[0], []).append((words, row["tells"]))
            else:
                row.fail(f"unknown value {row['tells']!r}", f"known: {_HEART}, {_ELSEWHERE}, {_SECTION}")
        for known in self._phrases.values():
            known.sort(key=lambda one: -len(one[0]))

    def is_of_the_heart(self, sentence: Sentence, before: Sequence[Sentence], *, told: bool) -> bool:
        """Whether a bare infarct of a sentence is the heart's.

        ``before`` are the sentences before it that still count; ``told``: one of them, or itself, tells of an infarct of the heart.
        """
        here = self._told_in(sentence)
        if _ELSEWHERE in here:
            return False
        if told or _HEART in here:
            return True
        near = set().union(*map(self._told_in, before))
        section = sentence.section.name if sentence.section else ""
        return _ELSEWHERE not in near and (_HEART in near or section in self._sections)

    def _told_in(self, sentence: Sentence) -> set[str]:
        return set(self._signs([word for word in sentence.lower if word not in _HYPHENS]))

    def _signs(self, words: Sequence[str]) -> Iterator[str]:
        place = 0
        while place < len(words):
            for phrase, tells in self._phrases.get(words[place], ()):
                if tuple(words[place : place + len(phrase)]) == phrase:
                    yield tells
                    place += len(phrase) - 1
                    break
            place += 1
