"""The process in which one peer is measured: a request a line in, an answer a line out; notes pass through the pipe alone.

    python -m peers.worker ADAPTER GIGABYTES

Time is the processor time of this process, since other programs share the machine; load time counts from the start of the
interpreter to the first note annotated. Libraries that print are sent to standard error.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import sys
import time
from collections import deque
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

from peers.wire import Annotate, Job

FIRST_NOTE = "There is mild mitral regurgitation."


class Worker:
    """One adapter, loaded once."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._annotate: Annotate | None = None

    @cached_property
    def _adapter(self) -> ModuleType:
        return importlib.import_module(f"peers.adapters.{self._name}")

    def prepare(self, job: dict[str, Any]) -> dict[str, Any]:
        """Build once what a user would build once."""
        prepare = getattr(self._adapter, "prepare", None)
        start = time.process_time()
        if prepare:
            prepare(job_of(job))
        return {"seconds": time.process_time() - start}

    def load(self, job: dict[str, Any]) -> dict[str, Any]:
        """Load and annotate one short note."""
        annotate: Annotate = self._adapter.load(job_of(job))
        deque(annotate([FIRST_NOTE]), maxlen=0)
        self._annotate = annotate
        return {"seconds": time.process_time(), "memory_mb": peak_mb()}

    def time(self, texts: list[str]) -> dict[str, Any]:
        """Seconds of processor time that the notes take."""
        assert self._annotate is not None
        start = time.process_time()
        deque(self._annotate(texts), maxlen=0)
        return {"seconds": time.process_time() - start, "memory_mb": peak_mb()}

    def find(self, texts: list[str]) -> dict[str, Any]:
        """The mentions of each note."""
        assert self._annotate is not None
        return {"found": [list(found) for found in self._annotate(texts)]}


def job_of(plain: dict[str, Any]) -> Job:
    return Job(
        terms=Path(plain["terms"]),
        folder=Path(plain["folder"]),
        ontology=Path(plain["ontology"]) if plain["ontology"] else None,
        builtin=plain["builtin"],
    )


def peak_mb() -> float:
    """Most memory resident so far. Linux's own count, where it is: getrusage's counts the parent's before exec, too."""
    try:
        line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    except (OSError, StopIteration):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024**2 if sys.platform == "darwin" else 1024)


def answer(worker: Worker, request: dict[str, Any]) -> dict[str, Any]:
    """The answer, or why there is none; of an error over notes only its kind, since its words may quote them."""
    try:
        result: dict[str, Any] = getattr(worker, request["do"])(request["with"])
    except Exception as error:
        told = str(error).partition("\n")[0] if request["do"] in ("prepare", "load") else ""
        return {"error": f"{type(error).__name__} {told}".strip()}
    return result


def main() -> None:
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    if sys.platform != "darwin":  # which does not know this limit
        resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[2]) * 2**30,) * 2)
    worker = Worker(sys.argv[1])
    for line in sys.stdin:
        answers.write(json.dumps(answer(worker, json.loads(line))) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
