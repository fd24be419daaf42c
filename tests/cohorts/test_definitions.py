"""Definitions are read as written, and what is wrong in them is named with key and fix."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pytest

from mrterms.cohorts.definitions import define_concepts, read_definitions
from mrterms.errors import ConfigError
from mrterms.lexicon import Lexicon, load_lexicon

TABLE = Path(__file__).with_name("bad_definitions.tsv").read_text(encoding="utf-8")
CASES = list(csv.DictReader(TABLE.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return load_lexicon("valve")


def written(folder: Path, toml: str) -> Path:
    path = folder / "d.toml"
    path.write_text(toml, encoding="utf-8")
    return path


def test_every_key_is_read(tmp_path: Path, lexicon: Lexicon) -> None:
    first, second = read_definitions(
        written(
            tmp_path,
            """
            [a]
            title = "A"
            concept = ["mitral_regurgitation"]
            status = "present"
            experiencer = "patient"
            severity_at_least = "mild"
            severity_at_most = "severe"
            after = 2015-01-31
            before = "2020-01-01"
            at_least = 2
            current = true
            [b]
            all_of = ["a"]
            none_of = "a"
            """,
        ),
        lexicon,
    )
    assert (first.name, first.title, first.concept, first.status) == ("a", "A", ("mitral_regurgitation",), ("present",))
    assert (first.severity_at_least, first.severity_at_most, first.at_least, first.current) == ("mild", "severe", 2, True)
    assert (first.after, first.before) == (date(2015, 1, 31), date(2020, 1, 1))
    assert second.parts == ("a", "a")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_faults_are_named(case: dict[str, str], tmp_path: Path, lexicon: Lexicon) -> None:
    path = written(tmp_path, case["toml"].replace("\\n", "\n"))
    with pytest.raises(ConfigError) as told:
        read_definitions(path, lexicon)
    assert str(told.value).startswith(f"{path}: {case['told']}")


def test_a_missing_file_is_named(tmp_path: Path, lexicon: Lexicon) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        read_definitions(tmp_path / "none.toml", lexicon)


def test_children_are_all_below(lexicon: Lexicon) -> None:
    [plain] = define_concepts(["heart_valve_disease"], lexicon)
    [grown] = define_concepts(["heart_valve_disease"], lexicon, include_children=True)
    assert plain.concept == ("heart_valve_disease",)
    assert {"heart_valve_disease", "mitral_regurgitation", "functional_mitral_regurgitation", "aortic_stenosis"} <= set(grown.concept)
    assert "myocardial_infarction" not in grown.concept
    assert len(grown.concept) == len(set(grown.concept))


def test_a_relative_has_the_status_family(tmp_path: Path, lexicon: Lexicon) -> None:
    [one] = read_definitions(written(tmp_path, '[a]\nconcept = "myocardial_infarction"\nexperiencer = "family"'), lexicon)
    assert one.status == ("family",)


def test_names_of_imported_concepts_become_columns() -> None:
    assert [one.name for one in define_concepts(["HP:0001653", "mitral_stenosis"])] == ["hp_0001653", "mitral_stenosis"]
