"""The columns that a user names."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

from mrterms.adapters.exporters.columns import check_columns, rows
from mrterms.adapters.exporters.options import ExportOptions
from mrterms.adapters.targets import TARGETS
from mrterms.adapters.writers import Format
from mrterms.errors import ConfigError

COLUMNS = ("note_id", "start", "concept_id", "severity.value", "assertion", "codes.ICD10CM", "attributes.eroa", "setting")


def test_values_are_those_of_the_json(real_notes: list[dict[str, Any]]) -> None:
    found = list(rows(real_notes, COLUMNS))
    flat = [(note, one) for note in real_notes for one in note["annotations"] or [{}]]
    assert len(found) == len(flat)
    for row, (note, one) in zip(found, flat, strict=True):
        assert (row["note_id"], row["setting"]) == (note["note_id"], note["setting"])
        assert (row["start"], row["concept_id"]) == (one.get("start"), one.get("concept_id"))
        assert row["severity.value"] == (one.get("severity") or {}).get("value")
        assert row["codes.ICD10CM"] == one.get("codes", {}).get("ICD10CM")
        assert row["assertion"] is None or json.loads(row["assertion"]) == one["assertion"]
    assert {row["attributes.eroa"] for row in found} == {None, "0.4"}


@pytest.mark.parametrize(("form", "mark"), [("csv", ","), ("tsv", "\t")])
def test_tables_of_them(form: Format, mark: str, real_notes: list[dict[str, Any]]) -> None:
    handle, write = io.BytesIO(), TARGETS[form].file
    assert write is not None
    write(handle, real_notes, ExportOptions(columns=("note_id", "text", "sense.status")))
    lines = list(csv.DictReader(io.StringIO(handle.getvalue().decode(), newline=""), delimiter=mark))
    assert len(lines) == sum(max(1, len(note["annotations"])) for note in real_notes)
    assert list(lines[0].values()) == ["1", "MI", "resolved"]
    stenosis = next(line["text"] for line in lines if line["text"].endswith("stenosis"))
    assert stenosis == ("mitral\nstenosis" if form == "csv" else "mitral stenosis")


def test_what_there_is_not_is_named() -> None:
    assert check_columns(COLUMNS) == COLUMNS
    for column, fix in (("severty.value", "did you mean severity.value"), ("codes.", "codes"), ("zzz", "known: note_id")):
        with pytest.raises(ConfigError, match=f"unknown column '{column}'.*{fix}"):
            check_columns(["note_id", column])
