"""spaCy's DocBin: a Doc a note, with ``doc.spans["mrterms"]``, the annotations in ``doc.user_data`` and the note's id.

Read it with ``DocBin().from_disk(path).get_docs(nlp.vocab)``; ``span._.mrterms`` works once mrterms was imported and a pipeline
loaded. All Docs are held until the last note is done, for the format has them in one piece.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import BinaryIO

from mrterms.adapters.exporters.options import ExportOptions, NoteDict

__all__ = ["NOTE_ID", "write"]

NOTE_ID = "mrterms_note_id"


def write(handle: BinaryIO, notes: Iterable[NoteDict], options: ExportOptions) -> None:
    """The Docs of all notes, which must bring their text as ``source``."""
    import spacy
    from spacy.tokens import DocBin, Span

    from mrterms.components.shared import ANNOTATIONS, SETTING, register_extension

    register_extension()
    nlp = spacy.blank("en", config={"nlp": {"tokenizer": {"@tokenizers": "mrterms.Tokenizer.v1"}}})
    packed = DocBin(store_user_data=True)
    for note in notes:
        doc = nlp.make_doc(note["source"])
        doc.user_data |= {ANNOTATIONS: note["annotations"], SETTING: note.get("setting"), NOTE_ID: note["note_id"]}
        spans: list[Span] = []
        for one in note["annotations"]:
            label, concept_id = one["semantic_type"] or "ambiguous", one["concept_id"] or ""
            # Tokens are those of the pipeline, so that this never has to widen a span; a user's own notes may differ.
            span = doc.char_span(one["start"], one["end"], label=label, kb_id=concept_id, alignment_mode="expand")
            spans += [] if span is None else [span]
        doc.spans[ANNOTATIONS] = spans
        packed.add(doc)
    handle.write(packed.to_bytes())
