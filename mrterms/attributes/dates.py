"""When and how often: years, dates, ages and counts around an infarct or a procedure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mrterms.records import Attribute

__all__ = ["COUNT_WORDS", "occasions"]

_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december")
_NAMED = {name: number for number, month in enumerate(_MONTHS, 1) for name in (month, month[:3], month[:4])}
_NUMBER = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10}
COUNT_WORDS = frozenset([*_NUMBER, "multiple", "several"])
"""Words without which, and without a figure, no date or count is said."""
_LINK = (
    r"[\s,:;(\[]*"
    r"(?:(?:in|on|of|from|back|since|dated|circa|c\.|ca\.|approximately|about|around|early|late|mid|the|~|was|occurred|that|which|year)[\s-]+|~\s*)*"
)
_YEAR = r"(?:19|20)\d\d"
_MONTH = "|".join(sorted(_NAMED, key=len, reverse=True))
_DATE = (
    rf"(?P<iso>{_YEAR})-(?P<iso_month>\d\d?)(?:-(?P<iso_day>\d\d?))?(?![\d-])"
    rf"|(?P<month>\d\d?)/(?:(?P<day>\d\d?)/)?(?P<year>{_YEAR}|\d\d)(?![\d/])"
    rf"|(?P<name>{_MONTH})\.?(?:\s+(?P<name_day>\d\d?)(?:st|nd|rd|th)?)?,?\s+(?:of\s+)?(?P<name_year>{_YEAR})"
    rf"|(?P<only>{_YEAR})(?![\d/-]\d|\s*(?:mg|ml|cc))|'(?P<short>\d\d)\b"
)
_AFTER = re.compile(rf"(?P<link>{_LINK})(?P<date>{_DATE})", re.I)
_MORE = re.compile(rf"\s*(?:,|and|&|/|, and)\s*(?P<date>(?P<only>{_YEAR}))(?!\d)", re.I)
_BEFORE = re.compile(rf"(?P<date>(?P<only>{_YEAR}))\s*[:-]?\s*$")
_AGO = re.compile(
    rf"{_LINK}(?P<ago>(?P<n>\d+(?:\.\d+)?|{'|'.join(_NUMBER)})\s+"
    r"(?P<unit>year|yr|month|mo|week|wk|day|hour)s?\s+(?:ago|prior|earlier|back))",
    re.I,
)
_AGE = re.compile(r"[\s,(]*(?P<age>(?:at\s+(?:the\s+)?age\s+(?:of\s+)?|at\s+|aged?\s+)(?P<n>[2-9]\d)(?!\s*(?:%|mm|hospital|\d|/)))", re.I)
_TIMES = re.compile(r"[\s,(]*(?P<times>[x×]\s?(?P<n>\d)(?!\d|\.\d))", re.I)
_MANY = re.compile(
    rf"(?P<many>(?<![\w.,/-])(?P<n>[2-9]|{'|'.join(_NUMBER)}|multiple|several))\s+"
    r"(?P<old>(?:(?:prior|previous|old|past|separate|remote|silent|documented|acute|small)\s+)*)$",
    re.I,
)
_UNITS = {"yr": "year", "mo": "month", "wk": "week"}
_REACH = 70


def occasions(text: str, start: int, end: int, offset: int) -> Iterator[Attribute]:
    """The dates, ages and counts said of the mention ``text[start:end]``; ``offset`` is where ``text`` begins in the document.

    Dates are ISO 8601 as far as the text tells (``2003``, ``2003-03``, ``2003-03-14``); ``age_at_event`` and ``ago`` carry
    their unit.
    """
    behind = text[end : end + _REACH]
    at = offset + end
    if times := _TIMES.match(behind):
        yield _number("count", float(times["n"]), None, times, "times", at)
        behind, at = behind[times.end() :], at + times.end()
    elif (many := _MANY.search(text[max(0, start - 40) : start])) and (many["old"] or text[end - 1] in "sS"):
        # A bare figure counts only a plural: "type 2 MI", "day 2 MI".
        word = many["n"].lower()
        value: float | str = "several" if word in ("multiple", "several") else float(_NUMBER.get(word, 0) or word)
        if value != 1:
            yield _number("count", value, None, many, "many", offset + max(0, start - 40))
    yield from _dates(behind, at)
    if (before := _BEFORE.search(text[max(0, start - 8) : start])) is not None:
        yield _number("date", _iso(before), None, before, "date", offset + max(0, start - 8))
    if ago := _AGO.match(behind):
        unit = ago["unit"].lower()
        yield _number("ago", _count(ago["n"]), _UNITS.get(unit, unit), ago, "ago", at)
    if (age := _AGE.match(behind)) is not None:
        yield _number("age_at_event", float(age["n"]), "year", age, "age", at)


def _dates(behind: str, at: int) -> Iterator[Attribute]:
    found = _AFTER.match(behind)
    # "MI 12/25 mmHg" or "MI, 3/10" is no date: a figure pair needs a word or a bracket before it, or a whole year.
    if found is None or (found["year"] and len(found["year"]) == 2 and not found["link"].strip()):
        return
    while found is not None and (value := _iso(found)) is not None:
        yield _number("date", value, None, found, "date", at)
        behind, at = behind[found.end() :], at + found.end()
        found = _MORE.match(behind)


def _iso(found: re.Match[str]) -> str | None:
    groups = found.groupdict()
    if groups.get("only"):
        return groups["only"]
    if groups.get("short"):
        return _century(groups["short"])
    if groups.get("iso"):
        parts = [groups["iso"], groups["iso_month"], groups["iso_day"]]
    elif groups.get("year"):
        parts = [_century(groups["year"]), groups["month"], groups["day"]]
    else:
        parts = [groups["name_year"], str(_NAMED[groups["name"].lower()]), groups["name_day"]]
    if not 1 <= int(parts[1] or 1) <= 12 or not 1 <= int(parts[2] or 1) <= 31:
        return None
    return "-".join(part if len(part) == 4 else part.zfill(2) for part in parts if part)


def _century(year: str) -> str:
    return year if len(year) == 4 else f"20{year}" if int(year) < 40 else f"19{year}"


def _count(word: str) -> float:
    return float(_NUMBER.get(word.lower()) or word)


def _number(kind: str, value: str | float | None, unit: str | None, found: re.Match[str], group: str, at: int) -> Attribute:
    start, end = found.span(group)
    return Attribute(kind=kind, value=value, unit=unit, text=found[group], start=at + start, end=at + end)
