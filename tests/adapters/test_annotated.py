"""Annotations and cleaned tables read back: the same mentions from every format, patients and dates beside them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from mrterms.adapters.annotated import NoteColumns, NotesTable, read_annotated, read_notes_table
from mrterms.adapters.writers import WRITERS, Format
from mrterms.errors import ConfigError, InputError
from mrterms.records import Note

Annotate = Callable[[Iterable[tuple[str, str]]], Iterator[Note]]
TEXTS = [("n1", "MR, then MI"), ("n2", "nothing"), ("n3", "MR")]
WHOSE = NotesTable("notes.csv", {"n1": ("p", date(2020, 1, 2)), "n2": ("p", None), "n3": ("q", date(2021, 1, 2))})


def table(path: Path, *rows: Iterable[object]) -> Path:
    handle = io.StringIO(newline="")
    csv.writer(handle, delimiter="\t" if path.suffix == ".tsv" else ",").writerows(rows)
    path.write_text(handle.getvalue(), encoding="utf-8", newline="")
    return path


@pytest.mark.parametrize("form", ["jsonl", "csv", "tsv", "parquet"])
def test_every_format_tells_the_same(form: Format, annotator: Annotate, tmp_path: Path) -> None:
    path = tmp_path / f"a.{form}"
    with path.open("wb") as handle:
        WRITERS[form](handle, [note.to_dict() for note in annotator(TEXTS)])
    notes = list(read_annotated([path], table=WHOSE, with_text=True))
    assert [(note["note_id"], note["patient_id"], note["date"]) for note in notes] == [
        ("n1", "p", date(2020, 1, 2)), ("n2", "p", None), ("n3", "q", date(2021, 1, 2)),
    ]  # fmt: skip
    first, second = notes[0]["annotations"]
    assert first == {
        "concept_id": "mitral_regurgitation", "start": 0, "end": 2, "text": "MR",
        "assertion": {"status": "absent", "experiencer": "patient"}, "severity": {"value": "moderate"},
    }  # fmt: skip
    assert (second["concept_id"], second["sense"]["candidates"][0]["concept_id"]) == (None, "mitral_regurgitation")
    assert notes[1]["annotations"] == []
    assert "text" not in next(read_annotated([path], table=WHOSE))["annotations"][0]


CLEANED = (
    "id", "who", "seen", "mrterms_concept_id", "mrterms_sense_status", "mrterms_assertion", "mrterms_severity", "mrterms_candidates",
    "mrterms_all",
)  # fmt: skip


def cleaned(path: Path, *rows: Iterable[object]) -> list[dict[str, Any]]:
    return list(read_annotated([table(path, CLEANED, *rows)], NoteColumns(note="id", patient="who", date="seen", date_format="%d.%m.%Y")))


def test_a_row_of_a_cleaned_table_is_a_note(tmp_path: Path) -> None:
    every = [
        {"concept_id": "mitral_regurgitation", "assertion": "present", "severity": "mild"},
        {"concept_id": "myocardial_infarction", "assertion": {"status": "historical", "experiencer": "patient"}, "severity": None},
    ]
    candidates = json.dumps([{"concept_id": "mitral_regurgitation", "probability": 0.5}])
    notes = cleaned(
        tmp_path / "t.csv",
        ("", "p", "31.03.2020", "mitral_regurgitation", "resolved", "present", "mild", "", json.dumps(every)),
        ("x7", "p", "", "mitral_stenosis", "unambiguous", "family", "", "", ""),
        ("x8", "q", "", "", "ambiguous", "", "", candidates, "[]"),
        ("x9", "q", "", "", "", "", "", "", ""),
    )
    assert [(note["note_id"], note["date"]) for note in notes] == [
        ("t.csv row 2", date(2020, 3, 31)), ("x7", None), ("x8", None), ("x9", None),
    ]  # fmt: skip
    told = [
        [(one["concept_id"], one["assertion"]["status"], one.get("severity")) for one in note["annotations"] if one["concept_id"]]
        for note in notes
    ]
    assert told == [
        [("mitral_regurgitation", "present", {"value": "mild"}), ("myocardial_infarction", "historical", None)],
        [("mitral_stenosis", "family", None)],
        [],
        [],
    ]
    assert notes[1]["annotations"][0]["assertion"]["experiencer"] == "family"
    assert notes[2]["annotations"][0]["sense"]["candidates"] == [{"concept_id": "mitral_regurgitation", "probability": 0.5}]


def test_rows_at_fault_are_named_together_and_without_their_content(tmp_path: Path) -> None:
    rows = [("", f"p{number}", "soon Smith", "", "", "", "", "", "") for number in range(7)]
    with pytest.raises(InputError) as told:
        cleaned(tmp_path / "t.csv", *rows)
    assert "a date that cannot be read as %d.%m.%Y: rows 2, 3, 4, 5, 6 and 2 more" in str(told.value)
    assert "Smith" not in str(told.value)


HEADER = ("note_id", "patient_id", "date")


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        ([("n1", "p", "2020-01-01"), ("", "p", "")], "no note id: row 3"),
        ([("n1", "p", ""), ("n2", "p", ""), ("n1", "q", "")], "a note id that stands above already: row 4"),
        ([("n1", "", "2020-01-01")], "no patient: row 2"),
        ([("n1", "p", "2020-13-01"), ("n2", "p", "1/2/2020")], "a date that cannot be read as ISO 8601 (2026-03-31): rows 2, 3"),
    ],
)
def test_faults_of_the_notes_table(rows: list[tuple[str, ...]], fault: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as told:
        read_notes_table(table(tmp_path / "n.csv", HEADER, *rows))
    assert f"{tmp_path}/n.csv: {fault}" in str(told.value)


@pytest.mark.parametrize("written", ["2020-01-02", "2020-01-02T08:30", "2020-01-02 08:30:11", "20200102"])
def test_dates_as_databases_write_them(written: str, tmp_path: Path) -> None:
    found = read_notes_table(table(tmp_path / "n.tsv", HEADER, ("n1", "p", written)))
    assert found.notes == {"n1": ("p", date(2020, 1, 2))}


def test_columns_may_have_other_names(tmp_path: Path) -> None:
    path = tmp_path / "n.csv"
    path.write_text("doc;pid;on\nn1;7;2020-01-02\n", encoding="utf-8-sig")
    assert read_notes_table(path, NoteColumns(note="doc", patient="pid", date="on")).notes == {"n1": ("7", date(2020, 1, 2))}
    with pytest.raises(InputError, match=r"no column 'note_id'; found doc, pid, on .*--note-column"):
        read_notes_table(path)


def lines(path: Path, *notes: Any) -> Path:
    path.write_text("".join(json.dumps(note) + "\n" for note in notes), encoding="utf-8")
    return path


def test_unknown_and_repeated_notes(tmp_path: Path) -> None:
    first = lines(tmp_path / "1.jsonl", {"note_id": "n1", "annotations": []}, {"note_id": "n9", "annotations": []})
    second = lines(tmp_path / "2.jsonl", {"note_id": "n1", "annotations": []})
    with pytest.raises(InputError, match=r"a note that notes.csv does not know: row 2 .*--skip-unmatched"):
        list(read_annotated([first], table=WHOSE))
    left: list[str] = []
    assert [note["note_id"] for note in read_annotated([first], table=WHOSE, unmatched=left.append)] == ["n1"]
    assert left == ["n9"]
    with pytest.raises(InputError, match=r"2.jsonl: a note id that stands already at .*1.jsonl:1: row 1"):
        list(read_annotated([first, second], table=WHOSE, unmatched=left.append))


def test_patient_and_date_may_stand_in_the_lines(tmp_path: Path) -> None:
    path = lines(tmp_path / "1.jsonl", {"note_id": "n1", "patient_id": 7, "date": "2020-01-02", "annotations": []})
    assert list(read_annotated([path])) == [{"note_id": "n1", "annotations": [], "patient_id": "7", "date": date(2020, 1, 2)}]
    with pytest.raises(InputError, match=r"no patient: row 1 .*--notes-table"):
        list(read_annotated([lines(tmp_path / "2.jsonl", {"note_id": "n1", "annotations": []})]))


@pytest.mark.parametrize("broken", ["{", "[]", '{"note_id": "n1"}', '{"note_id": "n1", "annotations": [3]}'])
def test_a_line_that_is_no_note_is_named(broken: str, tmp_path: Path) -> None:
    path = tmp_path / "1.jsonl"
    path.write_text('{"note_id": "n0", "annotations": []}\n' + broken + "\n")
    with pytest.raises(InputError, match=r"1.jsonl:2: no line of `mrterms annotate`"):
        list(read_annotated([path], table=WHOSE, unmatched=lambda _: None))


def test_other_files_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="neither a table of `mrterms annotate` nor of `mrterms clean`; its columns: a, b"):
        list(read_annotated([table(tmp_path / "t.csv", ("a", "b"))]))
    (tmp_path / "t.xlsx").write_text("a,b")
    (tmp_path / "t.parquet").write_text("a,b")
    for name in ("t.xlsx", "t.parquet"):
        with pytest.raises(InputError, match=f"{name}: broken"):
            list(read_annotated([tmp_path / name]))
    with pytest.raises(ConfigError, match="unknown kind of file"):
        list(read_annotated([tmp_path / "t.xml"]))
    with pytest.raises(InputError, match="no such file"):
        list(read_annotated([tmp_path / "u.csv"]))
