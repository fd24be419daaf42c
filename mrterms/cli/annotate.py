"""``mrterms annotate``: notes in, annotations out."""

from __future__ import annotations

import gc
import sys
import time
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mrterms.errors import ConfigError

if TYPE_CHECKING:
    from mrterms.adapters.exporters.options import ExportOptions
    from mrterms.adapters.readers import Unreadable

__all__ = ["annotate_command"]

_INTERRUPTED = 130


def annotate_command(
    inputs: Annotated[list[str], typer.Argument(metavar="INPUT", help=".txt, folder of them, .jsonl, .csv, .tsv, .gz, .parquet or -")],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="File to write; standard output without it.")] = None,
    form: Annotated[str | None, typer.Option("--format", "-f", help="jsonl csv tsv parquet html omop fhir brat i2b2 spacy.")] = None,
    id_column: Annotated[str | None, typer.Option(help="Field or column of the note's id; else note_id if there is one.")] = None,
    text_column: Annotated[str, typer.Option(help="Field or column of the note's text.")] = "text",
    encoding: Annotated[str, typer.Option(help="Encoding of the input, for example cp1252.")] = "utf-8",
    max_chars: Annotated[int, typer.Option(min=1, max=1_000_000, help="A longer text is named and left out.")] = 1_000_000,
    lexicon: Annotated[
        list[str] | None, typer.Option(help="Own terms (TSV, CSV), a compiled lexicon or a lexicon's folder or name; repeatable.")
    ] = None,
    builtin: Annotated[bool, typer.Option("--builtin/--no-builtin", help="Use the built-in lexicon's concepts.")] = True,
    setting: Annotated[str | None, typer.Option(help="Kind of text: general, cardiology, literature or patient; else guessed.")] = None,
    threshold: Annotated[float | None, typer.Option(help="Probability below which a short form stays ambiguous.")] = None,
    other_senses: Annotated[bool, typer.Option("--other-senses", help="Also give senses such as magnetic resonance.")] = False,
    scan: Annotated[bool, typer.Option("--scan", help="Pass notes over whose words hold nothing of interest; same output.")] = False,
    n_process: Annotated[int, typer.Option(min=1, help="Processes to work in.")] = 1,
    batch_size: Annotated[int, typer.Option(min=1, help="Notes that go through the pipeline together.")] = 64,
    columns: Annotated[str | None, typer.Option(help="Columns of CSV or TSV: note_id,start,severity.value,codes.ICD10CM ...")] = None,
    concept_map: Annotated[Path | None, typer.Option(help="TSV of concept_id and omop_concept_id, for omop.")] = None,
    snippet: Annotated[bool, typer.Option("--snippet", help="Add the words around each mention, for omop: patient data.")] = False,
    notes_table: Annotated[Path | None, typer.Option(help="Table of note_id, patient_id and date, for fhir.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a job that was stopped; give the same options.")] = False,
    progress: Annotated[bool, typer.Option("--progress/--no-progress", help="Show progress on a terminal.")] = True,
) -> None:
    """Annotate clinical notes with concepts, codes, status and grade.

    An output is complete or not there: until the last note is done, the work stands in OUTPUT.part, from which --resume
    goes on. Offsets count the characters of the text as it stands in the file, with its line ends.

    Exit code: 0 all notes done, 1 some could not be read or done (each is named on standard error), 2 wrong usage.

    Example: mrterms annotate notes.csv --id-column id --text-column report --output annotated.jsonl --n-process 2
    """
    from mrterms.adapters import jobs, readers, targets, writers
    from mrterms.adapters.journal import Journal

    chosen = writers.choose_format(output, form)
    options = _export_options(columns, concept_map, notes_table, snippet=snippet)
    targets.check_target(chosen, options, output)
    _check_output(output, inputs, resume=resume, folder=targets.TARGETS[chosen].folder is not None)
    sources = readers.read_notes(
        inputs, readers.ReadOptions(id_column=id_column, text_column=text_column, max_chars=max_chars, encoding=encoding)
    )
    if output and resume and Journal.is_finished(output, chosen):
        typer.echo(f"mrterms: {output} is finished, nothing done (leave --resume out to do it anew)", err=True)
        return
    from mrterms import pipeline

    nlp = pipeline.load(lexicons=lexicon or [], builtin=builtin, setting=setting, other_senses=other_senses, threshold=threshold)
    gc.freeze()  # the pipeline stays; to look through it for garbage again and again costs up to a tenth of the time
    bulk = partial(pipeline.annotate_many, n_process=n_process, batch_size=batch_size, scan=scan, nlp=nlp)
    with _Console(progress and sys.stderr.isatty()) as console:
        job = partial(jobs.annotate_sources, sources, bulk, alone=partial(pipeline.annotate_many, nlp=nlp), report=console.report)
        try:
            if output:
                jobs.annotate_to_file(job, output, chosen, resume=resume, options=options, tick=console.tick)
            else:
                jobs.annotate_to_stream(job, sys.stdout.buffer, chosen, options=options, tick=console.tick)
        except KeyboardInterrupt:
            console.say(f"stopped after {console.done} notes" + ("; go on with --resume" if output else ""))
            raise typer.Exit(_INTERRUPTED) from None
    if console.failed:
        console.say(f"{console.done} notes done, {console.failed} could not be")
        raise typer.Exit(2 if console.misnamed == console.failed and not console.done else 1)


def _export_options(columns: str | None, concept_map: Path | None, notes_table: Path | None, *, snippet: bool) -> ExportOptions:
    from mrterms.adapters.annotated import read_notes_table
    from mrterms.adapters.exporters.options import ExportOptions, read_concept_map

    return ExportOptions(
        columns=tuple(name.strip() for name in columns.split(",")) if columns else (),
        concept_map=read_concept_map(concept_map) if concept_map else {},
        snippet=snippet,
        notes=read_notes_table(notes_table).notes if notes_table else {},
    )


def _check_output(output: Path | None, inputs: list[str], *, resume: bool, folder: bool) -> None:
    if output is None:
        if resume:
            raise ConfigError("--resume needs an output to go on with", fix="give --output")
        return
    if not output.parent.is_dir():
        raise ConfigError("no such folder", file=str(output.parent), fix="make it first")
    if output.is_dir() and not folder:
        raise ConfigError("the output is a folder", file=str(output), fix="give a file")
    if any(given != "-" and output.resolve() == Path(given).resolve() for given in inputs):
        raise ConfigError("the output is also an input", file=str(output), fix="choose another --output")


class _Console:
    """Standard error: what could not be done, and on a terminal how far the job is."""

    def __init__(self, live: bool) -> None:
        self.done = self.failed = self.misnamed = 0
        self._shown = time.monotonic()
        self._bar: Any = None
        if live:
            from rich.console import Console
            from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

            # No thread of its own to draw it: the pipeline forks, and a fork takes locks along but not their threads.
            columns = (SpinnerColumn(), TextColumn("{task.completed:,.0f} notes, {task.fields[rate]:,.0f} a second"), TimeElapsedColumn())
            self._bar = Progress(*columns, console=Console(stderr=True), auto_refresh=False, transient=True)
            self._task = self._bar.add_task("", total=None, rate=0.0)

    def __enter__(self) -> _Console:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._bar:
            self._bar.stop()

    def tick(self) -> None:
        """Count a note that is done."""
        self.done += 1
        if self._bar and (now := time.monotonic()) - self._shown > 0.2:
            self._shown = now
            self._bar.update(self._task, completed=self.done, rate=self.done / (self._bar.tasks[0].elapsed or 1))
            self._bar.refresh()

    def report(self, fault: Unreadable) -> None:
        """Name a note that cannot be done."""
        self.failed += 1
        self.misnamed += fault.misnamed
        note = f" note {fault.note_id}:" if fault.note_id and fault.note_id != fault.place else ""
        self.say(f"{fault.place}:{note} {fault.reason}")

    def say(self, message: str) -> None:
        """A line on standard error, above the progress."""
        if self._bar:
            self._bar.console.print(f"mrterms: {message}", markup=False, highlight=False, soft_wrap=True)
        else:
            typer.echo(f"mrterms: {message}", err=True)
