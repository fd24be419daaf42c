"""The review file and the decisions that come back in it."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mrterms.columns import CellValue
from mrterms.columns.decisions import read_decisions, unmatched
from mrterms.columns.review import REVIEW_COLUMNS, review_rows, unsureness, write_review
from mrterms.columns.sheets import SUFFIXES, Row, guard, read_sheet, unguard
from mrterms.errors import ConfigError, InputError
from mrterms.lexicon import Lexicon

Make = Callable[..., CellValue]
RUNNERS = (
    {"concept_id": "mitral_regurgitation", "preferred_name": "Mitral regurgitation", "score": 0.51},
    {"concept_id": "myocardial_infarction", "preferred_name": "Myocardial infarction", "score": 0.44},
)


@pytest.fixture
def values(make: Make) -> list[CellValue]:
    return [
        make("hypertension", count=900),
        make("mitral regurgitation", "mitral_regurgitation", count=1000),
        make("MI", count=70, sense_status="ambiguous", candidates=RUNNERS, reason="nothing in the column decides"),
        make("0", count=400),
        make("mitrl insuf", "mitral_regurgitation", count=30, score=0.8, match="fuzzy"),
        make("I21.9 - MR", "mitral_regurgitation", count=5, problems=("code I21.9 means myocardial_infarction",)),
        make("AS; MR", "aortic_stenosis", count=2, all=({"concept_id": "mitral_regurgitation", "assertion": "absent"},)),
    ]


def by_value(path: Path) -> dict[str, Row]:
    return {row.cells["value"]: row for row in read_sheet(path)}


# --- the review file ---------------------------------------------------------------------------------------------------------


def test_what_is_frequent_and_unsure_comes_first(values: list[CellValue]) -> None:
    rows = list(review_rows(values))
    assert [row["value"] for row in rows] == ["MI", "hypertension", "mitral regurgitation", "mitrl insuf", "I21.9 - MR", "0", "AS; MR"]
    assert [row["harm"] for row in rows] == sorted((row["harm"] for row in rows), reverse=True)


def test_unsureness_by_how_a_value_was_settled(make: Make) -> None:
    chosen = [
        make("MI", sense_status="ambiguous"),
        make("I21.9 MR", "mitral_regurgitation", problems=("code against text",)),
        make("mitral insuf", "mitral_regurgitation", score=0.6),
        make("MI", "myocardial_infarction", sense_status="resolved", score=0.93, by_frequency=True),
        make("MI", "mitral_regurgitation", sense_status="resolved", score=0.93),
        make("gout"),
        make("---"),
        make("MI", decided_by="review.tsv"),
    ]
    levels = [unsureness(value) for value in chosen]
    assert levels == sorted(set(levels), reverse=True)
    assert (levels[0], levels[-1]) == (1.0, 0.0)
    # What the context chose is never as sure as what a spelled-out form says.
    assert unsureness(make("MI", "mitral_regurgitation", sense_status="resolved")) > unsureness(make("MR", "mitral_regurgitation")) > 0


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_person_finds_all_that_decides(values: list[CellValue], valve: Lexicon, tmp_path: Path, suffix: str) -> None:
    assert write_review(tmp_path / f"r{suffix}", values, lexicon=valve) == 0
    rows = by_value(tmp_path / f"r{suffix}")
    mi, cell = rows["MI"].cells, rows["AS; MR"].cells
    assert (mi["count"], mi["status"], mi["concept_id"], mi["decision"]) == ("70", "ambiguous", "", "")
    assert mi["runners_up"] == "mitral_regurgitation 0.51; myocardial_infarction 0.44"
    assert rows["I21.9 - MR"].cells["problems"] == "code I21.9 means myocardial_infarction"
    assert cell["also_found"] == "mitral_regurgitation (absent)"
    assert [path.name for path in tmp_path.iterdir()] == [f"r{suffix}"]


def test_a_value_that_other_columns_split_has_one_row(make: Make, valve: Lexicon, tmp_path: Path) -> None:
    split = [make("MI", "mitral_regurgitation", count=4), make("MI", "myocardial_infarction", count=9)]
    write_review(tmp_path / "r.tsv", split, lexicon=valve)
    [row] = read_sheet(tmp_path / "r.tsv")
    assert (row.cells["count"], row.cells["status"], row.cells["concept_id"]) == ("13", "by row", "myocardial_infarction")
    assert "mitral_regurgitation in 4 rows" in row.cells["reason"]


def test_excel_shows_text_and_offers_concepts(make: Make, valve: Lexicon, tmp_path: Path) -> None:
    evil = ['=HYPERLINK("http://x.example","MR")', "#N/A", "+MR", "@MR", "-1"]
    write_review(tmp_path / "r.xlsx", [make(value) for value in evil], lexicon=valve)
    book = openpyxl.load_workbook(tmp_path / "r.xlsx")
    page = book["review"]
    assert {cell.data_type for row in page.iter_rows(min_row=2) for cell in row if isinstance(cell.value, str)} == {"s"}
    assert {cell.value for cell in page["B"][1:]} == {'\'=HYPERLINK("http://x.example","MR")', "#N/A", "'+MR", "'@MR", "'-1"}
    assert page.freeze_panes == "C2"
    [offer] = page.data_validations.dataValidation
    assert (offer.formula1, str(offer.sqref).startswith("H2:H")) == (f"concepts!$A$2:$A${book['concepts'].max_row}", True)
    assert list(REVIEW_COLUMNS)[7] == "decision"


def test_a_text_longer_than_an_excel_cell_is_counted(make: Make, valve: Lexicon, tmp_path: Path) -> None:
    long = [make("x" * 40_000), make("MR", "mitral_regurgitation")]
    assert write_review(tmp_path / "r.xlsx", long, lexicon=valve) == 1
    assert list(by_value(tmp_path / "r.xlsx")) == ["MR"]
    assert write_review(tmp_path / "r.tsv", long, lexicon=valve) == 0


def test_unknown_kind_of_file(values: list[CellValue], valve: Lexicon, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"r\.ods: unknown kind of file \(known: \.tsv, \.csv, \.xlsx, \.parquet\)"):
        write_review(tmp_path / "r.ods", values, lexicon=valve)


# --- every text survives ---------------------------------------------------------------------------------------------------

TEXTS = st.one_of(
    st.text(),
    st.text(alphabet="=+-@'\"\t\r\n;, _x0041FEé\ufeff\x00\x0b\ufffe", max_size=12),
    st.sampled_from(["_x0041_", "_x005F_", "_x005F_x0041_", "'=1", "''", "TRUE", "Mar 1", "1e5", "#N/A", "NA", "null", "\r", " "]),
)


@given(TEXTS)
def test_guard_is_taken_back(text: str) -> None:
    assert unguard(guard(text)) == text


@pytest.mark.parametrize(
    "text", ["=1", "+1", "-MR", "@x", "\tMR", "\rMR", " =1", "＝1", "424.0", "2-3", "1/2", "MAR1", "5 may 2020", "1E5", "true"]
)
def test_what_a_spreadsheet_would_run_or_rewrite_is_guarded(text: str) -> None:
    assert guard(text) == f"'{text}"


@pytest.mark.parametrize("text", ["MR 2+", "s/p MVR", "MI", "2+ MI", "I34.0 - MR", "?MR", "n/a", "#N/A", "mayo", "4th valve"])
def test_other_text_stays_readable(text: str) -> None:
    assert guard(text) == text


@pytest.mark.parametrize("suffix", SUFFIXES)
@settings(max_examples=25)
@given(texts=st.lists(TEXTS, min_size=1, max_size=30, unique=True), column=TEXTS)
@example(texts=["a\r\nb", "a\nb", "a\rb"], column="d\tx")
def test_any_text_survives_untouched(
    texts: list[str], column: str, suffix: str, make: Make, valve: Lexicon, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Written and read back untouched: the same values, and no decision."""
    path = tmp_path_factory.getbasetemp() / f"any{suffix}"
    write_review(path, [make(text, column=column or "dx", reason=text) for text in texts], lexicon=valve)
    rows = read_sheet(path)
    assert {(row.cells["column"], row.cells["value"], row.cells["reason"]) for row in rows} == {
        (column or "dx", text, text) for text in texts
    }
    assert read_decisions([path], lexicon=valve, columns=[column or "dx"]).by_value == {}


# --- decisions -------------------------------------------------------------------------------------------------------------


def decided(path: Path, **said: str) -> Path:
    """The review file with decisions typed in, as a spreadsheet with another separator saves it."""
    rows = list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines(), delimiter="\t"))
    target = path.with_name("corrected.csv")
    with target.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, rows[0], delimiter=";")
        writer.writeheader()
        writer.writerows(row | {"decision": said.get(row["value"], "")} for row in rows)
    return target


@pytest.fixture
def review(values: list[CellValue], valve: Lexicon, tmp_path: Path) -> Path:
    write_review(tmp_path / "review.tsv", values, lexicon=valve)
    return tmp_path / "review.tsv"


@pytest.mark.parametrize(
    ("value", "said", "concept_id"),
    [
        ("MI", "myocardial_infarction", "myocardial_infarction"),
        ("MI", " Mitral  Regurgitation ", "mitral_regurgitation"),
        ("MI", "MITRAL-INSUFFICIENCY", "mitral_regurgitation"),
        ("MI", "48724000", "mitral_regurgitation"),
        ("MI", "none", None),
        ("mitrl insuf", "-", None),
        ("mitrl insuf", "OK", "mitral_regurgitation"),
        ("hypertension", "accept", None),
    ],
)
def test_what_a_person_may_write(review: Path, valve: Lexicon, value: str, said: str, concept_id: str | None) -> None:
    found = read_decisions([decided(review, **{value: said})], lexicon=valve, columns=["dx"]).by_value
    assert list(found) == [("dx", value)]
    assert (found["dx", value].concept_id, found["dx", value].note) == (concept_id, "corrected.csv")


@pytest.mark.parametrize(
    ("value", "said", "told"),
    [
        (
            "MI",
            "mitral regurgitaton",
            r"corrected\.csv:2: unknown concept 'mitral regurgitaton' \(nearest: mitral_regurgitation.*, or none\)",
        ),
        ("MI", "MI", r"corrected\.csv:2: 'MI' names several concepts \(write one of .*myocardial_infarction"),
        ("MI", "ok", r"corrected\.csv:2: 'ok', but nothing was chosen \(write a concept id, or none\)"),
    ],
)
def test_what_cannot_be_understood_is_told_with_its_remedy(review: Path, valve: Lexicon, value: str, said: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        read_decisions([decided(review, **{value: said})], lexicon=valve, columns=["dx"])


def test_all_faults_are_told_at_once(review: Path, valve: Lexicon) -> None:
    with pytest.raises(InputError) as told:
        read_decisions([decided(review, MI="nonsense", hypertension="more nonsense")], lexicon=valve, columns=["dx"])
    assert str(told.value).count("corrected.csv:") == 2


def test_a_workbook_that_a_person_edited(values: list[CellValue], valve: Lexicon, tmp_path: Path) -> None:
    """A code typed into Excel is a number; rows were sorted otherwise; a column was put in front."""
    path = tmp_path / "review.xlsx"
    write_review(path, values, lexicon=valve)
    book = openpyxl.load_workbook(path)
    page = book["review"]
    rows = [list(row) for row in page.iter_rows(values_only=True)]
    typed: dict[str, object] = {"MI": 48724000, "hypertension": "-", "mitrl insuf": True}
    for row in rows[1:]:
        row[7] = typed.get(str(row[1]))
    page.delete_rows(1, len(rows))
    for row in [rows[0], *reversed(rows[1:])]:
        page.append(["mine", *row])
    book.save(path)
    with pytest.raises(InputError, match=r"review\.xlsx:5: unknown concept 'True'"):
        read_decisions([path], lexicon=valve, columns=["dx"])
    typed_wrongly = next(cell for row in page.iter_rows() for cell in row if cell.value is True)
    typed_wrongly.value = None
    book.save(path)
    found = read_decisions([path], lexicon=valve, columns=["dx"]).by_value
    assert {value: one.concept_id for (_, value), one in found.items()} == {"MI": "mitral_regurgitation", "hypertension": None}


def test_several_files_must_agree(review: Path, valve: Lexicon, tmp_path: Path) -> None:
    first = decided(review, MI="myocardial_infarction").rename(tmp_path / "first.csv")
    again = decided(review, MI="Myocardial infarction", hypertension="none").rename(tmp_path / "again.csv")
    both = [read_decisions(files, lexicon=valve, columns=["dx"]).by_value for files in ([first, again], [again, first])]
    assert {key: one.concept_id for key, one in both[0].items()} == {key: one.concept_id for key, one in both[1].items()}
    assert len(both[0]) == 2
    other = decided(review, MI="mitral_regurgitation").rename(tmp_path / "other.csv")
    with pytest.raises(InputError, match=r"other\.csv:2: the value is decided otherwise at first\.csv:2"):
        read_decisions([first, other], lexicon=valve, columns=["dx"])


def test_accepting_what_other_columns_decide_decides_nothing(make: Make, valve: Lexicon, tmp_path: Path) -> None:
    split = [make("MI", "mitral_regurgitation", count=4), make("MI", "myocardial_infarction", count=9)]
    write_review(tmp_path / "review.tsv", split, lexicon=valve)
    found = read_decisions([decided(tmp_path / "review.tsv", MI="ok")], lexicon=valve, columns=["dx"])
    assert (found.by_value, found.notes) == ({}, ())


def test_decided_values_carry_their_decision_into_the_next_review(make: Make, valve: Lexicon, tmp_path: Path) -> None:
    """So the last review file is enough."""
    settled = [make("MI", "mitral_regurgitation", decided_by="old.tsv: asked Dr. Wu"), make("gout", decided_by="old.tsv"), make("MR")]
    write_review(tmp_path / "next.tsv", settled, lexicon=valve)
    found = read_decisions([tmp_path / "next.tsv"], lexicon=valve, columns=["dx"]).by_value
    assert {value: (one.concept_id, one.note) for (_, value), one in found.items()} == {
        "MI": ("mitral_regurgitation", "next.tsv: asked Dr. Wu"),
        "gout": (None, "next.tsv"),
    }


def test_the_reader_is_told_what_has_no_effect(review: Path, values: list[CellValue], make: Make, valve: Lexicon) -> None:
    text = review.read_text(encoding="utf-8-sig")
    overwritten = text.replace("mitral_regurgitation\tMitral regurgitation\t0.8", "aortic_stenosis\tMitral regurgitation\t0.8")
    assert overwritten != text
    review.write_text(overwritten, encoding="utf-8")
    corrected = decided(review, MI="none", hypertension="none")
    found = read_decisions([corrected], lexicon=valve, columns=["dx"])
    row = by_value(corrected)["mitrl insuf"].number
    assert found.notes == (
        f"corrected.csv: concept_id and preferred_name do not belong together in row {row}; only the column decision is read",
    )
    assert unmatched(found, values) == []
    assert unmatched(found, [make("MI")]) == ["corrected.csv: the table no longer has the values decided in row 3"]
    other = read_decisions([corrected], lexicon=valve, columns=["diagnosis"])
    assert other.by_value == {}
    assert "decisions on the column 'dx' are left aside" in other.notes[-1]


def test_a_file_that_is_no_review(tmp_path: Path, valve: Lexicon) -> None:
    (tmp_path / "t.csv").write_text("value,answer\nMI,none\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"t\.csv: no column decision; found value, answer \(give a file that --review wrote\)"):
        read_decisions([tmp_path / "t.csv"], lexicon=valve, columns=["dx"])
    (tmp_path / "t.xlsx").write_bytes(b"PK nothing")
    (tmp_path / "l.csv").write_bytes("value,decision\nMI\xe9,none\n".encode("latin-1"))
    (tmp_path / "p.parquet").write_bytes(b"PAR1")
    for name, told in (
        ("t.xlsx", "not an Excel workbook"),
        ("l.csv", 'not UTF-8 at byte 17 .*"CSV UTF-8"'),
        ("p.parquet", "not a Parquet file"),
    ):
        with pytest.raises(InputError, match=told):
            read_decisions([tmp_path / name], lexicon=valve, columns=["dx"])
    with pytest.raises(InputError, match=r"gone\.tsv: cannot be read: No such file"):
        read_decisions([tmp_path / "gone.tsv"], lexicon=valve, columns=["dx"])
