"""Which concept an ambiguous short form means: definitions, learned evidence, priors by setting, and abstention.

The scores are log-odds that add up: what ``Sense.evidence`` shows is what decided, nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.resources.abc import Traversable
from itertools import compress
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from mrterms.errors import ConfigError
from mrterms.lexicon.resources import lexicon_folder
from mrterms.records import Candidate, Concept, Evidence, Mention, Sense, SenseEntry, Term
from mrterms.sense.cues import Cues, load_cues
from mrterms.sense.definitions import OTHER_SENSE, Definition, find_definitions, normal_words, other_form, part_named
from mrterms.sense.features import WINDOW, Context, Reader, Window
from mrterms.sense.gains import Form, Gains
from mrterms.sense.model import Model, load_model, scales_of
from mrterms.sense.settings import SETTINGS
from mrterms.text.view import View

__all__ = ["DEFAULT_THRESHOLD", "Hint", "Resolver", "SenseLexicon", "Verdict", "sense_table"]

DEFAULT_THRESHOLD: Final = 0.75
"""Below this probability a mention is ``ambiguous``; docs/sense.md has the table of coverage against accuracy."""
DEFINITION_WEIGHT: Final = 9.0
"""Log-odds of the author's own definition: strong enough that only a heap of contrary evidence beats it."""
NEAREST_DEFINITION_WEIGHT: Final = 2.0
"""... where the document defines the form both ways: a default towards the definition last read."""
GLOSS_WEIGHT: Final = 12.0
"""Log-odds of what a short form shares with another that it explains ("AMI: acute MI"): the other entries say nothing of it."""
DISCOURSE_WEIGHT: Final = 0.7
"""Log-odds of the same form, clearly resolved elsewhere in the document: a default, since both senses share sentences."""
NEIGHBOUR_WEIGHT: Final = 1.2
"""Log-odds that a clear short form of the same family, beside an unclear one, brings each of its senses within the subject."""
REPEATED_WEIGHT: Final = 2.6
"""Log-odds against a lesion that another form beside it already names: nobody lists one lesion twice ("MI and MR")."""
LONG_FORM_WEIGHT: Final = 0.5
"""Log-odds of a sense whose long form stands somewhere in the document."""
GUESS_WEIGHT: Final = 0.5
"""Share of a guessed setting in its priors; the rest is the mean of all settings, since the guess may be wrong."""
_CLEAR: Final = 2.0
"""Log-odds from which a sentence says its sense clearly by itself."""
_CLEAR_OUTSIDE: Final = 3.0
"""... one that is outside the subject."""
_MOST_OTHERS: Final = 10.0
"""Log-odds that the words of other sentences bring a sense at most, but for very few."""
_DISCOUNT: Final = 0.7
"""What the words of other sentences then lose of their weight."""
_SURE: Final = 0.9
_BESIDE: Final = 0.95
"""Probability from which a short form may speak for those beside it."""
_BESIDE_TOKENS: Final = 14
_MOST_BESIDE: Final = 2
_REACH_BESIDE: Final = 4
_PRIOR_FLOOR: Final = 0.002
"""No sense is impossible: CASI and Vanderbilt saw hundreds of mentions a form, not millions (domain.md 2.1)."""
_SHOWN: Final = 5
_LEAST: Final = 0.005
"""Candidates less likely than this are not listed."""
_LIKELY: Final = 0.5
_SURE_TOGETHER: Final = 0.9
"""How likely the senses that are left out must be in all, where none of them is likely by itself."""
_MARGIN: Final = 3 * WINDOW // 2
"""Tokens cut out to each side: the words of the window with their punctuation."""


class SenseLexicon(Protocol):
    """What the sense step needs of a lexicon."""

    @property
    def senses(self) -> Mapping[str, tuple[SenseEntry, ...]]: ...
    @property
    def concepts(self) -> Mapping[str, Concept]: ...
    @property
    def terms(self) -> Iterable[Term]: ...


@dataclass(frozen=True, slots=True)
class Hint:
    """What the caller knows of a short form from outside the text: log-odds by sense, and why in words."""

    label: str
    weights: Mapping[str, float]


@dataclass(slots=True)
class Verdict:
    """How one mention was weighed: ``scores`` by sense, and what brought them.

    ``rows``: those of :class:`Gains` that its words and facts bring, in the order of :meth:`places`; ``parts`` is what else spoke
    (label, place, scores).
    """

    mention: Mention
    form: Form
    senses: Sequence[str]
    outside: Sequence[bool]
    columns: Sequence[int]
    scores: list[float]
    rows: list[int]
    context: Context
    window: Window
    parts: list[tuple[str, int | None, int | None, list[float]]]
    _chances: list[float] | None = None
    _ranks: list[int] | None = None

    def places(self) -> list[int]:
        """The place in the window of each of ``rows``; -1 for the mention as a whole."""
        context = self.context
        return [
            *[place for _, _, place in context.near],
            *context.places,
            *[place for _, place in context.facts],
        ]

    def probabilities(self) -> list[float]:
        """The softmax of the scores."""
        if self._chances is None:
            top = max(self.scores)
            powers = [math.exp(score - top) for score in self.scores]
            total = sum(powers)
            self._chances = [power / total for power in powers]
        return self._chances

    def ranked(self) -> list[int]:
        """The senses by score, best first."""
        if self._ranks is None:
            self._ranks = sorted(range(len(self.scores)), key=self.scores.__getitem__, reverse=True)
        return self._ranks

    def shift(self, label: str, change: list[float], start: int | None = None, end: int | None = None) -> None:
        """Let something beyond the words around speak for the senses; it is shown as it counts."""
        self.scores = [score + more for score, more in zip(self.scores, change, strict=True)]
        self.parts.append((label, start, end, change))
        self._chances = self._ranks = None

    def hear(self, hint: Hint) -> None:
        """Let what is known from outside the text speak for all senses at once."""
        self.shift(hint.label, [hint.weights.get(sense, 0.0) for sense in self.senses])

    def add(self, label: str, sense: str, weight: float, start: int | None = None, end: int | None = None) -> None:
        """Let a fact of the whole document speak for one sense; a new one is one that the lexicon does not know."""
        if sense not in self.senses:
            # The lexicon does not know what speaks for the author's own sense: it starts level with the best known one.
            level = self.scores.index(max(self.scores))
            self.senses = [*self.senses, sense]
            self.outside = [*self.outside, True]
            self.columns = [*self.columns, self.columns[level]]
            self.scores.append(self.scores[level])
            self.parts = [(part, first, last, [*scores, scores[level]]) for part, first, last, scores in self.parts]
        self.shift(label, [weight if sense == other else 0.0 for other in self.senses], start, end)


class Resolver:
    """Resolves the ambiguous short forms of a document; one for each pipeline.

    ``setting`` (general, cardiology, literature, patient) fixes the priors, None guesses it from the text.  ``threshold``
    is the probability below which a mention is left ``ambiguous``; without it the default holds, or what the model asks for a
    form that was seldom told rightly.  ``cues`` and ``model`` default to the shipped ones.
    """

    def __init__(
        self,
        lexicon: SenseLexicon,
        *,
        setting: str | None = None,
        threshold: float | None = None,
        cues: Cues | None = None,
        model: Model | None = None,
    ) -> None:
        if setting is not None and setting not in SETTINGS:
            raise ConfigError(f"unknown setting {setting!r}", fix=f"one of {', '.join(SETTINGS)}")
        if threshold is not None and not 0.0 <= threshold <= 1.0:
            raise ConfigError(f"threshold {threshold} is no probability", fix="a number from 0 to 1")
        self.lexicon = lexicon
        self.setting = setting
        self.model = load_model(sense_table(lexicon, "models")) if model is None else model
        self.threshold = DEFAULT_THRESHOLD if threshold is None else threshold
        self._raised = self.model.thresholds if threshold is None else {}
        self.reader = Reader(load_cues(sense_table(lexicon, "sense_cues.tsv")) if cues is None else cues, self.model.clusters)
        self._forms: dict[str, Form] = {}
        self._gains = self._no_gains()
        self._plain: dict[tuple[str, ...], Sense] = {}

    def resolve(
        self, view: View, mentions: Sequence[Mention], hints: Mapping[str, Sequence[Hint]] | None = None
    ) -> tuple[str | None, list[Sense]]:
        """The setting assumed (None where nothing was ambiguous) and a :class:`Sense` for each mention, in order.

        ``hints`` are, by short form, what the caller knows from outside the text (the other cells of a column).
        """
        if not any(mention.short_form for mention in mentions):
            return self.setting, [self._plain_sense(mention) for mention in mentions]
        setting, verdicts = self.weigh(view, mentions, hints)
        waiting = iter(verdicts)
        senses = [
            self._decide(next(waiting), view, setting) if self._is_ambiguous(mention) else self._plain_sense(mention)
            for mention in mentions
        ]
        return setting, senses

    def guess_setting(self, view: View) -> str:
        """The kind of text, guessed from its first words."""
        return self.reader.guess_setting(view.orths, view.doc.vocab.strings)

    def weigh(
        self, view: View, mentions: Sequence[Mention], hints: Mapping[str, Sequence[Hint]] | None = None, *, patients: bool = False
    ) -> tuple[str, list[Verdict]]:
        """The setting and a :class:`Verdict` for each ambiguous mention, in order.

        ``patients``: the text joins what is of several patients, so that a lesion may well be named twice.
        """
        setting = self.setting or self.guess_setting(view)
        self._forget()
        asked = [mention for mention in mentions if self._is_ambiguous(mention)]
        verdicts = self._read(view, asked, setting) if asked else []
        self._hear_definitions(view, mentions, verdicts)
        self._hear_glosses(view, mentions, verdicts)
        repeated = 0.0 if patients else REPEATED_WEIGHT
        if len(verdicts) > 1:
            _hear_neighbours(view, verdicts, repeated=repeated)
        self._hear_document(view, mentions, verdicts, repeated=repeated)
        for verdict in verdicts if hints else ():
            for hint in (hints or {}).get(str(verdict.mention.short_form), ()):
                verdict.hear(hint)
        return setting, verdicts

    def _forget(self) -> None:
        """Start the memory of words anew when it has grown large: a stream of garbage must not fill the machine."""
        if self.reader.is_full():
            self.reader.clear()
            self._forms.clear()
            self._gains = self._no_gains()

    def _no_gains(self) -> Gains:
        return Gains(self.model, max(map(len, self.lexicon.senses.values()), default=0))

    def _is_ambiguous(self, mention: Mention) -> bool:
        return mention.short_form is not None and mention.short_form in self.lexicon.senses

    def _plain_sense(self, mention: Mention) -> Sense:
        known = self._plain.get(mention.concept_ids)
        if known is None:
            # A form that the lexicons put under several concepts without saying when it means which stays open.
            share = 1.0 / len(mention.concept_ids)
            known = Sense(
                status="ambiguous" if share < 1.0 else "unambiguous",
                concept_id=None if share < 1.0 else mention.concept_ids[0],
                probability=share,
                candidates=tuple(Candidate(concept_id=one, probability=share) for one in mention.concept_ids),
            )
            self._plain[mention.concept_ids] = known
        return known

    def _form(self, short_form: str) -> Form:
        known = self._forms.get(short_form)
        if known is None:
            known = self._forms[short_form] = self._prepare(short_form)
        return known

    def _prepare(self, short_form: str) -> Form:
        entries = self.lexicon.senses[short_form]
        senses = tuple(entry.concept_id for entry in entries)
        scales = scales_of(short_form, self.model.scales)
        biases = np.array([self.model.biases.get((short_form, sense), 0.0) for sense in senses])
        guessed = self.setting is None
        starts = {setting: (scales[-1] * (biases + log_priors(entries, setting, guessed=guessed))).tolist() for setting in SETTINGS}
        outside = tuple(is_outside(self.lexicon, sense) for sense in senses)
        families = tuple(frozenset[str]() if is_outside else self._family(sense) for sense, is_outside in zip(senses, outside, strict=True))
        return Form(short_form.lower(), senses, outside, families, starts, self.model.tree_of(senses), np.array(scales, dtype=np.float32))

    def _family(self, concept_id: str) -> frozenset[str]:
        """The ancestors of a concept."""
        concept = self.lexicon.concepts.get(concept_id)
        parents = concept.parents if concept else ()
        return frozenset(parents).union(*map(self._family, parents))

    def _is_lesion(self, concept_id: str) -> bool:
        """Whether a concept is a disorder of some part: infarcts and operations, of which there may be two, are none."""
        concept = self.lexicon.concepts.get(concept_id)
        return concept is not None and concept.semantic_type == "disorder" and bool(concept.parents)

    def _read(self, view: View, mentions: Sequence[Mention], setting: str) -> list[Verdict]:
        """Weigh the words around each mention."""
        read = [self._context(view, mention, window) for mention, window in zip(mentions, self._windows(view, mentions), strict=True)]
        forms = [self._form(str(mention.short_form)) for mention in mentions]
        rows = [self._gains.rows(form, context) for form, (context, _) in zip(forms, read, strict=True)]
        verdicts: list[Verdict] = []
        label = f"prior ({setting})"
        for mention, form, own, gains, (context, window) in zip(mentions, forms, rows, self._gains.sums(rows), read, strict=True):
            begin = form.starts[setting]
            scores = [first + gain for first, gain in zip(begin, gains, strict=False)]
            parts: list[tuple[str, int | None, int | None, list[float]]] = [(label, None, None, begin)]
            columns = range(len(begin))
            verdicts.append(Verdict(mention, form, form.senses, form.outside, columns, scores, own, context, window, parts))
        self._let_the_sentence_lead(view, verdicts)
        return verdicts

    def _context(self, view: View, mention: Mention, window: Window) -> tuple[Context, Window]:
        start, end = window.locate(mention.token_start, mention.token_end)
        section = view.section_at(mention.token_start) if view.sections else None
        context = self.reader.context(window, start, end, str(mention.short_form), section=section.name if section else None)
        self.reader.add_shape(context, mention.text, _joined_to(view, window, end, mention))
        return context, window

    def _let_the_sentence_lead(self, view: View, verdicts: Sequence[Verdict]) -> None:
        """Where the mention's own sentence says one sense clearly and the words around it another, the latter count less.

        Real notes hold both senses side by side: "inferior akinesis c/w old MI." before a line of mitral valve findings, "on AI
        (anastrozole)" in a letter about valves. The other way round, where the sentence says a sense of the subject and the text
        around it none, the wider context is the better guide on held-out documents.
        """
        led = list(filter(_may_be_led, verdicts))
        outside = [_rows_outside(verdict, view) for verdict in led]
        for verdict, far in zip(led, self._gains.sums(outside), strict=True) if any(outside) else ():
            own = [score - gain for score, gain in zip(verdict.scores, far, strict=False)]
            said, heard = own.index(max(own)), verdict.scores.index(max(verdict.scores))
            if said != heard and own[said] - own[heard] >= (_CLEAR_OUTSIDE if verdict.form.outside[said] else _CLEAR):
                verdict.shift("other sentences, against its own: count less", [-_DISCOUNT * gain for gain in far[: len(own)]])

    def _windows(self, view: View, mentions: Sequence[Mention]) -> list[Window]:
        """The words around each mention; mentions that stand close share a window, so that no word is read twice."""
        orths = view.orths
        windows: list[Window] = []
        waiting: list[Mention] = []
        for mention in [*mentions, None]:
            if waiting and (mention is None or mention.token_start - waiting[-1].token_end > 2 * _MARGIN):
                low = max(0, waiting[0].token_start - _MARGIN)
                high = max(one.token_end for one in waiting) + _MARGIN
                window = self.reader.window(low, orths[low:high], view.doc.vocab.strings)
                windows.extend([window] * len(waiting))
                waiting = []
            if mention is not None:
                waiting.append(mention)
        return windows

    @cached_property
    def _long_forms(self) -> dict[str, dict[tuple[str, ...], str]]:
        """By short form: the normal words of each long form of each sense, and the concept."""
        by_concept: dict[str, list[tuple[str, ...]]] = {}
        for term in self.lexicon.terms:
            if term.kind != "abbreviation":
                by_concept.setdefault(term.concept_id, []).append(normal_words(term.text))
        for concept in self.lexicon.concepts.values():
            by_concept.setdefault(concept.concept_id, []).append(normal_words(concept.preferred_name))
        return {
            form: {words: entry.concept_id for entry in entries for words in by_concept.get(entry.concept_id, ()) if words}
            for form, entries in self.lexicon.senses.items()
        }

    def _hear_definitions(self, view: View, mentions: Sequence[Mention], verdicts: Sequence[Verdict]) -> None:
        """The author's own definitions: decisive where there is one, a default where the document defines both ways."""
        known: dict[int, Mention] = {}
        for mention in mentions:
            if mention.short_form is None:
                known[mention.end] = mention
                known[-mention.start] = mention
        defined = find_definitions(view.text, mentions, self._long_forms, known=known)
        for verdict in verdicts if defined else ():
            definitions = defined.get(str(verdict.mention.short_form), ())
            if len(definitions) == 1:
                _hear(verdict, definitions[0], "defined", DEFINITION_WEIGHT)
            elif definitions:
                nearest = _nearest(definitions, verdict.mention)
                touches = min(abs(nearest.end - verdict.mention.start), abs(nearest.start - verdict.mention.end)) <= 4
                _hear(verdict, nearest, "defined both ways", DEFINITION_WEIGHT if touches else NEAREST_DEFINITION_WEIGHT)

    def _hear_glosses(self, view: View, mentions: Sequence[Mention], verdicts: Sequence[Verdict]) -> None:
        """What explains this mention alone: the part in brackets ("MI (mitral)"), or another short form that it explains or that
        explains it ("AMI: acute MI", "MI (MR)"), by what both can mean."""
        for verdict in verdicts:
            form = str(verdict.mention.short_form)
            if (part := part_named(view.text, verdict.mention, self._long_forms.get(form, {}))) is not None and part[0] in verdict.senses:
                concept_id, words, start, end = part
                verdict.add(words, concept_id, GLOSS_WEIGHT, start, end)
            other = other_form(view.text, verdict.mention, mentions)
            if other is None:
                continue
            entries = self.lexicon.senses.get(str(other.short_form), ())
            named = {entry.concept_id for entry in entries} or set(other.concept_ids)
            wider = named.union(*map(self._family, named))
            shared = [sense for sense in verdict.form.senses if sense in wider and not is_outside(self.lexicon, sense)]
            if len(shared) == 1:
                verdict.add(f"explains: {other.text}", shared[0], GLOSS_WEIGHT, other.start, other.end)

    def _hear_document(self, view: View, mentions: Sequence[Mention], verdicts: Sequence[Verdict], *, repeated: float) -> None:
        """What the same document says elsewhere: long forms, and the same form where its sense is clear.

        The long form of a lesion beside the mention speaks against it, as a short form does: "MI, mitral regurgitation". It does not
        where the form can mean no other thing of the subject: "aortic stenosis, moderate AS".
        """
        named = {mention.concept_ids[0]: mention for mention in mentions if mention.short_form is None}
        for verdict in verdicts if named else ():
            weight = repeated if verdict.form.is_divided else 0.0
            for sense in filter(named.__contains__, verdict.form.senses):
                other = named[sense]
                is_list = weight and self._is_lesion(sense) and _are_beside(view, verdict.mention, other)
                verdict.add(other.text, sense, -weight if is_list else LONG_FORM_WEIGHT, other.start, other.end)
        by_form: dict[str, list[Verdict]] = {}
        for verdict in verdicts:
            by_form.setdefault(str(verdict.mention.short_form), []).append(verdict)
        for short_form, same in by_form.items():
            if len(same) > 1:
                _hear_each_other(short_form, same)

    def _decide(self, verdict: Verdict, view: View, setting: str) -> Sense:
        chances, order = verdict.probabilities(), verdict.ranked()
        best = order[0]
        chance = chances[best]
        left_out = sum([chances[i] for i in order if verdict.outside[i]])
        threshold = max(self.threshold, self._raised.get(str(verdict.mention.short_form), 0.0))
        # Between morphine and multiple sclerosis nothing has to be decided: either way the mention is left out.  But what is left
        # out is not shown, and many senses that nothing speaks for add up: without a likely one their sum must be surer.
        enough = threshold if chance >= _LIKELY else max(threshold, _SURE_TOGETHER)
        sure = chance >= threshold or (verdict.outside[best] and left_out >= enough)
        return Sense(
            status="resolved" if sure else "ambiguous",
            concept_id=verdict.senses[best] if sure else None,
            probability=round(left_out if sure and verdict.outside[best] else chance, 4),
            candidates=tuple([_candidate(verdict.senses[i], chances[i]) for i in order if chances[i] >= _LEAST or i == best]),
            evidence=tuple(self.evidence(verdict, view, limit=_SHOWN)),
        )

    def evidence(self, verdict: Verdict, view: View, *, limit: int | None = None) -> list[Evidence]:
        """What spoke for the best sense against its rival, strongest first; the weights sum to the difference in score.

        With ``limit`` the weaker words are summed into one entry ``other words``.
        """
        best, second = self.rivals(verdict)
        found = [Evidence(label, scores[best] - scores[second], start, end) for label, start, end, scores in verdict.parts]
        leads = self._gains.leads(verdict.rows, verdict.columns[best], verdict.columns[second])
        gains = _by_place(verdict.context, leads)
        shown = gains
        if limit is not None and limit < len(gains):
            ordered = sorted(gains.values())
            least = sorted(map(abs, ordered[:limit] + ordered[limit:][-limit:]))[-limit]
            shown = {place: gain for place, gain in gains.items() if gain >= least or gain <= -least}
            if len(shown) < len(gains):
                found.append(Evidence("other words", sum(gains.values()) - sum(shown.values())))
        found += _told_by_words(verdict, view, shown)
        found.sort(key=_strength, reverse=True)
        return found

    def rivals(self, verdict: Verdict) -> tuple[int, int]:
        """The best sense, and the best that would have come out differently (for Michigan not Mister, but mitral)."""
        order, outside = verdict.ranked(), verdict.outside
        best = order[0]
        second = order[1] if len(order) > 1 else best
        return best, next((i for i in order[1:] if not (outside[best] and outside[i])), second)


def _hear_each_other(short_form: str, verdicts: Sequence[Verdict]) -> None:
    """Where the clear mentions of a form agree, they speak for the unclear ones."""
    unclear: list[Verdict] = []
    sure: set[str] = set()
    for verdict in verdicts:
        chances = verdict.probabilities()
        if (best := max(chances)) >= _SURE:
            sure.add(verdict.senses[chances.index(best)])
        else:
            unclear.append(verdict)
    for verdict in unclear if len(sure) == 1 else ():
        verdict.add(f"{short_form} elsewhere in the document", next(iter(sure)), DISCOURSE_WEIGHT)


def _hear_neighbours(view: View, verdicts: Sequence[Verdict], *, repeated: float) -> None:
    """Short forms beside each other: clear valve lesions speak for what is in the subject, and against being named twice."""
    clear = [_clear_family(verdict) for verdict in verdicts]
    if not any(clear):
        return
    tokens = [verdict.mention.token_start for verdict in verdicts]
    sentences = list(map(view.sentence_number, tokens))
    for at, verdict in enumerate(verdicts):
        beside: dict[str, tuple[str, frozenset[str]]] = {}
        for other in range(max(0, at - _REACH_BESIDE), min(len(verdicts), at + _REACH_BESIDE + 1)):
            known = clear[other]
            if known is None or sentences[other] != sentences[at] or abs(tokens[other] - tokens[at]) > _BESIDE_TOKENS:
                continue
            if verdicts[other].form is not verdict.form:
                beside[str(verdicts[other].mention.short_form)] = known
        if beside:
            _hear_beside(verdict, beside, repeated)


def _clear_family(verdict: Verdict) -> tuple[str, frozenset[str]] | None:
    """The sense that a mention clearly has, with its family; None where it is unclear or has no kin."""
    chances = verdict.probabilities()
    best = chances.index(max(chances))
    if chances[best] < _BESIDE or best >= len(verdict.form.families) or not verdict.form.families[best]:
        return None
    return verdict.senses[best], verdict.form.families[best]


def _are_beside(view: View, one: Mention, other: Mention) -> bool:
    if abs(one.token_start - other.token_start) > _BESIDE_TOKENS:
        return False
    return view.sentence_number(one.token_start) == view.sentence_number(other.token_start)


def _hear_beside(verdict: Verdict, beside: Mapping[str, tuple[str, frozenset[str]]], repeated: float) -> None:
    form = verdict.form
    named = {sense for sense, _ in beside.values()}
    kin = [name for name, (_, family) in beside.items() if any(family & own for own in form.families)]
    weight = NEIGHBOUR_WEIGHT * min(len(kin), _MOST_BESIDE)
    change = [0.0 if outside else weight for outside in form.outside]
    change = [more - repeated * (sense in named) for more, sense in zip(change, form.senses, strict=True)]
    if any(change):
        change += [0.0] * (len(verdict.senses) - len(change))
        verdict.shift(f"{', '.join(beside)} beside it", change)


def _may_be_led(verdict: Verdict) -> bool:
    """Whether a sense of the subject is ahead, and not by more than the words of other sentences bring."""
    outside, scores = verdict.form.outside, verdict.scores
    ahead = max(scores)
    if outside[scores.index(ahead)]:
        return False
    return verdict.form.is_divided or max(compress(scores, outside), default=-math.inf) >= ahead - _MOST_OTHERS


def _rows_outside(verdict: Verdict, view: View) -> list[int]:
    """The rows of what stands in other sentences."""
    number = view.sentence_number(verdict.mention.token_start)
    starts = view.sentence_starts
    high_token = starts[number + 1] if number + 1 < len(starts) else view.length
    low, high = verdict.window.locate(starts[number], high_token)
    return [row for row, place in zip(verdict.rows, verdict.places(), strict=True) if place >= high or -1 < place < low]


def _joined_to(view: View, window: Window, end: int, mention: Mention) -> str:
    """What a hyphen joins to the mention, from the hyphen on; empty where none does (``AI - mild``)."""
    if end >= len(window.words) or window.words[end].lower != "-" or window.tokens[end] != mention.token_end:
        return ""
    return view.doc[mention.token_end : mention.token_end + 2].text if view.doc[mention.token_end - 1].whitespace_ == "" else ""


def _by_place(context: Context, gains: Sequence[float]) -> dict[int, float]:
    """What each place of the window brings, by what its words and facts do; place -1 is the mention as a whole."""
    first, last = len(context.near), len(context.near) + len(context.places)
    found = dict(zip(context.places, gains[first:last], strict=True))
    for (_, _, place), gain in zip(context.near, gains, strict=False):
        found[place] = gain
    for (_, place), gain in zip(context.facts, gains[last:], strict=True):
        if gain or place not in found:
            found[place] = found.get(place, 0.0) + gain
    return found


def _told_by_words(verdict: Verdict, view: View, gains: Mapping[int, float]) -> Iterator[Evidence]:
    """The words at some places with what they bring; those that bring nothing are left out."""
    tokens, ends = verdict.window.tokens, verdict.context.ends
    for place, gain in gains.items():
        if gain and place < 0:
            yield Evidence("section or place", gain)
        elif gain:
            token = tokens[place]
            text = view.text_of(token, tokens[ends[place] - 1] + 1) if place in ends else view.word(token)
            start = view.start_of(token)
            yield Evidence(text, gain, start, start + len(text))


def _strength(cue: Evidence) -> float:
    return abs(cue.weight)


def sense_table(lexicon: SenseLexicon, name: str) -> Traversable:
    """A file or folder of the lexicon, or the shipped one where it has none of its own."""
    folder: Traversable | None = getattr(lexicon, "folder", None)
    if folder is not None and ((own := folder / name).is_file() or own.is_dir()):
        return own
    return lexicon_folder("valve") / name


def is_outside(lexicon: SenseLexicon, concept_id: str) -> bool:
    """Whether a sense is outside the lexicon's subject, or unknown to it."""
    concept = lexicon.concepts.get(concept_id)
    return concept is None or concept.other_sense


def log_priors(entries: Sequence[SenseEntry], setting: str, *, guessed: bool = True) -> NDArray[np.float64]:
    """The logarithms of the prior probabilities of a setting, each at least the floor."""
    own = np.array([entry.priors.get(setting, 0.0) for entry in entries])
    if guessed:
        every = np.array([[entry.priors.get(other, 0.0) for other in SETTINGS] for entry in entries]).mean(axis=1)
        own = GUESS_WEIGHT * own + (1 - GUESS_WEIGHT) * every
    priors = np.maximum(own, _PRIOR_FLOOR)
    logs: NDArray[np.float64] = np.log(priors / priors.sum())
    return logs


def _candidate(concept_id: str, chance: float) -> Candidate:
    # Rounded down: the probabilities of a mention must not sum to more than 1.
    return Candidate(concept_id, math.floor(chance * 10_000) / 10_000)


def _nearest(definitions: Sequence[Definition], mention: Mention) -> Definition:
    before = [definition for definition in definitions if definition.start <= mention.end + 4]
    return max(before, key=lambda definition: definition.end, default=definitions[0])


def _hear(verdict: Verdict, definition: Definition, label: str, weight: float) -> None:
    sense = definition.concept_id
    verdict.add(f"{label}: {definition.text}", sense if sense in verdict.senses else OTHER_SENSE, weight, definition.start, definition.end)
