"""Attributes, measurements and codes of single mentions, and the room's promises for any text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mrterms.attributes import Describer, Target
from mrterms.attributes.codes import CodeRules
from mrterms.attributes.facts import FactRule
from mrterms.attributes.phrases import PhraseTrie
from mrterms.errors import LexiconError
from mrterms.lexicon.resources import lexicon_folder
from mrterms.lexicon.tables import read_table
from mrterms.text.view import Sentence

ROWS = [
    line.split("\t")
    for line in (Path(__file__).parent / "attribute_cases.tsv").read_text(encoding="utf-8").splitlines()
    if line[:1] not in ("#", "")
][1:]
DESCRIBER, CODES = Describer(), CodeRules()


@pytest.mark.parametrize(("marked", "wanted"), ROWS)
def test_attributes(sentences: Any, marked: str, wanted: str) -> None:
    text, mentions, descriptions = sentences.describe(marked)
    for one, description in zip(wanted.split("|") if wanted else [""] * len(mentions), descriptions, strict=True):
        found = [f"{a.kind}={a.value:g}" if isinstance(a.value, float) else f"{a.kind}={a.value}" for a in description.attributes]
        assert sorted(found) == sorted(filter(None, one.split(";")))
        for attribute in description.attributes:
            assert text[attribute.start : attribute.end] == attribute.text


MR, AS, TR = "{MR|mitral_regurgitation}", "{AS|aortic_stenosis}", "{TR|tricuspid_regurgitation}"


def test_a_bracket_measures_the_open_form_before_it() -> None:
    words = "AS now severe ( Vmax 4.3 , MG 44 ) , no TS".split()
    starts = [sum(len(word) + 1 for word in words[:place]) for place in range(len(words))]
    sentence = Sentence(0, len(words), words, [word.lower() for word in words], starts, list(range(len(words))), None)
    open_form = Target(0, 1, "", may_be=("aortic_stenosis", "ankylosing_spondylitis"))
    denied = Target(len(words) - 1, len(words), "tricuspid_stenosis", status="absent")
    [first, second] = DESCRIBER.describe(sentence, [open_form, denied])
    assert [(one.kind, one.value) for one in first.attributes] == [("peak_velocity", 4.3), ("mean_gradient", 44.0)]
    assert second.attributes == ()


@pytest.mark.parametrize(
    ("marked", "kind", "value", "unit", "extra"),
    [
        (f"{MR}, ERO 0.35", "eroa", 0.35, "cm2", {"unit_assumed": True}),
        (f"{MR}, ERO 35", "eroa", 35, "mm2", {"unit_assumed": True, "standard_value": 0.35, "standard_unit": "cm2"}),
        (f"{MR}, EROA 40 cm2", "eroa", 40, "cm2", {"flag": "impossible value: probably mm2"}),
        (f"{MR}, EROA 40 mm²", "eroa", 40, "mm2", {"standard_value": 0.4, "standard_unit": "cm2"}),
        (f"{MR}, EROA 0,4 cm^2", "eroa", 0.4, "cm2", {}),
        (f"{MR}, EROA .4 sq cm", "eroa", 0.4, "cm2", {}),
        (f"{MR}, EROA 0.4 mL", "eroa", 0.4, "mL", {"flag": "wrong unit: cm2 expected"}),
        (f"{MR}, RVol 65 cc", "regurgitant_volume", 65, "mL", {}),
        (f"{MR}, regurgitant volume >60 mL/beat", "regurgitant_volume", 60, "mL", {"comparator": ">"}),
        (f"{MR}, RF 0.55", "regurgitant_fraction", 0.55, "fraction", {"unit_assumed": True, "standard_value": 55, "standard_unit": "%"}),
        (f"{MR}, EF 25-30%", "lvef", 27.5, "%", {"low": 25, "high": 30}),
        (f"{MR}, EF fell from 55 to 40 %", "lvef", 40, "%", {"previous": 55}),
        (f"{MR}, EF at least 50%", "lvef", 50, "%", {"comparator": ">="}),
        (f"{MR}, EF 150%", "lvef", 150, "%", {"flag": "impossible value"}),
        (f"{MR}, VC 7 mm", "vena_contracta", 7, "mm", {"standard_value": 0.7, "standard_unit": "cm"}),
        (f"{AS}, Vmax 420 cm/s", "peak_velocity", 420, "cm/s", {"standard_value": 4.2, "standard_unit": "m/s"}),
        (f"{AS}, valve area 0.8 cm2", "aortic_valve_area", 0.8, "cm2", {}),
        (f"{AS}, mean gradient (MG) of about 45", "mean_gradient", 45, "mmHg", {"unit_assumed": True}),
        (f"{AS} with a 0.7 cm2 valve area", "aortic_valve_area", 0.7, "cm2", {}),
        (f"{TR}, RVSP >= 60 mmHg", "pasp", 60, "mmHg", {"comparator": ">="}),
    ],
)
def test_measurements(sentences: Any, marked: str, kind: str, value: float, unit: str, extra: dict[str, Any]) -> None:
    text, _, [description] = sentences.describe(marked)
    [found] = [one for one in description.attributes if one.kind == kind]
    assert (found.value, found.unit, dict(found.extra)) == (value, unit, extra)
    assert text[found.start : found.end] == found.text


@pytest.mark.parametrize(
    "words", ["EF 2019", "mean gradient 3 months ago", "ERO unknown, 4 visits", "RF on dialysis 3 times a week", "EF 2+"]
)
def test_what_is_no_measurement(sentences: Any, words: str) -> None:
    _, _, [description] = sentences.describe(f"{MR}, {words}")
    assert not [one for one in description.attributes if isinstance(one.value, float)]


@pytest.mark.parametrize(
    ("marked", "measured", "conflict"),
    [
        (f"Mild {MR}, EROA 0.45 cm2", "severe", True),
        (f"Severe {MR}, EROA 0.45 cm2", "severe", False),
        (f"Moderate {MR}, vena contracta 0.5 cm", "moderate", False),
        (f"Severe {MR}, EROA 40 cm2", None, False),
        (f"{AS}, AVA 1.0 cm2", "moderate", False),
        (f"{AS}, AVA <1.0 cm2", "severe", False),
        (f"Severe {TR}, EROA 84 mm2", "torrential", True),
        (f"At least moderate {MR}, RVol 70 mL", "severe", False),
        (f"No more than mild {MR}, RVol 70 mL", "severe", True),
    ],
)
def test_grade_from_a_measurement_stands_beside_the_stated(sentences: Any, marked: str, measured: str | None, conflict: bool) -> None:
    _, _, [description] = sentences.describe(marked)
    found = [one for one in description.attributes if one.kind == "severity_from_measure"]
    assert [one.value for one in found] == ([measured] if measured else [])
    assert all(one.extra["rule"] and one.extra["source"] for one in found)
    assert any(one.kind == "conflict" for one in description.attributes) is conflict


@pytest.mark.parametrize(
    ("concept_id", "status", "said", "code", "rule"),
    [
        ("mitral_regurgitation", "present", "", "I34.0", "mr-nos"),
        ("mitral_regurgitation", "present", "cause=rheumatic", "I05.1", "mr-rheumatic"),
        ("mitral_regurgitation", "present", "cause=congenital", "Q23.3", "mr-congenital"),
        ("mitral_stenosis", "present", "", "I05.0", "ms-nos"),
        ("mitral_stenosis", "present", "cause=calcific", "I34.2", "ms-nonrheumatic"),
        ("tricuspid_regurgitation", "present", "", "I07.1", "tr-nos"),
        ("tricuspid_regurgitation", "present", "primacy=secondary", "I36.1", "tr-secondary"),
        ("myocardial_infarction", "present", "", "I21.9", "mi-nos"),
        ("myocardial_infarction", "historical", "infarct_type=stemi", "I25.2", "mi-historical"),
        ("myocardial_infarction", "present", "age=old", "I25.2", "mi-old"),
        ("myocardial_infarction", "present", "infarct_type=nstemi", "I21.4", "mi-nstemi"),
        ("myocardial_infarction", "present", "infarct_type=type_2", "I21.A1", "mi-type-2"),
        ("myocardial_infarction", "present", "infarct_type=stemi;territory=inferior", "I21.19", "mi-stemi-inferior"),
        ("myocardial_infarction", "present", "infarct_type=stemi;artery=left_anterior_descending", "I21.02", "mi-stemi-lad"),
        ("myocardial_infarction", "present", "infarct_type=stemi", "I21.3", "mi-stemi"),
        ("aortic_valve_replacement", "historical", "", "Z95.2", "aortic_valve_replacement-in-place"),
        ("aortic_valve_replacement", "historical", "prosthesis=bioprosthetic", "Z95.3", "aortic_valve_replacement-biological"),
    ],
)
def test_codes(concept_id: str, status: str, said: str, code: str, rule: str) -> None:
    attributes = [{"kind": kind, "value": value} for kind, _, value in (part.partition("=") for part in said.split(";") if part)]
    codes, rules = CODES.codes_of({"concept_id": concept_id, "assertion": {"status": status}, "attributes": attributes})
    assert codes["ICD10CM"] == code
    assert rule in rules


def test_a_hypothetical_procedure_has_no_code() -> None:
    planned = {"concept_id": "mitral_valve_replacement", "assertion": {"status": "hypothetical"}}
    assert CODES.codes_of(planned) == ({}, ())


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the package reads its data in a way that Python 3.11 deprecates
def test_icd_codes_exist_in_the_release() -> None:
    import simple_icd_10_cm

    rows = read_table(lexicon_folder("valve") / "code_rules.tsv", ("system", "code"), None)
    assert all(simple_icd_10_cm.is_valid_item(row["code"]) for row in rows if row["system"] == "ICD10CM")


WORDS = [
    "mild",
    "MR",
    "TR",
    "2+",
    "(",
    ")",
    ",",
    "to",
    "severe",
    "İ",
    "EROA",
    "0.4",
    "cm2",
    "is",
    "from",
    "MI",
    "x2",
    "1998",
    "-",
    "EF",
    "55%",
    "P2",
    "and",
]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from([" ", "  ", "\n", ""])), min_size=1, max_size=14), st.data())
def test_offsets_are_exact_for_any_text(pieces: list[tuple[str, str]], data: st.DataObject) -> None:
    text, words, starts, tokens = "  ", [], [], [1]
    for word, space in pieces:
        words.append(word)
        starts.append(len(text))
        text += word + space
        tokens.append(tokens[-1] + (1 if space in ("", " ") else 2))  # other white space is a token of its own
    sentence = Sentence(0, tokens[-1], words, [word.lower() for word in words], starts, tokens[:-1], None)
    first = data.draw(st.integers(0, len(words) - 1))
    targets = [Target(first, first + 1, "mitral_regurgitation"), Target(len(words) - 1, len(words), "myocardial_infarction")]
    for description in DESCRIBER.describe(sentence, targets, text=lambda: text):
        if description.severity is not None:
            assert text[description.severity.start : description.severity.end] == description.severity.text
        for attribute in description.attributes:
            if attribute.text is not None:
                assert text[attribute.start : attribute.end] == attribute.text
    assert DESCRIBER.describe(sentence, targets, text=lambda: text) == DESCRIBER.describe(sentence, targets, text=lambda: text)


def plain_sentence(words: list[str]) -> Sentence:
    starts = [sum(len(word) + 1 for word in words[:place]) for place in range(len(words))]
    return Sentence(0, len(words), words, [word.lower() for word in words], starts, list(range(len(words))), None)


@pytest.mark.parametrize(
    ("words", "concepts", "silent"),
    [
        ("Asthma began early in life .", ["asthma"], True),
        ("Clinically significant asthma of 6 years .", ["asthma"], True),
        ("Severe asthma .", ["asthma"], False),
        ("Asthma grade 3/4 .", ["asthma"], False),
        ("Asthma ( III ) .", ["asthma"], False),
        ("Asthma \u2162 .", ["asthma"], False),
        ("Asthma and MR began early in life .", ["asthma", "mitral_regurgitation"], False),
        ("MR began early in life .", [""], False),
    ],
)
def test_a_quick_look_tells_silent_sentences(words: str, concepts: list[str], silent: bool) -> None:
    assert DESCRIBER.is_silent(plain_sentence(words.split()), concepts) is silent


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from([*WORDS, "asthma", "IV", "mildly", "3/4", "grade", "4", "of", "EF", "30", "%"]), min_size=1, max_size=10))
def test_a_silent_sentence_says_nothing(words: list[str]) -> None:
    sentence = plain_sentence(words)
    targets = [Target(place, place + 1, "asthma") for place in range(len(words))]
    if DESCRIBER.is_silent(sentence, ["asthma"]):
        assert all(one.severity is None and not one.attributes for one in DESCRIBER.describe(sentence, targets))


@given(st.lists(st.sampled_from(["a b", "a", "b c d", "a c", "d", "1 / 4", "1 4"]), max_size=6), st.sets(st.sampled_from("abcd14/")))
def test_the_trie_tells_what_may_be_hit(phrases: list[str], words: set[str]) -> None:
    trie = PhraseTrie()
    for number, phrase in enumerate(phrases):
        says, kinds = (("kind", "value"),), frozenset({str(number % 2)})
        trie.add(phrase, fact=FactRule(says=says, kinds=kinds, site="", bind="beside", glued=False))
    for use in "01":
        wanted = any(words.issuperset(phrase.split()) for number, phrase in enumerate(phrases) if str(number % 2) == use)
        assert trie.may_hit(words, {use}) is wanted
        assert not wanted or not trie.anchors({use}).isdisjoint(words)


def test_a_broken_table_is_named(tmp_path: Path) -> None:
    (tmp_path / "code_rules.tsv").write_text("rule\tconcept_id\tstatus\twhen\tsystem\tcode\tsource\nr\tc\t\tcause\tICD10CM\tI34.0\ts\n")
    with pytest.raises(LexiconError, match=r"code_rules.tsv:2: cannot read the condition"):
        CodeRules(tmp_path)
