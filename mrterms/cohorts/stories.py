"""What the documents of a patient tell of one concept: the ground of the roll-up and of cohorts.

Documents and mentions are plain data (``Note.to_dict()``); a story keeps the mentions of a concept with their documents.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from mrterms.errors import InputError
from mrterms.records import GRADES

__all__ = ["Document", "Story", "Told", "document_of", "experiencer_of", "grade_of", "outline", "place_of", "status_of", "values_of"]

_OPEN_CAUSES = frozenset({"bicuspid", "prosthetic", "endocarditis", "dissection", "root_dilatation", "marfan"})
"""Causes that are said beside a valve disease and yet leave open whether it is rheumatic in the classification's sense."""


@dataclass(slots=True)
class Document:
    """A note, or a row of a table: who, when, and what it mentions. ``order`` is its place in the input."""

    note_id: str
    patient_id: str | None
    day: date | None
    order: int
    annotations: Sequence[Mapping[str, Any]]

    @property
    def rank(self) -> tuple[date, int]:
        """Place in time; an undated document keeps its place in the input, before all dated ones."""
        return self.day or date.min, self.order


Told = tuple[Document, Mapping[str, Any]]
"""A mention with its document."""


@dataclass(slots=True)
class Story:
    """All that documents say of one concept."""

    concept_id: str
    mentions: list[Told] = field(default_factory=list)

    def own(self, *statuses: str) -> Iterator[Told]:
        """The patient's own mentions with one of the statuses."""
        for document, mention in self.mentions:
            if experiencer_of(mention) == "patient" and status_of(mention) in statuses:
                yield document, mention

    def current(self) -> bool | None:
        """Whether the last document that states it says present; None where none states it present or absent."""
        stated = list(self.own("present", "absent"))
        if not stated:
            return None
        last = max(document.rank for document, _ in stated)
        return any(status_of(mention) == "present" for document, mention in stated if document.rank == last)

    def causes(self) -> set[str]:
        """The causes stated of it."""
        return {value for _, mention in self.own("present", "historical") for value in values_of(mention, "cause")}

    def cause(self) -> str:
        """``rheumatic``, ``congenital``, ``nonrheumatic`` or ``open`` (not stated)."""
        causes = self.causes()
        for name in ("rheumatic", "congenital"):
            if name in causes:
                return name
        primacy = any(values_of(mention, "primacy") for _, mention in self.own("present"))
        return "nonrheumatic" if primacy or causes - _OPEN_CAUSES else "open"


def document_of(note: Mapping[str, Any], order: int) -> Document:
    """The document of a note's dict with its optional ``patient_id`` and ``date`` (ISO 8601 or a ``datetime.date``).

    Raises :class:`mrterms.errors.InputError` for a note without annotations or with a date that cannot be read.
    """
    if "annotations" not in note:
        raise InputError("a note without annotations", line=order + 1, fix="give lines of `mrterms annotate`")
    day = note.get("date")
    if isinstance(day, str):
        try:
            day = date.fromisoformat(day[:10])
        except ValueError:
            raise InputError("a date that is not ISO 8601", line=order + 1, fix="write 2026-03-31") from None
    patient = note.get("patient_id")
    return Document(str(note.get("note_id", order + 1)), None if patient is None else str(patient), day or None, order, note["annotations"])


def outline(told: Sequence[Told]) -> dict[str, Any]:
    """What mentions of one concept come to: worst and latest grade, first and last day, the notes and places that say it."""
    days = sorted(document.day for document, _ in told if document.day)
    graded = [(document, mention) for document, mention in told if grade_of(mention) is not None]
    worst = max(graded, key=lambda one: grade_of(one[1]) or 0, default=None)
    latest = max(graded, key=lambda one: (one[0].rank, grade_of(one[1]) or 0), default=None)
    return {
        "worst_grade": _graded(worst, "worst-grade"),
        "latest_grade": _graded(latest, "latest-grade"),
        "first_date": days[0].isoformat() if days else None,
        "last_date": days[-1].isoformat() if days else None,
        "notes": len({document.order for document, _ in told}),
        "evidence": [place_of(one) for one in told],
    }


def place_of(one: Told) -> dict[str, Any]:
    """Where a mention stands: note id and offsets; the offsets are left out where the document is a cell without them."""
    document, mention = one
    offsets = {name: mention[name] for name in ("start", "end") if mention.get(name) is not None}
    return {"note_id": document.note_id, **offsets}


def _graded(one: Told | None, rule: str) -> dict[str, Any] | None:
    return None if one is None else {"value": one[1]["severity"]["value"], **place_of(one), "rule": rule}


def status_of(mention: Mapping[str, Any]) -> str:
    """The status of a mention; present where none is given."""
    return str((mention.get("assertion") or {}).get("status", "present"))


def experiencer_of(mention: Mapping[str, Any]) -> str:
    """Who has it: patient where nobody is named."""
    return str((mention.get("assertion") or {}).get("experiencer", "patient"))


def grade_of(mention: Mapping[str, Any]) -> int | None:
    """The grade of a mention as its place in :data:`mrterms.records.GRADES`."""
    value = (mention.get("severity") or {}).get("value")
    return GRADES.index(value) if value in GRADES else None


def values_of(mention: Mapping[str, Any], kind: str) -> set[str]:
    """The values of the attributes of a kind."""
    return {
        str(attribute["value"]) for attribute in mention.get("attributes") or () if attribute["kind"] == kind and attribute.get("value")
    }
