"""The flow for others to see: small counts cannot be read, nor worked out, and the picture is well-formed."""

from __future__ import annotations

from itertools import pairwise
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from mrterms.cohorts.flow import HIDDEN, picture, rows
from mrterms.cohorts.select import Step


def steps(*counts: int, name: str = "d") -> list[Step]:
    return [
        Step(definition=name, step=number, criterion=f"c{number}", patients=count, excluded=counts[number - 1] - count if number else 0)
        for number, count in enumerate(counts)
    ]


def shown(*counts: int, least: int = 5) -> list[tuple[object, object]]:
    return [(row["patients"], row["excluded"]) for row in rows(steps(*counts), suppress_below=least)]


def test_nothing_is_withheld_unasked() -> None:
    assert shown(100, 98, 3, 0, least=0) == [(100, 0), (98, 2), (3, 95), (0, 3)]


def test_small_counts_and_what_tells_them_are_withheld() -> None:
    assert shown(100, 60, 10) == [(100, 0), (60, 40), (10, 50)]
    assert shown(100, 98, 50) == [(100, 0), (HIDDEN, "<5"), (50, HIDDEN)]
    assert shown(100, 3) == [(100, 0), ("<5", HIDDEN)]
    assert shown(100, 3, 0) == [(100, 0), ("<5", HIDDEN), (0, "<5")]
    assert shown(3, 3) == [("<5", HIDDEN), ("<5", HIDDEN)]


@given(st.lists(st.integers(0, 60), min_size=1, max_size=7), st.integers(2, 10))
def test_no_small_count_can_be_worked_out(counts: list[int], least: int) -> None:
    counts.sort(reverse=True)
    published = rows(steps(*counts), suppress_below=least)
    known = [row["patients"] for row in published if isinstance(row["patients"], int)]
    assert not [count for count in known if 0 < count < least]
    assert not [first for place, first in enumerate(known) for second in known[place + 1 :] if 0 < first - second < least]
    for place, row in enumerate(published):
        if isinstance(row["excluded"], int) and place:
            assert row["excluded"] == published[place - 1]["patients"] - row["patients"]


def test_flows_stand_alone() -> None:
    both = rows([*steps(100, 98), *steps(100, 60, name="e")], suppress_below=5)
    assert [row["patients"] for row in both] == [100, HIDDEN, 100, 60]


def test_the_picture_shows_the_flow_of_one_definition() -> None:
    flow = [*steps(40, 12), *steps(40, 39, 7, name="<e>")]
    drawn = ElementTree.fromstring(picture(flow, "<e>", title="A & B", suppress_below=5))
    words = [element.text for element in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert words[:3] == ["A & B", "c0", "n = 40"]
    assert words[3:7] == ["not: c1", "n = <5", "c1", "n = suppressed"]
    assert words[7:] == ["not: c2", "n = suppressed", "c2", "n = 7"]
    told = drawn.find("{http://www.w3.org/2000/svg}desc")
    assert told is not None
    assert told.text == "c0: 40 patients; c1: suppressed patients, <5 excluded; c2: 7 patients, suppressed excluded"


def test_boxes_do_not_overlap() -> None:
    flow = [Step(definition="d", step=n, criterion="a long criterion " * (n + 1), patients=9 - n, excluded=int(n > 0)) for n in range(5)]
    drawn = ElementTree.fromstring(picture(flow, "d"))
    boxes = [{name: float(value) for name, value in box.attrib.items()} for box in drawn.iter("{http://www.w3.org/2000/svg}rect")]
    for kind in {box["x"] for box in boxes}:
        column = sorted((box["y"], box["y"] + box["height"]) for box in boxes if box["x"] == kind)
        assert all(above[1] < below[0] for above, below in pairwise(column))
    assert max(box["y"] + box["height"] for box in boxes) < float(drawn.attrib["height"])


def test_what_is_left_out_is_named_as_it_is() -> None:
    flow = [*steps(9, 5)[:1], Step(definition="d", step=1, criterion="without infarct", patients=5, excluded=4)]
    assert ">infarct</text>" in picture(flow, "d")
