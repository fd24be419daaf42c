"""Which concept an ambiguous short form means: definitions, learned evidence, priors by setting, and abstention.

The scores are log-odds that add up: what ``Sense.evidence`` shows is what decided, nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.resources.abc import Traversable
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray
from spacy.attrs import ORTH

from mrterms.errors import ConfigError
from mrterms.lexicon.resources import lexicon_folder
from mrterms.records import Candidate, Concept, Evidence, Mention, Sense, SenseEntry, Term
from mrterms.sense.cues import Cues, load_cues
from mrterms.sense.definitions import OTHER_SENSE, Definition, find_definitions, normal_words
from mrterms.sense.features import WINDOW, Reader, Word
from mrterms.sense.model import Model, load_model
from mrterms.sense.settings import SETTINGS, guess_setting_of_words
from mrterms.text.view import View

__all__ = ["DEFAULT_THRESHOLD", "Resolver", "SenseLexicon", "Verdict"]

DEFAULT_THRESHOLD: Final = 0.75
"""Below this probability a mention is ``ambiguous``; docs/sense.md has the table of coverage against accuracy."""
DEFINITION_WEIGHT: Final = 9.0
"""Log-odds of the author's own definition: strong enough that only a heap of contrary evidence beats it."""
NEAREST_DEFINITION_WEIGHT: Final = 2.0
"""... where the document defines the form both ways: a default towards the definition last read."""
DISCOURSE_WEIGHT: Final = 1.5
"""Log-odds of the same form, clearly resolved elsewhere in the document: a default, since both senses share sentences."""
LONG_FORM_WEIGHT: Final = 0.5
"""Log-odds of a sense whose long form stands somewhere in the document."""
GUESS_WEIGHT: Final = 0.5
"""Share of a guessed setting in its priors; the rest is the mean of all settings, since the guess may be wrong."""
_SURE: Final = 0.9
_PRIOR_FLOOR: Final = 0.002
"""No sense is impossible: CASI and Vanderbilt saw hundreds of mentions a form, not millions (domain.md 2.1)."""
_SHOWN: Final = 6
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
class _Form:
    """A short form made ready: its senses, their weights side by side, and what they start from in each setting."""

    senses: tuple[str, ...]
    weights: NDArray[np.float32]
    starts: dict[str, NDArray[np.float64]]
    outside: tuple[bool, ...]
    scale: float


@dataclass(slots=True)
class Verdict:
    """How one mention was weighed: ``scores`` by sense, and what brought them (``parts``: label, place, scores)."""

    mention: Mention
    form: _Form
    senses: list[str]
    columns: list[int]
    scores: list[float]
    rows: list[int]
    places: list[int]
    ends: dict[int, int]
    tokens: list[int]
    parts: list[tuple[str, int | None, int | None, list[float]]]

    def probabilities(self) -> list[float]:
        """The softmax of the scores."""
        top = max(self.scores)
        powers = [math.exp(score - top) for score in self.scores]
        total = sum(powers)
        return [power / total for power in powers]

    def add(self, label: str, sense: str, weight: float, start: int | None = None, end: int | None = None) -> None:
        """Let a fact of the whole document speak for one sense."""
        if sense not in self.senses:
            # The lexicon does not know what speaks for the author's own sense: it starts level with the best known one.
            level = self.scores.index(max(self.scores))
            self.senses.append(sense)
            self.columns.append(self.columns[level])
            self.scores.append(self.scores[level])
            for _, _, _, scores in self.parts:
                scores.append(scores[level])
        change = [weight if sense == other else 0.0 for other in self.senses]
        self.scores = [score + more for score, more in zip(self.scores, change, strict=True)]
        self.parts.append((label, start, end, change))


class Resolver:
    """Resolves the ambiguous short forms of a document; one for each pipeline.

    ``setting`` (general, cardiology, literature, patient) fixes the priors, None guesses it from the text.  ``threshold``
    is the probability below which a mention is left ``ambiguous``.  ``cues`` and ``model`` default to the shipped ones.
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
        self.threshold = DEFAULT_THRESHOLD if threshold is None else threshold
        self.model = load_model(_table(lexicon, "models")) if model is None else model
        self.reader = Reader(load_cues(_table(lexicon, "sense_cues.tsv")) if cues is None else cues, self.model.clusters)
        self._forms: dict[str, _Form] = {}
        self._plain: dict[tuple[str, ...], Sense] = {}

    def resolve(self, view: View, mentions: Sequence[Mention]) -> tuple[str | None, list[Sense]]:
        """The setting assumed (None where nothing was ambiguous) and a :class:`Sense` for each mention, in order."""
        if not any(mention.short_form for mention in mentions):
            return self.setting, [self._plain_sense(mention) for mention in mentions]
        setting, verdicts = self.weigh(view, mentions)
        waiting = iter(verdicts)
        senses = [
            self._decide(next(waiting), view, setting) if self._is_ambiguous(mention) else self._plain_sense(mention)
            for mention in mentions
        ]
        return setting, senses

    def guess_setting(self, view: View) -> str:
        """The kind of text, guessed from its first words."""
        orths: list[int] = view.doc[:400].to_array([ORTH]).ravel().tolist()  # type: ignore[attr-defined]
        return guess_setting_of_words(self.reader.words(orths, view.doc.vocab.strings))

    def weigh(self, view: View, mentions: Sequence[Mention]) -> tuple[str, list[Verdict]]:
        """The setting and a :class:`Verdict` for each ambiguous mention, in order."""
        setting = self.setting or self.guess_setting(view)
        verdicts = [self._read(view, mention, setting) for mention in mentions if self._is_ambiguous(mention)]
        self._hear_definitions(view, mentions, verdicts)
        self._hear_document(mentions, verdicts)
        return setting, verdicts

    def _is_ambiguous(self, mention: Mention) -> bool:
        return mention.short_form is not None and mention.short_form in self.lexicon.senses

    def _plain_sense(self, mention: Mention) -> Sense:
        known = self._plain.get(mention.concept_ids)
        if known is None:
            concept_id = mention.concept_ids[0]
            known = Sense(status="unambiguous", concept_id=concept_id, candidates=(Candidate(concept_id=concept_id, probability=1.0),))
            self._plain[mention.concept_ids] = known
        return known

    def _form(self, short_form: str) -> _Form:
        known = self._forms.get(short_form)
        if known is None:
            known = self._forms[short_form] = self._prepare(short_form)
        return known

    def _prepare(self, short_form: str) -> _Form:
        entries = self.lexicon.senses[short_form]
        senses = tuple(entry.concept_id for entry in entries)
        scale = self.model.scales.get(short_form, self.model.scales.get("*", 1.0))
        biases = np.array([self.model.biases.get((short_form, sense), 0.0) for sense in senses])
        starts = {setting: scale * (biases + log_priors(entries, setting, guessed=self.setting is None)) for setting in SETTINGS}
        outside = tuple(self._is_outside(sense) for sense in senses)
        return _Form(senses, self.model.columns(senses) * np.float32(scale), starts, outside, scale)

    def _is_outside(self, concept_id: str) -> bool:
        concept = self.lexicon.concepts.get(concept_id)
        return concept is None or concept.other_sense

    def _read(self, view: View, mention: Mention, setting: str) -> Verdict:
        """Weigh the words around one mention."""
        form = self._form(str(mention.short_form))
        words, tokens, start, end = self._window(view, mention)
        section = view.section_at(mention.token_start) if view.sections else None
        context = self.reader.context(words, start, end, str(mention.short_form), section=section.name if section else None)
        self.reader.add_shape(context, mention.text)
        rows, places, ends = self.model.rows(context)
        begin = form.starts[setting]
        scores = begin + form.weights[rows].sum(axis=0) if rows else begin
        parts: list[tuple[str, int | None, int | None, list[float]]] = [(f"prior ({setting})", None, None, begin.tolist())]
        return Verdict(mention, form, list(form.senses), list(range(len(form.senses))), scores.tolist(), rows, places, ends, tokens, parts)

    def _window(self, view: View, mention: Mention) -> tuple[list[Word], list[int], int, int]:
        """The words around a mention without white space inside sentences, their tokens, and the mention's place."""
        low = max(0, mention.token_start - _MARGIN)
        high = min(view.length, mention.token_end + _MARGIN)
        orths: list[int] = view.doc[low:high].to_array([ORTH]).ravel().tolist()  # type: ignore[attr-defined]
        words: list[Word] = []
        tokens: list[int] = []
        start = end = 0
        for token, word in enumerate(self.reader.words(orths, view.doc.vocab.strings), low):
            if token == mention.token_start:
                start = len(words)
            if word.kind != 3:
                words.append(word)
                tokens.append(token)
            if token == mention.token_end - 1:
                end = len(words)
        return words, tokens, start, end

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

    def _hear_document(self, mentions: Sequence[Mention], verdicts: Sequence[Verdict]) -> None:
        """What the same document says elsewhere: long forms, and the same form where its sense is clear."""
        named = {mention.concept_ids[0]: mention for mention in mentions if mention.short_form is None}
        for verdict in verdicts:
            for sense in verdict.form.senses:
                if (other := named.get(sense)) is not None:
                    verdict.add(other.text, sense, LONG_FORM_WEIGHT, other.start, other.end)
        if len(verdicts) < 2:
            return
        sure: dict[str, set[str]] = {}
        for verdict in verdicts:
            chances = verdict.probabilities()
            if (best := max(chances)) >= _SURE:
                sure.setdefault(str(verdict.mention.short_form), set()).add(verdict.senses[chances.index(best)])
        for verdict in verdicts:
            senses = sure.get(str(verdict.mention.short_form), set())
            if len(senses) == 1 and max(verdict.probabilities()) < _SURE:
                verdict.add(f"{verdict.mention.short_form} elsewhere in the document", next(iter(senses)), DISCOURSE_WEIGHT)

    def _decide(self, verdict: Verdict, view: View, setting: str) -> Sense:
        chances = verdict.probabilities()
        order = sorted(range(len(chances)), key=lambda i: -chances[i])
        best = order[0]
        chance = chances[best]
        outside = sum(chances[i] for i in order if self._is_outside(verdict.senses[i]))
        # Between morphine and multiple sclerosis nothing has to be decided: either way the mention is left out.
        sure = chance >= self.threshold or (self._is_outside(verdict.senses[best]) and outside >= self.threshold)
        return Sense(
            status="resolved" if sure else "ambiguous",
            concept_id=verdict.senses[best] if sure else None,
            probability=round(outside if sure and self._is_outside(verdict.senses[best]) else chance, 4),
            candidates=tuple(_candidate(verdict.senses[i], chances[i]) for i in order),
            evidence=tuple(self.evidence(verdict, view, limit=_SHOWN)),
        )

    def evidence(self, verdict: Verdict, view: View, *, limit: int | None = None) -> list[Evidence]:
        """What spoke for the best sense against its rival, strongest first; the weights sum to the difference in score.

        With ``limit`` the weaker words are summed into one entry ``other words``.
        """
        best, second = self.rivals(verdict)
        found = [
            Evidence(cue=label, weight=scores[best] - scores[second], start=start, end=end) for label, start, end, scores in verdict.parts
        ]
        words = self._word_evidence(verdict, view, best, second)
        words.sort(key=lambda cue: -abs(cue.weight))
        if limit is not None and len(words) > limit:
            rest = sum(cue.weight for cue in words[limit:])
            words = [*words[:limit], Evidence(cue="other words", weight=rest)]
        found.extend(words)
        found.sort(key=lambda cue: -abs(cue.weight))
        return found

    def rivals(self, verdict: Verdict) -> tuple[int, int]:
        """The best sense, and the best that would have come out differently (for Michigan not Mister, but mitral)."""
        order = sorted(range(len(verdict.scores)), key=lambda i: -verdict.scores[i])
        best = order[0]
        outside = self._is_outside(verdict.senses[best])
        others = [i for i in order[1:] if not (outside and self._is_outside(verdict.senses[i]))] or order[1:] or [best]
        return best, others[0]

    def _word_evidence(self, verdict: Verdict, view: View, best: int, second: int) -> list[Evidence]:
        if not verdict.rows:
            return []
        picked = verdict.form.weights[verdict.rows]
        gain: NDArray[Any] = picked[:, verdict.columns[best]] - picked[:, verdict.columns[second]]
        sums = np.bincount(np.array(verdict.places) + 1, weights=gain)
        doc = view.doc
        found = []
        for at in sums.nonzero()[0].tolist():
            place = at - 1
            if place < 0:
                found.append(Evidence(cue="section or place", weight=float(sums[at])))
                continue
            first = verdict.tokens[place]
            last = verdict.tokens[verdict.ends.get(place, place + 1) - 1]
            start, end = doc[first].idx, doc[last].idx + len(doc[last])
            found.append(Evidence(cue=view.text[start:end], weight=float(sums[at]), start=start, end=end))
        return found


def _table(lexicon: SenseLexicon, name: str) -> Traversable:
    """A file or folder of the lexicon, or the shipped one where it has none of its own."""
    folder: Traversable | None = getattr(lexicon, "folder", None)
    if folder is not None and ((own := folder / name).is_file() or own.is_dir()):
        return own
    return lexicon_folder("valve") / name


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
    return Candidate(concept_id=concept_id, probability=math.floor(chance * 10_000) / 10_000)


def _nearest(definitions: Sequence[Definition], mention: Mention) -> Definition:
    before = [definition for definition in definitions if definition.start <= mention.end + 4]
    return max(before, key=lambda definition: definition.end, default=definitions[0])


def _hear(verdict: Verdict, definition: Definition, label: str, weight: float) -> None:
    sense = definition.concept_id
    verdict.add(f"{label}: {definition.text}", sense if sense in verdict.senses else OTHER_SENSE, weight, definition.start, definition.end)
