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

__all__ = ["Ends", "SentenceFinder", "read_abbreviations"]

Ends = Literal["never", "number", "capital"]
_Stop = Literal["never", "number", "capital", "word", "title", "initial"]

# A stop that needs no second look, and the others. Like all expressions here they begin with a letter or a class, never with a
# look behind: only so does the search skip quickly.
_PLAIN_STOP = re.compile(rb"[.!](?<![aA1fFG].)[snt]?(?=[CUFGKA(\[*-])")
_OTHER_STOP = re.compile(rb"[.!?eD](?:(?<=[?eD])|(?<=[aA1fFG].)|(?!N|[snt]?[CUFGKA(\[*-]))[)\"#]*[stn]?")
_BLANK = re.compile(rb"N")
_BREAK = re.compile(rb"n")
_ITEM = re.compile(rb"1[.)]|[-*]")
_LINES = re.compile(rb"[nN]")
_NUMBER_MARK = re.compile(rb"1[.)]")
_LETTER_MARK = re.compile(rb"[nNst](?<![^.:;)-]s)([alAULK][.)]|D|[(][1l][)])")
_FIRST_MARK = re.compile(rb"[alAULK][.)]|D|[(][1l][)]")
_LABEL = re.compile(rb"[CUFGKA1][alLfACUFGK19/(),\"-]{0,6}:")
_LOWER_LABEL = re.compile(rb"[lfa][lfa]{0,2}:")
_COLUMN_LABEL = re.compile(rb"s(?<![LK,]s)([CUFGKA][alLfACUFGK/(),-]{0,5}:)")
_DASHED_LABEL = re.compile(rb"[CUFGKA][alLfACUFGK/]{0,3}-")

_ROMAN = frozenset("I II III IV V VI VII VIII IX X XI XII".split())
_COUNTED = frozenset("grade stage class type day level grades segment image series page phase step number no".split())
_TITLES_IN_CAPITALS = frozenset(["MR", "MS"])
_DEGREES = frozenset("TRACE TRIVIAL MINIMAL SLIGHT MILD MOD MODERATE MARKED SEV SEVERE NONE NIL ABSENT TO -".split())
_LONGEST_GRADE = 4
"""Words and signs of the longest grade: "MILD TO MODERATE" and what closes it."""
_DOTTED = 4
"""Signs of the shortest short form that is written with stops ("M.R.")."""
_MOST_ITEMS = 30
_NARROWEST = 25
"""Characters of a line below which a lower-case line after it is no sign of wrapping ("mild mr", "no as")."""
_SHORTEST_COLUMN = 12
"""Characters that a line must have to tell the width of a text that is wrapped in a narrow column."""
_USUAL_WIDTH = 60
"""Characters that a line must fill to count as wrapped where the text shows no width of its own."""
_SLACK, _LOOSE = 0.08, 0.15
"""Shares of the width that a full line may lack: lines are wrapped with a ragged edge, and mended by hand."""


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
        self.forms = frozenset([*abbreviations, *_TITLES_IN_CAPITALS])

    def __call__(self, outline: Outline, titles: Sequence[Title] = ()) -> list[int]:
        """The tokens that start a sentence, in order; the first token always does."""
        letters, length = outline.letters, len(outline)
        starts = {0}
        starts.update([match.end() for match in _BLANK.finditer(letters)])
        starts.update([match.start(1) for match in _COLUMN_LABEL.finditer(letters)])
        for title in titles:
            starts.add(title.start)
            if letters[title.end : title.end + 1] in (b"n", b"N"):
                starts.add(title.end + 1)
        starts.update([match.end() for match in _PLAIN_STOP.finditer(letters)])
        for start, end in (markers := list(_markers(outline))):
            starts.add(start)
            starts.discard(end + 1 + (letters[end + 1 : end + 2] in (b"s", b"t")))
        self._add_stops(outline, starts, {end for _, end in markers})
        starts.update(_line_starts(outline, starts))
        for title in titles:
            starts.difference_update(range(title.start + 1, title.end))
        return sorted([start for start in starts if start < length])

    def _add_stops(self, outline: Outline, starts: set[int], marker_ends: set[int]) -> None:
        letters = outline.letters
        last = len(outline) - 1
        for match in _OTHER_STOP.finditer(letters):
            stop, end = match.span()
            if end > last or stop in marker_ends:
                continue
            if end > stop + 1 and letters[stop + 1] in b')"#' and outline.spaced(stop):
                end = stop + 1  # No MR. "Feels well": what follows the space opens
            if self._ends(outline, stop, end, starts):
                starts.add(end)

    def _ends(self, outline: Outline, stop: int, following: int, starts: set[int]) -> bool:
        """Whether the sign or word at ``stop`` ends a sentence before the token ``following``."""
        letters = outline.letters
        sign, after = letters[stop], letters[following]
        if after in b",;:.)N" or (after in b"!?" and not outline.spaced(stop)):
            return False
        if sign in b".!":
            if after in b"alLf19":
                attached = following == stop + 1 and not outline.spaced(stop)
                if attached or (after in LOWER and letters[stop + 1] in b")"):
                    return False
            return sign in b"!" or not stop or self._full_stop_ends(outline, stop, following, starts)
        if sign in b"D":
            if _is_graded(outline, stop, following):
                return False
            kind = self._stop_after(outline.text(stop))
            return _initial_ends(outline, stop, following) if kind == "initial" else _abbreviation_ends(kind, outline, following)
        return _question_ends(outline, stop, following) if sign in b"?" else after in b"CFKA"

    def _full_stop_ends(self, outline: Outline, stop: int, following: int, starts: set[int]) -> bool:
        kind = self._stop_after(outline.text(stop - 1))
        if kind == "word":
            return True
        if kind == "title":
            # "MR. JONES IS ..." opens a sentence; "TRACE MR. NO AS." ends one
            return not (stop - 1 in starts and outline.letters[following] in CAPITALISED and outline.spaced(stop))
        return _abbreviation_ends(kind, outline, following)

    def _stop_after(self, text: str) -> _Stop:
        """What a full stop after this text, or as its last sign, may be."""
        word = text.rstrip(".")
        if word in _TITLES_IN_CAPITALS:
            return "title"
        if len(word) == 1 and text != word:
            return "initial"
        return self.abbreviations.get(word) or self.abbreviations.get(word.lower()) or ("word" if text == word else "capital")


def _abbreviation_ends(ends: _Stop, outline: Outline, following: int) -> bool:
    after = outline.letters[following]
    if ends == "number":
        return after not in b"19(#" and outline.text(following) != "of"
    return ends == "capital" and after in CAPITALISED


def _initial_ends(outline: Outline, stop: int, following: int) -> bool:
    """Whether a single letter with its stop ends: yes in "vitamin D. She" and "hepatitis C. The", no in "J. Smith"."""
    before, after = outline.letters[stop - 1 : stop], outline.letters[following]
    if not stop or after not in CAPITALISED:
        return False
    if outline.text(stop - 1).lower() in _COUNTED:
        return outline.text(stop).rstrip(".") in _ROMAN  # "GRADE I. CONCENTRIC LVH"
    return after in b"K" or before in (b"l", b"f", b"a", b"1", b"9", b"/")


def _is_graded(outline: Outline, stop: int, following: int) -> bool:
    """Whether a short form with stops has its grade behind it: "M.R. GRADE II, A.R. MILD.", though "M.I. SEVERE PAIN" begins anew.

    A grade is a counted word with its figure, or words of degree in capitals, with a sign, a line break or the end behind it.
    """
    if len(outline.text(stop)) < _DOTTED or not outline.text(stop).isupper():
        return False
    words = [outline.text(at) for at in range(following, min(following + _LONGEST_GRADE, len(outline)))]
    if words[0].lower() in _COUNTED:
        figure = "".join(words[1:2])
        length = 2 if figure[:1].isdigit() or figure.rstrip(".") in _ROMAN else 0
        if figure.endswith("."):
            return length > 0
    else:
        length = next((at for at, word in enumerate(words) if word not in _DEGREES), len(words))
    end = following + length
    return length > 0 and (end >= len(outline) or outline.letters[end] in b",;./nN")


def _question_ends(outline: Outline, stop: int, following: int) -> bool:
    """Whether a question mark ends: "MI?" does, the doubt of "? MI" does not, " ? " in transcripts does where a reply opens."""
    letters = outline.letters
    after = letters[following]
    if following > stop + 1:
        return after not in LOWER or letters[stop + 1] in b"n"
    if not outline.spaced(stop):
        return False
    while stop and letters[stop - 1] in b"?" and not outline.spaced(stop - 1):
        stop -= 1  # "?? MR"
    if not stop or outline.spaced(stop - 1):
        doubted = after in b"A" and outline.text(following).isupper()  # "murmur ? MR", though "Mr" opens a sentence
        return after in b"LKCFAa" and not doubted and letters[stop - 1] not in b",(:"
    return after not in b"lfa"


def _markers(outline: Outline) -> Iterator[tuple[int, int]]:
    """The markers of list items (``1.``, ``2)``, ``a.``, ``II.``), each with its last token."""
    letters = outline.letters
    if first := _FIRST_MARK.match(letters):
        yield from _letter_marker(outline, 0, first.end())
    for match in _LETTER_MARK.finditer(letters):
        yield from _letter_marker(outline, match.start(1), match.end())
    if b"1" in letters:
        yield from _numbers(outline)


def _letter_marker(outline: Outline, start: int, end: int) -> Iterator[tuple[int, int]]:
    word = outline.text(start).rstrip(".")
    if len(word) == 1 or word in _ROMAN:
        yield start, end - 1


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
    return dashed is not None and outline.spaced(dashed.end() - 2) and outline.spaced(dashed.end() - 1)


class _Layout:
    """The lines of a text and the width at which it seems to be wrapped."""

    def __init__(self, outline: Outline) -> None:
        self.outline = outline
        letters = outline.letters
        breaks = [match.start() for match in _LINES.finditer(letters)]
        begins = [0, *[place + 1 for place in breaks]]
        lengths = (outline.offsets[breaks] - outline.offsets[begins[:-1]]).tolist()
        self._start = dict(zip(breaks, begins, strict=False))
        self._end = dict(zip(breaks, [*breaks[1:], len(outline)], strict=True))
        self._length: dict[int, int] = dict(zip(breaks, lengths, strict=True))
        self.lower_means_wrap = not outline.in_capitals and any(letters[start] in CAPITALISED for start in begins if start < len(outline))
        sure = [self._length[place] for place in breaks if letters[place] in b"n" and self._surely_wraps(place)]
        self.width = max(sure, default=0)

    def _surely_wraps(self, place: int) -> bool:
        letters = self.outline.letters
        after = letters[place + 1 : place + 2]
        if letters[place - 1] in b"LK,(-/":
            return self._length[place] >= _SHORTEST_COLUMN
        return self.lower_means_wrap and after in (b"l", b"L", b"f", b"a") and self._length[place] >= _NARROWEST

    def is_wrap(self, place: int) -> bool:
        """Whether the line break at ``place`` is a mere wrap: the next word would not have fitted into the line."""
        letters, offsets = self.outline.letters, self.outline.offsets
        after = letters[place + 1]
        if b"t" in letters[self._start[place] : self._end[place]]:
            return False
        if letters[place - 1] in b"LK,(-/" or after in b"),.;:/":
            return True
        if self._hangs(place):
            return True
        first_word = int(offsets[place + 2] - offsets[place + 1]) if place + 2 < len(offsets) else 1
        lower = self.lower_means_wrap and after in LOWER
        slack = _SLACK if after in b"CFK" else _LOOSE
        full = self._length[place] + first_word >= (self.width or _USUAL_WIDTH) * (1 - slack)
        if lower:
            return full or self._length[place] >= _NARROWEST
        # a capital after a full line may be a name, but only where the text is seen to be wrapped
        return full and (self.width > 0 or after in CAPITALS)

    def _hangs(self, place: int) -> bool:
        """Whether the next line is indented under the text of a list item ("2. Status post inferior\\n    MI in 1998")."""
        start = self._start[place]
        if not _ITEM.match(self.outline.letters, start):
            return False
        own = _indent(self.outline.text(start - 1)) if start else 0
        return _indent(self.outline.text(place)) > own + 1


def _indent(line_break: str) -> int:
    return len(line_break) - line_break.rfind("\n") - 1
