"""The flow of a cohort for others to see: counts with small ones withheld, as plain rows and as a picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from itertools import groupby
from textwrap import wrap
from typing import Any

from mrterms.cohorts.select import Step

__all__ = ["HIDDEN", "picture", "rows"]

HIDDEN = "suppressed"
"""Stands for a count that, together with the others, would tell a small one."""


def rows(flow: Sequence[Step], *, suppress_below: int = 0) -> list[dict[str, Any]]:
    """The steps as plain rows: definition, step, criterion, patients, excluded.

    With ``suppress_below`` a count under it (but not 0) reads ``<5``. A step that differs from the last one shown by so few
    is withheld too, since the difference would tell it; an exclusion is shown only between two steps that are.
    Flows of different definitions are not held against each other.
    """
    return [row for _, steps in groupby(flow, key=lambda one: one.definition) for row in _published(list(steps), suppress_below)]


def _published(steps: Sequence[Step], least: int) -> Iterator[dict[str, Any]]:
    last: int | None = None
    whole = True
    for one in steps:
        small = 0 < one.patients < least
        lost = 0 if last is None else last - one.patients
        shown = not small and not 0 < lost < least
        patients: int | str = one.patients if shown else f"<{least}" if small else HIDDEN
        excluded: int | str = one.excluded if shown and whole else HIDDEN
        if 0 < one.excluded < least:
            excluded = f"<{least}"
        yield {"definition": one.definition, "step": one.step, "criterion": one.criterion, "patients": patients, "excluded": excluded}
        whole = shown
        last = one.patients if shown else last


_WIDTH, _SIDE, _GAP, _LINE, _PAD = 300, 230, 22, 17, 10
_LETTERS = 40
_STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#1b1b1b}.n{font-weight:600}"
    "rect{fill:#f7f9fb;stroke:#44546a}.out rect{fill:#fff;stroke-dasharray:4 3}path{stroke:#44546a;fill:none;marker-end:url(#tip)}"
)


def picture(flow: Sequence[Step], definition: str, *, title: str = "", suppress_below: int = 0) -> str:
    """The flow of one definition as an SVG drawing in the manner of CONSORT: what is left downward, what is lost aside."""
    steps = [row for row in rows(flow, suppress_below=suppress_below) if row["definition"] == definition]
    name = title or definition
    parts: list[str] = []
    top = 40
    for row in steps:
        if row["step"]:
            lost = wrap(_opposite(row["criterion"]), _LETTERS - 8)
            height = _box_height(lost)
            middle = top + (_GAP + height) // 2
            parts.append(_path(_WIDTH // 2 + 20, top, 0, height + 2 * _GAP))
            parts.append(_path(_WIDTH // 2 + 20, middle, _WIDTH // 2 + 20, 0))
            parts.append(_box("out", _WIDTH + 40, middle - height // 2, _SIDE, lost, row["excluded"]))
            top += height + 2 * _GAP
        told = wrap(row["criterion"], _LETTERS)
        parts.append(_box("left", 20, top, _WIDTH, told, row["patients"]))
        top += _box_height(told)
    width, height = _WIDTH + _SIDE + 60, top + 20
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="name told" viewBox="0 0 {width} {height}" '
            f'width="{width}" height="{height}">',
            f'<title id="name">Flow of patients: {escape(name)}</title>',
            f'<desc id="told">{escape("; ".join(_spoken(row) for row in steps))}</desc>',
            f"<style>{_STYLE}</style>",
            '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
            '<path d="M0 0L8 4L0 8z" style="fill:#44546a;stroke:none;marker-end:none"/></marker></defs>',
            f'<text class="n" x="20" y="24">{escape(name)}</text>',
            *parts,
            "</svg>",
            "",
        ]
    )


def _opposite(criterion: str) -> str:
    """What those have in common whom a criterion takes out."""
    return criterion.removeprefix("without ") if criterion.startswith("without ") else f"not: {criterion}"


def _spoken(row: dict[str, Any]) -> str:
    lost = f", {row['excluded']} excluded" if row["step"] else ""
    return f"{row['criterion']}: {row['patients']} patients{lost}"


def _box_height(lines: Sequence[str]) -> int:
    return (len(lines) + 1) * _LINE + 2 * _PAD


def _box(kind: str, x: int, y: int, width: int, lines: Sequence[str], count: int | str) -> str:
    told = "".join(f'<text x="{x + _PAD}" y="{y + _PAD + 13 + number * _LINE}">{escape(line)}</text>' for number, line in enumerate(lines))
    under = y + _PAD + 13 + len(lines) * _LINE
    return (
        f'<g class="{kind}"><rect x="{x}" y="{y}" width="{width}" height="{_box_height(lines)}" rx="3"/>{told}'
        f'<text class="n" x="{x + _PAD}" y="{under}">n = {escape(str(count))}</text></g>'
    )


def _path(x: int, y: int, right: int, down: int) -> str:
    return f'<path d="M{x} {y}{f"h{right}" if right else f"v{down}"}"/>'
