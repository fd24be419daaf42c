"""The held-out table of the sense step, and its cost: ``python benchmarks/sense.py [FOLDER OF ../shared/data]``.

Trains on every fold anew (about five minutes), writes nothing but a scratch folder, prints the table of docs/sense.md.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import mrterms
from mrterms.components.shared import work_of
from mrterms.lexicon import load_lexicon
from mrterms.sense import Resolver

ROOT = Path(__file__).parents[1]


def _held_out(data: Path) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        command = [
            sys.executable,
            "-m",
            "mrterms",
            "train",
            *(str(data / f"{name}.jsonl.gz") for name in ("casereports", "consumer", "notes")),
        ]
        command += ["--labelled", str(data / "senses.jsonl.gz"), "--sentences", str(ROOT / "corpora/sense_training/sentences.txt")]
        subprocess.run([*command, "--output", scratch], check=True)


def _cost() -> None:
    start = time.perf_counter()
    resolver = Resolver(load_lexicon("valve"))
    print(f"load: {1e3 * (time.perf_counter() - start):.0f} ms (with the lexicon)")
    nlp = mrterms.load()
    for name in ("mrterms_attributes", "mrterms_assertion", "mrterms_sense"):
        nlp.remove_pipe(name)
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "corpora" / "notes").glob("*.txt")))
    doc = nlp(text)
    work = work_of(doc)
    count = sum(mention.short_form is not None for mention in work.mentions)
    best = 1e9
    for _ in range(5):
        start = time.perf_counter()
        resolver.resolve(work.view, work.mentions)
        best = min(best, time.perf_counter() - start)
    print(f"{count} ambiguous mentions, {1e6 * best / count:.0f} microseconds each")


if __name__ == "__main__":
    _cost()
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT.parent / "shared" / "data"
    if folder.is_dir():
        _held_out(folder)
    else:
        print(f"no development data at {folder}: no held-out table")
