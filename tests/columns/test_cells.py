"""Cells in the style of registries and wards (``corpora/cells``): what was reached is not lost again."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import pytest


@pytest.mark.parametrize(("name", "right", "extra"), [("first", 188, 8), ("second", 156, 6), ("third", 97, 2)])
def test_messy_cells(name: str, right: int, extra: int, load_benchmark: Callable[[str], ModuleType]) -> None:
    cells = load_benchmark("cells")
    figures = cells.measure([cells.CELLS / f"{name}.tsv"])[name]
    assert figures["right"] >= right
    assert figures["extra"] <= extra
    assert figures["wrong"] <= 2
