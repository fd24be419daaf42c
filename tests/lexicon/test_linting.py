"""Lint finds each kind of broken row, names its line, and finds nothing in what is shipped."""

from __future__ import annotations

from pathlib import Path

import pytest

from mrterms.lexicon import Finding, lint
from mrterms.lexicon.codes import malformed, systems_of
from mrterms.lexicon.resources import shipped_lexicons
from mrterms.lexicon.tables import read_table

DATA = Path(__file__).parent / "data"

CODES = "SNOMEDCT\tICD10CM\tICD11\tMESH\tHPO\tMONDO\tDOID\tUMLS"
SOUND = {
    "lexicon.toml": 'name = "small"\nversion = "1"\nformat = 1\n',
    "concepts.tsv": f"""concept_id\tpreferred_name\tsemantic_type\tparents\treport_as\tother_sense\t{CODES}
mitral_regurgitation\tMitral regurgitation\tdisorder\t\t\t\t48724000\tI34.0\tBB61\tD008944\tHP:0001653\tMONDO:1030008\tDOID:11502\tC0026266
functional_mitral_regurgitation\tFunctional\tdisorder\tmitral_regurgitation\tmitral_regurgitation\t\t\tI34.0
aortic_stenosis\tAortic stenosis\tdisorder
magnetic_resonance\tMagnetic resonance\tprocedure\t\t\tyes
word\tA word\tother\t\t\tyes
""",
    "terms.tsv": """term\tconcept_id\tkind\tcase
mitral regurgitation\tmitral_regurgitation\tpreferred\tany
MR\tmitral_regurgitation\tabbreviation\tupper
aortic stenosis\taortic_stenosis\tpreferred\tany
""",
    "senses.tsv": """short_form\tconcept_id\tgeneral\tcardiology\tliterature\tpatient
MR\tmitral_regurgitation\t0.3\t0.3\t0.3\t0.3
MR\tmagnetic_resonance\t0.3\t0.3\t0.3\t0.3
""",
    "sites.tsv": "form\tsite\tstrength\nmitral\tmitral\tfull\n",
    "lesions.tsv": "form\tlesion\tpart\nregurgitation\tregurgitation\tnoun\n",
    "site_lesions.tsv": "site\tlesion\tconcept_id\nmitral\tregurgitation\tmitral_regurgitation\n",
    "spelling.tsv": "form\tnormal\tkind\nhaemo\themo\tbritish\n",
}
BROKEN = [(row["table"], row["row"], row["says"]) for row in read_table(DATA / "broken_rows.tsv", ("table", "row", "says"))]


def write(folder: Path, **changed: str) -> Path:
    """A sound small lexicon; ``changed`` replaces tables (``terms_tsv="..."``)."""
    for name, text in SOUND.items():
        (folder / name).write_text(changed.get(name.replace(".", "_"), text), encoding="utf-8")
    return folder


@pytest.mark.parametrize("name", shipped_lexicons())
def test_shipped_lexicons_are_clean(name: str) -> None:
    assert lint(name) == []


def test_sound_lexicon_has_no_findings(tmp_path: Path) -> None:
    assert lint(write(tmp_path)) == []


@pytest.mark.parametrize(("table", "row", "says"), BROKEN, ids=[f"{number} {says}" for number, (_, _, says) in enumerate(BROKEN, 1)])
def test_broken_row(tmp_path: Path, table: str, row: str, says: str) -> None:
    text = SOUND[table] + row.replace("|", "\t") + "\n"
    findings = lint(write(tmp_path, **{table.replace(".", "_"): text}))
    line = len(text.splitlines())
    assert [one for one in findings if one.line == line and Path(one.file).name == table and says in one.message], findings


def test_cycle_of_parents(tmp_path: Path) -> None:
    rows = "concept_id\tpreferred_name\tsemantic_type\tparents\na\tA\tdisorder\tb\nb\tB\tdisorder\tc\nc\tC\tdisorder\ta\n"
    found = lint(
        write(tmp_path, concepts_tsv=rows, terms_tsv="term\tconcept_id\tkind\n" + "x\ta\tsynonym\n", senses_tsv=SOUND["senses.tsv"])
    )
    assert {one.line for one in found if "its own ancestor" in one.message} == {2, 3, 4}


def test_reported_wider_concept_is_no_cycle(tmp_path: Path) -> None:
    """Endocarditis is the parent of infective endocarditis and yet reported as it."""
    rows = SOUND["concepts.tsv"] + "wide\tWide\tdisorder\t\tnarrow\nnarrow\tNarrow\tdisorder\twide\n"
    assert lint(write(tmp_path, concepts_tsv=rows)) == []


def test_same_code_below_a_common_holder_is_sound(tmp_path: Path) -> None:
    rows = SOUND["concepts.tsv"] + "second\tSecond\tdisorder\tmitral_regurgitation\tmitral_regurgitation\t\t\tI34.0\n"
    assert lint(write(tmp_path, concepts_tsv=rows)) == []


@pytest.mark.parametrize(
    ("name", "text", "line", "says"),
    [
        ("lexicon_toml", 'name = "x"\nversion = "1"\nformat = 9\n', 1, "format is 9"),
        ("lexicon_toml", 'version = "1"\nformat = 1\n', 1, "no 'name'"),
        ("terms_tsv", "term\tkind\nx\tsynonym\n", 1, "missing column concept_id"),
        ("terms_tsv", "term\tconcept_id\tkind\tcolour\n", 1, "unknown column colour"),
        ("terms_tsv", "term\tconcept_id\tkind\nx\tword\tsynonym\tany\n", 2, "4 cells under 3 columns"),
        ("senses_tsv", "short_form\tconcept_id\n", 1, "missing column general"),
    ],
)
def test_tables_that_cannot_be_read(tmp_path: Path, name: str, text: str, line: int, says: str) -> None:
    findings = lint(write(tmp_path, **{name: text}))
    assert [one for one in findings if one.line == line and says in one.message], findings


def test_finding_reads_as_place_and_message() -> None:
    assert str(Finding("terms.tsv", 3, "error", "what")) == "terms.tsv:3: error: what"


@pytest.mark.parametrize(
    ("code", "systems"),
    [
        ("48724000", ["SNOMEDCT"]),
        ("48724009", []),
        ("I34.0", ["ICD10CM"]),
        ("T82.03X", ["ICD10CM"]),
        ("BA41.Z", ["ICD11"]),
        ("1F40", ["ICD11"]),
        ("D008944", ["MESH"]),
        ("C0026266", ["UMLS"]),
        ("HP:0001653", ["HPO"]),
        ("DOID:57", ["DOID"]),
    ],
)
def test_systems_of_a_code(code: str, systems: list[str]) -> None:
    assert systems_of(code) == systems
    assert all(malformed(system, code) is None for system in systems)


def test_unknown_system_takes_any_code() -> None:
    assert malformed("LOCAL", "whatever") is None
