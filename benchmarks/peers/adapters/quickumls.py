"""QuickUMLS at its defaults, in a pipeline with spaCy's bare tokenizer (its tagger and NLTK's stop words would be downloads)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import nltk
import spacy
from quickumls.install import parse_and_encode_ngrams
from quickumls.spacy_component import SpacyQuickUMLS

from peers.wire import Annotate, Found, Job, read_terms

DISEASE = "T047"


def prepare(job: Job) -> None:
    entries = ((term.text.lower(), term.concept_id, [DISEASE], 1) for term in read_terms(job))
    parse_and_encode_ngrams(entries, str(job.folder / "umls-simstring.db"), str(job.folder / "cui-semtypes.db"), "unqlite")
    for flag, content in (("language.flag", "ENG"), ("database_backend.flag", "unqlite"), ("lowercase.flag", "")):
        (job.folder / flag).write_text(content)
    words = job.folder / "nltk" / "corpora" / "stopwords"
    words.mkdir(parents=True)
    (words / "english").write_text("\n".join(sorted(spacy.blank("en").Defaults.stop_words)))


def load(job: Job) -> Annotate:
    nltk.data.path.insert(0, str(job.folder / "nltk"))
    nlp = spacy.blank("en")
    matcher = SpacyQuickUMLS(nlp, str(job.folder)).quickumls

    def annotate(texts: Iterable[str]) -> Iterator[list[Found]]:
        for doc in nlp.pipe(texts):
            best = (match[0] for match in matcher._match(doc))
            yield [Found(one["start"], one["end"], one["cui"]) for one in best]

    return annotate
