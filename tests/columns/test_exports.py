"""Mapping sets for Usagi, OMOP and SSSOM, read back by the rules of those who read them."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mrterms.columns import CellValue
from mrterms.columns.exports import OmopConcept, mappings_of, read_concept_map, write_source_to_concept_map, write_sssom, write_usagi
from mrterms.errors import LexiconError
from mrterms.lexicon import Lexicon

Make = Callable[..., CellValue]
MR = OmopConcept(concept_id=315273, vocabulary_id="SNOMED", name="Mitral valve regurgitation", domain="Condition")
AS = OmopConcept(concept_id=999, vocabulary_id="SNOMED", name="Aortic valve stenosis", domain="Condition")
CONCEPT_MAP = {"mitral_regurgitation": MR, "aortic_stenosis": AS}

EMPTY = Lexicon(name="empty")
TEXT = st.text().filter(str.strip)
# OMOP_CDMv5.4_Field_Level.csv of OHDSI/CommonDataModel: name, required, length of a varchar.
STCM_FIELDS = [
    ("source_code", True, 50),
    ("source_concept_id", True, None),
    ("source_vocabulary_id", True, 20),
    ("source_code_description", False, 255),
    ("target_concept_id", True, None),
    ("target_vocabulary_id", True, 20),
    ("valid_start_date", True, None),
    ("valid_end_date", True, None),
    ("invalid_reason", False, 1),
]
# WriteCodeMappingsToFile and SourceCode of OHDSI/Usagi.
USAGI_HEAD = ["sourceCode", "sourceName", "sourceFrequency", "sourceAutoAssignedConceptIds"]
USAGI_TAIL = (
    "matchScore mappingStatus equivalence statusSetBy statusSetOn conceptId conceptName domainId mappingType comment "
    "createdBy createdOn assignedReviewer"
).split()
# The pattern of the slot mapping_justification in sssom_schema.yaml 1.1.
JUSTIFICATION = re.compile(
    "semapv:(MappingReview|ManualMappingCuration|LogicalReasoning|LexicalMatching|CompositeMatching|UnspecifiedMatching|"
    "SemanticSimilarityThresholdMatching|LexicalSimilarityThresholdMatching|MappingChaining|MappingInversion|StructuralMatching|"
    "InstanceBasedMatching|BackgroundKnowledgeBasedMatching)"
)


@pytest.fixture
def values(make: Make) -> list[CellValue]:
    runners = ({"concept_id": "mitral_regurgitation", "score": 0.5}, {"concept_id": "myocardial_infarction", "score": 0.4})
    also = [
        {"concept_id": "aortic_stenosis", "assertion": "present", "score": 0.9},
        {"concept_id": "mitral_regurgitation", "assertion": "absent", "score": 1.0},
    ]
    return [
        make("mitral regurg", "mitral_regurgitation", count=10, match="fuzzy", score=0.9),
        make("severe MR", "mitral_regurgitation", count=3, severity="severe", sense_status="resolved", score=0.98),
        make("no AS", "aortic_stenosis", assertion="absent"),
        make("AS without MR", "aortic_stenosis", all=tuple(also)),
        make("aortic valve dis", "aortic_valve_disease"),
        make("MI", count=4, sense_status="ambiguous", candidates=runners),
        make("gout", count=7),
        make("old note", decided_by="review.tsv", match="decision"),
        make("M I", "mitral_regurgitation", decided_by="review.tsv", match="decision"),
        make("I34.0", "mitral_regurgitation", match="code"),
    ]


def written(write: Callable[..., None], values: list[CellValue], **options: object) -> str:
    out = io.StringIO()
    concept_map = {} if "lexicon" in options else {"concept_map": CONCEPT_MAP}
    write(out, mappings_of(values), **concept_map, **options)
    return out.getvalue()


# --- OMOP ------------------------------------------------------------------------------------------------------------------


def stcm(values: list[CellValue]) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(written(write_source_to_concept_map, values), newline="")))


def test_source_to_concept_map_maps_what_is_plainly_said(values: list[CellValue]) -> None:
    found = [(row["source_code"], row["target_concept_id"], row["target_vocabulary_id"]) for row in stcm(values)]
    assert found == [
        ("mitral regurg", "315273", "SNOMED"),
        ("severe MR", "315273", "SNOMED"),
        ("no AS", "0", "None"),
        ("AS without MR", "999", "SNOMED"),
        ("aortic valve dis", "0", "None"),
        ("MI", "0", "None"),
        ("gout", "0", "None"),
        ("old note", "0", "None"),
        ("M I", "315273", "SNOMED"),
        ("I34.0", "315273", "SNOMED"),
    ]


@settings(max_examples=50)
@given(
    texts=st.lists(st.one_of(TEXT, st.text('aé,"\n', min_size=40, max_size=400).filter(str.strip)), max_size=12, unique=True),
    column=st.text(),
)
def test_source_to_concept_map_keeps_the_fields_of_cdm_5_4(texts: list[str], column: str, make: Make) -> None:
    rows = stcm([make(text, "mitral_regurgitation", column=name) for name in (column, f"{column}-2") for text in texts])
    for row in rows:
        assert list(row) == [name for name, _, _ in STCM_FIELDS]
        for name, required, length in STCM_FIELDS:
            assert length is None or len(row[name]) <= length
            assert not required or row[name] or name == "source_code"
    # The ETL joins on code and vocabulary: neither shortening nor the columns may let two values fall together.
    assert len({(row["source_code"], row["source_vocabulary_id"]) for row in rows}) == 2 * len(texts)
    assert {row["source_code"] for row in rows if len(row["source_code"]) < 50} == {text for text in texts if len(text) < 50}


def test_concept_map(tmp_path: Path, valve: Lexicon) -> None:
    path = tmp_path / "map.tsv"
    head = "concept_id\tomop_concept_id\tvocabulary_id\tconcept_name\tdomain_id\n"
    path.write_text(f"# from Athena\n{head}mitral_regurgitation\t315273\tSNOMED\tMitral valve regurgitation\tCondition\n", encoding="utf-8")
    assert read_concept_map(path, lexicon=valve) == {"mitral_regurgitation": MR}
    for row, told in (
        ("mitral_regurgitaton\t1\tSNOMED", r"map\.tsv:2: unknown concept_id .*\(nearest: mitral_regurgitation"),
        ("mitral_regurgitation\t0\tSNOMED", r"map\.tsv:2: omop_concept_id is '0' \(write a positive whole number"),
        ("mitral_regurgitation\t1\t\t", r"map\.tsv:2: vocabulary_id is ''"),
        ("mitral_stenosis\t1\tSNOMED\nmitral_stenosis\t2\tSNOMED", r"map\.tsv:3: mitral_stenosis stands twice"),
    ):
        path.write_text(head + row + "\n", encoding="utf-8")
        with pytest.raises(LexiconError, match=told):
            read_concept_map(path, lexicon=valve)


# --- Usagi -----------------------------------------------------------------------------------------------------------------


def usagi_columns(line: str) -> list[str]:
    """A line as Usagi's ReadCSVFile reads it: StringUtilities.safeSplit, then quotes and backslashes."""
    cells, start, literal, escape = [], 0, False, False
    for place, letter in enumerate(line):
        if letter == '"' and not escape:
            literal = not literal
        if not literal and letter == "," and not escape:
            cells.append(line[start:place])
            start = place + 1
        escape = letter == "\\" and not escape
    cells.append(line[start:])
    unquoted = [cell[1:-1] if len(cell) > 1 and cell.startswith('"') and cell.endswith('"') else cell for cell in cells]
    return [cell.replace('""', '"').replace('\\"', '"').replace("\\\\", "\\") for cell in unquoted]


def usagi(values: list[CellValue]) -> list[dict[str, str]]:
    lines = written(write_usagi, values).removesuffix("\n").split("\n")
    header = usagi_columns(lines[0])
    return [dict(zip(header, usagi_columns(line), strict=True)) for line in lines[1:]]


def test_usagi_opens_what_it_would_have_saved(values: list[CellValue]) -> None:
    rows = usagi(values)
    names = list(rows[0])
    assert (names[:4], names[-13:]) == (USAGI_HEAD, USAGI_TAIL)
    assert all(name.startswith("ADD_INFO:") for name in names[4:-13])
    assert [(row["sourceName"], row["mappingStatus"], row["equivalence"], row["conceptId"]) for row in rows] == [
        ("mitral regurg", "UNCHECKED", "UNREVIEWED", "315273"),
        ("severe MR", "UNCHECKED", "UNREVIEWED", "315273"),
        ("no AS", "FLAGGED", "UNREVIEWED", "0"),
        ("AS without MR", "FLAGGED", "UNREVIEWED", "999"),
        ("aortic valve dis", "UNCHECKED", "UNREVIEWED", "0"),
        ("MI", "FLAGGED", "UNREVIEWED", "0"),
        ("gout", "UNCHECKED", "UNREVIEWED", "0"),
        ("old note", "APPROVED", "UNMATCHED", "0"),
        ("M I", "APPROVED", "EQUIVALENT", "315273"),
        ("I34.0", "UNCHECKED", "UNREVIEWED", "315273"),
    ]
    assert {row["sourceName"]: row["sourceFrequency"] for row in rows}["mitral regurg"] == "10"
    assert rows[3]["ADD_INFO:mrterms_concepts"] == "aortic_stenosis; mitral_regurgitation (absent)"
    for row in rows:
        assert (int(row["sourceFrequency"]), float(row["matchScore"]) <= 1, int(row["statusSetOn"]), int(row["createdOn"])) > (
            0,
            False,
            -1,
            -1,
        )
        assert row["mappingType"] == "MAPS_TO"


@settings(max_examples=60)
@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters='"\\')).filter(str.strip), min_size=1, max_size=8, unique=True
    )
)
def test_usagi_reads_any_value_as_it_was_but_for_line_breaks(make: Make, texts: list[str]) -> None:
    rows = usagi([make(text, "mitral_regurgitation") for text in texts])
    assert [row["sourceName"] for row in rows] == [re.sub(r"[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+", " ", text) for text in texts]


@pytest.mark.parametrize("text", ['"MR"', 'a "b", c', "a\\b", "\\", "\\,", '","', '"'])
def test_usagi_reads_quotes_and_backslashes(make: Make, text: str) -> None:
    [row] = usagi([make(text)])
    assert row["sourceName"] == text


# --- SSSOM -----------------------------------------------------------------------------------------------------------------


def sssom(text: str) -> tuple[dict[str, object], list[dict[str, str]]]:
    lines = text.split("\n")
    size = next(place for place, line in enumerate(lines) if not line.startswith("#"))
    head: dict[str, object] = {}
    prefixes: dict[str, str] = {}
    for line in lines[:size]:
        key, _, value = line[1:].partition(": ")
        if line.startswith("#  "):
            prefixes[key.strip()] = json.loads(value)
        elif value:
            head[key] = json.loads(value)
    rows = csv.DictReader(io.StringIO("\n".join(lines[size:]), newline=""), delimiter="\t")
    return head | {"curie_map": prefixes}, list(rows)


def test_sssom_rows(values: list[CellValue], valve: Lexicon) -> None:
    head, rows = sssom(written(write_sssom, values, lexicon=valve))
    lexical, fuzzy, manual = "semapv:LexicalMatching", "semapv:LexicalSimilarityThresholdMatching", "semapv:ManualMappingCuration"
    names = ("subject_label", "predicate_id", "object_id", "mapping_justification", "confidence")
    assert [tuple(row[name] for name in names) for row in rows] == [
        ("mitral regurg", "skos:exactMatch", "SCTID:48724000", fuzzy, "0.900"),
        ("severe MR", "skos:broadMatch", "SCTID:48724000", "semapv:CompositeMatching", "0.980"),
        ("no AS", "skos:relatedMatch", "SCTID:60573004", lexical, "1.000"),
        ("AS without MR", "skos:broadMatch", "SCTID:60573004", lexical, "1.000"),
        ("AS without MR", "skos:relatedMatch", "mrterms:mitral_regurgitation", lexical, "1.000"),
        ("aortic valve dis", "skos:exactMatch", "mrterms:aortic_valve_disease", lexical, "1.000"),
        ("gout", "skos:exactMatch", "sssom:NoTermFound", lexical, "0.950"),
        ("old note", "skos:exactMatch", "sssom:NoTermFound", manual, "1.000"),
        ("M I", "skos:exactMatch", "SCTID:48724000", manual, "1.000"),
        ("I34.0", "skos:exactMatch", "SCTID:48724000", "semapv:BackgroundKnowledgeBasedMatching", "1.000"),
    ]
    assert head["comment"] == "1 ambiguous values are left out"


def test_sssom_keeps_the_rules_of_its_schema(values: list[CellValue], valve: Lexicon) -> None:
    head, rows = sssom(written(write_sssom, values, lexicon=valve))
    assert re.match(r"[a-z]+:", str(head["mapping_set_id"]))
    assert str(head["license"]).startswith("https://")
    declared = set(head["curie_map"]) | {"sssom", "skos", "semapv"}  # type: ignore[call-overload]
    for row in rows:
        assert (row["subject_type"], bool(row["subject_label"])) == ("rdfs literal", True)
        assert JUSTIFICATION.fullmatch(row["mapping_justification"])
        assert 0.0 <= float(row["confidence"]) <= 1.0
        assert (row["object_id"] == "sssom:NoTermFound") == bool(row["object_source"])
        curies = [row[name] for name in ("object_id", "predicate_id", "subject_source", "object_source") if row[name]]
        assert {curie.partition(":")[0] for curie in curies} <= declared


def test_the_same_table_gives_the_same_mapping_set(values: list[CellValue], valve: Lexicon) -> None:
    first, again, fewer = (sssom(written(write_sssom, some, lexicon=valve)) for some in (values, values, values[1:]))
    assert first == again
    assert first[0]["mapping_set_id"] != fewer[0]["mapping_set_id"]
    named = sssom(written(write_sssom, values, lexicon=valve, mapping_set_id="https://example.org/dx", licence="https://example.org/cc0"))
    assert (named[0]["mapping_set_id"], named[0]["license"]) == ("https://example.org/dx", "https://example.org/cc0")


def test_a_finer_code_has_the_finer_name_and_a_terminology_its_own_id(make: Make, valve: Lexicon) -> None:
    finer = make("rheumatic MR", "mitral_regurgitation", codes={"ICD10CM": "I05.1"})
    imported = make("Tall stature", "mitral_regurgitation", preferred_name="Tall stature", all=()).__class__
    own = make("tall", concept_id=None)
    fields = {name: getattr(own, name) for name in imported.__slots__}
    hpo = imported(**fields | {"concept_id": "HP:0000098", "preferred_name": "Tall stature", "assertion": "present", "score": 1.0})
    _, rows = sssom(written(write_sssom, [finer, hpo], lexicon=valve))
    assert [(row["object_id"], row["object_label"]) for row in rows] == [
        ("ICD10CM:I05.1", "Rheumatic mitral regurgitation"),
        ("HP:0000098", "Tall stature"),
    ]


@settings(max_examples=40)
@given(texts=st.lists(TEXT, min_size=1, max_size=8, unique=True), column=st.text())
def test_any_value_survives_sssom(make: Make, texts: list[str], column: str) -> None:
    _, rows = sssom(written(write_sssom, [make(text, column=column) for text in texts], lexicon=EMPTY))
    assert [row["subject_label"] for row in rows] == texts


# --- what all share ----------------------------------------------------------------------------------------------------------


def test_a_value_that_other_columns_split_is_ambiguous(make: Make) -> None:
    [mapping] = mappings_of([make("MI", "mitral_regurgitation", count=4), make("MI", "myocardial_infarction", count=9)])
    assert (mapping.ambiguous, mapping.targets, mapping.count) == (True, (), 13)
    assert set(mapping.candidates) == {"mitral_regurgitation", "myocardial_infarction"}


def test_columns_keep_the_same_value_apart(make: Make) -> None:
    both = [make("MI", "mitral_regurgitation", column="echo"), make("MI", "myocardial_infarction", column="hx")]
    assert [row["sourceCode"] for row in usagi(both)] == ["echo:MI", "hx:MI"]
    assert [(row["source_vocabulary_id"], row["target_concept_id"]) for row in stcm(both)] == [("echo", "315273"), ("hx", "0")]


def test_a_blank_cell_is_no_value(make: Make) -> None:
    assert [mapping.value for mapping in mappings_of([make(""), make(" \n"), make("0")])] == ["0"]
