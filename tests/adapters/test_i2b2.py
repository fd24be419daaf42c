"""i2b2: places in lines and tokens find the words, whatever the text."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mrterms.adapters.exporters import i2b2
from mrterms.adapters.exporters.options import ExportOptions
from mrterms.errors import InputError


def written(folder: Path, notes: list[dict[str, Any]]) -> Path:
    i2b2.write(folder, notes, ExportOptions())
    return folder


def test_entries_as_the_challenge_writes_them(real_notes: list[dict[str, Any]], tmp_path: Path) -> None:
    written(tmp_path, real_notes[:2])
    assert (tmp_path / "txt" / "1.txt").read_text().splitlines()[1] == "stenosis . Severe MR , EROA > 0 . 4 cm2 ."
    concepts = (tmp_path / "concept" / "1.con").read_text().splitlines()
    assert concepts[0] == 'c="mi" 1:4 1:4||t="problem"'
    statuses = (tmp_path / "ast" / "1.ast").read_text().splitlines()
    assert statuses[2] == 'c="as" 1:10 1:10||t="problem"||a="absent"'
    assert statuses[3].startswith('c="mitral stenosis" 1:')
    assert ' 2:0||t="problem"||a="present"' in statuses[3]
    assert statuses[5].endswith('||a="associated_with_someone_else"')
    treatments = [line for line in (tmp_path / "concept" / "2.con").read_text().splitlines() if 't="treatment"' in line]
    assert [line.partition('"')[2].partition('"')[0] for line in treatments] == ["mvr", "tavr"]
    assert "treatment" not in (tmp_path / "ast" / "2.ast").read_text()


def test_round_trip(real_notes: list[dict[str, Any]], tmp_path: Path) -> None:
    back = list(i2b2.read(written(tmp_path, real_notes)))
    assert [note["note_id"] for note in back] == [note["note_id"] for note in real_notes]
    for before, after in zip(real_notes, back, strict=True):
        named = [one for one in before["annotations"] if one["semantic_type"] in ("disorder", "finding", "procedure", "device")]
        assert ["".join(one["text"].split()) for one in after["concepts"]] == ["".join(one["text"].lower().split()) for one in named]
        for one, two in zip(named, after["concepts"], strict=True):
            assert (two["status"] == "absent") == (one["assertion"]["status"] == "absent" and two["type"] == "problem")
        assert "".join(after["text"].split()) == "".join(before["source"].split())


@given(st.text(alphabet="ab1é+/. \t\n\r\u2028", max_size=30), st.data())
def test_any_place_is_found_again(text: str, data: st.DataObject) -> None:
    ends = [place for place, sign in enumerate(text) if not sign.isspace()]
    pairs = data.draw(st.lists(st.tuples(st.sampled_from(ends), st.sampled_from(ends)), max_size=3)) if ends else []
    places = sorted({(min(pair), max(pair) + 1) for pair in pairs})
    annotations = [
        {"start": start, "end": end, "text": text[start:end], "semantic_type": "disorder", "assertion": {"status": "present"}}
        for start, end in places
    ]
    with tempfile.TemporaryDirectory() as folder:
        [back] = i2b2.read(written(Path(folder), [{"note_id": "n", "source": text, "annotations": annotations}]))
    assert ["".join(one["text"].split()) for one in back["concepts"]] == ["".join(text[start:end].lower().split()) for start, end in places]


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ('c="mi" 1:4||t="problem"', "not an entry of the i2b2 format"),
        ('c="tr" 1:4 1:4||t="problem"', "the words are not those at the places"),
    ],
)
def test_what_is_not_of_the_format_is_named(entry: str, told: str, real_notes: list[dict[str, Any]], tmp_path: Path) -> None:
    written(tmp_path, real_notes[:1])
    (tmp_path / "concept" / "1.con").write_text(entry + "\n")
    with pytest.raises(InputError, match=rf"1.con:1: {told}"):
        list(i2b2.read(tmp_path))
