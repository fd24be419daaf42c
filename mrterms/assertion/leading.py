"""The line that leads a sentence in: for an item of a list the line above the whole list ("Risks include:")."""

from __future__ import annotations

from mrterms.text.view import Sentence, View

__all__ = ["TICKS", "answered", "is_head", "lead_in", "mark_width"]

TICKS = frozenset({"x", "☑", "☒", "✓", "✔", "✗", "✘", "■"})
"""Words that tick what a form asks."""
_MOST_ITEMS = 25
_LEAST_ROW = 2
_ONE_WORD = 2
"""Words of an answer with its stop: what follows may still go on about what was asked ("Father living? Yes. Cause: MI")."""
_BULLETS = frozenset({"-", "–", "*", "•", "·", "#", ">", "▪", "‣"})
_CLOSED = frozenset({".", "!"})
_ENDS = _CLOSED | {"?"}


def lead_in(view: View, number: int, *, in_any_case: bool = True) -> Sentence | None:
    """The sentence before that of ``number``, or the line that leads in the list of which it is an item.

    An item begins with a bullet or number, or stands on a line of its own; no blank line parts it from the items before.  Unless
    ``in_any_case``, a sentence before that is closed and leads nothing in is not asked for, and may not come.
    """
    if not number:
        return None
    if in_any_case and number > 1 and view.last_word(number - 2) == "?" and len(view.sentence(number - 1).lower) <= _ONE_WORD:
        return view.sentence(number - 2)
    if not in_any_case and view.last_word(number - 1) in _CLOSED and not mark_width(view.sentence(number)):
        return None
    asked: list[int] = []
    place, lead = number, None
    while place not in view.led_by and place and len(asked) < _MOST_ITEMS:
        asked.append(place)
        line = view.sentence(place - 1)
        if line.lower[-1:] == [":"] or is_head(line):
            lead = place - 1
            break
        if not _goes_on(view, line, view.sentence(place)):
            break
        place -= 1
    else:
        lead = view.led_by.get(place)
    view.led_by.update(dict.fromkeys(asked, lead))
    return view.sentence(number - 1 if lead is None or number - lead > _MOST_ITEMS else lead)


def is_head(line: Sentence) -> bool:
    """Whether a line ends with the heads of the columns of a questionnaire ("Condition   Yes   No")."""
    return line.lower[-2:] in (["yes", "no"], ["y", "n"]) and line.tokens[-1] - line.tokens[-2] > 1


def answered(head: Sentence, row: Sentence) -> Sentence:
    """The row with its tick read as the word at the head of its column, by tabs or by its place; a tick between columns is left."""
    if len(row.lower) < _LEAST_ROW or row.lower[-1] not in TICKS:
        return row
    yes, no, tick = (line.starts[at] - line.starts[0] for line, at in ((head, -2), (head, -1), (row, -1)))
    gap = row.starts[-1] - row.starts[-2] - len(row.lower[-2])
    if no - yes == len(head.lower[-2]) + 1:  # one sign that is a token of its own: a tab
        column = gap
    else:
        column = 1 + (abs(tick - no) < abs(tick - yes))
        if min(abs(tick - no), abs(tick - yes)) * 2 >= no - yes:
            return row
    return row._replace(lower=[*row.lower[:-1], head.lower[column - 3]]) if column in (1, 2) else row


def _goes_on(view: View, line: Sentence, item: Sentence) -> bool:
    """Whether two sentences are items of one list."""
    marked = mark_width(item) > 0
    if not line.lower or line.section != item.section or (mark_width(line) > 0) != marked:
        return False
    return (marked or line.lower[-1] not in _ENDS) and _stand_on_lines(view, line, item)


def mark_width(sentence: Sentence) -> int:
    """How many words at the start are the bullet or number of an item."""
    lower = sentence.lower
    if not lower or len(lower) == 1:
        return 0
    if lower[0] in _BULLETS:
        return 1
    return 2 if lower[0].isdigit() and lower[1] in (".", ")") else 0


def _stand_on_lines(view: View, line: Sentence, after: Sentence) -> bool:
    """Whether ``after`` begins on the line after that on which ``line`` ends."""
    gap = range(line.tokens[-1] + 1, after.tokens[0]) if after.tokens else ()
    return sum(view.word(place).count("\n") for place in gap) == 1
