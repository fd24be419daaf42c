"""``mrterms cohort`` from end to end, on the written example."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from click.testing import Result
from spacy.language import Language
from typer.testing import CliRunner

import mrterms
from mrterms.cli import app

EXAMPLE = Path(__file__).parents[2] / "corpora" / "cohort"


@pytest.fixture(scope="module")
def annotated(nlp: Language, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("cohort") / "annotated.jsonl"
    given = [json.loads(line) for line in (EXAMPLE / "notes.jsonl").read_text(encoding="utf-8").splitlines()]
    notes = mrterms.annotate_many([(one["note_id"], one["text"]) for one in given], nlp=nlp)
    path.write_text("".join(json.dumps(note.to_dict()) + "\n" for note in notes), encoding="utf-8")
    return path


def cohort(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["cohort", *map(str, arguments), "--notes-table", str(EXAMPLE / "notes.csv")])


def test_the_example(annotated: Path, tmp_path: Path) -> None:
    flow = [tmp_path / f"flow{suffix}" for suffix in (".svg", ".csv", ".tsv", ".json")]
    options = [option for path in flow for option in ("--flow", path)]
    done = cohort(annotated, "--definitions", EXAMPLE / "definitions.toml", "--output", tmp_path / "c.csv", *options)
    assert (done.exit_code, done.output) == (0, "")
    rows = list(csv.DictReader((tmp_path / "c.csv").read_text(encoding="utf-8").splitlines()))
    assert [row["patient_id"] for row in rows] == [f"P{number}" for number in range(1, 10)]
    assert [row["patient_id"] for row in rows if row["moderate_mr_ever"] == "1"] == ["P1", "P2", "P4", "P8"]
    assert [row["patient_id"] for row in rows if row["unoperated_mr_ever"] == "1"] == ["P1", "P8"]
    assert (rows[0]["moderate_mr_first_date"], rows[0]["moderate_mr_worst_grade"]) == ("2020-05-11", "severe")
    assert json.loads(rows[7]["moderate_mr_evidence"]) == [{"note_id": "n17", "start": 15, "end": 17}]
    steps = json.loads((tmp_path / "flow.json").read_text())
    assert [step["patients"] for step in steps if step["definition"] == "unoperated_mr"] == [9, 4, 3, 2]
    for name, mark in (("flow.csv", ","), ("flow.tsv", "\t")):
        read = csv.DictReader((tmp_path / name).read_text().splitlines(), delimiter=mark)
        assert [row["criterion"] for row in read] == [step["criterion"] for step in steps]
    assert "unoperated moderate or worse" in (tmp_path / "flow.svg").read_text()


def test_members_only_with_their_words_as_json(annotated: Path, tmp_path: Path) -> None:
    done = cohort(
        annotated, "-d", EXAMPLE / "definitions.toml", "--cohort", "unoperated_mr", "--evidence", "-o", tmp_path / "c.jsonl",
        "--flow", tmp_path / "f.json", "--suppress-below", 5,
    )  # fmt: skip
    assert done.exit_code == 0
    first, second = map(json.loads, (tmp_path / "c.jsonl").read_text().splitlines())
    assert (first["patient_id"], second["patient_id"]) == ("P1", "P8")
    assert [one["text"] for one in second["moderate_mr"]["evidence"]] == ["MR"]
    shown = {step["patients"] for step in json.loads((tmp_path / "f.json").read_text())}
    assert not shown & {1, 2, 3, 4}


def test_without_definitions_every_concept_has_columns(annotated: Path, tmp_path: Path) -> None:
    read = csv.DictReader(io.StringIO(cohort(annotated).stdout, newline=""))
    rows = {row["patient_id"]: row for row in read}
    assert rows["P4"]["myocardial_infarction_ever"] == "1"
    assert (rows["P3"]["mitral_regurgitation_ever"], rows["P3"]["mitral_regurgitation_current"]) == ("0", "0")
    some = csv.reader(io.StringIO(cohort(annotated, "--concept", "aortic_stenosis").stdout, newline=""))
    assert next(some)[:3] == ["patient_id", "notes", "aortic_stenosis_ever"]
    parquet = pytest.importorskip("pyarrow.parquet")
    assert cohort(annotated, "--output", tmp_path / "c.parquet").exit_code == 0
    table = parquet.read_table(tmp_path / "c.parquet").to_pylist()
    assert (table[3]["myocardial_infarction_ever"], table[3]["notes"]) == (True, 2)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--output", "c.xlsx"], "unknown kind of output 'xlsx'"),
        (["--output", str(EXAMPLE / "notes.csv")], "the output is also an input"),
        (["--flow", "nowhere/f.svg"], "no such folder"),
        (["--flow", "f.png"], "unknown kind of flow file"),
        (["--concept", "mitral_regurgitaton"], "did you mean mitral_regurgitation"),
        (["--concept", "mitral_regurgitation", "-d", str(EXAMPLE / "definitions.toml")], "--concept and --definitions together"),
        (["-d", str(EXAMPLE / "definitions.toml"), "--cohort", "mr"], "unknown --cohort 'mr'"),
    ],
)
def test_wrong_usage(annotated: Path, arguments: list[str], told: str) -> None:
    done = cohort(annotated, *arguments)
    assert done.exit_code == 2
    assert told in done.stderr


def test_notes_without_a_patient_can_be_left_out(annotated: Path, tmp_path: Path) -> None:
    more = tmp_path / "more.jsonl"
    more.write_text('{"note_id": "x", "annotations": []}\n')
    assert cohort(annotated, more).exit_code == 2
    done = cohort(annotated, more, "--skip-unmatched")
    assert done.exit_code == 0
    assert "1 notes left out" in done.stderr


def test_the_page_shows_the_definitions_of_the_example() -> None:
    page = (EXAMPLE.parents[1] / "docs" / "cohort.md").read_text(encoding="utf-8")
    shown = page.partition("```toml\n")[2].partition("```")[0]
    assert (EXAMPLE / "definitions.toml").read_text(encoding="utf-8").endswith(shown)


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_a_table_from_clean_to_cohort(suffix: str, tmp_path: Path) -> None:
    """Two columns of one table: each has its own prefix."""
    given = tmp_path / "registry.csv"
    given.write_text(
        "pid,on,dx,pmh\n7,2020-01-02,mod mitral insuff.,old MI\n7,2021-01-02,severe MR; mild AS,\n8,2020-05-05,aortic stenosis,no MI\n"
    )
    clean = tmp_path / f"clean{suffix}"
    done = CliRunner().invoke(app, ["clean", str(given), "-c", "dx", "-c", "pmh", "--output", str(clean)])
    assert done.exit_code == 0, done.output
    made = CliRunner().invoke(
        app, ["cohort", str(clean), "--patient-column", "pid", "--date-column", "on", "-o", str(tmp_path / "c.jsonl")]
    )
    assert made.exit_code == 0, made.output
    first, second = map(json.loads, (tmp_path / "c.jsonl").read_text().splitlines())
    assert (first["patient_id"], first["notes"]) == ("7", 2)
    regurgitation = first["mitral_regurgitation"]
    assert (regurgitation["first_date"], regurgitation["last_date"], regurgitation["worst_grade"]) == ("2020-01-02", "2021-01-02", "severe")
    assert regurgitation["evidence"] == [{"note_id": f"clean{suffix} row 2"}, {"note_id": f"clean{suffix} row 3"}]
    assert (first["myocardial_infarction"]["ever"], second["myocardial_infarction"]["ever"]) == (True, False)
    assert (first["aortic_stenosis"]["ever"], second["aortic_stenosis"]["ever"]) == (True, True)
