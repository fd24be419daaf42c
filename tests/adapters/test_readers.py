from __future__ import annotations

import gzip
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mrterms.adapters.readers import ReadOptions, Source, SourceNote, Unreadable, read_notes
from mrterms.errors import ConfigError, InputError


def read(path: Path, **options: Any) -> list[Source]:
    return list(read_notes([path], ReadOptions(**options)))


def notes(sources: list[Source]) -> list[tuple[str, str]]:
    return [(source.note_id, source.text) for source in sources if isinstance(source, SourceNote)]


def faults(sources: list[Source]) -> list[tuple[str, str]]:
    return [(Path(source.place).name, source.reason) for source in sources if isinstance(source, Unreadable)]


def test_text_keeps_its_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "clinic.txt"
    path.write_bytes(b"\xef\xbb\xbfECHO:\r\nmild MR\r\rno AS\x00\n")
    assert notes(read(path)) == [("clinic", "ECHO:\r\nmild MR\r\rno AS\x00\n")]


def test_folder_is_read_in_order_with_relative_ids(tmp_path: Path) -> None:
    for name in ("b.txt", "a/2.txt", "a/1.TXT", "a/deep/3.txt", "._b.txt", "readme.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    assert [note_id for note_id, _ in notes(read(tmp_path))] == ["a/1", "a/2", "a/deep/3", "b"]


def test_folder_without_text_is_named(tmp_path: Path) -> None:
    assert "no .txt file" in faults(read(tmp_path))[0][1]


@pytest.mark.parametrize("packed", [False, True])
def test_json_lines_survive_broken_neighbours(tmp_path: Path, packed: bool) -> None:
    lines: list[bytes] = [
        b'\xef\xbb\xbf{"note_id": "n1", "text": "mild\\r\\nMR \\ud83d\\ude00"}',
        b'{"note_id": "n2", "text": "torn',
        b'{"note_id": "n3", "text": "caf\xe9"}',
        b"",
        b'{"note_id": "n4", "text": null}',
        b'{"note_id": "n5", "text": 7}',
        b'{"note_id": "n6", "body": "AS"}',
        b"[1]",
        b'{"note_id": 8, "text": "half \\ud800 a sign"}',
        b'{"text": "no id"}',
        b'{"note_id": ["n9"], "text": "MI"}',
        b"[" * 100_000,
    ]
    path = tmp_path / ("notes.jsonl.gz" if packed else "notes.jsonl")
    raw = b"\r\n".join(lines)
    path.write_bytes(gzip.compress(raw) if packed else raw)
    found = read(path)
    assert notes(found) == [("n1", "mild\r\nMR \U0001f600"), ("8", "half \ufffd a sign"), (f"{path}:10", "no id")]
    told = dict(faults(found))
    name = path.name
    assert told[f"{name}:2"].startswith("broken JSON: Unterminated string")
    at = raw.index(b"\xe9")
    assert told[f"{name}:3"].startswith(f"not UTF-8 at byte {at}")
    assert told[f"{name}:5"] == "the text is null"
    assert told[f"{name}:6"] == "the text is a int, not a string"
    assert told[f"{name}:7"] == "no field 'text'; found note_id, body (choose with --text-column)"
    assert told[f"{name}:8"] == "a JSON list, not an object"
    assert told[f"{name}:11"] == "the id is a list, not a string"
    assert told[f"{name}:12"].startswith("broken JSON")
    assert [source.note_id for source in found if isinstance(source, Unreadable)][2:5] == ["n4", "n5", "n6"]


def test_csv_with_every_fault(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_bytes(
        b"\xef\xbb\xbfid;report;ward\r\n"
        b'1;"line one\r\nline ""two""\rthree";A\r\n'
        b"2;caf\xe9;A\r\n"
        b"3;a text; with a stray mark;A\r\n"
        b"4\r\n"
        b"\r\n"
        b";no id;B\r\n"
        b'6;"quoted" badly;B\r\n'
        b"7;" + b"x" * 200_000 + b";B\r\n"
        b'8;"never closed;B\r\n'
    )
    found = read(path, id_column="id", text_column="report")
    assert notes(found) == [("1", 'line one\r\nline "two"\rthree'), (f"{path}:8", "no id"), ("7", "x" * 200_000)]
    told = dict(faults(found))
    assert told["export.csv:4"].startswith(f"not UTF-8 at byte {path.read_bytes().index(0xE9)}")
    assert told["export.csv:5"] == "4 cells under 3 columns: a text without quotes?"
    assert told["export.csv:6"].startswith("no field 'report'; found id")
    assert told["export.csv:9"].startswith("broken row")
    assert told["export.csv:11"] == "broken row: unexpected end of data"


def test_windows_text_is_read_when_said(tmp_path: Path) -> None:
    path = tmp_path / "notes.csv"
    path.write_bytes("note_id,text\nn1,Münch’s ward: MR\n".encode("cp1252"))
    assert notes(read(path, encoding="cp1252")) == [("n1", "Münch’s ward: MR")]


def test_rows_that_end_in_a_carriage_return_alone(tmp_path: Path) -> None:
    path = tmp_path / "old.tsv"
    path.write_bytes(b"note_id\ttext\rn1\tmild MR\rn2\tno AS\r")
    assert notes(read(path)) == [("n1", "mild MR"), ("n2", "no AS")]


def test_missing_columns_are_named_with_those_found(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b\n1,2\n")
    assert faults(read(path)) == [("t.csv", "no column 'text'; found a, b (choose with --text-column)")]
    assert faults(read(path, text_column="b", id_column="c")) == [("t.csv", "no column 'c'; found a, b (choose with --id-column)")]
    assert notes(read(path, text_column="b", id_column="a")) == [("1", "2")]
    path.write_text("")
    assert faults(read(path)) == [("t.csv", "the table is empty")]


def test_parquet(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    path = tmp_path / "t.parquet"
    table = pa.table({"pid": [1, 2, 3], "report": ["mild MR", None, "a" * 50], "other": [True, True, False]})
    parquet.write_table(table, path)
    found = read(path, id_column="pid", text_column="report", max_chars=20)
    assert notes(found) == [("1", "mild MR")]
    assert faults(found) == [("t.parquet:2", "the text is null"), ("t.parquet:3", "text longer than 20 characters (--max-chars)")]
    assert "found pid, report, other" in faults(read(path))[0][1]
    path.write_bytes(b"PAR1 no parquet")
    assert faults(read(path))[0][1].startswith("broken Parquet")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf16_is_told_as_what_it_is(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "n.txt"
    path.write_bytes("MR 2+, no AS\n".encode(encoding))
    assert faults(read(path)) == [("n.txt", "UTF-16, not UTF-8 (--encoding utf-16)")]
    if encoding == "utf-16":
        assert notes(read(path, encoding=encoding)) == [("n", "MR 2+, no AS\n")]
    for name, text in (("n.csv", "note_id,text\n1,MR\n"), ("n.jsonl", '{"text": "MR"}\n')):
        path = tmp_path / name
        path.write_bytes(text.encode(encoding))
        assert faults(read(path)) == [(name, "lines in utf-16 are not read: save it as UTF-8")]
    assert faults(read(path, encoding="utf-16")) == [("n.jsonl", "lines in utf-16 are not read: save it as UTF-8")]


@pytest.mark.parametrize("suffix", ["txt", "jsonl", "csv"])
def test_long_texts_are_left_out_and_the_rest_is_done(tmp_path: Path, suffix: str) -> None:
    text = "é" * 1001
    path = tmp_path / f"long.{suffix}"
    line = {"txt": text, "jsonl": json.dumps({"text": text}) + '\n{"text": "MR"}', "csv": f"text\n{text}\nMR\n"}[suffix]
    path.write_text(line, encoding="utf-8")
    found = read(path, max_chars=1000)
    assert faults(found)[0][1] == "text longer than 1,000 characters (--max-chars)"
    assert len(notes(found)) == (suffix != "txt")


def test_text_of_just_the_limit_is_read(tmp_path: Path) -> None:
    path = tmp_path / "full.txt"
    path.write_text("é" * 1000, encoding="utf-8")
    assert len(notes(read(path, max_chars=1000))[0][1]) == 1000


def test_standard_input_is_json_lines_or_one_note() -> None:
    def read_stdin(raw: bytes) -> list[Source]:
        return list(read_notes(["-"], stdin=io.BytesIO(raw)))

    assert notes(read_stdin(b'\n{"note_id": "n1", "text": "MR"}\n{"text": "AS"}')) == [("n1", "MR"), ("-:3", "AS")]
    assert notes(read_stdin(b"\r\nECHO\r\nmild MR\r\n")) == [("stdin", "\r\nECHO\r\nmild MR\r\n")]
    assert notes(read_stdin(b"")) == [("stdin", "")]
    assert faults(read_stdin(b"ok\n\xff"))[0][1].startswith("not UTF-8 at byte 3")


def test_broken_archive_gives_what_came_before(tmp_path: Path) -> None:
    path = tmp_path / "n.jsonl.gz"
    whole = gzip.compress(b"".join(b'{"text": "note %d"}\n' % number for number in range(5000)))
    path.write_bytes(whole[: len(whole) // 2])
    found = read(path)
    assert len(notes(found)) > 100
    assert faults(found) == [("n.jsonl.gz", "cannot be read: EOFError")]


def test_wrong_usage_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "scan.pdf").write_bytes(b"")
    with pytest.raises(InputError, match=r"scan\.pdf: unknown kind of file"):
        read_notes([tmp_path / "scan.pdf"])
    with pytest.raises(InputError, match="no such file"):
        read_notes([tmp_path / "absent.txt"])
    with pytest.raises(ConfigError, match="unknown encoding"):
        read_notes([tmp_path], ReadOptions(encoding="ebcdic-9"))


def test_reading_streams(tmp_path: Path) -> None:
    path = tmp_path / "n.jsonl"
    path.write_text('{"text": "MR"}\nbroken\n')
    sources: Iterator[Source] = read_notes([path, path])
    assert isinstance(next(sources), SourceNote)
    assert isinstance(next(sources), Unreadable)
    assert len(list(sources)) == 2
