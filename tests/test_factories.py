"""The spaCy surface: names and options of the factories are a promise to users' own pipelines."""

from __future__ import annotations

import json
import pickle
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import entry_points
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import spacy
from spacy.language import Language
from spacy.tokens import DocBin, Span

import mrterms
from mrterms.components import shared

ROOT = Path(__file__).parents[1]
SNAPSHOT = Path(__file__).with_name("factories.json")
NAMES = ["mrterms_sections", "mrterms_matcher", "mrterms_sense", "mrterms_assertion", "mrterms_attributes"]
TEXT = "ECHO: 2+ MI with flail P2, trace TR, mean gradient 3 mmHg. No AS. Father died of an MI at 50. ?old inferior infarct"


def described(name: str) -> dict[str, Any]:
    meta = Language.get_factory_meta(name)
    return {
        "assigns": list(meta.assigns),
        "requires": list(meta.requires),
        "default_config": dict(meta.default_config),
        "retokenizes": meta.retokenizes,
    }


def test_factories_are_as_in_the_snapshot(nlp: Language) -> None:
    """After a wanted change, write it: ``python tests/test_factories.py``."""
    assert {name: described(name) for name in NAMES} == json.loads(SNAPSHOT.read_text())


def test_pipeline_is_these_factories(nlp: Language) -> None:
    assert nlp.pipe_names == NAMES
    assert [nlp.get_pipe_meta(name).factory for name in nlp.pipe_names] == NAMES


@pytest.mark.parametrize("group", ["spacy_factories", "spacy_tokenizers"])
def test_entry_points_are_installed(group: str) -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"][group]
    installed = {one.name: one.value for one in entry_points(group=group) if one.value.startswith("mrterms.")}
    assert installed == declared
    assert all(callable(one.load()) for one in entry_points(group=group) if one.name in declared)


def test_disk_round_trip(nlp: Language, demo: dict[str, str], tmp_path: Path) -> None:
    nlp.to_disk(tmp_path / "model")
    again = spacy.load(tmp_path / "model")
    for text in (TEXT, *demo.values()):
        assert mrterms.annotate(text, nlp=again) == mrterms.annotate(text, nlp=nlp)


def test_disk_keeps_the_options(tmp_path: Path) -> None:
    mrterms.load(other_senses=True, setting="cardiology").to_disk(tmp_path / "model")
    config = spacy.load(tmp_path / "model").config["components"]["mrterms_sense"]
    assert (config["other_senses"], config["setting"]) == (True, "cardiology")


def test_processes_of_spacy(nlp: Language, demo: dict[str, str]) -> None:
    texts = [TEXT, "", *demo.values()] * 2
    alone = [nlp(text).user_data.get("mrterms", []) for text in texts]
    spread = list(nlp.pipe(texts, n_process=2, batch_size=3))
    assert [doc.user_data.get("mrterms", []) for doc in spread] == alone
    assert [[span._.mrterms for span in doc.spans["mrterms"]] for doc in spread] == alone


def test_docbin_keeps_annotations(nlp: Language, demo: dict[str, str]) -> None:
    docs = [nlp(text) for text in (TEXT, "", *demo.values())]
    stored = DocBin(docs=docs, store_user_data=True).to_bytes()
    again = list(DocBin().from_bytes(stored).get_docs(spacy.blank("en").vocab))
    for doc, back in zip(docs, again, strict=True):
        assert [span._.mrterms for span in back.spans["mrterms"]] == [span._.mrterms for span in doc.spans["mrterms"]]
        assert [(span.start, span.end, span.label_, span.kb_id_) for span in back.spans["mrterms"]] == [
            (span.start, span.end, span.label_, span.kb_id_) for span in doc.spans["mrterms"]
        ]


def test_spans_tell_what_the_annotations_tell(nlp: Language, demo: dict[str, str]) -> None:
    for text in (TEXT, *demo.values()):
        doc = nlp(text)
        spans = list(doc.spans["mrterms"])
        assert [span._.mrterms for span in spans] == doc.user_data["mrterms"]
        for span in spans:
            one = span._.mrterms
            assert (span.start_char, span.end_char, span.text) == (one["start"], one["end"], one["text"])
            assert span.kb_id_ == (one["concept_id"] or "")
            assert span.label_ == (one["semantic_type"] or "ambiguous")


def test_span_without_mention_has_no_annotation(nlp: Language) -> None:
    doc = nlp("trace TR")
    assert Span(doc, 0, 1)._.mrterms is None


@pytest.mark.parametrize("name", NAMES)
def test_components_can_be_pickled(nlp: Language, name: str) -> None:
    """Spark, Ray and processes started by spawn (macOS, Windows) send pipelines as pickles."""
    doc = nlp.make_doc(TEXT)
    for component, pipe in nlp.pipeline:
        doc = (pickle.loads(pickle.dumps(pipe)) if component == name else pipe)(doc)
    assert doc.user_data["mrterms"] == nlp(TEXT).user_data["mrterms"]


def test_pipeline_can_be_pickled(nlp: Language) -> None:
    again = pickle.loads(pickle.dumps(nlp))
    assert mrterms.annotate(TEXT, nlp=again) == mrterms.annotate(TEXT, nlp=nlp)


def test_in_a_pipeline_of_the_user() -> None:
    """Every factory alone on spaCy's own tokenizer, beside a component of the user."""
    own = spacy.blank("en")
    own.add_pipe("entity_ruler").add_patterns([{"label": "DRUG", "pattern": "aspirin"}])  # type: ignore[attr-defined]
    for name in NAMES:
        own.add_pipe(name)
    doc = own("Severe mitral regurgitation, on aspirin. No aortic stenosis.")
    assert [entity.text for entity in doc.ents] == ["aspirin"]
    assert [(span.kb_id_, span._.mrterms["assertion"]["status"]) for span in doc.spans["mrterms"]] == [
        ("mitral_regurgitation", "present"),
        ("aortic_stenosis", "absent"),
    ]
    assert doc.spans["mrterms"][0]._.mrterms["severity"]["value"] == "severe"


@pytest.mark.parametrize("order", [("attributes", "assertion"), ("assertion", "attributes", "assertion")])
def test_components_in_another_order(nlp: Language, order: tuple[str, ...]) -> None:
    text = "No mitral regurgitation. Severe AS."
    own = spacy.blank("en")
    for number, name in enumerate(("sections", "matcher", "sense", *order)):
        own.add_pipe(f"mrterms_{name}", name=f"{name}{number}")
    told = [[(one["concept_id"], one["assertion"]["status"]) for one in doc.user_data["mrterms"]] for doc in (nlp(text), own(text))]
    assert told[0] == told[1] == [("mitral_regurgitation", "absent"), ("aortic_stenosis", "present")]


def test_docs_that_are_kept_keep_little(nlp: Language) -> None:
    silent, speaking = nlp("The weather is fine."), nlp("Mild MR.")
    assert silent not in shared._WORK
    work = shared.work_of(speaking)
    assert work._view is None
    assert [one.text for one in work.mentions] == ["MR"]
    assert [work.view.sentence(number).words for number in work.by_sentence()] == [["Mild", "MR", "."]]


def test_threads_of_one_pipeline() -> None:
    lesions = ("mitral regurgitation", "MR", "aortik stenosis", "leaky valve", "MI", "mitrel valve prolaps", "AS", "calcific AS")
    texts = [
        f"{how} {what} of case {number} in {place}, {also}."
        for number, (how, what, place, also) in enumerate(
            product(("No", "Severe", "trace"), lesions, ("2019", "the apex"), ("prior MI", "no IE", "MVR planned"))
        )
    ]
    expected = [note.to_dict()["annotations"] for note in mrterms.annotate_many(texts)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        fresh = mrterms.load()
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(lambda text: fresh(text).user_data["mrterms"], texts))
    finally:
        sys.setswitchinterval(interval)
    assert found == expected
    assert [fresh(text).user_data["mrterms"] for text in texts] == expected


def test_first_components_alone() -> None:
    own = spacy.blank("en")
    own.add_pipe("mrterms_sections")
    doc = own("PMH: none.\n\nECHO: normal.")
    assert [span.label_ for span in doc.spans["mrterms_sections"]]
    own.add_pipe("mrterms_matcher")
    doc = own("severe mitral regurgitation")
    assert [span.text for span in doc.spans["mrterms"]] == ["mitral regurgitation"]


def test_sentences_of_another_component_do() -> None:
    own = spacy.blank("en")
    own.add_pipe("sentencizer")
    for name in NAMES[1:]:
        own.add_pipe(name)
    doc = own("No aortic stenosis. Mitral regurgitation.")
    assert [span._.mrterms["assertion"]["status"] for span in doc.spans["mrterms"]] == ["absent", "present"]


@pytest.mark.parametrize("name", NAMES[1:])
def test_docs_without_text_pass(nlp: Language, name: str) -> None:
    assert nlp("").user_data.get("mrterms", []) == []


if __name__ == "__main__":
    mrterms.load()
    SNAPSHOT.write_text(json.dumps({name: described(name) for name in NAMES}, indent=1) + "\n")
