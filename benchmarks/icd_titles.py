"""Which titles of ICD-10-CM are linked to a scored concept: almost none outside the cardiac chapters, the right ones inside.

    python benchmarks/icd_titles.py [--json FILE] [--md FILE]

The titles come with the package simple-icd-10-cm; codes of seven characters are left out, because their titles repeat the
one above with "initial encounter" and the like.  What the titles of I05 to I39 and I21 to I25 name stands in
``corpora/challenges/icd_cardiac.tsv`` (``|`` between concepts, blank for none).
"""

from __future__ import annotations

import argparse
import csv
import re
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import simple_icd_10_cm
from figures import add_options, keep

import mrterms
from mrterms.evaluation.markup import SCORED_CONCEPTS

__all__ = ["EXPLAINED", "all_titles", "expected_concepts", "linked_outside", "measure", "wrong_inside"]

ROOT = Path(__file__).resolve().parents[1]
CARDIAC = re.compile(r"I|Q2[0-8]|[1-9IVX]+$")
"""Chapter IX (circulation) and Q20 to Q28 (congenital circulation); bare numbers are headings of chapters."""
EXPLAINED = {
    "A32.82": "right: Listerial endocarditis is an infective endocarditis",
    "A39.51": "right: meningococcal endocarditis is an infective endocarditis",
    "A52.03": "right: syphilitic endocarditis is an infective endocarditis",
    "B33.21": "right: viral endocarditis is an infective endocarditis",
    "B37.6": "right: candidal endocarditis is an infective endocarditis",
}


def all_titles() -> dict[str, list[str]]:
    """Title → its codes, in the order of the classification."""
    titles: dict[str, list[str]] = {}
    for code in simple_icd_10_cm.get_all_codes(True):
        if len(code.replace(".", "")) < 7 or "-" in code:
            titles.setdefault(simple_icd_10_cm.get_description(code), []).append(code)
    return titles


def expected_concepts() -> dict[str, frozenset[str]]:
    """Code → the concepts that its title names, after the table."""
    path = ROOT / "corpora" / "challenges" / "icd_cardiac.tsv"
    with open(path, encoding="utf-8", newline="") as lines:
        rows = csv.DictReader((line for line in lines if not line.startswith("#")), delimiter="\t")
        return {row["code"]: frozenset(row["concepts"].split("|")) - {""} for row in rows}


def linked_outside(titles: dict[str, list[str]]) -> list[tuple[str, str, str]]:
    """Code, title and scored concept of every title outside the cardiac chapters that is linked."""
    outside = {title: codes[0] for title, codes in titles.items() if not any(CARDIAC.match(code) for code in codes)}
    found = _concepts(outside)
    return [(outside[title], title, concept) for title, concepts in found for concept in sorted(concepts & SCORED_CONCEPTS)]


def wrong_inside(expected: dict[str, frozenset[str]]) -> list[tuple[str, str, str, str]]:
    """Code, title, expected and found concepts of every title of the table that is not read as expected."""
    judged = frozenset().union(*expected.values()) | SCORED_CONCEPTS
    codes = {simple_icd_10_cm.get_description(code): code for code in expected}
    wrong = []
    for title, concepts in _concepts(codes):
        right = expected[codes[title]]
        if (given := concepts & judged) != right:
            wrong.append((codes[title], title, "|".join(sorted(right)), "|".join(sorted(given))))
    return wrong


def _concepts(titles: Iterable[str]) -> list[tuple[str, set[str]]]:
    """Each title with the concepts marked in it."""
    listed = list(titles)
    notes = mrterms.annotate_many(listed, batch_size=1_000)
    return [(text, {one["concept_id"] or "ambiguous" for one in note.annotations}) for text, note in zip(listed, notes, strict=True)]


def measure() -> dict[str, Any]:
    """The whole report."""
    start = time.perf_counter()
    titles, expected = all_titles(), expected_concepts()
    outside = linked_outside(titles)
    wrong = wrong_inside(expected)
    naming = {simple_icd_10_cm.get_description(code) for code, concepts in expected.items() if concepts}
    missed = [one for one in wrong if one[2]]
    return {
        "titles": len(titles),
        "linked_outside": [[*one, EXPLAINED.get(one[0], "unexplained")] for one in outside],
        "titles_naming_a_concept": len(naming),
        "right_of_these": len(naming) - len(missed),
        "wrong_inside": [list(one) for one in wrong],
        "seconds": round(time.perf_counter() - start, 1),
    }


def as_markdown(report: dict[str, Any]) -> str:
    """The report as tables to read."""
    naming, right = report["titles_naming_a_concept"], report["right_of_these"]
    lines = [
        f"{report['titles']} titles; {len(report['linked_outside'])} linked outside the cardiac chapters; inside "
        f"{right} of {naming} titles that name a concept right ({100 * right / naming:.1f} %).",
        "",
        "| code | title linked outside | concept | judgement |",
        "|---|---|---|---|",
        *(f"| {' | '.join(one)} |" for one in report["linked_outside"]),
        "",
        "| code | title inside, not as expected | expected | found |",
        "|---|---|---|---|",
        *(f"| {' | '.join(cell.replace('|', ', ') for cell in one)} |" for one in report["wrong_inside"]),
        "",
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_options(parser)
    options = parser.parse_args()
    report = measure()
    keep(options, report, as_markdown(report))


if __name__ == "__main__":
    main()
