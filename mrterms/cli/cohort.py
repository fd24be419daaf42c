"""``mrterms cohort``: annotated notes or cleaned tables in, a row a patient out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mrterms.errors import ConfigError

if TYPE_CHECKING:
    from mrterms.cohorts.definitions import Definition

__all__ = ["cohort_command"]


def cohort_command(
    inputs: Annotated[list[Path], typer.Argument(metavar="INPUT", help="JSONL or tables of mrterms annotate, or tables of mrterms clean.")],
    definitions: Annotated[Path | None, typer.Option("--definitions", "-d", help="TOML file of definitions; see docs/cohort.md.")] = None,
    concept: Annotated[list[str] | None, typer.Option(help="Concept id in place of a definition; repeatable.")] = None,
    include_children: Annotated[bool, typer.Option("--include-children", help="Each --concept with the finer ones below it.")] = False,
    notes_table: Annotated[Path | None, typer.Option(help="CSV, TSV or Parquet with note id, patient and date of each note.")] = None,
    note_column: Annotated[str, typer.Option(help="Column of the note's id.")] = "note_id",
    patient_column: Annotated[str, typer.Option(help="Column of the patient.")] = "patient_id",
    date_column: Annotated[str, typer.Option(help="Column of the note's date.")] = "date",
    date_format: Annotated[str | None, typer.Option(help="How dates are written, for example %d/%m/%Y; else ISO 8601.")] = None,
    skip_unmatched: Annotated[bool, typer.Option("--skip-unmatched", help="Leave out notes that --notes-table does not know.")] = False,
    cohort: Annotated[str | None, typer.Option(help="Only the patients of this definition, and its flow as the picture.")] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help=".csv, .tsv, .jsonl, .parquet; else CSV to the screen.")] = None,
    flow: Annotated[list[Path] | None, typer.Option(help="Counts at each step: .csv, .tsv, .json or .svg; repeatable.")] = None,
    suppress_below: Annotated[int, typer.Option(min=0, help="Withhold smaller counts, and what would tell them, in --flow.")] = 0,
    evidence: Annotated[bool, typer.Option("--evidence", help="Add the words of each mention: patient data.")] = False,
    lexicon: Annotated[list[str] | None, typer.Option(help="Own terms or lexicon that the notes were annotated with; repeatable.")] = None,
) -> None:
    """Make one row a patient: what they have, ever and now, since when, how bad, and where it is written.

    Without --definitions and --concept, each concept that is mentioned has its columns. The row of a patient is data of one
    person whatever --suppress-below says: only the flow is made to be passed on.

    Exit code: 0 done, 2 wrong usage or unreadable input.

    Example: mrterms cohort annotated.jsonl --notes-table notes.csv --definitions mr.toml --flow flow.svg --output cohort.csv
    """
    from mrterms.adapters import annotated, cohort_tables
    from mrterms.cohorts.definitions import define_concepts
    from mrterms.cohorts.select import select

    form = _form(output, cohort_tables.PATIENT_FORMATS)
    for path in flow or ():
        cohort_tables.check_flow(path)
    _check_outputs([*([output] if output else []), *(flow or ())], [*inputs, *filter(None, (notes_table, definitions))])
    columns = annotated.NoteColumns(note=note_column, patient=patient_column, date=date_column, date_format=date_format)
    defined = _defined(definitions, concept or [], lexicon or [], include_children)
    table = annotated.read_notes_table(notes_table, columns) if notes_table else None
    left_out: list[str] = []
    found = annotated.read_annotated(
        inputs, columns, table=table, with_text=evidence, unmatched=left_out.append if skip_unmatched else None
    )
    notes = list(found)
    defined = defined or define_concepts(sorted({one["concept_id"] for note in notes for one in note["annotations"] if one["concept_id"]}))
    if not defined:
        raise ConfigError("no concept is mentioned in the notes", fix="give --definitions or --concept")
    chosen = _chosen(defined, cohort)
    cohorts = select(notes, defined)
    patients = [one for one in cohorts.patients if cohort is None or one.members[chosen.name].met]
    if output:
        with open(output, "wb") as handle:
            cohort_tables.write_patients(handle, patients, defined, form, text=evidence)
    else:
        cohort_tables.write_patients(sys.stdout.buffer, patients, defined, form, text=evidence)
    for path in flow or ():
        cohort_tables.write_flow(path, cohorts, chosen, suppress_below=suppress_below)
    if left_out:
        typer.echo(f"mrterms: {len(left_out):,} notes left out: {notes_table} does not know them", err=True)


def _check_outputs(outputs: list[Path], inputs: list[Path]) -> None:
    given = {path.resolve() for path in inputs}
    for output in outputs:
        if output.resolve() in given:
            raise ConfigError("the output is also an input", file=str(output), fix="choose another name")
        if not output.parent.is_dir():
            raise ConfigError("no such folder", file=str(output.parent), fix="make it first")


def _form(output: Path | None, known: tuple[str, ...]) -> str:
    form = output.suffix.lower().lstrip(".") if output else "csv"
    if form not in known:
        raise ConfigError(f"unknown kind of output {form!r}", file=str(output), fix=f"known: {', '.join(known)}")
    return form


def _defined(path: Path | None, concepts: list[str], lexicons: list[str], include_children: bool) -> list[Definition]:
    from mrterms.cohorts.definitions import define_concepts, read_definitions
    from mrterms.lexicon import load_lexicon, merge

    if path and concepts:
        raise ConfigError("--concept and --definitions together", fix="write the concept as a definition")
    if not path and not concepts:
        return []
    words = merge(load_lexicon("valve"), *(load_lexicon(name) for name in lexicons))
    return read_definitions(path, words) if path else define_concepts(concepts, words, include_children=include_children)


def _chosen(defined: list[Definition], cohort: str | None) -> Definition:
    """The definition of that name, else the last one: a file builds up to what it is about."""
    if cohort is None:
        return defined[-1]
    for one in defined:
        if one.name == cohort:
            return one
    raise ConfigError(f"unknown --cohort {cohort!r}", fix=f"defined: {', '.join(one.name for one in defined)}")
