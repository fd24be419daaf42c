"""``mrterms normalize``: short strings in, concepts out."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Annotated, Any

import typer

__all__ = ["normalize_command"]


def normalize_command(
    texts: Annotated[list[str], typer.Argument(metavar="TEXT", help="Terms or table cells; - takes lines from standard input.")],
    lexicon: Annotated[
        list[str] | None, typer.Option(help="Own terms (TSV, CSV), a compiled lexicon or a lexicon's folder or name; repeatable.")
    ] = None,
    builtin: Annotated[bool, typer.Option("--builtin/--no-builtin", help="Use the built-in lexicon's concepts.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="A line of JSON a text, with codes and reasons.")] = False,
) -> None:
    """Map short strings, with the codes in them, to concepts, best first.

    Columns, separated by tabs: text, concept id, score, preferred name, how it matched, sense status. A string that names
    no concept says so.

    Example: mrterms normalize "leaky mitral valve" "mitral insuff. mod"
    """
    from mrterms import pipeline
    from mrterms.columns.strings import normalize

    nlp = pipeline.load(lexicons=lexicon or [], builtin=builtin)
    for text in _given(texts):
        candidates = normalize(text, nlp=nlp)
        if as_json:
            typer.echo(json.dumps({"text": text, "candidates": candidates}, ensure_ascii=False))
        else:
            for row in map(_row, candidates) if candidates else [("no concept",)]:
                typer.echo("\t".join((text, *row)))


def _given(texts: list[str]) -> Iterator[str]:
    for text in texts:
        if text == "-":
            yield from (line.rstrip("\r\n") for line in sys.stdin)
        else:
            yield text


def _row(candidate: dict[str, Any]) -> tuple[str, ...]:
    match = candidate["match"]
    how = f"{match['kind']}: {match['term']}"
    return candidate["concept_id"], f"{candidate['score']:.2f}", candidate["preferred_name"], how, candidate["sense_status"]
