"""The titles of the parts of a note (``PMH:``, ``IMPRESSION``, ``## Plan``) and the sections between them.

A title is found by how it is set, not by its words alone, so that "family history of MI is negative" has none: it stands
at the start of a line, alone or before a colon, a spaced dash or a tab; or inside a line before a colon.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.resources.abc import Traversable

from mrterms.lexicon.tables import read_table
from mrterms.records import Section
from mrterms.text.outline import Outline, pieces

__all__ = ["SectionTitle", "Title", "TitleFinder", "read_titles", "sections_between"]


@dataclass(frozen=True, slots=True)
class SectionTitle:
    """A row of the title table. ``run_in``: the title may stand before its text with nothing but a space between."""

    text: str
    section: str
    run_in: bool = False


@dataclass(frozen=True, slots=True)
class Title:
    """A title in a Doc: the tokens ``start`` to ``end`` with its colon; an empty name is a heading without a known name."""

    name: str
    start: int
    end: int


def read_titles(path: Traversable, *, kind: str = "section") -> list[SectionTitle]:
    """The titles of one kind (``section`` or ``valve``) from ``sections.tsv``; raises :class:`LexiconError`."""
    titles: dict[tuple[str, ...], str] = {}
    found: list[SectionTitle] = []
    for row in read_table(path, ("title", "section", "kind"), ("run_in", "source")):
        if row["kind"] not in ("section", "valve"):
            row.fail(f"unknown kind {row['kind']!r}", "known: section, valve")
        words = tuple(pieces(row["title"]))
        if not words or not row["section"]:
            row.fail("a title and its section are needed")
        if (other := titles.setdefault(words, row["section"])) != row["section"]:
            row.fail(f"the title {row['title']!r} stands for {other} already")
        if row["kind"] == kind:
            found.append(SectionTitle(row["title"], row["section"], row["run_in"] == "yes"))
    return found


_CANDIDATE = re.compile(rb"[FG]|(?<![^nNst])f(?=[a-zA-Z/(),1-]{0,7}:)")
_COLON = re.compile(rb"(?:\([^():nN]{1,6}\))?#?[(\[19)/,-]{0,12}:[#:]?")
_LINE_END = re.compile(rb"(?:\([^():nN]{1,6}\))?#?(?=[nN]|\Z)")
_DASH = re.compile(rb"--?")
_HEADING = re.compile(rb"(?<=N)(?:[CUFGK][CUFGKLl/,1-]{0,5}:(?=[nN])|[UGK][UGK/-]{1,5}(?=[nN]))")
_AFTER_STOP = b".!?De:;)*-#st"
_SHORT_TITLE = 6


class TitleFinder:
    """Finds the titles of a table in outlines."""

    def __init__(self, titles: Iterable[SectionTitle]) -> None:
        self.titles = {tuple(pieces(title.text)): title for title in titles}
        self.first_words = frozenset(words[0] for words in self.titles)
        self._beginnings = frozenset(words[:n] for words in self.titles for n in range(1, len(words) + 1))

    def __call__(self, outline: Outline) -> list[Title]:
        """The titles of a text, in their order."""
        found: list[Title] = []
        done = 0
        for match in _CANDIDATE.finditer(outline.letters):
            start = match.start()
            if start >= done and (title := self._title_at(outline, start)) is not None:
                found.append(title)
                done = title.end
        return _with_headings(outline, found)

    def _title_at(self, outline: Outline, start: int) -> Title | None:
        letters = outline.letters
        at_line = _at_line_start(letters, start)
        before = letters[start - 1 : start]
        if not at_line and before not in _AFTER_STOP and not (letters[start] in b"G" and before not in b"LK"):
            return None
        for end, title in reversed(list(self._readings(outline, start))):
            if closed := _colon(letters, end) or (_set_apart(outline, start, end, title) if at_line else None):
                return Title(title.section, _with_signs(letters, start), closed)
        return None

    def _readings(self, outline: Outline, start: int) -> Iterator[tuple[int, SectionTitle]]:
        """The titles whose words stand at ``start``, shortest first, each with the token after it."""
        words: tuple[str, ...] = ()
        for token in range(start, len(outline)):
            if outline.letters[token] in b"ns":
                continue  # a wrapped title
            words += tuple(pieces(outline.text(token)))
            if words not in self._beginnings:
                return
            if (title := self.titles.get(words)) is not None:
                yield token + 1, title


def _with_signs(letters: bytes, start: int) -> int:
    """The start of a title with the signs of Markdown before it."""
    while start and letters[start - 1] in b"#":
        start -= 1
    return start


def _at_line_start(letters: bytes, start: int) -> bool:
    start = _with_signs(letters, start)
    return not start or letters[start - 1] in b"nN"


def _colon(letters: bytes, end: int) -> int | None:
    match = _COLON.match(letters, end)
    return match.end() if match else None


def _set_apart(outline: Outline, start: int, end: int, title: SectionTitle) -> int | None:
    """The end of a title that opens its line without a colon, or None where it is prose."""
    letters = outline.letters
    first, after = letters[start], letters[end : end + 1]
    if first in b"f":
        return None
    if match := _LINE_END.match(letters, end):
        # "... reviewed the\nMedications\n": a wrapped line, not a title
        return None if letters[start - 1 : start] == b"n" and letters[max(start - 2, 0) : start - 1] in b"LK," and start > 1 else match.end()
    if (match := _DASH.match(letters, end)) and (outline.spaced[end - 1] or match.end() > end + 1):
        return match.end()
    if after == b"t" or (first in b"G" and after == b"s"):
        return end
    if first in b"G" and after in b"CFK" and len(title.text) > _SHORT_TITLE and not outline.in_capitals:
        return end
    paragraph = not start or letters[start - 1] in b"N"
    return end if title.run_in and paragraph and after in b"CUFGK19" and not outline.in_capitals else None


def _with_headings(outline: Outline, titles: list[Title]) -> list[Title]:
    """Adds headings that no table knows; they end the section before them, or else its name would reach too far."""
    known = {title.start for title in titles}
    for match in _HEADING.finditer(outline.letters):
        in_capitals_only = not match.group().endswith(b":")
        if match.start() not in known and not (in_capitals_only and outline.in_capitals):
            titles.append(Title("", match.start(), match.end()))
    return sorted(titles, key=lambda title: title.start)


def sections_between(titles: list[Title], length: int) -> list[Section]:
    """The sections that the titles open, each up to the next title."""
    ends = [*(title.start for title in titles), length][1:]
    return [
        Section(name=title.name, token_start=title.start, token_end=end) for title, end in zip(titles, ends, strict=True) if title.name
    ]
