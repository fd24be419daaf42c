"""The library calls, from text to annotations, whole."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from spacy.language import Language

import mrterms

FIELDS = {
    "start", "end", "text", "concept_id", "preferred_name", "semantic_type", "codes", "match", "sense", "assertion", "severity",
    "attributes", "section", "code_rules",
}  # fmt: skip
"""What interface.md promises of an annotation, and the rules that made its codes."""


def found(text: str, nlp: Language) -> list[tuple[str, str | None, str]]:
    return [(one["text"], one["concept_id"], one["assertion"]["status"]) for one in mrterms.annotate(text, nlp=nlp).annotations]


def test_the_example_of_the_interface(nlp: Language) -> None:
    (mi, tr, _) = mrterms.annotate("2+ MI, trace TR. No AS.", note_id="n1", nlp=nlp).to_dict()["annotations"]
    assert (mi["start"], mi["end"], mi["text"], mi["concept_id"]) == (3, 5, "MI", "mitral_regurgitation")
    assert mi["codes"]["SNOMEDCT"] == "48724000"
    assert (mi["match"]["kind"], mi["sense"]["status"]) == ("abbreviation", "resolved")
    assert mi["sense"]["evidence"]
    assert mi["severity"].items() >= {"value": "moderate", "text": "2+", "start": 0, "end": 2}.items()
    assert (tr["concept_id"], tr["severity"]["value"]) == ("tricuspid_regurgitation", "trace")


def test_status_reaches_the_annotations(nlp: Language) -> None:
    assert found("No aortic stenosis. Father had a myocardial infarction at 50.", nlp) == [
        ("aortic stenosis", "aortic_stenosis", "absent"),
        ("myocardial infarction", "myocardial_infarction", "family"),
    ]


def test_annotations_have_the_promised_shape(nlp: Language, demo: dict[str, str]) -> None:
    for name, text in demo.items():
        note = mrterms.annotate(text, note_id=name, nlp=nlp)
        assert note.annotations, name
        plain = note.to_dict()
        assert json.loads(json.dumps(plain)) == plain
        for one in plain["annotations"]:
            assert set(one) == FIELDS
            _check_sense(one)


def _check_sense(one: dict[str, Any]) -> None:
    probabilities = [candidate["probability"] for candidate in one["sense"]["candidates"]]
    assert probabilities == sorted(probabilities, reverse=True)
    assert 0 < sum(probabilities) <= 1.005
    assert (one["concept_id"] is None) == (one["sense"]["status"] == "ambiguous")
    if one["concept_id"]:
        assert one["concept_id"] in [candidate["concept_id"] for candidate in one["sense"]["candidates"]]


def test_annotations_are_in_the_order_of_the_text(nlp: Language, demo: dict[str, str]) -> None:
    for text in demo.values():
        starts = [one["start"] for one in mrterms.annotate(text, nlp=nlp).annotations]
        assert starts == sorted(starts)


def test_other_senses_are_left_out_unless_asked_for(nlp: Language) -> None:
    text = "MR imaging of the knee. Metformin MR 500 mg."
    assert found(text, nlp) == []
    wanted = mrterms.annotate(text, nlp=mrterms.load(other_senses=True)).annotations
    assert {one["concept_id"] for one in wanted} == {"magnetic_resonance", "modified_release"}


def test_one_call_leaves_nothing_to_the_next(nlp: Language) -> None:
    """A definition holds in its document only."""
    text = "Known MI."
    before = mrterms.annotate(text, nlp=nlp)
    mrterms.annotate("Mitral insufficiency (MI) was severe. MI persisted.", nlp=nlp)
    assert mrterms.annotate(text, nlp=nlp) == before


def test_many_keeps_order_and_ids(nlp: Language) -> None:
    pairs = [("a", "mild MR"), ("b", ""), ("c", "no AS")]
    notes = list(mrterms.annotate_many(pairs, nlp=nlp, batch_size=2))
    assert [note.note_id for note in notes] == ["a", "b", "c"]
    assert [len(note.annotations) for note in notes] == [1, 0, 1]
    assert [note.note_id for note in mrterms.annotate_many(["x", "y"], nlp=nlp)] == ["0", "1"]


def test_many_keeps_memory_level(nlp: Language, demo: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    kept = list(mrterms.annotate_many(demo.items(), nlp=nlp))
    monkeypatch.setattr("mrterms.pipeline._MOST_WORDS", 0)
    assert list(mrterms.annotate_many(demo.items(), nlp=nlp)) == kept
    list(mrterms.annotate_many(["otherword MR"], nlp=nlp))
    assert "otherword" not in nlp.vocab.strings


def test_many_reads_no_further_than_it_must(nlp: Language) -> None:
    """Memory does not grow with the number of notes: an endless source is fine."""
    read = itertools.count()

    def endless() -> Iterator[str]:
        for _ in read:
            yield "trace TR"

    assert len(list(itertools.islice(mrterms.annotate_many(endless(), nlp=nlp, batch_size=8), 20))) == 20
    assert next(read) < 5_000


@pytest.mark.parametrize("options", [{"n_process": 0}, {"batch_size": 0}])
def test_many_refuses_impossible_numbers(nlp: Language, options: dict[str, int]) -> None:
    with pytest.raises(mrterms.ConfigError, match="at least 1"):
        list(mrterms.annotate_many(["x"], nlp=nlp, **options))


@pytest.mark.parametrize(
    ("items", "told"),
    [
        ([None], "item 0 must be a text or a pair of note id and text, not NoneType; leave items without a text out"),
        (["MR", ("n2", None)], "item 1 must be a text or a pair of note id and text, not tuple of str and NoneType"),
        ([("n1", "MR", 3)], "not tuple of str and str and int"),
        ([{"text": "MR"}], "not dict"),
        ("MR 2+", "items must hold texts, not be one str"),
    ],
)
def test_items_that_are_no_notes_are_named(nlp: Language, items: Any, told: str) -> None:
    with pytest.raises(TypeError, match=told):
        list(mrterms.annotate_many(items, nlp=nlp))


def test_only_strings_are_text(nlp: Language) -> None:
    for wrong in (None, b"mild MR", 3.5, float("nan")):
        with pytest.raises(TypeError, match="must be a string"):
            mrterms.annotate(wrong, nlp=nlp)  # type: ignore[arg-type]


def test_load_refuses_what_it_does_not_know(tmp_path: Path) -> None:
    with pytest.raises(mrterms.ConfigError, match="general, cardiology"):
        mrterms.load(setting="radiology")
    with pytest.raises(mrterms.ConfigError, match="from 0 to 1"):
        mrterms.load(threshold=75)
    with pytest.raises(mrterms.LexiconError):
        mrterms.load(lexicons=[tmp_path / "absent.tsv"])


@pytest.mark.parametrize(
    ("cell", "concept_id"),
    [
        ("mitral incompetence", "mitral_regurgitation"),
        ("leaky mitral valve", "mitral_regurgitation"),
        ("Aortic Stenosis, severe", "aortic_stenosis"),
        ("heart attack", "myocardial_infarction"),
        ("tricuspid regurg", "tricuspid_regurgitation"),
    ],
)
def test_normalize_finds_the_concept(nlp: Language, cell: str, concept_id: str) -> None:
    best, *_ = mrterms.normalize(cell, nlp=nlp)
    assert best["concept_id"] == concept_id
    assert 0 < best["score"] <= 1


def test_normalize_gives_candidates_best_first(nlp: Language) -> None:
    found = mrterms.normalize("MI", nlp=nlp)
    assert {"mitral_regurgitation", "myocardial_infarction"} <= {one["concept_id"] for one in found}
    assert [one["score"] for one in found] == sorted((one["score"] for one in found), reverse=True)


@pytest.mark.parametrize("cell", ["", "   ", "n/a", "hypertension", "?"])
def test_normalize_of_nothing_is_empty(nlp: Language, cell: str) -> None:
    assert mrterms.normalize(cell, nlp=nlp) == []


OWN_TERMS = """concept_id\tterm\tpreferred_name\tsemantic_type\tSNOMEDCT
left_atrial_enlargement\tleft atrial enlargement\tLeft atrial enlargement\tfinding\t67751000119106
left_atrial_enlargement\tdilated left atrium
mitral_regurgitation\tblowy mitral
"""


@pytest.fixture
def own_terms(tmp_path: Path) -> Path:
    path = tmp_path / "own.tsv"
    path.write_text(OWN_TERMS, encoding="utf-8")
    return path


def test_own_terms_are_added(own_terms: Path) -> None:
    nlp = mrterms.load(lexicons=[own_terms])
    text = "No dilated left atrium. Severe mitral regurgitation; blowy mitral on auscultation. Left  Atrial\nEnlargement."
    annotations = mrterms.annotate(text, nlp=nlp).annotations
    assert [(one["concept_id"], one["assertion"]["status"]) for one in annotations] == [
        ("left_atrial_enlargement", "absent"),
        ("mitral_regurgitation", "present"),
        ("mitral_regurgitation", "present"),
        ("left_atrial_enlargement", "present"),
    ]
    assert annotations[0]["codes"] == {"SNOMEDCT": "67751000119106"}
    assert annotations[0]["preferred_name"] == "Left atrial enlargement"
    assert annotations[2]["codes"]["ICD10CM"] == "I34.0"


def test_own_terms_alone(own_terms: Path) -> None:
    nlp = mrterms.load(lexicons=[own_terms], builtin=False)
    assert found("Severe mitral regurgitation, no left atrial enlargement.", nlp) == [
        ("left atrial enlargement", "left_atrial_enlargement", "absent")
    ]


def test_own_terms_do_not_leak_into_the_default(own_terms: Path, nlp: Language) -> None:
    mrterms.load(lexicons=[own_terms])
    assert found("dilated left atrium", nlp) == []


def test_hash_seed_changes_nothing(demo: dict[str, str]) -> None:
    """Sets are walked in another order in each process; what comes out must not show it."""
    code = "import json, sys, mrterms; print(json.dumps([note.to_dict() for note in mrterms.annotate_many(json.load(sys.stdin))]))"
    outputs = set()
    for seed in ("0", "1", "2"):
        command, environment = [sys.executable, "-c", code], os.environ | {"PYTHONHASHSEED": seed}
        done = subprocess.run(command, input=json.dumps([*demo.values()]), capture_output=True, text=True, env=environment, timeout=60)
        assert done.returncode == 0, done.stderr
        outputs.add(done.stdout)
    assert len(outputs) == 1
