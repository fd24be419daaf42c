"""FHIR Bundles are valid R4, and none says more than the text does."""

from __future__ import annotations

import io
import json
from collections import Counter
from datetime import date
from typing import Any

import pytest

from mrterms.adapters.exporters import fhir
from mrterms.adapters.exporters.options import ExportOptions

Found = list[tuple[dict[str, Any], dict[str, Any]]]


def resources(note: dict[str, Any], **options: Any) -> list[dict[str, Any]]:
    return [entry["resource"] for entry in fhir.bundle(note, ExportOptions(**options)).get("entry", ())]


def pairs(notes: list[dict[str, Any]]) -> Found:
    """Each annotation with the resource that was made of it."""
    found: Found = []
    for note in notes:
        made = {(one["resourceType"], one["identifier"][0]["value"]): one for one in resources(note)}
        for one in note["annotations"]:
            place = f"{note['note_id']}:{one['start']}-{one['end']}"
            found += [(one, made[kind, place]) for kind in ("Condition", "Procedure", "FamilyMemberHistory") if (kind, place) in made]
    return found


def code(element: dict[str, Any]) -> str:
    return str(element["coding"][0]["code"])


def test_bundles_are_valid(real_notes: list[dict[str, Any]]) -> None:
    pytest.importorskip("fhir.resources")
    whose = {"1": ("P1", date(2020, 1, 2)), "2": ("P1", None)}
    for note in real_notes:
        fhir.validate(fhir.bundle(note))
        fhir.validate(fhir.bundle(note, ExportOptions(notes=whose)))
    kinds = Counter(one["resourceType"] for note in real_notes for one in resources(note))
    assert all(kinds[name] for name in ("Condition", "Procedure", "FamilyMemberHistory", "Observation"))


def test_the_validator_sees_faults(real_notes: list[dict[str, Any]]) -> None:
    pytest.importorskip("fhir.resources")
    made = fhir.bundle(real_notes[0])
    del made["entry"][0]["resource"]["subject"]
    with pytest.raises(ValueError, match="subject"):
        fhir.validate(made)


VERIFIED = {"present": "confirmed", "historical": "confirmed", "uncertain": "unconfirmed", "absent": "refuted"}
CLINICAL = {"present": "active", "historical": "inactive", "uncertain": None, "absent": None}


def test_the_status_is_that_of_the_text(real_notes: list[dict[str, Any]]) -> None:
    conditions = [(one, made) for one, made in pairs(real_notes) if made["resourceType"] == "Condition"]
    assert {one["assertion"]["status"] for one, _ in conditions} == set(VERIFIED)
    for one, made in conditions:
        status = one["assertion"]["status"]
        assert one["assertion"]["experiencer"] == "patient"
        assert code(made["verificationStatus"]) == VERIFIED[status]
        assert (code(made["clinicalStatus"]) if "clinicalStatus" in made else None) == CLINICAL[status]


def test_what_has_no_resource_is_left_out(real_notes: list[dict[str, Any]]) -> None:
    told = [one for one, _ in pairs(real_notes)]
    for note in real_notes:
        for one in note["annotations"]:
            status, person = one["assertion"]["status"], one["assertion"]["experiencer"]
            if one["concept_id"] is None or status in ("hypothetical", "not_assessed") or (person != "patient" and status != "family"):
                assert one not in told


def test_a_relative_is_not_the_patient(real_notes: list[dict[str, Any]]) -> None:
    [(one, made)] = [(one, made) for one, made in pairs(real_notes) if made["resourceType"] == "FamilyMemberHistory"]
    assert one["assertion"]["status"] == "family"
    assert (code(made["relationship"]), made["relationship"]["text"]) == ("FAMMBR", "Father")


def test_codings_are_those_of_the_annotation(real_notes: list[dict[str, Any]]) -> None:
    systems = {
        "http://snomed.info/sct": "SNOMEDCT",
        "http://hl7.org/fhir/sid/icd-10-cm": "ICD10CM",
        "http://human-phenotype-ontology.org": "HPO",
    }
    for one, made in pairs(real_notes):
        element = made["condition"][0]["code"] if made["resourceType"] == "FamilyMemberHistory" else made["code"]
        assert element["text"] == " ".join(one["text"].split())
        for coding in element.get("coding", ()):
            assert one["codes"][systems[coding["system"]]] == coding["code"]
        if made["resourceType"] == "Procedure":
            assert not [coding for coding in element.get("coding", ()) if "icd-10-cm" in coding["system"]]


def test_procedures_have_their_year(real_notes: list[dict[str, Any]]) -> None:
    made = {one["code"]["text"]: one for one in resources(real_notes[1]) if one["resourceType"] == "Procedure"}
    assert (made["MVR"]["status"], made["MVR"]["performedDateTime"]) == ("completed", "2014")
    [denied] = [one for one in resources(real_notes[4]) if one["resourceType"] == "Procedure"]
    assert denied["status"] == "not-done"


def test_measurements_have_units_and_their_lesion(real_notes: list[dict[str, Any]]) -> None:
    made = fhir.bundle(real_notes[0])["entry"]
    figures = {entry["resource"]["code"]["text"]: entry["resource"] for entry in made if entry["resource"]["resourceType"] == "Observation"}
    area = figures["eroa"]["valueQuantity"]
    assert (area["value"], area["comparator"], area["code"], area["system"]) == (0.4, ">", "cm2", "http://unitsofmeasure.org")
    gradient = figures["mean gradient"]["valueRange"]
    assert (gradient["low"]["value"], gradient["high"]["value"], gradient["low"]["code"]) == (5.0, 7.0, "mm[Hg]")
    lesions = {entry["fullUrl"] for entry in made if entry["resource"]["resourceType"] == "Condition"}
    assert figures["eroa"]["focus"][0]["reference"] in lesions


def test_patient_and_day_come_from_the_table(real_notes: list[dict[str, Any]]) -> None:
    [first, *_] = resources(real_notes[0], notes={"1": ("P1", date(2020, 1, 2))})
    assert (first["subject"]["identifier"], first["recordedDate"]) == ({"value": "P1"}, "2020-01-02")
    [first, *_] = resources(real_notes[0])
    assert first["subject"]["display"] == "patient of note 1"


def test_a_line_a_note_and_the_same_names_again(real_notes: list[dict[str, Any]]) -> None:
    first, second = io.BytesIO(), io.BytesIO()
    fhir.write(first, real_notes, ExportOptions())
    fhir.write(second, real_notes, ExportOptions())
    assert first.getvalue() == second.getvalue()
    bundles = [json.loads(line) for line in first.getvalue().splitlines()]
    assert [one["identifier"]["value"] for one in bundles] == [note["note_id"] for note in real_notes]
    names = [entry["fullUrl"] for one in bundles for entry in one.get("entry", ())]
    assert len(names) == len(set(names))
