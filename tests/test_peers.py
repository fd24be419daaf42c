"""benchmarks/peers: registry, wire and scoring, and one peer that needs no environment of its own. Nothing is installed."""

from __future__ import annotations

import importlib
import json
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import pytest

from mrterms.evaluation.gold import GoldMention, GoldNote

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
TERMS = (
    ("mitral_regurgitation", "mitral regurgitation", "any"),
    ("mitral_regurgitation", "MR", "upper"),
    ("aortic_stenosis", "AS", "upper"),
)
NOTE = "Severe Mitral Regurgitation (MR), as before; AS."


@pytest.fixture(autouse=True)
def _benchmarks_on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    if not BENCHMARKS.exists():
        pytest.skip("benchmarks are not in the sdist")
    monkeypatch.syspath_prepend(str(BENCHMARKS))


def module(name: str) -> ModuleType:
    return importlib.import_module(f"peers.{name}")


def gold(*mentions: tuple[int, int, str, str]) -> list[GoldNote]:
    marked = tuple(GoldMention(start=start, end=end, concept_id=concept, statuses=(status,)) for start, end, concept, status in mentions)
    return [GoldNote(note_id="n", text=NOTE, mentions=marked)]


def scored(notes: Sequence[GoldNote], *found: tuple[int, int, str, str]) -> dict[str, float | int | None]:
    wire = module("wire")
    result: dict[str, float | int | None] = module("measuring").score(notes, [[wire.Found(*one) for one in found]])
    return result


def test_every_peer_names_an_adapter_its_pins_and_its_parts() -> None:
    peers = module("registry").read_peers()
    assert len({peer.name for peer in peers}) == len(peers) > 10
    for peer in peers:
        assert (BENCHMARKS / "peers" / "adapters" / f"{peer.adapter}.py").exists()
        assert set(peer.parts) <= set(module("main").PARTS)
        assert peer.parts
        assert not peer.requires or "==" in peer.requires[0], f"{peer.name} is not pinned"


def test_right_wrong_and_missed() -> None:
    notes = gold((7, 27, "mitral_regurgitation", "present"), (45, 47, "aortic_stenosis", "absent"))
    exact = scored(notes, (7, 27, "mitral_regurgitation", "present"), (45, 47, "aortic_stenosis", "present"))
    assert exact == {"right": 2, "wrong": 0, "missed": 0, "f1": 1.0, "status": 0.5}
    assert scored(notes) | {"f1": None} == {"right": 0, "wrong": 0, "missed": 2, "f1": None, "status": None}
    both = scored(notes, (45, 47, "aortic_stenosis", "absent"), (45, 47, "aortic_regurgitation", "absent"))
    assert (both["right"], both["wrong"], both["missed"]) == (1, 1, 1)


def test_longest_keeps_all_concepts_of_one_span() -> None:
    wire = module("wire")
    whole, second, part, apart = (wire.Found(*one) for one in ((0, 9, "a"), (0, 9, "b"), (5, 9, "c"), (9, 12, "d")))
    assert wire.longest([part, apart, second, whole]) == [whole, second, apart]


def test_lower_case_keeps_offsets() -> None:
    assert module("wire").lower_same_length("İstanbul MR") == "İstanbul mr"


def test_worker_reads_notes_in_process(tmp_path: Path) -> None:
    wire = module("wire")
    table = tmp_path / "terms.tsv"
    assert wire.write_terms(table, [wire.Term(*one) for one in TERMS], with_case=True) == len(TERMS)
    worker = module("worker").Worker("phrase_matcher")
    job = {"terms": str(table), "folder": str(tmp_path), "ontology": None, "builtin": False}
    ask = module("worker").answer
    loaded = ask(worker, {"do": "load", "with": job})
    assert loaded["memory_mb"] > 1
    assert loaded["seconds"] > 0
    assert ask(worker, {"do": "time", "with": [NOTE]})["seconds"] > 0
    found = json.loads(json.dumps(ask(worker, {"do": "find", "with": [NOTE]})))["found"][0]
    assert [(NOTE[start:end], concept) for start, end, concept, _ in found] == [
        ("Mitral Regurgitation", "mitral_regurgitation"),
        ("MR", "mitral_regurgitation"),
        ("AS", "aortic_stenosis"),
    ]


def test_an_error_over_notes_tells_its_kind_alone(tmp_path: Path) -> None:
    worker = module("worker").Worker("no_such_adapter")
    ask = module("worker").answer
    assert "no_such_adapter" in ask(worker, {"do": "load", "with": {}})["error"]
    worker._annotate = lambda texts: [int(text) for text in texts]
    assert ask(worker, {"do": "time", "with": ["Mr Smith"]}) == {"error": "ValueError"}


def test_made_terms_are_as_many_as_wanted_and_the_same_each_time() -> None:
    made = module("lexicons").made_terms
    terms = list(made(3000))
    assert len(terms) == 3000
    assert terms == list(made(3000))
    assert terms[:300] == list(made(300))


def test_a_peer_that_cannot_be_installed_says_why(tmp_path: Path) -> None:
    environments, registry = module("environments"), module("registry")
    peer = registry.Peer(name="none", adapter="none", requires=("./no-such-folder-of-a-package",))
    with pytest.raises(environments.PeerError, match=r"^not installed"):
        environments.python_of(peer, folder=tmp_path, limit_s=0.0)
