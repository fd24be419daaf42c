"""The kind of a text, where nobody says it: general note, cardiology report, literature or patient text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from mrterms.sense.features import Word

__all__ = ["READ", "SETTINGS", "guess_setting_of_words"]

SETTINGS: Final = ("general", "cardiology", "literature", "patient")
READ: Final = 200
"""Words read from the start: a document shows its kind early, and the guess must stay cheap."""
_LEAST: Final = 2
_RATE: Final = 0.02
_STRONG: Final = 3


def guess_setting_of_words(words: Sequence[Word]) -> str:
    """The setting whose cues (``setting:...`` in sense_cues.tsv) stand thickest in the first words; else ``general``.

    A cue of ``setting:...+`` stands in one kind of text only (``HPI``, ``et al``) and counts three times.
    """
    seen = [word.setting for word in words[:READ] if word.setting]
    if not seen:
        return "general"
    counts = {setting: seen.count(setting) + _STRONG * seen.count(setting + "+") for setting in SETTINGS}
    setting = max(SETTINGS, key=counts.__getitem__)
    return setting if counts[setting] >= max(_LEAST, _RATE * min(len(words), READ)) else "general"
