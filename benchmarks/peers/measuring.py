"""One peer measured in its own process, in turn with the bare tokenizer in another."""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from mrterms.evaluation.gold import GoldNote, Prediction
from mrterms.evaluation.scorer import evaluate
from peers.environments import PeerError
from peers.registry import BLANK, Peer
from peers.wire import Found, Job

__all__ = ["Limits", "Result", "Work", "measure", "score"]

BENCHMARKS = Path(__file__).resolve().parents[1]
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS"), "1")


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a peer may take: seconds to install, for one step of its run, for all slices (the rest are left out), and gigabytes."""

    install_s: float = 600.0
    step_s: float = 600.0
    notes_s: float = 120.0
    memory_gb: int = 12


@dataclass(frozen=True, kw_only=True)
class Work:
    """Notes in slices, each read once, so that no program has seen a note before; and the marked set."""

    slices: Sequence[Sequence[str]]
    gold: Sequence[GoldNote] = ()
    scored: frozenset[str] | None = None
    """The concepts that the marked set marks wherever they stand; without it, those of the annotation guideline."""


@dataclass(kw_only=True)
class Result:
    """What one peer took. Seconds are processor time; ``error`` says why figures are missing."""

    peer: str
    build_s: float | None = None
    load_s: float | None = None
    memory_mb: float | None = None
    ratios: list[float] = field(default_factory=list)
    ratio: float | None = None
    scores: dict[str, float | int | None] = field(default_factory=dict)
    error: str | None = None


class Process:
    """A worker of one peer. Raises :class:`PeerError` where it fails, dies or takes longer than its limit."""

    def __init__(self, peer: Peer, python: Path, limits: Limits) -> None:
        self._limit = limits.step_s
        paths = [str(BENCHMARKS), *([] if peer.requires else [str(BENCHMARKS.parent)])]
        self._process = subprocess.Popen(
            [str(python), "-m", "peers.worker", peer.adapter, str(limits.memory_gb)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # programs may write there what stands in notes
            text=True,
            env={**os.environ, **ONE_THREAD, "PYTHONPATH": os.pathsep.join(paths)},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def ask(self, do: str, what: Any) -> dict[str, Any]:
        assert self._process.stdin
        assert self._process.stdout
        timer = threading.Timer(self._limit, self._process.kill)
        timer.start()
        try:
            self._process.stdin.write(json.dumps({"do": do, "with": what}) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        finally:
            timer.cancel()
        if not line:
            killed = self._process.wait() == -signal.SIGKILL
            raise PeerError(f"{do}: stopped after {self._limit:.0f} s" if killed else f"{do}: the process died, perhaps for want of memory")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise PeerError(f"{do}: {answer['error']}")
        return answer


def measure(peer: Peer, python: Path, job: Job, work: Work, limits: Limits) -> Result:
    """Build, load, read the notes in turn with the bare tokenizer, find the marked mentions. What was measured before an error stays."""
    result = Result(peer=peer.name)
    plain = {"terms": str(job.terms), "folder": str(job.folder), "ontology": job.ontology and str(job.ontology), "builtin": job.builtin}
    try:
        with Process(peer, python, limits) as theirs:
            result.build_s = theirs.ask("prepare", plain)["seconds"]
        with Process(peer, python, limits) as theirs, Process(BLANK, Path(sys.executable), limits) as bare:
            answer = theirs.ask("load", plain)
            result.load_s, result.memory_mb = answer["seconds"], answer["memory_mb"]
            bare.ask("load", plain)
            spent = 0.0
            for texts in work.slices:
                if spent > limits.notes_s:
                    break
                unit = bare.ask("time", texts)["seconds"]
                answer = theirs.ask("time", texts)
                spent += answer["seconds"]
                result.ratios.append(unit / answer["seconds"])
                result.ratio, result.memory_mb = statistics.median(result.ratios), answer["memory_mb"]
            if work.gold:
                found = theirs.ask("find", [note.text for note in work.gold])["found"]
                result.scores = score(work.gold, [[Found(*one) for one in note] for note in found], scored=work.scored)
    except PeerError as error:
        result.error = str(error)
    return result


def score(
    gold: Sequence[GoldNote], found: Sequence[Sequence[Found]], *, scored: frozenset[str] | None = None
) -> dict[str, float | int | None]:
    """Right: a mention of the marked concept overlaps the marked one; wrong: found and not so marked; missed: marked and not so found.

    As mrterms.evaluation counts: a meaning given beside the right one is wrong, too. ``status`` is the share of right mentions
    whose status is right.
    """
    predictions = {
        note.note_id: [Prediction(start=one.start, end=one.end, concept_id=one.concept_id, status=one.status) for one in mentions]
        for note, mentions in zip(gold, found, strict=True)
    }
    overall = evaluate(gold, predictions, scored=scored, samples=0).overall
    recall, precision = overall.overlap.recall, overall.overlap.precision
    return {
        "right": recall.right,
        "wrong": precision.total - precision.right,
        "missed": recall.total - recall.right,
        "f1": overall.overlap.f1.value,
        "status": overall.status.value,
    }
