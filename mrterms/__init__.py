"""mrterms: clinical text → one canonical heart-valve or infarction concept a mention, with its status, grade and codes.

Importing the package does no work; the pipeline is imported when one of its names is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mrterms.errors import ConfigError, CorpusError, InputError, LexiconError, MissingExtraError, MrtermsError
from mrterms.records import Note

if TYPE_CHECKING:
    from mrterms.patients import rollup
    from mrterms.pipeline import annotate, annotate_many, load, normalize

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
    "rollup",
]

__version__ = "0.1.0"

_LAZY = {"annotate": "pipeline", "annotate_many": "pipeline", "load": "pipeline", "normalize": "pipeline", "rollup": "patients"}


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        from importlib import import_module

        return getattr(import_module(f"mrterms.{_LAZY[name]}"), name)
    raise AttributeError(f"module 'mrterms' has no attribute {name!r}")
