"""What cleaning a table did, as data and as a page: shares, concepts with their spellings, and what a person should look at.

The page is one file without script and without anything from the network; every text in it is escaped by Jinja. The JSON
beside it has the same figures and the whole of the lists that the page cuts short.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from itertools import accumulate
from pathlib import Path
from typing import Any

from mrterms.about import __version__
from mrterms.columns.records import CellValue, CleanResult
from mrterms.columns.review import review_rows
from mrterms.columns.sheets import written_whole
from mrterms.errors import MissingExtraError
from mrterms.records import GRADES

__all__ = ["OUTCOMES", "report_data", "write_report"]

OUTCOMES = ("mapped", "ambiguous", "nothing found", "no concept, decided", "no words", "missing")
"""How a row ended. ``no words``: blank, figures or signs only; ``missing``: no cell."""

_SHOWN, _SPELLINGS = 40, 8
_CURVE = 200
_CSS, _TEMPLATE = "report.css", "report.html"


def write_report(path: str | Path, result: CleanResult) -> bool:
    """Write the page, and the same as JSON beside it; return whether the page has its plots (extra ``report``)."""
    path = Path(path)
    data = report_data(result)
    charts: Mapping[str, Any] | None
    try:
        from mrterms.columns.charts import charts_of

        charts = charts_of(data)
    except MissingExtraError:
        charts = None
    with written_whole(path.with_suffix(".json")) as part:
        part.write_text(json.dumps(data, ensure_ascii=False, indent=1) + "\n", encoding="utf-8", errors="backslashreplace")
    with written_whole(path) as part:
        part.write_text(_page(data, charts), encoding="utf-8", errors="replace")
    return charts is not None


def report_data(result: CleanResult) -> dict[str, Any]:
    """The report as JSON-ready data: the version, the settings of the run, and a part for each column."""
    rows = len(result.frame)
    columns = [_column(name, [one for one in result.values if one.column == name], rows) for name in result.columns]
    return {"mrterms": __version__, "settings": dict(result.settings), "rows": rows, "columns": columns}


# --- figures -----------------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Concept:
    """What became one concept. A cell with several diagnoses counts under each."""

    preferred_name: str
    spellings: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    grades: Counter[str] = field(default_factory=Counter)


def _column(name: str, values: Sequence[CellValue], rows: int) -> dict[str, Any]:
    by_rows, by_values = Counter[str](), Counter[str]()
    for value in values:
        by_rows[_outcome(value)] += value.count
        by_values[_outcome(value)] += 1
    by_rows["missing"] = rows - by_rows.total()
    frequent = sorted(values, key=lambda value: -value.count)
    concepts = _concepts(frequent)
    review = [row for row in review_rows(values) if row["harm"]]
    return {
        "column": name,
        "rows": {outcome: by_rows[outcome] for outcome in OUTCOMES},
        "values": {outcome: by_values[outcome] for outcome in OUTCOMES if outcome != "missing"},
        "concepts": [_as_data(concept_id, concept) for concept_id, concept in concepts.items()],
        "statuses": dict(_total(concept.statuses for concept in concepts.values()).most_common()),
        "grades": {grade: number for grade in GRADES if (number := sum(one.grades[grade] for one in concepts.values()))},
        "check_first": [_pick(row, "value", "count", "status", "concept_id", "harm", "reason") for row in review],
        "ambiguous": [_listed(value) for value in frequent if _outcome(value) == "ambiguous"],
        "not_found": [_listed(value) for value in frequent if _outcome(value) == "nothing found"],
        "problems": [_listed(value) | {"problems": list(value.problems)} for value in frequent if value.problems],
        "decided": _decided(values),
        "effort": _effort([float(row["harm"] or 0.0) for row in review]),
    }


def _outcome(value: CellValue) -> str:
    if value.concept_id is not None:
        return "mapped"
    if value.decided_by is not None:
        return "no concept, decided"
    if value.sense_status == "ambiguous":
        return "ambiguous"
    return "nothing found" if any(map(str.isalpha, value.value)) else "no words"


def _concepts(values: Sequence[CellValue]) -> dict[str, _Concept]:
    """The concepts by the rows that name them, most first."""
    found: dict[str, _Concept] = {}
    for value in values:
        for concept_id, mentions in _named(value).items():
            concept = found.setdefault(concept_id, _Concept(str(mentions[0].get("preferred_name") or concept_id)))
            concept.spellings[value.value] += value.count
            status = next((one for one in mentions if one.get("assertion") == "present"), mentions[0])
            concept.statuses[str(status.get("assertion") or "present")] += value.count
            if grade := status.get("severity"):
                concept.grades[str(grade)] += value.count
    return dict(sorted(found.items(), key=lambda pair: (-pair[1].spellings.total(), pair[0])))


def _named(value: CellValue) -> dict[str, list[Mapping[str, Any]]]:
    """The concepts of a cell that has a main one, each with all that is said about it."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    if value.concept_id is not None:
        main = {"concept_id": value.concept_id, "preferred_name": value.preferred_name}
        main |= {"assertion": value.assertion, "severity": value.severity}
        for one in [main, *value.all]:
            if one.get("concept_id"):
                found.setdefault(str(one["concept_id"]), []).append(one)
    return found


def _as_data(concept_id: str, concept: _Concept) -> dict[str, Any]:
    return {
        "concept_id": concept_id,
        "preferred_name": concept.preferred_name,
        "rows": concept.spellings.total(),
        "statuses": dict(concept.statuses.most_common()),
        "grades": {grade: concept.grades[grade] for grade in GRADES if concept.grades[grade]},
        "spellings": dict(concept.spellings.most_common()),
    }


def _listed(value: CellValue) -> dict[str, Any]:
    candidates = {str(one.get("concept_id")): one.get("score", one.get("probability")) for one in value.candidates}
    return {"value": value.value, "count": value.count, "reason": value.reason, "candidates": candidates}


def _pick(row: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: row[name] for name in names}


def _decided(values: Sequence[CellValue]) -> dict[str, dict[str, int]]:
    """Values and rows by the file that decided them."""
    found: dict[str, dict[str, int]] = {}
    for value in values:
        if value.decided_by is not None:
            by = found.setdefault(value.decided_by.partition(": ")[0], {"values": 0, "rows": 0})
            by["values"] += 1
            by["rows"] += value.count
    return found


def _effort(harms: Sequence[float]) -> list[dict[str, float]]:
    """The share of all expected harm that is left when so many values of the review file were checked, on a few points."""
    total = sum(harms)
    left = [1.0, *(1.0 - done / total for done in accumulate(harms))] if total else []
    step, last = max(1, len(left) // _CURVE), len(left) - 1
    shown = (checked for checked in range(len(left)) if checked % step == 0 or checked == last)
    return [{"checked": checked, "left": round(max(left[checked], 0.0), 4)} for checked in shown]


def _total(counters: Iterator[Counter[str]]) -> Counter[str]:
    found = Counter[str]()
    for one in counters:
        found.update(one)
    return found


# --- the page ----------------------------------------------------------------------------------------------------------------


def _page(data: Mapping[str, Any], charts: Mapping[str, Any] | None) -> str:
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    folder = files("mrterms.columns") / "page"
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"number": "{:,}".format, "share": _share}
    template = environment.from_string((folder / _TEMPLATE).read_text(encoding="utf-8"))
    style = Markup((folder / _CSS).read_text(encoding="utf-8"))
    page = template.render(data, charts=charts, style=style, shown=_SHOWN, spellings=_SPELLINGS)
    # A browser drops the character NUL or takes it for an error.
    return page.replace("\0", "\ufffd")


def _share(part: float, whole: float) -> str:
    """A percentage that is 0 or 100 only where nothing, or everything, is meant."""
    if not whole or part in (0, whole):
        return "0 %" if not part else "100 %"
    return f"{min(max(100 * part / whole, 0.1), 99.9):.1f} %"
