"""The sense step in the pipeline: plain cases, abstention, evidence that adds up."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from spacy.language import Language

import mrterms
from mrterms.components.shared import work_of
from mrterms.errors import ConfigError
from mrterms.lexicon import load_lexicon
from mrterms.sense import Resolver
from mrterms.sense.features import Context
from mrterms.sense.model import empty_model

CASES = [
    tuple(line.split("\t"))
    for line in (Path(__file__).parent / "plain_cases.tsv").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]
SEED = Path(__file__).parents[3] / "shared" / "seed_passages.txt"
TEXT = "s/p inferior MI in 2004, now 2+ MI, trace TR and mild AS. No MS. Mother had an MI; lives in Flint, MI 48502."


@pytest.fixture(scope="module")
def matcher() -> Language:
    nlp = mrterms.load()
    for name in ("mrterms_attributes", "mrterms_assertion", "mrterms_sense"):
        nlp.remove_pipe(name)
    return nlp


@pytest.fixture(scope="module")
def resolver() -> Resolver:
    return Resolver(load_lexicon("valve"))


@pytest.mark.parametrize(("text", "sense"), CASES)
def test_plain_case(matcher: Language, resolver: Resolver, text: str, sense: str) -> None:
    form = next(form for form in ("MI", "MVR", "MR", "MS", "TR") if form in text.replace(",", " ").split())
    doc = matcher(text)
    work = work_of(doc)
    _, senses = resolver.resolve(work.view, work.mentions)
    found = next(one for mention, one in zip(work.mentions, senses, strict=True) if mention.short_form == form)
    concept = resolver.lexicon.concepts.get(found.concept_id or "")
    assert found.status == "resolved"
    assert ("other" if concept is None or concept.other_sense else concept.concept_id) == sense


def test_evidence_sums_to_the_log_odds_that_decided(matcher: Language, resolver: Resolver) -> None:
    doc = matcher(TEXT)
    work = work_of(doc)
    _, verdicts = resolver.weigh(work.view, work.mentions)
    assert len(verdicts) >= 6
    for verdict in verdicts:
        best, rival = resolver.rivals(verdict)
        for limit in (None, 3):
            evidence = resolver.evidence(verdict, work.view, limit=limit)
            assert math.isclose(sum(cue.weight for cue in evidence), verdict.scores[best] - verdict.scores[rival], abs_tol=1e-3)
            assert all(TEXT[cue.start : cue.end] == cue.cue for cue in evidence if cue.start is not None and ":" not in cue.cue)


@pytest.mark.parametrize(
    ("text", "form", "sense"),
    [
        ("TTE: EF 58, mild AI, tr MR, AS as before.", "AS", "aortic_stenosis"),
        ("Old MI and moderate MR on the last echo.", "MI", "myocardial_infarction"),
    ],
)
def test_clear_forms_of_the_sentence_are_heard_and_shown(matcher: Language, resolver: Resolver, text: str, form: str, sense: str) -> None:
    doc = matcher(text)
    work = work_of(doc)
    _, verdicts = resolver.weigh(work.view, work.mentions)
    verdict = next(one for one in verdicts if one.mention.short_form == form)
    assert verdict.senses[resolver.rivals(verdict)[0]] == sense
    (heard,) = [scores for label, _, _, scores in verdict.parts if label.endswith("beside it")]
    change = dict(zip(verdict.senses, heard, strict=True))
    outside = [weight for one, weight in change.items() if resolver.lexicon.concepts[one].other_sense]
    assert not any(outside)
    if form == "MI":
        assert change["mitral_regurgitation"] < change["myocardial_infarction"]
    else:
        assert change[sense] > 0


@pytest.mark.parametrize(
    ("text", "joined"),
    [("AI-based reading of the film", "compound:word"), ("AR-V7 was found", "compound:code"), ("AI - mild", ""), ("AI, mild", "")],
)
def test_a_form_joined_to_a_word_is_a_compound(matcher: Language, resolver: Resolver, text: str, joined: str) -> None:
    doc = matcher(text)
    work = work_of(doc)
    heard: list[str] = []
    add_shape = resolver.reader.add_shape

    def listen(context: Context, text: str, following: str = "") -> None:
        add_shape(context, text, following)
        heard.extend(name for name, _ in context.facts if name.startswith("compound"))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(resolver.reader, "add_shape", listen)
        resolver.weigh(work.view, work.mentions)
    assert heard == ([joined] if joined else [])


def test_probabilities_are_ranked_and_sum_to_at_most_one(matcher: Language, resolver: Resolver) -> None:
    doc = matcher(TEXT)
    work = work_of(doc)
    for sense in resolver.resolve(work.view, work.mentions)[1]:
        chances = [one.probability for one in sense.candidates]
        assert sum(chances) <= 1.0
        assert chances == sorted(chances, reverse=True)


def test_below_the_threshold_a_form_is_ambiguous(matcher: Language) -> None:
    doc = matcher("MI")
    work = work_of(doc)
    strict = Resolver(load_lexicon("valve"), threshold=0.999)
    (sense,) = strict.resolve(work.view, work.mentions)[1]
    assert (sense.status, sense.concept_id) == ("ambiguous", None)
    assert sense.candidates[0].concept_id == "myocardial_infarction"


def test_without_weights_the_priors_of_the_setting_decide(matcher: Language) -> None:
    doc = matcher("MS")
    work = work_of(doc)
    for kind, expected in (("cardiology", "mitral_stenosis"), ("literature", "multiple_sclerosis")):
        told, senses = Resolver(load_lexicon("valve"), setting=kind, model=empty_model()).resolve(work.view, work.mentions)
        assert (told, senses[0].candidates[0].concept_id) == (kind, expected)


def test_a_text_without_short_forms_costs_and_says_nothing(matcher: Language, resolver: Resolver) -> None:
    doc = matcher("Mild mitral regurgitation.")
    work = work_of(doc)
    setting, senses = resolver.resolve(work.view, work.mentions)
    assert setting is None
    assert [sense.status for sense in senses] == ["unambiguous"]


@pytest.mark.parametrize("options", [{"setting": "opera"}, {"threshold": 1.5}])
def test_an_impossible_option_is_named(options: dict[str, str]) -> None:
    with pytest.raises(ConfigError):
        Resolver(load_lexicon("valve"), **options)  # type: ignore[arg-type]


@pytest.mark.skipif(not SEED.exists(), reason="the seed passages stand outside the repository")
def test_every_mi_and_ai_of_the_seed_passages_is_the_valve_lesion(nlp: Language) -> None:
    for passage in SEED.read_text(encoding="utf-8").splitlines():
        for one in nlp(passage).user_data.get("mrterms", []):
            if one["text"] in ("MI", "AI"):
                assert one["concept_id"] in ("mitral_regurgitation", "aortic_regurgitation")


@pytest.mark.parametrize("text", ["MI, mitral regurgitation", "known MI, mitral incompetence", "PMH: MI, mitral regurgitation, AF"])
def test_a_lesion_in_words_beside_a_short_form_is_not_named_twice(matcher: Language, resolver: Resolver, text: str) -> None:
    doc = matcher(text)
    work = work_of(doc)
    _, senses = resolver.resolve(work.view, work.mentions)
    assert senses[0].concept_id == "myocardial_infarction"


def test_an_infarct_in_words_beside_a_short_form_may_be_another_one(matcher: Language, resolver: Resolver) -> None:
    doc = matcher("Myocardial infarction in 2003, second MI in 2010.")
    work = work_of(doc)
    _, senses = resolver.resolve(work.view, work.mentions)
    assert senses[1].concept_id == "myocardial_infarction"
    (weight,) = [cue.weight for cue in senses[1].evidence if cue.cue == "Myocardial infarction"]
    assert weight > 0


_VALVES = "Severe MR and TR, mitral leaflets thickened, annulus dilated. Plan mitral valve repair and tricuspid annuloplasty, maze."


@pytest.mark.parametrize(("sentence", "form"), [("PS 1, fit for chemo.", "PS"), ("AI chatbot used for the letter.", "AI")])
def test_a_sentence_that_says_something_else_leads_in_a_text_about_valves(
    matcher: Language, resolver: Resolver, sentence: str, form: str
) -> None:
    doc = matcher(f"{_VALVES} {sentence} {_VALVES}")
    work = work_of(doc)
    _, verdicts = resolver.weigh(work.view, work.mentions)
    verdict = next(one for one in verdicts if one.mention.short_form == form)
    assert verdict.outside[resolver.rivals(verdict)[0]]
    assert any(label.startswith("other sentences") for label, _, _, _ in verdict.parts)


def test_the_long_form_speaks_for_a_form_that_means_nothing_else_of_the_subject(matcher: Language, resolver: Resolver) -> None:
    doc = matcher("I was told of aortic stenosis, moderate AS on the printout.")
    work = work_of(doc)
    _, verdicts = resolver.weigh(work.view, work.mentions)
    (verdict,) = [one for one in verdicts if one.mention.short_form == "AS"]
    (heard,) = [scores for label, _, _, scores in verdict.parts if label == "aortic stenosis"]
    assert heard[list(verdict.senses).index("aortic_stenosis")] > 0
