"""``mrterms clean`` with review, decisions, report and exports: the way a person goes through them."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from mrterms.cli import app
from mrterms.columns.sheets import read_sheet

CELLS = ["MR 2+", "MI", "MI", "leaky valve", "s/p MVR", "gout", "AS; TR", "", "=1+1"]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    pd.DataFrame({"id": range(len(CELLS)), "finding": CELLS}).to_csv(tmp_path / "t.csv", index=False)
    return tmp_path / "t.csv"


def clean(table: Path, *options: str) -> Result:
    return CliRunner().invoke(app, ["clean", str(table), "--column", "finding", "--no-progress", *options])


def concepts(path: Path) -> dict[str, str]:
    with path.open(encoding="utf-8", newline="") as handle:
        return {row["finding"]: row["mrterms_concept_id"] for row in csv.DictReader(handle)}


def answer(review: Path, **said: str) -> Path:
    """The review file with decisions typed in."""
    with review.open(encoding="utf-8-sig", newline="") as handle:
        rows = list(csv.DictReader(handle, delimiter="\t"))
    target = review.with_name("answered.tsv")
    with target.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, rows[0], delimiter="\t")
        writer.writeheader()
        writer.writerows(row | {"decision": said.get(row["value"], ""), "comment": "seen"} for row in rows)
    return target


def row_of(review: Path, value: str) -> int:
    return next(row.number for row in read_sheet(review) if row.cells["value"] == value)


def test_from_review_to_decided_table(table: Path, tmp_path: Path) -> None:
    first, second, again = (tmp_path / name for name in ("first.csv", "second.csv", "again.csv"))
    review = tmp_path / "review.tsv"
    done = clean(table, "--output", str(first), "--review", str(review))
    assert (done.exit_code, done.stderr) == (0, "")
    assert concepts(first)["MI"] != "myocardial_infarction"
    decided = answer(review, MI="myocardial infarction", gout="none", **{"leaky valve": "ok"})
    options = ("--decisions", str(decided), "--review", str(tmp_path / "next.tsv"), "--report", str(tmp_path / "r.html"))
    done = clean(table, "--output", str(second), *options)
    assert (done.exit_code, done.stderr) == (0, "")
    assert concepts(second) == concepts(first) | {"MI": "myocardial_infarction"}
    [column] = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))["columns"]
    assert column["decided"] == {"answered.tsv": {"values": 3, "rows": 4}}
    # The next review holds what is decided: it alone gives the same table.
    assert clean(table, "--output", str(again), "--decisions", str(tmp_path / "next.tsv")).exit_code == 0
    assert again.read_bytes() == second.read_bytes()


def test_what_no_longer_stands_in_the_table_is_told(table: Path, tmp_path: Path) -> None:
    review = tmp_path / "review.tsv"
    clean(table, "--output", str(tmp_path / "o.csv"), "--review", str(review))
    decided = answer(review, MI="myocardial_infarction")
    table.write_text("id,finding\n1,MR\n", encoding="utf-8")
    done = clean(table, "--output", str(tmp_path / "o.csv"), "--decisions", str(decided))
    assert done.exit_code == 0
    assert done.stderr == f"mrterms: answered.tsv: the table no longer has the values decided in row {row_of(decided, 'MI')}\n"


def test_decision_that_nobody_understands(table: Path, tmp_path: Path) -> None:
    clean(table, "--output", str(tmp_path / "o.csv"), "--review", str(tmp_path / "review.tsv"))
    decided = answer(tmp_path / "review.tsv", MI="mitral regurg.n")
    done = clean(table, "--output", str(tmp_path / "new.csv"), "--decisions", str(decided))
    assert done.exit_code == 2
    assert f"answered.tsv:{row_of(decided, 'MI')}: unknown concept 'mitral regurg.n' (nearest: mitral_regurgitation" in done.stderr
    assert not (tmp_path / "new.csv").exists()


def test_exports(table: Path, tmp_path: Path) -> None:
    (tmp_path / "map.tsv").write_text("concept_id\tomop_concept_id\tvocabulary_id\nmitral_regurgitation\t7\tSNOMED\n", encoding="utf-8")
    kinds = {"usagi": "u.csv", "omop": "o.csv", "sssom": "s.sssom.tsv"}
    exports = [part for kind, name in kinds.items() for part in ("--export", f"{kind}={tmp_path / name}")]
    done = clean(table, "--output", str(tmp_path / "out.csv"), *exports, "--concept-map", str(tmp_path / "map.tsv"))
    assert (done.exit_code, done.stderr) == (0, "")
    rows = list(csv.DictReader((tmp_path / "o.csv").read_text(encoding="utf-8").splitlines()))
    mapped = {row["source_code"] for row in rows if row["target_concept_id"] == "7"}
    assert mapped == {value for value, concept_id in concepts(tmp_path / "out.csv").items() if concept_id == "mitral_regurgitation"}
    assert "leaky valve" in mapped
    assert (tmp_path / "u.csv").read_text(encoding="utf-8").startswith("sourceCode,sourceName,")
    assert "SCTID:48724000" in (tmp_path / "s.sssom.tsv").read_text(encoding="utf-8")
    bare = clean(table, "--output", str(tmp_path / "out.csv"), *exports)
    assert bare.exit_code == 0
    told = [f"mrterms: {tmp_path / name}: no OMOP concepts without --concept-map" for name in ("u.csv", "o.csv")]
    assert bare.stderr.splitlines() == told


@pytest.mark.parametrize("break_", ["\n", "\r\n"])
def test_the_number_of_processes_changes_nothing(tmp_path: Path, break_: str) -> None:
    """The cells are read ahead of the table, and in parts; open ones once more, with their column and the rows' other cells."""
    cells = [*CELLS, *(f"{cell} seen {number}" for cell in CELLS for number in range(200))]
    rows = [f"{number},{cell},{('valve', 'ECG; CABG')[number % 2]}" for number, cell in enumerate([*cells, *cells])]
    rows[7] = "7,cut short"
    table = tmp_path / "t.csv"
    table.write_bytes(break_.join(["id,finding,of", *rows]).encode())
    outputs = []
    for number in ("1", "2"):
        output, review = tmp_path / f"{number}.csv", tmp_path / f"{number}.tsv"
        done = clean(table, "--context-column", "of", "--n-process", number, "--output", str(output), "--review", str(review))
        assert done.exit_code == 1
        assert "t.csv:9: 2 fields under 3 columns" in done.stderr
        outputs.append((output.read_bytes(), review.read_bytes()))
    assert outputs[0] == outputs[1]
    lines = outputs[0][0].decode().split(break_)[1:]
    assert len(lines) == len(rows)
    assert all(line.startswith(row) for line, row in zip(lines, rows, strict=True))


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--export", "fhir=x.json"], "--export fhir=x.json (write KIND=FILE, where KIND is one of usagi, omop, sssom)"),
        (["--review", "{}/r.ods"], "r.ods: unknown kind of file (known: .tsv, .csv, .xlsx, .parquet)"),
        (["--review", "{}/none/r.tsv"], "none: no such folder (make it first)"),
        (["--report", "{}/r.json"], "r.json: the report is a page (name it .html"),
        (["--review", "{}/t.csv"], "t.csv: this file has another use in the same run"),
        (["--report", "{}/a.html", "--export", "omop={}/a.json"], "a.json: this file has another use in the same run"),
        (["--concept-map", "{}/t.csv"], "missing column concept_id"),
        (["--decisions", "{}/gone.tsv"], "gone.tsv: cannot be read: No such file or directory"),
    ],
)
def test_what_would_fail_fails_before_the_work(table: Path, tmp_path: Path, options: list[str], told: str) -> None:
    done = clean(table, "--output", str(tmp_path / "out.csv"), *(option.replace("{}", str(tmp_path)) for option in options))
    assert done.exit_code == 2
    assert told in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["t.csv"]
