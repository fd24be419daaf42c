"""Training: examples from raw text, folds by document, the worked example of docs/train.md from end to end."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

import mrterms
from mrterms.cli.train import train_command
from mrterms.lexicon import load_lexicon
from mrterms.sense import load_model
from mrterms.sense.examples import LongForms, long_form_examples, marked_sentences

pytest.importorskip("scipy")
ROOT = Path(__file__).parents[2]


def test_long_forms_become_short_forms_and_leave_no_trace() -> None:
    text = "Echo showed mitral insufficiency (MI) and aortic stenosis. The mitral insufficiency was severe."
    places = [place for place in long_form_examples([("d1", text)], load_lexicon("valve")) if place.kind == "long form"]
    told = {(place.short_form, place.sense) for place in places}
    assert {("MI", "mitral_regurgitation"), ("MR", "mitral_regurgitation"), ("AS", "aortic_stenosis")} <= told
    for place in places:
        assert place.text[place.start : place.end] == place.short_form
        if place.sense == "mitral_regurgitation":
            assert "mitral insufficiency" not in place.text
            assert "(MI)" not in place.text


def test_marked_sentences_know_setting_and_written_form() -> None:
    lines = ["# comment", "[cardiology]", "2+ {MI|mitral_regurgitation}", "two {MIs|myocardial_infarction}", "{M.I.|myocardial_infarction}"]
    places = list(marked_sentences(lines, source="s", known=["MI"]))
    assert [(one.text[one.start : one.end], one.short_form, one.setting) for one in places] == [
        ("MI", "MI", "cardiology"),
        ("MIs", "MI", "cardiology"),
        ("M.I.", "MI", "cardiology"),
    ]


def test_forms_that_differ_in_case_alone_are_kept_apart() -> None:
    lines = ["redo {MVR|mitral_valve_replacement}", "{MVr|mitral_valve_repair} with a ring", "{mvr|mitral_valve_replacement}"]
    assert [one.short_form for one in marked_sentences(lines, source="s", known=["MVR", "MVr"])] == ["MVR", "MVr", "MVR"]


def test_the_like_at_another_site_teaches_and_its_rival_does_not() -> None:
    taught = LongForms(load_lexicon("valve")).sisters_of
    assert ("MVR", "mitral_valve_replacement") in taught["aortic_valve_replacement"]
    assert ("MVR", "mitral_valve_repair") not in taught["aortic_valve_replacement"]
    assert ("MI", "mitral_regurgitation") in taught["aortic_regurgitation"]
    assert "multiple_sclerosis" not in taught


def test_every_written_sentence_has_a_sense_that_its_form_can_have() -> None:
    senses = load_lexicon("valve").senses
    path = ROOT / "corpora" / "sense_training" / "sentences.txt"
    marks = re.findall(r"\{([^{}|]+)\|([a-z_]+)\}", path.read_text(encoding="utf-8"))
    places = list(marked_sentences(path.read_text(encoding="utf-8").splitlines(), source=path.name, known=senses))
    assert len(places) == len(marks) >= 400
    for place in places:
        assert place.sense in {entry.concept_id for entry in senses[place.short_form]}, place.doc


def test_the_shipped_model_has_a_card_and_no_pickle() -> None:
    folder = ROOT / "lexicons" / "valve" / "models"
    model = load_model(folder)
    card = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    assert {"data", "examples", "figures", "limits"} <= card.keys()
    assert sum(path.stat().st_size for path in folder.iterdir()) < 4_000_000
    assert model.features


def test_the_worked_example_of_the_docs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / "docs" / "train.md").read_text(encoding="utf-8"), re.DOTALL)
    steps, command = blocks[1].rsplit("mrterms train", 1)
    shutil.copytree(ROOT / "lexicons" / "valve", tmp_path / "lexicons" / "valve")
    subprocess.run(["bash", "-ec", steps], cwd=tmp_path, check=True)
    monkeypatch.chdir(tmp_path)
    app = typer.Typer()
    app.command()(train_command)
    result = CliRunner().invoke(app, [*command.split(), "--quiet", "--folds", "2"])
    assert result.exit_code == 0, result.output
    nlp = mrterms.load(lexicons=[str(tmp_path / "my-lexicon")], builtin=False)
    assert [one["concept_id"] for one in nlp("ASD with left to right shunt").user_data["mrterms"]] == ["atrial_septal_defect"]
    assert not [one for one in nlp("ASD, behavior therapy at school").user_data.get("mrterms", []) if one["concept_id"]]
    # What the base knew is still known.
    assert [one["concept_id"] for one in nlp("2+ MI, trace TR").user_data["mrterms"]] == ["mitral_regurgitation", "tricuspid_regurgitation"]
