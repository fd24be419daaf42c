"""Scanning gives the notes that reading all of them gives: over the corpora, over made texts, and with lexicons of one's own."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.language import Language
from spacy.tokens import Doc
from typer.testing import CliRunner

import mrterms
from mrterms.cli import app
from mrterms.components.scanning import sieve_of
from mrterms.errors import ConfigError
from mrterms.matching.pieces import PieceNumbers
from mrterms.terminologies import build_lexicon

ROOT = Path(__file__).parents[1]
VALVE = ROOT / "lexicons" / "valve"


def table(name: str) -> list[list[str]]:
    lines = (VALVE / name).read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines if line and not line.startswith("#")][1:]


FORMS = [row[0] for name in ("terms.tsv", "sites.tsv", "lesions.tsv", "sense_cues.tsv") for row in table(name)]
SPOKEN = """
the valve does not close|blood leaks back into the atrium|flow goes the wrong way|moderate regurgitation|mild leakage|it leaks|
ms 2+|mild mr|2+ as|ＭＲ|regurgi\u00adtation|M\u200bR|\u2060leak|mr severe|had mi in 2001|, mi, |s/p avr|i have mvp|mr is mild|no mr or tr|
old infarct|ECG: infarction|peri-infarct|infarcts of the heart|the LAD|Troponin rose. |
a coronary in 1998|died of a coronary|massive coronary|my new mitral valve|new aortic valve, |MR²⁺|h/o m.i. 1998|
Ms. Hill|M. I.|M.I|AS, MR|s/p MVR|re placed|in sufficiency|cannot|St. Jude valve|St.|Ao valve|tv|no disease of it|
of the aortic|and mitral|valves were normal|heart|echo|cardiac|acid reflux|renal insufficiency|hernia repair|knee replacement
""".replace("\n", "").split("|")
FILLER = "patient denies pain. |Plan: |back |open |12/3/2020 |(5.5 mg) |and |of |the |Mr. Hernandez, |x-ray |— |no |™ |½ |été |İ".split("|")
GAPS = st.sampled_from(
    [" ", "  ", "\n", " \n", "\n ", "\n\n", "\t", "\u00a0", "-", " - ", "- ", "-\n", ", ", ". ", "/", " (", ") ", "\u00ad", "\u200b", ""]
)
SLIPS = st.sampled_from(["drop", "double", "swap", "break", "upper", "title", "plural", "keep", "keep", "keep"])


@st.composite
def written(draw: st.DrawFn) -> str:
    """A form as somebody may write it: with a slip, broken in two, in capitals, its words set apart by anything."""
    form = draw(st.sampled_from(FORMS) | st.sampled_from(SPOKEN))
    place = draw(st.integers(0, max(0, len(form) - 2)))
    match draw(SLIPS):
        case "drop":
            form = form[:place] + form[place + 1 :]
        case "double":
            form = form[: place + 1] + form[place:]
        case "swap":
            form = form[:place] + form[place + 1 : place + 2] + form[place : place + 1] + form[place + 2 :]
        case "break":
            form = form[:place] + draw(GAPS) + form[place:]
        case "upper":
            form = form.upper()
        case "title":
            form = form.title()
        case "plural":
            form += "s"
    return form.replace(" ", draw(GAPS)) if draw(st.booleans()) else form


PHRASES: dict[str, list[str]] = {}
for name, phrase, *_ in table("description_words.tsv"):
    PHRASES.setdefault(name, []).append(phrase)
PATTERNS = [row[0].split() for row in table("descriptions.tsv")]
BETWEEN = st.lists(st.sampled_from("does not , ( slowly the left and ) flow it".split()), max_size=6).map(" ".join)
"""What may stand in the gaps of a description."""


def said(draw: st.DrawFn, name: str) -> str:
    """One of the phrases under a name, with one of the choices for each of its words."""
    tokens = draw(st.sampled_from([phrase for known in PHRASES if known.partition(".")[0] == name for phrase in PHRASES[known]])).split()
    kept = [draw(st.sampled_from(token.rstrip("?").split("/"))) for token in tokens if not token.endswith("?") or draw(st.booleans())]
    return " ".join(said(draw, word[1:-1]) if word.startswith("<") else word.replace("*", "big") for word in kept)


@st.composite
def described(draw: st.DrawFn) -> str:
    """A lesion described in words, in the sentence of the valve or behind it."""
    words = [draw(BETWEEN) if name == "gap" else said(draw, name) for name in draw(st.sampled_from(PATTERNS))]
    before = draw(st.sampled_from(["", "", "The valve is thick. ", "He has a new valve.\n", "Into the atrium: "]))
    return before + draw(st.sampled_from([" ", "\n", " - ", '" '])).join(filter(None, words))


OTHERS = st.sampled_from([row[0] for row in table("terms.tsv") if row[0][0].isalpha()] + ["Michigan", "food regurgitation", "MR imaging"])


@st.composite
def alone(draw: st.DrawFn) -> str:
    """A lesion of no valve, in or beside a sentence with any other mention, or with a word that makes it the heart's."""
    lesion = draw(st.sampled_from(["regurgitation", "leakage", "regurg", "reflux", "a leak", "insufficiency", "Regurgitant flow"]))
    other = draw(OTHERS | st.sampled_from(["heart", "valvular", "Doppler", "valve", "2+", "moderate", "MV", "prosthetic"]))
    gap = draw(st.sampled_from([" ", ". ", " was seen. ", ", and of the ", "\n", "\n\n", " - "]))
    return gap.join([lesion, other] if draw(st.booleans()) else [other, lesion])


@st.composite
def apart(draw: st.DrawFn) -> str:
    """A lesion and a valve with up to four sentences between them, in either order."""
    lesion, site = (draw(st.sampled_from([row[0] for row in table(name)])) for name in ("lesions.tsv", "sites.tsv"))
    between = draw(st.lists(st.sampled_from(["Normal.", "The heart is big.", "Moderate", "and", "of the", "shows", ":", "\n"]), max_size=5))
    return " ".join([lesion, *between, site] if draw(st.booleans()) else [site, *between, lesion])


TEXTS = st.lists(
    st.one_of(written(), described(), apart(), alone(), st.sampled_from(FILLER), st.text(max_size=4), GAPS), max_size=8
).flatmap(lambda parts: GAPS.map(lambda gap: gap.join(parts)))


def corpora(folder: str = "") -> Iterator[str]:
    """Every text of the corpora, notes whole and line by line: a line alone has less to be told by."""
    for path in sorted((ROOT / "corpora" / folder).rglob("*")):
        if path.suffix in (".txt", ".tsv", ".csv"):
            text = path.read_text(encoding="utf-8", errors="replace")
            yield from [text, *text.splitlines()] if path.suffix == ".txt" and len(text) < 10_000 else text.splitlines()
        elif path.suffix == ".jsonl":
            for line in path.read_text(encoding="utf-8").splitlines():
                yield from (value for value in json.loads(line).values() if isinstance(value, str))


def check(nlp: Language, texts: list[str], **options: int) -> list[mrterms.Note]:
    plain = list(mrterms.annotate_many(texts, nlp=nlp))
    assert list(mrterms.annotate_many(texts, nlp=nlp, scan=True, **options)) == plain
    return plain


@settings(max_examples=300)
@given(texts=st.lists(TEXTS, min_size=1, max_size=5))
def test_made_texts(nlp: Language, texts: list[str]) -> None:
    check(nlp, texts)


@settings(max_examples=300)
@given(text=st.one_of(described(), apart(), alone()))
def test_valve_and_lesion_in_other_words(nlp: Language, text: str) -> None:
    check(nlp, [text])


@pytest.mark.parametrize("lesion", ["Regurgitation", "reflux"])
def test_a_lesion_of_no_valve_beside_every_form(nlp: Language, lesion: str) -> None:
    """A mention makes it the heart's, even one of another subject that is not published (magnetic resonance)."""
    check(nlp, [f"{form} was done. {lesion} seen." for form in FORMS])


@settings(max_examples=100)
@given(text=st.text(st.characters(exclude_categories=("Cs",)), max_size=80))
def test_any_text(nlp: Language, text: str) -> None:
    check(nlp, [text])


@pytest.mark.parametrize("options", [{}, {"setting": "cardiology"}, {"other_senses": True}, {"fuzzy": False}])
def test_what_is_passed_over_in_the_corpora_holds_nothing(options: dict[str, str | bool]) -> None:
    """Not even the setting that is told of a note whose only mention is of another subject, where it was fixed."""
    nlp = mrterms.load(**options)  # type: ignore[arg-type]
    texts = list(dict.fromkeys(corpora()))
    passed = [text for text, chosen in zip(texts, sieve_of(nlp).choose(texts), strict=True) if not chosen]
    assert len(texts) / 10 < len(passed) < len(texts)
    assert {(note.annotations, note.setting) for note in mrterms.annotate_many(passed, nlp=nlp)} == {((), None)}


WORDS = st.text(st.sampled_from("aAbLMV1.\u00e9"), min_size=1, max_size=3)


@given(texts=st.lists(st.lists(WORDS, max_size=30).map(" \n".join), min_size=1, max_size=40), most=st.sampled_from([5, 50, 1_000]))
def test_pieces_are_told_apart(texts: list[str], most: int) -> None:
    """Each piece has a number of its own, wherever it stands, and after others were forgotten."""
    known: list[str] = []

    def learn(pieces: list[str]) -> list[int]:
        known.extend(pieces)
        return list(range(len(known) - len(pieces) + 1, len(known) + 1))

    numbers = PieceNumbers(learn, known.clear, most=most)
    for _ in range(2):
        for text in texts:
            ((found, begins),) = numbers.of([text])
            assert [known[number - 1] for number in found.tolist()] == text.split()
            assert begins.tolist() == [0, len(text.split())]
    found, begins = next(numbers.of(texts))
    assert [known[number - 1] for number in found.tolist()] == [piece for text in texts for piece in text.split()]
    assert begins.tolist() == [0, *itertools.accumulate(len(text.split()) for text in texts)]


NEEDLESS = """
heart rate is fine and he had a panic attack|ms. hill has mild pain|she has acid reflux and a good heart|
the hip was replaced, his heart is fine|we can go back to the valve of the tank|he moved back home|
mr. hill is back and his heart is fine
""".replace("\n", "").split("|")


@pytest.mark.parametrize("text", NEEDLESS)
def test_words_that_only_a_mention_would_bring_together(nlp: Language, text: str) -> None:
    """What a dull note is mostly let through for: the words of a form, far apart."""
    assert sieve_of(nlp).choose([text]) == [False]


def test_demo_notes(nlp: Language) -> None:
    check(nlp, list(corpora("demo")))


def test_own_lexicon(tmp_path: Path) -> None:
    terms = tmp_path / "terms.tsv"
    terms.write_text("term\tconcept_id\nlong QT\tlong_qt\nof the\tnothing\n1234\tnumber\nheart of glass\tsong\n")
    nlp = mrterms.load(lexicons=[terms], builtin=False)
    texts = ["a long QT", "the long one", "1234", "(1234)", "12345", "hearts of glass", "heart of, glas", "the heart", "of glasses", ""]
    notes = check(nlp, texts)
    assert [note.annotations[0]["concept_id"] if note.annotations else None for note in notes][:3] == ["long_qt", None, "number"]


PHENOTYPES = ROOT / "tests" / "terminologies" / "data" / "phenotypes.tsv"
NAMES = [word for line in PHENOTYPES.read_text(encoding="utf-8").splitlines()[1:] for word in line.replace("|", "\t").split("\t")[1:3]]
MATCHED = [line.split("\t")[0] for line in (PHENOTYPES.parents[1] / "matches.tsv").read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def with_compiled(tmp_path_factory: pytest.TempPathFactory) -> Language:
    folder = tmp_path_factory.mktemp("lexicons") / "phenotypes"
    build_lexicon(PHENOTYPES, folder)
    return mrterms.load(lexicons=[folder])


def test_compiled_lexicon(with_compiled: Language) -> None:
    notes = check(with_compiled, [*MATCHED, *NAMES, "mild MR", "no pain"])
    assert notes[-2].annotations
    assert not notes[-1].annotations


@given(
    words=st.lists(st.sampled_from([word for name in [*NAMES, *MATCHED, "and or , of the MR"] for word in name.split()]), max_size=8),
    gap=GAPS,
)
def test_words_of_a_compiled_lexicon(with_compiled: Language, words: list[str], gap: str) -> None:
    check(with_compiled, [gap.join(words), " ".join(words)])


def test_processes(nlp: Language) -> None:
    check(nlp, list(corpora("demo")), n_process=2, batch_size=4)


def test_most_notes_are_passed_over(nlp: Language, demo: dict[str, str]) -> None:
    """What scanning is for; a sieve that lets everything through would be right, and no use."""
    notes = ROOT / "corpora" / "notes"
    dull = [paragraph for path in notes.glob("nothing_*.txt") for paragraph in path.read_text(encoding="utf-8").split("\n\n")]
    chosen = sieve_of(nlp).choose(dull)
    assert sum(chosen) < len(dull) / 5
    assert all(sieve_of(nlp).choose(list(demo.values())))


@pytest.mark.parametrize("form", ["jsonl", "tsv", "html"])
def test_command_writes_the_same(tmp_path: Path, form: str) -> None:
    notes = tmp_path / "notes.jsonl"
    notes.write_text("".join(json.dumps({"note_id": str(number), "text": text}) + "\n" for number, text in enumerate(corpora("demo"))))
    outputs = [tmp_path / f"plain.{form}", tmp_path / f"scanned.{form}"]
    for output, scan in zip(outputs, ([], ["--scan"]), strict=True):
        done = CliRunner().invoke(app, ["annotate", str(notes), "--output", str(output), *scan])
        assert done.exit_code == 0, done.output
    plain, scanned = (output.read_text().replace(output.name, "") for output in outputs)
    assert scanned == plain


def test_too_long_a_text_is_refused_as_ever(nlp: Language) -> None:
    with pytest.raises(ValueError, match="E088"):
        list(mrterms.annotate_many(["no " * 400_000], nlp=nlp, scan=True))


def test_pipelines_that_cannot_be_told_piece_by_piece() -> None:
    spaced = mrterms.load()
    spaced.tokenizer.add_special_case("a b", [{"ORTH": "a b"}])  # type: ignore[attr-defined]
    merging = mrterms.load()
    merging.add_pipe("merge_entities", first=True)
    for nlp in (spaced, merging, spacy.blank("en")):
        with pytest.raises(ConfigError, match="scanning"):
            list(mrterms.annotate_many(["MR"], nlp=nlp, scan=True))


def test_own_rules_of_the_tokenizer_are_heard() -> None:
    nlp = mrterms.load()
    list(mrterms.annotate_many(["vitium"], nlp=nlp, scan=True))
    nlp.tokenizer.add_special_case("vitiumMR", [{"ORTH": "vitium"}, {"ORTH": "MR"}])  # type: ignore[attr-defined]
    assert check(nlp, ["mild vitiumMR"])[0].annotations


def test_own_components_see_the_notes_that_are_read() -> None:
    nlp = mrterms.load()
    seen: list[str] = []

    @Language.component("seen_by_the_test")
    def see(doc: Doc) -> Doc:
        seen.append(doc.text)
        return doc

    nlp.add_pipe("seen_by_the_test", last=True)
    list(mrterms.annotate_many(["a cold", "mild MR"], nlp=nlp, scan=True))
    assert seen == ["mild MR"]
