"""The formats of other programs from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import Result
from spacy.language import Language
from typer.testing import CliRunner

from mrterms import pipeline
from mrterms.cli import app

NOTES = "".join(json.dumps({"note_id": str(number), "text": "Echo: mild MR\nno AS"}) + "\n" for number in range(9))


@pytest.fixture(autouse=True)
def _loaded(nlp: Language, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pipeline is loaded once for all tests."""
    monkeypatch.setattr(pipeline, "load", lambda **_: nlp)


def annotate(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["annotate", "-", *map(str, arguments)], input=NOTES)


def test_omop_with_the_users_concepts(tmp_path: Path) -> None:
    (tmp_path / "map.tsv").write_text("concept_id\tomop_concept_id\nmitral_regurgitation\t77\n")
    done = annotate("--format", "omop", "--concept-map", tmp_path / "map.tsv", "--snippet")
    rows = done.stdout.splitlines()
    assert (done.exit_code, len(rows)) == (0, 19)
    assert rows[1].startswith("1,0,0,Echo: mild MR no AS,11,MR,77,0,")
    assert rows[2].startswith("2,0,0,Echo: mild MR no AS,17,AS,0,0,")


def test_own_columns() -> None:
    done = annotate("--format", "csv", "--columns", "note_id, severity.value")
    assert done.stdout.splitlines()[:3] == ["note_id,severity.value", "0,mild", "0,"]


def test_fhir_takes_patients_from_a_table(tmp_path: Path) -> None:
    (tmp_path / "notes.csv").write_text("note_id,patient_id,date\n3,P7,2020-05-06\n")
    bundles = [json.loads(line) for line in annotate("-f", "fhir", "--notes-table", tmp_path / "notes.csv").stdout.splitlines()]
    resource = bundles[3]["entry"][0]["resource"]
    assert (resource["subject"]["identifier"]["value"], resource["recordedDate"]) == ("P7", "2020-05-06")
    assert bundles[4]["entry"][0]["resource"]["subject"]["display"] == "patient of note 4"


@pytest.mark.parametrize(("form", "files"), [("brat", "*.ann"), ("i2b2", "concept/*.con")])
def test_folders_from_two_processes(form: str, files: str, tmp_path: Path) -> None:
    done = annotate("--format", form, "--output", tmp_path / "out", "--n-process", 2, "--batch-size", 2)
    assert (done.exit_code, done.output) == (0, "")
    assert sorted(path.stem for path in (tmp_path / "out").glob(files)) == [str(number) for number in range(9)]
    again = annotate("--format", form, "--output", tmp_path / "out", "--resume")
    assert (again.exit_code, "is finished, nothing done" in again.stderr) == (0, True)
    assert "new or empty" in annotate("--format", form, "--output", tmp_path / "out").stderr


def test_wrong_usage(tmp_path: Path) -> None:
    for arguments, told in (
        (["--format", "brat"], "brat cannot go to standard output (give --output)"),
        (["--format", "brat", "--snippet", "-o", tmp_path / "x"], "--snippet means nothing to the format brat"),
        (["--format", "csv", "--columns", "severity.grade"], "unknown column 'severity.grade'"),
        (["--format", "omop", "--concept-map", tmp_path / "no.tsv"], "no.tsv: no such file"),
    ):
        done = annotate(*arguments)
        assert (done.exit_code, done.stdout) == (2, "")
        assert told in done.stderr
