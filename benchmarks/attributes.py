"""Scores grades and measurements on the marked echo lines, and the time that the room takes for a sentence.

    python benchmarks/attributes.py [corpora/challenges/echo_lines.tsv]

Every marked mention counts once for its grade (none included), every marked or found measurement once.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import spacy

from mrterms.attributes import Describer, Description, Target
from mrterms.evaluation.markup import parse_markup
from mrterms.text.tokenizer import make_tokenizer
from mrterms.text.view import Sentence, View

ECHO_LINES = Path(__file__).resolve().parents[1] / "corpora" / "challenges" / "echo_lines.tsv"
NO_MEASURE = frozenset({"severity_from_measure", "conflict"})
MARK_FIELDS = frozenset({"start", "end", "text", "concept_id", "status", "severity", "low", "high"})


def marked_lines(path: Path) -> list[str]:
    """The first column of a table of marked sentences, comments and header left out."""
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip() and not line.startswith("#")]
    return [line.split("\t")[0] for line in lines[1:]]


class MarkedSentences:
    """Marked lines, each as one sentence, and what the room says about their mentions."""

    def __init__(self) -> None:
        self._nlp = spacy.blank("en")
        self._nlp.tokenizer = make_tokenizer(self._nlp)
        self._describer = Describer()

    def prepare(self, marked: str) -> tuple[str, list[dict[str, Any]], Sentence, list[Target]]:
        """The plain text, its marked mentions, the sentence and its targets."""
        text, mentions = parse_markup(marked)
        doc = self._nlp(text)
        for token in doc:
            token.is_sent_start = token.i == 0
        sentence = View(doc).sentence(0)
        return text, mentions, sentence, [_target(sentence, mention) for mention in mentions]

    def describe(self, marked: str) -> tuple[str, list[dict[str, Any]], list[Description]]:
        """The plain text, its marked mentions and their descriptions."""
        text, mentions, sentence, targets = self.prepare(marked)
        return text, mentions, self._describer.describe(sentence, targets, text=lambda: text)

    def microseconds(self, lines: list[str], rounds: int = 20) -> float:
        """The time of one sentence, tokenizing left out."""
        ready = [(sentence, targets) for _, _, sentence, targets in map(self.prepare, lines)]
        start = time.process_time()
        for _ in range(rounds):
            for sentence, targets in ready:
                self._describer.describe(sentence, targets)
        return (time.process_time() - start) / rounds / len(ready) * 1e6


def _target(sentence: Sentence, mention: dict[str, Any]) -> Target:
    places = zip(sentence.starts, sentence.words, strict=True)
    touched = [number for number, (start, word) in enumerate(places) if start < mention["end"] and start + len(word) > mention["start"]]
    return Target(touched[0], touched[-1] + 1, mention["concept_id"], status=mention["status"])


def judge(mention: dict[str, Any], description: Description) -> Iterator[tuple[bool, str]]:
    """Right or wrong, with what was wanted and found: the grade, then each measurement."""
    severity = description.severity
    found = severity.value if severity else None
    bounds = all(severity is not None and getattr(severity, name) == mention[name] for name in ("low", "high") if name in mention)
    yield found == mention["severity"] and bounds, f"{mention['text']}: wanted {mention['severity']}, found {found}"
    wanted = {(kind, str(value)) for kind, value in mention.items() if kind not in MARK_FIELDS}
    measured = {
        (one.kind, f"{one.value:g} {one.unit or ''}".strip())
        for one in description.attributes
        if isinstance(one.value, float) and one.kind not in NO_MEASURE
    }
    for one in sorted(wanted | measured):
        yield one in wanted and one in measured, f"{mention['text']}: {'missing' if one in wanted else 'not marked'} {one[0]} {one[1]}"


def main() -> int:
    """Print the failures and the scores."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("lines", nargs="?", type=Path, default=ECHO_LINES)
    lines = marked_lines(parser.parse_args().lines)
    sentences = MarkedSentences()
    verdicts: list[bool] = []
    for marked in lines:
        text, mentions, descriptions = sentences.describe(marked)
        for mention, description in zip(mentions, descriptions, strict=True):
            for right, told in judge(mention, description):
                verdicts.append(right)
                if not right:
                    sys.stdout.write(f"{text}\n    {told}\n")
    sys.stdout.write(f"{sum(verdicts)} of {len(verdicts)} right ({sum(verdicts) / len(verdicts):.3f}) in {len(lines)} lines\n")
    sys.stdout.write(f"{sentences.microseconds(lines):.1f} microseconds a sentence\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
