"""Texts as they are read: without characters that nobody sees, and with full-width letters and ligatures as plain ones.

Text copied from web pages and PDF holds soft hyphens, spaces of no width and ligatures; Japanese and Chinese programs write ``ＭＲ ２＋``.
Such a text is cut as it reads, but its tokens keep what is written, so offsets are the text's own; the rooms above read a twin of
the Doc with as many tokens.  Ordinary text has no twin.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

from spacy.tokens import Doc, Span

__all__ = ["cut_as_read", "is_read_otherwise", "place_as_written", "places_as_written", "read", "twin_of"]

_UNSEEN = "\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
_RAISED = "\u00b2\u00b3\u00b9\u2070\u2074-\u2079\u2080-\u2089"
"""Digits set high or low: mere marks of notes, but before a plus that is set so, too, they are a grade (``MR²⁺``)."""
_OTHERWISE = re.compile(
    rf"[{_UNSEEN}\uff01-\uff5e\ufb00-\ufb06\u2160-\u217f\u3001\u3002\u207a\u208a\U0001d400-\U0001d7ff]"
    rf"|[{_RAISED}](?=[{_RAISED}]*[\u207a\u208a])"
)
_EDGES = re.compile(rf"([{_UNSEEN}]*)(.*?)([{_UNSEEN}]*)", re.DOTALL)
_SIGNS = {"\u3001": ",", "\u3002": "."}
_ASCII = bytes(range(128))
_SOFT_HYPHEN = "\u00ad"
_FLAG = "mrterms_read_otherwise"
"""Key of ``doc.user_data``; plain data, so that it goes with the Doc to other processes."""


def is_read_otherwise(text: str) -> bool:
    """Whether a text holds characters that are unseen or stand for plain ones."""
    if text.isascii():
        return False
    beyond = text.encode("utf-8", "surrogatepass").translate(None, _ASCII)  # four times faster than a search of the whole
    return _OTHERWISE.search(beyond.decode("utf-8", "surrogatepass")) is not None


def read(text: str) -> str:
    """A text as it reads; offsets into it are not the text's own.

    >>> read("ＭＲ ２＋, \\ufb01brillation, regurgi\\u00adtation")
    'MR 2+, fibrillation, regurgitation'
    """
    return _read(text)[0] if is_read_otherwise(text) else text


def _read(text: str) -> tuple[str, list[int]]:
    """A text as it reads, and where each of its characters is written."""
    parts: list[str] = []
    places: list[int] = []
    last = 0
    for match in _OTHERWISE.finditer(text):
        at = match.start()
        plain = _plain(match[0], text[at + 1 : at + 2])
        parts += text[last:at], plain
        places += chain(range(last, at), [at] * len(plain))
        last = at + 1
    return "".join([*parts, text[last:]]), [*places, *range(last, len(text))]


def _plain(sign: str, after: str) -> str:
    """What a character reads as; a soft hyphen is seen at the end of a line."""
    if sign == _SOFT_HYPHEN and after in ("\n", "\r"):
        return "-"
    if unicodedata.category(sign) in ("Cf", "Mn"):
        return ""
    return _SIGNS.get(sign) or unicodedata.normalize("NFKC", sign)


def cut_as_read(text: str, cut: Callable[[str], Doc]) -> Doc:
    """The Doc of a text whose tokens are cut as the text reads and hold what is written."""
    plain, places = _read(text)
    words: list[str] = []
    spaces: list[bool] = []
    start = 0
    places.append(len(text))
    doc = cut(plain)
    for token in doc:
        space = bool(token.whitespace_)
        end = places[token.idx + len(token)]
        if end == start:
            return cut(text)  # a ligature is cut in two
        found = [part for part in _parts(text[start:end]) if part]
        words += found
        spaces += [False] * (len(found) - 1) + [space]
        start = end + space
    if start < len(text):
        words.append(text[start:])
        spaces.append(False)
    return Doc(doc.vocab, words=words, spaces=spaces, user_data={_FLAG: True})


def _parts(written: str) -> tuple[str, ...]:
    """What is unseen before and behind a word, and the word: a mention is no longer than what is seen of it."""
    match = _EDGES.fullmatch(written)
    assert match is not None
    return match.groups() if match[2] else (written,)


def twin_of(doc: Doc) -> Doc | None:
    """The Doc as it reads: as many tokens, the same sentences and spans; None where it reads as it is written."""
    if _FLAG not in doc.user_data:
        return None
    words = [word for word, _ in _readings(doc)]
    twin = Doc(doc.vocab, words=words, spaces=[bool(token.whitespace_) for token in doc])
    twin.from_array(["SENT_START"], doc.to_array(["SENT_START"]))  # type: ignore[arg-type]
    for name, spans in doc.spans.items():
        twin.spans[name] = [Span(twin, span.start, span.end, label=span.label_) for span in spans]
    return twin


def _readings(doc: Doc) -> Iterator[tuple[str, list[int]]]:
    """Each token as it reads, and where its characters are written; an unseen token reads as a blank."""
    for token in doc:
        follows = doc[token.i + 1].text[:1] if token.i + 1 < len(doc) and not token.whitespace_ else ""
        plain, places = _read(token.text + follows)
        size = len(plain) - len(_read(follows)[0])
        yield (plain[:size], [token.idx + place for place in places[:size]]) if size else (" ", [token.idx])


def places_as_written(doc: Doc) -> list[int]:
    """Where each character of the twin's text is written in the Doc's."""
    places: list[int] = []
    for token, (_, own) in zip(doc, _readings(doc), strict=True):
        places += own
        if token.whitespace_:
            places.append(token.idx + len(token))
    return places


def place_as_written(told: Any, text: str, places: list[int]) -> None:
    """Put the offsets of plain data that tell of the twin's text, and the words quoted, in terms of the text as written."""
    if isinstance(told, dict):
        start, end = told.get("start"), told.get("end")
        if start is not None and end is not None and start < end:
            told["start"], told["end"] = places[start], places[end - 1] + 1
            if "text" in told:
                told["text"] = text[told["start"] : told["end"]]
    for inner in told.values() if isinstance(told, dict) else told if isinstance(told, list) else ():
        place_as_written(inner, text, places)
