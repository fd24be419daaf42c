"""``mrterms train``: a sense model from raw text."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mrterms.errors import InputError

if TYPE_CHECKING:
    from spacy.language import Language

    from mrterms.lexicon import Lexicon
    from mrterms.sense.building import Training
    from mrterms.sense.cues import Cues
    from mrterms.sense.examples import LabelledForm

__all__ = ["cues_of", "gather", "tokenizing", "train_command"]


def train_command(
    texts: Annotated[list[Path] | None, typer.Argument(metavar="TEXT", help="Raw text: .txt, folders of them, .jsonl, .jsonl.gz.")] = None,
    output: Annotated[Path, typer.Option("--output", help="Folder of the model; lexicon/models makes a lexicon folder use it.")] = Path(
        "model"
    ),
    lexicon: Annotated[str, typer.Option("--lexicon", help="Lexicon name or folder, with its senses and cues.")] = "valve",
    labelled: Annotated[list[Path] | None, typer.Option("--labelled", help="JSONL: text, start, end, short_form, sense, doc.")] = None,
    sentences: Annotated[list[Path] | None, typer.Option("--sentences", help="Marked sentences: {MI|myocardial_infarction}.")] = None,
    base: Annotated[Path | None, typer.Option("--base", help="Model folder to adapt; without it the model starts from nothing.")] = None,
    folds: Annotated[int, typer.Option("--folds", min=2, max=20, help="Folds by document for the figures.")] = 5,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress on standard error.")] = False,
) -> None:
    """Train the sense model on raw text: long forms become short forms, and folds by document measure it.

    Writes weights.npz, model.json (the model card), report.json and report.html to the output folder.

    Example: mrterms train notes/ --sentences corpora/sense_training/sentences.txt --output my-model
    """
    from mrterms.lexicon import load_lexicon
    from mrterms.sense.building import table, train
    from mrterms.sense.model import load_model

    loaded = load_lexicon(lexicon)
    trained = train(
        gather(texts or (), labelled or (), sentences or (), loaded),
        loaded,
        cues_of(loaded),
        tokenizing(),
        folds=folds,
        base=None if base is None else load_model(base),
        progress=lambda step: None if quiet else typer.echo(step, err=True),
    )
    trained.save(output)
    (output / "report.json").write_text(json.dumps(trained.report, indent=1) + "\n", encoding="utf-8")
    (output / "report.html").write_text(_page(table(trained.report), trained.report), encoding="utf-8")
    typer.echo(table(trained.report))


def cues_of(lexicon: Lexicon) -> Cues:
    """The sense cues of a lexicon, or the shipped ones where it has none of its own."""
    from mrterms.sense.cues import load_cues
    from mrterms.sense.resolve import sense_table

    return load_cues(sense_table(lexicon, "sense_cues.tsv"))


def tokenizing() -> Language:
    """A pipeline that only tokenizes, as notes are tokenized in use."""
    import spacy

    from mrterms.text.tokenizer import make_tokenizer

    nlp = spacy.blank("en")
    nlp.tokenizer = make_tokenizer(nlp)
    return nlp


def gather(texts: Sequence[Path], labelled: Sequence[Path], sentences: Sequence[Path], lexicon: Lexicon) -> Training:
    """What a model is trained on, read from files. Raises :class:`InputError` with file and line."""
    from mrterms.sense.building import Training
    from mrterms.sense.examples import LongForms, marked_sentences

    long_forms = LongForms(lexicon).concept_of
    return Training(
        texts=[pair for path in texts for pair in _texts(path)],
        labelled=[_place(row, path, line, long_forms) for path in labelled for line, row in _rows(path)],
        sentences=[
            place
            for path in sentences
            for place in marked_sentences(path.read_text(encoding="utf-8").splitlines(), source=path.name, known=lexicon.senses)
        ],
        sources=[{"file": path.name, "bytes": _size(path)} for path in (*texts, *labelled, *sentences)],
    )


def _texts(path: Path) -> Iterator[tuple[str, str]]:
    if path.is_dir():
        for child in sorted(path.rglob("*.txt")):
            yield child.stem, child.read_text(encoding="utf-8", errors="replace")
    elif path.suffix == ".txt":
        yield path.stem, path.read_text(encoding="utf-8", errors="replace")
    else:
        for line, row in _rows(path):
            if not isinstance(row.get("text"), str):
                raise InputError("no field 'text'", file=str(path), line=line)
            yield str(row.get("doc") or row.get("note_id") or f"{path.stem}:{line}"), row["text"]


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except FileNotFoundError:
        raise InputError("the file is missing", file=str(path)) from None
    for number, line in enumerate(data.decode("utf-8").split("\n"), 1):
        if line.strip():
            try:
                yield number, json.loads(line)
            except json.JSONDecodeError as error:
                raise InputError(f"no JSON: {error.msg}", file=str(path), line=number) from None


def _place(row: dict[str, Any], path: Path, line: int, long_forms: dict[str, str]) -> LabelledForm:
    """A labelled place; ``other`` becomes the sense that its long form names, where the lexicon knows it."""
    from mrterms.sense.examples import LabelledForm

    try:
        fields = {name: row[name] for name in ("text", "start", "end", "short_form", "sense", "doc")}
    except KeyError as error:
        raise InputError(f"no field {error}", file=str(path), line=line) from None
    if fields["sense"] == "other":
        fields["sense"] = long_forms.get(str(row.get("long_form", "")).lower(), "other")
    return LabelledForm(**fields, kind=row.get("kind", "masked"), setting=row.get("setting"))


def _size(path: Path) -> int:
    return sum(child.stat().st_size for child in path.rglob("*.txt")) if path.is_dir() else path.stat().st_size


def _page(text: str, found: dict[str, Any]) -> str:
    """The table, and a reliability plot for each form: mean probability against accuracy, dots as large as their bin."""
    plots = []
    for form, row in found["calibration"].items():
        most = max(n for _, _, n in row["bins"])
        dots = "".join(
            f'<circle cx="{10 + 100 * chance:.1f}" cy="{110 - 100 * hit:.1f}" r="{2 + 4 * (n / most) ** 0.5:.1f}">'
            f"<title>{n}</title></circle>"
            for chance, hit, n in row["bins"]
        )
        plots.append(
            f'<figure><svg viewBox="0 0 120 120" width="150"><path d="M10 10V110H110M10 110L110 10"/>{dots}</svg>'
            f"<figcaption>{escape(form)} n={row['n']} ECE={row['ece']:.3f}</figcaption></figure>"
        )
    style = "body{font:14px system-ui}figure{display:inline-block;margin:8px}path{fill:none;stroke:#999}circle{fill:#2a6fb0;opacity:.7}"
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>mrterms sense model</title><style>{style}</style>'
        f"<h1>Held-out figures</h1><pre>{escape(text)}</pre>"
        f"<h2>Reliability: probability (across) against accuracy (up)</h2>{''.join(plots)}</html>\n"
    )
