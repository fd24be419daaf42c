from __future__ import annotations

import csv
import gzip
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from mrterms.adapters.jobs import annotate_sources, annotate_to_file
from mrterms.adapters.journal import Journal, KnownIds
from mrterms.adapters.readers import Source, SourceNote, Unreadable
from mrterms.errors import ConfigError
from mrterms.records import Note

Annotate = Callable[[Iterable[tuple[str, str]]], Iterator[Note]]


def source(note_id: str, text: str = "mild MR", place: str | None = None, generated: bool = False) -> SourceNote:
    return SourceNote(note_id, text, place or f"f:{note_id}", generated)


def run(sources: list[Source], annotate: Annotate, **options: Any) -> tuple[list[str], list[Unreadable]]:
    told: list[Unreadable] = []
    notes = list(annotate_sources(sources, annotate, report=told.append, **options))
    return [note["note_id"] for note in notes], told


def in_batches(annotate: Annotate) -> Annotate:
    """Read ten notes ahead of what is given back, as the pipeline does."""

    def batched(pairs: Iterable[tuple[str, str]]) -> Iterator[Note]:
        batch: list[tuple[str, str]] = []
        for pair in pairs:
            batch.append(pair)
            if len(batch) == 10:
                yield from list(annotate(batch))
                batch = []
        yield from list(annotate(batch))

    return batched


def test_order_is_kept_and_faults_are_reported(annotator: Annotate) -> None:
    done, told = run([source("n1"), Unreadable("n2", "f:2", "null"), source("n3")], annotator)
    assert done == ["n1", "n3"]
    assert [fault.note_id for fault in told] == ["n2"]


@pytest.mark.parametrize("bad", [[0], [5, 6, 23], [34], list(range(35))])
def test_a_note_that_fails_is_set_aside_alone(annotator: Annotate, bad: list[int]) -> None:
    sources: list[Source] = [source(f"n{number}", "EXPLODE with secret" if number in bad else "MR") for number in range(35)]
    done, told = run(sources, in_batches(annotator), alone=annotator)
    assert done == [f"n{number}" for number in range(35) if number not in bad]
    assert [fault.note_id for fault in told] == [f"n{number}" for number in bad]
    assert all(fault.reason.startswith("annotating it failed: ZeroDivisionError in adapters/conftest.py:") for fault in told)


def test_many_failing_notes_do_not_pile_up(annotator: Annotate) -> None:
    done, told = run([source(f"n{number}", "EXPLODE") for number in range(3000)], in_batches(annotator))
    assert (done, len(told)) == ([], 3000)


def test_a_pipeline_that_cannot_start_is_not_blamed_on_a_note() -> None:
    def broken(pairs: Iterable[tuple[str, str]]) -> Iterator[Note]:
        raise ConfigError("no such lexicon")

    with pytest.raises(ConfigError):
        run([source("n1")], broken)


def test_a_reader_that_breaks_is_not_blamed_on_a_note(annotator: Annotate) -> None:
    def sources() -> Iterator[Source]:
        yield source("n1")
        raise LookupError("bug")

    with pytest.raises(LookupError):
        list(annotate_sources(sources(), in_batches(annotator), report=print))


def test_a_pipeline_that_loses_notes_is_found_out(annotator: Annotate) -> None:
    with pytest.raises(RuntimeError, match="fewer notes"):
        run([source("n1"), source("n2")], lambda pairs: list(annotator(pairs))[:1].__iter__())


def test_the_same_id_twice_is_told_with_both_places(annotator: Annotate) -> None:
    done, told = run([source("n1", place="a.csv:2"), source("n1", place="b.csv:9")], annotator)
    assert done == ["n1"]
    assert (told[0].place, told[0].reason) == ("b.csv:9", "the id stands already at a.csv:2")


def test_files_of_the_same_name_are_told_apart_by_their_path(annotator: Annotate) -> None:
    done, told = run([source("echo", place="a/echo.txt", generated=True), source("echo", place="b/echo.txt", generated=True)], annotator)
    assert (done, told) == (["echo", "b/echo.txt"], [])


def test_known_ids_do_not_live_in_memory() -> None:
    ids = KnownIds()
    assert all(ids.add(f"n{number}", "f") is None for number in range(10_000))
    assert ids.add("n77", "g") == "f"
    assert "n9999" in ids
    assert "n10000" not in ids


# --- stopping and going on -------------------------------------------------------------------------------------------------


def job(sources: Iterable[Source], annotate: Annotate) -> Any:
    return partial(annotate_sources, sources, annotate, report=print)


def ids(path: Path) -> list[str]:
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    if ".csv" in path.name:
        rows = csv.DictReader(raw.decode().splitlines(keepends=True))
        return list(dict.fromkeys(row["note_id"] for row in rows))
    return [json.loads(line)["note_id"] for line in raw.splitlines()]


def test_an_unfinished_job_keeps_the_old_output_and_is_not_lost(tmp_path: Path, annotator: Annotate) -> None:
    output = tmp_path / "out.jsonl"
    output.write_text("old\n")

    def dying() -> Iterator[Source]:
        yield from (source("n1"), source("n2"))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        annotate_to_file(job(dying(), annotator), output, "jsonl")
    assert output.read_text() == "old\n"
    with pytest.raises(ConfigError, match="--resume"):
        annotate_to_file(job([], annotator), output, "jsonl")
    assert annotate_to_file(job([source(f"n{number}") for number in range(1, 5)], annotator), output, "jsonl", resume=True) == 4
    assert ids(output) == ["n1", "n2", "n3", "n4"]
    assert os.listdir(tmp_path) == ["out.jsonl"]


@pytest.mark.parametrize("name", ["out.jsonl", "out.jsonl.gz", "out.csv", "out.csv.gz", "out.html"])
def test_every_torn_end_is_mended(tmp_path: Path, annotator: Annotate, name: str) -> None:
    whole, output = tmp_path / f"whole.{name}", tmp_path / name
    sources = [source(f"n{number}", "MR or MI\r\n") for number in range(4)]
    form: Any = name.split(".")[1]
    annotate_to_file(job(sources, annotator), whole, form)
    journal = Journal(output, form)
    for note in annotate_sources(sources, annotator, report=print, with_source=journal.with_source):
        journal.append(note)
    journal.close()
    part = tmp_path / f"{name}.part"
    raw = part.read_bytes()
    line = raw.index(b"\n") + 1
    for cut in (0, 1, line - 1, line, line + 1, line + 30, len(raw) - 1, len(raw)):
        part.write_bytes(raw[:cut])
        assert annotate_to_file(job(sources, annotator), output, form, resume=True) == 4
        assert unpacked(output) == unpacked(whole)
        assert sorted(os.listdir(tmp_path)) == sorted([name, whole.name])


def unpacked(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def test_a_jsonl_output_is_gone_on_with_even_when_torn(tmp_path: Path, annotator: Annotate) -> None:
    output = tmp_path / "out.jsonl"
    sources = [source(f"n{number}") for number in range(6)]
    annotate_to_file(job(sources[:4], annotator), output, "jsonl")
    output.write_bytes(output.read_bytes()[:-9])
    assert annotate_to_file(job(sources, annotator), output, "jsonl", resume=True) == 6
    assert ids(output) == [f"n{number}" for number in range(6)]


def test_a_file_of_somebody_else_is_not_touched(tmp_path: Path, annotator: Annotate) -> None:
    output = tmp_path / "out.jsonl"
    output.write_text('{"precious": 1}\n')
    with pytest.raises(ConfigError, match="not an output of mrterms"):
        annotate_to_file(job([], annotator), output, "jsonl", resume=True)
    assert output.read_text() == '{"precious": 1}\n'


def test_a_page_cannot_go_on_from_a_job_without_texts(tmp_path: Path, annotator: Annotate) -> None:
    journal = Journal(tmp_path / "out.html", "csv")
    journal.append({"note_id": "n1", "annotations": []})
    journal.close()
    with pytest.raises(ConfigError, match="another format"):
        Journal(tmp_path / "out.html", "html", resume=True)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no kill -9 here")
@pytest.mark.parametrize("name", ["out.jsonl", "out.csv"])
def test_killed_again_and_again_every_note_stands_once(tmp_path: Path, name: str) -> None:
    notes, output = tmp_path / "notes.jsonl", tmp_path / name
    wanted = [str(number) for number in range(600)]
    notes.write_text("".join(json.dumps({"note_id": note_id, "text": "MR"}) + "\n" for note_id in wanted))
    command = [sys.executable, str(Path(__file__).with_name("killable_job.py")), str(notes), str(output), "resume"]
    root = Path(__file__).parents[2]
    kills = 0
    for _ in range(3):
        process = subprocess.Popen(command, cwd=root, env=os.environ | {"PYTHONPATH": str(root)})
        part, before, deadline = output.with_name(f"{name}.part"), 0, time.monotonic() + 60
        before = part.stat().st_size if part.exists() else 0
        while process.poll() is None and time.monotonic() < deadline:
            if part.exists() and part.stat().st_size > before + 3000:
                break
            time.sleep(0.005)
        kills += process.poll() is None
        process.kill()
        process.wait()
    assert kills >= 2
    assert not output.exists()
    subprocess.run(command, cwd=root, env=os.environ | {"PYTHONPATH": str(root)}, check=True)
    assert ids(output) == wanted
    assert sorted(os.listdir(tmp_path)) == sorted(["notes.jsonl", name])
