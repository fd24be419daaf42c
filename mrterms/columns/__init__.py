"""Columns of short cells → concepts: distinct values are read once, and what a cell leaves open the column may tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mrterms.columns.cleaning import normalize_column, normalize_columns
    from mrterms.columns.decisions import read_decisions
    from mrterms.columns.records import CellValue, CleanResult, Decision
    from mrterms.columns.report import write_report
    from mrterms.columns.review import write_review

__all__ = [
    "CellValue",
    "CleanResult",
    "Decision",
    "normalize_column",
    "normalize_columns",
    "read_decisions",
    "write_report",
    "write_review",
]

_LAZY = dict.fromkeys(("CellValue", "CleanResult", "Decision"), "records") | {
    "normalize_column": "cleaning",
    "normalize_columns": "cleaning",
    "read_decisions": "decisions",
    "write_report": "report",
    "write_review": "review",
}
"""Imported when first used: the accessor is registered without importing spaCy."""


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        from importlib import import_module

        return getattr(import_module(f"mrterms.columns.{_LAZY[name]}"), name)
    raise AttributeError(f"module 'mrterms.columns' has no attribute {name!r}")
