"""The kind of a text, where nobody says it: general note, cardiology report, literature or patient text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

__all__ = ["READ", "SETTINGS", "guess_setting_by"]

SETTINGS: Final = ("general", "cardiology", "literature", "patient")
READ: Final = 200
"""Words read from the start: a document shows its kind early, and the guess must stay cheap."""
_LEAST: Final = 2
_RATE: Final = 0.02
_STRONG: Final = 3


def guess_setting_by(marks: Sequence[str], read: int) -> str:
    """The setting whose cues (``setting:...`` in sense_cues.tsv) stand thickest among the words read; else ``general``.

    ``marks``: the setting of each word that is a cue. One with a ``+`` stands in one kind of text only (``HPI``, ``et al``) and
    counts three times.
    """
    if not marks:
        return "general"
    counts = {setting: marks.count(setting) + _STRONG * marks.count(setting + "+") for setting in SETTINGS}
    setting = max(SETTINGS, key=counts.__getitem__)
    return setting if counts[setting] >= max(_LEAST, _RATE * read) else "general"
