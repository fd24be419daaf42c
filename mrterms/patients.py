"""From mentions to documents and patients: what they have, ever and now, how bad, since when, and the ICD-10-CM codes.

ICD-10-CM codes several valve diseases by one code (I08.-) and stenosis with regurgitation of one valve by another (I05.2,
I35.2), which no single mention can know.  The rules are those read in the April 2026 release (``simple-icd-10-cm`` 1.5.0;
domain.md 1.2); each code names the rule that made it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from mrterms.attributes.codes import CodeRules
from mrterms.errors import ConfigError, InputError
from mrterms.records import GRADES

__all__ = ["RULES", "rollup"]

RULES: Mapping[str, str] = {
    "ever": "at least one mention of the patient's own with status present or historical",
    "current": "present in the last document that states it present or absent; null where it is only historical",
    "worst-grade": "the highest grade of mentions present or historical",
    "latest-grade": "the highest grade in the last document that grades it",
    "concept": "the concept's own code (concepts.tsv or the user's table)",
    "not-counted": "a lesion graded below combine_from (trace by default) takes part in no combination",
    "I05.2": "mitral stenosis with regurgitation, cause rheumatic or not stated (I34 Excludes1)",
    "I06.2": "aortic stenosis with regurgitation, rheumatic",
    "I35.2": "aortic stenosis with regurgitation, not said to be rheumatic",
    "I07.2": "tricuspid stenosis with regurgitation, cause rheumatic or not stated (I36 Excludes1)",
    "I36.2": "tricuspid stenosis with regurgitation, nonrheumatic",
    "I37.2": "pulmonary stenosis with regurgitation",
    "I08.0": "mitral and aortic valve, each rheumatic or of cause not stated",
    "I08.1": "mitral and tricuspid valve, each rheumatic or of cause not stated",
    "I08.2": "aortic and tricuspid valve, each rheumatic or of cause not stated",
    "I08.3": "mitral, aortic and tricuspid valve, each rheumatic or of cause not stated",
    "I23.4": "chordal rupture with a current infarct (category I23: within 28 days)",
    "I23.5": "papillary muscle rupture with a current infarct (category I23: within 28 days)",
    "mi-over-28-days": "an acute infarct of a document more than 28 days before the last one is an old one (I25.2)",
    "most-specific": "an infarct code gives way to a more specific one of the same patient (I21.9 to I21.4 or I21.1-)",
}
"""What each rule of the roll-up says; rules of single mentions are in ``code_rules.tsv``."""

_LESIONS: Mapping[str, tuple[str, str]] = {
    f"{valve}_{lesion}": (valve, lesion)
    for valve in ("mitral", "aortic", "tricuspid", "pulmonary")
    for lesion in ("stenosis", "regurgitation")
}
_COMBINED: Mapping[frozenset[str], str] = {
    frozenset({"mitral", "aortic"}): "I08.0",
    frozenset({"mitral", "tricuspid"}): "I08.1",
    frozenset({"aortic", "tricuspid"}): "I08.2",
    frozenset({"mitral", "aortic", "tricuspid"}): "I08.3",
}
_BOTH = {  # stenosis with regurgitation of one valve: code where rheumatic, not stated, nonrheumatic
    "mitral": ("I05.2", "I05.2", None),
    "aortic": ("I06.2", "I35.2", "I35.2"),
    "tricuspid": ("I07.2", "I07.2", "I36.2"),
    "pulmonary": (None, "I37.2", "I37.2"),
}
_RUPTURES = {"chordal_rupture": "I23.4", "papillary_muscle_rupture": "I23.5"}
_OPEN_CAUSES = frozenset({"bicuspid", "prosthetic", "endocarditis", "dissection", "root_dilatation", "marfan"})
"""Causes that are said beside a valve disease and yet leave open whether it is rheumatic in the classification's sense."""
_ACUTE_DAYS = 28
_INFARCT = "myocardial_infarction"


@dataclass(slots=True)
class _Document:
    note_id: str
    patient_id: str | None
    day: date | None
    order: int
    annotations: Sequence[Mapping[str, Any]]

    @property
    def rank(self) -> tuple[date, int]:
        """Place in time; an undated document keeps its place in the input, before all dated ones."""
        return self.day or date.min, self.order


@dataclass(slots=True)
class _Story:
    """All that documents say of one concept."""

    concept_id: str
    mentions: list[tuple[_Document, Mapping[str, Any]]] = field(default_factory=list)

    def own(self, *statuses: str) -> Iterator[tuple[_Document, Mapping[str, Any]]]:
        """The patient's own mentions with one of the statuses."""
        for document, mention in self.mentions:
            assertion = mention.get("assertion") or {}
            if assertion.get("experiencer", "patient") == "patient" and assertion.get("status", "present") in statuses:
                yield document, mention

    def current(self) -> bool | None:
        """Whether the last document that states it says present."""
        stated = list(self.own("present", "absent"))
        if not stated:
            return None
        last = max(document.rank for document, _ in stated)
        return any(_status(mention) == "present" for document, mention in stated if document.rank == last)

    def causes(self) -> set[str]:
        """The causes stated of it."""
        return {value for _, mention in self.own("present", "historical") for value in _values(mention, "cause")}

    def cause(self) -> str:
        """``rheumatic``, ``congenital``, ``nonrheumatic`` or ``open`` (not stated)."""
        causes = self.causes()
        for name in ("rheumatic", "congenital"):
            if name in causes:
                return name
        primacy = any(_values(mention, "primacy") for _, mention in self.own("present"))
        return "nonrheumatic" if primacy or causes - _OPEN_CAUSES else "open"


def rollup(
    notes: Iterable[Mapping[str, Any]], *, combine_from: str = "mild", rules: CodeRules | None = None
) -> dict[str, list[dict[str, Any]]]:
    """Documents and patients of annotated notes.

    ``notes`` are the dicts of ``Note.to_dict()`` (lines of ``mrterms annotate``), each with an optional ``patient_id`` and
    ``date`` (ISO 8601 or a ``datetime.date``).  Notes without ``patient_id`` stand among the documents only.
    ``combine_from`` is the least grade that takes part in a combination code; an ungraded lesion takes part.
    Returns ``{"documents": [...], "patients": [...]}``: plain data, in the order of the input.
    Raises :class:`mrterms.errors.InputError` for a note without annotations or with a date that cannot be read.
    """
    if combine_from not in GRADES:
        raise ConfigError(f"unknown grade {combine_from!r} for combine_from", fix=f"known: {', '.join(GRADES)}")
    rules = rules or CodeRules()
    documents = [_document(note, order) for order, note in enumerate(notes)]
    patients: dict[str, list[_Document]] = {}
    for document in documents:
        if document.patient_id is not None:
            patients.setdefault(document.patient_id, []).append(document)
    return {
        "documents": [
            {"note_id": one.note_id, "patient_id": one.patient_id, "date": one.day.isoformat() if one.day else None}
            | _summary([one], rules, combine_from)
            for one in documents
        ],
        "patients": [{"patient_id": patient, "notes": len(own)} | _summary(own, rules, combine_from) for patient, own in patients.items()],
    }


def _document(note: Mapping[str, Any], order: int) -> _Document:
    if "annotations" not in note:
        raise InputError("a note without annotations", line=order + 1, fix="give lines of `mrterms annotate`")
    day = note.get("date")
    if isinstance(day, str):
        try:
            day = date.fromisoformat(day[:10])
        except ValueError:
            raise InputError("a date that is not ISO 8601", line=order + 1, fix="write 2026-03-31") from None
    patient = note.get("patient_id")
    return _Document(
        str(note.get("note_id", order + 1)), None if patient is None else str(patient), day or None, order, note["annotations"]
    )


def _summary(documents: Sequence[_Document], rules: CodeRules, combine_from: str) -> dict[str, Any]:
    stories: dict[str, _Story] = {}
    ambiguous = 0
    for document in documents:
        for mention in document.annotations:
            if concept_id := mention.get("concept_id"):
                stories.setdefault(concept_id, _Story(concept_id)).mentions.append((document, mention))
            else:
                ambiguous += 1
    return {
        "concepts": [_concept(story) for story in stories.values()],
        "codes": _codes(stories, documents, rules, combine_from),
        "ambiguous": ambiguous,
    }


def _concept(story: _Story) -> dict[str, Any]:
    own = list(story.own("present", "historical"))
    days = sorted(document.day for document, _ in own if document.day)
    statuses: dict[str, int] = {}
    for _, mention in story.mentions:
        statuses[_status(mention)] = statuses.get(_status(mention), 0) + 1
    graded = [(document, mention) for document, mention in own if _grade(mention) is not None]
    worst = max(graded, key=lambda one: _grade(one[1]) or 0, default=None)
    latest = max(graded, key=lambda one: (one[0].rank, _grade(one[1]) or 0), default=None)
    return {
        "concept_id": story.concept_id,
        "ever": bool(own),
        "current": story.current(),
        "statuses": statuses,
        "worst_grade": _graded(worst, "worst-grade"),
        "latest_grade": _graded(latest, "latest-grade"),
        "first_date": days[0].isoformat() if days else None,
        "last_date": days[-1].isoformat() if days else None,
        "event_dates": sorted({value for _, mention in own for value in _values(mention, "date")}),
        "rules": ["ever", "current"],
    }


def _graded(one: tuple[_Document, Mapping[str, Any]] | None, rule: str) -> dict[str, Any] | None:
    if one is None:
        return None
    document, mention = one
    return {
        "value": mention["severity"]["value"],
        "note_id": document.note_id,
        "start": mention["start"],
        "end": mention["end"],
        "rule": rule,
    }


def _codes(stories: Mapping[str, _Story], documents: Sequence[_Document], rules: CodeRules, combine_from: str) -> list[dict[str, Any]]:
    found = _mention_codes(stories, documents, rules)
    combined = _combinations({name: story for name, story in stories.items() if story.current()}, combine_from)
    replaced = {concept for one in combined for concept in one["from"]}
    acute = any(one["code"].startswith("I21") for one in found)
    codes = combined + [one for one in found if not replaced & set(one["from"])]
    for one in codes:
        rupture = _RUPTURES.get(one["from"][0])
        if rupture and acute:
            one["code"], one["rule"] = rupture, rupture
    return _unique(codes)


def _mention_codes(stories: Mapping[str, _Story], documents: Sequence[_Document], rules: CodeRules) -> list[dict[str, Any]]:
    last = max((document.day for document in documents if document.day), default=None)
    codes: list[dict[str, Any]] = []
    for name, story in stories.items():
        historical = name == _INFARCT or name.endswith(("_replacement", "_repair"))
        if not historical and not story.current():
            continue
        for document, mention in story.own(*(("present", "historical") if historical else ("present",))):
            given, used = rules.codes_of(mention)
            code = given.get("ICD10CM")
            if not code:
                continue
            rule = next(rule for rule in used if not rule.endswith(("-snomed", "-icd11")))
            if code.startswith(("I21", "I22")) and last and document.day and (last - document.day).days > _ACUTE_DAYS:
                code, rule = "I25.2", "mi-over-28-days"
            codes.append({"system": "ICD10CM", "code": code, "rule": rule, "from": [name]})
    return _most_specific(_unique(codes))


def _most_specific(codes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of the acute infarct codes the unspecific ones give way; of a lesion's codes its default gives way to a stated cause."""
    acute = {one["code"] for one in codes if one["code"].startswith("I21")}
    dropped = {"I21.9"} if len(acute) > 1 else set()
    if any(code[:5] in ("I21.0", "I21.1", "I21.2") for code in acute):
        dropped.add("I21.3")
    named = {one["from"][0] for one in codes if not one["rule"].endswith("-nos")}
    return [
        one
        for one in codes
        if one["code"] not in dropped and not (one["rule"].endswith("-nos") and one["from"][0] in named and one["from"][0] != _INFARCT)
    ]


def _combinations(current: Mapping[str, _Story], combine_from: str) -> list[dict[str, Any]]:
    least = GRADES.index(combine_from)
    lesions: dict[str, dict[str, _Story]] = {}
    for name, story in current.items():
        if name in _LESIONS and story.cause() != "congenital" and _counts(story, least):
            valve, lesion = _LESIONS[name]
            lesions.setdefault(valve, {})[lesion] = story
    codes: list[dict[str, Any]] = []
    causes = {valve: _valve_cause(stories.values()) for valve, stories in lesions.items()}
    joint = frozenset(valve for valve, cause in causes.items() if cause != "nonrheumatic" and valve != "pulmonary")
    if (code := _COMBINED.get(joint)) is not None:
        members = [story.concept_id for valve in sorted(joint) for story in lesions.pop(valve).values()]
        codes.append({"system": "ICD10CM", "code": code, "rule": code, "from": members})
    for valve, stories in lesions.items():
        code = _BOTH[valve][("rheumatic", "open", "nonrheumatic").index(causes[valve])]
        if len(stories) == 2 and code:
            codes.append({"system": "ICD10CM", "code": code, "rule": code, "from": [story.concept_id for story in stories.values()]})
    return codes


def _valve_cause(stories: Iterable[_Story]) -> str:
    causes = {story.cause() for story in stories}
    return "rheumatic" if "rheumatic" in causes else "open" if "open" in causes else "nonrheumatic"


def _counts(story: _Story, least: int) -> bool:
    grades = [grade for _, mention in story.own("present") if (grade := _grade(mention)) is not None]
    return not grades or max(grades) >= least


def _unique(codes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return list({(one["code"], one["rule"], *one["from"]): one for one in codes}.values())


def _status(mention: Mapping[str, Any]) -> str:
    return str((mention.get("assertion") or {}).get("status", "present"))


def _grade(mention: Mapping[str, Any]) -> int | None:
    value = (mention.get("severity") or {}).get("value")
    return GRADES.index(value) if value in GRADES else None


def _values(mention: Mapping[str, Any], kind: str) -> set[str]:
    return {
        str(attribute["value"]) for attribute in mention.get("attributes") or () if attribute["kind"] == kind and attribute.get("value")
    }
