"""mrterms: clinical text → one canonical heart-valve or infarction concept a mention, with its status, grade and codes."""

from __future__ import annotations

from mrterms.errors import ConfigError, CorpusError, InputError, LexiconError, MissingExtraError, MrtermsError
from mrterms.pipeline import annotate, annotate_many, load, normalize
from mrterms.records import Note

__all__ = [
    "ConfigError",
    "CorpusError",
    "InputError",
    "LexiconError",
    "MissingExtraError",
    "MrtermsError",
    "Note",
    "annotate",
    "annotate_many",
    "load",
    "normalize",
]

__version__ = "0.1.0"
