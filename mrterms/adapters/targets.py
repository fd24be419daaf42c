"""The formats that annotations are written in, how each is written and what it needs: the one table of them."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from mrterms.adapters.exporters import brat, columns, docbin, fhir, i2b2, omop
from mrterms.adapters.exporters.options import ExportOptions, NoteDict
from mrterms.adapters.writers import WRITERS, Format, Writer
from mrterms.errors import ConfigError

__all__ = ["TARGETS", "Target", "check_folder", "check_target"]

Notes = Iterable[NoteDict]


def _nothing(_: NoteDict) -> None:
    pass


def _never(_: ExportOptions) -> bool:
    return False


def _always(_: ExportOptions) -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One format. Exactly one of ``file`` and ``folder`` writes it, from notes that it may go over more than once.

    ``with_source``: each note must bring its text under ``source``. ``check`` raises where a note cannot be written, before
    hours of work are behind it. ``streams``: a reader of standard output gets each note when it is done.
    """

    file: Callable[[BinaryIO, Notes, ExportOptions], None] | None = None
    folder: Callable[[Path, Notes, ExportOptions], None] | None = None
    with_source: Callable[[ExportOptions], bool] = _never
    check: Callable[[NoteDict], None] = _nothing
    streams: bool = True
    options: tuple[str, ...] = ()
    """The options that mean something to it, by their names in :class:`ExportOptions`."""


def _plain(writer: Writer) -> Callable[[BinaryIO, Notes, ExportOptions], None]:
    return lambda handle, notes, _: writer(handle, notes)


def _table(form: Format, handle: BinaryIO, notes: Notes, options: ExportOptions) -> None:
    """CSV or TSV, with the usual columns or those of the user."""
    if not options.columns:
        WRITERS[form](handle, notes)
        return
    text = io.TextIOWrapper(handle, encoding="utf-8", newline="", write_through=True)
    table = csv.writer(text, delimiter="," if form == "csv" else "\t")
    table.writerow(options.columns)
    for row in columns.rows(notes, options.columns):
        values = list(row.values())
        table.writerow(values if form == "csv" else [" ".join(one.split()) if isinstance(one, str) else one for one in values])
    text.detach()


TARGETS: Mapping[Format, Target] = {
    "jsonl": Target(file=_plain(WRITERS["jsonl"])),
    "csv": Target(file=partial(_table, "csv"), options=("columns",)),
    "tsv": Target(file=partial(_table, "tsv"), options=("columns",)),
    "parquet": Target(file=_plain(WRITERS["parquet"]), streams=False),
    "html": Target(file=_plain(WRITERS["html"]), with_source=_always),
    "omop": Target(
        file=omop.write, with_source=lambda options: options.snippet, check=omop.check, options=("concept_map", "snippet", "day")
    ),
    "fhir": Target(file=fhir.write, options=("notes",)),
    "brat": Target(folder=brat.write, with_source=_always, streams=False),
    "i2b2": Target(folder=i2b2.write, with_source=_always, streams=False),
    "spacy": Target(file=docbin.write, with_source=_always, streams=False),
}


def check_target(form: Format, options: ExportOptions, output: Path | None) -> None:
    """Raise :class:`ConfigError` for an option that the format would pass over, a column that there is not, or an output
    (None is standard output) that it cannot go to.
    """
    if output is None and not TARGETS[form].streams:
        raise ConfigError(f"{form} cannot go to standard output", fix="give --output")
    columns.check_columns(options.columns)
    given: dict[str, Any] = {name: getattr(options, name) for name in ("columns", "concept_map", "snippet", "notes", "day")}
    for name, value in given.items():
        if value and name not in TARGETS[form].options:
            takers = [other for other, target in TARGETS.items() if name in target.options]
            told = {"notes": "notes-table"}.get(name, name.replace("_", "-"))
            raise ConfigError(f"--{told} means nothing to the format {form}", fix=f"it is for {', '.join(takers)}")


def check_folder(output: Path) -> None:
    """Raise :class:`ConfigError` where a format of many files would mix with what stands there."""
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise ConfigError("the output must be a folder that is new or empty", file=str(output), fix="choose another --output")
