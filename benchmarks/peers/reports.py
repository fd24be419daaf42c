"""Results as tables (Markdown, JSON) and pictures (SVG)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from peers.measuring import Result
from peers.registry import Peer

__all__ = ["peers_chart", "peers_table", "scale_chart", "scale_table", "write"]

SPEED = "speed, share of the bare tokenizer's"


def number(value: float | None, form: str = "{:.3g}") -> str:
    return "–" if value is None else form.format(value)


def row_of(peer: Peer, result: Result, *, with_status: bool) -> list[str]:
    scores = result.scores
    return [
        peer.name,
        number(result.ratio),
        f"{min(result.ratios):.2g}–{max(result.ratios):.2g} ({len(result.ratios)})" if result.ratios else "–",
        number(result.load_s, "{:.1f}"),
        number(result.build_s if result.build_s and result.build_s > 0.1 else None, "{:.1f}"),
        number(result.memory_mb, "{:.0f}"),
        *(number(scores.get(name), "{:.0f}") for name in ("right", "wrong", "missed")),
        number(scores.get("f1"), "{:.2f}"),
        number(None if peer.status in ("no", "French") or not with_status else scores.get("status"), "{:.2f}"),
        peer.fuzzy,
        peer.sense,
        peer.status,
        f"{peer.what}; {result.error}" if result.error else peer.what,
    ]


COLUMNS = (
    *("program", "speed", "range", "load s", "build s", "MB", "right", "wrong", "missed", "F1", "status right"),
    *("fuzzy", "sense", "status", "what it is"),
)


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def peers_table(peers: Sequence[Peer], results: Sequence[Result], *, with_status: bool) -> str:
    """A row a peer; columns in which nobody has anything are left out."""
    rows = [row_of(peer, result, with_status=with_status) for peer, result in zip(peers, results, strict=True)]
    kept = [place for place in range(len(COLUMNS)) if not place or any(row[place] != "–" for row in rows)]
    return table([COLUMNS[place] for place in kept], [[row[place] for place in kept] for row in rows])


def scale_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """A row a lexicon's size, a column a program: speed, load and memory; or why not."""
    sizes, names = (list(dict.fromkeys(row[key] for row in rows)) for key in ("forms", "peer"))
    by_place = {(row["forms"], row["peer"]): row for row in rows}

    def cell(row: Mapping[str, Any] | None) -> str:
        if row is None:
            return "–"
        told = f"{number(row['ratio'])}; {number(row['load_s'], '{:.1f}')} s; {number(row['memory_mb'], '{:.0f}')} MB"
        return f"{told} ({row['error']})" if row["error"] else told

    return table(["forms", *names], [[f"{size:,}", *(cell(by_place.get((size, name))) for name in names)] for size in sizes])


def peers_chart(results: Sequence[Result]) -> Any:
    """A line a peer: its speed with the range over slices, and what it got right, wrong and missed."""
    import altair

    speeds = [{"peer": one.peer, "speed": one.ratio, "low": min(one.ratios), "high": max(one.ratios)} for one in results if one.ratio]
    kinds = ("right", "missed", "wrong")
    counts = [
        {"peer": one.peer, "kind": kind, "rank": rank, "mentions": one.scores[kind]}
        for one in results
        if one.scores
        for rank, kind in enumerate(kinds)
    ]
    y = altair.Y("peer:N", title=None, sort=[one.peer for one in results])
    x = altair.X("low:Q", title=SPEED, scale=altair.Scale(type="log"))
    base = altair.Chart(altair.InlineData(values=speeds)).encode(y=y)
    drawn = (base.mark_rule().encode(x=x, x2="high:Q") + base.mark_point(filled=True, size=60).encode(x="speed:Q")).properties(width=320)
    if not counts:
        return drawn
    colours = altair.Scale(domain=kinds, range=["#4393c3", "#d9d9d9", "#b2182b"])
    found = (
        altair.Chart(altair.InlineData(values=counts))
        .mark_bar()
        .encode(
            x=altair.X("mentions:Q", title="mentions of the marked set"),
            y=altair.Y("peer:N", title=None, sort=[one.peer for one in results], axis=altair.Axis(labels=False)),
            color=altair.Color("kind:N", title=None, scale=colours),
            order=altair.Order("rank:Q"),
        )
    )
    return drawn | found.properties(width=240)


def scale_chart(rows: Sequence[Mapping[str, Any]], texts: Sequence[Mapping[str, Any]]) -> Any:
    """Speed over the lexicon's size, and over how much text was read."""
    import altair

    def lines(values: Sequence[Mapping[str, Any]], x: str, title: str) -> Any:
        return (
            altair.Chart(altair.InlineData(values=list(values)))
            .mark_line(point=True)
            .encode(
                x=altair.X(f"{x}:Q", title=title, scale=altair.Scale(type="log")),
                y=altair.Y("ratio:Q", title=SPEED, scale=altair.Scale(type="log")),
                color=altair.Color("peer:N", title=None),
            )
            .properties(width=340, height=280)
        )

    done = [row for row in rows if row["ratio"]]
    return lines(done, "forms", "forms in the lexicon") | lines(texts, "characters", "characters read so far")


def write(folder: Path, name: str, *, facts: Mapping[str, Any], head: str, body: str, results: Sequence[Any], chart: Any) -> None:
    """``name``.json, .md and .svg (the picture only where Altair is installed)."""
    folder.mkdir(parents=True, exist_ok=True)
    plain = [one if isinstance(one, dict) else asdict(one) for one in results]
    (folder / f"{name}.json").write_text(json.dumps({**facts, "results": plain}, indent=1) + "\n", encoding="utf-8")
    (folder / f"{name}.md").write_text(f"{head}\n\n{body}", encoding="utf-8")
    try:
        chart().save(folder / f"{name}.svg")
    except ImportError as error:
        print(f"no picture: {error} (pip install 'mrterms[report]')")
