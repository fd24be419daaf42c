"""The shorthand of cells, written out as a note would have it, so that the rooms made for sentences read it right."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Final

from mrterms.lexicon.resources import lexicon_folder
from mrterms.lexicon.tables import read_table
from mrterms.text.sentences import read_abbreviations

__all__ = ["Notations"]

_STOPPED: Final = re.compile(r"\b([A-Za-z]{2,})\.(?=\s|$)")
_DEGREES: Final = re.compile(r"(?<=[IV1-4])\s?°")
_MINUS: Final = re.compile(r"(?<=[A-Za-z)])\s+[-–−](?=\s*(?:[;,|/+\n]|$))")
_FIGURE: Final = re.compile(r"(?<=\b[ATP][RI] )(?=[1-4]\s*(?:[;,|/&\n(]|$))|(?<=\bMR )(?=[1-4]\s*(?:[;,|/&\n(]|$))")
_DASH: Final = re.compile(r"(?<=\w)[–—](?=\w)")
_SMALL: Final = re.compile(r"([a-z]{2,5})(\s*\d[-\d+/]*)?")
_TRACE: Final = re.compile(r"(?<=\b[A-Z]{2} )tr\b|\btr(?= [A-Z]{2,}\b)")


class Notations:
    """What cells write in their own way.

    - ``INSUFF. MOD``: the full stop of an abbreviation ends no sentence, for a cell has none.
    - ``TR tr``: beside a short form in capitals, a small ``tr`` is the grade (trace).
    - ``AS crit.``, ``MR poss``: words cut short, after ``lexicons/clinical/cell_words.tsv``.
    - ``MR 2``: a bare figure that ends a part is the grade of the regurgitation before it (not of ``MI``, which is counted).
    - ``mvp``, ``mr 2+``: a cell of nothing but a short form, written small; a bare ``mr`` is a man.
    - ``MI II°``: grades with the sign of degrees.
    - ``MI -``: a minus behind the last word of a part denies it.
    """

    def __init__(
        self, abbreviations: Collection[str] | None = None, words: Mapping[str, str] | None = None, forms: Collection[str] = ()
    ) -> None:
        folder = lexicon_folder("clinical")
        found = read_abbreviations(folder / "abbreviations.tsv") if abbreviations is None else abbreviations
        self._abbreviations = {form.lower() for form in found}
        rows = read_table(folder / "cell_words.tsv", ("short", "word", "source")) if words is None else ()
        self._words = {row["short"]: row["word"] for row in rows} | dict(words or {})
        shorts = "|".join(re.escape(short) for short in sorted(self._words, key=len, reverse=True)).replace(r"\ ", r"\.?\s+")
        self._short = re.compile(rf"(?<![\w-])(?:{shorts})(?![\w'’-])\.?", re.IGNORECASE)
        self._forms = frozenset(forms)

    def written_out(self, cell: str) -> str:
        """The cell as a note would write it."""
        text = self._short.sub(self._in_full, _DASH.sub("-", cell))
        text = _STOPPED.sub(self._without_stop, text) if "." in text else text
        text = _MINUS.sub(": no", _DEGREES.sub("", text))
        if (small := _SMALL.fullmatch(text)) and small[1].upper() in self._forms and (small[2] or small[1] not in self._abbreviations):
            text = text.upper()
        return _FIGURE.sub("grade ", _TRACE.sub("trace", text))

    def _in_full(self, found: re.Match[str]) -> str:
        return self._words[re.sub(r"\.?\s+", " ", found[0].rstrip(".").lower())]

    def _without_stop(self, found: re.Match[str]) -> str:
        return found[1] if found[1].lower() in self._abbreviations else found[0]
