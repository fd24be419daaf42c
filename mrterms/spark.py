"""Annotating the notes of a Spark DataFrame, on as many machines as Spark has.

    from mrterms import spark
    found = spark.annotate(notes, "text", id_column="note_id", lexicons=["/shared/lexicons/registry"])

Each Python worker loads one pipeline and keeps it; lexicons reach it by their path.  Nothing is written on the way, so a
partition that Spark tries again gives its rows once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import pandas as pd

from mrterms.adapters.jobs import place_of_error
from mrterms.adapters.writers import COLUMNS, flatten
from mrterms.errors import ConfigError, MissingExtraError
from mrterms.records import Note

if TYPE_CHECKING:
    from pyspark.sql import DataFrame
    from spacy.language import Language

__all__ = ["Rows", "annotate"]

Rows = Literal["notes", "mentions"]
_MOST_CHARACTERS = 1_000_000
"""spaCy's limit."""
_NOTE_COLUMNS: dict[str, type] = {"setting": str, "annotations": str}
_MENTION_COLUMNS = {name: kind for name, kind in COLUMNS.items() if name != "note_id"}
_FAILURE = "failure"
_SQL_TYPES = {str: "string", int: "bigint", float: "double"}


def annotate(
    df: DataFrame,
    text_column: str = "text",
    *,
    id_column: str = "note_id",
    rows: Rows = "notes",
    scan: bool = False,
    max_chars: int = _MOST_CHARACTERS,
    lexicons: str | Path | Sequence[str | Path] = (),
    **options: Any,
) -> DataFrame:
    """The notes of ``df`` annotated, lazily as everything in Spark.

    ``rows="notes"`` gives a row a note: the id as string under its own name, ``setting``, ``annotations`` (the JSON list of the
    interface) and ``failure``.  ``rows="mentions"`` gives a row an annotation with the columns of ``mrterms annotate``'s tables,
    and one row for a note without any.  A note that cannot be done keeps its row: ``failure`` says why (no text, longer than
    ``max_chars``, or the kind of error), never with words of the note; it is null for all others. The rows stand in the order of ``df``.

    ``scan`` is as in :func:`mrterms.annotate_many`; ``lexicons`` and the other ``options`` are those of :func:`mrterms.load`.
    A lexicon must lie at its path on every machine, or have been given to ``SparkContext.addFile`` (``recursive=True`` for a folder).

    Raises :class:`~mrterms.errors.ConfigError` for a column that is not there or not of text, or an impossible option, and
    :class:`~mrterms.errors.MissingExtraError` without PySpark.
    """
    try:
        from pyspark.sql.functions import col
    except ImportError:
        raise MissingExtraError("pyspark", "spark") from None
    if rows not in get_args(Rows):
        raise ConfigError(f"unknown rows {rows!r}", fix=f"one of {', '.join(get_args(Rows))}")
    if not 1 <= max_chars <= _MOST_CHARACTERS:
        raise ConfigError(f"max_chars {max_chars} is out of range", fix=f"1 to {_MOST_CHARACTERS}")
    columns = (_NOTE_COLUMNS if rows == "notes" else _MENTION_COLUMNS) | {_FAILURE: str}
    _check_columns(df, text_column, id_column, columns)
    paths = [lexicons] if isinstance(lexicons, (str, Path)) else lexicons
    load = {"lexicons": tuple(map(_whole_path, paths)), **options}
    job = _Job(id_column, rows, tuple(columns), scan, max_chars, tuple(sorted(load.items())))
    asked = df.select(col(f"`{id_column}`").cast("string").alias("id"), col(f"`{text_column}`").alias("text"))
    schema = ", ".join(f"`{name}` {_SQL_TYPES[kind]}" for name, kind in {id_column: str, **columns}.items())
    return asked.mapInPandas(job.run, schema)


def _check_columns(df: DataFrame, text_column: str, id_column: str, made: dict[str, type]) -> None:
    for name in (text_column, id_column):
        if name not in df.columns:
            raise ConfigError(f"no column {name!r}", fix=f"found {', '.join(df.columns)}")
    if (kind := dict(df.dtypes)[text_column]) != "string":
        raise ConfigError(f"column {text_column!r} holds {kind}, not text", fix="cast it to string")
    if id_column in made:
        raise ConfigError(f"the id's column {id_column!r} is named like one of the result", fix="rename it")


def _whole_path(given: str | Path) -> str:
    """A path is resolved here, as a worker may run in another folder; the name of a shipped lexicon stays as it is."""
    return str(Path(given).resolve()) if Path(given).exists() else str(given)


def _path_here(path: str) -> str:
    """The path on this machine: as given, or where ``SparkContext.addFile`` has put it."""
    from pyspark import SparkFiles

    added = Path(SparkFiles.get(Path(path).name))
    return str(added) if not Path(path).exists() and added.exists() else path


@lru_cache(maxsize=2)
def _pipeline(load: tuple[tuple[str, Any], ...]) -> Language:
    """One pipeline a worker, which Spark keeps for many tasks."""
    from mrterms import pipeline

    options = dict(load)
    return pipeline.load(**options | {"lexicons": [_path_here(path) for path in options["lexicons"]]})


@dataclass(frozen=True, slots=True)
class _Job:
    """What a worker is to do; it is sent to each."""

    id_column: str
    rows: Rows
    columns: tuple[str, ...]
    scan: bool
    max_chars: int
    load: tuple[tuple[str, Any], ...]

    def run(self, frames: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        """The rows that come out for the notes of one partition."""
        nlp = _pipeline(self.load)
        for frame in frames:
            texts = frame["text"].tolist()
            read = iter(self._read(nlp, [text for text in texts if self._fault(text) is None]))
            done = [self._fault(text) or next(read) for text in texts]
            made = [(note_id, *row) for note_id, one in zip(frame["id"], done, strict=True) for row in self._rows(one)]
            yield pd.DataFrame(made, columns=[self.id_column, *self.columns], dtype=object)

    def _fault(self, text: object) -> str | None:
        if not isinstance(text, str):
            return "no text"
        return f"longer than {self.max_chars} characters" if len(text) > self.max_chars else None

    def _read(self, nlp: Language, texts: list[str]) -> list[Note] | list[Note | str]:
        """The notes, or for one that makes the pipeline fail the kind of its error."""
        from mrterms.pipeline import annotate_many

        try:
            return list(annotate_many(texts, nlp=nlp, scan=self.scan))
        except Exception:
            return [_read_alone(nlp, text) for text in texts]

    def _rows(self, one: Note | str) -> Iterator[tuple[Any, ...]]:
        """The cells of a note or of a failure, without the id."""
        note = Note(note_id="", annotations=()) if isinstance(one, str) else one
        failure = one if isinstance(one, str) else None
        if self.rows == "notes":
            yield note.setting, None if failure else json.dumps(note.annotations, ensure_ascii=False), failure
            return
        for cells in flatten(note.to_dict()):
            yield *(cells[name] for name in self.columns[:-1]), failure


def _read_alone(nlp: Language, text: str) -> Note | str:
    from mrterms.pipeline import annotate

    try:
        return annotate(text, nlp=nlp)
    except Exception as error:
        return f"annotating it failed: {place_of_error(error)}"
