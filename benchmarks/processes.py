"""How annotate_many scales over processes: wall time of one process and of two, in turn, on the same notes.

    python benchmarks/processes.py [--notes N] [--rounds N] [--scan]

Notes: ../shared/data/notes.jsonl.gz where present, else the project's own corpora, over and over up to N. Two processes need two
free cores: the share of the machine that others took while each run went on is printed beside it, and "by_processor_time" is what
two free cores would give: twice the processor time of one process by that of two and their parent, the median of all rounds.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import statistics
import time
from pathlib import Path

import mrterms

ROOT = Path(__file__).resolve().parents[1]


def cpu_seconds() -> tuple[float, float]:
    """Busy and all seconds of all cores since the machine started."""
    fields = [int(field) for field in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    hertz = os.sysconf("SC_CLK_TCK")
    return (sum(fields) - fields[3] - fields[4]) / hertz, sum(fields) / hertz


def notes_of(most: int) -> list[str]:
    path = ROOT.parent / "shared" / "data" / "notes.jsonl.gz"
    if path.exists():
        import gzip

        with gzip.open(path, "rt", encoding="utf-8") as lines:
            texts = [json.loads(line)["text"] for line in lines]
    else:
        texts = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "corpora" / "notes").glob("*.txt"))]
    return list(itertools.islice(itertools.cycle(texts), most))


def run(texts: list[str], n_process: int, scan: bool) -> dict[str, float]:
    """A fresh pipeline, warmed by a tenth of the notes; wall seconds, and the share of the cores that others used."""
    nlp = mrterms.load()
    list(mrterms.annotate_many(texts[: len(texts) // 10], nlp=nlp, scan=scan))
    busy, everything = cpu_seconds()
    own = sum(os.times()[:4])
    start = time.perf_counter()
    done = sum(1 for _ in mrterms.annotate_many(texts, nlp=nlp, n_process=n_process, scan=scan))
    wall = time.perf_counter() - start
    assert done == len(texts)
    busy_now, everything_now = cpu_seconds()
    own = sum(os.times()[:4]) - own
    others = max(0.0, busy_now - busy - own) / (everything_now - everything)
    return {"wall_s": round(wall, 2), "cpu_s": round(own, 2), "others": round(others, 2)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--notes", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scan", action="store_true")
    options = parser.parse_args()
    texts = notes_of(options.notes)
    rounds = [{"one": run(texts, 1, options.scan), "two": run(texts, 2, options.scan)} for _ in range(options.rounds)]
    for one in rounds:
        print(json.dumps(one))
    best = {name: min(one[name]["wall_s"] for one in rounds) for name in ("one", "two")}
    by_processor_time = statistics.median(2 * one["one"]["cpu_s"] / one["two"]["cpu_s"] for one in rounds)
    ratios = {"best_ratio": round(best["one"] / best["two"], 2), "by_processor_time": round(by_processor_time, 2)}
    print(json.dumps({"notes": len(texts), **ratios, "cores": os.cpu_count()}))


if __name__ == "__main__":
    main()
