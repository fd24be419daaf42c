"""The records that flow from room to room: small immutable values without behaviour of their own.

Order of the flow: text → doc → :class:`Mention` → :class:`Sense` → :class:`Assertion` → :class:`Severity`,
:class:`Attribute` → :class:`Annotation` → :class:`Note`.  Offsets named ``start``/``end`` are Python characters of
the text as given, half-open; ``token_start``/``token_end`` are spaCy token indices, half-open.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, get_args

__all__ = [
    "Annotation",
    "Assertion",
    "AssertionStatus",
    "Attribute",
    "Candidate",
    "Concept",
    "Cue",
    "Evidence",
    "Experiencer",
    "Grade",
    "Match",
    "MatchKind",
    "Mention",
    "Note",
    "Section",
    "Sense",
    "SenseEntry",
    "SenseStatus",
    "Severity",
    "Temporality",
    "Term",
    "TermKind",
]

TermKind = Literal["preferred", "synonym", "abbreviation", "lay", "misspelling"]
CaseRule = Literal["any", "upper", "exact", "told"]
MatchKind = Literal["exact", "variant", "fuzzy", "pattern", "abbreviation"]
SenseStatus = Literal["unambiguous", "resolved", "ambiguous"]
AssertionStatus = Literal["present", "absent", "uncertain", "historical", "family", "hypothetical", "not_assessed"]
Experiencer = Literal["patient", "family", "other"]
Temporality = Literal["current", "historical", "future"]
Change = Literal["new", "worse", "unchanged", "improved", "resolved"]
Grade = Literal["trace", "mild", "mild_moderate", "moderate", "moderate_severe", "severe", "massive", "torrential"]

GRADES: tuple[str, ...] = get_args(Grade)
"""The grades of a lesion from least to worst; the place in this tuple orders them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Concept:
    """One canonical concept of a lexicon.

    ``report_as`` is the concept under which a mention is reported where a finer concept only adds codes and a
    subtype: STEMI is reported as ``myocardial_infarction``, as the annotation guideline asks.
    ``other_sense`` marks a sense outside the lexicon's subject (magnetic resonance, Michigan, Mister).
    """

    concept_id: str
    preferred_name: str
    semantic_type: str
    parents: tuple[str, ...] = ()
    codes: Mapping[str, str] = field(default_factory=dict)
    report_as: str = ""
    other_sense: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One surface form of a concept. ``case``: ``any``, ``upper`` (only in capitals), ``exact`` (as written) or ``told`` (any, but only
    beside words that vouch for it).
    """

    text: str
    concept_id: str
    kind: TermKind
    case: CaseRule = "any"
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SenseEntry:
    """One sense of an ambiguous short form with its prior probability by setting."""

    short_form: str
    concept_id: str
    priors: Mapping[str, float]
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A titled part of a note: ``name`` is the canonical name of its title (``family_history``)."""

    name: str
    token_start: int
    token_end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """How a mention was found: the lexicon's ``term`` and the reason. ``score`` 1.0 is a curated form as written."""

    kind: MatchKind
    term: str
    score: float = 1.0
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """A fact said about a mention (``kind`` chronicity, cause, territory, eroa ...), with offsets where it is said."""

    kind: str
    value: str | float | None
    unit: str | None = None
    text: str | None = None
    start: int | None = None
    end: int | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """The attribute as JSON-ready dict; fields that say nothing are left out."""
        plain: dict[str, Any] = {"kind": self.kind, "value": self.value}
        for name in ("unit", "text", "start", "end"):
            if (value := getattr(self, name)) is not None:
                plain[name] = value
        return plain | dict(self.extra)


class Mention(NamedTuple):
    """A stretch of text that names one of ``concept_ids`` (several where the form is ambiguous).

    ``short_form`` is the key into the lexicon's senses where the mention is an ambiguous short form.
    """

    start: int
    end: int
    text: str
    token_start: int
    token_end: int
    match: Match
    concept_ids: tuple[str, ...]
    short_form: str | None = None
    attributes: tuple[Attribute, ...] = ()


class Candidate(NamedTuple):
    """A concept that a mention may mean, with its calibrated probability."""

    concept_id: str
    probability: float


class Evidence(NamedTuple):
    """A cue that spoke for (positive ``weight``) or against the chosen sense; weights are log-odds."""

    cue: str
    weight: float
    start: int | None = None
    end: int | None = None


class Sense(NamedTuple):
    """What a mention means. ``concept_id`` is None where the text does not decide (status ``ambiguous``)."""

    status: SenseStatus
    concept_id: str | None
    probability: float = 1.0
    candidates: tuple[Candidate, ...] = ()
    evidence: tuple[Evidence, ...] = ()


class Cue(NamedTuple):
    """Words that decided an assertion, with their place."""

    text: str
    start: int
    end: int
    category: str


class Assertion(NamedTuple):
    """What the text says about a mention, after the annotation guideline."""

    status: AssertionStatus = "present"
    experiencer: Experiencer = "patient"
    temporality: Temporality = "current"
    change: Change | None = None
    cues: tuple[Cue, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Severity:
    """The stated grade: ``value`` on the guideline's scale, ``low``/``high`` its range, the words and their place."""

    value: Grade | None
    text: str
    start: int
    end: int
    low: Grade | None = None
    high: Grade | None = None
    scale: str | None = None


Annotation = dict[str, Any]
"""One annotation as plain JSON data, in the shape of the interface; it lives on ``span._.mrterms``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One annotated note. ``setting`` is the kind of text that the sense step assumed, given or guessed."""

    note_id: str
    annotations: tuple[Annotation, ...]
    setting: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """The note as JSON-ready dict: the line of JSONL that the interface describes."""
        return {"note_id": self.note_id, "setting": self.setting, "annotations": list(self.annotations)}
