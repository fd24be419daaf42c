"""Where sentences begin in clinical notes: after full stops, at list items, labels, titles and at line breaks that are no wraps.

Everything is asked of the :class:`~mrterms.text.outline.Outline`; Python looks closer only at stops, markers and line breaks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources.abc import Traversable
from typing import Literal, cast

from mrterms.lexicon.tables import read_table
from mrterms.text.outline import CAPITALISED, CAPITALS, LOWER, Outline
from mrterms.text.sections import Title

__all__ = ["SentenceFinder", "read_abbreviations"]

Ends = Literal["never", "number", "capital"]

_STOP = re.compile(rb"([.!?eD])([)\"#]*)[stnN]?")
_BLANK = re.compile(rb"N")
_BREAK = re.compile(rb"n")
_LINES = re.compile(rb"[nN]")
_NUMBER_MARK = re.compile(rb"1[.)]")
_LETTER_MARK = re.compile(rb"(?<![^nNst])(?:[lUL][.)]|D|[(][1l][)])")
_LABEL = re.compile(rb"[CUFGK1][lLfCUFGK19/(),\"-]{0,6}:")
_LOWER_LABEL = re.compile(rb"[lf][lf]{0,2}:")
_COLUMN_LABEL = re.compile(rb"(?<=[^LK,]s)[CUFGK][lLfCUFGK/(),-]{0,5}:")
_DASHED_LABEL = re.compile(rb"[CUFGK][lLfCUFGK/]{0,3}-")

_ROMAN = frozenset("I II III IV V VI VII VIII IX X XI XII".split())
_COUNTED = frozenset("grade stage class type day level grades segment image series page phase step number no".split())
_TITLES_IN_CAPITALS = frozenset(["MR", "MS"])
_MOST_ITEMS = 30
_NARROWEST = 25
"""Characters of a line below which a lower-case line after it is no sign of wrapping ("mild mr", "no as")."""
_SHORTEST_COLUMN = 12
"""Characters that a line must have to tell the width of a text that is wrapped in a narrow column."""
_USUAL_WIDTH = 60
"""Characters that a line must fill to count as wrapped where the text shows no width of its own."""
_SLACK = 3


def read_abbreviations(path: Traversable) -> dict[str, Ends]:
    """Abbreviations and when their full stop ends a sentence (``abbreviations.tsv``); raises :class:`LexiconError`."""
    found: dict[str, Ends] = {}
    for row in read_table(path, ("form", "ends"), ("source",)):
        if row["ends"] not in ("never", "number", "capital"):
            row.fail(f"unknown value {row['ends']!r}", "known: never, number, capital")
        if row["form"] in found:
            row.fail(f"{row['form']!r} stands twice")
        found[row["form"]] = cast(Ends, row["ends"])
    return found


class SentenceFinder:
    """Finds sentence starts. ``abbreviations``: see :func:`read_abbreviations`."""

    def __init__(self, abbreviations: Mapping[str, Ends]) -> None:
        self.abbreviations = dict(abbreviations)

    def __call__(self, outline: Outline, titles: Sequence[Title] = ()) -> list[int]:
        """The tokens that start a sentence, in order; the first token always does."""
        letters, length = outline.letters, len(outline)
        starts = {0, *(title.start for title in titles)}
        starts.update(match.end() for match in _BLANK.finditer(letters))
        starts.update(match.start() for match in _COLUMN_LABEL.finditer(letters))
        starts.update(title.end + 1 for title in titles if letters[title.end : title.end + 1] in (b"n", b"N"))
        marker_ends: set[int] = set()
        for start, end in _markers(outline):
            starts.add(start)
            marker_ends.add(end)
        self._add_stops(outline, starts, marker_ends)
        starts.update(_line_starts(outline, starts))
        for title in titles:
            starts.difference_update(range(title.start + 1, title.end))
        return sorted(start for start in starts if start < length)

    def _add_stops(self, outline: Outline, starts: set[int], marker_ends: set[int]) -> None:
        letters, length = outline.letters, len(outline)
        for match in _STOP.finditer(letters):
            stop, end = match.start(), match.end()
            if stop in marker_ends:
                continue
            if match.end(2) > match.end(1) and outline.spaced[stop]:
                end = stop + 1  # "No MR. (see below)": what follows the space opens
            if end < length and self._ends(outline, stop, end, starts):
                starts.add(end)

    def _ends(self, outline: Outline, stop: int, following: int, starts: set[int]) -> bool:
        """Whether the sign or word at ``stop`` ends a sentence before the token ``following``."""
        letters = outline.letters
        sign, after = letters[stop], letters[following]
        if after in b",;:.)":
            return False
        if sign in b"e":
            return after in b"CFK"
        if sign in b"D":
            return self._dotted_word_ends(outline, stop, following)
        if sign in b"?":
            return _question_ends(outline, stop, following)
        if after in LOWER + b"19":
            attached = following == stop + 1 and not outline.spaced[stop]
            if attached or (after in LOWER and letters[stop + 1] in b")"):
                return False
        return sign in b"!" or not stop or self._full_stop_ends(outline, stop, following, starts)

    def _full_stop_ends(self, outline: Outline, stop: int, following: int, starts: set[int]) -> bool:
        word = outline.text(stop - 1)
        if word in _TITLES_IN_CAPITALS:
            # "MR. JONES IS ..." opens a sentence; "TRACE MR. NO AS." ends one
            return not (stop - 1 in starts and outline.letters[following] in CAPITALISED and outline.spaced[stop])
        ends = self.abbreviations.get(word) or self.abbreviations.get(word.lower())
        return ends is None or _abbreviation_ends(ends, outline, following)

    def _dotted_word_ends(self, outline: Outline, stop: int, following: int) -> bool:
        word = outline.text(stop)[:-1]
        if len(word) == 1:
            return _initial_ends(outline, stop, following)
        ends = self.abbreviations.get(word) or self.abbreviations.get(word.lower())
        return _abbreviation_ends(ends or "capital", outline, following)


def _abbreviation_ends(ends: Ends, outline: Outline, following: int) -> bool:
    after = outline.letters[following]
    if ends == "number":
        return after not in b"19(#" and outline.text(following) != "of"
    return ends == "capital" and after in CAPITALISED


def _initial_ends(outline: Outline, stop: int, following: int) -> bool:
    """"vitamin D. She" and "hepatitis C. The" end, "J. Smith" does not."""
    before, after = outline.letters[stop - 1 : stop], outline.letters[following]
    if not stop or after not in CAPITALISED:
        return False
    return after in b"K" or before in (b"l", b"f", b"1", b"9")


def _question_ends(outline: Outline, stop: int, following: int) -> bool:
    """"MI?" ends; "? MI" and "?MI" are signs of doubt; the " ? " of transcripts ends before the words that open a reply."""
    letters = outline.letters
    after = letters[following]
    if following > stop + 1:
        return after not in LOWER or letters[stop + 1] in b"n"
    if not outline.spaced[stop]:
        return False
    if not stop or outline.spaced[stop - 1]:
        return after in b"LKCF" and letters[stop - 1] not in b",(:"
    return after not in b"lf"


def _markers(outline: Outline) -> Iterator[tuple[int, int]]:
    """The markers of list items (``1.``, ``2)``, ``a.``, ``II.``), each with its last token."""
    for match in _LETTER_MARK.finditer(outline.letters):
        word = outline.text(match.start()).rstrip(".")
        if len(word) == 1 or word in _ROMAN:
            yield match.start(), match.end() - 1
    yield from _numbers(outline)


def _numbers(outline: Outline) -> Iterator[tuple[int, int]]:
    """Numbered items: at the start of a line, or inside one where they count on."""
    letters = outline.letters
    places = [match.start() for match in _NUMBER_MARK.finditer(letters)]
    values = [int(outline.text(place)) for place in places]
    last, last_sign = 0, -1
    for nth, (place, value) in enumerate(zip(places, values, strict=True)):
        sign = letters[place + 1]
        before = letters[place - 1 : place] or b"N"
        opens_line = before in b"nN" and value <= _MOST_ITEMS and letters[max(place - 2, 0) : place - 1] not in (b"L", b"K", b",")
        after_label = before in b":s" and value == 1 and b":" in letters[max(place - 2, 0) : place] and letters[place - 1] in b"s"
        goes_on = value == last + 1 and sign == last_sign
        begins = value == 1 and nth + 1 < len(places) and values[nth + 1] == 2 and letters[places[nth + 1] + 1] == sign
        if opens_line or after_label or ((goes_on or begins) and _counts(outline, place)):
            last, last_sign = value, sign
            yield place, place + 1


def _counts(outline: Outline, place: int) -> bool:
    """Whether a number inside a line may count items: not "(2)", "of 2.", "grade 2."."""
    return outline.letters[place - 1] not in b"([LK/-" and outline.text(place - 1).lower() not in _COUNTED


def _line_starts(outline: Outline, starts: set[int]) -> Iterator[int]:
    """The tokens after single line breaks that end a sentence without a stop."""
    letters, length = outline.letters, len(outline)
    layout: _Layout | None = None
    for match in _BREAK.finditer(letters):
        place = match.start()
        if place + 1 >= length or place == 0 or place + 1 in starts:
            continue
        before, after = letters[place - 1], letters[place + 1]
        if before in b".!?eD":
            continue  # an abbreviation
        if before in b":" or after in b"*#[-" or _is_label(outline, place):
            yield place + 1
            continue
        layout = layout or _Layout(outline)
        if not layout.is_wrap(place):
            yield place + 1


def _is_label(outline: Outline, line_break: int) -> bool:
    letters, start = outline.letters, line_break + 1
    if letters[line_break - 1] in b"LK":
        return False
    if _LABEL.match(letters, start):
        return True
    if _LOWER_LABEL.match(letters, start):
        return letters[line_break - 1] not in b","
    dashed = _DASHED_LABEL.match(letters, start)
    return dashed is not None and outline.spaced[dashed.end() - 2] == outline.spaced[dashed.end() - 1] == 1


class _Layout:
    """The lines of a text and the width at which it seems to be wrapped."""

    def __init__(self, outline: Outline) -> None:
        self.outline = outline
        letters, offsets = outline.letters, outline.offsets
        breaks = [match.start() for match in _LINES.finditer(letters)]
        begins = [0, *(place + 1 for place in breaks)]
        self._start = dict(zip(breaks, begins, strict=False))
        self._end = dict(zip(breaks, [*breaks[1:], len(outline)], strict=True))
        self._length = {end: offsets[end] - offsets[start] for start, end in zip(begins, breaks, strict=False)}
        self.lower_means_wrap = not outline.in_capitals and any(letters[start] in CAPITALISED for start in begins if start < len(outline))
        sure = [self._length[place] for place in breaks if letters[place] in b"n" and self._surely_wraps(place)]
        self.width = max(sure, default=0)

    def _surely_wraps(self, place: int) -> bool:
        letters = self.outline.letters
        after = letters[place + 1 : place + 2]
        if letters[place - 1] in b"LK,(-/":
            return self._length[place] >= _SHORTEST_COLUMN
        return self.lower_means_wrap and after in (b"l", b"L", b"f") and self._length[place] >= _NARROWEST

    def is_wrap(self, place: int) -> bool:
        """Whether the line break at ``place`` is a mere wrap: the next word would not have fitted into the line."""
        letters, offsets = self.outline.letters, self.outline.offsets
        after = letters[place + 1]
        if b"t" in letters[self._start[place] : self._end[place]]:
            return False
        if letters[place - 1] in b"LK,(-/" or after in b"),.;:/":
            return True
        first_word = (offsets[place + 2] if place + 2 < len(offsets) else offsets[place + 1] + 1) - offsets[place + 1]
        full = self._length[place] + first_word >= (self.width or _USUAL_WIDTH) - _SLACK
        if self.lower_means_wrap and after in LOWER:
            return full or self._length[place] >= _NARROWEST
        # a capital after a full line may be a name, but only where the text is seen to be wrapped
        return full and (self.width > 0 or after in CAPITALS)
