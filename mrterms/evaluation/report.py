"""An evaluation as tables for a person and as JSON for a machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from mrterms.evaluation.scorer import Confusion, Error, Evaluation, Scores, Share

__all__ = ["print_report", "to_json"]

_CONTEXT = 40
"""Characters of the note on each side of a mention in a snippet."""


def to_json(evaluation: Evaluation) -> dict[str, Any]:
    """The evaluation as JSON-ready dict; it holds offsets, never the text of a note."""
    return {
        "notes": evaluation.notes,
        "overall": evaluation.overall.to_dict(),
        "by_concept": {concept: scores.to_dict() for concept, scores in evaluation.by_concept.items()},
        "abstentions": {
            "total": evaluation.abstentions.total,
            "over_missed": evaluation.abstentions.over_missed,
            "with_candidate": evaluation.abstentions.with_candidate,
        },
        "confusions": {name: _nested(getattr(evaluation, name)) for name in ("concepts", "statuses", "severities")},
        "errors": [
            {name: getattr(error, name) for name in ("note_id", "start", "end", "kind", "concept_id", "gold", "predicted")}
            for error in evaluation.errors
        ],
    }


def _nested(confusion: Confusion) -> dict[str, dict[str, int]]:
    nested: dict[str, dict[str, int]] = {}
    for (gold, predicted), count in sorted(confusion.items()):
        nested.setdefault(gold, {})[predicted] = count
    return nested


def print_report(
    evaluation: Evaluation, console: Console, *, texts: Mapping[str, str] | None = None, errors: int = 20, confusions: bool = True
) -> None:
    """Print the scores, the confusions and the first ``errors`` differences.

    ``texts`` (by note id) adds a snippet to each difference: only give it where the screen may show patients' data.
    """
    console.print(_overall(evaluation))
    console.print(_by_concept(evaluation.by_concept))
    left = evaluation.abstentions
    console.print(
        f"Abstentions: {left.total}; over a missed mention {left.over_missed}, of these with the right candidate {left.with_candidate}."
    )
    if confusions:
        for title, confusion in (("Concepts", evaluation.concepts), ("Status", evaluation.statuses), ("Severity", evaluation.severities)):
            if any(gold != predicted for gold, predicted in confusion):
                console.print(_confused(title, confusion))
    if errors and evaluation.errors:
        console.print(_differences(evaluation.errors, errors, texts))


def _overall(evaluation: Evaluation) -> Table:
    scores = evaluation.overall
    table = Table("score", "value", "95 % interval", "counts", title=f"{evaluation.notes} notes")
    rows = [
        (f"{part} ({name})", getattr(prf, part))
        for name, prf in (("strict", scores.strict), ("overlap", scores.overlap))
        for part in ("precision", "recall", "f1")
    ]
    rows += [("status", scores.status), ("severity (lesions)", scores.severity), ("severity (graded)", scores.graded)]
    for label, share in rows:
        counts = "" if label.startswith("f1") else f"{share.right}/{share.total}"
        table.add_row(label, _value(share), _interval(share), counts)
    return table


def _by_concept(by_concept: Mapping[str, Scores]) -> Table:
    table = Table("concept", "gold", "precision", "recall", "f1", "f1 strict", "status", "severity", title="By concept (overlap)")
    for concept, scores in by_concept.items():
        shares = (
            *(getattr(scores.overlap, part) for part in ("precision", "recall", "f1")),
            scores.strict.f1,
            scores.status,
            scores.severity,
        )
        table.add_row(concept, str(scores.overlap.recall.total), *(_value(share) for share in shares))
    return table


def _value(share: Share) -> str:
    return "-" if share.value is None else f"{share.value:.3f}"


def _interval(share: Share) -> str:
    return "" if share.low is None or share.high is None else f"{share.low:.3f} to {share.high:.3f}"


def _confused(title: str, confusion: Confusion) -> Table:
    table = Table("gold", "predicted", "count", title=f"{title}: confusions")
    for (gold, predicted), count in sorted(confusion.items(), key=lambda item: (-item[1], item[0])):
        if gold != predicted:
            table.add_row(gold, predicted, str(count))
    return table


def _differences(errors: tuple[Error, ...], most: int, texts: Mapping[str, str] | None) -> Table:
    title = f"Differences: {min(most, len(errors))} of {len(errors)}"
    table = Table("note", "place", "kind", "concept", "gold", "predicted", *(["text"] if texts else []), title=title)
    for error in errors[:most]:
        cells = [error.note_id, f"{error.start}-{error.end}", error.kind, error.concept_id, error.gold, error.predicted]
        cells += [_snippet(texts[error.note_id], error)] if texts else []
        table.add_row(*(escape(cell) for cell in cells))
    return table


def _snippet(text: str, error: Error) -> str:
    before, after = text[max(error.start - _CONTEXT, 0) : error.start], text[error.end : error.end + _CONTEXT]
    return " ".join(f"{before}»{text[error.start : error.end]}«{after}".split())
