# ruff: noqa: PD011  # CleanResult.values is no frame's
from __future__ import annotations

import csv
import datetime as dt
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.language import Language
from spacy.tokens import Doc

import mrterms
from mrterms.columns import CellValue, Decision, normalize_column, normalize_columns
from mrterms.columns.values import distinct_values
from mrterms.errors import ConfigError

KINDS = {
    "valves": ("valve_lesion", "MR 2+|AI|TI|AS|TR trace|severe AS|MVP|none|PI|mod MR"),
    "diagnoses": ("dx", "HTN|DM|CAD|COPD|asthma|AFib|CHF|CVA|CKD|hyperlipidemia|obesity|GERD|OA|depression|TIA"),
    "scanners": ("modality", "CT|US|XR|NM|PET|CT head|ultrasound"),
    "letters": ("state", "OH|TX|CA|NY|IL|WI|IN|FL|PA|MN|GA|NC"),
    "alone": ("", ""),
    "codes": ("", ""),
}
with open(Path(__file__).with_name("cells.tsv"), encoding="utf-8", newline="") as lines:
    CASES = list(csv.DictReader((line for line in lines if not line.startswith("#")), delimiter="\t", quoting=csv.QUOTE_NONE))


def read(column: str, cells: list[Any], nlp: Language, **options: Any) -> dict[str, CellValue]:
    result = normalize_columns(pd.DataFrame({column: cells}), [column], nlp=nlp, **options)
    return {value.value: value for value in result.values}


@pytest.fixture(scope="module")
def cells(nlp: Language) -> dict[tuple[str, str], CellValue]:
    """Every case, read in a column of its kind; what stands alone is read alone."""
    found = {}
    for kind, (name, others) in KINDS.items():
        own = [case["cell"] for case in CASES if case["others"] == kind]
        for cells in ([cell] for cell in own) if kind == "alone" else (own,):
            read_cells = read(name, [*filter(None, others.split("|")), *cells], nlp)
            found |= {(kind, cell): read_cells[cell] for cell in cells}
    return found


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['others']}: {case['cell']}")
def test_cells(case: dict[str, str], cells: dict[tuple[str, str], CellValue]) -> None:
    found = cells[case["others"], case["cell"]]
    concepts = [found.concept_id or ("open" if found.sense_status == "ambiguous" else "")]
    concepts += [str(one["concept_id"]) for one in found.all if one["concept_id"] not in (None, found.concept_id)]
    assert (concepts[0], set(concepts)) == (case["concepts"].split("|")[0], set(case["concepts"].split("|")))
    assert (found.assertion or "", found.severity or "") == (case["status"], case["severity"])
    assert found.reason
    assert found.problems == ()


def test_code_and_text_that_contradict_each_other_are_left_open(nlp: Language) -> None:
    found = read("dx", ["I21.9 mitral regurgitation", "I34.0 - heart attack", "I34.0 MR; I21.9 infarct"], nlp)
    first = found["I21.9 mitral regurgitation"]
    assert (first.concept_id, first.sense_status) == (None, "ambiguous")
    assert first.problems == ("code I21.9 means myocardial_infarction, the text mitral_regurgitation",)
    assert {one["concept_id"] for one in first.candidates} == {"myocardial_infarction", "mitral_regurgitation"}
    assert found["I34.0 - heart attack"].problems
    assert not found["I34.0 MR; I21.9 infarct"].problems


def test_letters_that_no_encoding_takes_stop_nothing(nlp: Language) -> None:
    cells = pd.Series(["\ud800 severe", "MR", "AS mild", "x\x00y"], dtype=object, name="valve")
    assert normalize_column(cells, nlp=nlp)["mrterms_concept_id"].tolist()[2] == "aortic_stenosis"


def test_a_column_named_by_a_number_is_explained() -> None:
    with pytest.raises(ConfigError, match="named by no text"):
        pd.DataFrame({7: ["AS"]}).mrterms.normalize(7)


def test_a_choice_by_frequency_alone_says_so(nlp: Language) -> None:
    bare = read("", ["MI", "NSTEMI"], nlp)["MI"]
    assert (bare.concept_id, bare.by_frequency) == ("myocardial_infarction", True)
    assert "since nothing else tells" in bare.reason
    assert not read("valve_lesion", [*KINDS["valves"][1].split("|"), "MI"], nlp)["MI"].by_frequency
    assert not read("", ["MI 2011"], nlp)["MI 2011"].by_frequency


def test_companion_columns_split_a_value(nlp: Language) -> None:
    frame = pd.DataFrame(
        {
            "dx": ["MI", "MI", None, "MI", "HTN", "MI"],
            "clinic": ["valve clinic, flail leaflet", "cath lab, troponin up", "x", "valve clinic, flail leaflet", "y", None],
        }
    )
    result = normalize_columns(frame, ["dx"], context_columns=["clinic"], nlp=nlp)
    assert result.frame["mrterms_concept_id"].tolist() == [
        "mitral_regurgitation",
        "myocardial_infarction",
        None,
        "mitral_regurgitation",
        None,
        "myocardial_infarction",
    ]
    assert [(one.value, one.concept_id, one.count) for one in result.values] == [
        ("MI", "mitral_regurgitation", 2),
        ("MI", "myocardial_infarction", 2),
        ("HTN", None, 1),
    ]
    assert "the row's other cells" in result.values[0].reason


def test_a_columns_name_sets_the_status(nlp: Language) -> None:
    for name, cell, status in (
        ("fhx", "heart attack", "family"),
        ("past_medical_history", "heart attack", "historical"),
        ("planned_procedure", "TAVI", "hypothetical"),
        ("dx", "heart attack", "present"),
        ("complications", "heart attack", "present"),
        ("fhx", "no heart attack", "absent"),
    ):
        assert read(name, [cell], nlp)[cell].assertion == status


def test_the_columns_of_the_interface(nlp: Language) -> None:
    frame = pd.DataFrame({"dx": ["2+ MR, no AS", "x"]}, index=["a", "b"])
    cleaned = normalize_columns(frame, ["dx"], codes=["icd10cm", "HPO"], nlp=nlp).frame
    assert list(cleaned.columns) == ["dx"] + [
        f"mrterms_{name}"
        for name in "concept_id preferred_name score match sense_status assertion severity code_ICD10CM code_HPO candidates all".split()
    ]
    row = cleaned.loc["a"]
    assert (row["mrterms_concept_id"], row["mrterms_severity"], row["mrterms_code_ICD10CM"]) == (
        "mitral_regurgitation",
        "moderate",
        "I34.0",
    )
    assert [(one["concept_id"], one["assertion"]) for one in json.loads(row["mrterms_all"])] == [
        ("mitral_regurgitation", "present"),
        ("aortic_stenosis", "absent"),
    ]
    assert cleaned.loc["b", "mrterms_all"] == "[]"
    assert cleaned["mrterms_score"].dtype == "float64"


def test_several_columns_at_once(nlp: Language) -> None:
    frame = pd.DataFrame({"dx": ["heart attack"], "fhx": ["heart attack"]})
    cleaned = normalize_columns(frame, ["dx", "fhx"], nlp=nlp).frame
    assert (cleaned["dx_mrterms_assertion"][0], cleaned["fhx_mrterms_assertion"][0]) == ("present", "family")


def test_decisions_win_and_are_named(nlp: Language) -> None:
    decisions = {
        ("dx", "MR"): Decision("dx", "MR", "mitral_regurgitation"),
        ("dx", "heart attack"): Decision("dx", "heart attack", None),
        ("dx", "not in the table"): Decision("dx", "not in the table", "aortic_stenosis"),
    }
    found = read("dx", ["MR", "heart attack", "mild AS"], nlp, decisions=decisions, decided_by="review.tsv")
    assert [(one.concept_id, one.match, one.decided_by) for one in found.values()] == [
        ("mitral_regurgitation", "decision", "review.tsv"),
        (None, "decision", "review.tsv"),
        ("aortic_stenosis", "abbreviation", None),
    ]
    with pytest.raises(ConfigError, match="which no lexicon has"):
        read("dx", ["MR"], nlp, decisions={("dx", "MR"): Decision("dx", "MR", "mitral_regurge")})


def test_what_cannot_be_is_told(nlp: Language) -> None:
    frame = pd.DataFrame([["a", "b", "c"]], columns=["dx", "dx", "mrterms_score"])
    for columns, options, told in (
        (["ds"], {}, "no column 'ds'"),
        (["dx"], {}, "stands 2 times"),
        (["mrterms_score"], {}, "has a column 'mrterms_score' already"),
        ([], {}, "no column to clean"),
        (["mrterms_score"], {"codes": ["ICD11CM"]}, "unknown code system"),
    ):
        with pytest.raises(ConfigError, match=told):
            normalize_columns(frame, columns, nlp=nlp, **options)
    with pytest.raises(TypeError):
        normalize_column(["MR"])  # type: ignore[arg-type]


def test_the_pipeline_is_given_back_as_it_was(nlp: Language) -> None:
    normalize_column(pd.Series(["CT", "MR", "US"], name="modality"), nlp=nlp)
    assert not nlp("He had an MR of the brain and a CT.").spans["mrterms"]


@pytest.mark.parametrize("order", ["import mrterms; import pandas", "import pandas; import mrterms", "import mrterms, pandas.api"])
def test_the_accessor_is_there_in_any_order_of_imports(order: str) -> None:
    code = f"{order}; import pandas, sys; print(pandas.DataFrame.mrterms.__name__, 'spacy' in sys.modules, pandas.__spec__.loader)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told.startswith("MrtermsAccessor False <_frozen_importlib_external.SourceFileLoader")


def test_the_accessor() -> None:
    cleaned = pd.DataFrame({"dx": ["mod mitral insuff."]}, index=[7]).mrterms.normalize("dx")
    assert cleaned.loc[7, "mrterms_concept_id"] == "mitral_regurgitation"
    assert mrterms.normalize_column is normalize_column


CELLS = st.one_of(
    st.none(),
    st.sampled_from(["MR 2+", "MI", "I34.0", "", "NA", "old MI; AS"]),
    st.text(max_size=12),
    st.integers(-9, 10**9),
    st.floats(),
    st.booleans(),
    st.dates(),
    st.just(pd.NaT),
    st.just(("a", "list")),
)


@settings(max_examples=25)
@given(cells=st.lists(CELLS, max_size=12), data=st.data())
def test_rows_order_index_and_columns_stay(cells: list[Any], data: st.DataObject, nlp: Language) -> None:
    index = data.draw(st.lists(st.integers(0, 3), min_size=len(cells), max_size=len(cells)))
    frame = pd.DataFrame({"x": range(len(cells)), "dx": pd.Series(cells, dtype=object).to_numpy()}, index=index)
    before = frame.copy()
    cleaned = normalize_columns(frame, ["dx"], nlp=nlp).frame
    pd.testing.assert_frame_equal(frame, before)
    pd.testing.assert_frame_equal(cleaned[["x", "dx"]], before)
    missing = before["dx"].isna().to_numpy()
    assert (cleaned["mrterms_all"].isna().to_numpy() == missing).all()
    assert cleaned["mrterms_concept_id"].isna().to_numpy()[missing].all()


@pytest.mark.parametrize(
    "series",
    [
        pd.Series(["MR 2+", None, "MR 2+", "x"], dtype="category"),
        pd.Series(["MR 2+", None, "MR 2+", "x"], dtype="string"),
        pd.Series(["MR 2+", None, "MR 2+", "x"], dtype="string[pyarrow]"),
        pd.Series(["MR 2+", np.nan, "MR 2+", 7], dtype=object),
    ],
    ids=["category", "string", "arrow", "object"],
)
def test_text_of_any_dtype(series: pd.Series[Any], nlp: Language) -> None:
    found = normalize_column(series, nlp=nlp)["mrterms_concept_id"]
    assert found.tolist() == ["mitral_regurgitation", None, "mitral_regurgitation", None]


@pytest.mark.parametrize(
    ("series", "texts"),
    [
        (pd.Series([1, 2, 1]), ("1", "2")),
        (pd.Series([424.0, np.nan, 410.9]), ("424.0", "410.9")),
        (pd.Series([48724000.0, np.nan]), ("48724000",)),
        (pd.Series([1, None], dtype="Int64"), ("1",)),
        (pd.Series([True, False]), ("True", "False")),
        (pd.to_datetime(pd.Series(["2020-01-02", None])), ("2020-01-02 00:00:00",)),
        (pd.Series([1, True, 1.0, "1"], dtype=object), ("1", "True", "1.0")),
        (pd.Series([dt.date(2020, 1, 2), b"MR"], dtype=object), ("2020-01-02", "MR")),
        (pd.Series(["b", "a", None, "b"], dtype=pd.CategoricalDtype(["a", "b", "unused"])), ("b", "a")),
    ],
    ids="integers floats codes nullable booleans dates mixed bytes categories".split(),
)
def test_text_forms(series: pd.Series[Any], texts: tuple[str, ...]) -> None:
    found = distinct_values(series)
    assert found.texts == texts
    assert [place < 0 for place in found.rows.tolist()] == series.isna().tolist()
    assert sum(found.counts.values()) == series.notna().sum()


@settings(max_examples=10)
@given(cells=st.lists(st.sampled_from(["MI", "MI ", "AI", "TR mild", "HTN", None]), min_size=1, max_size=9), seed=st.integers(0, 99))
def test_the_order_of_rows_changes_no_answer(cells: list[str | None], seed: int, nlp: Language) -> None:
    series = pd.Series(cells, dtype=object, name="dx")
    shuffled = series.sample(frac=1.0, random_state=seed)
    one, other = normalize_column(series, nlp=nlp), normalize_column(shuffled, nlp=nlp)
    pd.testing.assert_frame_equal(one, other.sort_index())


def test_what_a_component_of_the_user_finds_is_not_passed_over() -> None:
    nlp = mrterms.load()

    @Language.component("murmurs")
    def murmurs(doc: Doc) -> Doc:
        if "murmur" in doc.text and not doc.user_data["mrterms"]:
            doc.user_data["mrterms"] = list(mrterms.annotate("mitral regurgitation").annotations)
        return doc

    nlp.add_pipe("murmurs")
    assert read("dx", ["murmur", "gout"], nlp)["murmur"].concept_id == "mitral_regurgitation"


def test_control_characters_part_words(nlp: Language) -> None:
    assert read("lesion", ["MR\x00 2+", "AS"], nlp)["MR\x00 2+"].severity == "moderate"


def test_one_name_may_be_given_for_a_list(nlp: Language) -> None:
    frame = pd.DataFrame({"dx": ["severe MR"], "ward": ["valve"]})
    cleaned = normalize_columns(frame, "dx", context_columns="ward", codes="HPO", nlp=nlp).frame
    assert cleaned["mrterms_code_HPO"].tolist() == ["HP:0001653"]


def test_names_of_several_levels_are_explained(nlp: Language) -> None:
    frame = pd.DataFrame([["MR"]], columns=pd.MultiIndex.from_tuples([("a", "dx")]))
    with pytest.raises(ConfigError, match="join the levels"):
        normalize_columns(frame, ["dx"], nlp=nlp)
