"""Measurements: the figure behind a name, its unit, range and comparator, and the lesion that it measures.

Figures are reported as written. One that cannot be is flagged and never corrected; a unit that the text leaves out is
inferred from the size of the figure and marked as assumed (domain.md 3: a bare ERO of 0.35 is in cm2, of 35 in mm2).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.resources.abc import Traversable
from typing import Any

from mrterms.attributes.atoms import Atoms, split_phrase
from mrterms.attributes.grades import Place
from mrterms.attributes.phrases import Hit, PhraseTrie, measuring
from mrterms.attributes.scales import Roles
from mrterms.lexicon.tables import Row, read_table

__all__ = ["Measure", "MeasureFinder", "MeasureRule", "Unit", "other_valve"]

_NUMBER = re.compile(r"\d+(?:[.,]\d+)?")
_JOINTS = frozenset(["-", "–", "—", "to", "and"])
_METHOD = frozenset(["by", "via", "using", "per", "from"])
_SIGNS = {"<": "<", ">": ">", "≤": "<=", "≥": ">=", "⩽": "<=", "⩾": ">="}
_BOUND_SIGNS = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<"}
_SITES = {
    "mitral": "mitral", "mv": "mitral", "transmitral": "mitral", "mr": "mitral",
    "aortic": "aortic", "av": "aortic", "transaortic": "aortic", "ao": "aortic", "lvot": "aortic", "ar": "aortic", "ai": "aortic",
    "tricuspid": "tricuspid", "tv": "tricuspid", "tr": "tricuspid",
    "pulmonic": "pulmonary", "pv": "pulmonary",
}  # fmt: skip
_TIME_WORDS = frozenset(
    [
        "month",
        "months",
        "year",
        "years",
        "yr",
        "yrs",
        "week",
        "weeks",
        "day",
        "days",
        "hour",
        "hours",
        "beats",
        "bpm",
        "min",
        "minutes",
        "mg",
    ]
)
_ENDS = frozenset([",", ";", ".", "(", ")", "and", "no", "with", "without"])
_ANY = measuring("*")
_MAX_SKIP, _MAX_REACH, _MAX_GAP = 12, 60, 5


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit: its standard spelling, dimension and factor to the base unit of the dimension."""

    name: str
    dimension: str
    factor: float


@dataclass(frozen=True, slots=True)
class MeasureRule:
    """A kind of measurement. ``units``: the first is the standard one, in which ``low`` and ``high`` bound what can be.

    ``tiers``: whose measurement it is, as uses of its phrase; an earlier tier wins.
    """

    kinds: tuple[str, ...]
    units: tuple[Unit, ...]
    low: float
    high: float
    tiers: tuple[frozenset[str], ...]
    becomes: dict[str, str] = field(default_factory=dict, hash=False)

    @property
    def uses(self) -> frozenset[str]:
        """What a phrase that names it may be for."""
        return frozenset[str]().union(*self.tiers)

    @property
    def standard(self) -> Unit:
        """The unit of ``low`` and ``high``."""
        return self.units[0]

    def plausible(self, value: float, unit: Unit) -> bool:
        """Whether such a figure can be."""
        return self.low <= value * unit.factor / self.standard.factor <= self.high


@dataclass(frozen=True, slots=True)
class Measure:
    """A measurement as found, at the atoms ``first`` to ``last``; ``value`` is the middle of a range."""

    kind: str
    rule: MeasureRule
    value: float
    low: float
    high: float
    unit: Unit
    assumed: bool
    comparator: str | None
    flag: str | None
    previous: float | None
    first: int
    last: int

    def standard(self, value: float) -> float:
        """A figure in the standard unit of its kind; rounded, because 420 cm/s is 4.2 m/s and not 4.2000000000000002."""
        return round(value * self.unit.factor / self.rule.standard.factor, 6)

    def extra(self) -> dict[str, Any]:
        """What else is to be told beside value and unit."""
        told: dict[str, Any] = {}
        if self.low != self.high:
            told |= {"low": self.low, "high": self.high}
        if self.comparator:
            told["comparator"] = self.comparator
        if self.previous is not None:
            told["previous"] = self.previous
        if self.assumed:
            told["unit_assumed"] = True
        if self.unit.dimension == self.rule.standard.dimension and self.unit != self.rule.standard:
            told |= {"standard_value": self.standard(self.value), "standard_unit": self.rule.standard.name}
        if self.flag:
            told["flag"] = self.flag
        return told


class MeasureFinder:
    """Finds the measurements of a sentence and the lesions that they measure."""

    def __init__(self, folder: Traversable, trie: PhraseTrie, roles: Roles) -> None:
        self._figure = roles.figure
        self._units: dict[tuple[str, ...], Unit] = {}
        by_name: dict[str, Unit] = {"-": Unit("", "number", 1.0)}
        for row in read_table(folder / "units.tsv", ("written", "unit", "dimension", "factor")):
            unit = Unit(row["unit"], row["dimension"], float(row["factor"]))
            self._units[split_phrase(row["written"])] = unit
            by_name.setdefault(unit.name, unit)
        self._longest = max(map(len, self._units))
        for row in read_table(folder / "measurements.tsv", ("kind", "names", "units", "plausible", "lesions", "source"), ("becomes",)):
            rule = _rule(row, by_name)
            for name in row.list("names"):
                trie.add(name, measure=rule)

    def find(self, atoms: Atoms, hits: Sequence[Hit]) -> list[Measure]:
        """The measurements of a sentence, in order."""
        names = [(hit, hit.meaning.measure) for hit in hits if hit.meaning.measure is not None]
        if not names or not any(text[0].isdigit() for text in atoms.texts):
            return []
        # A name behind "by" is the method of the name before it: "EROA by PISA 0.4".
        names = [
            (hit, rule)
            for number, (hit, rule) in enumerate(names)
            if not (number and names[number - 1][0].last == hit.first - 1 and atoms.texts[hit.first - 1] in _METHOD)
        ]
        reader = _Reader(self._figure, self._units, self._longest, atoms, hits)
        measures: list[Measure] = []
        for number, (hit, rule) in enumerate(names):
            stop = names[number + 1][0].first if number + 1 < len(names) else len(atoms.texts)
            if stop < len(atoms.texts) and names[number + 1][1] is rule and not reader.figure_between(hit.last, stop):
                continue  # "effective regurgitant orifice area (EROA) of 0.4": the second name has the figure
            start = measures[-1].last if measures else 0
            measures.extend(reader.ahead(hit, rule, stop) or reader.before(hit, rule, start))
        return measures

    def bind(self, measure: Measure, atoms: list[str], places: Sequence[Place]) -> int | None:
        """The number of the lesion that a measurement belongs to: by tier, then the nearest, before rather than behind.

        A bracket speaks of the lesion before it; one that is denied behind the measurement comes after all others.
        """
        site = _site(measure, atoms)
        best: tuple[int, bool, int, int] | None = None
        opened = _opened(measure.first, atoms)
        for number, place in enumerate(places):
            if not _at_site(place, site) or _replaced(place, places, measure.first):
                continue
            tier = next((tier for tier, names in enumerate(measure.rule.tiers) if _named(place, names)), None)
            if tier is None:
                continue
            before = place.last <= measure.first or place.first >= measure.first
            gap = measure.first - place.last if place.last <= measure.first else place.first - measure.last + 4
            denied = place.absent and place.last > measure.first
            if opened is not None and place.last <= opened and _leads_to(atoms[place.last : opened]):
                return number
            if gap <= _MAX_REACH and (best is None or (tier, denied, gap, number) < best) and before:
                best = tier, denied, gap, number
        return best[3] if best else None

    def bind_next(self, measure: Measure, atoms: list[str], places: Sequence[Place]) -> int | None:
        """The number of the lesion of an earlier sentence that a measurement belongs to; None where two could have it.

        What measures the heart rather than a lesion (the ejection fraction) stays unbound.
        """
        site = next((_SITES[atom] for atom in reversed(atoms[: measure.last]) if atom in _SITES), None)
        for tier in measure.rule.tiers:
            fitting = [
                number
                for number, place in enumerate(places)
                if _ANY not in tier and _named(place, tier) and (not site or place.lesion.site in (site, ""))
            ]
            fitting = [number for number in fitting if not _replaced(places[number], places, measure.first)]
            if fitting:
                return fitting[-1] if len({places[number].lesion.concept_id for number in fitting}) == 1 else None
        return None


def _replaced(place: Place, places: Sequence[Place], before: int) -> bool:
    """Whether a stenosis lies behind a prosthesis that stands between it and a measurement: "AS s/p TAVR, mean gradient 9"."""
    return place.lesion.kind == "stenosis" and any(
        other.done and place.last <= other.first and other.last <= before and other.lesion.site in (place.lesion.site, "")
        for other in places
    )


def _at_site(place: Place, site: str | None) -> bool:
    return not site or any(lesion.site in (site, "") for lesion in (place.lesion, *place.others))


def _opened(at: int, atoms: list[str]) -> int | None:
    """Where the bracket opens in which an atom stands."""
    for start in range(at - 1, max(-1, at - _MAX_REACH), -1):
        if atoms[start] in (")", "]"):
            return None
        if atoms[start] in ("(", "["):
            return start
    return None


def _leads_to(gap: Sequence[str]) -> bool:
    """Whether nothing but a grade or a few words stands between a lesion and a bracket: "AS now severe (Vmax 4.3)"."""
    return len(gap) <= _MAX_GAP and _ENDS.isdisjoint(gap)


def other_valve(atoms: list[str], places: Sequence[Place]) -> bool:
    """Whether a sentence names a valve that none of the lesions belongs to."""
    sites = {place.lesion.site for place in places}
    return any(_SITES[atom] not in sites for atom in atoms if atom in _SITES)


def _named(place: Place, tier: frozenset[str]) -> bool:
    return any(not lesion.measured.isdisjoint(tier) for lesion in (place.lesion, *place.others))


def _site(measure: Measure, atoms: list[str]) -> str | None:
    for at in range(max(0, measure.first - 2), measure.last):
        if (site := _SITES.get(atoms[at])) is not None and (at >= measure.first or atoms[at] not in ("mr", "ar", "ai", "tr")):
            return site
        if at + 1 == measure.first and not atoms[at].isalpha():
            return None
    return None


def _rule(row: Row, by_name: dict[str, Unit]) -> MeasureRule:
    units = row.list("units")
    if unknown := [name for name in units if name not in by_name]:
        row.fail(f"unknown unit {', '.join(unknown)}", "see units.tsv")
    low, _, high = row["plausible"].partition("-")
    tiers = tuple(frozenset(measuring(part.strip()) for part in tier.split("|")) for tier in row["lesions"].split(">"))
    becomes = dict(part.split("=", 1) for part in row.list("becomes"))
    return MeasureRule(tuple(row["kind"].split("+")), tuple(by_name[name] for name in units), float(low), float(high), tiers, becomes)


@dataclass(slots=True)
class _Figure:
    """A figure or range as read: ends, unit, the atoms it takes."""

    low: float
    high: float
    unit: Unit | None
    last: int
    pair: bool = False


class _Reader:
    """Reads figures in one sentence."""

    def __init__(self, figure: frozenset[str], units: dict[tuple[str, ...], Unit], longest: int, atoms: Atoms, hits: Sequence[Hit]) -> None:
        self.skip, self.units, self.longest, self.atoms = figure, units, longest, atoms
        self.texts = atoms.texts
        self.bounds = {hit.first: (hit.last, hit.meaning.bound.kind) for hit in hits if hit.meaning.bound is not None}

    def figure_between(self, first: int, last: int) -> bool:
        """Whether any figure stands there."""
        return any(text[0].isdigit() for text in self.texts[first:last])

    def ahead(self, hit: Hit, rule: MeasureRule, stop: int) -> list[Measure]:
        """The measurement whose figure follows its name."""
        at, comparator, change = hit.last, None, False
        limit = min(stop, hit.last + _MAX_SKIP, len(self.texts))
        while at < limit:
            text = self.texts[at]
            if (figure := self.figure(at)) is not None:
                return self._measures(hit.first, hit.first, figure, rule, comparator, change)
            if at in self.bounds and self.bounds[at][1] != "past":
                at, kind = self.bounds[at]
                comparator = _BOUND_SIGNS.get(kind, comparator)
            elif text in _SIGNS:
                comparator = _SIGNS[text]
                at += 1
                if at < limit and self.texts[at] == "=":
                    comparator, at = comparator.rstrip("=") + "=", at + 1
            elif text in self.skip:
                change |= text == "from"
                at += 1
            else:
                return []
        return []

    def before(self, hit: Hit, rule: MeasureRule, start: int) -> list[Measure]:
        """The measurement whose figure stands before its name: "0.7 cm2 valve area", "a 55% EF"."""
        for at in range(max(start, hit.first - 8), hit.first):
            figure = self.figure(at)
            if figure is None or figure.unit is None:
                continue
            if figure.last != hit.first or figure.unit.dimension not in {unit.dimension for unit in rule.units}:
                continue
            sign = self.texts[at - 1] if at else ""
            return self._measures(hit.first, at, figure, rule, _SIGNS.get(sign), False, last=hit.last)
        return []

    def figure(self, at: int) -> _Figure | None:
        """The figure, pair or range that begins at an atom, with its unit."""
        number = self.number(at)
        if number is None:
            return None
        low, at = number
        high, unit, pair = low, None, False
        first_unit, after = self.unit(at)
        if after < len(self.texts) - 1 and self.texts[after] in _JOINTS and (other := self.number(after + 1)) is not None:
            ended, last = self.unit(other[1])
            if self.texts[after] != "and" or ended or first_unit:
                pair = self.texts[after] == "and"
                return _Figure(low, other[0], ended or first_unit, last, pair)
        if first_unit is None and at < len(self.texts) - 1 and self.texts[at] == "/" and (other := self.number(at + 1)) is not None:
            ended, last = self.unit(other[1])
            return _Figure(low, other[0], ended, last, True)
        unit, at = first_unit, after
        behind = at + 1 if self.texts[at : at + 1] == ["-"] else at  # "a 59-year-old"
        if unit is None and not _TIME_WORDS.isdisjoint(self.texts[behind : behind + 1]):
            return None
        return _Figure(low, high, unit, at, pair)

    def number(self, at: int) -> tuple[float, int] | None:
        """The number at an atom, and the atom behind it; ``.8`` and ``0,8`` are read as 0.8."""
        if at >= len(self.texts):
            return None
        text = self.texts[at]
        if text == "." and at + 1 < len(self.texts) and self.texts[at + 1].isdigit() and self.atoms.touch(at):
            return float("0." + self.texts[at + 1]), at + 2
        if not _NUMBER.fullmatch(text):
            return None
        if len(text) == 1 and at and self.texts[at - 1].isalpha() and self.atoms.touch(at - 1):
            return None  # EROA1, V2: a figure that numbers the name
        if at + 1 < len(self.texts) and self.texts[at + 1] == "+" and self.atoms.touch(at):
            return None
        return float(text.replace(",", ".")), at + 1

    def unit(self, at: int) -> tuple[Unit | None, int]:
        """The unit that begins at an atom, and the atom behind it."""
        for length in range(min(self.longest, len(self.texts) - at), 0, -1):
            unit = self.units.get(tuple(self.texts[at : at + length]))
            if unit is not None:
                return unit, at + length
        return None, at

    def _measures(
        self, name: int, first: int, figure: _Figure, rule: MeasureRule, comparator: str | None, change: bool, *, last: int | None = None
    ) -> list[Measure]:
        end = figure.last if last is None else last
        if len(rule.kinds) == 2:
            if not figure.pair:
                return []
            ends = (figure.low, figure.high)
            return [
                self._measure(kind, rule, value, value, figure.unit, comparator, None, first, end)
                for kind, value in zip(rule.kinds, ends, strict=True)
            ]
        if figure.pair and figure.unit is None:
            return []
        low, high, previous = figure.low, figure.high, None
        if figure.pair:
            high = low
        elif change and low != high:
            low, previous = high, low
        if figure.unit is None and low == high and 1900 <= low <= 2099:
            return []
        return [self._measure(rule.kinds[0], rule, low, high, figure.unit, comparator, previous, first, end)]

    def _measure(
        self,
        kind: str,
        rule: MeasureRule,
        low: float,
        high: float,
        stated: Unit | None,
        comparator: str | None,
        previous: float | None,
        first: int,
        last: int,
    ) -> Measure:
        low, high = min(low, high), max(low, high)
        unit = stated or next((unit for unit in rule.units if rule.plausible(low, unit) and rule.plausible(high, unit)), rule.standard)
        value = low if low == high else round((low + high) / 2, 6)
        assumed = stated is None and unit.name != ""
        return Measure(kind, rule, value, low, high, unit, assumed, comparator, _flag(rule, low, high, unit), previous, first, last)


def _flag(rule: MeasureRule, low: float, high: float, unit: Unit) -> str | None:
    """What is wrong with a figure, or None."""
    if unit.dimension not in {known.dimension for known in rule.units}:
        return f"wrong unit: {rule.standard.name} expected"
    if rule.plausible(low, unit) and rule.plausible(high, unit):
        return None
    others = [other.name for other in rule.units if other != unit and rule.plausible(low, other) and rule.plausible(high, other)]
    return "impossible value" + (f": probably {others[0]}" if others else "")
