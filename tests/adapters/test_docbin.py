"""DocBin: the Docs that come back are those of the pipeline, with spans and annotations."""

from __future__ import annotations

import io
from typing import Any

from spacy.language import Language
from spacy.tokens import DocBin

from mrterms.adapters.exporters import docbin
from mrterms.adapters.exporters.options import ExportOptions


def test_docs_come_back_as_the_pipeline_makes_them(real_notes: list[dict[str, Any]], nlp: Language) -> None:
    handle = io.BytesIO()
    docbin.write(handle, real_notes, ExportOptions())
    docs = list(DocBin().from_bytes(handle.getvalue()).get_docs(nlp.vocab))
    assert [doc.user_data[docbin.NOTE_ID] for doc in docs] == [note["note_id"] for note in real_notes]
    for note, doc in zip(real_notes, docs, strict=True):
        made = nlp(note["source"])
        assert doc.text == note["source"]
        assert [token.text for token in doc] == [token.text for token in made]
        assert [(span.start, span.end, span.label_, span.kb_id_) for span in doc.spans["mrterms"]] == [
            (span.start, span.end, span.label_, span.kb_id_) for span in made.spans["mrterms"]
        ]
        assert [span._.mrterms for span in doc.spans["mrterms"]] == note["annotations"]
