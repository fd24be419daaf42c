"""mrterms: clinical text → one canonical heart-valve or infarction concept a mention, with its status, grade and codes.

Importing the package does no work; the pipeline is imported when one of its names is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mrterms.about import __version__ as __version__
from mrterms.errors import ConfigError, CorpusError, InputError, LexiconError, MissingExtraError, MrtermsError
from mrterms.pandas_hook import register_accessor
from mrterms.records import Note

if TYPE_CHECKING:
    from mrterms.adapters.jobs import export
    from mrterms.cohorts.rollup import rollup
    from mrterms.columns import normalize_column
    from mrterms.columns.strings import normalize
    from mrterms.pipeline import annotate, annotate_many, load

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
    "export",
    "load",
    "normalize",
    "normalize_column",
    "rollup",
]

_LAZY = dict.fromkeys(("annotate", "annotate_many", "load"), "pipeline") | {
    "export": "adapters.jobs",
    "normalize": "columns.strings",
    "normalize_column": "columns",
    "rollup": "cohorts.rollup",
}


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        from importlib import import_module

        return getattr(import_module(f"mrterms.{_LAZY[name]}"), name)
    raise AttributeError(f"module 'mrterms' has no attribute {name!r}")


register_accessor()
