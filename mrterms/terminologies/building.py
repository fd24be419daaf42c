"""From a terminology's files to a compiled lexicon in one call."""

from __future__ import annotations

from pathlib import Path

import spacy

from mrterms.terminologies.compiling import BuildReport, compile_lexicon
from mrterms.terminologies.sources import Filters, read_source
from mrterms.text.tokenizer import make_tokenizer

__all__ = ["build_lexicon"]


def build_lexicon(
    source: str | Path,
    output: str | Path,
    *,
    filters: Filters | None = None,
    form: str | None = None,
    general_words: bool = False,
    overwrite: bool = False,
) -> BuildReport:
    """Compile a terminology (OBO, UMLS, SNOMED CT, OMOP, ICD-10-CM, SKOS, a table) to a folder that ``mrterms.load`` takes.

    ``form`` is one of :data:`mrterms.terminologies.sources.FORMATS`, else the source's name tells; ``general_words`` keeps names
    such as "Severe". Raises :class:`~mrterms.errors.LexiconError` with file and line where the source is malformed, and where
    ``output`` exists (unless ``overwrite``).
    """
    tokenizer = make_tokenizer(spacy.blank("en"))
    return compile_lexicon(
        read_source(source, filters or Filters(), form=form),
        Path(output),
        tokenize=lambda text: [token.text for token in tokenizer(text)],
        name=Path(source).stem,
        source=Path(source).name,
        general_words=general_words,
        overwrite=overwrite,
    )
