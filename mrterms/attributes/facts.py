"""Attributes of a lesion that are phrases of the tables: cause, mechanism, jet, segment, territory, type, age ...

A phrase marked ``beside`` counts only as an adjective or predicate of the lesion ("ischemic MR", "MR is functional"), one
marked ``clause`` belongs to the nearest fitting lesion of its clause ("flail P2 with severe MR").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from itertools import pairwise

from mrterms.attributes.atoms import Atoms
from mrterms.attributes.grades import Place, joined
from mrterms.attributes.phrases import Hit, PhraseTrie
from mrterms.attributes.scales import Roles
from mrterms.lexicon.tables import Row, read_table

__all__ = ["Fact", "FactBinder", "FactRule", "read_facts"]

_TABLES = ("chronicity", "cause", "mechanism", "jet", "segment", "infarct", "procedure")
_BINDS = ("beside", "clause", "inside")
_DENIALS = frozenset(["no", "without", "not", "denies", "absent", "negative", "excludes", "excluding"])
_STOPS = frozenset(";.")
_HEDGES = frozenset(["and", "or", "but", "with", ",", "/"])
_MAX_BESIDE, _MAX_CLAUSE, _DENIAL_REACH = 8, 16, 4


@dataclass(frozen=True, slots=True)
class FactRule:
    """What a phrase says (kind and value), of which kinds of lesion, and how near it must stand."""

    says: tuple[tuple[str, str], ...]
    kinds: frozenset[str]
    site: str
    bind: str
    glued: bool

    def fits(self, place: Place) -> bool:
        """Whether the phrase can speak of that lesion; a lesion without a known valve fits any."""
        return place.lesion.kind in self.kinds and (not self.site or place.lesion.site in (self.site, ""))


@dataclass(frozen=True, slots=True)
class Fact:
    """A kind and value said at the atoms ``first`` to ``last``."""

    kind: str
    value: str
    first: int
    last: int


def read_facts(folder: Traversable, trie: PhraseTrie) -> None:
    """Add the phrases of the attribute tables to the trie; a row that says nothing only shields its words."""
    for name in _TABLES:
        for row in read_table(folder / f"{name}.tsv", ("phrase", "says", "applies", "site", "bind", "source")):
            trie.add(row["phrase"], fact=_rule(row) if row["says"] else None)


def _rule(row: Row) -> FactRule:
    if row["bind"] not in _BINDS:
        row.fail(f"unknown bind {row['bind']!r}", f"known: {', '.join(_BINDS)}")
    says = [said.partition("=") for said in row.list("says")]
    if not all(kind and value for kind, _, value in says):
        row.fail("says must be kind=value", "chronicity=acute")
    phrase = row["phrase"]
    glued = " " not in phrase and not phrase.isalpha() and phrase.isalnum()
    return FactRule(tuple((kind, value) for kind, _, value in says), frozenset(row.list("applies")), row["site"], row["bind"], glued)


class FactBinder:
    """Binds the attribute phrases of a sentence to its lesions."""

    def __init__(self, roles: Roles) -> None:
        self._roles = roles

    def bind(self, atoms: Atoms, hits: Sequence[Hit], places: Sequence[Place]) -> list[list[Fact]]:
        """The facts of each place, in the order given."""
        facts: list[list[Fact]] = [[] for _ in places]
        kinds = {place.lesion.kind for place in places}
        said = [(hit, rule) for hit in hits for rule in hit.meaning.facts if not kinds.isdisjoint(rule.kinds)]
        if not said:
            return facts
        hit_at = {hit.first: hit.last for hit in hits if hit.meaning.passable}
        hit_to = {last: first for first, last in hit_at.items()}
        for hit, rule in said:
            fitting = [number for number, place in enumerate(places) if rule.fits(place)]
            if not fitting or (rule.glued and not _glued(atoms, hit)) or _denied(atoms.texts, hit.first):
                continue
            for number in self._owners(rule, hit, atoms.texts, places, fitting, hit_at, hit_to):
                known = {fact.kind for fact in facts[number] if fact.first == hit.first}
                facts[number].extend(Fact(kind, value, hit.first, hit.last) for kind, value in rule.says if kind not in known)
        return facts

    def _owners(
        self,
        rule: FactRule,
        hit: Hit,
        atoms: list[str],
        places: Sequence[Place],
        fitting: list[int],
        hit_at: dict[int, int],
        hit_to: dict[int, int],
    ) -> list[int]:
        around = [number for number in fitting if places[number].first <= hit.first and hit.last <= places[number].last]
        if around:
            return [min(around, key=lambda number: places[number].last - places[number].first)]
        if rule.bind == "inside":
            return []
        ahead = self._ahead(hit.last, atoms, places, fitting, hit_at)
        if ahead:
            return self._with_list(ahead, atoms, places, fitting)
        behind = self._behind(hit, atoms, places, fitting, hit_to)
        if behind or rule.bind == "beside":
            return behind
        return self._nearest(hit, atoms, places, fitting)

    def _ahead(self, at: int, atoms: list[str], places: Sequence[Place], fitting: list[int], hit_at: dict[int, int]) -> list[int]:
        """The fitting lesions that begin behind the phrase with nothing but harmless words between."""
        roles, stop = self._roles, min(len(atoms), at + _MAX_BESIDE)
        while at < stop:
            if found := [number for number in fitting if places[number].first == at]:
                return found
            if any(place.first == at for place in places):
                return []
            if at in hit_at:
                at = hit_at[at]
            elif roles.harmless(atoms[at]) or self._adjective_follows(at, atoms, hit_at):
                at += 1
            else:
                return []
        return []

    def _adjective_follows(self, at: int, atoms: list[str], hit_at: dict[int, int]) -> bool:
        """Whether a joint leads on to one more adjective: "anterior and inferior infarct"."""
        joint = atoms[at] in (",", "and", "/", "(", ")") and at + 1 < len(atoms)
        return joint and (at + 1 in hit_at or self._roles.harmless(atoms[at + 1]))

    def _behind(self, hit: Hit, atoms: list[str], places: Sequence[Place], fitting: list[int], hit_to: dict[int, int]) -> list[int]:
        """The fitting lesions that end before the phrase with nothing but links between, where no noun behind owns it."""
        roles, at, steps, predicate, comma = self._roles, hit.first, 0, False, False
        while at > 0 and steps < _MAX_BESIDE:
            steps += 1
            if found := [number for number in fitting if places[number].last == at]:
                closed = predicate or hit.last >= len(atoms) or roles.closes(atoms[hit.last])
                return found if closed else []
            if any(place.last == at for place in places):
                return []
            if at in hit_to:
                at = hit_to[at]
                continue
            atom = atoms[at - 1]
            comma |= atom == ","
            predicate |= atom in roles.predicate and not comma
            if atom not in roles.link and not atom.isdigit() and not (len(atom) > 4 and atom.endswith("ly")) and atom not in (")", "]"):
                return []
            at -= 1
        return []

    def _with_list(self, numbers: list[int], atoms: list[str], places: Sequence[Place], fitting: list[int]) -> list[int]:
        """The lesions and those that follow in one list with them: "rheumatic MS, AS and TR"."""
        owners = list(numbers)
        order = sorted(fitting, key=lambda number: (places[number].first, -places[number].last))
        for before, number in pairwise(order):
            if before in owners and number not in owners and joined(self._roles, atoms, places[before], places[number]):
                owners.append(number)
        return owners

    def _nearest(self, hit: Hit, atoms: list[str], places: Sequence[Place], fitting: list[int]) -> list[int]:
        costs = [(cost, number) for number in fitting if (cost := _cost(hit.first, hit.last, atoms, places, number)) is not None]
        best = min(costs, default=None)
        return [best[1]] if best and best[0] <= _MAX_CLAUSE else []


def _glued(atoms: Atoms, hit: Hit) -> bool:
    return all(atoms.touch(at) for at in range(hit.first, hit.last - 1))


def _denied(atoms: list[str], first: int) -> bool:
    """Whether a denial stands right before the phrase: "no flail segment"."""
    for at in range(first - 1, max(-1, first - 1 - _DENIAL_REACH), -1):
        if atoms[at] in _DENIALS:
            return True
        if not atoms[at].isalpha() or atoms[at] in ("with", "and", "but"):
            return False
    return False


def _cost(first: int, last: int, atoms: list[str], places: Sequence[Place], number: int) -> int | None:
    """How far a phrase is from a lesion of its clause; None across a clause's end."""
    place = places[number]
    low, high = (place.last, first) if place.last <= first else (last, place.first)
    gap = atoms[low:high]
    if not _STOPS.isdisjoint(gap):
        return None
    between = sum(1 for other in places if low <= other.first and other.last <= high)
    return len(gap) + 2 * sum(atom in _HEDGES for atom in gap) + 4 * between
