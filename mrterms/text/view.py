"""A Doc as the rooms above see it: sentences of plain words, each with its place, built only where a mention stands."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from functools import cached_property
from itertools import compress
from typing import NamedTuple

from spacy.tokens import Doc

from mrterms.records import Section
from mrterms.text.numbered import Hashes, NumberedWords, words_of

__all__ = ["SECTIONS_KEY", "Sentence", "View"]

SECTIONS_KEY = "mrterms_sections"
"""The span group in which the sections component leaves its sections; a span's label is the section's name."""


class Sentence(NamedTuple):
    """One sentence without its white space (a line break inside a sentence is a mere wrap).

    ``words`` as written, ``lower`` in lower case, ``starts`` the character offset of each word, ``tokens`` its token
    index in the Doc. ``section`` is the section in which the sentence begins.
    """

    token_start: int
    token_end: int
    words: list[str]
    lower: list[str]
    starts: list[int]
    tokens: list[int]
    section: Section | None

    def locate(self, token_start: int, token_end: int) -> tuple[int, int]:
        """The words (half-open) that the Doc's tokens ``token_start`` to ``token_end`` are."""
        return bisect_left(self.tokens, token_start), bisect_left(self.tokens, token_end)

    def span(self, first: int, last: int) -> tuple[int, int]:
        """The character offsets of the words ``first`` to ``last`` (half-open)."""
        return self.starts[first], self.starts[last - 1] + len(self.words[last - 1])

    def quote(self, start: int, end: int) -> str | None:
        """The characters ``start`` to ``end`` of the document, or None where more than one blank may stand between two words.

        It is for slices of few words: making the whole text takes longer than all else that a sentence needs.
        """
        first, last = bisect_right(self.starts, start) - 1, bisect_left(self.starts, end)
        if first < 0 or self.tokens[last - 1] - self.tokens[first] != last - 1 - first:
            return None
        at = self.starts[first]
        if last - first == 1:
            return self.words[first][start - at : end - at]
        pieces: list[str] = []
        for word, place in zip(self.words[first:last], self.starts[first:last], strict=True):
            pieces.append(" " * (place - at) + word)
            at = place + len(word)
        return "".join(pieces)[start - self.starts[first] : end - self.starts[first]]


class View:
    """Sentences and sections of a Doc, looked up by token and kept once built."""

    def __init__(self, doc: Doc, *, words: NumberedWords | None = None) -> None:
        self.doc = doc
        self._numbered = words
        self.length = len(doc)
        starts: list[int] = (doc.to_array("SENT_START") == 1).nonzero()[0].tolist()
        self.sentence_starts = starts if starts[:1] == [0] else [0, *starts]
        self.sections: list[Section] = [
            Section(name=span.label_, token_start=span.start, token_end=span.end) for span in doc.spans.get(SECTIONS_KEY, ())
        ]
        self._section_starts = [section.token_start for section in self.sections]
        self._sentences: dict[int, Sentence] = {}
        self.led_by: dict[int, int | None] = {}
        """The line that leads in the list in which a sentence stands, where that was asked."""

    @property
    def words(self) -> NumberedWords:
        """The words of all tokens as numbers."""
        if self._numbered is None:
            self._numbered = words_of(self.doc)
        return self._numbered

    @property
    def hashes(self) -> Hashes:
        """The hash of every token."""
        return self.words.hashes

    @cached_property
    def orths(self) -> list[int]:
        """The hash of every token, as plain numbers."""
        numbers: list[int] = self.hashes.tolist()
        return numbers

    @cached_property
    def _written(self) -> list[str]:
        return self.words.written()

    @cached_property
    def _lower(self) -> list[str]:
        return self.words.lower()

    @cached_property
    def _spaces(self) -> list[int]:
        """Whether a space follows each token."""
        spaces: list[int] = self.doc.to_array("SPACY").tolist()
        return spaces

    @cached_property
    def _offsets(self) -> list[int]:
        """The character offset of each token."""
        offsets: list[int] = self.doc.to_array("IDX").tolist()
        return offsets

    @cached_property
    def text(self) -> str:
        """The text as given; some thirty times faster than ``doc.text``, which makes a Token of every word."""
        return "".join([word + " " if space else word for word, space in zip(self._written, self._spaces, strict=True)])

    def text_of(self, token_start: int, token_end: int) -> str:
        """The text of some tokens (half-open), several times faster than that of a Span."""
        words, offsets = self._written, self._offsets
        text = words[token_start]
        for token in range(token_start + 1, token_end):
            text += words[token] if offsets[token] == offsets[token_start] + len(text) else " " + words[token]
        return text

    def start_of(self, token: int) -> int:
        """The character at which a token begins."""
        return self._offsets[token]

    def word(self, token: int) -> str:
        """A token's text."""
        return self._written[token]

    def section_at(self, token: int) -> Section | None:
        """The section that holds a token."""
        place = bisect_right(self._section_starts, token) - 1
        return self.sections[place] if place >= 0 and token < self.sections[place].token_end else None

    def sentence_number(self, token: int) -> int:
        """The number of the sentence that holds a token."""
        return bisect_right(self.sentence_starts, token) - 1

    def in_one_sentence(self, token_start: int, token_end: int) -> bool:
        """Whether the tokens (half-open) stand in one sentence."""
        return token_end - token_start == 1 or self.sentence_number(token_start) == self.sentence_number(token_end - 1)

    def last_word(self, number: int) -> str:
        """The last word of a sentence in lower case, empty where it has none; the sentence is not made for it."""
        start, end = self._bounds(number)
        lower = self._lower
        while end > start:
            end -= 1
            if word := lower[end]:
                return word
        return ""

    def sentence_at(self, token: int) -> Sentence:
        """The sentence that holds a token."""
        return self.sentence(self.sentence_number(token))

    def _bounds(self, number: int) -> tuple[int, int]:
        """The tokens of a sentence, half-open."""
        starts = self.sentence_starts
        return starts[number], starts[number + 1] if number + 1 < len(starts) else self.length

    def sentence(self, number: int) -> Sentence:
        """The sentence of that number."""
        if (known := self._sentences.get(number)) is not None:
            return known
        start, end = self._bounds(number)
        words, lower = self._written[start:end], self._lower[start:end]
        starts = self._offsets[start:end]
        tokens = list(range(start, end))
        if not all(lower):
            words, starts, tokens = list(compress(words, lower)), list(compress(starts, lower)), list(compress(tokens, lower))
            lower = list(filter(None, lower))
        sentence = self._sentences[number] = Sentence(start, end, words, lower, starts, tokens, self.section_at(start))
        return sentence
