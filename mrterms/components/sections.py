"""The spaCy component ``mrterms_sections``: sentence starts and sections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc, Span

from mrterms.components.shared import keep_words
from mrterms.lexicon.resources import lexicon_folder
from mrterms.text.outline import Letters, Outline
from mrterms.text.plain import twin_of
from mrterms.text.sections import SectionTitle, TitleFinder, read_titles, sections_between
from mrterms.text.sentences import Ends, SentenceFinder, read_abbreviations
from mrterms.text.view import SECTIONS_KEY

__all__ = ["SectionsComponent", "make_sections"]

_NO_START = 2**64 - 1
"""-1 as spaCy's arrays hold it: this token starts no sentence."""


class SectionsComponent:
    """Sets sentence starts and leaves the sections in ``doc.spans["mrterms_sections"]``, labelled with their names."""

    def __init__(self, titles: Sequence[SectionTitle], abbreviations: Mapping[str, Ends]) -> None:
        self.titles = tuple(titles)
        self.abbreviations = dict(abbreviations)
        self._find_titles = TitleFinder(titles)
        self._find_sentences = SentenceFinder(abbreviations)
        self._letters = Letters(title_words=self._find_titles.first_words, abbreviations=self._find_sentences.forms)

    def __call__(self, doc: Doc) -> Doc:
        sections: list[tuple[str, int, int]] = []
        if len(doc):
            outline = Outline(twin_of(doc) or doc, self._letters)
            titles = self._find_titles(outline)
            _set_sentence_starts(doc, self._find_sentences(outline, titles))
            sections = sections_between(titles, outline.letters)
            keep_words(doc, outline.words)
        doc.spans[SECTIONS_KEY] = [Span(doc, start, end, label=name) for name, start, end in sections]
        return doc

    def __reduce__(self) -> tuple[type[SectionsComponent], tuple[Sequence[SectionTitle], Mapping[str, Ends]]]:
        return SectionsComponent, (self.titles, self.abbreviations)


def _set_sentence_starts(doc: Doc, starts: list[int]) -> None:
    # Setting token.is_sent_start looks at the whole Doc each time; one array is some hundred times faster.
    marks = np.full((len(doc), 1), _NO_START, dtype=np.uint64)
    marks[starts] = 1
    doc.from_array(["SENT_START"], marks)  # type: ignore[arg-type]


@Language.factory("mrterms_sections", assigns=["token.is_sent_start"])
def make_sections(nlp: Language, name: str, lexicon: str = "clinical") -> SectionsComponent:
    """The component with the title and abbreviation tables of a shipped lexicon."""
    folder = lexicon_folder(lexicon)
    return SectionsComponent(read_titles(folder / "sections.tsv"), read_abbreviations(folder / "abbreviations.tsv"))
