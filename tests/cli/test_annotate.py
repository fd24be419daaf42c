from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def mrterms(*arguments: str | Path, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, str(Path(__file__).with_name("with_stand_in.py")), *map(str, arguments)]
    return subprocess.run(command, input=stdin, capture_output=True, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, timeout=60)


def test_standard_input_to_standard_output() -> None:
    done = mrterms("annotate", "-", stdin=b'{"note_id": "n1", "text": "mild MR"}\n{"note_id": "n2", "text": ""}\n')
    assert [json.loads(line)["note_id"] for line in done.stdout.splitlines()] == ["n1", "n2"]
    assert (done.returncode, done.stderr) == (0, b"")


def test_notes_that_cannot_be_done_are_named_without_their_text(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"Smith \xff")
    (tmp_path / "b.txt").write_text("Smith EXPLODE")
    (tmp_path / "c.txt").write_text("Smith, mild MR")
    done = mrterms("annotate", tmp_path, "--output", tmp_path / "out.csv")
    told = done.stderr.decode().splitlines()
    assert done.returncode == 1
    assert re.sub(r"stand_in.py:\d+", "stand_in.py", told[1]) == (
        f"mrterms: {tmp_path}/b.txt: note b: annotating it failed: ZeroDivisionError in cli/with_stand_in.py"
    )
    assert [told[0], told[2]] == [
        f"mrterms: {tmp_path}/a.txt: note a: not UTF-8 at byte 6 (if it is Windows text: --encoding cp1252)",
        "mrterms: 1 notes done, 2 could not be",
    ]
    assert (tmp_path / "out.csv").read_text().splitlines()[1].startswith("c,")


def test_wrong_usage(tmp_path: Path) -> None:
    note = tmp_path / "n.txt"
    note.write_text("MR")
    table = tmp_path / "t.csv"
    table.write_text("id,report\n1,MR\n")
    for arguments, said in (
        ([table], "no column 'text'; found id, report"),
        (["absent.jsonl"], "absent.jsonl: no such file or folder"),
        ([note, "--format", "xml"], "unknown format 'xml'"),
        ([note, "--resume"], "--resume needs an output"),
        ([note, "--output", tmp_path / "no" / "out.csv"], "no such folder"),
        ([note, "--output", note, "--format", "jsonl"], "the output is also an input"),
        ([note, "--n-process", "0"], "--n-process"),
        ([], ""),
    ):
        done = mrterms("annotate", *arguments)
        assert (done.returncode, done.stdout if arguments else b"") == (2, b"")
        assert said in done.stderr.decode()
    assert sorted(os.listdir(tmp_path)) == ["n.txt", "t.csv"]


def test_resume_of_a_finished_table_does_nothing(tmp_path: Path) -> None:
    note, output = tmp_path / "n.txt", tmp_path / "out.csv"
    note.write_text("MR")
    assert mrterms("annotate", note, "--output", output, "--resume").returncode == 0
    before = output.stat()
    done = mrterms("annotate", note, "--output", output, "--resume")
    assert (done.returncode, output.stat().st_mtime_ns) == (0, before.st_mtime_ns)
    assert b"is finished" in done.stderr


def test_a_page_goes_to_standard_output(tmp_path: Path) -> None:
    done = mrterms("annotate", "-", "--format", "html", stdin=b"no valve <here>")
    assert done.returncode == 0
    assert b"no valve &lt;here&gt;" in done.stdout


def test_a_closed_pipe_ends_quietly(tmp_path: Path) -> None:
    notes = tmp_path / "n.jsonl"
    notes.write_text("".join(json.dumps({"note_id": f"n{number}", "text": "MR"}) + "\n" for number in range(20_000)))
    script = Path(__file__).with_name("with_stand_in.py")
    for form in ("jsonl", "csv"):
        command = f"'{sys.executable}' '{script}' annotate '{notes}' --format {form} | head -n 2"
        done = subprocess.run(command, shell=True, capture_output=True, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, timeout=60)
        assert (done.stdout.count(b"\n"), done.stderr) == (2, b"")


def test_version_and_help() -> None:
    assert mrterms("--version").stdout.startswith(b"mrterms 0.")
    for command in ("annotate", "normalize"):
        assert b"Example: mrterms " + command.encode() in mrterms(command, "--help").stdout


def test_normalize_says_when_there_is_no_concept() -> None:
    done = mrterms("normalize", "zebra", "-", stdin="blåbær\n".encode())
    assert done.stdout.decode() == "zebra\tno concept\nblåbær\tno concept\n"
    assert json.loads(mrterms("normalize", "zebra", "--json").stdout) == {"text": "zebra", "candidates": []}


def test_help_does_not_load_the_pipeline() -> None:
    code = "import sys; from mrterms.cli import app; sys.exit(any(name in sys.modules for name in ('spacy', 'pandas', 'pyarrow')))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0
