from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mrterms.adapters.writers import COLUMNS, WRITERS, Format, choose_format
from mrterms.errors import ConfigError
from mrterms.records import Note

Annotate = Callable[[Iterable[tuple[str, str]]], Iterator[Note]]
TEXTS = [("n1", 'MR, "MI";\r\n\tend'), ("n2", "no valve at all"), ("=1+1", "MR")]


def written(form: Format, annotate: Annotate) -> bytes:
    handle = io.BytesIO()
    WRITERS[form](handle, [note.to_dict() for note in annotate(TEXTS)])
    return handle.getvalue()


def test_jsonl_is_the_note(annotator: Annotate) -> None:
    lines = [json.loads(line) for line in written("jsonl", annotator).splitlines()]
    assert lines == [note.to_dict() for note in annotator(TEXTS)]


@pytest.mark.parametrize(("form", "mark"), [("csv", ","), ("tsv", "\t")])
def test_tables_have_a_row_for_notes_without_annotations(annotator: Annotate, form: Format, mark: str) -> None:
    rows = list(csv.DictReader(io.StringIO(written(form, annotator).decode(), newline=""), delimiter=mark))
    assert list(rows[0]) == list(COLUMNS)
    assert [(row["note_id"], row["text"], row["concept_id"], row["status"]) for row in rows] == [
        ("n1", "MR", "mitral_regurgitation", "absent"),
        ("n1", "MI", "", "absent"),
        ("n2", "", "", ""),
        ("=1+1", "MR", "mitral_regurgitation", "absent"),
    ]
    assert rows[0]["code_ICD10CM"] == "I34.0"
    assert json.loads(rows[0]["other_codes"]) == {"LOCAL": "v-1"}
    assert rows[1]["sense_status"] == "ambiguous"
    assert json.loads(rows[1]["candidates"])[0]["concept_id"] == "mitral_regurgitation"


def test_parquet_is_typed(annotator: Annotate, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    from pyarrow import parquet

    path = tmp_path / "t.parquet"
    path.write_bytes(written("parquet", annotator))
    table = parquet.read_table(path)
    assert table.column_names == list(COLUMNS)
    assert str(table.schema.field("start").type) == "int64"
    rows: list[dict[str, Any]] = table.to_pylist()
    found = [(row["note_id"], row["start"], row["score"]) for row in rows]
    assert found == [("n1", 0, 1.0), ("n1", 5, 1.0), ("n2", None, None), ("=1+1", 0, 1.0)]


def test_the_format_is_given_or_read_from_the_name() -> None:
    assert choose_format(None, None) == "jsonl"
    assert choose_format(Path("a.b/out.CSV.gz"), None) == "csv"
    assert choose_format(Path("out.htm"), None) == "html"
    assert choose_format(Path("out.dat"), "tsv") == "tsv"
    with pytest.raises(ConfigError, match="unknown format 'xlsx'"):
        choose_format(Path("out.xlsx"), None)
