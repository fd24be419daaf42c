"""A Doc as a string of one letter a token: ``No MR. 1) MI`` is ``CU.1)U``.

Where sentences end and titles stand is then asked of this short string with ordinary regular expressions, and Python
looks at single tokens only where an expression found something.  The letters::

    l lower-case word      C Capitalised word       U WORD IN CAPITALS
    f the same, and the first word of a title       F G  (Capitalised, CAPITALS)
    L function word (of, the, with)                 K  (Of, OF)
    a abbreviation (approx)                         A  (Fig, MR, Dr)
    D word with its own full stop (p.m. J.)         1 number of one or two digits    9 other number (2+, 1.5, 2019)
    . ! ? e(llipsis) : ; ,                          ( [ opening    ) closing    " quote
    - dash                 * bullet                 # Markdown    / slash, ampersand    x anything else
    n line break           N blank line             t tab          s two or more spaces
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from spacy.tokens import Doc

from mrterms.text.numbered import NumberedWords, PerWord, words_of

__all__ = ["CAPITALISED", "CAPITALS", "FUNCTION_WORDS", "LOWER", "Letters", "Outline", "pieces"]

LOWER = b"lLfa"
CAPITALS = b"UGA"
CAPITALISED = b"CFKUGA"

FUNCTION_WORDS = frozenset(
    (
        "a an the this that these those his her their its your our my and or but nor with without of to in on at by for from into "
        "over under after before during between among through than is are was were be been being has have had may might can could "
        "will would should shall does did do not very who which whose where when while if because since until although though about "
        "per via due both either neither he she they we i you it there also mitral aortic tricuspid pulmonic ventricular atrial"
    ).split()
)
"""Words after which a line cannot end its sentence, so that the line break is a mere wrap."""

_FIXED = {
    ".": ".", "!": "!", "?": "?", "…": "e", ":": ":", ";": ";", ",": ",", "[": "[",
    "(": "(", "{": "(", ")": ")", "]": ")", "}": ")", "”": ")", "’": ")", "**]": ")", '"': '"', "'": '"', "''": '"',
    "-": "-", "–": "-", "—": "-", "−": "-", "•": "*", "·": "*", "*": "*", "▪": "*", "●": "*", "○": "*", "◦": "*", "►": "*",
    "➢": "*", "§": "*", "#": "#", "##": "#", "###": "#", "**": "#", "/": "/", "&": "/", "+": "/",
}  # fmt: skip
_PIECES = re.compile(r"\w+|[^\w\s]")
_LEADER = 6
"""So many dots lead from a label to its value and end no sentence."""
_LINE_BREAKS = re.compile(r"\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")


def pieces(text: str) -> list[str]:
    """A text as words and single signs, so that ``F/H`` and ``F / H`` are the same."""
    return _PIECES.findall(text)


class Letters:
    """The letter of each form."""

    def __init__(self, *, title_words: Collection[str] = (), abbreviations: Collection[str] = ()) -> None:
        self.title_words = frozenset(title_words)
        self.abbreviations = frozenset(abbreviations)
        self._known = PerWord(lambda word: ord(self.letter(word)))

    def of(self, words: NumberedWords) -> bytes:
        """One letter a token."""
        return self._known.of(words).astype(np.uint8).tobytes()

    def letter(self, text: str) -> str:
        """The letter of a token's text."""
        if (fixed := _FIXED.get(text)) is not None:
            return fixed
        if text.isspace():
            return _space_letter(text)
        if text[0].isdigit():
            return "1" if text.isdecimal() and len(text) < 3 else "9"
        if text[0].isalpha():
            return self._word_letter(text)
        if set(text) <= {".", "…"}:
            return "e" if len(text) < _LEADER else "x"
        if set(text) <= {"!", "?"}:
            return "!"
        return "9" if any(sign.isdigit() for sign in text) else "x"

    def _word_letter(self, text: str) -> str:
        if text.endswith("."):
            return "D"
        lower = text.lower()
        first = lower if lower.isalpha() else "".join(pieces(lower)[:1])
        column = 0 if text[0].islower() else 2 if text.isupper() else 1
        if first in self.title_words and text != "a":  # the "a" of A/P is no article
            return "fFG"[column]
        if lower in FUNCTION_WORDS:
            return "LKK"[column]
        if text in self.abbreviations or lower in self.abbreviations:
            return "aAA"[column]
        return "lCU"[column]


def _space_letter(text: str) -> str:
    breaks = len(_LINE_BREAKS.findall(text))
    return "N" if breaks > 1 else "n" if breaks else "t" if "\t" in text else "s"


class Outline:
    """The letters of a Doc's tokens, with what is needed to look closer at one of them."""

    def __init__(self, doc: Doc, letters: Letters) -> None:
        self.doc = doc
        self.words = words_of(doc)
        self.letters = letters.of(self.words)

    def __len__(self) -> int:
        return len(self.letters)

    def text(self, token: int) -> str:
        """The text of a token."""
        return self.words.word(token)

    def spaced(self, token: int) -> bool:
        """Whether a space follows the token."""
        return bool(self.doc[token].whitespace_)

    @cached_property
    def offsets(self) -> NDArray[np.int64]:
        """The character offset of each token; asked only where the length of lines decides."""
        return self.doc.to_array("IDX").astype(np.int64)

    @cached_property
    def in_capitals(self) -> bool:
        """Whether the text is written in capitals throughout, so that capitals tell nothing."""
        letters = self.letters
        capitals, lower = (len(letters) - len(letters.translate(None, which)) for which in (b"UG", b"lLf"))
        return capitals > 3 * lower + 3
