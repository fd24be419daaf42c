"""The public calls as a type checker sees them: ``mypy`` reads this file, nothing runs it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, assert_type

from spacy.language import Language
from spacy.tokens import Doc

import mrterms


def load_and_call(text: str) -> None:
    nlp = mrterms.load(lexicons=["terms.tsv"], builtin=False, setting="cardiology", other_senses=True, threshold=0.8, fuzzy=False)
    assert_type(nlp, Language)
    assert_type(nlp(text), Doc)


def annotate(text: str, nlp: Language) -> None:
    note = mrterms.annotate(text, note_id="n1", nlp=nlp)
    assert_type(note, mrterms.Note)
    assert_type(note.to_dict(), dict[str, Any])
    assert_type(note.annotations, tuple[dict[str, Any], ...])


def annotate_many(texts: list[str], pairs: Iterator[tuple[str, str]]) -> None:
    assert_type(mrterms.annotate_many(texts, n_process=2, batch_size=16, scan=True), Iterator[mrterms.Note])
    assert_type(mrterms.annotate_many(pairs), Iterator[mrterms.Note])
    mrterms.annotate_many([1, 2])  # type: ignore[arg-type]


def normalize(cell: str) -> None:
    assert_type(mrterms.normalize(cell), list[dict[str, Any]])
    mrterms.normalize(None)  # type: ignore[arg-type]


def errors(error: mrterms.LexiconError) -> None:
    assert_type(error.file, str | None)
    assert_type(error.line, int | None)
