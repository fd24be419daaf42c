"""Which grade belongs to which lesion.

A grade speaks of the lesion behind it when only harmless adjectives stand between ("mild central MR"), and of the lesion
before it when only links do ("MR appears mild", "MR (2+)") and no other noun follows to own it ("MR, severe LVH").
Lesions joined in a list share a grade that none of them has for itself ("mild MR, TR, and AI").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from mrterms.attributes.phrases import Hit
from mrterms.attributes.scales import Bound, BoundKind, GradeFigure, GradePart, GradeWord, Lesion, Roles

__all__ = ["GradeBinder", "GradePhrase", "Place", "grade_phrases", "joined"]

_RANGE_JOINTS = frozenset({("to",), ("-",), ("–",), ("—",), ("/",), ("or",), ("-", "to", "-"), ("–", "to", "–"), ("towards",)})
_TIMES = ("x", "×")
_ARROWS = frozenset({"->", "-->", "=>", "→", "➔", "➞", ">>"})
_OPEN, _CLOSE = frozenset("(["), frozenset(")]")
_RANGE_VERBS = frozenset(["range", "ranges", "ranged", "ranging", "varies", "varied", "varying", "anywhere"])
_VALVES = frozenset(["mitral", "aortic", "tricuspid", "pulmonic", "pulmonary"])
_MAX_BETWEEN, _MAX_LINK, _MAX_GAP = 10, 14, 12


class Place(NamedTuple):
    """A lesion in the sentence: its atoms (half-open) and what it is.

    ``done``: an operation that has taken place; ``absent``: it is denied; ``others``: what else its form may mean.
    """

    first: int
    last: int
    lesion: Lesion
    done: bool = False
    absent: bool = False
    others: tuple[Lesion, ...] = ()


class GradePhrase(NamedTuple):
    """A whole expression of a grade: one or two ``parts`` (a range) with its bound.

    ``first`` to ``last`` are the atoms with all modifiers, ``shown`` the first atom of what is reported as its text.
    """

    first: int
    last: int
    shown: int
    parts: tuple[GradePart, ...]
    bound: BoundKind | None = None
    past: bool = False
    now: bool = False
    to_come: bool = False

    @property
    def adverb(self) -> bool:
        """Whether it grades only what stands right behind it (mildly)."""
        part = self.parts[-1]
        return isinstance(part, GradeWord) and part.adverb

    @property
    def only_after(self) -> bool:
        """Whether it counts only right behind a lesion (a bare roman figure)."""
        part = self.parts[-1]
        return isinstance(part, GradeFigure) and part.after

    @property
    def listed(self) -> bool:
        """Whether it is a grade only in a list of grades in figures (a roman I)."""
        part = self.parts[-1]
        return isinstance(part, GradeFigure) and part.listed and len(self.parts) == 1

    @property
    def figure(self) -> bool:
        """Whether it is written in figures."""
        return isinstance(self.parts[-1], GradeFigure)


def grade_phrases(hits: Sequence[Hit], atoms: list[str]) -> list[GradePhrase]:
    """The expressions of grades among the hits, with ranges, restatements and bounds put together."""
    phrases: list[GradePhrase] = []
    bounds: dict[int, tuple[int, Bound]] = {}
    number = 0
    while number < len(hits):
        hit = hits[number]
        number += 1
        bound, part = hit.meaning.bound, hit.meaning.grade
        if bound is not None:
            if atoms[hit.first] != ">" or hit.first == 0 or atoms[hit.first - 1] not in ("-", "--", "="):  # "severe -> mild"
                bounds[hit.last] = hit.first, bound
        elif part is not None and not _is_count(hit, atoms):
            last = hit.last
            parts: tuple[GradePart, ...] = (part,)
            while number < len(hits) and (joined := _join(atoms, last, parts, hits[number])) is not None:
                last, parts = joined
                number += 1
            phrase = _with_bounds(hit.first, last, parts, bounds, atoms)
            if number < len(hits) and hits[number].first == last and _is_now(hits[number]):
                phrase = phrase._replace(now=True)  # "severe now"
            if phrases and "".join(atoms[phrases[-1].last : phrase.first]).strip("()[] ") in _ARROWS:
                phrase = phrase._replace(first=phrases.pop().first, now=True)  # "(3+) -> 1+": the grade that it came to
            phrases.append(phrase)
    return phrases


def _is_count(hit: Hit, atoms: list[str]) -> bool:
    """Whether a figure says how often, and the plus behind it what more: "CABG x3 + MVR"."""
    return isinstance(hit.meaning.grade, GradeFigure) and hit.first > 0 and atoms[hit.first - 1] in _TIMES


def _is_now(hit: Hit) -> bool:
    return hit.meaning.bound is not None and hit.meaning.bound.kind == "now"


def _join(atoms: list[str], last: int, parts: tuple[GradePart, ...], hit: Hit) -> tuple[int, tuple[GradePart, ...]] | None:
    """The expression with the grade of ``hit`` as its other end or as a restatement ("mild (1+)"), or None."""
    part = hit.meaning.grade
    if part is None:
        return None
    gap = tuple(atoms[last : hit.first])
    restated = type(part) is not type(parts[-1])
    if gap in _RANGE_JOINTS and len(parts) == 1 and not (gap == ("/",) and restated):
        return hit.last, (*parts, part)
    if not restated or gap not in ((), (",",), ("(",), ("[",)):
        return None
    end = hit.last
    if gap in (("(",), ("[",)):
        if end >= len(atoms) or atoms[end] not in _CLOSE:
            return None
        end += 1
    # The word decides: it says on which scale the figure was meant.
    return end, parts if isinstance(parts[-1], GradeWord) else (part,)


def _with_bounds(
    first: int, last: int, parts: tuple[GradePart, ...], bounds: dict[int, tuple[int, Bound]], atoms: list[str]
) -> GradePhrase:
    kind: BoundKind | None = None
    shown, past, now, to_come = first, False, False, False
    while (before := bounds.get(first)) is not None:
        first, bound = before
        if bound.kind in ("ge", "gt", "le", "lt"):
            kind, shown = bound.kind, first
        past |= bound.kind == "past"
        now |= bound.kind == "now"
        to_come |= bound.kind == "to_come"
        if bound.kind == "past" and atoms[first] == "from" and len(parts) == 2:
            past = False
            if not (first and atoms[first - 1] in _RANGE_VERBS):
                parts, now = parts[1:], True
    return GradePhrase(first, last, shown, parts, kind, past, now, to_come)


@dataclass(slots=True)
class _Claims:
    """The grades that lay claim to one lesion."""

    before: list[GradePhrase] = field(default_factory=list)
    after: list[GradePhrase] = field(default_factory=list)

    def best(self) -> GradePhrase | None:
        """The grade that holds now: a stated change wins, then the grade before the lesion, then the first behind it.

        One that is only feared ("if the MR becomes severe") is none.
        """
        claims = [claim for claim in (*reversed(self.before), *self.after) if not claim.to_come]
        current = [claim for claim in claims if not claim.past] or claims
        if changed := [claim for claim in current if claim.now]:
            return changed[-1]
        return current[0] if current else None


class GradeBinder:
    """Binds the grades of a sentence to its lesions."""

    def __init__(self, roles: Roles) -> None:
        self._roles = roles

    def bind(
        self,
        atoms: list[str],
        hits: Sequence[Hit],
        places: Sequence[Place],
        *,
        cells: Set[int] = frozenset(),
        measured: Mapping[int, int] | None = None,
    ) -> list[GradePhrase | None]:
        """The grade of each place, in the order given.

        ``cells`` are the atoms before which a tab parts the cells of a table; ``measured`` are measurements, as their end and
        their beginning: a lesion's grade may stand behind them ("MR, jet area 3.2 cm2, mild").
        """
        if all([hit.meaning.grade is None for hit in hits]):  # noqa: C419 a list is quicker than a generator for a few hits
            return [None] * len(places)
        lesions = {(place.first, place.last) for place in places}
        lesions |= {(place.first, place.last + 1) for place in places if atoms[place.last : place.last + 1] == ["."]}
        # "TR" and "TR." are a lesion or a trace: what is marked as a lesion is no grade.
        phrases = grade_phrases([hit for hit in hits if (hit.first, hit.last) not in lesions], atoms)
        if not phrases:
            return [None] * len(places)
        return _Sentence(self._roles, atoms, hits, places, phrases, cells, measured or {}).grades()

    def continued(self, atoms: list[str], hits: Sequence[Hit], *, cut: bool = False) -> GradePhrase | None:
        """The grade of a sentence that speaks on of the lesion before it: "It is severe", "Severity: moderate".

        ``cut``: its lesion is a word cut short, whose full stop only looked like the end of a sentence ("REGURG. SEV").
        """
        phrases = grade_phrases(hits, atoms)
        if not phrases or phrases[0].adverb or len(phrases) > 1:
            return None
        [phrase], roles = phrases, self._roles
        if cut and phrase.first == 0:
            return phrase if phrase.last >= len(atoms) or roles.closes(atoms[phrase.last]) else None
        lead = atoms[1 : phrase.first] if atoms[0] == "the" else atoms[: phrase.first]
        if not lead or lead[0] not in roles.again or any(atom not in roles.link and atom not in roles.predicate for atom in lead[1:]):
            return None
        if not any(atom in roles.predicate for atom in lead[1:]):
            return None
        return phrase if phrase.last >= len(atoms) or roles.closes(atoms[phrase.last]) else None


class _Sentence:
    """One sentence while its grades are bound."""

    def __init__(
        self,
        roles: Roles,
        atoms: list[str],
        hits: Sequence[Hit],
        places: Sequence[Place],
        phrases: list[GradePhrase],
        cells: Set[int],
        measured: Mapping[int, int],
    ) -> None:
        self.measured = measured
        self.roles, self.atoms, self.places, self.cells = roles, atoms, places, cells
        self.beginning: dict[int, list[int]] = {}
        self.ending: dict[int, list[int]] = {}
        for number, place in enumerate(places):
            self.beginning.setdefault(place.first, []).append(number)
            self.ending.setdefault(place.last, []).append(number)
        self.phrases = phrases = [phrase for phrase in phrases if not phrase.listed or self._is_listed(phrase, phrases)]
        self.phrase_at = {phrase.first: phrase for phrase in phrases}
        self.phrase_to = {phrase.last: phrase for phrase in phrases}
        graded = {at for phrase in phrases for at in range(phrase.first, phrase.last)}
        free = [hit for hit in hits if hit.meaning.harmless and hit.first not in graded]
        self.fact_at = {hit.first: hit.last for hit in free}
        self.fact_to = {hit.last: hit.first for hit in free}
        self.claims = [_Claims() for _ in places]
        self.plural: set[int] = set()

    def grades(self) -> list[GradePhrase | None]:
        for phrase in self.phrases:
            self._claim(phrase)
        grades = [claims.best() for claims in self.claims]
        if len(grades) > 1:
            self._share_forward(grades)
            self._share_backward(grades)
        return self._in_turn(grades) if "respectively" in self.atoms and self.phrases else grades

    def _in_turn(self, grades: list[GradePhrase | None]) -> list[GradePhrase | None]:
        """The grades, where as many as there are lesions are listed: "mitral and aortic regurgitation, mild and severe, respectively"."""
        runs = [[self.phrases[0]]]
        for before, phrase in pairwise(self.phrases):
            gap = self.atoms[before.last : phrase.first]
            if gap and all(atom in self.roles.list for atom in gap):
                runs[-1].append(phrase)
            else:
                runs.append([phrase])
        order = sorted(range(len(self.places)), key=self._named_at)
        for run in runs:
            if len(run) == len(order) > 1:
                return [run[order.index(number)] for number in range(len(order))]
        return grades

    def _named_at(self, number: int) -> int:
        """Where the text names a lesion: by its valve, or as a whole."""
        place = self.places[number]
        named = [at for at, atom in enumerate(self.atoms) if atom == place.lesion.site]
        return min(named, default=place.first)

    def _claim(self, phrase: GradePhrase) -> None:
        ahead = [] if phrase.only_after else self._ahead(phrase)
        behind, manner = self._behind(phrase)
        behind = [number for number in behind if number not in ahead]
        if ahead and behind and self._prefer_ahead(phrase, ahead, behind, manner):
            behind = []
        for number in behind:
            self.claims[number].after.append(phrase)
        if behind:
            return
        for number in ahead or self._around(phrase):
            self.claims[number].before.append(phrase)

    def _prefer_ahead(self, phrase: GradePhrase, ahead: list[int], behind: list[int], manner: str) -> bool:
        """Between two lesions: "TR, mild MR" grades the second, "MR 2+ TR 1+" and "MR: mild TR: trace" the first."""
        if any(self.claims[number].before or self.claims[number].after for number in behind):
            return True
        if self.cells and (parted := self._parted(phrase, ahead, behind)) is not None:
            return parted
        if manner == "soft":
            return True
        if self._own_grade_follows(self.places[ahead[0]].last):
            return False
        return not (phrase.figure and manner in ("bare", "predicate"))

    def _parted(self, phrase: GradePhrase, ahead: list[int], behind: list[int]) -> bool | None:
        """Whether only the lesion behind the grade is in its cell: "MR mild<tab>MS none"; None where cells do not tell."""
        after = any(phrase.last <= cell <= self.places[ahead[0]].first for cell in self.cells)
        before = any(self.places[behind[0]].last <= cell <= phrase.first for cell in self.cells)
        return before if after != before else None

    def _own_grade_follows(self, end: int) -> bool:
        at = end
        while at < len(self.atoms) and at not in self.phrase_at and self.atoms[at] in self.roles.link and self.atoms[at] != ",":
            at += 1
        phrase = self.phrase_at.get(at)
        if phrase is None or at > end:
            return phrase is not None
        # "AI mod MI mild TI tr": grades stand behind where the last one does
        ahead = self._ahead(phrase)
        return not ahead or self._own_grade_follows(self.places[ahead[0]].last)

    def _ahead(self, phrase: GradePhrase) -> list[int]:
        """The lesions that begin behind a grade with nothing but harmless words between."""
        at, atoms = phrase.last, self.atoms
        stop = min(len(atoms), at + _MAX_BETWEEN)
        while at < stop:
            if at in self.beginning:
                return self.beginning[at]
            if phrase.adverb or at in self.phrase_at:
                return []
            if at in self.fact_at:
                at = self.fact_at[at]
            elif self.roles.harmless(atoms[at]) or (atoms[at] == "," and self._adjective_follows(at + 1)) or self._joins_valves(at):
                at += 1
            elif atoms[at] in _OPEN and (end := self._closing(at)) is not None:
                at = end + 1
            else:
                return []
        return []

    def _joins_valves(self, at: int) -> bool:
        """Whether a joint stands between two valves of one lesion: "mild mitral and tricuspid regurgitation"."""
        return self.atoms[at] in ("and", "or", "/", "&") and self.atoms[at - 1] in _VALVES and at + 1 in self.beginning

    def _adjective_follows(self, at: int) -> bool:
        if at >= len(self.atoms) or at in self.beginning or at in self.phrase_at:
            return False
        return at in self.fact_at or self.roles.harmless(self.atoms[at])

    def _closing(self, at: int) -> int | None:
        return next((end for end in range(at + 1, min(at + 8, len(self.atoms))) if self.atoms[end] in _CLOSE), None)

    def _opening(self, at: int) -> int | None:
        """The bracket that opens a remark without a grade of its own: "AS (AVA 0.7 cm2), severe"."""
        if at in self.ending:
            return at
        for start in range(at - 1, max(-1, at - _MAX_GAP), -1):
            if self.atoms[start] in _OPEN:
                return start
            if start in self.phrase_at:
                return None
        return None

    def _behind(self, phrase: GradePhrase) -> tuple[list[int], str]:
        """The lesions that end before a grade with nothing but links between, and how: bare, soft or predicate."""
        at, steps, manner, comma = phrase.first, 0, "bare", False
        while at > 0 and steps < _MAX_LINK:
            steps += 1
            if at in self.ending:
                return self._accept(phrase, self.ending[at], manner, at)
            atom = self.atoms[at - 1]
            if at in self.fact_to or at in self.measured:
                manner = "soft" if at in self.measured and manner == "bare" else manner
                begin = self.fact_to[at] if at in self.fact_to else self.measured[at]
                if inner := [end for end in self.ending if begin < end < at]:  # "MR jet area 3.2 cm2, mild"
                    return self._accept(phrase, self.ending[max(inner)], manner, max(inner))
                at = begin
                continue
            if atom in _CLOSE and (opening := self._opening(at - 1)) is not None:
                at, manner = opening, "predicate" if manner == "predicate" else "soft"
                continue
            earlier = self.phrase_to.get(at)
            if earlier is not None:
                if not (phrase.now or earlier.past or self.atoms[phrase.first - 1] == "to"):
                    return [], ""
                at = earlier.first
                continue
            if atom in self.roles.predicate and not comma and manner != "predicate":
                manner = "predicate"
            elif self._adds_to_link(at - 1) and phrase.last not in self.beginning and self._closes(phrase, "soft"):
                pass  # "the MR is stable and moderate"
            elif atom in self.roles.link or (len(atom) > 4 and atom.endswith("ly")) or atom == "not":
                comma |= atom in ",(["
                manner = "soft" if manner == "bare" else manner
            elif (phrase.now or manner == "predicate") and (atom.isdigit() or atom in ("in", "on", "and", "but", "was")):
                pass
            elif phrase.now and (known := self._graded_before(phrase)):
                return self._accept(phrase, known, manner, at)
            elif manner == "predicate" and not comma:
                return self._accept(phrase, self._subject(at), manner, at)
            elif comma and (end := self._on_its_way(phrase.first)) is not None:
                return self._accept(phrase, self.ending[end], manner, end)
            else:
                return [], ""
            at -= 1
        return [], ""

    def _adds_to_link(self, at: int) -> bool:
        """Whether "and" stands behind a word that may lead to a grade by itself."""
        return self.atoms[at] == "and" and at > 1 and (self.atoms[at - 1] in self.roles.link or at in self.fact_to)

    def _graded_before(self, phrase: GradePhrase) -> list[int]:
        """The lesion whose older grade the sentence has told: "MR was severe before the clip and is now mild"."""
        earlier = [other for other in self.phrases if other.last <= phrase.first]
        if not earlier or any(earlier[-1].last <= place.first < phrase.first for place in self.places):
            return []
        return [number for number, claims in enumerate(self.claims) if earlier[-1] in claims.after]

    def _subject(self, at: int) -> list[int]:
        """The lesion of which a predicate speaks across a remark: "MR by colour Doppler is mild"."""
        for end in range(at - 1, max(-1, at - _MAX_GAP), -1):
            if end in self.ending:
                return self.ending[end] if self.atoms[end] in self.roles.gap else []
            if self.atoms[end] in self.roles.boundary or end in self.phrase_at:
                return []
        return []

    def _on_its_way(self, before: int) -> int | None:
        """Where the lesion ends whose way the last comma closes: "MR hugging the lateral wall, severe"."""
        comma = max((at for at in range(max(0, before - _MAX_GAP), before) if self.atoms[at] == ","), default=0)
        for end in range(comma - 1, max(-1, comma - _MAX_GAP), -1):
            if end in self.ending:
                return end if self.atoms[end] in self.roles.way else None
            if self.atoms[end] in self.roles.boundary or self.atoms[end] == "," or end in self.phrase_at:
                return None
        return None

    def _accept(self, phrase: GradePhrase, numbers: list[int], manner: str, at: int) -> tuple[list[int], str]:
        if not numbers or (phrase.only_after and manner == "soft" and self.atoms[phrase.first - 1] not in _OPEN):
            return [], ""
        if manner != "predicate" and not self._closes(phrase, manner):
            return [], ""
        if any(atom in self.roles.plural for atom in self.atoms[at : phrase.first]):
            self.plural.update(numbers)
        return numbers, manner

    def _closes(self, phrase: GradePhrase, manner: str) -> bool:
        at = phrase.last
        if at >= len(self.atoms) or at in self.beginning or (at in self.fact_at and not phrase.only_after):
            return True
        if phrase.figure and manner == "bare" and not phrase.only_after:
            return self.atoms[at] not in self.roles.decoy
        return self.roles.closes(self.atoms[at])

    def _is_listed(self, phrase: GradePhrase, phrases: Sequence[GradePhrase]) -> bool:
        """Whether a figure that is a word as well stands in a list of grades in figures: "MI II, AI I, no AS", not "MR I would"."""
        at = phrase.last
        ends = at >= len(self.atoms) or at in self.beginning or not self.atoms[at].isalpha()
        return ends and phrase.first in self.ending and any(other.figure and other is not phrase for other in phrases)

    def _around(self, phrase: GradePhrase) -> list[int]:
        """The smallest lesion in whose words the grade stands ("the mitral valve is severely leaky")."""
        around = [
            (place.last - place.first, number)
            for number, place in enumerate(self.places)
            if place.first <= phrase.shown and phrase.last <= place.last
        ]
        return [min(around)[1]] if around else []

    def _share_forward(self, grades: list[GradePhrase | None]) -> None:
        order = sorted(range(len(self.places)), key=lambda number: (self.places[number].first, -self.places[number].last))
        for before, number in pairwise(order):
            grade = grades[before]
            if grade is None or grades[number] is not None or grade.first >= self.places[before].last:
                continue
            denied = self.places[number].absent and not self.places[before].absent  # "moderate MR, AS: none"
            if not denied and self._joined(self.places[before], self.places[number]):
                grades[number] = grade

    def _share_backward(self, grades: list[GradePhrase | None]) -> None:
        order = sorted(range(len(self.places)), key=lambda number: self.places[number].last, reverse=True)
        for number, before in pairwise(order):
            grade, place = grades[number], self.places[number]
            if grade is None or grades[before] is not None or grade.first < place.last:
                continue
            gap = self.atoms[self.places[before].last : place.first]
            same = gap == ["("] and self.places[before].lesion is place.lesion  # "mitral regurgitation (MR) is moderate"
            if number in self.plural:
                shared = self._joined(self.places[before], place, any_kind=True)  # "mitral stenosis and regurgitation, both moderate"
            else:
                shared = (gap == ["/"] or same) and self._joined(self.places[before], place)
            if shared:
                grades[before] = grade
                self.plural.add(before)

    def _joined(self, left: Place, right: Place, *, any_kind: bool = False) -> bool:
        if right.first < left.last and any(left.first <= phrase.first < right.first for phrase in self.phrases):
            return False
        return joined(self.roles, self.atoms, left, right, any_kind=any_kind)


def joined(roles: Roles, atoms: list[str], left: Place, right: Place, *, any_kind: bool = False) -> bool:
    """Whether two lesions are members of one list, so that what is said once may speak of both; ``any_kind``: it says so."""
    if right.first < left.last:
        return True
    gap = atoms[left.last : right.first]
    if gap == ["("] and left.lesion is right.lesion:
        return True  # "severe mitral regurgitation (MR)"
    if not any(atom in roles.list for atom in gap):
        return False
    if not all(atom in roles.list or atom in _VALVES or (any_kind and roles.harmless(atom)) for atom in gap):
        return False
    # "mild mitral regurgitation and aortic stenosis" leaves the stenosis ungraded; "mild MR and AS" grades both.
    short = right.last - right.first == 1 == left.last - left.first
    return (
        any_kind
        or left.lesion.kind == right.lesion.kind
        or (short and {left.lesion.kind, right.lesion.kind} <= {"regurgitation", "stenosis"})
    )
