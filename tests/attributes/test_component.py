"""The component: what following sentences add, and codes with the rules that made them."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest

from mrterms.adapters.writers import WRITERS, Format
from mrterms.attributes.codes import CONCEPT, CodeRules
from mrterms.pipeline import annotate

ROWS = [
    line.split("\t")
    for line in (Path(__file__).parent / "continued_cases.tsv").read_text(encoding="utf-8").splitlines()
    if line[:1] not in ("#", "")
][1:]


def said(one: dict[str, Any]) -> str:
    grade = (one["severity"] or {}).get("value") or "none"
    figures = [f"{a['kind']}={a['value']:g}" for a in one["attributes"] if isinstance(a["value"], float)]
    return "; ".join([f"{one['concept_id']}: {grade}", *figures])


@pytest.mark.parametrize(("text", "wanted"), ROWS)
def test_what_following_sentences_say(text: str, wanted: str) -> None:
    text = text.replace("\\n", "\n")
    annotations = annotate(text).annotations
    assert "|".join(map(said, annotations)) == wanted
    for one in annotations:
        for attribute in one["attributes"]:
            assert "text" not in attribute or text[attribute["start"] : attribute["end"]] == attribute["text"]


@pytest.mark.parametrize(
    ("text", "code", "rule"),
    [
        ("Severe mitral regurgitation.", "I34.0", "mr-nos"),
        ("Rheumatic mitral regurgitation.", "I05.1", "mr-rheumatic"),
        ("Old inferior myocardial infarction.", "I25.2", "mi-historical"),
        ("STEMI of the inferior wall.", "I21.19", "mi-stemi-inferior"),
        ("NSTEMI today.", "I21.4", "mi-nstemi"),
    ],
)
def test_codes_name_their_rules(text: str, code: str, rule: str) -> None:
    [one] = annotate(text).annotations
    assert one["codes"]["ICD10CM"] == code
    assert rule in one["code_rules"]


def test_each_code_has_a_rule_and_reading_twice_changes_nothing() -> None:
    rules = CodeRules()
    text = "Rheumatic MS, severe mitral regurgitation, old MI, STEMI in 2019, s/p bioprosthetic AVR, myxomatous mitral valve."
    for one in annotate(text).annotations:
        assert bool(one["codes"]) == bool(one["code_rules"])
        assert all(rule == CONCEPT or rule in rules.sources for rule in one["code_rules"])
        assert rules.codes_of(one)[0] == one["codes"]


def test_codes_of_two_annotations_are_not_one_dict() -> None:
    first, second = annotate("Severe mitral regurgitation. Severe mitral regurgitation.").annotations
    assert first["codes"] == second["codes"]
    assert first["codes"] is not second["codes"]


@pytest.mark.parametrize("form", ["jsonl", "csv", "tsv", "parquet", "html"])
def test_every_format_has_grade_status_codes_rules_and_measurements(form: Format) -> None:
    text = "Severe rheumatic mitral regurgitation. EROA 0.15 cm2."
    handle = io.BytesIO()
    WRITERS[form](handle, [annotate(text, note_id="n").to_dict() | {"source": text}])
    written = handle.getvalue()
    if form == "parquet":
        import pyarrow.parquet as pq

        written = str(pq.read_table(io.BytesIO(written)).to_pylist()).encode()
    for part in ("severe", "present", "I05.1", "mr-rheumatic", "0.15", "conflict", "rheumatic"):
        assert part.encode() in written, part


def test_a_row_reads_measurements_plainly() -> None:
    handle = io.BytesIO()
    WRITERS["csv"](handle, [annotate("Mild mitral regurgitation, EROA > 0.4, VC 3-4 mm.", note_id="n").to_dict()])
    [row] = csv.DictReader(io.StringIO(handle.getvalue().decode()))
    assert row["measurements"].startswith("eroa > 0.4 cm2 (unit assumed); severity severe by eroa; ")
    assert "conflict: stated mild, by eroa severe" in row["measurements"]
    assert "vena_contracta 3 to 4 mm" in row["measurements"]
    assert (row["severity"], row["severity_low"], row["code_rules"]) == ("mild", "mild", "mr-nos|concept")
