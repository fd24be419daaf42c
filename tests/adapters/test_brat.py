"""brat: what is read back is what was written, and no span holds a line break."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mrterms.adapters.exporters import brat
from mrterms.adapters.exporters.options import ExportOptions
from mrterms.errors import InputError


def written(folder: Path, notes: list[dict[str, Any]]) -> Path:
    brat.write(folder, notes, ExportOptions())
    return folder


def test_round_trip(real_notes: list[dict[str, Any]], tmp_path: Path) -> None:
    back = list(brat.read(written(tmp_path, real_notes)))
    assert [note["note_id"] for note in back] == [note["note_id"] for note in real_notes]
    for before, after in zip(real_notes, back, strict=True):
        assert after["source"] == before["source"]
        for one, two in zip(before["annotations"], after["annotations"], strict=True):
            assert {name: two[name] for name in ("start", "end", "text", "concept_id", "codes")} == {
                name: one[name] for name in ("start", "end", "text", "concept_id", "codes")
            }
            assert two["assertion"] == {name: one["assertion"][name] for name in ("status", "experiencer", "temporality")}
            assert (two["severity"] or {}).get("value") == (one["severity"] or {}).get("value")


def test_a_mention_over_a_line_is_in_parts(real_notes: list[dict[str, Any]], tmp_path: Path) -> None:
    lines = (written(tmp_path, real_notes) / "1.ann").read_text(encoding="utf-8").splitlines()
    assert [line.split("\t", 1)[1] for line in lines if "stenosis 7" in line or "stenosis 6" in line] == [
        "mitral_stenosis 69 75;76 84\tmitral stenosis"
    ]


def test_the_configuration_knows_every_label_and_value(real_notes: list[dict[str, Any]], tmp_path: Path) -> None:
    told = (written(tmp_path, real_notes) / "annotation.conf").read_text()
    entities = set(re.findall(r"^\t?(\w+)$", told.partition("[entities]")[2].partition("[relations]")[0], re.M))
    values = {line.split("\t")[0]: set(line.partition("Value:")[2].split("|")) for line in told.splitlines() if "Value:" in line}
    for path in tmp_path.glob("*.ann"):
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("T"):
                assert line.split("\t")[1].split(" ")[0] in entities
            elif line.startswith("A"):
                name, _, value = line.split("\t")[1].split(" ")
                assert value in values[name]


def mention(text: str, start: int, end: int, concept_id: str | None) -> dict[str, Any]:
    return {
        "start": start, "end": end, "text": text[start:end], "concept_id": concept_id, "preferred_name": concept_id,
        "semantic_type": concept_id and "disorder", "codes": {}, "sense": {"status": "resolved"},
        "assertion": {"status": "present", "experiencer": "patient", "temporality": "current"}, "severity": None,
    }  # fmt: skip


@st.composite
def noted(draw: st.DrawFn) -> tuple[str, list[tuple[int, int]]]:
    """A text with line ends of every kind, and places in it that begin and end with a sign."""
    text = draw(st.text(alphabet="aé😀; \t\n\r\u0085\u2028\x0b", min_size=1, max_size=40))
    ends = [place for place, sign in enumerate(text) if not sign.isspace()]
    if not ends:
        return text, []
    chosen = draw(st.lists(st.tuples(st.sampled_from(ends), st.sampled_from(ends)), max_size=4))
    return text, [(min(pair), max(pair) + 1) for pair in chosen]


@settings(max_examples=30)
@given(noted(), st.text(min_size=1, max_size=200))
def test_any_text_and_any_id_come_back(drawn: tuple[str, list[tuple[int, int]]], note_id: str) -> None:
    text, places = drawn
    note_id = note_id.encode("utf-8", "replace").decode()
    note = {"note_id": note_id, "source": text, "annotations": [mention(text, start, end, "HP:1") for start, end in places]}
    with tempfile.TemporaryDirectory() as folder:
        [back] = brat.read(written(Path(folder), [note]))
        lines = next(Path(folder).glob("*.ann")).read_bytes().decode().splitlines()
    assert back["source"] == text
    assert [(one["start"], one["end"], one["text"], one["concept_id"]) for one in back["annotations"]] == [
        (start, end, text[start:end], "HP:1") for start, end in places
    ]
    assert len(lines) == sum(line[:1] in "TAN" for line in lines)
    if len(note_id) < 13:
        assert back["note_id"] == note_id


def test_what_is_not_brats_is_named(real_notes: list[dict[str, Any]], tmp_path: Path) -> None:
    written(tmp_path, real_notes[:1])
    (tmp_path / "1.ann").write_text("T1\tx 0 4\tEcho\nT2\tx 0 5\tOther\n")
    with pytest.raises(InputError, match=r"1.ann:2: the words are not those at the offsets"):
        list(brat.read(tmp_path))
    (tmp_path / "1.ann").write_text("T1\tx 0-4\tEcho\n")
    with pytest.raises(InputError, match=r"1.ann:1: not a text-bound annotation"):
        list(brat.read(tmp_path))


def test_corrections_of_a_reader_are_read(real_notes: list[dict[str, Any]], tmp_path: Path) -> None:
    """A span drawn in brat has no normalisation: its label is the concept. Relations and notes of the reader are passed over."""
    written(tmp_path, real_notes[:1])
    (tmp_path / "1.ann").write_text(
        "T7\taortic_stenosis 26 28\tAS\nA1\tStatus T7 absent\nR1\tof Arg1:T7 Arg2:T7\n#1\tAnnotatorNotes T7\thm\nM1\tDone T7\n"
    )
    [note] = brat.read(tmp_path)
    [one] = note["annotations"]
    assert (one["concept_id"], one["assertion"]) == ("aortic_stenosis", {"status": "absent"})
