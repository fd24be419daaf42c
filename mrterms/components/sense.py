"""``mrterms_sense``: decides what ambiguous short forms mean; senses outside the subject leave the annotations."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock

from spacy.language import Language
from spacy.tokens import Doc

from mrterms.components.publishing import Publisher
from mrterms.components.shared import HINTS, SETTING, configured_lexicon, register_extension, work_of
from mrterms.sense import Resolver

__all__ = ["SenseComponent", "make_sense"]

_LEARNING = Lock()
"""The resolver learns words as it meets them, from one thread at a time. One lock for all, since it cannot be pickled."""


class SenseComponent:
    """spaCy component around :class:`mrterms.sense.Resolver`."""

    def __init__(self, *, lexicons: Sequence[str], builtin: bool, setting: str | None, threshold: float | None, other_senses: bool) -> None:
        register_extension()
        self._lexicon = configured_lexicon(lexicons, builtin)
        self.resolver = Resolver(self._lexicon, setting=setting, threshold=threshold)
        self.other_senses = other_senses
        self._publisher = Publisher(self._lexicon)

    def __call__(self, doc: Doc) -> Doc:
        work = work_of(doc)
        if work.mentions:
            with _LEARNING:
                setting, senses = self.resolver.resolve(work.view, work.mentions, doc.user_data.pop(HINTS, None))
            doc.user_data[SETTING] = setting
            work.mentions = self._publisher.publish(doc, work, work.mentions, senses, other_senses=self.other_senses)
        return doc


@Language.factory(
    "mrterms_sense",
    requires=["doc.spans"],
    assigns=["doc.spans", "span._.mrterms"],
    default_config={"lexicons": [], "builtin": True, "setting": None, "threshold": None, "other_senses": False},
)
def make_sense(
    nlp: Language, name: str, lexicons: list[str], builtin: bool, setting: str | None, threshold: float | None, other_senses: bool
) -> SenseComponent:
    """The factory; ``setting`` fixes the kind of text, ``threshold`` is the probability below which a form stays ambiguous."""
    return SenseComponent(lexicons=lexicons, builtin=builtin, setting=setting, threshold=threshold, other_senses=other_senses)
