"""What the components share: one lexicon a configuration, one View a Doc, and the names of what stands on a Doc."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from weakref import WeakKeyDictionary, proxy

from spacy.tokens import Doc, Span

from mrterms.lexicon import Lexicon, load_lexicon, merge
from mrterms.records import Annotation, Mention
from mrterms.text.numbered import NumberedWords
from mrterms.text.plain import place_as_written, places_as_written, twin_of
from mrterms.text.view import View

__all__ = [
    "ANNOTATIONS",
    "DISCARDED",
    "HINTS",
    "OTHER",
    "SETTING",
    "Work",
    "annotations_of",
    "configured_lexicon",
    "keep_words",
    "register_extension",
    "release",
    "work_of",
]

ANNOTATIONS = "mrterms"
"""Span group of the mentions, and key of ``doc.user_data`` under which their annotations stand as plain data."""
DISCARDED = "mrterms_discarded"
OTHER = "mrterms_other"
SETTING = "mrterms_setting"
HINTS = "mrterms_hints"
"""Key of ``doc.user_data`` for what the caller knows of short forms: :class:`mrterms.sense.Hint` by short form."""


@dataclass(slots=True)
class Work:
    """What the components of one pipeline know of a Doc while it passes through; never stored.

    ``doc`` is the Doc as it reads. A proxy where that is the Doc itself: the state must not keep alive the Doc that keeps the state.
    """

    doc: Doc
    mentions: list[Mention] = field(default_factory=list)
    written: tuple[str, list[int]] | None = None
    """The text as written and where the characters of the view's text stand in it, where it is read otherwise."""
    _view: View | None = None
    _grouped: tuple[list[Mention], dict[int, list[int]]] | None = field(default=None, init=False, repr=False)
    """The answer of :meth:`by_sentence`, and the list of mentions for which it holds."""

    @property
    def view(self) -> View:
        """Sentences, sections and words of the Doc."""
        if self._view is None:
            self._view = View(self.doc)
        return self._view

    def rest(self) -> None:
        """Let go of what can be made again."""
        self._view = self._grouped = None

    def as_written(self, told: Any) -> None:
        """Put offsets and quotations of plain data (dicts and lists) in terms of the text as written."""
        if self.written is not None:
            place_as_written(told, *self.written)

    def by_sentence(self) -> dict[int, list[int]]:
        """The places of the mentions in their list, by the number of their sentence."""
        if self._grouped is None or self._grouped[0] is not self.mentions:
            found: dict[int, list[int]] = {}
            for place, mention in enumerate(self.mentions):
                found.setdefault(self.view.sentence_number(mention.token_start), []).append(place)
            self._grouped = self.mentions, found
        return self._grouped[1]


_WORK: WeakKeyDictionary[Doc, Work | NumberedWords] = WeakKeyDictionary()
"""The working state of each Doc; until that is made, the words that were left for it."""


def keep_words(doc: Doc, words: NumberedWords) -> None:
    """Leave the numbered words of a Doc for the component that comes next."""
    if not isinstance(_WORK.get(doc), Work):
        _WORK[doc] = words


def work_of(doc: Doc) -> Work:
    """The working state of a Doc, made at the first call."""
    known = _WORK.get(doc)
    if isinstance(known, Work):
        return known
    # Between the two a component of the user's may have merged or split tokens.
    words = known if known is not None and len(known) == len(doc) else None
    twin = twin_of(doc)
    read: Doc = proxy(doc) if twin is None else twin
    work = Work(read, written=None if twin is None else (doc.text, places_as_written(doc)), _view=View(read, words=words))
    _WORK[doc] = work
    return work


def release(doc: Doc) -> None:
    """Let go of most of the working state of a Doc, so that Docs that are kept (``list(nlp.pipe(texts))``) are little heavier for it.

    The mentions stay, for components that come later.
    """
    work = _WORK.get(doc)
    if isinstance(work, Work) and work.mentions:
        work.rest()
    else:
        _WORK.pop(doc, None)


@lru_cache(maxsize=8)
def _lexicon(names: tuple[str, ...], builtin: bool) -> Lexicon:
    chosen = [load_lexicon("valve")] if builtin else []
    return merge(*chosen, *(load_lexicon(name) for name in names))


def configured_lexicon(lexicons: Sequence[str], builtin: bool) -> Lexicon:
    """The built-in lexicon and the user's, read once a configuration."""
    return _lexicon(tuple(str(name) for name in lexicons), builtin)


def annotations_of(doc: Doc) -> list[Annotation]:
    """The annotations of a Doc as plain data, parallel to ``doc.spans["mrterms"]``."""
    found: list[Annotation] = doc.user_data.setdefault(ANNOTATIONS, [])
    return found


def _plain(value: Any) -> Any:
    """A copy in lists and dicts: DocBin gives lists back as tuples."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, (list, tuple)) else value


def _annotation_of(span: Span) -> Annotation | None:
    for one in span.doc.user_data.get(ANNOTATIONS, ()):
        if one["start"] == span.start_char and one["end"] == span.end_char and (one["concept_id"] or "") == span.kb_id_:
            plain: Annotation = _plain(one)
            return plain
    return None


def _set_annotation(span: Span, value: Annotation) -> None:
    for place, one in enumerate(span.doc.user_data.get(ANNOTATIONS, ())):
        if one["start"] == span.start_char and one["end"] == span.end_char and (one["concept_id"] or "") == span.kb_id_:
            span.doc.user_data[ANNOTATIONS][place] = dict(value)


def register_extension() -> None:
    """Make ``span._.mrterms`` known; it reads plain data of the Doc, so DocBin and processes keep it."""
    if not Span.has_extension("mrterms"):
        Span.set_extension("mrterms", getter=_annotation_of, setter=_set_annotation)
