"""A compiled lexicon: what it finds, what it refuses, and that the command and the pipeline take it."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.language import Language
from typer.testing import CliRunner

import mrterms
from mrterms.cli.lexicon import app
from mrterms.errors import LexiconError
from mrterms.lexicon.store import FORMAT, MANIFEST, Store, WordTable, string_slots, verify
from mrterms.lexicon.tables import read_table
from mrterms.matching.compiled import CompiledMatcher, CompiledVocabulary
from mrterms.terminologies import build_lexicon
from mrterms.text.view import View
from mrterms.text.words_in_use import words_in_use

HERE = Path(__file__).parent
DATA = HERE / "data"
MATCHES = read_table(HERE / "matches.tsv", ("text", "expected"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    built = tmp_path_factory.mktemp("lexicons") / "phenotypes"
    build_lexicon(DATA / "phenotypes.tsv", built)
    return built


@pytest.fixture(scope="module")
def pipeline(folder: Path) -> Language:
    return mrterms.load(lexicons=folder, builtin=False)


@pytest.mark.parametrize("row", MATCHES, ids=lambda row: row["text"][:40])
def test_what_is_found(pipeline: Language, row: dict[str, str]) -> None:
    found = mrterms.annotate(row["text"], nlp=pipeline).annotations
    assert [f"{one['text']}={one['concept_id']}" for one in found] == [one for one in row["expected"].split("|") if one]


def test_a_mention_has_what_any_other_has(pipeline: Language) -> None:
    note = mrterms.annotate("No seizures. Severe microcephaly. Mother had brachydactily.", nlp=pipeline)
    seizure, microcephaly, brachydactyly = note.annotations
    assert (seizure["assertion"]["status"], seizure["preferred_name"]) == ("absent", "Seizure")
    assert microcephaly["severity"]["value"] == "severe"
    assert microcephaly["codes"] == {"UMLS": "C0025958"}
    assert (brachydactyly["assertion"]["status"], brachydactyly["match"]["kind"]) == ("family", "fuzzy")


def test_it_stands_beside_the_built_in_lexicon(folder: Path) -> None:
    found = mrterms.annotate("Mitral regurgitation and short fingers.", nlp=mrterms.load(lexicons=[folder])).annotations
    assert [one["concept_id"] for one in found] == ["mitral_regurgitation", "P:3"]


def test_normalize_gives_name_and_codes(pipeline: Language) -> None:
    best = mrterms.normalize("small heads", nlp=pipeline)[0]
    assert (best["concept_id"], best["preferred_name"], best["codes"]) == ("P:4", "Microcephaly", {"UMLS": "C0025958"})


def test_nested_mentions_on_request(folder: Path) -> None:
    nlp = mrterms.load(lexicons=folder, builtin=False, nested=True)
    found = mrterms.annotate("severe intellectual disability", nlp=nlp).annotations
    assert [one["concept_id"] for one in found] == ["P:8", "P:7"]


def test_without_fuzzy_a_slip_is_none(folder: Path) -> None:
    nlp = mrterms.load(lexicons=folder, builtin=False, fuzzy=False)
    assert not mrterms.annotate("brachydactily", nlp=nlp).annotations


def test_words_in_use_are_told_as_if_looked_at_closely(folder: Path) -> None:
    quick, slow = CompiledVocabulary(Store(folder), fuzzy=True), CompiledVocabulary(Store(folder), fuzzy=True)
    slow._kin_table = None
    for word in (
        *sorted(words_in_use())[::7],
        "AD",
        "ADs",
        "a",
        "And",
        "kidneys",
        "Anaemia",
        "ANAEMIA",
        "Kidneys",
        "HANDS",
        "teeth",
        "hand",
        "Renal",
        "brachydactily",
    ):
        assert quick.look_up(word) == slow.look_up(word), word


def test_general_words_on_request(tmp_path: Path) -> None:
    report = build_lexicon(DATA / "phenotypes.tsv", tmp_path / "all", general_words=True)
    assert "general words" not in report.left_out
    assert build_lexicon(DATA / "phenotypes.tsv", tmp_path / "some").left_out["general words"] == 2


def test_a_letter_and_a_digit_are_a_name_on_request_only(tmp_path: Path) -> None:
    (tmp_path / "own.tsv").write_text("concept_id\tterm\tstatus\nP:1\tS3\tabbreviation\nP:2\tS3 gallop\tpreferred\n", encoding="utf-8")
    assert build_lexicon(tmp_path / "own.tsv", tmp_path / "some").left_out == {"a letter and a digit": 1}
    build_lexicon(tmp_path / "own.tsv", tmp_path / "all", general_words=True)
    for name, expected in (("some", ["S3 gallop"]), ("all", ["S3", "S3 gallop"])):  # the short form is a word of the longer one, too
        found = mrterms.annotate("An S3 was heard, later an S3 gallop.", nlp=mrterms.load(lexicons=tmp_path / name, builtin=False))
        assert [one["text"] for one in found.annotations] == expected


def test_a_matcher_can_be_pickled(folder: Path) -> None:
    nlp = spacy.blank("en")
    doc = nlp("short fingers")
    matcher = pickle.loads(pickle.dumps(CompiledMatcher(Store(folder), nlp.vocab)))
    assert [one.concept_ids for one in matcher.match(View(doc))[0]] == [("P:3",)]


def test_building_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        build_lexicon(DATA / "small.obo", tmp_path / name)
    sums = [json.loads((tmp_path / name / MANIFEST).read_text())["files"] for name in ("one", "two")]
    assert sums[0] == sums[1]


def test_a_folder_is_not_written_over(tmp_path: Path) -> None:
    build_lexicon(DATA / "small.obo", tmp_path / "out")
    with pytest.raises(LexiconError, match="--overwrite"):
        build_lexicon(DATA / "small.obo", tmp_path / "out")
    build_lexicon(DATA / "phenotypes.tsv", tmp_path / "out", overwrite=True)
    (tmp_path / "mine").mkdir()
    with pytest.raises(LexiconError, match="choose another folder"):
        build_lexicon(DATA / "small.obo", tmp_path / "mine", overwrite=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine", "out"]


def test_a_source_without_names_is_refused(tmp_path: Path) -> None:
    (tmp_path / "terms.tsv").write_text("concept_id\tterm\n", encoding="utf-8")
    with pytest.raises(LexiconError, match="no names"):
        build_lexicon(tmp_path / "terms.tsv", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def copy_of(folder: Path, target: Path) -> Path:
    target.mkdir()
    for file in folder.iterdir():
        (target / file.name).write_bytes(file.read_bytes())
    return target


def test_every_damaged_file_is_refused(folder: Path, tmp_path: Path) -> None:
    for number, file in enumerate(sorted(folder.iterdir())):
        copy = copy_of(folder, tmp_path / str(number))
        data = bytearray(file.read_bytes())
        if not data:
            continue
        data[len(data) // 2] ^= 1
        (copy / file.name).write_bytes(data)
        with pytest.raises(LexiconError, match=r"damaged|no manifest|newer"):
            Store(copy)


def test_missing_and_cut_files_are_refused_whatever_the_size(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mrterms.lexicon.store._CHECKED_AT_ONCE", 0)
    copy = copy_of(folder, tmp_path / "cut")
    (copy / "names.bin").write_bytes((folder / "names.bin").read_bytes()[:-1])
    with pytest.raises(LexiconError, match=r"names\.bin: damaged: \d+ bytes instead of"):
        Store(copy)
    (copy / "names.bin").unlink()
    with pytest.raises(LexiconError, match=r"names\.bin: the file is missing"):
        Store(copy)


def test_verify_reads_what_loading_leaves_unread(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mrterms.lexicon.store._CHECKED_AT_ONCE", 0)
    copy = copy_of(folder, tmp_path / "changed")
    (copy / "names.bin").write_bytes((folder / "names.bin").read_bytes().swapcase())
    Store(copy)
    with pytest.raises(LexiconError, match=r"names\.bin: damaged: its checksum"):
        verify(copy)


def test_a_newer_format_says_so(folder: Path, tmp_path: Path) -> None:
    copy = copy_of(folder, tmp_path / "newer")
    manifest = json.loads((copy / MANIFEST).read_text())
    (copy / MANIFEST).write_text(json.dumps(manifest | {"format": FORMAT + 1}))
    with pytest.raises(LexiconError, match=rf"format {FORMAT + 1}, newer than this version of mrterms reads \({FORMAT}\).*update mrterms"):
        Store(copy)


@given(st.lists(st.text(min_size=1), max_size=30), st.lists(st.text(min_size=1), max_size=10))
def test_the_word_table_is_a_dict(words: list[str], others: list[str]) -> None:
    expected: dict[str, int] = {}
    for number, word in enumerate(words):
        expected.setdefault(word, number)
    table = WordTable(*string_slots(words, np.arange(len(words), dtype=np.int32)))
    assert {word: table.get(word) for word in (*words, *others)} == {word: expected.get(word, -1) for word in (*words, *others)}


def test_commands(tmp_path: Path) -> None:
    run = CliRunner().invoke
    out = str(tmp_path / "out")
    built = run(app, ["build", str(DATA / "small.obo"), "-o", out, "--branch", "XX:0000002", "--branch", "XX:0000004"])
    assert built.exit_code == 0
    assert "3 concepts, 5 names" in built.output
    assert "left out: 1 general words" in built.output
    checked = run(app, ["verify", out])
    assert (checked.exit_code, "all whole" in checked.output) == (0, True)
    linted = run(app, ["lint", out])
    assert linted.exit_code == 1
    assert "SF1 (XX:0000003): short" in linted.output
    assert "1 names left out: general words" in linted.output


def test_lint_names_homonyms(folder: Path) -> None:
    linted = CliRunner().invoke(app, ["lint", str(folder)])
    assert "AD: exact name of several concepts: P:9, P:10" in linted.output
