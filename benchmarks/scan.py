"""Speed of scan mode over notes of which one in twenty has a mention, as a ratio to spacy.blank("en").pipe in the same run.

    python benchmarks/scan.py [--rounds N] [--share 0.05] [--json FILE]

Notes: ../shared/data/notes.jsonl.gz where present, else the paragraphs of the project's own notes. Processor time. Two mixes, since
notes with a mention are longer than others, and a note that is read costs by its length: "as they come", drawn at random; and "of
equal length", where each note with a mention stands among others as long as it. "first" is the first time that pipeline and
tokenizer see the notes, as with an archive of this size; "again" is a second pass over them, as deep inside a large archive, where
words are seldom new. Both modes must give the same notes, or this stops.
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


def sorted_out(texts: list[str]) -> tuple[list[str], list[str]]:
    """The texts with a mention, and the others, shuffled."""
    notes = list(mrterms.annotate_many(texts))
    telling = [text for text, note in zip(texts, notes, strict=True) if note.annotations]
    dull = [text for text, note in zip(texts, notes, strict=True) if not note.annotations]
    draw = random.Random(7)
    draw.shuffle(telling)
    draw.shuffle(dull)
    return telling, dull


def as_they_come(telling: list[str], dull: list[str], share: float) -> list[str]:
    """Notes with a mention among as many without as the share asks for; if those do not suffice, fewer of the former."""
    wanted = min(len(telling), int(len(dull) * share / (1 - share)))
    return [*telling[:wanted], *dull[: int(wanted * (1 - share) / share)]]


def of_equal_length(telling: list[str], dull: list[str], share: float) -> list[str]:
    """Notes with a mention, each with those left of the others that are nearest to its length, where these are as long on average."""
    each, chosen = round((1 - share) / share), []
    left = sorted(dull, key=words_in)
    for text in telling:
        own = words_in(text)
        near = sorted(left, key=lambda other: abs(words_in(other) - own))[:each]
        if len(near) == each and abs(sum(map(words_in, near)) / each - own) < own / 10:
            chosen += [text, *near]
            taken = set(map(id, near))
            left = [other for other in left if id(other) not in taken]
    return chosen


def words_in(text: str) -> int:
    return len(text.split())


def seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def measured(texts: list[str], rounds: int) -> dict[str, object]:
    random.Random(7).shuffle(texts)
    plain = list(mrterms.annotate_many(texts))
    ratios: dict[str, list[float]] = {"first": [], "again": [], "decision alone, again": []}
    for _ in range(rounds):
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
    chosen = sieve.choose(texts)
    words = sum(map(words_in, texts))
    holding = [text for text, note in zip(texts, plain, strict=True) if note.annotations]
    read = [text for text, wanted in zip(texts, chosen, strict=True) if wanted]
    return {
        "notes": len(texts),
        "with_mention": len(holding),
        "read": len(read),
        "words": words,
        "share_of_words_in_notes_with_mention": round(sum(map(words_in, holding)) / words, 3),
        "share_of_words_in_notes_read": round(sum(map(words_in, read)) / words, 3),
        "times_the_tokenizer": {name: round(statistics.median(found), 1) for name, found in ratios.items()},
        "of_each_round": {name: [round(one, 1) for one in found] for name, found in ratios.items()},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--share", type=float, default=0.05)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    telling, dull = sorted_out(texts_at_hand())
    mixes = {"as they come": as_they_come, "of equal length": of_equal_length}
    report = {name: measured(mix(telling, dull, options.share), options.rounds) for name, mix in mixes.items()}
    print(json.dumps(report, indent=1))
    if options.json:
        options.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
