"""The grade that a measurement alone would give, by the cited guideline."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.resources.abc import Traversable

from mrterms.attributes.measures import Measure
from mrterms.lexicon.tables import Row, read_table
from mrterms.records import GRADES

__all__ = ["Threshold", "Thresholds"]

_INTERVAL = re.compile(r"([\[(])\s*([\d.]+)\s*,\s*([\d.]+|inf)\s*([\])])")
_FACTORS = {("mm2", "cm2"): 0.01, ("mm", "cm"): 0.1}


@dataclass(frozen=True, slots=True)
class Threshold:
    """A band of a measurement in its standard unit, with the grades that it means (places in ``GRADES``)."""

    rule: str
    low: float
    high: float
    with_low: bool
    with_high: bool
    grade_low: int
    grade_high: int
    source: str

    def holds(self, value: float) -> bool:
        """Whether a value lies in the band."""
        return (value > self.low or (self.with_low and value == self.low)) and (
            value < self.high or (self.with_high and value == self.high)
        )

    def touches(self, low: float, high: float) -> bool:
        """Whether the open interval from ``low`` to ``high`` has any value in the band."""
        return self.low < high and low < self.high


class Thresholds:
    """The bands of ``thresholds.tsv`` by lesion and kind of measurement."""

    def __init__(self, path: Traversable) -> None:
        self._bands: dict[tuple[str, str], list[Threshold]] = {}
        for row in read_table(path, ("rule", "concept_id", "kind", "unit", "interval", "low", "high", "source")):
            self._bands.setdefault((row["concept_id"], row["kind"]), []).append(_threshold(row))

    def grade(self, concept_id: str, kind: str, measure: Measure) -> list[Threshold]:
        """The bands in which a measurement lies: one for a value, several where a range or comparator spans them."""
        bands = self._bands.get((concept_id, kind), [])
        if measure.flag:
            return []
        low, high = measure.standard(measure.low), measure.standard(measure.high)
        if measure.comparator in (">", ">="):
            return [band for band in bands if band.touches(high, float("inf")) or (measure.comparator == ">=" and band.holds(high))]
        if measure.comparator in ("<", "<="):
            return [band for band in bands if band.touches(0.0, low) or (measure.comparator == "<=" and band.holds(low))]
        return [band for band in bands if band.holds(low) or band.holds(high) or band.touches(low, high)]


def _threshold(row: Row) -> Threshold:
    found = _INTERVAL.fullmatch(row["interval"])
    if found is None:
        row.fail(f"cannot read the interval {row['interval']!r}", "write [0.20,0.40) or [0.40,inf)")
    if row["low"] not in GRADES or row["high"] not in GRADES:
        row.fail("unknown grade", f"known: {', '.join(GRADES)}")
    # The figures of domain.md are kept in the units of their source; lesions are measured in cm and cm2.
    factor = next((factor for (unit, _), factor in _FACTORS.items() if unit == row["unit"]), 1.0)
    opening, low, high, closing = found.groups()
    return Threshold(
        row["rule"],
        round(float(low) * factor, 6),
        round(float(high) * factor, 6),
        opening == "[",
        closing == "]",
        GRADES.index(row["low"]),
        GRADES.index(row["high"]),
        row["source"],
    )
