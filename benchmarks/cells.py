"""Right, wrong, missed and left open, over cells in the style of registries and wards: ``corpora/cells``.

    python benchmarks/cells.py [FILE...] [--json FILE] [--md FILE]

Each column of a file is one table. A concept is right where concept, status and grade are; a cell where all of its concepts are
and nothing else was found. The files tell which of them were seen before the last mending.
"""

from __future__ import annotations

import argparse
import csv
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from figures import add_options, keep

from mrterms.columns import CellValue, normalize_columns
from mrterms.evaluation.markup import SCORED_CONCEPTS

CELLS = Path(__file__).resolve().parents[1] / "corpora" / "cells"
KINDS = ("right", "status", "grade", "wrong", "missed", "open", "extra")


@dataclass(frozen=True)
class Expected:
    """One item of a cell; ``optional``: neither finding nor missing it counts."""

    concepts: frozenset[str]
    statuses: frozenset[str]
    grades: frozenset[str]
    optional: bool

    @classmethod
    def parse(cls, item: str) -> Expected:
        """From ``~concept|concept/status/grade``."""
        concepts, status, grade = [*item.removeprefix("~").split("/"), "", ""][:3]
        parts = (frozenset(part.split("|")) for part in (concepts, status or "present", grade))
        return cls(*parts, optional=item.startswith("~"))

    def judge(self, found: Mapping[str, Any]) -> str:
        """What a concept that was found is."""
        concept = found["concept_id"] or "open"
        if concept not in self.concepts:
            return "open" if concept == "open" else "wrong"
        if concept != "open" and self.statuses.isdisjoint((found["assertion"], "*")):
            return "status"
        if concept != "open" and self.grades.isdisjoint((found["severity"] or "", "*")):
            return "grade"
        return "right"


def read_cells(path: Path) -> dict[str, dict[str, list[Expected]]]:
    """By column: what each cell means."""
    tables: dict[str, dict[str, list[Expected]]] = {}
    with open(path, encoding="utf-8", newline="") as lines:
        rows = csv.DictReader((line for line in lines if not line.startswith("# ")), delimiter="\t", quoting=csv.QUOTE_NONE)
        for row in rows:
            items = [Expected.parse(item) for item in row["expected"].split("; ") if item]
            tables.setdefault(row["column"], {})[row["cell"]] = items
    return tables


def verdicts(items: list[Expected], value: CellValue) -> Iterator[str]:
    """One of :data:`KINDS` for each item of a cell, and ``extra`` for what nobody expected."""
    found = [dict(one) for one in value.all if one["concept_id"] is None or one["concept_id"] in SCORED_CONCEPTS]
    if value.problems:  # code and text contradict each other, so the cell has no concept
        found = [{"concept_id": None}]
    for item in sorted(items, key=lambda one: one.optional):
        judged = [(item.judge(one), one) for one in found]
        for kind in ("right", "status", "grade", "open") if not item.optional else ("right", "status", "grade"):
            fitting = [one for verdict, one in judged if verdict == kind]
            if fitting:
                found.remove(fitting[0])
                break
        else:
            kind = "wrong" if "open" in item.concepts and found else "missed"
            del found[: kind == "wrong"]
        if not item.optional:
            yield kind
    named = {concept for item in items for concept in item.concepts}
    yield from ("extra" for one in found if one["concept_id"] not in named)


def measure(paths: list[Path]) -> dict[str, Any]:
    """The figures of each file."""
    report: dict[str, Any] = {}
    for path in paths:
        counts, right, cells, differences = Counter[str](), 0, 0, []
        for column, expected in read_cells(path).items():
            cleaned = normalize_columns(pd.DataFrame({column: list(expected)}), [column])
            for value in cleaned.values:  # noqa: PD011  # no frame's
                kinds = list(verdicts(expected[value.value], value))
                counts.update(kinds)
                cells += 1
                right += set(kinds) <= {"right"}
                if not set(kinds) <= {"right"}:
                    said = ", ".join(f"{one['concept_id'] or 'open'}/{one['assertion']}/{one['severity'] or ''}" for one in value.all)
                    differences.append([column, value.value, " ".join(kind for kind in kinds if kind != "right"), said])
        expected_concepts = sum(counts.values()) - counts["extra"]
        report[path.stem] = {"cells": cells, "cells_right": right, "concepts": expected_concepts, **{kind: counts[kind] for kind in KINDS}}
        report[path.stem]["differences"] = differences
    return report


def as_markdown(report: Mapping[str, Any]) -> str:
    """The figures as a table, and every difference."""
    lines = ["| cells of | wholly right | concepts expected | " + " | ".join(KINDS) + " |", "|---|---|---|" + "---|" * len(KINDS)]
    for name, row in report.items():
        counts = " | ".join(str(row[kind]) for kind in KINDS)
        lines.append(f"| {name} | {row['cells_right']} of {row['cells']} | {row['concepts']} | {counts} |")
    for name, row in report.items():
        lines += ["", f"{name} (column, cell, what was not right, what was said):", ""]
        lines += [f"- {' — '.join(one)}" for one in row["differences"]]
    return "\n".join([*lines, ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path)
    add_options(parser)
    options = parser.parse_args()
    report = measure(options.files or [CELLS / f"{name}.tsv" for name in ("first", "second", "third")])
    keep(options, report, as_markdown(report))


if __name__ == "__main__":
    main()
