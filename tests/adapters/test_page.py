from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Iterator
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from mrterms.adapters.html import mark_text, write_html
from mrterms.records import Note

Annotate = Callable[[Iterable[tuple[str, str]]], Iterator[Note]]


class Page(HTMLParser):
    """The notes' texts as a browser would show them, the marks in them, and any script."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.texts: list[str] = []
        self.marks: list[dict[str, str | None]] = []
        self.ids: set[str] = set()
        self.scripts = self.depth = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.scripts += tag == "script"
        self.ids.add(values.get("id") or "")
        if values.get("class") == "text":
            self.texts.append("")
            self.depth = 1
        elif tag == "mark" and self.depth:
            self.marks.append(values)

    def handle_endtag(self, tag: str) -> None:
        if tag == "div":
            self.depth = 0

    def handle_data(self, data: str) -> None:
        if self.depth:
            self.texts[-1] += data


def page(annotate: Annotate, *texts: tuple[str, str]) -> str:
    handle = io.BytesIO()
    write_html(handle, [note.to_dict() | {"source": text} for note, (_, text) in zip(annotate(texts), texts, strict=True)])
    return handle.getvalue().decode()


def test_note_text_is_escaped(annotator: Annotate) -> None:
    evil = "MR <script>alert(1)</script> </div></article> & \" ' MI \x00"
    raw = page(annotator, ('<img src=x onerror="alert(2)">', evil))
    seen = Page(raw)
    assert seen.texts == [evil.replace("\0", "\ufffd")]
    assert seen.scripts == 1
    assert "<img" not in raw


def test_nothing_comes_from_the_network(annotator: Annotate) -> None:
    raw = page(annotator, ("n1", "MR"))
    assert "default-src 'none'" in raw
    assert not re.search(r"https?://|src=|@import|url\(", raw)


def test_marks_carry_concept_status_and_reasons(annotator: Annotate) -> None:
    seen = Page(raw := page(annotator, ("n1", "no MR, MI"), ("n2", "nothing")))
    first, second = seen.marks
    assert (first["data-concept"], first["data-status"], first["data-label"]) == ("mitral_regurgitation", "absent", "moderate absent")
    assert second["data-concept"] == "ambiguous"
    assert "q-ambiguous" in (second["class"] or "")
    assert {first["aria-describedby"], second["aria-describedby"]} <= seen.ids
    assert "abbreviation of “MR”, score 1.00" in raw
    assert "“no” (negation)" in raw
    assert "and 1 less likely" in raw
    assert "“jet” +1.5" in raw
    assert seen.texts == ["no MR, MI", "nothing"]
    assert "2 notes, 2 mentions" in raw


SPANS = st.lists(st.tuples(st.integers(0, 20), st.integers(1, 9)), max_size=7)


@given(SPANS)
def test_any_spans_give_well_formed_marks_over_their_characters(starts: list[tuple[int, int]]) -> None:
    text = "mitral & <tricuspid> regurgitation"
    spans = [(start, start + length) for start, length in starts]
    tags = [(f'<mark id="{number}">', f'<mark id="{number}">') for number in range(len(spans))]
    covered: dict[int, set[int]] = {number: set() for number in range(len(spans))}
    open_: list[int] = []
    at = 0
    for piece in re.findall(r"<mark id=\"\d+\">|</mark>|&\w+;|.", "".join(mark_text(text, spans, tags))):
        if piece.startswith("<mark"):
            open_.append(int(piece.split('"')[1]))
        elif piece == "</mark>":
            open_.pop()
        else:
            for number in open_:
                covered[number].add(at)
            at += 1
    assert not open_
    assert at == len(text)
    assert covered == {number: set(range(*span)) for number, span in enumerate(spans)}
