"""NOTE_NLP: required fields, the convention of ``term_exists``, and no concept id that the user did not give."""

from __future__ import annotations

import csv
import io
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from mrterms.adapters.exporters import omop
from mrterms.adapters.exporters.options import ExportOptions, read_concept_map
from mrterms.errors import ConfigError, InputError

DAY = date(2026, 3, 31)


def written(notes: list[dict[str, Any]], **options: Any) -> list[dict[str, str]]:
    handle = io.BytesIO()
    omop.write(handle, notes, ExportOptions(day=DAY, **options))
    return list(csv.DictReader(io.StringIO(handle.getvalue().decode(), newline="")))


def test_every_required_field_is_filled_and_none_is_too_long(real_notes: list[dict[str, Any]]) -> None:
    rows = written(real_notes, snippet=True)
    assert list(rows[0]) == list(omop.FIELDS)
    assert [row["note_nlp_id"] for row in rows] == [str(number) for number in range(1, len(rows) + 1)]
    assert len(rows) == sum(len(note["annotations"]) for note in real_notes)
    for row in rows:
        assert all(row[name] for name in ("note_nlp_id", "note_id", "lexical_variant", "nlp_date"))
        assert len(row["snippet"]) <= 250
        assert len(row["lexical_variant"]) <= 250
        assert len(row["term_modifiers"]) <= 2000
        assert row["term_exists"] in ("Y", "N")
        assert row["nlp_system"].startswith("mrterms ")
        assert (row["nlp_date"], row["note_nlp_concept_id"]) == ("2026-03-31", "0")
        assert row["lexical_variant"] in row["snippet"]


def test_the_offset_finds_the_words(real_notes: list[dict[str, Any]]) -> None:
    source = {note["note_id"]: note["source"] for note in real_notes}
    for row in written(real_notes):
        assert "".join(source[row["note_id"]][int(row["offset"]) :].split()).startswith("".join(row["lexical_variant"].split()))


def test_term_exists_only_for_what_the_patient_has_or_had(real_notes: list[dict[str, Any]], statuses: set[str]) -> None:
    assert {"present", "absent", "uncertain", "historical", "family", "hypothetical"} <= statuses
    for row in written(real_notes):
        told = dict(part.split("=", 1) for part in row["term_modifiers"].split(","))
        has = told["status"] in ("present", "historical") and told["subject"] == "patient" and told["sense"] != "ambiguous"
        assert row["term_exists"] == ("Y" if has else "N")
        assert told["negation"] == str(told["status"] == "absent").lower()
        if told["status"] == "historical":
            assert row["term_temporal"] == "past"


def test_the_snippet_is_off_unless_asked_for(real_notes: list[dict[str, Any]]) -> None:
    assert {row["snippet"] for row in written(real_notes)} == {""}


def test_concept_ids_are_the_users(real_notes: list[dict[str, Any]], tmp_path: Path) -> None:
    path = tmp_path / "map.tsv"
    path.write_text("concept_id\tomop_concept_id\nmitral_regurgitation\t123\n")
    rows = written(real_notes, concept_map=read_concept_map(path))
    numbers = {("concept=mitral_regurgitation" in row["term_modifiers"], row["note_nlp_concept_id"]) for row in rows}
    assert numbers == {(True, "123"), (False, "0")}


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ("concept\tnumber\n", "map.tsv:1: no columns concept_id and omop_concept_id"),
        ("concept_id\tomop_concept_id\nmr\tx1\n", "map.tsv:2: not a concept id and a number"),
        ("concept_id\tomop_concept_id\nmr\n", "map.tsv:2: not a concept id and a number"),
        ("concept_id\tomop_concept_id\nmr\t1\nmr\t2\n", "map.tsv:3: a concept that stands above already"),
    ],
)
def test_faults_of_the_map_are_named(table: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "map.tsv"
    path.write_text(table.replace("mr\n", "mr\t\n"))
    with pytest.raises(ConfigError, match=told):
        read_concept_map(path)


def test_a_note_id_must_be_an_integer(real_notes: list[dict[str, Any]]) -> None:
    with pytest.raises(InputError, match=r"no integer.*--id-column"):
        written([real_notes[0] | {"note_id": "a1"}])
