"""The shorthand of cells, written out as a note would have it, so that the rooms made for sentences read it right."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Final

from mrterms.lexicon.resources import lexicon_folder
from mrterms.lexicon.tables import read_table
from mrterms.text.sentences import read_abbreviations

__all__ = ["NO", "Notations"]

NO: Final = ": no"
"""How "MR -" is written out."""

_SIGN: Final = re.compile(r"[0-9+=/|'’°–—−-]")
"""Most cells have none of these, and so nothing of what is written with them."""
_STOPPED: Final = re.compile(r"\b([A-Za-z]{2,})\.(?=\s|$)")
_DEGREES: Final = re.compile(r"(?<=[IV1-4])\s?°")
_MINUS: Final = re.compile(r"(?<=[A-Za-z)])\s+[-–−](?=\s*(?:[;,|/+\n]|$))")
_FIGURE: Final = re.compile(r"(?<=\b[ATP][RI] |\bMR )(?=[1-4]\s*(?:[;,|/&\n(]|$))")
_PLUSES: Final = re.compile(r"(?<=\b[ATP][RI]|\bMR)\s?(\+{1,4})(?=$|[\s;,|/&()])")
_EQUALS: Final = re.compile(r"(?<=\b[ATP][RIS]|\bM[RS])\s?=\s?(?=[0-4]\+?\s*(?:$|[^\d.,%/-]))")
_ALIGNED: Final = re.compile(
    r"(?<![\w/])(?P<forms>[A-Z]{2}(?:\s?/\s?[A-Z]{2})+)\s*[:=,-]?\s*(?P<grades>(?!and/or)(?:[0-4]\+?|[a-z]{2,})(?:\s?/\s?(?:[0-4]\+?|[a-z]{2,}))+)(?![\w/])"
)
_NEXT: Final = re.compile(r"(?<=\b(?:[ATP][RIS]|M[RS]) [0-4])\s+(?=[AMTP][RIS]\b)")
_SHORT_YEAR: Final = re.compile(r"(?<![\w'’])['’](\d\d)(?![\w'’])")
_CENTURY: Final = 40
"""From here on two figures are a year of the last century."""
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
    - ``AR=0 MR=1``: a sign of equality binds a figure to its lesion, and the next lesion begins a new part.
    - ``MR++``: two and more plus signs are a grade; one says that it is there.
    - ``MR/AR/TR: 2+/1+/1+``: as many grades as lesions go with them one by one (not ``2/4``, two of four).
    - ``MI '09``: a year cut short.
    - ``I36.1|TR``: a bar parts words though no blank stands beside it.
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
        text = self._short.sub(self._in_full, _signs_written_out(cell) if _SIGN.search(cell) else cell)
        text = _STOPPED.sub(self._without_stop, text) if "." in text else text
        if (small := _SMALL.fullmatch(text)) and small[1].upper() in self._forms and (small[2] or small[1] not in self._abbreviations):
            text = text.upper()
        text = _grades_written_out(text) if _SIGN.search(text) else text
        return _TRACE.sub("trace", text) if "tr" in text else text

    def _in_full(self, found: re.Match[str]) -> str:
        return self._words[re.sub(r"\.?\s+", " ", found[0].rstrip(".").lower())]

    def _without_stop(self, found: re.Match[str]) -> str:
        return found[1] if found[1].lower() in self._abbreviations else found[0]


def _signs_written_out(text: str) -> str:
    return _SHORT_YEAR.sub(_in_four_figures, _DASH.sub("-", text).replace("|", " | "))


def _grades_written_out(text: str) -> str:
    text = _MINUS.sub(NO, _DEGREES.sub("", text))
    text = _ALIGNED.sub(_one_by_one, _PLUSES.sub(_pluses_in_figures, _NEXT.sub(", ", _EQUALS.sub(" ", text))))
    return _FIGURE.sub("grade ", text)


def _pluses_in_figures(found: re.Match[str]) -> str:
    number = len(found[1])
    return f" {number}+" if number > 1 else " +"


def _one_by_one(found: re.Match[str]) -> str:
    forms, grades = (found[name].split("/") for name in ("forms", "grades"))
    if len(forms) != len(grades) or (len(grades) == 2 and grades[1].strip().startswith("4")):  # "AS/AR 2/4": of four
        return found[0]
    return ", ".join(f"{form.strip()} {grade.strip()}" for form, grade in zip(forms, grades, strict=True))


def _in_four_figures(found: re.Match[str]) -> str:
    return f"{19 if int(found[1]) >= _CENTURY else 20}{found[1]}"
