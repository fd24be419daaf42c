"""The shorthand of cells, written out as a note would have it, so that the rooms made for sentences read it right."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from mrterms.lexicon.resources import lexicon_folder
from mrterms.text.sentences import read_abbreviations

__all__ = ["Notations"]

_STOPPED: Final = re.compile(r"\b([A-Za-z]{2,})\.(?=\s|$)")
_DEGREES: Final = re.compile(r"(?<=[IV1-4])\s?°")
_MINUS: Final = re.compile(r"(?<=[A-Za-z)])\s+[-–−](?=\s*(?:[;,|/+\n]|$))")
_TRACE: Final = re.compile(r"(?<=\b[A-Z]{2} )tr\b|\btr(?= [A-Z]{2,}\b)")


class Notations:
    """What cells write in their own way.

    - ``INSUFF. MOD``: the full stop of an abbreviation ends no sentence, for a cell has none.
    - ``TR tr``: beside a short form in capitals, a small ``tr`` is the grade (trace).
    - ``MI II°``: grades with the sign of degrees.
    - ``MI -``: a minus behind the last word of a part denies it.
    """

    def __init__(self, abbreviations: Collection[str] | None = None) -> None:
        found = read_abbreviations(lexicon_folder("clinical") / "abbreviations.tsv") if abbreviations is None else abbreviations
        self._abbreviations = {form.lower() for form in found}

    def written_out(self, cell: str) -> str:
        """The cell as a note would write it."""
        text = _STOPPED.sub(self._without_stop, cell) if "." in cell else cell
        text = _MINUS.sub(": no", _DEGREES.sub("", text))
        return _TRACE.sub("trace", text)

    def _without_stop(self, found: re.Match[str]) -> str:
        return found[1] if found[1].lower() in self._abbreviations else found[0]
