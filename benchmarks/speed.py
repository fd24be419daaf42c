"""Speed of the whole pipeline as a ratio to the bare tokenizer, spacy.blank("en").pipe, on the same text in one run.

    python benchmarks/speed.py [--notes N] [--json FILE] [FILE.jsonl[.gz] ...]

Without files: ../shared/data where it is, else the project's own corpora. Both pipelines run in turn, several rounds, each
fresh (cold caches, as a user's first run); the median ratio is printed, with load time and memory.
"""

from __future__ import annotations

import argparse
import gzip
import json
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

import spacy

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"


def texts_of(paths: list[Path], most: int) -> list[str]:
    found: list[str] = []
    for path in paths:
        if path.suffix == ".txt":
            found.append(path.read_text())
            continue
        opener = gzip.open if path.suffix == ".gz" else open
        with opener(path, "rt", encoding="utf-8") as lines:
            found += [json.loads(line)["text"] for line in lines][:most]
    return found


def seconds(nlp: spacy.Language, texts: list[str]) -> tuple[float, int]:
    start = time.process_time()
    tokens = sum(len(doc) for doc in nlp.pipe(texts))
    return time.process_time() - start, tokens


def load_seconds() -> float:
    code = "import time; s=time.perf_counter(); import mrterms; mrterms.load()('MR'); print(time.perf_counter()-s)"
    return min(float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout) for _ in range(3))


def memory_mb() -> float:
    code = "import resource, mrterms; mrterms.load()('MR'); print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss/1024)"
    return float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--notes", type=int, default=400, help="notes taken from each file")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    files = options.files or [path for path in (DATA / "notes.jsonl.gz", DATA / "casereports.jsonl.gz") if path.exists()]
    files = files or sorted((ROOT / "corpora" / "demo").glob("*.txt"))

    import mrterms

    report: dict[str, object] = {"load_s": round(load_seconds(), 2), "memory_mb": round(memory_mb())}
    for path in files:
        texts = texts_of([path], options.notes)
        ratios = []
        for _ in range(options.rounds):
            bare, tokens = seconds(spacy.blank("en"), texts)
            ours, _ = seconds(mrterms.load(), texts)
            ratios.append(bare / ours)
        report[path.name] = {"tokens": tokens, "ratio": round(statistics.median(ratios), 3), "ratios": [round(one, 3) for one in ratios]}
    report["peak_mb_of_this_run"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    print(json.dumps(report, indent=1))
    if options.json:
        options.json.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
