"""Who belongs to a cohort: definitions over the documents of each patient, step by step, so that every loss is counted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mrterms.cohorts.definitions import Definition
from mrterms.cohorts.stories import Document, Story, Told, document_of, experiencer_of, grade_of, outline, status_of, values_of
from mrterms.records import GRADES

__all__ = ["Cohorts", "Member", "Patient", "Step", "select"]

REVIEW_FROM = 0.05
"""The probability from which a candidate of an ambiguous mention is worth a reader's time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A row of the flow: how many patients are left after a criterion, and how many it took out."""

    definition: str
    step: int
    criterion: str
    patients: int
    excluded: int


@dataclass(slots=True, kw_only=True)
class Member:
    """What a definition comes to for a patient. ``passed``: how many of its criteria were met, in their order."""

    passed: int = 0
    met: bool = False
    told: Sequence[Told] = ()
    current: bool | None = None
    first_date: str | None = None
    to_review: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Plain data: ever, current, first and last date, worst grade, notes, evidence; ``told`` are the mentions behind it."""
        found = outline(self.told)
        return {
            "ever": self.met,
            "current": self.current,
            "first_date": self.first_date,
            "last_date": found["last_date"],
            "worst_grade": (found["worst_grade"] or {}).get("value"),
            "notes": found["notes"],
            "to_review": self.to_review,
            "evidence": found["evidence"],
        }


@dataclass(frozen=True, slots=True)
class Patient:
    """A patient with the result of each definition, by its name."""

    patient_id: str
    notes: int
    members: Mapping[str, Member]


@dataclass(frozen=True, slots=True)
class Cohorts:
    """All patients in the order of the input, and the flow of each definition."""

    patients: list[Patient]
    flow: list[Step]


def select(notes: Iterable[Mapping[str, Any]], definitions: Sequence[Definition]) -> Cohorts:
    """The patients of annotated notes by definitions.

    ``notes`` are the dicts of ``Note.to_dict()`` with ``patient_id`` and an optional ``date``, as :func:`mrterms.rollup` takes
    them; notes without a patient are passed over. Raises :class:`~mrterms.errors.InputError` as that does.
    """
    grouped: dict[str, list[Document]] = {}
    for order, note in enumerate(notes):
        document = document_of(note, order)
        if document.patient_id is not None:
            grouped.setdefault(document.patient_id, []).append(document)
    known = {one.name: one for one in definitions}
    patients = [Patient(patient, len(own), _members(_Chart(own), known)) for patient, own in grouped.items()]
    return Cohorts(patients, [step for one in definitions for step in _flow(one, known, patients)])


class _Chart:
    """The mentions of a patient by concept; those of a finer concept stand also under its own name."""

    def __init__(self, documents: Sequence[Document]) -> None:
        self.mentions: dict[str, list[Told]] = {}
        self.open: list[Mapping[str, float]] = []
        for document in documents:
            for mention in document.annotations:
                for name in {*filter(None, [mention.get("concept_id")]), *values_of(mention, "subtype")}:
                    self.mentions.setdefault(name, []).append((document, mention))
                if mention.get("concept_id") is None:
                    candidates = (mention.get("sense") or {}).get("candidates") or ()
                    self.open.append({one["concept_id"]: one["probability"] for one in candidates})

    def of(self, concepts: Iterable[str]) -> list[Told]:
        """The mentions of any of the concepts, each once, by document and place."""
        found = {id(one[1]): one for concept in concepts for one in self.mentions.get(concept, ())}
        return sorted(found.values(), key=lambda one: (one[0].rank, one[1].get("start") or 0))

    def ambiguous(self, concepts: Iterable[str]) -> int:
        """How many mentions that were left open may mean one of the concepts."""
        return sum(any(candidates.get(concept, 0.0) >= REVIEW_FROM for concept in concepts) for candidates in self.open)


def _members(chart: _Chart, known: Mapping[str, Definition]) -> dict[str, Member]:
    members: dict[str, Member] = {}

    def member(name: str) -> Member:
        if name not in members:
            one = known[name]
            members[name] = _composed(one, member) if one.parts else _plain(one, chart)
        return members[name]

    return {name: member(name) for name in known}


# --- definitions that name concepts ------------------------------------------------------------------------------------------

Criterion = tuple[str, Callable[[Told], bool]]


def _criteria(one: Definition) -> list[Criterion]:
    """What a mention must fulfil, in the order of the flow."""
    criteria: list[Criterion] = [
        (f"mention of {_listed(one.concept)}", lambda _: True),
        (f"said of: {one.experiencer}", lambda told: experiencer_of(told[1]) == one.experiencer),
        (f"status {_listed(one.status)}", lambda told: status_of(told[1]) in one.status),
    ]
    if (least := one.severity_at_least) is not None:
        criteria.append((f"{least} or worse", lambda told: _grade(told) >= GRADES.index(least)))
    if (most := one.severity_at_most) is not None:
        criteria.append((f"{most} or milder", lambda told: 0 <= _grade(told) <= GRADES.index(most)))
    if (after := one.after) is not None:
        criteria.append((f"note of {after} or later", lambda told: told[0].day is not None and told[0].day >= after))
    if (before := one.before) is not None:
        criteria.append((f"note before {before}", lambda told: told[0].day is not None and told[0].day < before))
    return criteria


def _grade(told: Told) -> int:
    grade = grade_of(told[1])
    return -1 if grade is None else grade


def _plain(one: Definition, chart: _Chart) -> Member:
    every = told = chart.of(one.concept)
    found = Member(to_review=chart.ambiguous(one.concept))
    found.current = Story(one.name, every).current() if one.experiencer == "patient" else None
    for _, holds in _criteria(one):
        told = [mention for mention in told if holds(mention)]
        if not told:
            return found
        found.passed += 1
    if one.at_least > 1:
        if len({document.order for document, _ in told}) < one.at_least:
            return found
        found.passed += 1
    if one.current is not None:
        if found.current is not one.current:
            return found
        found.passed += 1
    found.met, found.told, found.first_date = True, told, outline(told)["first_date"]
    return found


def _plain_steps(one: Definition) -> list[str]:
    steps = [told for told, _ in _criteria(one)]
    if one.at_least > 1:
        steps.append(f"at least {one.at_least} notes")
    if one.current is not None:
        steps.append("present in the last note that states it" if one.current else "absent in the last note that states it")
    return steps


# --- definitions that name definitions ---------------------------------------------------------------------------------------


def _composed(one: Definition, member: Callable[[str], Member]) -> Member:
    needed = [member(name) for name in one.all_of]
    chosen = [found for name in one.any_of if (found := member(name)).met]
    checks = [found.met for found in needed]
    checks += [bool(chosen)] if one.any_of else []
    checks += [not member(name).met for name in one.none_of]
    result = Member(to_review=sum(member(name).to_review for name in one.parts))
    if not all(checks):
        result.passed = checks.index(False)
        return result
    result.passed, result.met = len(checks), True
    result.told = list({id(told[1]): told for found in (*needed, *chosen) for told in found.told}.values())
    result.first_date = _first_day(needed, chosen)
    result.current = _current([found.current for found in needed], [found.current for found in chosen])
    return result


def _composed_steps(one: Definition, known: Mapping[str, Definition]) -> list[str]:
    titles = {name: known[name].title or name for name in one.parts}
    return [
        *(titles[name] for name in one.all_of),
        *([_listed([titles[name] for name in one.any_of])] if one.any_of else []),
        *(f"without {titles[name]}" for name in one.none_of),
    ]


def _first_day(needed: Sequence[Member], chosen: Sequence[Member]) -> str | None:
    """The first day on which all parts had been met; None where a part has no date."""
    days = [found.first_date for found in needed]
    if chosen:
        days.append(min((found.first_date for found in chosen if found.first_date), default=None))
    dated = [day for day in days if day is not None]
    return max(dated) if dated and len(dated) == len(days) else None


def _current(needed: Sequence[bool | None], chosen: Sequence[bool | None]) -> bool | None:
    if chosen:
        needed = [*needed, True if True in chosen else None if None in chosen else False]
    return False if False in needed else None if None in needed or not needed else True


# --- the flow ----------------------------------------------------------------------------------------------------------------


def _flow(one: Definition, known: Mapping[str, Definition], patients: Sequence[Patient]) -> list[Step]:
    criteria = _composed_steps(one, known) if one.parts else _plain_steps(one)
    passed = [patient.members[one.name].passed for patient in patients]
    steps = [Step(definition=one.name, step=0, criterion="all patients", patients=len(patients), excluded=0)]
    for number, criterion in enumerate(criteria, 1):
        left = sum(count >= number for count in passed)
        steps.append(Step(definition=one.name, step=number, criterion=criterion, patients=left, excluded=steps[-1].patients - left))
    return steps


def _listed(names: Sequence[str]) -> str:
    """Names in words; of many concepts (a family of children) the first only."""
    return " or ".join(names) if len(names) <= 3 else f"{names[0]} or {len(names) - 1} more"
