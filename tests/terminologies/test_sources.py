"""Each format of a terminology: what is read, what filters keep, what a malformed file says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mrterms.errors import LexiconError
from mrterms.lexicon.tables import read_table
from mrterms.records import Concept
from mrterms.terminologies.sources import Filters, Name, read_source

HERE = Path(__file__).parent
DATA = HERE / "data"
CASES = read_table(HERE / "sources.tsv", ("source", "filters", "names"))


def read(source: str | Path, **filters: list[str]) -> tuple[list[Concept], list[Name]]:
    items = list(read_source(source, Filters(**{key: frozenset(values) for key, values in filters.items()})))
    return [one for one in items if isinstance(one, Concept)], [one for one in items if isinstance(one, Name)]


@pytest.mark.parametrize("row", CASES, ids=lambda row: f"{row['source']}-{row.line}")
def test_names_and_scopes(row: dict[str, str]) -> None:
    _, names = read(DATA / row["source"], **json.loads(row["filters"] or "{}"))
    assert [f"{one.concept_id}={one.text}/{one.scope}" for one in names] == row["names"].split("|")


@pytest.mark.parametrize(
    ("source", "concept"),
    [
        ("small.obo", ("XX:0000003", "Short finger", "small", ("XX:0000002",), {"UMLS": "C0000003"})),
        ("small.json", ("XX:0000003", "Short finger", "small", ("XX:0000002",), {"UMLS": "C0000003"})),
        (
            "umls",
            ("UMLS:C0000011", "Glass ankle", "Disease or Syndrome", (), {"UMLS": "C0000011", "MESH": "D000011", "SNOMEDCT": "100011"}),
        ),
        ("snomed", ("SNOMEDCT:101", "Glass ankle", "disorder", (), {"SNOMEDCT": "101"})),
        ("omop", ("OMOP:1", "Glass ankle", "condition", (), {"OMOP": "1", "SNOMED": "101"})),
        ("small.ttl", ("ex:t2", "Glass ankle", "concept", ("ex:t1",), {"notation": "G1"})),
        ("terms.csv", ("L:2", "Glass ankle, left", "disorder", ("L:1",), {"LOCAL": "B"})),
    ],
)
def test_facts_of_a_concept(source: str, concept: tuple[object, ...]) -> None:
    concepts, _ = read(DATA / source)
    found = {one.concept_id: one for one in concepts}[str(concept[0])]
    assert (found.concept_id, found.preferred_name, found.semantic_type, found.parents, dict(found.codes)) == concept


def test_abbreviations_keep_their_mark() -> None:
    for source in ("small.obo", "small.json"):
        assert [one.text for one in read(DATA / source)[1] if one.short] == ["SF1"]


def test_icd10cm_comes_from_its_package() -> None:
    concepts, names = read("icd10cm", branches=["I34"])
    assert "ICD10CM:I34.0" in {one.concept_id for one in concepts}
    assert all(one.concept_id.startswith("ICD10CM:I34") for one in concepts)
    assert "Nonrheumatic mitral (valve) insufficiency" in {one.text for one in names}


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("bad.obo", "[Term\nid: X:1\n", "bad.obo.*not OBO"),
        ("bad.json", '{"graphs": 1}', "bad.json: not OBO Graph JSON"),
        ("bad.ttl", "ex:a a ;", "bad.ttl: not SKOS"),
        ("MRCONSO.RRF", "C1|ENG|x\n", "MRCONSO.RRF:1: 3 cells instead of 18"),
        ("terms.tsv", "concept_id\tterm\nL:1\t\n", "terms.tsv:2: empty concept_id or term"),
        ("terms.tsv", "concept\tterm\nL:1\tx\n", "terms.tsv:1: missing column concept_id"),
        ("terms.tsv", "concept_id\tterm\tstatus\nL:1\tx\tgood\n", "terms.tsv:2: unknown status 'good'"),
        ("terms.txt", "x", "unknown kind of file"),
        ("CONCEPT.csv", "concept_id\tconcept_name\n1\n", "CONCEPT.csv:2: 1 cells under 2 columns"),
    ],
)
def test_a_malformed_file_is_named(tmp_path: Path, file: str, text: str, said: str) -> None:
    (tmp_path / file).write_text(text, encoding="utf-8")
    with pytest.raises(LexiconError, match=said):
        read(tmp_path if file == "CONCEPT.csv" else tmp_path / file)


def test_a_branch_that_is_not_there_is_named() -> None:
    for source in ("small.obo", "small.json", "small.ttl", "snomed"):
        with pytest.raises(LexiconError, match="no such branch"):
            read(DATA / source, branches=["XX:9"])
    with pytest.raises(LexiconError, match="no branches"):
        read(DATA / "umls", branches=["C1"])
    with pytest.raises(LexiconError, match="no such branch"):
        read("icd10cm", branches=["XYZ"])


def test_unknown_scopes_and_sources_are_named(tmp_path: Path) -> None:
    with pytest.raises(LexiconError, match="unknown scope wide"):
        read(DATA / "small.obo", scopes=["wide"])
    with pytest.raises(LexiconError, match="no terminology in this folder"):
        read(tmp_path)
    with pytest.raises(LexiconError, match="no such file"):
        read(tmp_path / "none.obo")
