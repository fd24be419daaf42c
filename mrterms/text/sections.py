"""The titles of the parts of a note (``PMH:``, ``IMPRESSION``, ``## Plan``) and the sections between them.

A title is found by how it is set, not by its words alone, so that "family history of MI is negative" has none: it stands
at the start of a line, alone or before a colon, a spaced dash or a tab; or inside a line before a colon.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from typing import Literal, NamedTuple, cast, get_args

from spacy.strings import get_string_id

from mrterms.lexicon.tables import read_table
from mrterms.text.outline import Outline, pieces

__all__ = ["SectionTitle", "Title", "TitleFinder", "read_titles", "sections_between"]


Kind = Literal["section", "block", "line", "valve"]


@dataclass(frozen=True, slots=True)
class SectionTitle:
    """A row of the title table.

    ``kind``: how far the part reaches (``section``, ``block``, ``line``; see the table). ``run_in``: the title may stand
    before its text with nothing but a space between.
    """

    text: str
    section: str
    kind: Kind = "section"
    run_in: bool = False


class Title(NamedTuple):
    """A title in a Doc: the tokens ``start`` to ``end`` with its colon; an empty name is a heading without a known name."""

    name: str
    start: int
    end: int
    kind: Kind = "section"


def read_titles(path: Traversable) -> list[SectionTitle]:
    """The titles of ``sections.tsv``; raises :class:`LexiconError`."""
    titles: dict[tuple[str, ...], str] = {}
    found: list[SectionTitle] = []
    for row in read_table(path, ("title", "section", "kind"), ("run_in", "source")):
        if row["kind"] not in get_args(Kind):
            row.fail(f"unknown kind {row['kind']!r}", f"known: {', '.join(get_args(Kind))}")
        words = tuple(pieces(row["title"].lower()))
        if not words or not row["section"]:
            row.fail("a title and its section are needed")
        if (other := titles.setdefault(words, row["section"])) != row["section"]:
            row.fail(f"the title {row['title']!r} stands for {other} already")
        found.append(SectionTitle(row["title"], row["section"], cast(Kind, row["kind"]), row["run_in"] == "yes"))
    return found


# Expressions begin with a letter or a class, never with a look behind: only so does the search skip quickly.
_CANDIDATE = re.compile(rb"[FGf](?:(?<![^nN#][FG])(?<!f)|(?=[a-zA-Z19/(),\[#-]{0,20}:)(?:(?<!f)|(?<![^nN.!?;]f)))")
_COLON = re.compile(rb"(?:\([^():nN]{1,6}\))?#?[(\[19)/,-]{0,12}:[#:]?")
_LINE_END = re.compile(rb"(?:\([^():nN]{1,6}\))?#?(?=[nN]|\Z)")
_DASH = re.compile(rb"--?")
_HEADING = re.compile(rb"N([CUFGKA][aACUFGKLl/,1-]{0,5}:(?=[nN])|[UGK][UGKA/-]{1,5}(?=[nN])|[UG][UGK/-]{1,5}(?:\([^():nN]{1,6}\))?:)")
_LINE_BREAK = re.compile(rb"[nN]")
_PARAGRAPH = re.compile(rb"N")
_AFTER_STOP = b".!?De:;)*-#st"
_ENDS_OF_ANSWERS = (b"", b",", b";", b".", b"n", b"N", b"/", b")")
_ANSWERS = frozenset({"no", "yes", "n", "y", "none", "nil", "neg", "never", "unknown"})
_SHORT_TITLE = 6
_SHORT_FORM = 3


class _Node:
    """A place in the tree of titles: the words that go on from here, and the title that ends here."""

    __slots__ = ("following", "forms", "title")

    def __init__(self) -> None:
        self.following: dict[str, _Node] = {}
        self.forms: dict[int, _Node] = {}
        self.title: SectionTitle | None = None

    def add(self, title: SectionTitle) -> None:
        node = self
        for word in pieces(title.text):
            child = node.following.setdefault(word.lower(), _Node())
            for form in (word, word.lower(), word.upper(), word.capitalize()):
                node.forms[get_string_id(form)] = child
            node = child
        node.title = title

    def after(self, outline: Outline, token: int) -> _Node | None:
        """The place after a token: by its hash where it is written as titles are, else by its pieces (``F/H``)."""
        child = self.forms.get(int(outline.words.hashes[token]))
        if child is not None or outline.letters[token] not in b"FGf":
            return child
        node: _Node | None = self
        for word in pieces(outline.text(token).lower()):
            node = node and node.following.get(word)
        return node


class TitleFinder:
    """Finds the titles of a table in outlines; those of valves open no section and are left out."""

    def __init__(self, titles: Iterable[SectionTitle]) -> None:
        self._tree = _Node()
        for title in titles:
            if title.kind != "valve":
                self._tree.add(title)
        self.first_words = frozenset(self._tree.following)

    def __call__(self, outline: Outline) -> list[Title]:
        """The titles of a text, in their order."""
        found: list[Title] = []
        done = 0
        for match in _CANDIDATE.finditer(outline.letters):
            start = match.start()
            if start >= done and (title := self._title_at(outline, start)) is not None:
                found.append(title)
                done = title.end
                if title.name == "abbreviations":  # what follows up to the blank line is "CT: computed tomography; ..."
                    paragraph = outline.letters.find(b"N", title.end + 1)
                    done = paragraph if paragraph > 0 else len(outline)
        return _with_headings(outline, found)

    def _title_at(self, outline: Outline, start: int) -> Title | None:
        letters = outline.letters
        first = _with_signs(letters, start)
        at_line = not first or letters[first - 1] in b"nN"
        in_passing = not at_line and letters[first - 1] not in _AFTER_STOP
        if in_passing and not _in_passing(outline, start):
            return None
        for end, title in self._readings(outline, start):
            if closed := _colon(letters, end) or (_set_apart(outline, start, end, title) if at_line else None):
                if in_passing and _is_answered(outline, closed):
                    return None
                return Title(title.section, first, closed, title.kind)
        return None

    def _readings(self, outline: Outline, start: int) -> list[tuple[int, SectionTitle]]:
        """The titles whose words stand at ``start``, longest first, each with the token after it."""
        letters = outline.letters
        found: list[tuple[int, SectionTitle]] = []
        node = self._tree
        for token in range(start, len(letters)):
            if letters[token] in b"ns":
                continue  # a wrapped title
            following = node.after(outline, token)
            if following is None:
                break
            node = following
            if node.title is not None:
                found.insert(0, (token + 1, node.title))
        return found


def _in_passing(outline: Outline, start: int) -> bool:
    """Whether capitals alone may set a title apart inside a sentence: yes in "HTN, MI FH: father", no in "REPEAT EXAM:"."""
    before = outline.letters[start - 1]
    return outline.letters[start] in b"G" and (before in b"alfCF,19" or (before in b"UGA" and len(outline.text(start)) <= _SHORT_FORM))


def _is_answered(outline: Outline, start: int) -> bool:
    """Whether all that stands behind a colon is a yes or no or a number: a question of a list ("Hx: MI, stroke, PCI: no"), no part."""
    letters = outline.letters
    if letters[start : start + 1] in (b"s", b"t"):
        start += 1
    if not letters[start : start + 1] or letters[start + 1 : start + 2] not in _ENDS_OF_ANSWERS:
        return False
    return letters[start] in b"19" or outline.text(start).lower() in _ANSWERS


def _with_signs(letters: bytes, start: int) -> int:
    """The start of a title with the signs of Markdown, or the article (``HIS SOCIAL HISTORY:``), before it."""
    if start and letters[start - 1] in b"K" and (start == 1 or letters[start - 2] in _AFTER_STOP + b"nN"):
        start -= 1
    while start and letters[start - 1] in b"#":
        start -= 1
    return start


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
        wrapped = start > 1 and letters[start - 1] in b"n" and letters[start - 2] in b"LK,"
        return None if wrapped else match.end()
    if (match := _DASH.match(letters, end)) and (outline.spaced(end - 1) or match.end() > end + 1):
        return match.end()
    if after == b"t" or (first in b"G" and after == b"s"):
        return end
    if first in b"G" and after in b"CFKA" and len(title.text) > _SHORT_TITLE and not outline.in_capitals:
        return end
    paragraph = not start or letters[start - 1] in b"N"
    return end if title.run_in and paragraph and after in b"CUFGKA19" and not outline.in_capitals else None


def _with_headings(outline: Outline, titles: list[Title]) -> list[Title]:
    """Adds headings that no table knows; they end the section before them, or else its name would reach too far."""
    known = {title.start for title in titles}
    for match in _HEADING.finditer(outline.letters):
        by_capitals_only = not match.group().endswith(b":")
        if match.start(1) not in known and not (by_capitals_only and outline.in_capitals):
            titles.append(Title("", match.start(1), match.end()))
    return sorted(titles, key=lambda title: title.start)


def sections_between(titles: Sequence[Title], letters: bytes) -> list[tuple[str, int, int]]:
    """The sections that the titles open: name, first token, end. A part that a line interrupts has a section on each side."""
    sections: list[tuple[str, int, int]] = []
    outer, outer_end = "", 0
    for title, limit in zip(titles, [*(title.start for title in titles), len(letters)][1:], strict=True):
        reach = _reach(title, letters)
        end = min(reach, limit)
        if title.name:
            sections.append((title.name, title.start, end))
        if title.kind != "line":
            outer, outer_end = title.name, reach
        elif outer and end < min(limit, outer_end):
            sections.append((outer, end, min(limit, outer_end)))
        if outer_end <= limit:
            outer = ""
    return sections


def _reach(title: Title, letters: bytes) -> int:
    """The end of a title's part where it has one of its own."""
    if title.kind == "line":
        match = _LINE_BREAK.search(letters, title.end)
    elif title.kind == "block" and letters[title.end : title.end + 1] not in (b"n", b"N"):
        match = _PARAGRAPH.search(letters, title.end)
    else:
        match = None
    return match.end() if match else len(letters)
