"""From what was read in a cell to one choice with its reasons: the main concept, the others, the codes beside them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final, NamedTuple

from mrterms.columns.codes import CodeIndex, FoundCode
from mrterms.columns.evidence import form_of, is_open
from mrterms.columns.records import Decision
from mrterms.records import Annotation, Concept
from mrterms.sense import Hint

__all__ = ["Chooser", "Outcome"]

_SHOWN: Final = 5
_LEAST: Final = 0.01
_SPEAKS: Final = 0.7
"""Log-odds from which a hint is worth naming."""


class Outcome(NamedTuple):
    """What a cell means, without its column and its rows: the fields of :class:`~mrterms.columns.records.CellValue`, in their order."""

    concept_id: str | None = None
    preferred_name: str | None = None
    score: float | None = None
    match: str | None = None
    sense_status: str | None = None
    assertion: str | None = None
    severity: str | None = None
    codes: Mapping[str, str] = {}
    candidates: tuple[Mapping[str, object], ...] = ()
    all: tuple[Mapping[str, object], ...] = ()
    reason: str = ""
    problems: tuple[str, ...] = ()
    decided_by: str | None = None
    by_frequency: bool = False


@dataclass(frozen=True, slots=True)
class _Entry:
    """One concept of a cell: the plain columns as a dict, and what chooses between entries."""

    plain: dict[str, Any]
    semantic_type: str | None
    reason: str
    candidates: tuple[Mapping[str, object], ...]
    by_frequency: bool = False

    @property
    def concept_id(self) -> str | None:
        found: str | None = self.plain["concept_id"]
        return found

    @property
    def is_present_disorder(self) -> bool:
        return self.concept_id is not None and self.semantic_type == "disorder" and self.plain["assertion"] == "present"


class Chooser:
    """Makes outcomes for the cells of one column.

    ``status_of`` gives, by semantic type, the status that the column's name sets for what its cells merely name ("fhx":
    family).
    """

    def __init__(self, concepts: Mapping[str, Concept], index: CodeIndex, *, status_of: Mapping[str, str]) -> None:
        self._concepts = concepts
        self._index = index
        self._status_of = status_of

    def choose(
        self, text: str, annotations: Sequence[Annotation], codes: Sequence[FoundCode], hints: Mapping[str, Sequence[Hint]]
    ) -> Outcome:
        """The outcome of a cell from its annotations (senses outside the subject among them) and codes."""
        inside = [one for one in annotations if not self._is_outside(one["concept_id"])]
        entries = [self._entry(one, hints, text) for one in inside]
        entries, problems = self._with_codes(entries, codes)
        entries = _distinct(entries)
        if not entries:
            return _nothing(_why_none(text, annotations, self._name_of))
        main = next((one for one in entries if one.is_present_disorder), None) or entries[0]
        reason = main.reason + (f"; beside it {', '.join(_name(one) for one in entries if one is not main)}" if len(entries) > 1 else "")
        outcome = Outcome(
            **{name: value for name, value in main.plain.items() if name != "text"},
            candidates=main.candidates,
            all=tuple(one.plain for one in entries),
            reason=reason,
            problems=tuple(problems),
            by_frequency=main.by_frequency,
        )
        return self._left_open(outcome, entries) if problems else outcome

    def decide(self, found: Outcome, decision: Decision, by: str) -> Outcome:
        """The outcome that a person decided; status and grade stay as read where the cell names that concept."""
        reason = f"decided by {by}"
        if decision.concept_id is None:
            return Outcome(match="decision", reason=f"{reason} (no concept)", decided_by=by)
        concept = self._concepts[decision.concept_id]
        read = next((one for one in found.all if one["concept_id"] in (decision.concept_id, None)), {})
        plain: dict[str, Any] = {
            "concept_id": concept.concept_id,
            "preferred_name": concept.preferred_name,
            "score": 1.0,
            "match": "decision",
            "sense_status": "resolved" if found.sense_status in ("ambiguous", "resolved") else "unambiguous",
            "assertion": read.get("assertion") or found.assertion or "present",
            "severity": read.get("severity"),
            "codes": read["codes"] if read.get("concept_id") and read["codes"] else dict(concept.codes),
        }
        others = tuple(one for one in found.all if one["concept_id"] not in (found.concept_id, concept.concept_id, None))
        candidate = {"concept_id": concept.concept_id, "preferred_name": concept.preferred_name, "score": 1.0}
        return Outcome(**plain, candidates=(candidate,), all=(plain, *others), reason=reason, decided_by=by)

    def _is_outside(self, concept_id: str | None) -> bool:
        concept = self._concepts.get(concept_id) if concept_id else None
        return concept_id is not None and (concept is None or concept.other_sense)

    def _name_of(self, concept_id: str) -> str:
        concept = self._concepts.get(concept_id)
        return concept.preferred_name if concept else concept_id

    def _entry(self, one: Annotation, hints: Mapping[str, Sequence[Hint]], text: str) -> _Entry:
        match, sense = one["match"], one["sense"]
        score = round(sense["probability"] * match["score"], 3)
        status = one["assertion"]["status"]
        if status == "present":
            status = self._status_of.get(str(one["semantic_type"] or "disorder"), status)
        plain = {
            "concept_id": one["concept_id"],
            "preferred_name": one["preferred_name"],
            "score": score,
            "match": match["kind"],
            "sense_status": sense["status"],
            "assertion": status,
            "severity": (one["severity"] or {}).get("value"),
            "codes": one["codes"],
            "text": one["text"],
        }
        candidates = tuple(
            self._candidate(other["concept_id"], other["probability"] * match["score"])
            for other in sense["candidates"][:_SHOWN]
            if other["probability"] >= _LEAST or other["concept_id"] == one["concept_id"]
        )
        is_bare = one["text"] == text.strip()
        by_frequency = is_bare and sense["status"] == "resolved" and not self._heard(one, hints)
        why = self._why(one, hints) + (", since nothing else tells" if by_frequency else "")
        return _Entry(plain, one["semantic_type"], why, candidates, by_frequency)

    def _candidate(self, concept_id: str, score: float) -> Mapping[str, object]:
        return {"concept_id": concept_id, "preferred_name": self._name_of(concept_id), "score": round(score, 3)}

    def _why(self, one: Annotation, hints: Mapping[str, Sequence[Hint]]) -> str:
        match, sense = one["match"], one["sense"]
        if not is_open(one):
            how = {"exact": "as written", "variant": "another spelling", "fuzzy": "a misspelling", "pattern": "a description"}
            told = match["reason"] or how.get(match["kind"], "a short form with one meaning")
            return f"the term {match['term']!r} ({told})"
        why = self._heard(one, hints)
        chances = ", ".join(f"{self._name_of(cue['concept_id'])} {cue['probability']:.2f}" for cue in sense["candidates"][:2])
        if sense["status"] == "ambiguous":
            beside = f"; {', '.join(why)} say too little" if why else "; neither the cell nor the column decides"
            return f"{one['text']!r} may mean {chances}{beside}"
        decided = ", ".join(why) or "what it mostly means"
        return f"{one['text']!r} read as {self._name_of(str(one['concept_id']))} ({sense['probability']:.2f}) by {decided}"

    def _heard(self, one: Annotation, hints: Mapping[str, Sequence[Hint]]) -> list[str]:
        """What told the senses of a short form apart, in words."""
        sense = one["sense"]
        said = [cue["cue"] for cue in sense["evidence"] if "start" in cue and cue["weight"] > _SPEAKS][:2]
        why = [f"the cell's words {', '.join(map(repr, said))}"] if said else []
        return why + [hint.label for hint in hints.get(form_of(one), ()) if self._speaks(hint, sense)]

    @staticmethod
    def _speaks(hint: Hint, sense: Mapping[str, Any]) -> bool:
        """Whether a hint tells the best candidate from the next; for a choice made, only what spoke for it."""
        best, second = ([*(one["concept_id"] for one in sense["candidates"]), "", ""])[:2]
        told = hint.weights.get(best, 0.0) - hint.weights.get(second, 0.0)
        return (abs(told) if sense["status"] == "ambiguous" else told) > _SPEAKS

    # --- codes -------------------------------------------------------------------------------------------------------------

    def _with_codes(self, entries: list[_Entry], codes: Sequence[FoundCode]) -> tuple[list[_Entry], list[str]]:
        """The entries with what the codes add, and where code and text do not fit together."""
        if not codes:
            return entries, []
        added: list[_Entry] = []
        strange: list[tuple[FoundCode, str]] = []
        vouched: set[int] = set()
        dropped: set[int] = set()
        for code in codes:
            for named in code.concept_ids or ("",):
                choices = (named,) if named else code.choices
                fitting = [(place, one) for place, one in enumerate(entries) if self._fits(one, choices)]
                vouched.update(place for place, _ in fitting)
                if named and fitting and all(self._index.agree(named, str(one.concept_id)) != one.concept_id for _, one in fitting):
                    dropped.update(place for place, _ in fitting)
                    added.append(self._of_code(code, named))
                elif not fitting:
                    strange.append((code, named))
        against = [place for place, one in enumerate(entries) if one.concept_id and place not in vouched]
        if entries and strange and against:
            problems = [self._problem(code, named, entries[against[0]]) for code, named in strange]
            return [*entries, *(self._of_code(code, named) for code, named in strange)], problems
        added.extend(self._of_code(code, named) for code, named in strange)
        return [*added, *(one for place, one in enumerate(entries) if place not in dropped)], []

    def _fits(self, entry: _Entry, choices: Iterable[str]) -> bool:
        return entry.concept_id is not None and any(self._index.agree(choice, entry.concept_id) for choice in choices)

    def _problem(self, code: FoundCode, named: str, entry: _Entry) -> str:
        means = named or " or ".join(code.choices)
        return f"code {code.code} means {means}, the text {entry.concept_id}"

    def _of_code(self, code: FoundCode, named: str) -> _Entry:
        choices = (named,) if named else code.choices
        concept = self._concepts.get(named)
        share = 1.0 / len(choices)
        own = {code.system: code.code} if code.system != "ICD9CM" else {}  # a code that is only read is never given
        plain = {
            "concept_id": named or None,
            "preferred_name": concept.preferred_name if concept else None,
            "score": round(share, 3),
            "match": "code",
            "sense_status": "unambiguous" if named else "ambiguous",
            "assertion": "historical" if code.historical else self._status_of.get("disorder", "present"),
            "severity": None,
            "codes": {**concept.codes, **own} if concept else {},
            "text": code.code,
        }
        means = self._name_of(named) if named else " or ".join(map(self._name_of, choices))
        candidates = tuple(self._candidate(one, share) for one in choices)
        return _Entry(plain, concept.semantic_type if concept else None, f"the code {code.code} of {code.system} means {means}", candidates)

    def _left_open(self, outcome: Outcome, entries: Sequence[_Entry]) -> Outcome:
        """Code and text contradict each other: a person must look."""
        named = list(dict.fromkeys(one.concept_id for one in entries if one.concept_id))
        return outcome._replace(
            concept_id=None,
            preferred_name=None,
            score=round(1.0 / len(named), 3),
            sense_status="ambiguous",
            by_frequency=False,
            codes={},
            candidates=tuple(self._candidate(one, 1.0 / len(named)) for one in named),
            reason=f"code and text contradict each other: {'; '.join(outcome.problems)}",
        )


@lru_cache(maxsize=1_000)
def _nothing(reason: str) -> Outcome:
    """One outcome for all cells without a concept for the same reason; it goes from process to process once."""
    return Outcome(reason=reason)


def _distinct(entries: Sequence[_Entry]) -> list[_Entry]:
    """Each concept once a status, with the best of its scores and a grade where one of its mentions has one."""
    found: dict[tuple[object, object], _Entry] = {}
    for one in entries:
        key = (one.concept_id or one.plain["text"], one.plain["assertion"])
        known = found.get(key)
        if known is None:
            found[key] = one
            continue
        best = max(known, one, key=lambda entry: float(entry.plain["score"]))
        found[key] = replace(best, plain=best.plain | {"severity": known.plain["severity"] or one.plain["severity"]})
    return list(found.values())


def _name(entry: _Entry) -> str:
    return str(entry.concept_id or f"{entry.plain['text']} (open)")


def _why_none(text: str, annotations: Sequence[Annotation], name_of: Any) -> str:
    if annotations:
        one = annotations[0]
        return f"{one['text']!r} reads as {name_of(one['concept_id'])}, which is outside the subject"
    if not text.strip():
        return "blank"
    if not any(map(str.isalpha, text)):
        return "no words"
    return "names no concept of the lexicon"
