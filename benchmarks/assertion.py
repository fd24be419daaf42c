"""How right and how fast the assertion room is on the shared development data (it stays outside the repository).

    python benchmarks/assertion.py [../shared/data] [--wrong] [--half 0|1]

The mentions are given, so this measures assertion alone: the finding in capitals of ``negex_sentences.tsv`` (as a finding
of a user's lexicon, kind "other"), the short forms of ``assertion_cases.tsv``, the gold spans of ``gold_snippets.jsonl``.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import re
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from statistics import median

import spacy
from spacy.language import Language
from spacy.tokens import Doc

from mrterms.assertion import Asserter, Target, TargetKind
from mrterms.records import Assertion
from mrterms.text.tokenizer import make_tokenizer
from mrterms.text.view import View

SHORT = re.compile(r"mitral regurgitation|(?<![A-Za-z])(?:MR|MS|TR|MI|AS|AI|CVA)(?![A-Za-z])")


def kind_of(concept: str) -> TargetKind:
    """The kind of a scored concept."""
    if concept == "myocardial_infarction":
        return "infarct"
    if concept == "infective_endocarditis":
        return "other"
    return "procedure" if concept.endswith(("replacement", "repair")) else "lesion"


def sentences(nlp: Language, text: str) -> Doc:
    """A Doc with simple sentence ends: after a full stop, a question mark, a line."""
    doc = nlp(text)
    ends = re.compile(r"[.?!]|\n")
    for token in doc[1:]:
        before = doc[token.i - 1]
        stop = before.i > 0 and ends.fullmatch(before.text) and before.whitespace_ and token.text[:1].isupper()
        token.is_sent_start = bool("\n" in before.text or stop)
    return doc


def assess(nlp: Language, asserter: Asserter, text: str, spans: Iterable[tuple[int, int, TargetKind]]) -> list[Assertion]:
    """The assertions of the character spans of a text."""
    doc = sentences(nlp, text)
    view = View(doc)
    results = []
    for start, end, kind in spans:
        span = doc.char_span(start, end, alignment_mode="expand")
        assert span is not None
        number = view.sentence_number(span.start)
        sentence = view.sentence(number)
        previous = view.sentence(number - 1) if number else None
        first, last = sentence.locate(span.start, span.end)
        results.append(asserter.assess(sentence, [Target(first, max(last, first + 1), kind)], previous=previous)[0])
    return results


def right(assertion: Assertion, expected: str) -> bool:
    """Whether a status is one of the expected; a lesion that could not be assessed counts as uncertain."""
    got = "family_absent" if assertion.status == "absent" and assertion.experiencer == "family" else assertion.status
    return got in expected.split("/") or (got == "not_assessed" and "uncertain" in expected)


def run_cases(nlp: Language, asserter: Asserter, path: Path, wrong: bool) -> None:
    """Score assertion_cases.tsv."""
    good = total = 0
    for row in csv.DictReader(path.open(encoding="utf-8"), delimiter="\t"):
        text = row["text"]
        spans = [(m.start(), m.end(), kind_of("myocardial_infarction") if m[0] == "MI" else "lesion") for m in SHORT.finditer(text)]
        expected = [part.strip() for part in row["expected_per_mention"].split(";")]
        for got, want in zip(assess(nlp, asserter, text, spans), expected, strict=False):
            total += 1
            good += right(got, want)
            if wrong and not right(got, want):
                print("CASE", text, "| want", want, "| got", got.status, [cue.text for cue in got.cues])
    print(f"assertion_cases: {good} of {total}")


def run_gold(nlp: Language, asserter: Asserter, path: Path, wrong: bool) -> None:
    """Score gold_snippets.jsonl."""
    good = total = 0
    for line in path.open(encoding="utf-8"):
        note = json.loads(line)
        mentions = [one for one in note["mentions"] if not one.get("optional")]
        spans = [(one["start"], one["end"], kind_of(one["concept_id"])) for one in mentions]
        for got, one in zip(assess(nlp, asserter, note["text"], spans), mentions, strict=True):
            want = one["status"] + ("/" + one["status_alt"] if one.get("status_alt") else "")
            total += 1
            good += right(got, want)
            if wrong and not right(got, want):
                print("GOLD", note["note_id"], one["text"], "| want", want, "| got", got.status, [cue.text for cue in got.cues])
    print(f"gold_snippets: {good} of {total} = {good / total:.3f}")


def run_negex(nlp: Language, asserter: Asserter, path: Path, half: int | None, wrong: bool) -> None:
    """Score negex_sentences.tsv, all of it or one half by a hash of the row's id."""
    counts: Counter[str] = Counter()
    for row in csv.DictReader(path.open(encoding="utf-8"), delimiter="\t", quoting=csv.QUOTE_NONE):
        if half is not None and int(hashlib.md5(row["id"].encode()).hexdigest(), 16) % 2 != half:
            continue
        pattern = r"\s+".join(re.escape(word) for word in row["condition"].upper().split())
        found = re.search(pattern + r"(?!\s*:)", row["sentence"]) or re.search(pattern, row["sentence"])
        if found is None:
            counts["unplaced"] += 1
            continue
        got = assess(nlp, asserter, row["sentence"], [(found.start(), found.end(), "other")])[0]
        counts["rows"] += 1
        negated, said = row["negation"] == "Negated", got.status == "absent"
        past, told = row["temporality"] == "Historical", got.temporality == "historical" or got.status == "historical"
        family, kin = row["experiencer"] != "Patient", got.experiencer != "patient"
        for name, want, is_said in (("negated", negated, said), ("historical", past, told), ("family", family, kin)):
            counts[f"{name} {'tp' if want and is_said else 'fn' if want else 'fp' if is_said else 'tn'}"] += 1
            if wrong and want != is_said:
                context = row["sentence"][max(0, found.start() - 150) : found.end() + 80]
                print(name.upper(), "missed" if want else "wrong", row["id"], got.status, [cue.text for cue in got.cues], "|", context)
    print(f"negex_sentences, half {'both' if half is None else half}: {counts['rows']} rows, {counts['unplaced']} unplaced")
    for name in ("negated", "historical", "family"):
        tp, fp, fn = (counts[f"{name} {key}"] for key in ("tp", "fp", "fn"))
        print(f"  {name}: precision {tp / max(tp + fp, 1):.3f} recall {tp / max(tp + fn, 1):.3f} (tp {tp} fp {fp} fn {fn})")


def run_speed(nlp: Language, asserter: Asserter, path: Path) -> None:
    """Microseconds per sentence of the negex rows, with one mention each."""
    texts = [row["sentence"] for row in csv.DictReader(path.open(encoding="utf-8"), delimiter="\t", quoting=csv.QUOTE_NONE)]
    prepared = [sentence for text in texts if 20 <= len((sentence := View(nlp(text)).sentence(0)).words) <= 30]
    for sentence in prepared:
        asserter.assess(sentence, [Target(10, 11, "lesion")])
    rounds = []
    for _ in range(15):
        start = time.process_time()
        for sentence in prepared:
            asserter.assess(sentence, [Target(10, 11, "lesion")])
        rounds.append((time.process_time() - start) / len(prepared) * 1e6)
    print(f"speed: {median(rounds):.1f} (best {min(rounds):.1f}) microseconds a sentence of 20 to 30 words ({len(prepared)})")


def main() -> None:
    """Run all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("data", nargs="?", type=Path, default=Path(__file__).resolve().parents[2] / "shared" / "data")
    parser.add_argument("--wrong", action="store_true", help="print what is wrong (shows sentences of the data)")
    parser.add_argument("--half", type=int, choices=(0, 1))
    options = parser.parse_args()
    nlp = spacy.blank("en")
    nlp.tokenizer = make_tokenizer(nlp)
    start = time.perf_counter()
    asserter = Asserter()
    print(f"load: {(time.perf_counter() - start) * 1000:.0f} ms")
    run_cases(nlp, asserter, options.data / "assertion_cases.tsv", options.wrong)
    run_gold(nlp, asserter, options.data / "gold_snippets.jsonl", options.wrong)
    for half in (0, 1) if options.half is None else (options.half,):
        run_negex(nlp, asserter, options.data / "negex_sentences.tsv", half, options.wrong and options.half is not None)
    run_speed(nlp, asserter, options.data / "negex_sentences.tsv")


if __name__ == "__main__":
    main()
