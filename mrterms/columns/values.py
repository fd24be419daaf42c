"""Cells of any kind → their text forms, each distinct one once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["Distinct", "distinct_values", "joined"]

_LARGE: Final = 1_000
"""From here on a float without a fraction is a number that a missing value beside it made a float (48724000.0)."""


@dataclass(frozen=True)
class Distinct:
    """The distinct text forms of a column in the order of their first row; ``rows`` holds the place of each row's, -1 missing."""

    texts: tuple[str, ...]
    rows: NDArray[np.int64]

    @cached_property
    def counts(self) -> Mapping[str, int]:
        """Rows by value."""
        found = np.bincount(self.rows[self.rows >= 0], minlength=len(self.texts)).tolist()
        return dict(zip(self.texts, found, strict=True))


def distinct_values(series: pd.Series[Any]) -> Distinct:
    """The distinct text forms of a column of any dtype. Missing values (None, NaN, NaT, NA) have none."""
    if isinstance(series.dtype, pd.CategoricalDtype):
        inner = distinct_values(series.cat.categories.to_series())
        codes = np.asarray(series.cat.codes, dtype=np.int64)
        return _in_order_of_rows(inner.texts, np.where(codes >= 0, np.append(inner.rows, -1)[codes], -1))
    if isinstance(series.dtype, pd.StringDtype):
        codes, uniques = pd.factorize(series)
        return Distinct(tuple(map(str, uniques)), np.asarray(codes, dtype=np.int64))
    missing = series.isna().to_numpy(dtype=bool)
    places: dict[str, int] = {}
    rows = np.fromiter(
        (-1 if absent else places.setdefault(_text(value), len(places)) for value, absent in zip(series.tolist(), missing, strict=True)),
        dtype=np.int64,
        count=len(series),
    )
    return Distinct(tuple(places), rows)


def joined(columns: list[Distinct], chosen: NDArray[np.bool_]) -> tuple[list[str], NDArray[np.int64]]:
    """The distinct joint texts of several columns over the chosen rows, and for each row its place (-1: not chosen, or blank)."""
    places: dict[tuple[int, ...], int] = {}
    table = np.column_stack([one.rows for one in columns])
    rows = np.full(len(table), -1, dtype=np.int64)
    for row in np.flatnonzero(chosen).tolist():
        rows[row] = places.setdefault(tuple(table[row].tolist()), len(places))
    return [", ".join(_parts(columns, key)) for key in places], rows


def _parts(columns: list[Distinct], key: tuple[int, ...]) -> list[str]:
    found = [one.texts[place].strip() for one, place in zip(columns, key, strict=True) if place >= 0]
    return [part for part in found if part]


def _in_order_of_rows(values: tuple[str, ...], rows: NDArray[np.int64]) -> Distinct:
    """Only the values that stand in a row, by their first row."""
    kept, first = np.unique(rows[rows >= 0], return_index=True)
    order = kept[np.argsort(first)]
    places = np.full(len(values) + 1, -1, dtype=np.int64)
    places[order] = np.arange(len(order))
    return Distinct(tuple(values[place] for place in order.tolist()), places[rows])


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer() and abs(value) >= _LARGE:
        return str(int(value))
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    return str(value)
