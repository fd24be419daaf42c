"""``mrterms_matcher``: finds the mentions and leaves them, not yet told apart, on the Doc."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from spacy.language import Language
from spacy.tokens import Doc, Span

from mrterms.components.publishing import Publisher
from mrterms.components.shared import ANNOTATIONS, DISCARDED, configured_lexicon, register_extension, work_of
from mrterms.matching.compiled import CompiledMatcher, Overlaps
from mrterms.matching.gates import Gate
from mrterms.matching.matcher import Matcher
from mrterms.records import Candidate, Mention, Sense

__all__ = ["MatcherComponent", "make_matcher"]


class MatcherComponent:
    """spaCy component around :class:`mrterms.matching.matcher.Matcher`."""

    def __init__(self, nlp: Language, *, lexicons: Sequence[str], builtin: bool, fuzzy: bool, nested: bool, annotates: bool) -> None:
        register_extension()
        self._annotates = annotates
        self.lexicon = configured_lexicon(lexicons, builtin)
        self._publisher = Publisher(self.lexicon)
        self._matcher = Matcher(self.lexicon, nlp.vocab, partial(_words, nlp.tokenizer), fuzzy=fuzzy)
        overlaps: Overlaps = "all" if nested else "longest"
        self._layers = [CompiledMatcher(store, nlp.vocab, fuzzy=fuzzy, overlaps=overlaps) for store in self.lexicon.compiled]

    def gates(self, *, every: bool) -> list[Gate]:
        """What tells from words whether a text can hold a mention that is published; ``every``: or any other."""
        return [self._matcher.gate(every=every), *(layer.gate() for layer in self._layers)]

    def __call__(self, doc: Doc) -> Doc:
        work = work_of(doc)
        # Without terms of its own (compiled lexicons only) the matcher need not read the text.
        work.mentions, lost = self._matcher.match(work.view) if self.lexicon.terms else ([], [])
        for layer in self._layers:
            more, also_lost = layer.match(work.view)
            work.mentions = sorted([*work.mentions, *more], key=lambda one: (one.start, -one.end))
            lost += also_lost
        if work.mentions and self._annotates:
            self._publisher.publish(doc, work, work.mentions, [_undecided(one) for one in work.mentions], other_senses=True)
        else:
            doc.spans[ANNOTATIONS] = []
            doc.user_data[ANNOTATIONS] = []
        doc.spans[DISCARDED] = [Span(doc, one.token_start, one.token_end, label="discarded", kb_id=one.concept_ids[0]) for one in lost]
        return doc


def _words(tokenizer: Callable[[str], Doc], text: str) -> list[str]:
    return [token.text for token in tokenizer(text)]


def _undecided(mention: Mention) -> Sense:
    if len(mention.concept_ids) == 1:
        return Sense(
            status="unambiguous",
            concept_id=mention.concept_ids[0],
            candidates=(Candidate(concept_id=mention.concept_ids[0], probability=1.0),),
        )
    share = 1.0 / len(mention.concept_ids)
    candidates = tuple(Candidate(concept_id=one, probability=share) for one in mention.concept_ids)
    return Sense(status="ambiguous", concept_id=None, probability=share, candidates=candidates)


@Language.factory(
    "mrterms_matcher",
    assigns=["doc.spans", "span._.mrterms"],
    default_config={"lexicons": [], "builtin": True, "fuzzy": True, "nested": False, "annotates": True},
)
def make_matcher(
    nlp: Language, name: str, lexicons: list[str], builtin: bool, fuzzy: bool, nested: bool, annotates: bool
) -> MatcherComponent:
    """The factory; ``lexicons`` are names of shipped lexicons or paths of the user's, ``builtin`` keeps the valve lexicon.

    ``nested`` keeps what overlaps among the mentions of a compiled lexicon. ``annotates`` leaves annotations on the Doc; where the
    sense component follows, that writes them anyway.
    """
    return MatcherComponent(nlp, lexicons=lexicons, builtin=builtin, fuzzy=fuzzy, nested=nested, annotates=annotates)
