"""``mrterms clean``: a table in, the same table with concepts out."""

from __future__ import annotations

import gc
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mrterms.errors import ConfigError

if TYPE_CHECKING:
    from mrterms.columns.tables import Table

__all__ = ["clean_command"]

_NAMED = 20
_INTERRUPTED = 130


def clean_command(
    source: Annotated[str, typer.Argument(metavar="TABLE", help=".csv, .tsv, .txt, .csv.gz, .xlsx, .parquet, or - for standard input.")],
    column: Annotated[list[str], typer.Option("--column", "-c", help="Column to clean; repeatable.")],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="File to write; standard output without it.")] = None,
    form: Annotated[str | None, typer.Option("--format", "-f", help="csv, tsv, xlsx, parquet; else by OUTPUT's suffix.")] = None,
    context_column: Annotated[
        list[str] | None, typer.Option(help="Column whose cells help to tell what a short form of the row means; repeatable.")
    ] = None,
    code: Annotated[list[str] | None, typer.Option(help="Code system to add a column for, for example ICD10CM; repeatable.")] = None,
    delimiter: Annotated[str | None, typer.Option(help="Delimiter of the table, or tab; else found out.")] = None,
    encoding: Annotated[str | None, typer.Option(help="Encoding of the table, for example cp1252; else found out.")] = None,
    header: Annotated[bool, typer.Option("--header/--no-header", help="The first row holds names; else columns are 1, 2, 3 ...")] = True,
    sheet: Annotated[str | None, typer.Option(help="Sheet of an Excel workbook; else the first.")] = None,
    lexicon: Annotated[list[str] | None, typer.Option(help="Own terms (TSV, CSV) or a lexicon's folder or name; repeatable.")] = None,
    builtin: Annotated[bool, typer.Option("--builtin/--no-builtin", help="Use the built-in lexicon's concepts.")] = True,
    setting: Annotated[str | None, typer.Option(help="Kind of text: general, cardiology, literature or patient; else guessed.")] = None,
    threshold: Annotated[float | None, typer.Option(help="Probability below which a short form stays ambiguous.")] = None,
    flags: Annotated[
        bool, typer.Option("--flags/--no-flags", help="A cell that is a mere flag or grade says it of the column's name.")
    ] = True,
    n_process: Annotated[int, typer.Option(min=1, help="Processes to read distinct values in.")] = 1,
    decisions: Annotated[list[Path] | None, typer.Option(help="Corrected review file to apply; repeatable.")] = None,
    review: Annotated[Path | None, typer.Option(help="Review file to write: .tsv, .csv, .xlsx or .parquet.")] = None,
    report: Annotated[Path | None, typer.Option(help="Report to write: .html, with the same as .json beside it.")] = None,
    export: Annotated[
        list[str] | None, typer.Option(metavar="KIND=FILE", help="Mapping set to write: usagi=, omop= or sssom=FILE; repeatable.")
    ] = None,
    concept_map: Annotated[Path | None, typer.Option(help="TSV: concept_id, omop_concept_id, vocabulary_id; for usagi and omop.")] = None,
    progress: Annotated[bool, typer.Option("--progress/--no-progress", help="Show progress on a terminal.")] = True,
) -> None:
    """Map the cells of a column to concepts; every row, its order and its own columns stay as they are.

    Adds the columns mrterms_concept_id, mrterms_preferred_name, mrterms_score, mrterms_match, mrterms_sense_status,
    mrterms_assertion, mrterms_severity, mrterms_code_SYSTEM for each --code, mrterms_candidates and mrterms_all. With several
    --column, each adds its own with its name before: dx_mrterms_concept_id. An empty concept means none, or ambiguous.

    --review writes what to check by hand, the most harmful first; correct it in a spreadsheet and give it back with
    --decisions: docs/review.md.

    Exit code: 0 all rows read, 1 some rows are broken (each is named on standard error, and kept), 2 wrong usage.

    Example: mrterms clean registry.csv --column dx --code ICD10CM --output cleaned.csv
    """
    from mrterms.columns import tables
    from mrterms.columns.cleaning import normalize_columns
    from mrterms.columns.decisions import read_decisions, unmatched
    from mrterms.columns.exports import read_concept_map
    from mrterms.columns.outputs import plan_outputs
    from mrterms.columns.reading import reading_cells
    from mrterms.pipeline import load

    _check_output(source, output)
    taken = [*map(Path, [source] if source != "-" else []), *([output] if output else []), *(decisions or [])]
    outputs = plan_outputs(review=review, report=report, exports=export or [], taken=taken)
    options = tables.TableOptions(delimiter=_delimiter(delimiter), encoding=encoding, header=header, sheet=sheet)
    nlp = load(lexicons=lexicon or [], builtin=builtin, setting=setting, threshold=threshold)
    known = nlp.get_pipe("mrterms_matcher").lexicon  # type: ignore[attr-defined]
    omop = read_concept_map(concept_map, lexicon=known) if concept_map else {}
    gc.freeze()  # the lexicon stays to the end: not to be looked through again and again, nor copied by each process
    try:
        # Other processes read the first cells while the rest of the table is still being read.
        with reading_cells(nlp, column, n_process=n_process) as reader:
            table = tables.read_table(source, options, seen=reader.ahead)
            chosen = tables.choose_format(output, form, table.kind)
            if output is None and chosen in ("xlsx", "parquet"):
                raise ConfigError(f"{chosen} is not for standard output", fix="give --output, or --format csv")
            columns = [table.column(name) for name in column]
            contexts = [table.column(name) for name in context_column or ()]
            decided = read_decisions(decisions or [], lexicon=known, columns=columns)
            for note in (*table.notes, *decided.notes):
                _say(note)
            gc.freeze()  # so does the table
            with _Bar(progress and sys.stderr.isatty()) as bar:
                result = normalize_columns(
                    table.frame,
                    columns,
                    context_columns=contexts,
                    codes=code or (),
                    decisions=decided.by_value,
                    lexicons=lexicon or [],
                    builtin=builtin,
                    setting=setting,
                    threshold=threshold,
                    flags=flags,
                    progress=bar.show,
                    reader=reader,
                )
    except KeyboardInterrupt:
        raise typer.Exit(_INTERRUPTED) from None
    added = result.frame.iloc[:, table.frame.shape[1] :]
    tables.write_table(table, added, output or sys.stdout.buffer, chosen, alike=result.alike)
    for note in (*outputs.write(result, lexicon=known, concept_map=omop), *unmatched(decided, result.values)):
        _say(note)
    if _name_broken(table):
        raise typer.Exit(1)


def _check_output(source: str, output: Path | None) -> None:
    if output is None:
        return
    if not output.parent.is_dir():
        raise ConfigError("no such folder", file=str(output.parent), fix="make it first")
    if output.is_dir():
        raise ConfigError("the output is a folder", file=str(output), fix="give a file")
    if source != "-" and output.resolve() == Path(source).resolve():
        raise ConfigError("the output is also the input", file=str(output), fix="choose another --output")


def _delimiter(given: str | None) -> str | None:
    return {"tab": "\t", "\\t": "\t"}.get(given, given) if given is not None else None


def _name_broken(table: Table) -> bool:
    for row in table.broken[:_NAMED]:
        _say(f"{row.place}: {row.reason}; the row is kept as it is")
    if len(table.broken) > _NAMED:
        _say(f"{table.name}: {len(table.broken) - _NAMED} more rows are broken")
    return bool(table.broken)


def _say(message: str) -> None:
    typer.echo(f"mrterms: {message}", err=True)


class _Bar:
    """Progress on standard error, drawn from this thread only: the pipeline forks."""

    def __init__(self, live: bool) -> None:
        self._shown = 0.0
        self._bar: Any = None
        if live:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            columns = (TextColumn("distinct values"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
            self._bar = Progress(*columns, console=Console(stderr=True), auto_refresh=False, transient=True)
            self._task = self._bar.add_task("", total=None)

    def __enter__(self) -> _Bar:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar:
            self._bar.stop()

    def show(self, done: int, total: int) -> None:
        """Draw how many of how many are done."""
        if self._bar and ((now := time.monotonic()) - self._shown > 0.2 or done == total):
            self._shown = now
            self._bar.update(self._task, completed=done, total=total)
            self._bar.refresh()
