"""Columns of short cells → concepts: distinct values are read once, and what a cell leaves open the column may tell."""

from __future__ import annotations

from mrterms.columns.records import CellValue, CleanResult, Decision

__all__ = ["CellValue", "CleanResult", "Decision"]
