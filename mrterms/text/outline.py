"""A Doc as a string of one letter a token: ``No MR. 1) MI`` is ``CU.1)U``.

Where sentences end and titles stand is then asked of this short string with ordinary regular expressions, and Python
looks at single tokens only where an expression found something.  The letters::

    l lower-case word      C Capitalised word       U WORD IN CAPITALS
    f the same, and the first word of a title       F G  (Capitalised, CAPITALS)
    L function word (of, the, with)                 K  (Of, OF)
    D word with its own full stop (Dr. p.m. J.)     1 number of one or two digits    9 other number (2+, 1.5, 2019)
    . ! ? e(llipsis) : ; ,                          ( [ opening    ) closing    " quote
    - dash                 * bullet                 # Markdown    / slash, ampersand    x anything else
    n line break           N blank line             t tab          s two or more spaces
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cached_property

from spacy.strings import StringStore
from spacy.tokens import Doc

__all__ = ["CAPITALS", "CAPITALISED", "FUNCTION_WORDS", "LOWER", "Letters", "Outline", "pieces"]

LOWER = b"lLf"
CAPITALS = b"UG"
CAPITALISED = b"CFKUG"

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
_LINE_BREAKS = re.compile(r"\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_MOST_FORMS = 500_000


def pieces(text: str) -> list[str]:
    """A text in lower case as words and single signs, so that ``F/H`` and ``f / h`` are the same."""
    return _PIECES.findall(text.lower())


class Letters(dict[int, int]):
    """The letter of each form (by its hash in the string store), filled as forms are met."""

    def __init__(self, title_words: Collection[str]) -> None:
        super().__init__()
        self.title_words = frozenset(title_words)
        self.strings: StringStore | None = None

    def __missing__(self, form: int) -> int:
        if len(self) > _MOST_FORMS:
            self.clear()
        assert self.strings is not None
        letter = self[form] = ord(self.letter(self.strings[form]))
        return letter

    def letter(self, text: str) -> str:
        """The letter of a token's text."""
        if (fixed := _FIXED.get(text)) is not None:
            return fixed
        if text.isspace():
            return _space_letter(text)
        if text[0].isdigit():
            return "1" if text.isdigit() and len(text) < 3 else "9"
        if text[0].isalpha():
            return self._word_letter(text)
        if set(text) <= {".", "…"}:
            return "e"
        if set(text) <= {"!", "?"}:
            return "!"
        return "9" if any(sign.isdigit() for sign in text) else "x"

    def _word_letter(self, text: str) -> str:
        if text.endswith("."):
            return "D"
        first = pieces(text)[:1]
        kind = "F" if first and first[0] in self.title_words else "L" if text.lower() in FUNCTION_WORDS else "C"
        if text[0].islower():
            return {"F": "f", "L": "L", "C": "l"}[kind]
        return {"F": "G" if text.isupper() else "F", "L": "K", "C": "U" if text.isupper() else "C"}[kind]


def _space_letter(text: str) -> str:
    breaks = len(_LINE_BREAKS.findall(text))
    return "N" if breaks > 1 else "n" if breaks else "t" if "\t" in text else "s"


@dataclass
class Outline:
    """The letters of a Doc's tokens, with what is needed to look closer at one of them."""

    doc: Doc
    letters: bytes
    forms: list[int]
    spaced: list[int] = field(repr=False)

    @classmethod
    def of(cls, doc: Doc, letters: Letters) -> Outline:
        """The outline of a Doc."""
        letters.strings = doc.vocab.strings
        columns = doc.to_array(["ORTH", "SPACY"])
        forms: list[int] = columns[:, 0].tolist()
        return cls(doc, bytes(map(letters.__getitem__, forms)), forms, columns[:, 1].tolist())

    def __len__(self) -> int:
        return len(self.forms)

    def text(self, token: int) -> str:
        """The text of a token."""
        text: str = self.doc.vocab.strings[self.forms[token]]
        return text

    @cached_property
    def offsets(self) -> list[int]:
        """The character offset of each token; asked only where the length of lines decides."""
        offsets: list[int] = self.doc.to_array("IDX").tolist()  # type: ignore[attr-defined]
        return offsets

    @cached_property
    def in_capitals(self) -> bool:
        """Whether the text is written in capitals throughout, so that capitals tell nothing."""
        count = self.letters.count
        return count(b"U") + count(b"G") > 3 * (count(b"l") + count(b"L") + count(b"f")) + 3
