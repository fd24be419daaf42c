"""``mrterms lexicon ...``: looking after lexicons."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mrterms.errors import LexiconError

__all__ = ["app"]

app = typer.Typer(help="Look after lexicons.", no_args_is_help=True)


@app.callback()
def _lexicon() -> None:
    """Look after lexicons."""


@app.command("lint")
def lint_command(
    lexicon: Annotated[
        str | None, typer.Argument(metavar="[PATH_OR_NAME]", help="A lexicon's folder or name; without it, all shipped.")
    ] = None,
) -> None:
    """Name everything in a lexicon's tables that cannot be right, with file and line.

    Of a compiled lexicon: short, general and ambiguous names, and words that look like misspellings of others.

    Example: mrterms lexicon lint lexicons/valve

    Exit code 0: nothing found; 1: findings, a line each on standard output; 2: no such lexicon.
    """
    from mrterms.lexicon import lint
    from mrterms.lexicon.resources import shipped_lexicons
    from mrterms.lexicon.store import is_store

    if lexicon and is_store(Path(lexicon)):
        from mrterms.terminologies import lint_compiled

        findings = [str(finding) for finding in lint_compiled(Path(lexicon))]
        names = [lexicon]
    else:
        names = [lexicon] if lexicon else shipped_lexicons()
        findings = [str(finding) for name in names for finding in lint(name)]
    for finding in findings:
        typer.echo(finding)
    typer.echo(f"{', '.join(names)}: {len(findings) or 'no'} finding{'' if len(findings) == 1 else 's'}", err=True)
    raise typer.Exit(1 if findings else 0)


@app.command("build", no_args_is_help=True)
def build_command(
    source: Annotated[str, typer.Argument(help="File or folder of a terminology, or icd10cm.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the compiled lexicon.")],
    form: Annotated[
        str | None, typer.Option("--format", "-f", help="obo, obograph, umls, snomed, omop, icd10cm, skos, table; else by its name.")
    ] = None,
    branch: Annotated[list[str] | None, typer.Option(help="Only this concept and all below it; repeatable.")] = None,
    semantic_type: Annotated[list[str] | None, typer.Option(help="Only this semantic type (name or number); repeatable.")] = None,
    vocabulary: Annotated[list[str] | None, typer.Option(help="Only this vocabulary (SNOMEDCT_US, HP ...); repeatable.")] = None,
    language: Annotated[list[str] | None, typer.Option(help="Only names in this language; repeatable.  [default: en]")] = None,
    scope: Annotated[list[str] | None, typer.Option(help="Only preferred, exact, narrow, related or broad names; repeatable.")] = None,
    general_words: Annotated[bool, typer.Option("--general-words", help='Keep names such as "Severe" and "S3".')] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a compiled lexicon.")] = False,
) -> None:
    """Compile a terminology to a folder that --lexicon takes and that loads in a moment, whatever its size.

    SOURCE: OBO (.obo), OBO Graph (.json), SKOS (.ttl, .rdf ...), a table (.tsv, .csv) with the columns concept_id and term, a
    folder with UMLS (MRCONSO.RRF), SNOMED CT (sct2_*.txt) or OMOP files (CONCEPT.csv), or icd10cm. Obsolete concepts and
    suppressed names are left out.

    Example: mrterms lexicon build hp.obo --output hpo --branch HP:0000118
    """
    from mrterms.terminologies import Filters, build_lexicon

    filters = Filters(
        branches=frozenset(branch or ()),
        semantic_types=frozenset(semantic_type or ()),
        vocabularies=frozenset(vocabulary or ()),
        languages=frozenset(language or ("en",)),
        scopes=frozenset(scope or ()),
    )
    report = build_lexicon(source, output, filters=filters, form=form, general_words=general_words, overwrite=overwrite)
    left = ", ".join(f"{count} {reason}" for reason, count in sorted(report.left_out.items()))
    typer.echo(f"{output}: {report.concepts} concepts, {report.names} names, {report.forms} forms, {report.words} words", err=True)
    if left:
        typer.echo(f"left out: {left}", err=True)


@app.command("verify", no_args_is_help=True)
def verify_command(lexicon: Annotated[Path, typer.Argument(help="Folder of a compiled lexicon.")]) -> None:
    """Check every byte of a compiled lexicon against its checksums.

    Loading checks sizes, and contents up to 64 MB; this checks all.

    Example: mrterms lexicon verify hpo
    """
    from mrterms.lexicon.store import is_store, verify

    if not is_store(lexicon):
        raise LexiconError("no compiled lexicon", file=str(lexicon), fix="give the folder that mrterms lexicon build wrote")
    typer.echo(f"{lexicon}: {verify(lexicon)} files, all whole", err=True)
