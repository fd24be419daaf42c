"""The plots of a report as SVG: drawn with Altair, coloured by the page, so that they are read on light and dark alike."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mrterms.errors import MissingExtraError
from mrterms.records import GRADES

__all__ = ["Chart", "charts_of"]

# Colours of the page (report.css), which knows light and dark. Vega knows no CSS variables: figures stand in for their names.
_STAND_INS = {"#010203": "--ink", "#040506": "--line", "#070809": "--bar", "#0a0b0c": "--soft", "#0d0e0f": "--faint"}
_INK, _LINE, _BAR, _SOFT, _FAINT = _STAND_INS
# The others are of Okabe and Ito's, told apart by most people with colour blindness, and seen on white as on black.
_OUTCOMES = {
    "mapped": _BAR, "ambiguous": "#e69f00", "no concept, decided": "#009e73", "nothing found": _SOFT, "no words": _FAINT, "missing": _LINE,
}  # fmt: skip
_STATUSES = {
    "present": _BAR, "uncertain": "#e69f00", "historical": "#cc79a7", "family": "#009e73", "hypothetical": "#f0e442",
    "absent": "#d55e00", "not_assessed": _SOFT,
}  # fmt: skip
_GRADES = dict(zip(GRADES, ("#bdd7ee", "#8fbfe3", "#6aa6d8", "#4a8cc8", "#2f72b5", "#7a5195", "#bc5090", "#ef5675"), strict=True))
_TOP, _LONGEST = 15, 80
_WIDTH = 620


@dataclass(frozen=True, slots=True)
class Chart:
    """A plot: its SVG, its title, and in words what it shows."""

    title: str
    words: str
    svg: str


def charts_of(data: Mapping[str, Any]) -> dict[str, list[Chart]]:
    """The plots of each column of :func:`~mrterms.columns.report.report_data`; a plot without figures is left out.

    Raises :class:`MissingExtraError` without Altair or vl-convert (extra ``report``).
    """
    altair = _altair()
    makers = (_outcomes, _concepts, _grades, _effort)
    return {part["column"]: [chart for make in makers if (chart := make(altair, part)) is not None] for part in data["columns"]}


def _altair() -> Any:
    for package, name in (("vl_convert", "vl-convert-python"), ("altair", "altair")):
        try:
            module = __import__(package)
        except ImportError:
            raise MissingExtraError(name, "report") from None
    return module


def _outcomes(altair: Any, part: Mapping[str, Any]) -> Chart | None:
    names = {"rows": "rows", "values": "distinct values"}
    counts = [
        {"of": label, "kind": outcome, "number": number, "place": list(_OUTCOMES).index(outcome)}
        for key, label in names.items()
        for outcome, number in part[key].items()
        if number
    ]
    if not counts:
        return None
    chart = (
        altair.Chart(altair.Data(values=counts), height=70)
        .mark_bar()
        .encode(
            x=altair.X("number:Q", stack="normalize", title=None, axis=altair.Axis(format="%")),
            y=altair.Y("of:N", sort=list(names.values()), title=None),
            color=_colour(altair, _OUTCOMES, counts),
            order="place:O",
        )
    )
    total = sum(part["rows"].values())
    words = ", ".join(f"{outcome}: {number:,} of {total:,} rows" for outcome, number in part["rows"].items() if number)
    return Chart("How rows and distinct values ended", words, _svg(chart))


def _concepts(altair: Any, part: Mapping[str, Any]) -> Chart | None:
    top = part["concepts"][:_TOP]
    if not top:
        return None
    words = ", ".join(f"{one['preferred_name']} {one['rows']:,} rows" for one in top)
    title = f"Concepts{f' (the {_TOP} most frequent)' if len(part['concepts']) > _TOP else ''} by status"
    return Chart(title, words, _svg(_by_concept(altair, top, "statuses", _STATUSES, "rows")))


def _grades(altair: Any, part: Mapping[str, Any]) -> Chart | None:
    graded = [one for one in part["concepts"] if one["grades"]][:_TOP]
    if not graded:
        return None
    words = ", ".join(f"{grade.replace('_', ' to ')} {number:,} rows" for grade, number in part["grades"].items())
    return Chart("Grades", words, _svg(_by_concept(altair, graded, "grades", _GRADES, "rows with a grade")))


def _by_concept(altair: Any, concepts: Sequence[Mapping[str, Any]], counted: str, colours: Mapping[str, str], title: str) -> Any:
    """A bar a concept, in the order given, stacked by what is ``counted`` for it."""
    places = {name: place for place, name in enumerate(colours)}
    counts = [
        {"concept": _label(one["preferred_name"]), "kind": name.replace("_", "–"), "rows": number, "place": places[name]}
        for one in concepts
        for name, number in one[counted].items()
    ]
    return (
        altair.Chart(altair.Data(values=counts), height=altair.Step(20))
        .mark_bar()
        .encode(
            x=altair.X("rows:Q", title=title, axis=_figures(altair)),
            y=altair.Y("concept:N", sort=[_label(one["preferred_name"]) for one in concepts], title=None),
            color=_colour(altair, {name.replace("_", "–"): colour for name, colour in colours.items()}, counts),
            order="place:O",
        )
    )


def _effort(altair: Any, part: Mapping[str, Any]) -> Chart | None:
    points = part["effort"]
    if len(points) < 3:
        return None
    chart = (
        altair.Chart(altair.Data(values=points), height=160)
        .mark_area(line={"color": _BAR}, color=_BAR, opacity=0.25)
        .encode(
            x=altair.X("checked:Q", title="values checked, in the order of the review file", axis=_figures(altair)),
            y=altair.Y("left:Q", title="expected harm left", axis=altair.Axis(format="%")),
        )
    )
    halved = next((point["checked"] for point in points if point["left"] <= 0.5), points[-1]["checked"])
    words = f"checking the first {halved:,} of {points[-1]['checked']:,} values halves what is expected to be wrong"
    return Chart("What checking by hand gains", words, _svg(chart))


def _label(name: str) -> str:
    """The name of a concept as a plot can bear it: a character NUL ends vl-convert, and Python with it."""
    return "".join(letter if letter.isprintable() else " " for letter in name[:_LONGEST])


def _figures(altair: Any) -> Any:
    return altair.Axis(format=",.0f", tickMinStep=1, tickCount=6)


def _colour(altair: Any, colours: Mapping[str, str], counts: Sequence[Mapping[str, Any]]) -> Any:
    """The colours of the kinds that occur, in their own order."""
    used = {count["kind"] for count in counts}
    names = [name for name in colours if name in used]
    scale = altair.Scale(domain=names, range=[colours[name] for name in names])
    return altair.Color("kind:N", scale=scale, legend=altair.Legend(title=None, orient="top"))


def _svg(chart: Any) -> str:
    """The plot in the page's colours. Room is left over, since the reader's font may be wider than the one measured here."""
    out = io.StringIO()
    themed = (
        chart.properties(width=_WIDTH, background="transparent", padding={"left": 40, "right": 20, "top": 5, "bottom": 5})
        .configure(font="Arial, Helvetica, sans-serif")
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=_INK, titleColor=_INK, domainColor=_LINE, tickColor=_LINE, gridColor=_LINE, gridOpacity=0.6,
            labelFontSize=12, titleFontSize=12, titleFontWeight="normal", labelLimit=260,
        )
        .configure_legend(labelColor=_INK, labelFontSize=12, symbolType="square", labelLimit=0, columns=6, columnPadding=30)
    )  # fmt: skip
    themed.save(out, format="svg")
    svg = out.getvalue()
    for colour, variable in _STAND_INS.items():
        svg = svg.replace(f'"{colour}"', f'"var({variable})"')
    return svg
