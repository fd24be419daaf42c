"""The roll-up: combination codes, ever and current, worst and latest, by rules that are named."""

from __future__ import annotations

from typing import Any

import pytest

from mrterms.attributes.codes import CodeRules
from mrterms.cohorts.rollup import RULES, rollup
from mrterms.errors import ConfigError, InputError
from mrterms.pipeline import annotate


def mention(
    concept_id: str, status: str = "present", grade: str | None = None, experiencer: str = "patient", **said: str
) -> dict[str, Any]:
    return {
        "start": 0,
        "end": 2,
        "concept_id": concept_id,
        "codes": {},
        "assertion": {"status": status, "experiencer": experiencer},
        "severity": {"value": grade} if grade else None,
        "attributes": [{"kind": kind, "value": value} for kind, value in said.items()],
    }


def codes(*mentions: dict[str, Any], **options: Any) -> list[str]:
    [document] = rollup([{"note_id": "n", "annotations": list(mentions)}], **options)["documents"]
    return sorted(one["code"] for one in document["codes"])


MR, MS, AS, AR, TR, TS = (
    "mitral_regurgitation", "mitral_stenosis", "aortic_stenosis", "aortic_regurgitation", "tricuspid_regurgitation", "tricuspid_stenosis",
)  # fmt: skip
MI = "myocardial_infarction"


@pytest.mark.parametrize(
    ("mentions", "wanted"),
    [
        ([mention(MR)], ["I34.0"]),
        ([mention(MR), mention(AS)], ["I08.0"]),
        ([mention(MR), mention(TR)], ["I08.1"]),
        ([mention(AR), mention(TR)], ["I08.2"]),
        ([mention(MS), mention(AS), mention(TR)], ["I08.3"]),
        ([mention(MR), mention(MS)], ["I05.2"]),
        ([mention(AS), mention(AR)], ["I35.2"]),
        ([mention(AS, cause="rheumatic"), mention(AR)], ["I06.2"]),
        ([mention(TS), mention(TR)], ["I07.2"]),
        ([mention(MR, cause="functional", primacy="secondary"), mention(AS, cause="calcific")], ["I34.0", "I35.0"]),
        ([mention(MR, cause="congenital"), mention(AS)], ["I35.0", "Q23.3"]),
        ([mention(MR), mention(TR, grade="trace")], ["I07.1", "I34.0"]),
        ([mention(MR), mention(AS, "absent")], ["I34.0"]),
        ([mention(MR), mention(AS, "family", experiencer="family")], ["I34.0"]),
        ([mention(MR), mention("mitral_annular_calcification")], ["I34.0", "I34.81"]),
        ([mention(MI)], ["I21.9"]),
        ([mention(MI, "historical")], ["I25.2"]),
        ([mention(MI), mention(MI, infarct_type="stemi"), mention(MI, infarct_type="stemi", territory="inferior")], ["I21.19"]),
        ([mention(MI), mention(MI, age="old")], ["I21.9", "I25.2"]),
        ([mention(MI, "uncertain")], []),
    ],
)
def test_document_codes(mentions: list[dict[str, Any]], wanted: list[str]) -> None:
    assert codes(*mentions) == wanted


def test_trace_counts_where_it_is_asked_to() -> None:
    assert codes(mention(MR), mention(TR, grade="trace"), combine_from="trace") == ["I08.1"]


def test_every_output_names_its_rule() -> None:
    [document] = rollup([{"note_id": "n", "annotations": [mention(MR, grade="mild"), mention(AS), mention(MI)]}])["documents"]
    assert all(one["rule"] in RULES or one["rule"].startswith("mi-") for one in document["codes"])
    assert document["concepts"][0]["worst_grade"]["rule"] in RULES


def test_a_patient_over_time() -> None:
    notes: list[dict[str, Any]] = [
        {"note_id": "b", "patient_id": 7, "date": "2021-05-01", "annotations": [mention(MR, grade="moderate"), mention(TR, "absent")]},
        {"note_id": "a", "patient_id": 7, "date": "2019-05-01", "annotations": [mention(MR, grade="severe"), mention(TR), mention(MI)]},
        {"note_id": "c", "annotations": [{**mention(MR), "concept_id": None}]},
    ]
    rolled = rollup(notes)
    [patient] = rolled["patients"]
    regurgitation, tricuspid, infarct = patient["concepts"]
    assert (regurgitation["worst_grade"]["value"], regurgitation["worst_grade"]["note_id"]) == ("severe", "a")
    assert regurgitation["latest_grade"]["value"] == "moderate"
    assert (regurgitation["first_date"], regurgitation["last_date"]) == ("2019-05-01", "2021-05-01")
    assert (tricuspid["ever"], tricuspid["current"]) == (True, False)
    assert infarct["ever"]
    assert {(one["code"], one["rule"]) for one in patient["codes"]} == {("I34.0", "mr-nos"), ("I25.2", "mi-over-28-days")}
    assert rolled["documents"][2]["ambiguous"] == 1


def test_wrong_input_is_named() -> None:
    with pytest.raises(ConfigError, match="combine_from"):
        rollup([], combine_from="bad")
    with pytest.raises(InputError, match="annotations"):
        rollup([{"note_id": "n"}])
    with pytest.raises(InputError, match="ISO 8601"):
        rollup([{"note_id": "n", "date": "May 1st", "annotations": []}])


def test_patients_over_several_notes() -> None:
    notes: list[dict[str, Any]] = [
        {"note_id": "a1", "patient_id": "A", "date": "2018-03-01", "annotations": [mention(MR, grade="severe"), mention(AS, grade="mild")]},
        {"note_id": "b1", "patient_id": "B", "date": "2020-01-10", "annotations": [mention(MS, grade="moderate"), mention(MR)]},
        {"note_id": "a2", "patient_id": "A", "date": "2022-09-09", "annotations": [mention(MR, "absent"), mention(AS, grade="moderate")]},
        {"note_id": "c1", "patient_id": "C", "date": "2021-01-01", "annotations": [mention(AS), mention(AR, grade="mild")]},
        {"note_id": "c2", "patient_id": "C", "date": "2023-01-01", "annotations": [mention(MI, "family", experiencer="family")]},
    ]
    first, second, third = rollup(notes)["patients"]
    assert [one["patient_id"] for one in (first, second, third)] == ["A", "B", "C"]
    assert [one["notes"] for one in (first, second, third)] == [2, 1, 2]
    regurgitation, stenosis = first["concepts"]
    assert (regurgitation["ever"], regurgitation["current"]) == (True, False)
    assert (regurgitation["worst_grade"]["value"], regurgitation["latest_grade"]["note_id"]) == ("severe", "a1")
    assert (stenosis["current"], stenosis["worst_grade"]["value"], stenosis["latest_grade"]["value"]) == (True, "moderate", "moderate")
    assert (stenosis["first_date"], stenosis["last_date"]) == ("2018-03-01", "2022-09-09")
    assert [(one["code"], one["rule"]) for one in first["codes"]] == [("I35.0", "as-nos")]
    assert [(one["code"], one["rule"]) for one in second["codes"]] == [("I05.2", "I05.2")]
    assert [(one["code"], one["rule"]) for one in third["codes"]] == [("I35.2", "I35.2")]
    infarct = third["concepts"][-1]
    assert (infarct["ever"], infarct["current"], infarct["statuses"]) == (False, None, {"family": 1})


def test_input_order_does_not_decide_what_is_latest() -> None:
    early = {"note_id": "1", "patient_id": "A", "date": "2010-01-01", "annotations": [mention(MR, grade="mild")]}
    late = {"note_id": "2", "patient_id": "A", "date": "2020-01-01", "annotations": [mention(MR, grade="severe")]}
    for notes in ([early, late], [late, early]):
        [patient] = rollup(notes)["patients"]
        assert patient["concepts"][0]["latest_grade"]["note_id"] == "2"


def test_annotated_notes_of_a_patient() -> None:
    texts = {
        "2019-02-03": "Echo: severe mitral regurgitation. Mild aortic stenosis. No tricuspid regurgitation.",
        "2021-06-30": "Echo: moderate mitral regurgitation after repair. Moderate aortic stenosis with mild aortic regurgitation.",
    }
    notes = [annotate(text, note_id=day).to_dict() | {"patient_id": "p", "date": day} for day, text in texts.items()]
    [patient] = rollup(notes)["patients"]
    concepts = {one["concept_id"]: one for one in patient["concepts"]}
    assert concepts[MR]["worst_grade"]["value"] == "severe"
    assert concepts[MR]["latest_grade"]["value"] == "moderate"
    assert (concepts[TR]["ever"], concepts[TR]["current"]) == (False, False)
    assert [(one["code"], one["rule"]) for one in patient["codes"] if one["code"].startswith("I08")] == [("I08.0", "I08.0")]


def test_every_rule_of_a_roll_up_is_explained() -> None:
    every = [mention(MR), mention(MS), mention(TR), mention(AS), mention(AR), mention(TS), mention(MI, "historical"), mention(MI)]
    known = RULES.keys() | CodeRules().sources.keys()
    for one in rollup([{"note_id": str(size), "annotations": every[:size]} for size in range(1, 9)])["documents"]:
        assert all(code["rule"] in known for code in one["codes"])
