"""The markup of the corpora: text with mentions in place ↔ plain text and gold mentions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mrterms.errors import CorpusError
from mrterms.evaluation.markup import SCORED_CONCEPTS, STATUSES, main, parse_markup, render_markup
from mrterms.records import GRADES


def mention(
    start: int, end: int, text: str, concept_id: str, status: str = "present", severity: str | None = None, **extras: Any
) -> dict[str, Any]:
    return {"start": start, "end": end, "text": text, "concept_id": concept_id, "status": status, "severity": severity, **extras}


@pytest.mark.parametrize(
    ("marked", "text", "mentions"),
    [
        ("No findings | a pipe", "No findings | a pipe", []),
        ("{MR|mitral_regurgitation}", "MR", [mention(0, 2, "MR", "mitral_regurgitation")]),
        ("no {AS|aortic_stenosis|absent}.", "no AS.", [mention(3, 5, "AS", "aortic_stenosis", "absent")]),
        ("2+ {MI|mitral_regurgitation||moderate}", "2+ MI", [mention(3, 5, "MI", "mitral_regurgitation", "present", "moderate")]),
        (
            "{mitral and {tricuspid\nregurgitation|tricuspid_regurgitation}|mitral_regurgitation|historical}",
            "mitral and tricuspid\nregurgitation",
            [
                mention(0, 34, "mitral and tricuspid\nregurgitation", "mitral_regurgitation", "historical"),
                mention(11, 34, "tricuspid\nregurgitation", "tricuspid_regurgitation"),
            ],
        ),
        ("{MR|mitral_regurgitation|status_alt=historical|optional}", "MR",
         [mention(0, 2, "MR", "mitral_regurgitation", status_alt="historical", optional=True)]),
        (r"\{a\} \\ C:\x {M\|R|mitral_regurgitation}", r"{a} \ C:\x M|R", [mention(11, 14, "M|R", "mitral_regurgitation")]),
    ],
)  # fmt: skip
def test_parse_markup(marked: str, text: str, mentions: list[dict[str, Any]]) -> None:
    assert parse_markup(marked) == (text, mentions)


@pytest.mark.parametrize(
    ("marked", "line", "message"),
    [
        ("a\n{MR|mitral_regurgitation", 2, "never closed"),
        ("a\nb}", 2, "without {"),
        ("{MR}", 1, "concept id"),
        ("{MR|}", 1, "concept id"),
        ("{MR|mitral regurgitation}", 1, "concept id"),
        ("{|mitral_regurgitation}", 1, "without words"),
        ("\n\n{MR|mitral_regurgitation|maybe}", 3, "unknown status"),
        ("{MR|mitral_regurgitation||big}", 1, "unknown severity"),
        ("{MR|mitral_regurgitation||mild|x}", 1, "at most one"),
        ("{MR|mitral_regurgitation|status_alt=perhaps}", 1, "unknown status_alt"),
        ("{MR|mitral_regurgitation|start=3}", 1, "not free"),
        ("{MR|mitral_regurgitation|{AS|aortic_stenosis}}", 1, "among the fields"),
    ],
)
def test_parse_markup_names_the_line(marked: str, line: int, message: str) -> None:
    with pytest.raises(CorpusError, match=message) as caught:
        parse_markup(marked, file="n.txt")
    assert (caught.value.file, caught.value.line) == ("n.txt", line)
    assert str(caught.value).startswith(f"n.txt:{line}: ")


@pytest.mark.parametrize("spans", [[(0, 4), (2, 6)], [(0, 99)], [(3, 3)], [(-1, 2)]])
def test_render_markup_refuses_what_marks_cannot_say(spans: list[tuple[int, int]]) -> None:
    with pytest.raises(CorpusError, match="crosses"):
        render_markup("abcdefgh", [mention(start, end, "", "mitral_regurgitation") for start, end in spans])


@st.composite
def marked_texts(draw: st.DrawFn) -> tuple[str, list[dict[str, Any]]]:
    """A text with mentions that nest, in the order in which their marks open."""
    text = draw(st.text(st.one_of(st.sampled_from("\\{}|\n MR"), st.characters(exclude_categories=["Cs"])), min_size=1, max_size=40))
    spans: list[tuple[int, int]] = []

    def divide(start: int, end: int, depth: int) -> None:
        while start < end and depth < 4 and draw(st.booleans()):
            left = draw(st.integers(start, end - 1))
            right = draw(st.integers(left + 1, end))
            spans.append((left, right))
            divide(left, right, depth + 1)
            start = right

    divide(0, len(text), 0)
    extras = st.fixed_dictionaries(
        {},
        optional={
            "status_alt": st.sampled_from(STATUSES),
            "severity_alt": st.sampled_from(GRADES),
            "optional": st.just(True),
            "note": st.sampled_from(["a|b", "{", "\\"]),
        },
    )
    return text, [
        mention(
            start,
            end,
            text[start:end],
            draw(st.sampled_from(sorted(SCORED_CONCEPTS))),
            draw(st.sampled_from(STATUSES)),
            draw(st.sampled_from([None, *GRADES])),
            **draw(extras),
        )
        for start, end in spans
    ]


@given(marked_texts())
def test_markup_round_trip(case: tuple[str, list[dict[str, Any]]]) -> None:
    text, mentions = case
    assert parse_markup(render_markup(text, mentions)) == (text, mentions)


@given(st.text())
def test_any_text_parses_or_is_refused(marked: str) -> None:
    try:
        text, mentions = parse_markup(marked)
    except CorpusError:
        return
    assert all(text[found["start"] : found["end"]] == found["text"] for found in mentions)
    assert parse_markup(render_markup(text, mentions)) == (text, mentions)


def test_main_compiles_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "b.txt").write_text("No {MR|mitral_regurgitation|absent}.\n", encoding="utf-8")
    (tmp_path / "a.txt").write_text("Quiet.\n", encoding="utf-8")
    gold = tmp_path / "gold.jsonl"
    assert main([str(tmp_path), "-o", str(gold)]) == 0
    notes = [json.loads(line) for line in gold.read_text(encoding="utf-8").splitlines()]
    assert [(note["note_id"], note["text"], len(note["mentions"])) for note in notes] == [("a", "Quiet.\n", 0), ("b", "No MR.\n", 1)]
    assert main([str(tmp_path)]) == 0
    assert capsys.readouterr().out == gold.read_text(encoding="utf-8")


@pytest.mark.parametrize("content", [b"secret name {MR|", b"secret name \xff"])
def test_main_names_the_broken_note_without_its_text(tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes) -> None:
    (tmp_path / "bad.txt").write_bytes(content)
    assert main([str(tmp_path)]) == 1
    said = capsys.readouterr()
    assert "bad.txt" in said.err
    assert "secret" not in said.err
    assert not said.out


def test_main_refuses_an_empty_folder(tmp_path: Path) -> None:
    assert main([str(tmp_path)]) == 1
