"""``mrterms lexicon ...``: looking after lexicons."""

from __future__ import annotations

from typing import Annotated

import typer

from mrterms.lexicon import lint
from mrterms.lexicon.resources import shipped_lexicons

__all__ = ["app"]

app = typer.Typer(help="Look after lexicons.", no_args_is_help=True)


@app.callback()
def _lexicon() -> None:
    """Look after lexicons."""


@app.command("lint")
def lint_command(
    lexicon: Annotated[
        str | None, typer.Argument(metavar="[PATH_OR_NAME]", help="A lexicon's folder or name; without it, all shipped.")
    ] = None,
) -> None:
    """Name everything in a lexicon's tables that cannot be right, with file and line.

    Example: mrterms lexicon lint lexicons/valve

    Exit code 0: nothing found; 1: findings, a line each on standard output; 2: no such lexicon.
    """
    names = [lexicon] if lexicon else shipped_lexicons()
    findings = [finding for name in names for finding in lint(name)]
    for finding in findings:
        typer.echo(str(finding))
    typer.echo(f"{', '.join(names)}: {len(findings) or 'no'} finding{'' if len(findings) == 1 else 's'}", err=True)
    raise typer.Exit(1 if findings else 0)
