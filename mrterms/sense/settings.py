"""The kind of a text, where nobody says it: general note, cardiology report, literature or patient text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from mrterms.sense.features import Word

__all__ = ["SETTINGS", "guess_setting_of_words"]

SETTINGS: Final = ("general", "cardiology", "literature", "patient")
_READ: Final = 400
"""Words read from the start: a document shows its kind early, and the guess must stay cheap."""
_LEAST: Final = 2
_RATE: Final = 0.02


def guess_setting_of_words(words: Sequence[Word]) -> str:
    """The setting whose cues (``setting:...`` in sense_cues.tsv) stand thickest in the first words; else ``general``."""
    counts = Counter(word.setting for word in words[:_READ])
    counts.pop("", None)
    if not counts:
        return "general"
    setting, count = counts.most_common(1)[0]
    return setting if count >= max(_LEAST, _RATE * min(len(words), _READ)) else "general"
