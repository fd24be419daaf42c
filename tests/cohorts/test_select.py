"""Who belongs to a cohort, and how many are lost at which step."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mrterms.cohorts.definitions import Definition, define_concepts
from mrterms.cohorts.rollup import rollup
from mrterms.cohorts.select import Cohorts, Member, select
from mrterms.records import GRADES

MR, AS, MI = "mitral_regurgitation", "aortic_stenosis", "myocardial_infarction"


def mention(
    concept_id: str | None, status: str = "present", grade: str | None = None, person: str = "patient", **more: Any
) -> dict[str, Any]:
    return {
        "concept_id": concept_id,
        "start": 0,
        "end": 2,
        "assertion": {"status": status, "experiencer": person},
        "severity": {"value": grade} if grade else None,
        **more,
    }


def note(note_id: str, patient: str | None, day: str | None, *mentions: dict[str, Any]) -> dict[str, Any]:
    return {"note_id": note_id, "patient_id": patient, "date": day, "annotations": list(mentions)}


def flow(cohorts: Cohorts, name: str) -> list[int]:
    return [step.patients for step in cohorts.flow if step.definition == name]


def met(definition: Definition, *notes: dict[str, Any]) -> Member:
    [patient] = select(notes, [definition]).patients
    return patient.members[definition.name]


def one(**criteria: Any) -> Definition:
    return Definition(name="d", concept=criteria.pop("concept", (MR,)), **criteria)


@pytest.mark.parametrize(
    ("criteria", "mentions", "wanted"),
    [
        ({}, [mention(MR)], True),
        ({}, [mention(MR, "historical")], True),
        ({}, [mention(MR, "absent")], False),
        ({}, [mention(MR, "uncertain")], False),
        ({}, [mention(AS)], False),
        ({}, [mention(MR, person="family")], False),
        ({"status": ("uncertain",)}, [mention(MR, "uncertain")], True),
        ({"experiencer": "family", "status": ("family",)}, [mention(MR, "family", person="family")], True),
        ({"severity_at_least": "trace"}, [mention(MR, grade="trace")], True),
        ({"severity_at_least": "moderate"}, [mention(MR, grade="mild_moderate")], False),
        ({"severity_at_least": "moderate"}, [mention(MR, grade="torrential")], True),
        ({"severity_at_least": "moderate"}, [mention(MR)], False),
        ({"severity_at_most": "mild"}, [mention(MR, grade="mild")], True),
        ({"severity_at_most": "mild"}, [mention(MR, grade="mild_moderate")], False),
        ({"severity_at_most": "mild"}, [mention(MR)], False),
        ({"severity_at_least": "moderate"}, [mention(MR, "absent", "severe"), mention(MR, grade="mild")], False),
        ({"after": date(2020, 5, 1)}, [mention(MR)], True),
        ({"after": date(2020, 5, 2)}, [mention(MR)], False),
        ({"before": date(2020, 5, 1)}, [mention(MR)], False),
        ({"before": date(2020, 5, 2)}, [mention(MR)], True),
        ({"at_least": 2}, [mention(MR), mention(MR)], False),
        ({"concept": ("functional_mitral_regurgitation",)}, [mention(MR)], False),
        (
            {"concept": ("functional_mitral_regurgitation",)},
            [mention(MR, attributes=[{"kind": "subtype", "value": "functional_mitral_regurgitation"}])],
            True,
        ),
    ],
)
def test_a_mention_meets_all_criteria_or_none(criteria: dict[str, Any], mentions: list[dict[str, Any]], wanted: bool) -> None:
    assert met(one(**criteria), note("n", "p", "2020-05-01", *mentions)).met is wanted


def test_times_are_counted_in_notes() -> None:
    notes = [note("1", "p", "2020-05-01", mention(MR)), note("2", "p", "2021-05-01", mention(MR))]
    assert met(one(at_least=2), *notes).met
    assert not met(one(at_least=3), *notes).met


def test_an_undated_note_is_in_no_window() -> None:
    assert not met(one(after=date(1900, 1, 1)), note("1", "p", None, mention(MR))).met
    assert met(one(), note("1", "p", None, mention(MR))).to_dict()["first_date"] is None


def test_current_is_what_the_last_note_says() -> None:
    notes = [note("2", "p", "2021-05-01", mention(MR, "absent")), note("1", "p", "2020-05-01", mention(MR))]
    assert met(one(), *notes).to_dict() | {"evidence": []} == {
        "ever": True, "current": False, "first_date": "2020-05-01", "last_date": "2020-05-01", "worst_grade": None,
        "notes": 1, "to_review": 0, "evidence": [],
    }  # fmt: skip
    assert not met(one(current=True), *notes).met
    assert met(one(current=False), *notes).met


def test_ambiguous_mentions_are_left_to_the_reader() -> None:
    candidates = {"candidates": [{"concept_id": MI, "probability": 0.6}, {"concept_id": MR, "probability": 0.35}]}
    rare = {"candidates": [{"concept_id": MI, "probability": 0.9}, {"concept_id": MR, "probability": 0.01}]}
    found = met(one(), note("1", "p", None, mention(None, sense=candidates), mention(None, sense=rare)))
    assert (found.met, found.to_review) == (False, 1)


NOTES = [
    note("a1", "a", "2019-01-01", mention(MR, grade="severe")),
    note("a2", "a", "2020-01-01", mention(AS)),
    note("b1", "b", "2019-01-01", mention(MR, grade="mild"), mention(MI, "historical")),
    note("c1", "c", "2019-01-01", mention(AS, "absent")),
    note("d1", None, "2019-01-01", mention(MR)),
]
PARTS = define_concepts([MR, AS, MI])


def composed(**parts: tuple[str, ...]) -> Cohorts:
    return select(NOTES, [*PARTS, Definition(name="x", **parts)])


@pytest.mark.parametrize(
    ("parts", "who", "steps"),
    [
        ({"all_of": (MR,)}, "ab", [3, 2]),
        ({"all_of": (MR, AS)}, "a", [3, 2, 1]),
        ({"any_of": (AS, MI)}, "ab", [3, 2]),
        ({"none_of": (MI,)}, "ac", [3, 2]),
        ({"all_of": (MR,), "none_of": (AS,)}, "b", [3, 2, 1]),
        ({"all_of": (MR,), "any_of": (AS, MI), "none_of": (MI, AS)}, "", [3, 2, 2, 1, 0]),
    ],
)
def test_composed_definitions(parts: dict[str, tuple[str, ...]], who: str, steps: list[int]) -> None:
    cohorts = composed(**parts)
    assert "".join(one.patient_id for one in cohorts.patients if one.members["x"].met) == who
    assert flow(cohorts, "x") == steps


def test_a_composed_definition_is_met_on_the_day_its_last_part_is() -> None:
    found = composed(all_of=(MR, AS)).patients[0].members["x"].to_dict()
    assert (found["first_date"], found["last_date"], found["worst_grade"], found["notes"]) == ("2020-01-01", "2020-01-01", "severe", 2)
    assert [place["note_id"] for place in found["evidence"]] == ["a1", "a2"]
    assert composed(any_of=(AS, MR)).patients[0].members["x"].first_date == "2019-01-01"


def test_the_flow_says_where_patients_are_lost() -> None:
    cohorts = select(NOTES, [one(severity_at_least="moderate")])
    assert [(step.criterion, step.patients, step.excluded) for step in cohorts.flow] == [
        ("all patients", 3, 0),
        (f"mention of {MR}", 2, 1),
        ("said of: patient", 2, 0),
        ("status present or historical", 2, 0),
        ("moderate or worse", 1, 1),
    ]


MENTIONS = st.builds(
    mention,
    st.sampled_from([MR, AS]),
    st.sampled_from(["present", "absent", "historical", "family", "uncertain"]),
    st.sampled_from([None, *GRADES]),
    st.sampled_from(["patient", "family"]),
)
MANY = st.lists(
    st.builds(
        lambda patient, year, mentions: (patient, year and f"{year}-01-01", mentions),
        st.sampled_from("abc"),
        st.sampled_from([None, 2018, 2019, 2020]),
        st.lists(MENTIONS, max_size=3),
    ),
    max_size=8,
)


@given(MANY)
def test_a_plain_definition_is_the_roll_up(drawn: list[Any]) -> None:
    notes = [note(str(number), patient, day, *mentions) for number, (patient, day, mentions) in enumerate(drawn)]
    cohorts = select(notes, define_concepts([MR, AS]))
    for rolled, patient in zip(rollup(notes)["patients"], cohorts.patients, strict=True):
        for concept in rolled["concepts"]:
            found = patient.members[concept["concept_id"]].to_dict()
            assert {name: found[name] for name in ("ever", "current", "first_date", "last_date", "notes")} == {
                name: concept[name] for name in ("ever", "current", "first_date", "last_date", "notes")
            }
            assert found["worst_grade"] == (concept["worst_grade"] or {}).get("value")


@given(MANY, st.sampled_from(GRADES))
def test_the_flow_only_falls_and_ends_at_the_cohort(drawn: list[Any], grade: str) -> None:
    notes = [note(str(number), patient, day, *mentions) for number, (patient, day, mentions) in enumerate(drawn)]
    cohorts = select(notes, [one(severity_at_least=grade, after=date(2019, 1, 1), at_least=2)])
    counts = flow(cohorts, "d")
    assert counts == sorted(counts, reverse=True)
    assert counts[0] == len(cohorts.patients)
    assert counts[-1] == sum(patient.members["d"].met for patient in cohorts.patients)
    assert all(step.excluded == before - step.patients for before, step in zip(counts, cohorts.flow[1:], strict=False))
