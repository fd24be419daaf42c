"""FHIR R4: a Bundle of type ``collection`` a note, one line of JSON each (NDJSON).

=====================================  ==========================================================================
disorder or finding of the patient     Condition: ``verificationStatus`` confirmed, unconfirmed (uncertain) or refuted
                                       (absent); ``clinicalStatus`` active (present), resolved or inactive (historical)
the same of a relative                 FamilyMemberHistory, status partial
procedure of the patient               Procedure: completed, not-done (absent), unknown (uncertain)
measurement of the patient             Observation, preliminary, with UCUM unit and the Condition as its focus
=====================================  ==========================================================================

Left out, because R4 has no resource that says it without saying more: what is planned or feared, what was not assessed, what is
denied of a relative or told of another person, devices, and ambiguous mentions. Codings have the system names that FHIR R4 and
HL7 Terminology list; codes of other systems stay in the JSON lines. ``code.text`` holds the words of the note, which are patient
text. Note and offsets stand in ``identifier``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO
from uuid import NAMESPACE_URL, uuid5

from mrterms.adapters.exporters.options import ExportOptions, NoteDict
from mrterms.errors import MissingExtraError

__all__ = ["bundle", "validate", "write"]

Resource = dict[str, Any]

_SYSTEMS = {
    "SNOMEDCT": "http://snomed.info/sct",
    "ICD10CM": "http://hl7.org/fhir/sid/icd-10-cm",
    "HPO": "http://human-phenotype-ontology.org",
}
_THO = "http://terminology.hl7.org/CodeSystem/"
_CONDITIONS = ("disorder", "finding")
_VERIFIED = {"present": "confirmed", "historical": "confirmed", "uncertain": "unconfirmed", "absent": "refuted"}
_DONE = {"present": "completed", "historical": "completed", "absent": "not-done", "uncertain": "unknown"}
# The codes of FHIR's own value set condition-severity; it has no others, so that other grades are words alone.
_SEVERITY = {"mild": ("255604002", "Mild"), "moderate": ("6736007", "Moderate"), "severe": ("24484000", "Severe")}
_SPELT_ALIKE = ("%", "cm", "cm/s", "cm2", "cm2/m2", "m/s", "mL", "mm", "mm2", "ms", "s")
_UCUM = {"mmHg": "mm[Hg]", "fraction": "1", **{unit: unit for unit in _SPELT_ALIKE}}
_COMPARATORS = ("<", "<=", ">=", ">")
_DATE = re.compile(r"\d{4}(-\d\d(-\d\d)?)?")
_NOT_OBSERVED = ("count", "ago", "age_at_event")


def write(handle: BinaryIO, notes: Iterable[NoteDict], options: ExportOptions) -> None:
    """A line a note; a note without annotations has a Bundle without entries."""
    for note in notes:
        handle.write(json.dumps(bundle(note, options), ensure_ascii=False).encode() + b"\n")
        handle.flush()


def validate(made: Resource) -> None:
    """Hold a Bundle against the models of ``fhir.resources`` (R4B, whose resources used here are those of R4).

    Raises ``pydantic.ValidationError`` for what is wrong, and :class:`MissingExtraError` without the extra ``fhir``.
    """
    try:
        from fhir.resources.R4B.bundle import Bundle
    except ImportError:
        raise MissingExtraError("fhir.resources", "fhir") from None
    Bundle.model_validate_json(json.dumps(made))


def bundle(note: NoteDict, options: ExportOptions | None = None) -> Resource:
    """The Bundle of an annotated note. Patient and day come from ``options.notes``; else the subject is named by the note."""
    patient, day = (options or ExportOptions()).notes.get(note["note_id"], (None, None))
    context = _Context(str(note["note_id"]), patient, day.isoformat() if day else None)
    entries = [entry for one in note["annotations"] for entry in context.entries(one)]
    made: Resource = {
        "resourceType": "Bundle",
        "identifier": {"system": "urn:mrterms:note", "value": context.note_id},
        "type": "collection",
    }
    # FHIR forbids empty lists; one measurement may stand with two lesions.
    unique = {entry["fullUrl"]: entry for entry in entries}
    return made | {"entry": list(unique.values())} if unique else made


class _Context:
    """The note that resources come from."""

    def __init__(self, note_id: str, patient: str | None, day: str | None) -> None:
        self.note_id, self._day = note_id, day
        self._subject: Resource = {"type": "Patient", "display": f"patient of note {note_id}"}
        if patient is not None:
            self._subject = {"type": "Patient", "identifier": {"value": patient}}

    def entries(self, one: NoteDict) -> Iterator[Resource]:
        status, experiencer = one["assertion"]["status"], one["assertion"]["experiencer"]
        made: Resource | None = None
        if one["semantic_type"] in _CONDITIONS and experiencer == "patient" and status in _VERIFIED:
            made = self._condition(one, status)
        elif one["semantic_type"] in _CONDITIONS and experiencer == "family" and status == "family":
            made = self._relative(one)
        elif one["semantic_type"] == "procedure" and experiencer == "patient" and status in _DONE:
            made = self._procedure(one, status)
        focus = None
        if made is not None:
            entry = self._entry(made, one["start"], one["end"], one["concept_id"])
            focus = entry["fullUrl"]
            yield entry
        if experiencer == "patient":
            yield from (self._observation(found, focus) for found in one["attributes"] if _is_figure(found))

    def _entry(self, resource: Resource, start: int, end: int, what: str) -> Resource:
        place = f"{self.note_id}:{start}-{end}"
        named = {"resourceType": resource.pop("resourceType"), "identifier": [{"system": "urn:mrterms:mention", "value": place}]}
        # The same input gives the same names, so that a second export replaces the first.
        return {"fullUrl": f"urn:uuid:{uuid5(NAMESPACE_URL, f'mrterms:{what}:{place}')}", "resource": named | resource}

    def _condition(self, one: NoteDict, status: str) -> Resource:
        made: Resource = {"resourceType": "Condition"}
        if (clinical := _clinical(status, one["assertion"].get("change"))) is not None:
            made["clinicalStatus"] = _coded(_THO + "condition-clinical", clinical)
        made["verificationStatus"] = _coded(_THO + "condition-ver-status", _VERIFIED[status])
        if grade := (one.get("severity") or {}).get("value"):
            made["severity"] = _severity(grade)
        made |= {"code": _code(one), "subject": self._subject}
        if when := _when(one):
            made["onsetDateTime"] = when
        return made | ({"recordedDate": self._day} if self._day else {})

    def _relative(self, one: NoteDict) -> Resource:
        relationship = _coded(_THO + "v3-RoleCode", "FAMMBR", "family member")
        if said := [cue["text"] for cue in one["assertion"]["cues"] if cue["category"] == "family"]:
            relationship["text"] = _words(said[0])
        made = {"resourceType": "FamilyMemberHistory", "status": "partial", "patient": self._subject, "relationship": relationship}
        return made | ({"date": self._day} if self._day else {}) | {"condition": [{"code": _code(one)}]}

    def _procedure(self, one: NoteDict, status: str) -> Resource:
        made = {"resourceType": "Procedure", "status": _DONE[status], "code": _code(one), "subject": self._subject}
        return made | ({"performedDateTime": when} if (when := _when(one)) else {})

    def _observation(self, found: dict[str, Any], focus: str | None) -> Resource:
        made: Resource = {
            "resourceType": "Observation",
            "status": "preliminary",
            "code": {"text": found["kind"].replace("_", " ")},
            "subject": self._subject,
            **({"focus": [{"reference": focus}]} if focus else {}),
            **({"effectiveDateTime": self._day} if self._day else {}),
            **_value(found),
        }
        return self._entry(made, found["start"], found["end"], found["kind"])


def _clinical(status: str, change: str | None) -> str | None:
    """Of what is only possible or refuted nothing is said."""
    if status == "present":
        return "resolved" if change == "resolved" else "active"
    return "inactive" if status == "historical" else None


def _coded(system: str, code: str, display: str | None = None) -> Resource:
    return {"coding": [{"system": system, "code": code, **({"display": display} if display else {})}]}


def _code(one: NoteDict) -> Resource:
    # ICD-10-CM codes diagnoses: what it has for a procedure (Z95.2) is the state after it.
    systems = {name: uri for name, uri in _SYSTEMS.items() if one["semantic_type"] != "procedure" or name != "ICD10CM"}
    codings = [{"system": systems[system], "code": code} for system, code in (one.get("codes") or {}).items() if system in systems]
    return {**({"coding": codings} if codings else {}), "text": _words(one["text"])}


def _severity(grade: str) -> Resource:
    known = _SEVERITY.get(grade)
    coded = _coded(_SYSTEMS["SNOMEDCT"], *known) if known else {}
    return coded | {"text": grade.replace("_", " to ")}


def _when(one: NoteDict) -> str | None:
    """The date that the text gives to an infarct or a procedure, where it is one of FHIR's (year, month or day)."""
    dates = [str(made["value"]) for made in one["attributes"] if made["kind"] == "date"]
    return dates[0] if len(dates) == 1 and _DATE.fullmatch(dates[0]) else None


def _is_figure(attribute: dict[str, Any]) -> bool:
    return isinstance(attribute["value"], float) and attribute["kind"] not in _NOT_OBSERVED and attribute.get("start") is not None


def _value(found: dict[str, Any]) -> Resource:
    low, high = found.get("low"), found.get("high")
    if low is not None and high is not None:
        return {"valueRange": {"low": _quantity(low, found), "high": _quantity(high, found)}}
    comparator = found.get("comparator")
    return {"valueQuantity": {**_quantity(found["value"], found), **({"comparator": comparator} if comparator in _COMPARATORS else {})}}


def _quantity(figure: float, found: dict[str, Any]) -> Resource:
    unit = found.get("unit")
    coded = {"system": "http://unitsofmeasure.org", "code": _UCUM[unit]} if unit in _UCUM else {}
    return {"value": figure, **({"unit": unit} if unit and unit != "-" else {}), **coded}


def _words(text: str) -> str:
    return " ".join(text.split())
