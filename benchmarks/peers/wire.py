"""What adapters take and give. Standard library only: it runs in the environment of every peer."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

__all__ = ["Annotate", "Found", "Job", "Term", "by_concept", "free_form", "longest", "lower_same_length", "read_terms", "write_terms"]


class Term(NamedTuple):
    """One form. ``case``: any, upper (only in capitals) or exact (as written), as in lexicons/valve/terms.tsv."""

    concept_id: str
    text: str
    case: str = "any"


class Found(NamedTuple):
    """One mention: characters, half-open, its concept, and the status after the annotation guideline."""

    start: int
    end: int
    concept_id: str
    status: str = "present"


Annotate = Callable[[Iterable[str]], Iterator[Sequence[Found]]]
"""Notes in, the mentions of each out, in order."""


@dataclass(frozen=True)
class Job:
    """What an adapter loads: a table of terms, and the ontology (an OBO file) that they are of, where they are of one.

    ``folder`` is the adapter's own: its ``prepare(job)``, where it has one, leaves there what it builds once. ``builtin`` says
    that the terms are mrterms' own.
    """

    terms: Path
    folder: Path
    ontology: Path | None = None
    builtin: bool = False


def read_terms(job: Job) -> Iterator[Term]:
    """The forms of the job's table, one at a time, because there may be millions."""
    with job.terms.open(encoding="utf-8", newline="") as lines:
        rows = csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        next(rows)
        yield from (Term(*row) for row in rows)


def write_terms(file: Path, terms: Iterable[Term], *, with_case: bool) -> int:
    """A table for :func:`read_terms`; gives the number of forms. ``with_case`` false leaves out the column: any case."""
    width, count = 2 + with_case, 0
    with file.open("w", encoding="utf-8") as lines:
        lines.write("\t".join(("concept_id", "term", "case")[:width]) + "\n")
        for term in terms:
            lines.write("\t".join(term[:width]) + "\n")
            count += 1
    return count


def by_concept(terms: Iterable[Term], *, as_written: bool) -> dict[str, list[str]]:
    """The forms of each concept: those to be found as written, or those to be found in any case."""
    grouped: dict[str, list[str]] = defaultdict(list)
    for term in terms:
        if (term.case != "any") == as_written:
            grouped[term.concept_id].append(term.text)
    return grouped


def free_form(text: str, start: int, end: int) -> bool:
    """Whether a stretch neither begins nor ends within a word."""
    within = text[start - 1 : start].isalnum() and text[start].isalnum()
    return not within and not (text[end - 1].isalnum() and text[end : end + 1].isalnum())


def lower_same_length(text: str) -> str:
    """The text in lower case, sign for sign, so that offsets hold (a few signs would grow)."""
    lower = text.lower()
    return lower if len(lower) == len(text) else "".join(sign.lower() if len(sign.lower()) == 1 else sign for sign in text)


def longest(found: Iterable[Found]) -> list[Found]:
    """Of overlapping mentions the longest, then the first; of one span every concept."""
    kept: list[Found] = []
    taken: dict[int, tuple[int, int]] = {}
    for one in sorted(set(found), key=lambda one: (one.start - one.end, one.start)):
        span = one.start, one.end
        if all(taken.get(place, span) == span for place in (one.start, one.end - 1)):
            kept.append(one)
            taken.update(dict.fromkeys(range(*span), span))
    return sorted(kept)
