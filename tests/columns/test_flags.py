"""Columns of flags and grades: what a cell says of its column's name (``flags.tsv``)."""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd
import pytest
from spacy.language import Language

import mrterms
from mrterms.columns.cleaning import normalize_columns
from mrterms.columns.records import CellValue, CleanResult

with open(Path(__file__).with_name("flags.tsv"), encoding="utf-8", newline="") as _lines:
    CASES = [tuple(row) for row in csv.reader((line for line in _lines if line[0] != "#"), delimiter="\t", quoting=csv.QUOTE_NONE)][1:]


def cells_of(table: pd.DataFrame, column: str, nlp: Language, *, flags: bool = True) -> tuple[CellValue, ...]:
    result: CleanResult = normalize_columns(table, [column], nlp=nlp, flags=flags)
    return result.values  # noqa: PD011  # no pandas


@pytest.mark.parametrize(("column", "header", "cells"), CASES)
def test_a_flag_speaks_of_the_columns_name(nlp: Language, column: str, header: str, cells: str) -> None:
    said = dict(cell.split("=") for cell in cells.split("; "))
    table = pd.DataFrame({name: list(said) if name == column else ["x"] * len(said) for name in header.split("|")})
    values = cells_of(table, column, nlp)
    found = {one.value: "/".join(filter(None, (one.concept_id, one.assertion, one.severity))) for one in values}
    assert found == said
    assert {one.match for one in values} <= {"column", None}
    assert not any(one.concept_id for one in cells_of(table, column, nlp, flags=False))


def test_the_reason_names_the_column(nlp: Language) -> None:
    table = pd.DataFrame({"Prior MI": ["Y", "MI 2009", "Y", None]})
    flag, other = cells_of(table, "Prior MI", nlp)
    assert (flag.count, flag.match, flag.reason) == (2, "column", "the term 'Prior MI' (the column's name, of which the cell says 'Y')")
    assert other.match == "abbreviation"
    assert flag.codes["ICD10CM"] == "I25.2"
    assert [one["text"] for one in flag.all] == ["Y"]


def test_a_column_of_other_concepts_has_no_flags(nlp: Language) -> None:
    table = pd.DataFrame({"valve_lesion": ["MR 2+", "severe AS", "none", "tr"]})
    assert [one.concept_id for one in cells_of(table, "valve_lesion", nlp)][2:] == [None, None]


def test_many_values_are_no_flags(nlp: Language) -> None:
    cells = ["Y", *(f"remark {number}" for number in range(60))]
    assert mrterms.normalize_column(pd.Series(cells, name="Prior MI"), nlp=nlp)["mrterms_concept_id"].isna().all()
