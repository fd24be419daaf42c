from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from mrterms.cli import app
from mrterms.columns.tables import BrokenRow, Table, TableOptions, choose_format, read_table, write_table
from mrterms.errors import ConfigError, InputError


def table_of(raw: bytes, **options: object) -> Table:
    return read_table("-", TableOptions(**options), stdin=io.BytesIO(raw))  # type: ignore[arg-type]


def written(table: Table, added: dict[str, Sequence[object]], form: str | None = None) -> bytes:
    out = io.BytesIO()
    write_table(table, pd.DataFrame(added, index=table.frame.index, dtype=object), out, form or table.kind)
    return out.getvalue()


CELL = st.text(st.characters(codec="utf-8", exclude_characters="\x00\r"), max_size=8)


@settings(max_examples=40)
@given(
    st.integers(2, 4).flatmap(lambda width: st.lists(st.lists(CELL, min_size=width, max_size=width), min_size=2, max_size=6)),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.booleans(),
)
def test_what_csv_wrote_is_read_and_comes_out_as_it_went_in(rows: list[list[str]], end: str, quoting: int, has_mark: bool) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator=end, quoting=quoting).writerows(rows)
    raw = (("\ufeff" if has_mark else "") + text.getvalue()).encode()
    if raw.decode().startswith("\ufeff" * (1 + has_mark)):
        return  # a mark of the table itself cannot be told from that of the file
    table = table_of(raw, delimiter=",")
    assert table.frame.columns.tolist() == rows[0]
    if not table.broken:
        assert table.frame.to_numpy().tolist() == rows[1:]
    assert written(table, {}) == raw


def test_cells_are_kept_byte_for_byte() -> None:
    raw = b'id,dx,n\r\n007,MR,1e5\r\nNA, "x" ,2020-01-02\r\n"",=HYPERLINK("http://x"),1.50\r\n,,'
    table = table_of(raw)
    assert table.frame["id"].tolist() == ["007", "NA", "", ""]
    assert written(table, {"new": ["a", None, "b,c", 0.5]}) == (
        b'id,dx,n,new\r\n007,MR,1e5,a\r\nNA, "x" ,2020-01-02,\r\n"",=HYPERLINK("http://x"),1.50,"b,c"\r\n,,,0.5'
    )


@pytest.mark.parametrize(
    ("raw", "columns", "delimiter"),
    [
        (b"a;b\n1,5;2\n2,5;3\n", ["a", "b"], ";"),
        (b"a\tb\n1,2\t3\n", ["a", "b"], "\t"),
        (b"a|b\n1|2\n", ["a", "b"], "|"),
        (b'a,b\n"x;y",2\n"z;w;v",3\n', ["a", "b"], ","),
        (b"dx\nMR, mild\nAS\n", ["dx"], ";"),
    ],
    ids="semicolon tab bar quoted one".split(),
)
def test_delimiters_are_found(raw: bytes, columns: list[str], delimiter: str) -> None:
    table = table_of(raw)
    assert (table.frame.columns.tolist(), table.delimiter) == (columns, delimiter)


def test_encodings_are_found_and_kept() -> None:
    text = "dx,no\nmünster,1\n"
    for encoding, found in (("utf-8", "utf-8"), ("utf-8-sig", "utf-8"), ("cp1252", "cp1252"), ("utf-16", "utf-16-le")):
        raw = text.encode(encoding)
        table = table_of(raw)
        assert (table.encoding, table.frame["dx"].tolist()) == (found, ["münster"])
        assert written(table, {}) == raw
        assert bool(table.notes) == (encoding == "cp1252")
    assert table_of("dx,no\nå,1\n".encode("cp437"), encoding="cp437").frame["dx"].tolist() == ["å"]
    with pytest.raises(InputError, match=r"-:2: not utf-8 at byte 7 \(give another --encoding\)"):
        table_of(text.encode("cp1252"), encoding="utf-8")
    with pytest.raises(ConfigError, match="unknown encoding"):
        table_of(b"a", encoding="cp99999")


def test_broken_rows_are_named_and_kept() -> None:
    raw = b'id,dx\n1,MR\n2,"open\n3,MR,extra\n4\n5,"a"b\n\n6,AS\n'
    table = table_of(raw)
    assert table.broken == (
        BrokenRow("-:3", "a quote does not close, or stands where none can"),
        BrokenRow("-:4", "3 fields under 2 columns"),
        BrokenRow("-:5", "1 fields under 2 columns"),
        BrokenRow("-:6", "a quote does not close, or stands where none can"),
    )
    assert [cell if isinstance(cell, str) else None for cell in table.frame["dx"]] == ["MR", None, None, None, None, "AS"]
    assert written(table, {"x": ["p", "q", "r", "s", "t", "u"]}) == (b'id,dx,x\n1,MR,p\n2,"open\n3,MR,extra\n4,,s\n5,"a"b\n\n6,AS,u\n')
    whole = table.whole().fillna("").to_numpy().tolist()
    assert whole == [["1", "MR"], ["2", '"open'], ["3", "MR,extra"], ["4", ""], ["5", '"a"b'], ["6", "AS"]]
    # a quoted line break in a row with a field too many
    (broken,) = table_of(b'id,dx\n1,"MR\n2+",x\n2,AS\n').broken
    assert broken == BrokenRow("-:2", "a quote that closes in line 3 makes 3 fields under 2 columns")


def test_an_open_quote_does_not_swallow_the_rows_after_it() -> None:
    table = table_of(b'id,dx,n\n1,"open,x\n2,MR,y\n3,"AS",z\n4,",",w\n5,"two\nlines",v\n')
    assert [row.place for row in table.broken] == ["-:2"]
    assert table.frame["dx"].tolist()[1:] == ["MR", "AS", ",", "two\nlines"]


def test_a_wrong_column_is_explained() -> None:
    for raw, options, asked, told in (
        (b"DX;n\nMR;1\n", {}, "dx", "did you mean 'DX'?"),
        (b"dx;n\nMR;1\n", {"delimiter": ","}, "dx", "give --delimiter"),
        (b"MR;1\nAS;2\n", {}, "dx", "--no-header"),
        (b"Export of 2020\n\nid,dx\n1,MR\n", {}, "dx", "stands in row 3"),
        (b"x" * 999 + b",n\nMR,1\n", {}, "dx", f"'{'x' * 60}...'"),
    ):
        with pytest.raises(ConfigError) as caught:
            table_of(raw, **options).column(asked)
        assert told in str(caught.value)
    assert table_of(b"MR;1\nAS;2\n", header=False).column("2") == "2"


def test_tables_that_cannot_be_read(tmp_path: Path) -> None:
    for name, raw, told in (
        ("a.csv", b"", "the table is empty"),
        ("a.csv", b"\n \n", "the table is empty"),
        ("a.csv", b"\x7fELF\x02" + bytes(200), "no text"),
        ("a.csv.gz", b"id,dx\n", "no gzip file"),
        ("a.xls", b"x", "save it as .xlsx"),
        ("a.xlsx", b"id,dx\n", "name it .csv"),
        ("a.xlsx", bytes.fromhex("D0CF11E0A1B11AE1") + bytes(99), "Excel 97"),
        ("a.xlsx", b"no zip", "no Excel workbook"),
        ("a.parquet", b"no parquet", "no Parquet file"),
        ("a.docx", b"x", "unknown kind of table"),
    ):
        (tmp_path / name).write_bytes(raw)
        with pytest.raises(InputError, match=told):
            read_table(tmp_path / name)
    with pytest.raises(InputError, match="no such file"):
        read_table(tmp_path / "absent.csv")


def test_utf16_without_a_mark_comes_out_as_it_went_in() -> None:
    for encoding in ("utf-16-le", "utf-16-be"):
        table = table_of("id,dx\n1,MR\n".encode(encoding))
        assert table.frame["dx"].tolist() == ["MR"]
        assert "no mark" in table.notes[0]
        assert written(table, {"x": ["p"]}) == "id,dx,x\n1,MR,p\n".encode(encoding)


def test_in_one_column_the_commas_of_cells_part_nothing() -> None:
    table = table_of(b"dx\nMR\nAS, mild\n")
    assert table.frame["dx"].tolist() == ["MR", "AS, mild"]
    assert written(table, {"x": ["p", "q"]}) == b"dx;x\nMR;p\nAS, mild;q\n"
    assert "set off by ';'" in table.notes[0]
    assert table_of(b"dx\nMR\n").delimiter == ","


@pytest.fixture(params=[131_072, 2**31 - 1])
def csv_limit(request: pytest.FixtureRequest) -> Iterator[None]:
    """What csv allows a cell holds for the whole process, and other readers raise it."""
    before = csv.field_size_limit(request.param)
    yield
    csv.field_size_limit(before)


@pytest.mark.usefixtures("csv_limit")
def test_a_cell_that_is_too_long_is_named_for_what_it_is(tmp_path: Path) -> None:
    table = table_of(b'id,dx\n1,"' + b"MR, " * 40_000 + b'"\n2,AS\n')
    assert [(row.place, row.reason) for row in table.broken] == [("-:2", "a cell of more than 131072 characters")]
    long = table_of(b"id,dx\n1," + b"M" * 32_767 + b"\n")
    with pytest.raises(ConfigError, match="column 'dx' is longer than the 32767 characters"):
        write_table(long, pd.DataFrame({"x": ["p"]}), tmp_path / "out.xlsx", "xlsx")
    assert not list(tmp_path.iterdir())


def test_a_workbook_of_several_sheets_says_which_was_read(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["About"])
    book.create_sheet("data").append(["dx"])
    book.save(tmp_path / "in.xlsx")
    table = read_table(tmp_path / "in.xlsx")
    assert "the sheet 'Sheet' of Sheet, data" in table.notes[0]
    with pytest.raises(ConfigError, match="one sheet of Sheet, data: --sheet"):
        table.column("dx")


def test_excel_gets_no_formula_and_gives_its_types_back(tmp_path: Path) -> None:
    table = table_of(b'id,dx\n007,=HYPERLINK("http://x")\n1,@SUM(A1)\n2,MR \x0b\n3,#N/A\n')
    write_table(table, pd.DataFrame({"score": [0.5, float("nan"), None, 1.0]}), tmp_path / "out.xlsx", "xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "out.xlsx").active
    assert [cell.data_type for row in sheet.iter_rows(min_row=2, max_col=2) for cell in row] == ["s"] * 8
    again = read_table(tmp_path / "out.xlsx")
    assert again.frame["dx"].tolist() == ['\'=HYPERLINK("http://x")', "'@SUM(A1)", "MR \ufffd", "#N/A"]
    assert again.frame["id"].tolist()[0] == "007"
    assert again.frame["score"].tolist() == [0.5, None, None, 1.0]


def test_sheets_and_blank_cells_of_excel(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["other"])
    sheet = book.create_sheet("data")
    for row in (["dx", None, "when"], ["MR", 1, pd.Timestamp("2020-01-02").to_pydatetime()], [None, 2]):
        sheet.append(row)
    book.save(tmp_path / "in.xlsx")
    frame = read_table(tmp_path / "in.xlsx", TableOptions(sheet="data")).frame
    assert frame.columns.tolist() == ["dx", "column 2", "when"]
    assert frame["dx"].tolist() == ["MR", None]
    with pytest.raises(ConfigError, match="sheets: Sheet, data"):
        read_table(tmp_path / "in.xlsx", TableOptions(sheet="nope"))


def test_parquet_keeps_its_types(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {"dx": pd.Categorical(["MR", None]), "n": pd.array([1, None], dtype="Int64"), "t": pd.to_datetime(["2020", "2021"])}
    )
    frame.to_parquet(tmp_path / "in.parquet")
    table = read_table(tmp_path / "in.parquet")
    write_table(table, pd.DataFrame({"mrterms_x": ["a", None]}, dtype=object), tmp_path / "out.parquet", "parquet")
    import pyarrow.parquet

    before, after = pyarrow.parquet.read_schema(tmp_path / "in.parquet"), pyarrow.parquet.read_schema(tmp_path / "out.parquet")
    assert [after.field(name).type for name in before.names] == before.types
    assert after.names == [*before.names, "mrterms_x"]


def test_formats() -> None:
    for output, asked, source, chosen in (
        (None, None, "tsv", "tsv"),
        (None, None, "xlsx", "csv"),
        (Path("a.txt"), None, "tsv", "tsv"),
        (Path("a.parquet"), None, "csv", "parquet"),
        (Path("a.csv"), "xlsx", "csv", "xlsx"),
    ):
        assert choose_format(output, asked, source) == chosen
    with pytest.raises(ConfigError, match="unknown kind of output"):
        choose_format(Path("a.doc"), None, "csv")


def test_the_command(tmp_path: Path) -> None:
    source, output = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_bytes(b"id,dx\n01,severe MR\n02,x,y\n")
    run = CliRunner().invoke(app, ["clean", str(source), "--column", "dx", "--code", "ICD10CM", "--output", str(output)])
    assert (run.exit_code, run.stdout) == (1, "")
    assert run.stderr == f"mrterms: {source}:3: 3 fields under 2 columns; the row is kept as it is\n"
    lines = output.read_text().splitlines()
    assert lines[0].startswith("id,dx,mrterms_concept_id,mrterms_preferred_name,")
    assert lines[1].startswith("01,severe MR,mitral_regurgitation,Mitral regurgitation,")
    assert lines[2] == "02,x,y"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "out.csv"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["in.csv", "--column", "dy"], "no column 'dy'"),
        (["in.csv", "--column", "dx", "--output", "in.csv"], "the output is also the input"),
        (["in.csv", "--column", "dx", "--format", "xlsx"], "not for standard output"),
        (["in.csv", "--column", "dx", "--output", "no/out.csv"], "no such folder"),
        (["in.csv", "--column", "dx", "--code", "XYZ"], "unknown code system"),
        (["absent.csv", "--column", "dx"], "no such file"),
        (["in.csv", "--column", "dx", "--delimiter", ";;"], "not one character"),
    ],
    ids="column input stdout folder system absent delimiter".split(),
)
def test_wrong_usage(arguments: list[str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("in.csv").write_bytes(b"id,dx\n1,MR\n")
    run = CliRunner().invoke(app, ["clean", *arguments])
    assert (run.exit_code, run.stdout) == (2, "")
    assert told in run.stderr
    assert Path("in.csv").read_bytes() == b"id,dx\n1,MR\n"


def test_standard_input_to_standard_output() -> None:
    run = CliRunner().invoke(app, ["clean", "-", "--column", "dx"], input=b"dx\tn\nmitral regurg\t1\n")
    assert run.exit_code == 0
    assert run.stdout.splitlines()[1].startswith("mitral regurg\t1\tmitral_regurgitation\t")
