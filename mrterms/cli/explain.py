"""``mrterms explain``: why a short form was read as it was."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mrterms.records import Evidence, Mention, Sense

    Explained = tuple[Mention, Sense, str, list[Evidence]]

__all__ = ["explain_command"]

_WIDTH = 24


def explain_command(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="A sentence or a note.")],
    html: Annotated[Path | None, typer.Option("--html", help="Write the picture to this file too.")] = None,
    setting: Annotated[str | None, typer.Option("--setting", help="general, cardiology, literature or patient.")] = None,
    threshold: Annotated[float | None, typer.Option("--threshold", help="Probability below which a form is ambiguous.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every word that weighed, not the strongest only.")] = False,
) -> None:
    """Show what each ambiguous short form was taken to mean, and the words that decided, with their weights in log-odds.

    The weights of a mention sum to the log-odds of the sense chosen against its strongest rival.

    Example: mrterms explain "s/p inferior MI, now 2+ MI and trace TR"
    """
    from rich.console import Console

    kind, explained = _explain(text, setting, threshold, everything=everything)
    console = Console(highlight=False)
    if not explained:
        console.print("No ambiguous short form here.")
    else:
        console.print(f"Kind of text: {kind}" + ("" if setting else " (guessed)"), markup=False)
    for mention, sense, rival, evidence in explained:
        _print(console, mention, sense, rival, evidence)
    if html is not None:
        html.write_text(_page(text, kind, explained), encoding="utf-8")


def _explain(text: str, setting: str | None, threshold: float | None, *, everything: bool) -> tuple[str | None, Sequence[Explained]]:
    from mrterms import pipeline
    from mrterms.components.shared import work_of
    from mrterms.lexicon import load_lexicon
    from mrterms.sense import Resolver

    nlp = pipeline.load()
    nlp.remove_pipe("mrterms_attributes")
    nlp.remove_pipe("mrterms_assertion")
    nlp.remove_pipe("mrterms_sense")
    doc = nlp(text)
    work = work_of(doc)
    resolver = Resolver(load_lexicon("valve"), setting=setting, threshold=threshold)
    kind, senses = resolver.resolve(work.view, work.mentions)
    asked = [(mention, sense) for mention, sense in zip(work.mentions, senses, strict=True) if sense.status != "unambiguous"]
    if not asked:
        return kind, []
    _, verdicts = resolver.weigh(work.view, work.mentions)
    return kind, [
        (
            mention,
            sense,
            verdict.senses[resolver.rivals(verdict)[1]],
            resolver.evidence(verdict, work.view, limit=None if everything else 10),
        )
        for (mention, sense), verdict in zip(asked, verdicts, strict=True)
    ]


def _print(console: object, mention: Mention, sense: Sense, rival: str, evidence: Sequence[Evidence]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    assert isinstance(console, Console)
    console.print()
    console.print(Text.assemble((mention.text, "bold"), f"  {_headline(sense)}"))
    most = max((abs(cue.weight) for cue in evidence), default=1.0) or 1.0
    table = Table(box=None, padding=(0, 1), show_header=False)
    for cue in evidence:
        bar = "█" * max(1, round(_WIDTH * abs(cue.weight) / most))
        table.add_row(f"{cue.weight:+.2f}", Text(bar, style="green" if cue.weight > 0 else "red"), Text(cue.cue))
    console.print(table)
    console.print(f"{sum(cue.weight for cue in evidence):+.2f} in all, against {rival}", markup=False)
    ranked = ", ".join(f"{one.concept_id} {one.probability:.2f}" for one in sense.candidates if one.probability >= 0.01)
    console.print(f"Candidates: {ranked}", markup=False, soft_wrap=True)


def _headline(sense: Sense) -> str:
    if sense.concept_id is None:
        return f"ambiguous (best candidate {sense.candidates[0].concept_id}, {sense.probability:.2f})"
    return f"{sense.concept_id} ({sense.probability:.2f})"


def _page(text: str, kind: str | None, explained: Sequence[Explained]) -> str:
    parts = [_section(text, *one) for one in explained]
    style = (
        "body{font:16px/1.5 system-ui;max-width:60rem;margin:2rem auto;padding:0 1rem}mark{padding:0 .15em;border-radius:.2em}"
        "table{border-spacing:.6em .1em}td:first-child{text-align:right;font-variant-numeric:tabular-nums}"
        "i{display:inline-block;height:.8em;border-radius:.2em}.for{background:#7cc48f}.against{background:#e39a8f}"
    )
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Why</title><style>{style}</style>'
        f"<p>Kind of text: {escape(kind or 'no ambiguous short form')}</p>{''.join(parts)}</html>\n"
    )


def _section(text: str, mention: Mention, sense: Sense, rival: str, evidence: Sequence[Evidence]) -> str:
    most = max((abs(cue.weight) for cue in evidence), default=1.0) or 1.0
    rows = "".join(
        f'<tr><td>{cue.weight:+.2f}</td><td><i class="{"for" if cue.weight > 0 else "against"}"'
        f' style="width:{160 * abs(cue.weight) / most:.0f}px"></i></td><td>{escape(cue.cue)}</td></tr>'
        for cue in evidence
    )
    total = sum(cue.weight for cue in evidence)
    return (
        f"<h2>{escape(mention.text)}: {escape(_headline(sense))}</h2><p>{_marked(text, mention, evidence, most)}</p>"
        f"<table>{rows}</table><p>{total:+.2f} in all, against {escape(rival)}</p>"
    )


def _marked(text: str, mention: Mention, evidence: Sequence[Evidence], most: float) -> str:
    """The text with the words that weighed in colour, the stronger the fuller."""
    places = sorted((cue.start, cue.end, cue.weight) for cue in evidence if cue.start is not None and cue.end is not None)
    out, at = [], 0
    for start, end, weight in sorted([*places, (mention.start, mention.end, 0.0)]):
        if start < at:
            continue
        out.append(escape(text[at:start]))
        colour = "60,160,90" if weight > 0 else "210,90,70"
        paint = f"rgba({colour},{min(1.0, abs(weight) / most):.2f})" if weight else "transparent;outline:2px solid #333"
        out.append(f'<mark style="background:{paint}">{escape(text[start:end])}</mark>')
        at = end
    return "".join([*out, escape(text[at:])])
