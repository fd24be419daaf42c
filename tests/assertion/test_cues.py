"""The automaton of the cue phrases, held to phrases that are written out and tried one by one."""

from __future__ import annotations

import pickle
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mrterms.assertion.cues import CueTable

PHRASES = (
    ([["no"]], "any"),
    ([["no"], ["signs", "evidence", ""], ["of"]], "any"),
    ([["no"], ["evidence of any"]], "any"),
    ([["<adverb>", ""], ["ruled out"]], "any"),
    ([["ruled out"], ["of"]], "procedure"),
    ([["clearly"], ["no", "possible"]], "any"),
    ([["possible"], ["fairly"], ["no"]], "any"),
    ([["possible"], ["<year>", "<n>", "in <year>"]], "any"),
    ([["of"], ["<n>"], ["<adverb>", ""], ["of"]], "any"),
)
"""The parts of each phrase, each with its choices, and the kind of mention of which it speaks."""
WORDS = "no signs evidence of any clearly fairly oddly ruled out possible in 2019 7 else".split()
OWN = {word for parts, _ in PHRASES for choices in parts for choice in choices for word in choice.split()}
FIRST = {word for parts, _ in PHRASES for choice in parts[0] for word in choice.split()[:1]}


def written(parts: list[list[str]]) -> str:
    """A phrase as the tables have it."""
    groups = [f"({'|'.join(filter(None, choices))}){'?' if '' in choices else ''}" for choices in parts]
    return " ".join(groups)


def fits(asked: str, word: str) -> bool:
    kind = "<adverb>" if word.endswith("ly") else "<year>" if len(word) == 4 and word.isdigit() else "<n>" if word.isdigit() else word
    return asked in (word, kind)


def longest(words: list[str], place: int, kind: str) -> int:
    """Where the longest phrase ends that begins at a place, or the place where none does."""
    end = place
    for parts, of in PHRASES:
        for chosen in product(*parts) if of in ("any", kind) else ():
            asked = [word for choice in chosen for word in choice.split()]
            there = words[place : place + len(asked)]
            if len(there) < len(asked) or not all(map(fits, asked, there)):
                continue
            if asked[0] == "<adverb>" and words[place] in OWN - FIRST:
                continue  # an adverb that stands inside a phrase as it is begins none in which any adverb may stand
            end = max(end, place + len(asked))
    return end


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> CueTable:
    folder = tmp_path_factory.mktemp("lexicon")
    (folder / "cues").mkdir()
    rows = [f"{written(parts)}\tabsent\tforward\tlist\t{'' if of == 'any' else of}" for parts, of in PHRASES]
    (folder / "cues" / "assertion.tsv").write_text("phrase\tcategory\tdirection\tscope\tkinds\n" + "\n".join(rows) + "\n", encoding="utf-8")
    (folder / "cues" / "grammar.tsv").write_text("phrase\trole\n", encoding="utf-8")
    (folder / "relatives.tsv").write_text("phrase\texperiencer\tkind\n", encoding="utf-8")
    return CueTable(folder)


@given(st.lists(st.sampled_from(WORDS), max_size=12), st.sampled_from(["lesion", "procedure"]))
def test_the_longest_phrase_is_found_at_each_place(table: CueTable, words: list[str], kind: str) -> None:
    expected, place = [], 0
    while place < len(words):
        end = longest(words, place, kind)
        if end > place:
            expected.append((place, end))
        place = max(end, place + 1)
    assert [(hit.start, hit.end) for hit in table.find(words, kind)] == expected


def test_a_table_goes_to_other_processes_with_what_it_has_met(table: CueTable) -> None:
    words = "clearly no evidence of any".split()
    found = table.find(words, "lesion")
    assert found
    assert pickle.loads(pickle.dumps(table)).find(words, "lesion") == found
