"""Speed of scan mode over notes of which one in twenty has a mention, as a ratio to spacy.blank("en").pipe in the same run.

    python benchmarks/scan.py [--rounds N] [--share 0.05]

Notes: ../shared/data/notes.jsonl.gz where present, else the paragraphs of the project's own notes. Processor time. "first" is the
first time that pipeline and tokenizer see the notes, as with an archive of this size; "again" is a second pass over them, as deep
inside a large archive, where words are seldom new. Both modes must give the same notes, or this stops.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import spacy

import mrterms
from mrterms.components.scanning import sieve_of

ROOT = Path(__file__).resolve().parents[1]


def texts_at_hand() -> list[str]:
    path = ROOT.parent / "shared" / "data" / "notes.jsonl.gz"
    if path.exists():
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            return [json.loads(line)["text"] for line in lines]
    notes = sorted((ROOT / "corpora" / "notes").glob("*.txt"))
    return [paragraph for path in notes for paragraph in path.read_text(encoding="utf-8").split("\n\n")]


def mix(texts: list[str], share: float) -> tuple[list[str], int]:
    """The notes with a mention among as many without as the share asks for; if those do not suffice, fewer of the former."""
    notes = list(mrterms.annotate_many(texts))
    telling = [text for text, note in zip(texts, notes, strict=True) if note.annotations]
    dull = [text for text, note in zip(texts, notes, strict=True) if not note.annotations]
    draw = random.Random(7)
    wanted = min(len(telling), int(len(dull) * share / (1 - share)))
    chosen = draw.sample(telling, wanted)
    mixed = [*chosen, *draw.sample(dull, int(wanted * (1 - share) / share))]
    draw.shuffle(mixed)
    return mixed, sum(len(text.split()) for text in chosen)


def seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--share", type=float, default=0.05)
    options = parser.parse_args()
    texts, telling_words = mix(texts_at_hand(), options.share)
    words = sum(len(text.split()) for text in texts)
    plain = list(mrterms.annotate_many(texts))
    ratios: dict[str, list[float]] = {"first": [], "again": [], "decision alone, again": []}
    for _ in range(options.rounds):
        bare, nlp = spacy.blank("en"), mrterms.load()
        nlp("MR")  # what is read from files at the first word is part of loading
        sieve = sieve_of(nlp)
        for name in ("first", "again"):
            tokenizing = seconds(lambda: list(bare.pipe(texts)))  # noqa: B023 -- called at once
            scanning = seconds(lambda: list(mrterms.annotate_many(texts, nlp=nlp, scan=True)))  # noqa: B023
            ratios[name].append(tokenizing / scanning)
        ratios["decision alone, again"].append(tokenizing / seconds(lambda: sieve.choose(texts)))  # noqa: B023
        if list(mrterms.annotate_many(texts, nlp=nlp, scan=True)) != plain:
            raise SystemExit("scanning gave other notes")
    chosen = sum(sieve.choose(texts))
    report = {
        "notes": len(texts),
        "with_mention": sum(bool(note.annotations) for note in plain),
        "read": chosen,
        "words": words,
        "share_of_words_in_notes_with_mention": round(telling_words / words, 3),
        "times_the_tokenizer": {name: round(statistics.median(found), 1) for name, found in ratios.items()},
        "of_each_round": {name: [round(one, 1) for one in found] for name, found in ratios.items()},
    }
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
