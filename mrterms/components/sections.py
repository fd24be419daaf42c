"""The spaCy component ``mrterms_sections``: sentence starts and sections."""

from __future__ import annotations

from typing import Any

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc, Span

from mrterms.lexicon.resources import lexicon_folder
from mrterms.text.outline import Letters, Outline
from mrterms.text.sections import TitleFinder, read_titles, sections_between
from mrterms.text.sentences import SentenceFinder, read_abbreviations
from mrterms.text.view import SECTIONS_KEY

__all__ = ["SectionsComponent", "make_sections"]


class SectionsComponent:
    """Sets sentence starts and leaves the sections in ``doc.spans["mrterms_sections"]``, labelled with their names."""

    def __init__(self, titles: TitleFinder, sentences: SentenceFinder) -> None:
        self.titles = titles
        self.sentences = sentences
        self._letters = Letters(titles.first_words)

    def __call__(self, doc: Doc) -> Doc:
        outline = Outline.of(doc, self._letters) if len(doc) else None
        titles = self.titles(outline) if outline else []
        if outline:
            _set_sentence_starts(doc, self.sentences(outline, titles))
        doc.spans[SECTIONS_KEY] = [
            Span(doc, section.token_start, section.token_end, label=section.name) for section in sections_between(titles, len(doc))
        ]
        return doc

    def __getstate__(self) -> dict[str, Any]:
        return {"titles": self.titles, "sentences": self.sentences}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(**state)  # type: ignore[misc]


def _set_sentence_starts(doc: Doc, starts: list[int]) -> None:
    # Setting token.is_sent_start looks at the whole Doc each time; one array is some hundred times faster.
    marks = np.full((len(doc), 1), -1, dtype=np.int64)
    marks[starts, 0] = 1
    doc.from_array(["SENT_START"], marks.astype(np.uint64))


@Language.factory("mrterms_sections", assigns=["token.is_sent_start"])
def make_sections(nlp: Language, name: str, lexicon: str = "clinical") -> SectionsComponent:
    """The component with the title and abbreviation tables of a shipped lexicon."""
    folder = lexicon_folder(lexicon)
    return SectionsComponent(TitleFinder(read_titles(folder / "sections.tsv")), SentenceFinder(read_abbreviations(folder / "abbreviations.tsv")))
