"""Loading, a user's own terms, and merging."""

from __future__ import annotations

from pathlib import Path

import pytest

from mrterms.errors import LexiconError
from mrterms.lexicon import load_lexicon, merge, read_user_terms
from mrterms.lexicon.tables import read_table

DATA = Path(__file__).parent / "data"
BROKEN = [(row["table"], row["line"], row["says"]) for row in read_table(DATA / "broken_user_tables.tsv", ("table", "line", "says"))]


def table(folder: Path, text: str, name: str = "mine.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(LexiconError, match="valve"):
        load_lexicon("valves")


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(LexiconError, match=r"none\.tsv"):
        load_lexicon(tmp_path / "none.tsv")


def test_folder_without_manifest(tmp_path: Path) -> None:
    with pytest.raises(LexiconError, match=r"lexicon\.toml"):
        load_lexicon(tmp_path)


def test_bad_cell_names_file_and_line(tmp_path: Path) -> None:
    table(tmp_path, 'name = "x"\nversion = "1"\nformat = 1\n', "lexicon.toml")
    table(tmp_path, "concept_id\tpreferred_name\tsemantic_type\na\tA\tdisorder\n", "concepts.tsv")
    table(tmp_path, "term\tconcept_id\tkind\n# remark\nalpha\ta\tpet name\n", "terms.tsv")
    with pytest.raises(LexiconError, match=r"terms\.tsv:3: unknown kind 'pet name' \(one of preferred"):
        load_lexicon(tmp_path)


def test_user_terms(tmp_path: Path) -> None:
    lexicon = load_lexicon(
        table(
            tmp_path,
            "concept_id,term,preferred_name,semantic_type,status,LOCAL\n"
            'X:1,"takotsubo, apical",Takotsubo,disorder,,17\nX:1,TTS,,,,\nX:1,broken heart,,,lay,\n',
        )
    )
    assert lexicon.name == "mine"
    assert lexicon.concepts["X:1"].preferred_name == "Takotsubo"
    assert dict(lexicon.concepts["X:1"].codes) == {"LOCAL": "17"}
    assert [(term.text, term.kind, term.case) for term in lexicon.terms] == [
        ("takotsubo, apical", "synonym", "any"),
        ("TTS", "abbreviation", "upper"),
        ("broken heart", "lay", "any"),
    ]


@pytest.mark.parametrize("text", ["concept_id\tterm\nX:1\tone\n", "concept_id;term\r\nX:1;one\r\n", "\ufeffconcept_id,term\nX:1,one\n\n"])
def test_separators_line_ends_and_byte_order_mark(tmp_path: Path, text: str) -> None:
    (term,) = read_user_terms(table(tmp_path, text)).terms
    assert (term.concept_id, term.text) == ("X:1", "one")


@pytest.mark.parametrize(("text", "line", "says"), BROKEN, ids=[f"{number} {says}" for number, (_, _, says) in enumerate(BROKEN, 1)])
def test_broken_user_table(tmp_path: Path, text: str, line: str, says: str) -> None:
    with pytest.raises(LexiconError) as caught:
        read_user_terms(table(tmp_path, text.replace(" // ", "\n") + "\n"))
    assert says in str(caught.value)
    assert caught.value.line == int(line)
    assert str(caught.value.file).endswith("mine.csv")


def test_user_table_that_is_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_bytes("concept_id,term\nX:1,Löffler\n".encode("latin-1"))
    with pytest.raises(LexiconError, match="not UTF-8"):
        read_user_terms(path)


def test_merge_adds_terms_and_codes_and_keeps_names(tmp_path: Path) -> None:
    built_in = load_lexicon()
    mine = read_user_terms(
        table(tmp_path, "concept_id,term,ICD10CM,LOCAL\nmitral_regurgitation,blowback of the mitral,I05.1,M7\nX:1,MR,,\n")
    )
    both = merge(built_in, mine)
    concept = both.concepts["mitral_regurgitation"]
    assert concept.preferred_name == "Mitral regurgitation"
    assert (concept.codes["ICD10CM"], concept.codes["LOCAL"], concept.codes["SNOMEDCT"]) == ("I05.1", "M7", "48724000")
    assert {term.concept_id for term in both.terms if term.text == "MR"} == {"mitral_regurgitation", "X:1"}
    assert len(both.terms) == len(built_in.terms) + 2
    assert (both.name, both.folder) == (built_in.name, built_in.folder)
    assert "LOCAL" not in built_in.concepts["mitral_regurgitation"].codes


def test_merge_of_one_changes_nothing() -> None:
    lexicon = load_lexicon()
    assert merge(lexicon) == lexicon


def test_merge_of_none() -> None:
    with pytest.raises(ValueError, match="at least one"):
        merge()
