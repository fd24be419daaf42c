"""The asserter against a table of sentences, and properties that hold for any sentence."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.language import Language

import mrterms
from mrterms.assertion import Asserter, Target, TargetKind, lead_in
from mrterms.errors import LexiconError
from mrterms.lexicon.resources import lexicon_folder
from mrterms.records import Assertion, Section
from mrterms.text.tokenizer import make_tokenizer
from mrterms.text.view import Sentence, View

MARK = re.compile(r"\{([^{}]*)\}")
INFARCTS = ("mi", "heart attack", "heart attacks", "myocardial infarction", "stemi", "nstemi", "infarct", "anterior infarct")
WORDS = [
    "no",
    "denies",
    "MR",
    ",",
    "and",
    "or",
    ":",
    "-",
    "(",
    ")",
    "?",
    ";",
    "father",
    "with",
    "history",
    "of",
    "if",
    "was",
    "not",
    "ruled",
    "2003",
]
PROCEDURES = (
    "mvr",
    "avr",
    "tavr",
    "tavi",
    "savr",
    "teer",
    "mitraclip",
    "replacement",
    "valve repair",
    "replaced",
    "aortic valve",
    "mitral valve",
    "ring",
)


@dataclass(frozen=True)
class Case:
    """A row of cases.tsv."""

    text: str
    spans: list[tuple[int, int, TargetKind]]
    row: dict[str, str]

    def expected(self, column: str) -> list[str]:
        return [part.strip() for part in (self.row.get(column) or "").split(";")]


def kind_of(words: str) -> TargetKind:
    lower = words.lower()
    if lower in INFARCTS:
        return "infarct"
    if lower.endswith(PROCEDURES) and not lower.startswith("leaky"):
        return "procedure"
    return "lesion" if re.fullmatch(r"[AMTP][RSI]|MVP|.*(regurg|stenosis|prolapse|annular).*", words, re.I) else "other"


def unmark(marked: str) -> tuple[str, list[tuple[int, int, TargetKind]]]:
    text, spans, at = "", [], 0
    for found in MARK.finditer(marked):
        text += marked[at : found.start()]
        spans.append((len(text), len(text) + len(found[1]), kind_of(found[1])))
        text, at = text + found[1], found.end()
    return text + marked[at:], spans


def read_cases() -> list[Case]:
    lines = Path(__file__).with_name("cases.tsv").read_text(encoding="utf-8").splitlines()
    rows = csv.DictReader((line for line in lines if not line.startswith("#")), delimiter="\t", quoting=csv.QUOTE_NONE)
    return [Case(*unmark(row["text"]), row) for row in rows if "{" in row["text"]]


def name_of(case: Case) -> str:
    return f"{case.text} {case.row.get('section') or ''}"


CASES = read_cases()


@pytest.fixture(scope="module")
def nlp() -> Language:
    language = spacy.blank("en")
    language.tokenizer = make_tokenizer(language)
    return language


@pytest.fixture(scope="module")
def asserter() -> Asserter:
    return Asserter()


def sentence_of(nlp: Language, text: str, section: str = "") -> Sentence:
    doc = nlp(text)
    plain = View(doc).sentence(0) if len(doc) < 2 else _one(doc)
    if not section:
        return plain
    return Sentence(
        plain.token_start,
        plain.token_end,
        plain.words,
        plain.lower,
        plain.starts,
        plain.tokens,
        Section(name=section, token_start=0, token_end=len(doc)),
    )


def _one(doc: spacy.tokens.Doc) -> Sentence:
    for token in doc:
        token.is_sent_start = token.i == 0
    return View(doc).sentence(0)


def targets_of(sentence: Sentence, spans: list[tuple[int, int, TargetKind]]) -> list[Target]:
    targets = []
    for start, end, kind in spans:
        inside = [number for number, at in enumerate(sentence.starts) if start <= at < end]
        targets.append(Target(inside[0], inside[-1] + 1, kind))
    return targets


def run(nlp: Language, asserter: Asserter, case: Case, trailing: str = "") -> list[Assertion]:
    sentence = sentence_of(nlp, case.text + trailing, case.row.get("section") or "")
    previous = sentence_of(nlp, case.row["previous"]) if case.row.get("previous") else None
    return asserter.assess(sentence, targets_of(sentence, case.spans), previous=previous)


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_case(nlp: Language, asserter: Asserter, case: Case) -> None:
    got = run(nlp, asserter, case)
    assert [one.status for one in got] == case.expected("status")
    for column in ("experiencer", "temporality", "change"):
        if any(case.expected(column)):
            assert [getattr(one, column) or "-" for one in got][: len(case.expected(column))] == case.expected(column)


@pytest.mark.parametrize("case", [case for case in CASES if not case.row.get("previous")], ids=name_of)
def test_cues_are_where_they_say(nlp: Language, asserter: Asserter, case: Case) -> None:
    for assertion in run(nlp, asserter, case):
        for cue in assertion.cues:
            assert "".join(case.text[cue.start : cue.end].split()) == "".join(cue.text.split())


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_an_unrelated_trailing_clause_changes_nothing(nlp: Language, asserter: Asserter, case: Case) -> None:
    closed = case if case.text.endswith(".") else Case(case.text + ".", case.spans, case.row)
    assert [one.status for one in run(nlp, asserter, closed, " The weather was fine.")] == case.expected("status")


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_every_decision_but_plain_presence_names_its_cues(nlp: Language, asserter: Asserter, case: Case) -> None:
    if case.row.get("section") or case.row.get("previous") or "[patient]" in case.text:
        return
    for assertion in run(nlp, asserter, case):
        assert assertion.status == "present" or assertion.cues


@settings(max_examples=200, deadline=None)
@given(words=st.lists(st.sampled_from(WORDS), min_size=1, max_size=14), data=st.data())
def test_any_words_get_an_assertion(words: list[str], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(words) - 1))
    starts = [sum(len(word) + 1 for word in words[:number]) for number in range(len(words))]
    sentence = Sentence(0, len(words), words, [word.lower() for word in words], starts, list(range(len(words))), None)
    for kind in get_args(TargetKind):
        (got,) = _ASSERTER.assess(sentence, [Target(place, place + 1, kind)])
        assert all(cue.end <= starts[place] or cue.start > starts[place] or kind in ("infarct", "procedure") for cue in got.cues)


_ASSERTER = Asserter()


def test_phrases_of_the_tables_are_words_of_the_tokenizer(nlp: Language, asserter: Asserter) -> None:
    for text, cue in (("cannot exclude MR", "can not exclude"), ("doesn't show any MR", "n't show any"), ("(-) MR", "( - )")):
        sentence = sentence_of(nlp, text)
        place = len(sentence.words) - 1
        (got,) = asserter.assess(sentence, [Target(place, place + 1, "lesion")])
        assert [one.text for one in got.cues] == [cue]


def test_a_wrong_table_names_file_line_and_choice(tmp_path: Path) -> None:
    folder = lexicon_folder("clinical")
    (tmp_path / "cues").mkdir()
    (tmp_path / "relatives.tsv").write_text((folder / "relatives.tsv").read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "cues" / "grammar.tsv").write_text("phrase\trole\n;\tstop\n", encoding="utf-8")
    (tmp_path / "cues" / "assertion.tsv").write_text("phrase\tcategory\tdirection\tscope\nno\tabsent\tonward\tlist\n", encoding="utf-8")
    with pytest.raises(LexiconError, match=r"assertion.tsv:2: unknown value 'onward'.*backward"):
        Asserter(tmp_path)


@pytest.mark.parametrize(
    ("text", "statuses"),
    [
        ("Not found today, no evidence of:\n- {MR}\n- {AS}\n- {endocarditis}\n", ["absent", "absent", "absent"]),
        ("Risks we spoke about, with figures:\n  {Stroke} 1%\n  {Heart attack} 1%\n  {Endocarditis} 1%\n", ["hypothetical"] * 3),
        ("Risks include:\n1. {Stroke}\n2. {MI}\n\nEcho: {MR} is mild.\n", ["hypothetical", "hypothetical", "present"]),
        ("Man of 70 with prior stroke and now dyspnoea:\n- {MR}\n- {AS}\n", ["present", "present"]),
    ],
)
def test_a_lead_in_reaches_every_item_of_its_list(asserter: Asserter, text: str, statuses: list[str]) -> None:
    language = spacy.blank("en", config={"nlp": {"tokenizer": {"@tokenizers": "mrterms.Tokenizer.v1"}}})
    language.add_pipe("mrterms_sections")
    plain, spans = unmark(text)
    doc = language(plain)
    view = View(doc)
    got = []
    for start, end, kind in spans:
        span = doc.char_span(start, end)
        assert span is not None
        number = view.sentence_number(span.start)
        sentence = view.sentence(number)
        target = Target(*sentence.locate(span.start, span.end), kind)
        got.append(asserter.assess(sentence, [target], previous=lead_in(view, number))[0].status)
    assert got == statuses


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("Heart attack within six months? No.", "absent"),
        ("[doctor] have you ever had a heart attack ?\n[patient] no , never .", "absent"),
        ("Heart attack?\nNo murmur was heard.", "uncertain"),
        ("Heart attack in the past? Yes.", "historical"),
    ],
)
def test_a_question_is_answered_in_the_next_sentence(text: str, status: str) -> None:
    (found,) = mrterms.annotate(text).annotations
    assert found["assertion"]["status"] == status
    assert all(text[cue["start"] : cue["end"]] == cue["text"] for cue in found["assertion"]["cues"])
