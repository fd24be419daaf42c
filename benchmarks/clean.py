"""A million rows with 40,000 distinct cells: speed, memory, and how many are right, wrong and missed, beside simpler methods.

    python benchmarks/clean.py [--rows N] [--distinct N] [--n-process N] [--json FILE] [--md FILE]

The cells are made from the lexicon's terms with a fixed seed (case, misspellings, grades, histories, doubts, dates, lists),
from titles of ICD-10-CM outside the heart, and from junk: numbers, blanks, "n/a". So they measure speed and robustness against
noise, not whether the lexicon knows the words of others: ``benchmarks/clean_strings.py`` does. The simpler methods look up
the same terms; their thresholds are those that serve them best on these very cells.
"""

from __future__ import annotations

import argparse
import csv
import os
import random
import re
import resource
import string
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import simple_icd_10_cm
from figures import add_options, keep
from rapidfuzz import process
from sklearn.feature_extraction.text import TfidfVectorizer

import mrterms
from mrterms.lexicon import Lexicon, load_lexicon

ROOT = Path(__file__).resolve().parents[1]
HEART = re.compile(r"I|Q2[0-8]|Z95|T82|[1-9IVX]+$|A32|A39|A52|B33|B37|J95|M32")
BEFORE = ("", "", "", "", "severe ", "mod ", "mild ", "h/o ", "hx of ", "s/p ", "?", "poss ", "chronic ", "no ", "known ", "2+ ", "Dx: ")
BEHIND = (
    "",
    "",
    "",
    "",
    " 2+",
    " mild",
    " (moderate)",
    " 2009",
    ", HTN",
    "; DM2",
    " - stable",
    " ?",
    " NOS",
    " 3+",
    " since 2015",
    " + AF",
)
JUNK = ("n/a", "NA", "none", "unknown", "see notes", "-", ".", "?", "not recorded", "as above", "nil", "other", "TBC", "no data", "refused")
SAMPLE = 1_000
ROWS_ALONE = 20_000
"""Rows annotated one by one; the time of a million is this many times theirs."""


def make_values(lexicon: Lexicon, distinct: int, drawn: random.Random) -> dict[str, str | None]:
    """Distinct cells and the concept that each was made from (None: none)."""
    terms = subject_terms(lexicon)
    others = sorted(
        title
        for code in simple_icd_10_cm.get_all_codes(True)
        if not HEART.match(code) and len(code) < 7 and len(title := simple_icd_10_cm.get_description(code)) < 80
    )
    found: dict[str, str | None] = {}
    while len(found) < distinct * 0.5:
        text, concept_id = drawn.choice(terms)
        found.setdefault(drawn.choice(BEFORE) + noisy(text, drawn) + drawn.choice(BEHIND), concept_id)
    while len(found) < distinct * 0.88:
        found.setdefault(drawn.choice(BEFORE) + noisy(drawn.choice(others), drawn) + drawn.choice(BEHIND), None)
    while len(found) < distinct:
        found.setdefault(drawn.choice((junk_word, junk_number))(drawn), None)
    return found


def subject_terms(lexicon: Lexicon) -> list[tuple[str, str]]:
    """Terms with the concept they are reported as, those of several concepts left out; "MR" stands for the lesion it may name.

    Lay terms that name no valve ("leaky valve") are left out: mrterms takes them for the mitral valve and says so; so are those that it
    believes only beside words that vouch for them ("a coronary").
    """
    by_text: dict[str, set[str]] = {}
    for term in lexicon.terms:
        concept = lexicon.concepts[term.concept_id]
        if (term.kind == "lay" and term.concept_id == "heart_valve_regurgitation") or term.case == "told":
            continue
        if not concept.other_sense and concept.semantic_type in ("disorder", "procedure"):
            by_text.setdefault(term.text, set()).add(concept.report_as or concept.concept_id)
    return sorted((text, next(iter(concepts))) for text, concepts in by_text.items() if len(concepts) == 1)


def noisy(text: str, drawn: random.Random) -> str:
    """Another case, another space, and in one long word of four an error of typing."""
    words = text.split()
    if drawn.random() < 0.25 and (long := [place for place, word in enumerate(words) if len(word) > 7]):
        words[place] = misspelt(words[place := drawn.choice(long)], drawn)
    text = drawn.choice((" ", " ", " ", "  ")).join(words)
    return drawn.choice((str, str, str.upper, str.capitalize))(text)


def misspelt(word: str, drawn: random.Random) -> str:
    """A letter left out, doubled, exchanged with the next, or another one."""
    place = drawn.randrange(1, len(word) - 2)
    kind = drawn.randrange(4)
    if kind == 0:
        return word[:place] + word[place + 1 :]
    if kind == 1:
        return word[:place] + word[place] + word[place:]
    if kind == 2:
        return word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    return word[:place] + drawn.choice(string.ascii_lowercase) + word[place + 1 :]


def junk_word(drawn: random.Random) -> str:
    return drawn.choice(JUNK) + " " * drawn.randrange(4) + drawn.choice(("", str(drawn.randrange(1_000))))


def junk_number(drawn: random.Random) -> str:
    return drawn.choice((f"{drawn.randrange(10_000)}", f"{drawn.random() * 100:.1f}", f"{drawn.randrange(300)}/{drawn.randrange(200)}"))


def write_table(path: Path, values: Sequence[str], rows: int, drawn: random.Random) -> None:
    """A table in which few values are frequent and many rare, a twentieth of the cells blank."""
    weights = [1 / (place + 10) for place in range(len(values))]
    blanks = rows // 20
    cells = [*values, *drawn.choices(values, weights, k=rows - len(values) - blanks), *[""] * blanks]
    drawn.shuffle(cells)
    with open(path, "w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(("id", "dx", "seen"))
        for number, cell in enumerate(cells):
            writer.writerow((f"{number:07}", cell, f"20{number % 24:02}-01-01"))


def pss_mb(pid: int) -> float:
    """The memory of a process and its children, shared pages counted once (Linux)."""
    total = 0.0
    waiting = [pid]
    while waiting:
        one = waiting.pop()
        try:
            rollup = Path(f"/proc/{one}/smaps_rollup").read_text()
            total += next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")) / 1024
            waiting += map(int, Path(f"/proc/{one}/task/{one}/children").read_text().split())
        except (OSError, StopIteration):
            continue
    return total


def run_clean(table: Path, output: Path, n_process: int) -> tuple[float, float, float]:
    """Seconds, processor seconds and megabytes of ``mrterms clean``, with loading, reading and writing."""
    command = [
        sys.executable,
        "-m",
        "mrterms",
        "clean",
        str(table),
        "--column",
        "dx",
        "--output",
        str(output),
        "--n-process",
        str(n_process),
    ]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    running = subprocess.Popen(command, cwd=ROOT)
    most = 0.0

    def watch() -> None:
        nonlocal most
        while running.poll() is None:
            most = max(most, pss_mb(running.pid))
            time.sleep(0.3)

    watcher = threading.Thread(target=watch)
    watcher.start()
    running.wait()
    seconds = time.perf_counter() - start
    watcher.join()
    if running.returncode != 0:
        raise SystemExit(f"mrterms clean ended with {running.returncode}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, most


def score(given: dict[str, str | None], gold: dict[str, str | None]) -> dict[str, int]:
    """Right, wrong and missed of the cells that name a concept, and false among those that name none."""
    named = {value: concept for value, concept in gold.items() if concept and value in given}
    return {
        "named": len(named),
        "right": sum(given[value] == concept for value, concept in named.items()),
        "wrong": sum(given[value] not in (concept, None) for value, concept in named.items()),
        "missed": sum(given[value] is None for value in named),
        "none": sum(value in given for value, concept in gold.items() if not concept),
        "false": sum(given[value] is not None for value, concept in gold.items() if not concept and value in given),
    }


def best_threshold(scored: dict[str, tuple[str, float]], gold: dict[str, str | None]) -> tuple[float, dict[str, str | None]]:
    """The answers under the threshold with the most right and fewest wrong and false: the most favourable one."""
    best: tuple[float, float, dict[str, str | None]] | None = None
    for threshold in np.quantile([found for _, found in scored.values()], np.linspace(0, 1, 60)).tolist():
        given = {value: concept if found >= threshold else None for value, (concept, found) in scored.items()}
        counts = score(given, gold)
        worth = counts["right"] - counts["wrong"] - counts["false"]
        if best is None or worth > best[0]:
            best = (worth, threshold, given)
    assert best is not None
    return best[1], best[2]


def by_extract_one(terms: Sequence[tuple[str, str]], values: Sequence[str]) -> dict[str, tuple[str, float]]:
    texts = [text for text, _ in terms]
    return {value: (terms[place][1], found) for value in values for _, found, place in [process.extractOne(value, texts)]}


def by_tfidf(terms: Sequence[tuple[str, str]], values: Sequence[str]) -> dict[str, tuple[str, float]]:
    """Usagi's method: cosine of TF-IDF vectors of words, the nearest term wins."""
    vectors = TfidfVectorizer(token_pattern=r"\w+")
    known = vectors.fit_transform(text for text, _ in terms).T.tocsc()
    found: dict[str, tuple[str, float]] = {}
    for start in range(0, len(values), 2_000):
        part = values[start : start + 2_000]
        likeness = (vectors.transform(part) @ known).toarray()
        for value, place, cosine in zip(part, likeness.argmax(axis=1).tolist(), likeness.max(axis=1).tolist(), strict=True):
            found[value] = (terms[place][1], cosine)
    return found


def timed(method: Callable[..., Any], *arguments: Any) -> tuple[float, Any]:
    start = time.perf_counter()
    found = method(*arguments)
    return time.perf_counter() - start, found


def measure(rows: int, distinct: int, n_process: int) -> dict[str, Any]:
    """All figures."""
    drawn = random.Random(20261122)
    lexicon = load_lexicon("valve")
    terms = subject_terms(lexicon)
    gold = make_values(lexicon, distinct, drawn)
    values = sorted(gold)
    drawn.shuffle(values)
    with tempfile.TemporaryDirectory() as folder:
        table, output = Path(folder) / "table.csv", Path(folder) / "cleaned.csv"
        write_table(table, values, rows, drawn)
        seconds, processor, memory = run_clean(table, output, n_process)
        cleaned = pd.read_csv(output, dtype=str, keep_default_na=False, usecols=["id", "dx", "mrterms_concept_id"])
        assert len(cleaned) == rows
        assert cleaned["id"].tolist() == [f"{number:07}" for number in range(rows)]
        cells = cleaned["dx"].sample(min(rows, ROWS_ALONE), random_state=1).tolist()
    found = dict(zip(cleaned["dx"], cleaned["mrterms_concept_id"], strict=True))
    given = {value: found[value] or None for value in values}
    nlp = mrterms.load()
    mrterms.annotate("MR", nlp=nlp)
    start, clock = time.process_time(), time.perf_counter()
    for cell in cells:
        mrterms.annotate(cell, nlp=nlp)
    row_by_row = (time.process_time() - start) / len(cells) * rows
    row_by_row_clock = (time.perf_counter() - clock) / len(cells) * rows
    sample = values[:SAMPLE]
    fuzzy_seconds, fuzzy = timed(by_extract_one, terms, sample)
    tfidf_seconds, tfidf = timed(by_tfidf, terms, values)
    fuzzy_threshold, fuzzy_given = best_threshold(fuzzy, gold)
    tfidf_threshold, tfidf_given = best_threshold(tfidf, gold)
    return {
        "rows": rows,
        "distinct": len(values),
        "n_process": n_process,
        "peak_mb": round(memory),
        "processor_seconds": round(processor, 1),
        "load": os.getloadavg()[0],
        "methods": {
            "mrterms clean (whole run: load, read, write)": {"seconds": round(seconds, 1), "of": len(values), **score(given, gold)},
            "mrterms.annotate row by row": {"seconds": round(row_by_row_clock, 1), "of": len(cells), "extrapolated": True},
            f"rapidfuzz extractOne per distinct value, from {fuzzy_threshold:.0f}": {
                "seconds": round(fuzzy_seconds / SAMPLE * len(values), 1),
                "of": SAMPLE,
                "extrapolated": True,
                **score(fuzzy_given, gold),
            },
            f"TF-IDF cosine as in Usagi, from {tfidf_threshold:.2f}": {
                "seconds": round(tfidf_seconds, 1),
                "of": len(values),
                **score(tfidf_given, gold),
            },
        },
        "times_faster_by_the_clock": round(row_by_row_clock / seconds, 1),
        "times_less_processor_time": round(row_by_row / processor, 1),
        "wrong": sorted([value, str(gold[value]), str(given[value])] for value in values if given[value] not in (gold[value], None))[:200],
    }


def as_markdown(report: dict[str, Any]) -> str:
    """The figures as a table to read."""
    lines = [
        f"{report['rows']:,} rows, {report['distinct']:,} distinct values, {report['n_process']} processes; peak {report['peak_mb']} MB;"
        f" {report['processor_seconds']} processor seconds (load of the machine {report['load']:.1f}). Than calling annotate row by row,"
        f" one process: {report['times_faster_by_the_clock']} times faster by the clock,"
        f" {report['times_less_processor_time']} times less processor time.",
        "",
        "| method | seconds | right | wrong | missed | false, of cells that name none |",
        "|---|---|---|---|---|---|",
    ]
    for name, row in report["methods"].items():
        seconds = f"{row['seconds']:,.0f}" + (f" (from {row['of']:,})" if row.get("extrapolated") else "")
        if "right" in row:
            shares = " | ".join(f"{100 * row[kind] / row['named']:.1f} %" for kind in ("right", "wrong", "missed"))
            lines.append(f"| {name} | {seconds} | {shares} | {100 * row['false'] / row['none']:.2f} % |")
        else:
            lines.append(f"| {name} | {seconds} | | | | |")
    return "\n".join([*lines, ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--distinct", type=int, default=40_000)
    parser.add_argument("--n-process", type=int, default=2)
    add_options(parser)
    options = parser.parse_args()
    report = measure(options.rows, options.distinct, options.n_process)
    keep(options, report, as_markdown(report))


if __name__ == "__main__":
    main()
