"""The report: its figures, its page, and that no text of a table can do harm in it."""

from __future__ import annotations

import html.parser
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from mrterms.columns import CellValue, CleanResult
from mrterms.columns.report import OUTCOMES, report_data, write_report

Make = Callable[..., CellValue]
EVIL = "<script>alert(1)</script>\0\"'&"


@pytest.fixture
def result(make: Make) -> CleanResult:
    named = ("concept_id", "preferred_name", "assertion", "severity")
    stenosis = dict(zip(named, ("aortic_stenosis", "Aortic stenosis", "present", "severe"), strict=True))
    denied = dict(zip(named, ("mitral_regurgitation", "Mitral regurgitation", "absent", None), strict=True))
    runners = ({"concept_id": "mitral_regurgitation", "score": 0.5}, {"concept_id": "myocardial_infarction", "score": 0.4})
    values = (
        make("MR", "mitral_regurgitation", count=50, sense_status="resolved", score=0.9),
        make("mod mitral regurg", "mitral_regurgitation", count=8, severity="moderate"),
        make("severe AS, no MR", "aortic_stenosis", count=5, severity="severe", all=(stenosis, denied)),
        make("I21.9 - MR", count=2, sense_status="ambiguous", candidates=runners, problems=("code I21.9 means myocardial_infarction",)),
        make("MI", count=20, sense_status="ambiguous", candidates=runners, reason="neither the cell nor the column decides"),
        make(EVIL, count=7),
        make("gout", count=30),
        make("0", count=6),
        make("see chart", count=4, decided_by="review.tsv: asked", match="decision"),
    )
    frame = pd.DataFrame({"dx": range(140)})
    return CleanResult(frame=frame, values=values, columns=("dx",), settings={"columns": ["dx"], "setting": EVIL})


def test_every_row_is_counted_once(result: CleanResult) -> None:
    [part] = report_data(result)["columns"]
    assert part["rows"] == dict(zip(OUTCOMES, (63, 22, 37, 4, 6, 8), strict=True))
    assert part["values"] == dict(zip(OUTCOMES, (3, 2, 2, 1, 1), strict=False))
    assert sum(part["rows"].values()) == 140


def test_concepts_with_their_spellings_status_and_grades(result: CleanResult) -> None:
    [part] = report_data(result)["columns"]
    regurgitation, stenosis = part["concepts"]
    assert (regurgitation["concept_id"], regurgitation["rows"]) == ("mitral_regurgitation", 63)
    assert regurgitation["spellings"] == {"MR": 50, "mod mitral regurg": 8, "severe AS, no MR": 5}
    assert regurgitation["statuses"] == {"present": 58, "absent": 5}
    assert regurgitation["grades"] == {"moderate": 8}
    assert (stenosis["rows"], stenosis["grades"], part["grades"]) == (5, {"severe": 5}, {"moderate": 8, "severe": 5})


def test_what_a_person_should_look_at(result: CleanResult) -> None:
    [part] = report_data(result)["columns"]
    assert [one["value"] for one in part["ambiguous"]] == ["MI", "I21.9 - MR"]
    assert part["ambiguous"][0]["candidates"] == {"mitral_regurgitation": 0.5, "myocardial_infarction": 0.4}
    assert [one["value"] for one in part["not_found"]] == ["gout", EVIL]
    assert [(one["value"], one["problems"]) for one in part["problems"]] == [("I21.9 - MR", ["code I21.9 means myocardial_infarction"])]
    assert part["decided"] == {"review.tsv": {"values": 1, "rows": 4}}
    assert [one["value"] for one in part["check_first"][:2]] == ["MI", "MR"]
    effort = [point["left"] for point in part["effort"]]
    assert (effort[0], effort[-1], effort) == (1.0, 0.0, sorted(effort, reverse=True))


class Page(html.parser.HTMLParser):
    """The tags, addresses and text of a page; a tag closed without being open, or left open, is a fault."""

    VOID = frozenset({"meta", "br", "path", "line", "rect"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.labels: list[str] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "xlink:href")]
        self.labels += [value or "" for name, value in attrs if name == "aria-label" and dict(attrs).get("role") == "img"]
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_the_page_is_one_file_with_plots_for_both_modes(result: CleanResult, tmp_path: Path) -> None:
    assert write_report(tmp_path / "r.html", result)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["r.html", "r.json"]
    text = (tmp_path / "r.html").read_text(encoding="utf-8")
    page = Page(text)
    assert page.tags.count("svg") == 4
    assert page.labels[0] == (
        "How rows and distinct values ended: mapped: 63 of 140 rows, ambiguous: 22 of 140 rows, nothing found: 37 of 140 rows, "
        "no concept, decided: 4 of 140 rows, no words: 6 of 140 rows, missing: 8 of 140 rows"
    )
    assert all(address.startswith("#") for address in page.addresses)
    assert not {"script", "img", "link", "iframe", "object"} & set(page.tags)
    assert "default-src 'none'" in text
    assert "prefers-color-scheme: dark" in text
    # Every colour of ink and line is the page's own.
    assert 'fill="var(--ink)"' in text
    assert not re.search(r'"#0[1-9a-f]0[1-9a-f]0[1-9a-f]"', text)
    assert json.loads((tmp_path / "r.json").read_text(encoding="utf-8")) == report_data(result)


def test_no_text_of_the_table_becomes_markup(result: CleanResult, make: Make, tmp_path: Path) -> None:
    named = make("x", "mitral_regurgitation", preferred_name=EVIL, column=EVIL)
    hostile = CleanResult(frame=result.frame, values=(named, make(EVIL, column=EVIL)), columns=(EVIL,), settings={EVIL: EVIL})
    assert write_report(tmp_path / "r.html", hostile)
    text = (tmp_path / "r.html").read_text(encoding="utf-8")
    page = Page(text)
    assert "script" not in page.tags
    assert "\0" not in text
    assert any("<script>alert(1)</script>" in word for word in page.words)


def test_without_altair_the_page_says_so(result: CleanResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    assert not write_report(tmp_path / "r.html", result)
    page = Page((tmp_path / "r.html").read_text(encoding="utf-8"))
    assert "svg" not in page.tags
    assert "pip install 'mrterms[report]'" in "".join(page.words)
    assert "Mitral regurgitation" in "".join(page.words)


def test_a_column_without_anything(tmp_path: Path) -> None:
    empty = CleanResult(frame=pd.DataFrame({"dx": [None, None]}), values=(), columns=("dx",))
    assert write_report(tmp_path / "r.html", empty)
    words = "".join(Page((tmp_path / "r.html").read_text(encoding="utf-8")).words)
    assert "0 % of 0 filled rows mapped" in re.sub(r"\s+", " ", words)
