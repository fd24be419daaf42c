"""The command line: each command takes its arguments, makes one library call and prints.

Exit codes: 0 all done; 1 some notes could not be read or done; 2 wrong usage.
"""

from __future__ import annotations

import os
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from mrterms.cli.annotate import annotate_command
from mrterms.cli.clean import clean_command
from mrterms.cli.cohort import cohort_command
from mrterms.cli.evaluate import evaluate_command
from mrterms.cli.explain import explain_command
from mrterms.cli.lexicon import app as lexicon_app
from mrterms.cli.normalize import normalize_command
from mrterms.cli.train import train_command
from mrterms.errors import MrtermsError

__all__ = ["app", "main"]

_CLOSED_PIPE = 128 + 13
"""What a shell reports for a program that ends by SIGPIPE."""


class _Commands(TyperGroup):
    """Turns the errors that mrterms raises on purpose into a line and exit code 2, and a closed pipe into a quiet end."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except MrtermsError as error:
            typer.echo(f"mrterms: {error}", err=True)
            raise typer.Exit(2) from None
        except BrokenPipeError:
            # The reader (``head``) has enough; what Python still holds back must not be tried again at its end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(_CLOSED_PIPE) from None
        except OSError as error:
            typer.echo(f"mrterms: {error.filename or 'output'}: {error.strerror or type(error).__name__}", err=True)
            raise typer.Exit(2) from None


app = typer.Typer(cls=_Commands, no_args_is_help=True, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
app.command("annotate", no_args_is_help=True)(annotate_command)
app.command("clean", no_args_is_help=True)(clean_command)
app.command("normalize", no_args_is_help=True)(normalize_command)
app.command("evaluate", no_args_is_help=True)(evaluate_command)
app.command("explain", no_args_is_help=True)(explain_command)
app.command("cohort", no_args_is_help=True)(cohort_command)
app.command("train", no_args_is_help=True)(train_command)
app.add_typer(lexicon_app, name="lexicon")


def _print_version(wanted: bool) -> None:
    if not wanted:
        return
    try:
        found = version("mrterms")
    except PackageNotFoundError:  # a checkout that is not installed
        from mrterms import __version__ as found
    typer.echo(f"mrterms {found}")
    raise typer.Exit


@app.callback()
def _options(
    _: Annotated[bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")] = False,
) -> None:
    """Find heart-valve and infarction concepts in clinical text.

    Example: mrterms annotate notes/ --output annotated.jsonl
    """


def main() -> None:
    """Run the command line."""
    app(prog_name="mrterms")
