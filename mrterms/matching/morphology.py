"""Words that are made from one another (microcephalic, microcephaly), by endings and by a table of irregular ones, and words that
say the same inside a form (raised, increased).

Used when a lexicon is compiled, so that a text pays nothing for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from functools import cache, cached_property

from mrterms.lexicon.resources import lexicon_folder
from mrterms.lexicon.tables import read_table
from mrterms.text.normal_form import singular
from mrterms.text.words_in_use import words_in_use

__all__ = ["Morphology", "english_morphology"]


@dataclass(frozen=True, slots=True)
class _Ending:
    becomes: str
    least: int
    alone: bool


class Morphology:
    """``stem`` of a word, and the words in use that share the stem of a lexicon's word."""

    def __init__(self) -> None:
        folder = lexicon_folder("clinical")
        rows = read_table(folder / "endings.tsv", ("ending", "becomes", "least", "alone"), ("source",))
        self._endings = {row["ending"]: _Ending(row["becomes"], int(row["least"]), row["alone"] == "yes") for row in rows}
        self._longest = max(map(len, self._endings))
        rows = read_table(folder / "word_variants.tsv", ("variant", "word", "alone"), ("source",))
        # The words of forms are in the singular, and so is "pancreas" without its s.
        self._irregular = {singular(row["variant"]): singular(row["word"]) for row in rows}
        tables = read_table(folder / "same_words.tsv", ("words",), ("source",))
        groups = [[singular(word) for word in row["words"].split()] for row in tables]
        self._same = {word: self._root(group[0])[0] for group in groups for word in group}
        self._alone = {singular(row[side]) for row in rows if row["alone"] == "yes" for side in ("variant", "word")}
        self._alone.update(word for group in groups if not self._alone.isdisjoint(group) for word in group)

    @cached_property
    def nouns(self) -> frozenset[str]:
        """Nouns whose adjective shares no stem with them (kidney, artery)."""
        return frozenset(self._irregular.values())

    @cached_property
    def irregular(self) -> frozenset[str]:
        """Plurals and adjectives that share no stem with their noun (teeth, renal)."""
        return frozenset(self._irregular)

    def stem(self, word: str) -> tuple[str, bool]:
        """What a word shares with those made from it, and whether it may stand for one of them as a form of one word.

        >>> morphology = Morphology()
        >>> morphology.stem("stenotic") == morphology.stem("stenosis")
        True
        >>> morphology.stem("renal")[0] == morphology.stem("kidney")[0]
        True
        >>> morphology.stem("raised")[0] == morphology.stem("increased")[0]
        True
        """
        root, alone = self._root(word)
        same = self._same.get(self._irregular.get(word, word))
        return same or root, word in self._alone or (alone and same in (None, root))

    def _root(self, word: str) -> tuple[str, bool]:
        if (regular := self._irregular.get(word)) is not None:
            return self._root(regular)[0], False
        if not word.isascii() or not word.isalpha():
            return word, False
        for size in range(min(self._longest, len(word) - 1), 0, -1):
            ending = self._endings.get(word[-size:])
            if ending and len(word) - size >= ending.least:
                return word[:-size] + ending.becomes, ending.alone
        return word, False

    @cached_property
    def _others(self) -> list[tuple[str, str, bool]]:
        """Words in use and those of the tables, with stem and whether they may stand alone."""
        words = {singular(word) for word in words_in_use()} | self._irregular.keys() | self._same.keys()
        return [(word, *self.stem(word)) for word in sorted(words)]

    def relatives(self, words: Set[str], stems: Mapping[str, int]) -> Iterator[tuple[str, int, bool]]:
        """``(relative, number, alone)`` of each word in use, or irregular one, whose stem is among ``stems`` and that is no word."""
        for other, stem, alone in self._others:
            if stem in stems and other not in words:
                yield other, stems[stem], alone


@cache
def english_morphology() -> Morphology:
    """The morphology of the shipped tables, read once."""
    return Morphology()
