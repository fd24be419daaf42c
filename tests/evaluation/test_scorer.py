"""Scores of small cases whose numbers are worked out by hand in the comments."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner

from mrterms.cli.evaluate import evaluate_command
from mrterms.errors import CorpusError
from mrterms.evaluation.gold import GoldMention, GoldNote, Prediction, prediction_of, read_gold, read_predictions
from mrterms.evaluation.report import print_report, to_json
from mrterms.evaluation.scorer import ABSTAINED, MISSED, SPURIOUS, Error, Evaluation, evaluate, pair_mentions

MR, AS, MI, MVR = "mitral_regurgitation", "aortic_stenosis", "myocardial_infarction", "mitral_valve_replacement"
TEXT = "Moderate mitral regurgitation, no AS, old inferior MI, MVR planned, s/p CABG"


def gold(start: int, end: int, concept: str, status: str = "present", severity: str | None = None, **more: Any) -> GoldMention:
    return GoldMention(start=start, end=end, concept_id=concept, statuses=(status,), severities=(severity,), **more)


def said(start: int, end: int, concept: str | None, status: str = "present", severity: str | None = None, **more: Any) -> Prediction:
    return Prediction(start=start, end=end, concept_id=concept, status=status, severity=severity, **more)


def score(mentions: list[GoldMention], predicted: list[Prediction], **options: Any) -> Evaluation:
    return evaluate([GoldNote(note_id="n1", text=TEXT, mentions=tuple(mentions))], {"n1": predicted}, samples=0, **options)


GOLD = [
    gold(9, 29, MR, severity="moderate"),
    gold(34, 36, AS, "absent"),
    gold(51, 53, MI, "historical"),
    gold(55, 58, MVR, "hypothetical"),
]


def test_all_right() -> None:
    result = score(GOLD, [said(one.start, one.end, one.concept_id, one.statuses[0], one.severities[0]) for one in GOLD])
    overall = result.overall
    assert (overall.strict.precision.value, overall.strict.recall.value, overall.overlap.f1.value) == (1.0, 1.0, 1.0)
    # severity is judged on the two valve lesions, graded on the one that has a grade
    assert (overall.status.right, overall.severity.right, overall.severity.total, overall.graded.total) == (4, 2, 2, 1)
    assert result.errors == ()


def test_each_kind_of_error() -> None:
    predicted = [
        said(18, 29, MR, "present", "mild"),  # other span, other grade
        said(34, 36, AS, "present"),  # other status
        said(51, 53, MR, "historical"),  # other concept
        said(72, 76, MI),  # nothing there
    ]  # and MVR is missed
    result = score(GOLD, predicted)
    overall = result.overall
    # overlap hits: MR, AS of 4 predicted and 4 gold; strict: AS alone
    assert (overall.overlap.precision.right, overall.overlap.precision.total) == (2, 4)
    assert (overall.overlap.recall.value, overall.overlap.f1.value) == (0.5, 0.5)
    assert (overall.strict.precision.value, overall.strict.recall.value, overall.strict.f1.value) == (0.25, 0.25, 0.25)
    # status: MR right, AS wrong; severity: MR wrong, AS right (none stated); graded: MR alone, wrong
    assert (overall.status.value, overall.severity.value, overall.graded.value) == (0.5, 0.5, 0.0)
    assert result.concepts == {(MR, MR): 1, (AS, AS): 1, (MI, MR): 1, (MVR, MISSED): 1, (SPURIOUS, MI): 1}
    assert result.statuses == {("present", "present"): 1, ("absent", "present"): 1}
    assert result.severities == {("moderate", "mild"): 1, ("(none)", "(none)"): 1}
    assert [(error.kind, error.start) for error in result.errors] == [
        ("severity", 9),
        ("span", 9),
        ("status", 34),
        ("concept", 51),
        ("missed", 55),
        ("spurious", 72),
    ]
    assert Error("n1", 51, 53, "concept", MI, MI, MR) in result.errors


def test_by_concept() -> None:
    result = score(GOLD, [said(9, 29, MR, severity="moderate"), said(51, 53, MR)])
    # MR: 1 hit of 2 predicted, 1 of 1 gold, f1 2/3; MI: no hit of 1
    mr, mi = result.by_concept[MR], result.by_concept[MI]
    assert (mr.overlap.precision.value, mr.overlap.recall.value, mr.overlap.f1.value) == (0.5, 1.0, 2 / 3)
    assert (mi.overlap.precision.value, mi.overlap.recall.value) == (None, 0.0)
    assert (mi.overlap.f1.value, mi.severity.value) == (0.0, None)


def test_second_answers_count() -> None:
    mention = GoldMention(start=9, end=29, concept_id=MR, statuses=("present", "historical"), severities=("moderate", None))
    result = score([mention], [said(9, 29, MR, "historical")])
    assert (result.overall.status.value, result.overall.severity.value, result.overall.graded.value) == (1.0, 1.0, 1.0)
    assert result.statuses == {("historical", "historical"): 1}


def test_optional_is_neither_hit_nor_miss() -> None:
    optional = gold(34, 36, AS, "absent", optional=True)
    for predicted in ([], [said(34, 36, AS, "absent")], [said(31, 36, AS, "present")]):
        result = score([GOLD[0], optional], [said(9, 29, MR, severity="moderate"), *predicted])
        overlap = result.overall.overlap
        assert (overlap.precision.total, overlap.recall.total, overlap.f1.value, result.errors) == (1, 1, 1.0, ())
    # another concept there is wrong all the same
    assert score([optional], [said(34, 36, MI)]).overall.overlap.precision.value == 0.0


def test_unscored_concepts_are_left_aside() -> None:
    result = score(GOLD[:1], [said(9, 29, MR, severity="moderate"), said(72, 76, "coronary_bypass"), said(34, 36, "state_of_mind")])
    assert result.overall.overlap.precision.value == 1.0
    # a concept that gold marks counts, and so does one that is asked for
    assert score([gold(72, 76, "own:cabg")], [said(72, 76, "own:cabg")]).overall.strict.f1.value == 1.0
    assert score(GOLD, [said(9, 29, MR)], scored=frozenset([MR])).overall.overlap.recall.total == 1


def test_abstentions_are_counted_apart() -> None:
    predicted = [said(51, 53, None, candidates=(MI, MR)), said(72, 76, None, candidates=(MR,)), said(55, 58, None, candidates=(MI,))]
    result = score(GOLD[2:], predicted)
    left = result.abstentions
    assert (left.total, left.over_missed, left.with_candidate) == (3, 2, 1)
    assert (result.overall.overlap.precision.total, result.overall.overlap.recall.value) == (0, 0.0)
    assert result.concepts == {(MI, ABSTAINED): 1, (MVR, ABSTAINED): 1}


def test_pairs_are_one_to_one_same_concept_first() -> None:
    # "mitral and tricuspid regurgitation": two concepts over the same words, and a second prediction of one of them
    marks = [gold(0, 34, MR), gold(11, 34, "tricuspid_regurgitation")]
    predicted = [said(11, 34, MR), said(0, 34, "tricuspid_regurgitation"), said(0, 34, MR)]
    pairing = pair_mentions(marks, predicted)
    assert sorted(pairing.same) == [(0, 2), (1, 1)]
    assert pairing.other == []
    assert pair_mentions([gold(0, 5, MR)], [said(5, 9, MR)]).same == []


def test_the_larger_overlap_wins() -> None:
    assert pair_mentions([gold(0, 10, MR)], [said(0, 3, MR), said(2, 12, MR)]).same == [(0, 1)]


def test_notes_without_predictions_are_missed() -> None:
    notes = [GoldNote(note_id="a", text=TEXT, mentions=(GOLD[0],)), GoldNote(note_id="b", text=TEXT)]
    assert evaluate(notes, {}, samples=10).overall.overlap.recall.value == 0.0


def test_intervals_are_over_notes_and_repeatable() -> None:
    # ten notes, half of them found: the samples' hits are binomial (10, 0.5), whose 2.5 % and 97.5 % points are 2 and 8
    notes = [GoldNote(note_id=str(n), text=TEXT, mentions=(GOLD[0],)) for n in range(10)]
    found = {str(n): [said(9, 29, MR)] for n in range(5)}
    first, again = (evaluate(notes, found, samples=2000, seed=7).overall.overlap for _ in range(2))
    assert first == again
    assert (first.recall.low, first.recall.high) == (0.2, 0.8)
    assert (first.precision.low, first.precision.high) == (1.0, 1.0)


def test_no_notes_and_no_mentions() -> None:
    assert evaluate([], {}, samples=10).overall.overlap.f1.value is None
    empty = evaluate([GoldNote(note_id="a", text="")], {"a": []}, samples=10)
    assert empty.overall.overlap.precision.value is None
    assert empty.by_concept == {}


@pytest.mark.parametrize(
    ("assertion", "severity", "expected"),
    [
        ({"status": "absent", "experiencer": "family"}, None, ("family_absent", None)),
        ({"status": "family", "experiencer": "family"}, None, ("family", None)),
        ({"status": "absent", "experiencer": "patient"}, None, ("absent", None)),
        ({"status": "not_assessed", "experiencer": "patient"}, None, ("uncertain", None)),
        ({"status": "present", "experiencer": "patient"}, {"value": "massive"}, ("present", "severe")),
        ({"status": "present", "experiencer": "patient"}, {"value": "torrential"}, ("present", "severe")),
        ({"status": "present", "experiencer": "patient"}, {"value": "mild_moderate"}, ("present", "mild_moderate")),
        ({"status": "present", "experiencer": "patient"}, {"value": None}, ("present", None)),
    ],
)
def test_annotations_in_the_words_of_the_guideline(assertion: dict[str, str], severity: Any, expected: tuple[str, str | None]) -> None:
    one = prediction_of({"start": 0, "end": 2, "concept_id": MR, "assertion": assertion, "severity": severity})
    assert (one.status, one.severity) == expected


def _line(**more: Any) -> str:
    mention = {"start": 34, "end": 36, "text": "AS", "concept_id": AS, "status": "absent", "severity": None}
    return json.dumps({"note_id": "n1", "text": TEXT, "mentions": [mention]} | more) + "\n"


def test_gold_from_lines_and_from_markup(tmp_path: Path) -> None:
    lines = tmp_path / "gold.jsonl"
    lines.write_text(_line() + "\n" + _line(note_id="n2", mentions=[]), encoding="utf-8")
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "n1.txt").write_text("No {AS|aortic_stenosis|absent}.", encoding="utf-8")
    assert [note.note_id for note in read_gold(lines)] == ["n1", "n2"]
    assert read_gold(lines)[0].mentions == (gold(34, 36, AS, "absent"),)
    assert read_gold(folder)[0].mentions == (gold(3, 5, AS, "absent"),)


MENTION = {"start": 34, "end": 36, "text": "AS", "concept_id": AS, "status": "absent", "severity": None}


@pytest.mark.parametrize(
    "bad",
    [
        "{",
        "[]",
        "{}",
        _line() + _line(),
        _line(mentions=[MENTION | {"start": 33}]),
        _line(mentions=[MENTION | {"status": "denied"}]),
        _line(mentions=[MENTION | {"severity": "2+"}]),
        _line(mentions=[{"start": 34, "end": 36}]),
        "",
    ],
)
def test_malformed_gold_is_named_without_its_text(tmp_path: Path, bad: str) -> None:
    path = tmp_path / "gold.jsonl"
    path.write_text(bad, encoding="utf-8")
    with pytest.raises(CorpusError, match=r"gold\.jsonl") as caught:
        read_gold(path)
    assert "mitral" not in str(caught.value)


def test_report_shows_text_only_when_asked() -> None:
    result = score(GOLD, [said(34, 36, AS)])
    for texts, shown in ((None, False), ({"n1": TEXT}, True)):
        console = Console(file=io.StringIO(), width=240)
        print_report(result, console, texts=texts)
        printed = console.file.getvalue()  # type: ignore[attr-defined]
        assert ("»AS«" in printed) is shown
        assert "34-36" in printed
    assert "inferior" not in json.dumps(to_json(result))


APP = typer.Typer()
APP.command()(evaluate_command)


def test_command_with_predictions(tmp_path: Path) -> None:
    marked, predicted, scores = tmp_path / "gold.jsonl", tmp_path / "predicted.jsonl", tmp_path / "scores.json"
    marked.write_text(_line() + _line(note_id="n2"), encoding="utf-8")
    annotation = {"start": 34, "end": 36, "concept_id": AS, "assertion": {"status": "absent", "experiencer": "patient"}, "severity": None}
    rows = [{"note_id": "n1", "annotations": [annotation]}, {"note_id": "n2", "annotations": []}]
    predicted.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    done = CliRunner().invoke(APP, [str(marked), "--predictions", str(predicted), "--json", str(scores)])
    assert done.exit_code == 0, done.output
    overall = json.loads(scores.read_text(encoding="utf-8"))["overall"]
    assert (overall["strict"]["recall"]["value"], overall["strict"]["precision"]["value"]) == (0.5, 1.0)
    assert read_predictions(marked)["n2"][0].status == "absent"


def test_command_refuses_predictions_that_lack_notes(tmp_path: Path) -> None:
    marked, predicted = tmp_path / "gold.jsonl", tmp_path / "predicted.jsonl"
    marked.write_text(_line(), encoding="utf-8")
    predicted.write_text('{"note_id": "other", "annotations": []}\n', encoding="utf-8")
    done = CliRunner().invoke(APP, [str(marked), "--predictions", str(predicted)])
    assert isinstance(done.exception, CorpusError)


def test_command_annotates(tmp_path: Path) -> None:
    marked = tmp_path / "gold.jsonl"
    marked.write_text(_line(), encoding="utf-8")
    assert CliRunner().invoke(APP, [str(marked), "--samples", "0"]).exit_code == 0
