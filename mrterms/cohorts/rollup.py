"""From mentions to documents and patients: what they have, ever and now, how bad, since when, and the ICD-10-CM codes.

ICD-10-CM codes several valve diseases by one code (I08.-) and stenosis with regurgitation of one valve by another (I05.2,
I35.2), which no single mention can know.  The rules are those read in the April 2026 release (``simple-icd-10-cm`` 1.5.0;
domain.md 1.2); each code names the rule that made it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mrterms.attributes.codes import CodeRules
from mrterms.cohorts.stories import Document, Story, document_of, grade_of, outline, status_of, values_of
from mrterms.errors import ConfigError
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
_ACUTE_DAYS = 28
_INFARCT = "myocardial_infarction"


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
    documents = [document_of(note, order) for order, note in enumerate(notes)]
    patients: dict[str, list[Document]] = {}
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


def _summary(documents: Sequence[Document], rules: CodeRules, combine_from: str) -> dict[str, Any]:
    stories: dict[str, Story] = {}
    ambiguous = 0
    for document in documents:
        for mention in document.annotations:
            if concept_id := mention.get("concept_id"):
                stories.setdefault(concept_id, Story(concept_id)).mentions.append((document, mention))
            else:
                ambiguous += 1
    return {
        "concepts": [_concept(story) for story in stories.values()],
        "codes": _codes(stories, documents, rules, combine_from),
        "ambiguous": ambiguous,
    }


def _concept(story: Story) -> dict[str, Any]:
    own = list(story.own("present", "historical"))
    return {
        "concept_id": story.concept_id,
        "ever": bool(own),
        "current": story.current(),
        "statuses": dict(Counter(status_of(mention) for _, mention in story.mentions)),
        **outline(own),
        "event_dates": sorted({value for _, mention in own for value in values_of(mention, "date")}),
        "rules": ["ever", "current"],
    }


def _codes(stories: Mapping[str, Story], documents: Sequence[Document], rules: CodeRules, combine_from: str) -> list[dict[str, Any]]:
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


def _mention_codes(stories: Mapping[str, Story], documents: Sequence[Document], rules: CodeRules) -> list[dict[str, Any]]:
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


def _combinations(current: Mapping[str, Story], combine_from: str) -> list[dict[str, Any]]:
    least = GRADES.index(combine_from)
    lesions: dict[str, dict[str, Story]] = {}
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


def _valve_cause(stories: Iterable[Story]) -> str:
    causes = {story.cause() for story in stories}
    return "rheumatic" if "rheumatic" in causes else "open" if "open" in causes else "nonrheumatic"


def _counts(story: Story, least: int) -> bool:
    grades = [grade for _, mention in story.own("present") if (grade := grade_of(mention)) is not None]
    return not grades or max(grades) >= least


def _unique(codes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return list({(one["code"], one["rule"], *one["from"]): one for one in codes}.values())
