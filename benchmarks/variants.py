"""How many varied mentions are found, and how many look-alikes are linked; the same for fuzzy matchers of others.

    python benchmarks/variants.py [--wrong] [--json FILE] [--md FILE] [--peer NAME=FILE ...]

The mentions are made from the lexicon's long forms with a fixed seed (typing slips, spaces, hyphens, order, plural, British,
capitals), never such that the slip gives another word in use or another form.  Look-alikes, written variants and coordination
come from ``corpora/challenges``.  Every system gets the short string alone; right: its best concept is the right one, and no
other scored concept stands beside it; wrong: another concept; missed: none.

Peers that need their own environment run by themselves on the same items, and their answers are read back::

    python benchmarks/variants.py --items items.json
    other/bin/python benchmarks/variants.py --run spaczz --items items.json --answers spaczz.json     # or simstring
    python benchmarks/variants.py --peer spaczz=spaczz.json
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from figures import add_options, keep

__all__ = ["CHALLENGES", "Item", "as_written", "challenge_rows", "coordination", "count", "generate", "lookalikes", "written"]

CHALLENGES = Path(__file__).resolve().parents[1] / "corpora" / "challenges"
SEED = 20261
LETTERS = "abcdefghijklmnopqrstuvwxyz"
WANTED: Mapping[str, int] = {
    "one edit": 750, "two edits": 350, "swapped": 300, "dropped space": 200, "added space": 150, "hyphen": 200,
    "order": 250, "plural": 200, "British": 60, "upper case": 150,
}  # fmt: skip
BRITISH = (
    ("valvular", "valvar"),
    ("ischemic", "ischaemic"),
    ("hem", "haem"),
    ("edema", "oedema"),
    ("catheteriz", "catheteris"),
    ("fiber", "fibre"),
)
ORDERED = "regurgitation insufficiency incompetence stenosis prolapse calcification replacement repair endocarditis infarction".split()
PEERS = ("simstring", "spaczz")

Answer = tuple[str, ...]
"""The concepts that a system names, the best first."""


@dataclass(frozen=True, slots=True)
class Item:
    """A short text and the one scored concept that it names; empty where it names none."""

    text: str
    concept_id: str
    kind: str


# -- making variants ------------------------------------------------------------------------------------------------------


def long_forms() -> list[tuple[str, str]]:
    """The lexicon's long forms of scored concepts with the concept under which they are reported."""
    from mrterms.evaluation.markup import SCORED_CONCEPTS
    from mrterms.lexicon import load_lexicon

    lexicon = load_lexicon()
    forms: dict[str, str] = {}
    for term in lexicon.terms:
        concept = lexicon.concepts[term.concept_id]
        reported = concept.report_as or concept.concept_id
        if term.kind == "lay" and reported == "heart_valve_regurgitation":
            reported = "mitral_regurgitation"  # "leaky valve" with no valve named: the user's decision
        # a form of case "told" is none without the words beside it
        if term.kind not in ("abbreviation", "misspelling") and term.case != "told" and reported in SCORED_CONCEPTS:
            forms.setdefault(term.text, reported)
    return sorted(forms.items())


def generate(*, seed: int = SEED) -> list[Item]:
    """The varied mentions, the same for the same lexicon and seed."""
    from mrterms.lexicon import load_lexicon
    from mrterms.text.words_in_use import words_in_use

    terms = {term.text.lower() for term in load_lexicon().terms}
    known_words = {word for text in terms for word in re.findall(r"[a-z]+", text)} | words_in_use()
    forms = long_forms()
    items: dict[str, Item] = {}
    for kind, wanted in WANTED.items():
        chance = random.Random(f"{seed} {kind}")
        made: dict[str, Item] = {}
        for text, concept_id in chance.choices(forms, k=wanted * 12):
            varied = MAKERS[kind](chance, text, known_words)
            if varied not in ("", text) and varied not in items and (kind == "upper case" or varied.lower() not in terms):
                made[varied] = Item(varied, concept_id, kind)
            if len(made) == wanted:
                break
        items |= made
    return list(items.values())


def as_written() -> list[Item]:
    """The forms themselves."""
    return [Item(text, concept_id, "as written") for text, concept_id in long_forms()]


def _edited(chance: random.Random, text: str, known: Iterable[str], *, shortest: int, edits: int, swap: bool = False) -> str:
    words = text.split(" ")
    long = [place for place, word in enumerate(words) if len(word) >= shortest and word.isalpha()]
    if not long:
        return ""
    place = chance.choice(long)
    word = words[place]
    for _ in range(edits):
        word = _swap(chance, word) if swap else _edit(chance, word)
    words[place] = word
    return "" if word.lower() in known or word == text.split(" ")[place] else " ".join(words)


def _edit(chance: random.Random, word: str) -> str:
    at = _place(chance, len(word))
    how = chance.choice(("drop", "double", "insert", "replace"))
    if how == "drop":
        return word[:at] + word[at + 1 :]
    letter = word[at] if how == "double" else chance.choice(LETTERS)
    return word[:at] + letter + word[at + (how == "replace") :]


def _place(chance: random.Random, length: int) -> int:
    """Where a slip falls: the first letter is seldom missed (a fifth as often as any other)."""
    return 0 if chance.random() < 0.2 / length else chance.randrange(1, length)


def _swap(chance: random.Random, word: str) -> str:
    at = _place(chance, len(word) - 1)
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def _drop_space(chance: random.Random, text: str, known: Iterable[str]) -> str:
    gaps = [match.start() for match in re.finditer(r"(?<=[a-z]{4}) (?=[a-z]{4})", text)]
    if not gaps:
        return ""
    at = chance.choice(gaps)
    return text[:at] + text[at + 1 :]


def _break_word(chance: random.Random, text: str, known: Iterable[str]) -> str:
    words = text.split(" ")
    long = [place for place, word in enumerate(words) if len(word) >= 9 and word.isalpha()]
    if not long:
        return ""
    place = chance.choice(long)
    at = chance.randrange(3, len(words[place]) - 4)
    words[place] = words[place][:at] + " " + words[place][at:]
    return " ".join(words)


def _hyphenate(chance: random.Random, text: str, known: Iterable[str]) -> str:
    if " " not in text or chance.random() < 0.3:
        return _break_word(chance, text, known).replace(" ", "-") if " " not in text else re.sub(" ", " - ", text, count=1)
    at = chance.choice([match.start() for match in re.finditer(" ", text)])
    return text[:at] + "-" + text[at + 1 :]


def _reorder(chance: random.Random, text: str, known: Iterable[str]) -> str:
    *rest, head = text.split(" ")
    if head not in ORDERED or not rest or len(rest) > 3 or " of " in text:
        return ""
    whole = " ".join(rest)
    with_valve = whole if rest[-1] in ("valve", "annulus", "annular") else f"{whole} valve"
    titles = (f"{head}, {whole}", f"{head.capitalize()}, {whole}, NOS")
    if rest[0] in ("mitral", "aortic", "tricuspid", "pulmonic") and rest[-1] in ("valve", rest[0]):
        return chance.choice((f"{head} of the {with_valve}", f"{head} of {with_valve}", *titles))
    return chance.choice(titles)


def _plural(chance: random.Random, text: str, known: Iterable[str]) -> str:
    if text.endswith(("s", "x")) and not text.endswith("osis"):
        return ""
    if text.endswith("osis"):
        return text[:-2] + "es"
    return text[:-1] + "ies" if re.search(r"[^aeiou]y$", text) else text + "s"


def _british(chance: random.Random, text: str, known: Iterable[str]) -> str:
    for american, british in BRITISH:
        if american in text and british not in text:
            return text.replace(american, british)
    return ""


MAKERS: Mapping[str, Callable[[random.Random, str, Iterable[str]], str]] = {
    "one edit": lambda chance, text, known: _edited(chance, text, known, shortest=5, edits=1),
    "two edits": lambda chance, text, known: _edited(chance, text, known, shortest=9, edits=2),
    "swapped": lambda chance, text, known: _edited(chance, text, known, shortest=5, edits=1, swap=True),
    "dropped space": _drop_space,
    "added space": _break_word,
    "hyphen": _hyphenate,
    "order": _reorder,
    "plural": _plural,
    "British": _british,
    "upper case": lambda chance, text, known: text.upper(),
}


# -- written challenge sets -----------------------------------------------------------------------------------------------


def challenge_rows(name: str) -> Iterator[dict[str, str]]:
    """The rows of a challenge table, its line breaks and tabs undone."""
    with open(CHALLENGES / name, encoding="utf-8", newline="") as lines:
        rows = csv.DictReader((line for line in lines if not line.startswith("#")), delimiter="\t", quoting=csv.QUOTE_NONE)
        for row in rows:
            yield row | {"text": row["text"].replace("\\n", "\n").replace("\\t", "\t")}


def lookalikes() -> list[Item]:
    """Phrases that name no scored concept."""
    return [Item(row["text"], "", row["why"]) for row in challenge_rows("lookalikes.tsv")]


def written() -> list[Item]:
    """The variants of the challenge set, which this generator did not make."""
    return [Item(row["text"], row["concept_id"], row["kind"]) for row in challenge_rows("variants.tsv")]


def coordination(annotate: Callable[[str], Iterable[Mapping[str, Any]]]) -> dict[str, int]:
    """Exact spans and concepts of the coordination set: found, missed and false ones."""
    from mrterms.evaluation.markup import SCORED_CONCEPTS, parse_markup

    counts: Counter[str] = Counter()
    for row in challenge_rows("coordination.tsv"):
        text, marked = parse_markup(row["text"])
        gold = {(one["start"], one["end"], one["concept_id"]) for one in marked if one["concept_id"] in SCORED_CONCEPTS}
        found = {(one["start"], one["end"], one["concept_id"]) for one in annotate(text) if one["concept_id"] in SCORED_CONCEPTS}
        counts.update(right=len(gold & found), missed=len(gold - found), false=len(found - gold))
    return dict(counts)


# -- judging --------------------------------------------------------------------------------------------------------------


def judge(item: Item, answer: Answer, scored: frozenset[str]) -> str:
    """``right``, ``wrong`` or ``missed``; for a look-alike ``linked`` or ``left``."""
    named = [one for one in answer if one in scored]
    if not item.concept_id:
        return "linked" if named else "left"
    if not answer:
        return "missed"
    return "right" if answer[0] == item.concept_id and set(named) == {item.concept_id} else "wrong"


def count(items: Sequence[Item], answer: Callable[[Item], Answer | None]) -> tuple[Counter[str], list[tuple[Item, str, Answer]]]:
    """How often each verdict was given, and the items not right; items answered with None are left out."""
    from mrterms.evaluation.markup import SCORED_CONCEPTS

    verdicts: Counter[str] = Counter()
    failed = []
    for item in items:
        if (given := answer(item)) is None:
            continue
        verdict = judge(item, given, SCORED_CONCEPTS)
        verdicts[verdict] += 1
        if verdict not in ("right", "left"):
            failed.append((item, verdict, given))
    return verdicts, failed


# -- the systems ----------------------------------------------------------------------------------------------------------


def our_answers() -> Callable[[Item], Answer]:
    """The best of ``mrterms.normalize``, then whatever else ``mrterms.annotate`` marks; for look-alikes these alone."""
    import mrterms

    nlp = mrterms.load()

    def answer(item: Item) -> Answer:
        marked = [one["concept_id"] for one in mrterms.annotate(item.text, nlp=nlp).annotations if one["concept_id"]]
        best = [one["concept_id"] for one in mrterms.normalize(item.text, nlp=nlp)[:1]] if item.concept_id else []
        return tuple(dict.fromkeys([*best, *marked]))

    return answer


def rapidfuzz_answers(forms: Mapping[str, str], scorer: str, cutoff: int) -> Callable[[Item], Answer]:
    """The form that a scorer alone finds nearest to the whole string."""
    from rapidfuzz import fuzz, process
    from rapidfuzz.distance import OSA

    function = OSA.distance if scorer == "OSA" else getattr(fuzz, scorer)
    keys = list(forms)

    def answer(item: Item) -> Answer:
        found = process.extractOne(item.text.lower(), keys, scorer=function, score_cutoff=cutoff)
        return (forms[found[0]],) if found else ()

    return answer


def run_peer(name: str, items: Sequence[Item], forms: Mapping[str, str]) -> dict[str, Any]:
    """The answers of a peer that finds spans in a text by itself; runs in an environment where the peer is installed."""
    start = time.perf_counter()
    find = {"spaczz": _spaczz, "simstring": _simstring}[name](forms)
    answers = {item.text: find(item.text) for item in items}
    return {"seconds": round(time.perf_counter() - start, 1), "texts": len(answers), "answers": answers}


def _spaczz(forms: Mapping[str, str]) -> Callable[[str], Answer]:
    import spacy
    from spaczz.matcher import FuzzyMatcher

    nlp = spacy.blank("en")
    matcher = FuzzyMatcher(nlp.vocab, min_r=88)
    for text, concept_id in forms.items():
        matcher.add(concept_id, [nlp(text)])

    def find(text: str) -> Answer:
        found = sorted(matcher(nlp(text)), key=lambda one: (one[1] - one[2], -one[3]))
        return tuple(dict.fromkeys(one[0] for one in found[:1]))

    return find


def _simstring(forms: Mapping[str, str]) -> Callable[[str], Answer]:
    import edsnlp
    from edsnlp.matchers.simstring import SimstringMatcher

    nlp = edsnlp.blank("eds")
    matcher = SimstringMatcher(nlp.vocab, measure="dice", threshold=0.8, windows=6, attr="LOWER")
    by_concept: dict[str, list[str]] = {}
    for text, concept_id in forms.items():
        by_concept.setdefault(concept_id, []).append(text)
    matcher.build_patterns(nlp, by_concept)

    def find(text: str) -> Answer:
        found = sorted(matcher(nlp(text), as_spans=True), key=lambda span: span.start - span.end)
        return tuple(dict.fromkeys(span.label_ for span in found[:1]))

    return find


# -- the report -----------------------------------------------------------------------------------------------------------

SCORERS = (("OSA", 2), ("ratio", 88), ("token_sort_ratio", 88), ("WRatio", 88))


def measure(peers: Mapping[str, Path]) -> dict[str, Any]:
    """All systems over all sets."""
    import mrterms

    sets = {"as written": as_written(), "generated": generate(), "written": written(), "lookalikes": lookalikes()}
    forms = {text.lower(): concept_id for text, concept_id in long_forms()}
    systems: dict[str, Callable[[Item], Answer | None]] = {"mrterms": our_answers()}
    systems |= {f"rapidfuzz {name} {cutoff}": rapidfuzz_answers(forms, name, cutoff) for name, cutoff in SCORERS}
    systems |= {name: _read_answers(path) for name, path in peers.items()}
    nlp = mrterms.load()
    report: dict[str, Any] = {
        "seed": SEED,
        "forms": len(forms),
        "kinds": dict(Counter(item.kind for item in sets["generated"])),
        "systems": {},
        "failed": {},
        "coordination": coordination(lambda text: mrterms.annotate(text, nlp=nlp).annotations),
    }
    for name, answer in systems.items():
        start = time.perf_counter()
        outcome = {key: count(items, answer) for key, items in sets.items()}
        row: dict[str, Any] = {key: dict(verdicts) for key, (verdicts, _) in outcome.items()}
        row["seconds"] = round(time.perf_counter() - start, 2)
        report["systems"][name] = row
        if name == "mrterms":
            failures = [(key, *one) for key, (_, failed) in outcome.items() for one in failed]
            report["failed"] = [[key, one.kind, one.text, one.concept_id, verdict, list(given)] for key, one, verdict, given in failures]
            report["by_kind"] = _by_kind([*sets["as written"], *sets["generated"]], failures)
    return report


def _by_kind(items: Sequence[Item], failures: Iterable[tuple[str, Item, str, Answer]]) -> dict[str, dict[str, int]]:
    table = {kind: {"all": number, "wrong": 0, "missed": 0} for kind, number in Counter(item.kind for item in items).items()}
    for key, item, verdict, _ in failures:
        if key in ("as written", "generated"):
            table[item.kind][verdict] += 1
    return table


def _read_answers(path: Path) -> Callable[[Item], Answer | None]:
    answers = json.loads(path.read_text(encoding="utf-8"))["answers"]
    return lambda item: tuple(answers[item.text]) if item.text in answers else None


def as_markdown(report: Mapping[str, Any]) -> str:
    """The report as tables to read."""
    lines = ["| system | generated: right | wrong | missed | written: right | wrong | missed | look-alikes linked |", "|---|" + "---|" * 7]
    for name, row in report["systems"].items():
        cells = []
        for key in ("generated", "written"):
            total = sum(row[key].values()) or 1
            cells += [f"{100 * row[key].get(verdict, 0) / total:.1f} %" for verdict in ("right", "wrong", "missed")]
        linked = row["lookalikes"]
        total = sum(linked.values())
        cells.append(f"{linked.get('linked', 0)} of {total}")
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    lines += ["", "| kind (mrterms) | made | wrong | missed |", "|---|---|---|---|"]
    lines += [f"| {kind} | {row['all']} | {row['wrong']} | {row['missed']} |" for kind, row in report["by_kind"].items()]
    marks = report["coordination"]
    lines += ["", f"Coordination, exact spans: {marks['right']} right, {marks['missed']} missed, {marks['false']} false.", ""]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wrong", action="store_true", help="list what was not right")
    add_options(parser)
    parser.add_argument("--items", type=Path, help="write the items and forms for peers, or read them with --run")
    parser.add_argument("--run", choices=PEERS)
    parser.add_argument("--answers", type=Path)
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=FILE")
    options = parser.parse_args()
    if options.run:
        given = json.loads(options.items.read_text(encoding="utf-8"))
        answers = run_peer(options.run, [Item(**one) for one in given["items"]], given["forms"])
        options.answers.write_text(json.dumps(answers), encoding="utf-8")
        return
    if options.items:
        items = [asdict(item) for item in (*generate(), *written(), *lookalikes())]
        forms = {text.lower(): concept_id for text, concept_id in long_forms()}
        options.items.write_text(json.dumps({"items": items, "forms": forms}), encoding="utf-8")
        return
    report = measure({name: Path(path) for name, _, path in (one.partition("=") for one in options.peer)})
    keep(options, report, as_markdown(report))
    if options.wrong:
        print(*("\t".join(map(str, one)) for one in report["failed"]), sep="\n")


if __name__ == "__main__":
    main()
