"""The formats of other programs as outputs of a job: complete or not there, resumed, refused with a reason."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, get_args

import pytest

import mrterms
from mrterms.adapters.exporters.options import ExportOptions, file_name
from mrterms.adapters.jobs import annotate_sources, annotate_to_file, annotate_to_stream
from mrterms.adapters.journal import Journal
from mrterms.adapters.readers import SourceNote
from mrterms.adapters.targets import TARGETS, check_target
from mrterms.adapters.writers import Format
from mrterms.errors import ConfigError, InputError
from mrterms.records import Note

Annotate = Callable[[Iterable[tuple[str, str]]], Iterator[Note]]
FORMS: list[Any] = ["omop", "fhir", "brat", "i2b2", "spacy"]


def sources(*note_ids: str) -> list[SourceNote]:
    return [SourceNote(note_id, "MR or MI\r\nthen MR", f"f:{note_id}") for note_id in note_ids]


def job(annotate: Annotate, *note_ids: str) -> Any:
    return partial(annotate_sources, sources(*note_ids), annotate, report=print)


def content(path: Path) -> dict[str, bytes]:
    files = [one for one in path.rglob("*") if one.is_file()] if path.is_dir() else [path]
    return {str(one.relative_to(path)): one.read_bytes() for one in files}


def test_every_format_has_one_writer() -> None:
    assert set(TARGETS) == set(get_args(Format))
    assert all((target.file is None) != (target.folder is None) for target in TARGETS.values())


@pytest.mark.parametrize("form", FORMS)
def test_a_killed_job_goes_on_from_any_torn_end(form: Format, annotator: Annotate, tmp_path: Path) -> None:
    whole, output = tmp_path / "whole", tmp_path / "out"
    assert annotate_to_file(job(annotator, "1", "2", "3"), whole, form) == 3
    journal = Journal(output, form)
    for note in annotate_sources(sources("1", "2", "3"), annotator, report=print, with_source=journal.with_source):
        journal.append(note)
    journal.close()
    raw = (tmp_path / "out.part").read_bytes()
    line = raw.index(b"\n") + 1
    (tmp_path / "out.part").write_bytes(raw[: line + 20])
    assert annotate_to_file(job(annotator, "1", "2", "3"), output, form, resume=True) == 3
    assert content(output) == content(whole)
    assert sorted(os.listdir(tmp_path)) == ["out", "whole"]
    assert Journal.is_finished(output, form)


@pytest.mark.parametrize("form", ["brat", "i2b2"])
def test_folders_are_never_mixed(form: Format, annotator: Annotate, tmp_path: Path) -> None:
    output = tmp_path / "out"
    output.mkdir()
    assert annotate_to_file(job(annotator, "1"), output, form) == 1
    before = content(output)
    with pytest.raises(ConfigError, match="new or empty"):
        annotate_to_file(job(annotator, "2"), output, form)
    assert content(output) == before
    assert os.listdir(tmp_path) == ["out"]


def test_a_note_that_the_format_cannot_hold_ends_the_job_at_once(annotator: Annotate, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no integer"):
        annotate_to_file(job(annotator, "a1", "2"), tmp_path / "out.csv", "omop")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("form", ["omop", "fhir"])
def test_formats_of_lines_stream(form: Format, annotator: Annotate) -> None:
    handle = io.BytesIO()
    done: list[bytes] = []
    annotate_to_stream(job(annotator, "1", "2"), handle, form, tick=lambda: done.append(handle.getvalue()))
    assert len(done[0]) < len(done[1]) <= len(handle.getvalue())


@pytest.mark.parametrize("form", ["parquet", "brat", "i2b2", "spacy"])
def test_others_say_that_they_need_a_file(form: Format, annotator: Annotate) -> None:
    with pytest.raises(ConfigError, match=f"{form} cannot go to standard output .give --output"):
        annotate_to_stream(job(annotator, "1"), io.BytesIO(), form)


@pytest.mark.parametrize(
    ("form", "options", "told"),
    [
        ("jsonl", {"columns": ("note_id",)}, "--columns means nothing to the format jsonl (it is for csv, tsv)"),
        ("fhir", {"concept_map": {"a": 1}}, "--concept-map means nothing to the format fhir (it is for omop)"),
        ("csv", {"snippet": True}, "--snippet means nothing to the format csv (it is for omop)"),
        ("omop", {"notes": {"1": ("p", None)}}, "--notes-table means nothing to the format omop (it is for fhir)"),
        ("csv", {"columns": ("note",)}, "unknown column 'note'"),
    ],
)
def test_options_that_would_do_nothing_are_refused(form: Format, options: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError) as error:
        check_target(form, ExportOptions(**options), Path("out"))
    assert told in str(error.value)


def test_export_writes_notes_of_a_library_call(real_notes: list[dict[str, Any]], annotator: Annotate, tmp_path: Path) -> None:
    texts = {note["note_id"]: note["source"] for note in real_notes}
    bare = [{name: value for name, value in note.items() if name != "source"} for note in real_notes]
    assert mrterms.export(bare, tmp_path / "b", form="brat", texts=texts) == len(bare)
    assert mrterms.export(real_notes, tmp_path / "c", form="brat") == len(bare)
    assert content(tmp_path / "b") == content(tmp_path / "c")
    assert mrterms.export(annotator([("n", "MR")]), tmp_path / "n.jsonl") == 1
    assert json.loads((tmp_path / "n.jsonl").read_text())["note_id"] == "n"
    with pytest.raises(ConfigError, match="spacy needs the text of each note"):
        mrterms.export(bare, tmp_path / "d.spacy")
    assert not (tmp_path / "d.spacy").exists()


def test_names_of_files_stay_apart_and_inside() -> None:
    ids = ["a/b", "a%2Fb", "../x", ".hidden", "", "a b", "é" * 200, "é" * 201, "A", "~"]
    names = [file_name(note_id) for note_id in ids]
    assert len(set(names)) == len(ids)
    assert all(name and "/" not in name and not name.startswith(".") and len(name) <= 120 for name in names)
