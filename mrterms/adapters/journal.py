"""The working file of a job that may be killed at any moment.

While a job runs, ``OUTPUT.part`` takes one whole line of JSON a note, whatever the format of the output will be; when the
last note is done, the output is made from it under a temporary name and moved into place in one step, and the working
file is gone. So an output is always complete, one that stood there before is kept until the new one is, and a job that
was killed goes on from its working file: only a torn last line is cut off.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

from mrterms.adapters.exporters.options import ExportOptions
from mrterms.adapters.targets import TARGETS, check_folder
from mrterms.adapters.writers import Format, json_line
from mrterms.errors import ConfigError

__all__ = ["Journal", "KnownIds"]


class KnownIds:
    """The ids seen so far, each with its place, on disk: memory does not grow with the number of notes.

    The file is SQLite's own temporary one, without a name and gone with the process; it holds hashes, not ids.
    """

    def __init__(self) -> None:
        self._table = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        for statement in ("PRAGMA journal_mode = OFF", "PRAGMA synchronous = OFF", "PRAGMA cache_size = -16000"):
            self._table.execute(statement)
        self._table.execute("CREATE TABLE ids (id BLOB PRIMARY KEY, place TEXT) WITHOUT ROWID")
        self._table.execute("BEGIN")

    def __del__(self) -> None:
        # Python 3.13 warns of connections that are left to the collector.
        self._table.close()

    def add(self, note_id: str, place: str = "") -> str | None:
        """Take an id in; the place where it stood before, if it did."""
        key = _key(note_id)
        if self._table.execute("INSERT OR IGNORE INTO ids VALUES (?, ?)", (key, place)).rowcount:
            return None
        found: tuple[str] = self._table.execute("SELECT place FROM ids WHERE id = ?", (key,)).fetchone()
        return found[0]

    def __contains__(self, note_id: str) -> bool:
        return self._table.execute("SELECT 1 FROM ids WHERE id = ?", (_key(note_id),)).fetchone() is not None


def _key(note_id: str) -> bytes:
    return hashlib.blake2b(note_id.encode(), digest_size=16).digest()


class Journal:
    """The notes done so far of a job that writes ``output``; iterates over them as dicts, as often as asked.

    ``done`` holds their ids. Raises :class:`ConfigError` where an unfinished job would be lost or cannot be continued.
    """

    def __init__(self, output: Path, form: Format, *, resume: bool = False, options: ExportOptions | None = None) -> None:
        self.output, self.form = output, form
        self._options = options or ExportOptions()
        self._target = TARGETS[form]
        if self._target.folder:
            check_folder(output)
        self.done = KnownIds()
        self.count = 0
        self._part = output.with_name(output.name + ".part")
        if resume:
            self._recover()
        elif self._part.exists():
            raise ConfigError("an unfinished job left this file", file=str(self._part), fix="go on with --resume, or delete it")
        self._handle: BinaryIO = open(self._part, "ab")  # noqa: SIM115 - open as long as the job runs

    @staticmethod
    def is_finished(output: Path, form: Format) -> bool:
        """Whether a job was finished that cannot be taken up again: of the formats only JSONL can be added to."""
        if output.is_dir() and not any(output.iterdir()):
            return False
        return output.exists() and not output.with_name(output.name + ".part").exists() and (form != "jsonl" or output.suffix == ".gz")

    @property
    def with_source(self) -> bool:
        """Whether each note must bring its text: the page shows it, other programs' formats have it beside."""
        return self._target.with_source(self._options)

    def append(self, note: dict[str, Any]) -> None:
        """Add a note, as one whole line. Raises where the format could not hold it."""
        self._target.check(note)
        self._handle.write(json_line(note))
        self._handle.flush()
        self.count += 1

    def __iter__(self) -> Iterator[dict[str, Any]]:
        with open(self._part, "rb") as lines:
            for line in lines:
                yield json.loads(line)

    def close(self) -> None:
        """Leave the working file for ``--resume``, unless nothing was done yet."""
        self._handle.close()
        if not self.count:
            self._part.unlink()

    def finish(self) -> None:
        """Make the output, move it into place and remove the working file."""
        os.fsync(self._handle.fileno())
        self._handle.close()
        if self.form == "jsonl" and self.output.suffix != ".gz":
            self._part.replace(self.output)
            return
        made = self.output.with_name(self.output.name + ".tmp")
        try:
            self._write(made)
            made.replace(self.output)
        finally:
            shutil.rmtree(made) if made.is_dir() else made.unlink(missing_ok=True)
        self._part.unlink()

    def _write(self, made: Path) -> None:
        if self._target.folder:
            made.mkdir()
            self._target.folder(made, self, self._options)
            return
        write = self._target.file
        assert write is not None
        with open(made, "wb") as plain:
            if self.output.suffix == ".gz":
                with gzip.open(plain, "wb") as packed:
                    write(cast(BinaryIO, packed), self, self._options)
            else:
                write(plain, self, self._options)
            plain.flush()
            os.fsync(plain.fileno())

    def _recover(self) -> None:
        """Take up the notes of the working file without its torn end; a JSONL output is as good as its working file."""
        if self._part.exists():
            self._take_up(self._part)
        elif self.output.exists():
            self._take_up(self.output)
            self.output.replace(self._part)

    def _take_up(self, path: Path) -> None:
        whole = 0
        with open(path, "r+b") as lines:
            for line in lines:
                note = _parsed(line)
                if note is None:
                    break
                if self.with_source and "source" not in note:
                    raise ConfigError("the unfinished job has another format", file=str(path), fix="resume with its --format")
                self.done.add(note["note_id"])
                self.count += 1
                whole += len(line)
            if not whole and path.stat().st_size and path == self.output:
                raise ConfigError("not an output of mrterms: nothing to resume", file=str(path), fix="choose another --output")
            lines.truncate(whole)


def _parsed(line: bytes) -> dict[str, Any] | None:
    """The note in a line of the working file; None where the line is torn."""
    if not line.endswith(b"\n"):
        return None
    try:
        note = json.loads(line)
    except ValueError:
        return None
    return note if isinstance(note, dict) and "note_id" in note and "annotations" in note else None
