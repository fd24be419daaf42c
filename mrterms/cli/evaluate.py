"""``mrterms evaluate``: how well annotations agree with gold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mrterms.errors import CorpusError

if TYPE_CHECKING:
    from mrterms.evaluation.gold import GoldNote, Prediction

__all__ = ["evaluate_command"]


def evaluate_command(
    gold: Annotated[Path, typer.Argument(metavar="GOLD", help="Gold JSONL (.jsonl, .jsonl.gz) or a folder of .txt notes in markup.")],
    predictions: Annotated[Path | None, typer.Option("--predictions", "-p", help="JSONL of mrterms annotate; else annotated now.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="File for all figures and differences as JSON.")] = None,
    show_text: Annotated[bool, typer.Option("--show-text", help="Show a snippet of the note with each difference: patient data.")] = False,
    errors: Annotated[int, typer.Option(min=0, help="Differences to print; the JSON file has all.")] = 20,
    samples: Annotated[int, typer.Option(min=0, help="Bootstrap samples over notes for the intervals.")] = 1000,
    seed: Annotated[int, typer.Option(help="Seed of the bootstrap.")] = 0,
    lexicon: Annotated[
        list[str] | None, typer.Option(help="Own terms (TSV, CSV), a compiled lexicon or a lexicon's folder or name; repeatable.")
    ] = None,
    builtin: Annotated[bool, typer.Option("--builtin/--no-builtin", help="Use the built-in lexicon's concepts.")] = True,
    setting: Annotated[str | None, typer.Option(help="Kind of text: general, cardiology, literature or patient; else guessed.")] = None,
    threshold: Annotated[float | None, typer.Option(help="Probability below which a short form stays ambiguous.")] = None,
    n_process: Annotated[int, typer.Option(min=1, help="Processes to work in.")] = 1,
) -> None:
    """Score annotations against gold: mentions by concept, status, severity, confusions, intervals over notes.

    Without --predictions the texts of GOLD are annotated first. An ambiguous annotation is an abstention: it is counted
    apart, and the mention under it is missed.

    Exit code: 0 done, 2 wrong usage or malformed gold.

    Example: mrterms evaluate corpora/notes --json scores.json
    """
    from rich.console import Console

    from mrterms.evaluation.gold import read_gold, read_predictions
    from mrterms.evaluation.report import print_report, to_json
    from mrterms.evaluation.scorer import evaluate

    notes = read_gold(gold)
    if predictions:
        predicted = read_predictions(predictions)
        _check_complete(notes, predicted, predictions)
    else:
        predicted = _annotate(notes, lexicon or [], builtin, setting, threshold, n_process)
    result = evaluate(notes, predicted, samples=samples, seed=seed)
    if json_file:
        json_file.write_text(json.dumps(to_json(result), indent=1) + "\n", encoding="utf-8")
    print_report(result, Console(), texts={note.note_id: note.text for note in notes} if show_text else None, errors=errors)


def _annotate(
    notes: list[GoldNote], lexicons: list[str], builtin: bool, setting: str | None, threshold: float | None, n_process: int
) -> dict[str, tuple[Prediction, ...]]:
    from mrterms import pipeline
    from mrterms.evaluation.gold import prediction_of

    nlp = pipeline.load(lexicons=lexicons, builtin=builtin, setting=setting, threshold=threshold)
    annotated = pipeline.annotate_many(((note.note_id, note.text) for note in notes), n_process=n_process, nlp=nlp)
    return {note.note_id: tuple(prediction_of(annotation) for annotation in note.annotations) for note in annotated}


def _check_complete(notes: list[GoldNote], predicted: dict[str, tuple[Prediction, ...]], file: Path) -> None:
    """A note that was never annotated must not pass for one without mentions."""
    if missing := [note.note_id for note in notes if note.note_id not in predicted]:
        raise CorpusError(
            f"{len(missing)} of {len(notes)} notes are not in it, first {missing[0]!r}", file=str(file), fix="annotate all of GOLD"
        )
