"""From the cues of a sentence to what it says about each mention."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources.abc import Traversable

from mrterms.assertion.cues import CueTable, Hit
from mrterms.assertion.leading import TICKS, answered, is_head, mark_width
from mrterms.assertion.reading import A_CHOICE, A_LABEL, A_SUBJECT, BOXES, DASHES, ENDS, SentenceReader, boxes_in, may_mean
from mrterms.assertion.scopes import Line
from mrterms.assertion.targets import Target, TargetKind
from mrterms.lexicon.resources import lexicon_folder
from mrterms.records import Assertion, Cue, Experiencer
from mrterms.text.view import Sentence

__all__ = ["Asserter"]

_A_FAMILY = 150
"""How many words behind its title what no relative is named with is still of a family history."""
_AN_ANSWER = 8
"""How many words of an answer are read with the question."""
_DONE = ("historical", "present")
_OF_THE_PATIENT = frozenset({"patient", "himself", "herself"})
_A_START = 8
"""Words in which a pronoun goes on about somebody of the sentence before."""


class Asserter:
    """Says status, experiencer, temporality and change of mentions from the cue tables of a lexicon folder.

    Method: trigger phrases with directed scopes, pseudo-triggers and terminators after NegEx (Chapman 2001) and ConText
    (Harkema 2009), with scopes that know lists; what wins where two fit is the rule of the annotation guideline.
    """

    def __init__(self, cues_folder: Traversable | None = None) -> None:
        self._table = CueTable(cues_folder or lexicon_folder("clinical"))
        self._pronouns, self._answers = self._table.words["pronoun"], self._table.words["answer"]

    def assess(
        self, sentence: Sentence, targets: Sequence[Target], *, previous: Sentence | None = None, following: Sentence | None = None
    ) -> list[Assertion]:
        """The assertions of ``targets``, in their order.

        ``previous`` is the sentence before, or the one that :func:`~mrterms.assertion.lead_in` finds; it is read where it
        leads in ("Risks include:", "No evidence of:") and where it names the relative whom a pronoun means. ``following`` is
        the sentence after a question, which may be its answer ("MI within six months? | No.").
        """
        section = self._section(sentence)
        sentence = self._chosen(sentence)
        if following is not None:
            words, question = self._table.words, sentence.lower[self._opening(sentence.lower) :]
            if question and words["modal"].isdisjoint(question):
                if question[0] in words["inquiry"] and (relative := self._relative_in(following)) is not None:
                    return [_of_relative(one, relative) for one in self._assess(sentence, targets, previous, section)]
                if (answer := self._answer(following)) is not None:
                    sentence = _join(sentence, answer, 0)
        if previous is not None:
            if is_head(previous):
                sentence = answered(previous, sentence)
            if previous.lower[-1:] == [":"] or previous.lower == ["?"]:
                width = mark_width(sentence)
                return self._assess(_join(previous, sentence, width), _shift(targets, len(previous.lower) - width), None, section)
        return self._assess(sentence, targets, previous, section)

    def _assess(self, sentence: Sentence, targets: Sequence[Target], previous: Sentence | None, section: str | None) -> list[Assertion]:
        carried = self._tells_of_another(sentence) or (previous is not None and self._carries_relative(previous, sentence))
        readers = {kind: self._reader(sentence, targets, kind) for kind in {target.kind for target in targets}}
        assertions = [readers[target.kind].read(target, section, carried) for target in targets]
        if "procedure" in readers and "lesion" in readers:
            told = zip(targets, assertions, strict=True)
            operations = {one: said.status for one, said in told if one.kind == "procedure" and said.status in _DONE}
            return [readers["lesion"].as_reason(one, said, operations) for one, said in zip(targets, assertions, strict=True)]
        return assertions

    def _reader(self, sentence: Sentence, targets: Sequence[Target], kind: TargetKind) -> SentenceReader:
        places = {(first, last) for first, last, _ in targets}
        # "TR" is a lesion or a trace: what is asked about grades nothing.
        hits = [hit for hit in self._table.find(sentence.lower, kind) if not hit.entry.grades or (hit.start, hit.end) not in places]
        line = Line(sentence.lower, sentence.starts, hits, self._table.words, kind, places)
        return SentenceReader(self._table.words, sentence, line, targets)

    def _section(self, sentence: Sentence) -> str | None:
        """The name of the sentence's section; a family history that speaks to a reader or runs on for long is one of a leaflet."""
        if (section := sentence.section) is None:
            return None
        if section.name == "family_history" and (
            sentence.token_start - section.token_start > _A_FAMILY or not self._table.words["reader"].isdisjoint(sentence.lower)
        ):
            return None
        return section.name

    def _chosen(self, sentence: Sentence) -> Sentence:
        """The sentence as it reads where boxes offer grades or answers: "AS: [ ] none [x] mild" is "AS: mild"."""
        lower = sentence.lower
        if TICKS.isdisjoint(lower) or len(boxes := list(boxes_in(lower))) < A_CHOICE or not any(ticked for _, _, ticked in boxes):
            return sentence
        options = {hit.start: hit.end for hit in self._table.find(lower, "lesion") if "grade" in hit.entry.roles}
        options |= {at: at + 1 for at, word in enumerate(lower) if word in self._answers}
        before = {end: start for start, end in options.items()}
        leading = {start: options[end] for start, end, _ in boxes if end in options}
        trailing = {start: before[start] for start, _, _ in boxes if start in before}
        chosen = leading if len(leading) >= len(trailing) else trailing
        if len(chosen) < A_CHOICE:
            return sentence
        read = list(lower)
        for start, end, ticked in boxes:
            edge = start if ticked else chosen.get(start, start)
            for at in range(min(edge, start), max(edge, end)):
                read[at] = "]"
        return sentence._replace(lower=read)

    def _answer(self, sentence: Sentence) -> Sentence | None:
        """The word that answers the question before, where the sentence opens with one, with what a yes goes on to say ("Yes, in 2010")."""
        lower = sentence.lower
        if (at := _ticked(lower)) is not None:
            return _part(sentence, at, at + 1) if lower[at] in self._answers else None
        at = self._behind_speaker(lower)
        if not lower[at : at + 1] or lower[at] not in self._answers:
            return None
        if at + 1 < len(lower) and lower[at][-1] != "." and lower[at + 1].isalnum() and sentence.tokens[at + 1] - sentence.tokens[at] == 1:
            return None  # but "Prior MI? N   Prior CABG? N", as columns
        end = at + 1
        if lower[at] in self._table.words["assent"] and lower[end : end + 1] == [","]:
            while end < len(lower) and end - at < _AN_ANSWER and lower[end] not in ENDS:
                end += 1
        return _part(sentence, at, end)

    def _relative_in(self, sentence: Sentence) -> Cue | None:
        """The relative who is the answer to the question before: "Yes, my dad."."""
        lower, words = sentence.lower, self._table.words
        at = self._behind_speaker(lower)
        while at < len(lower) and (lower[at] in words["assent"] or lower[at] in words["possessive"]):
            at += 1
        reader = self._reader(sentence, (), "other")
        for number, hit in reader.relatives:
            if hit.start <= at < hit.end and reader.is_person(number):
                start, end = sentence.span(hit.start, hit.end)
                return Cue(text=" ".join(sentence.words[hit.start : hit.end]), start=start, end=end, category=hit.entry.relative)
        return None

    def _opening(self, lower: Sequence[str]) -> int:
        """Where a question begins behind the tag of its speaker and words as "so"."""
        at = self._behind_speaker(lower)
        while at < len(lower) and lower[at] in self._table.words["opener"]:
            at += 1
        return at

    def _behind_speaker(self, lower: Sequence[str]) -> int:
        """Where a line begins behind the tag of its speaker."""
        if lower[1:2] == [":"] and lower[0] in self._table.words["voice"]:
            return 2
        if lower[0] in DASHES:
            return 1
        return lower.index("]") + 1 if lower[:1] == ["["] and "]" in lower else 0

    def _tells_of_another(self, sentence: Sentence) -> bool:
        """Whether the patient's side speaks of somebody as he or she: that is not the patient."""
        return _is_patient_speaking(sentence) and not self._pronouns.isdisjoint(sentence.lower[2:12])

    def looks_back(self, sentence: Sentence) -> bool:
        """Whether whom the sentence speaks of may hang on the one before, which then is to be given to :meth:`assess`."""
        return not self._pronouns.isdisjoint(sentence.lower[:_A_START]) or self._is_reply(sentence)

    def _is_reply(self, sentence: Sentence) -> bool:
        """Whether the sentence opens with a yes or no and goes on ("N, cause: stroke"), or with a label ("Cause: stroke")."""
        lower = sentence.lower
        if ":" in lower[1:A_LABEL]:
            return True
        return lower[0] in self._answers and (lower[0][-1] == "." or lower[1:2] in ([","], [":"], [";"], ["-"], ["("]))

    def _pronoun(self, sentence: Sentence) -> int | None:
        """The place of the first pronoun near the start."""
        opening, pronouns = sentence.lower[:_A_START], self._pronouns
        return None if pronouns.isdisjoint(opening) else next(at for at, word in enumerate(opening) if word in pronouns)

    def _carries_relative(self, previous: Sentence, sentence: Sentence) -> bool:
        """Whether the sentence goes on about a relative or, in a dialogue, about the person of whom the patient tells."""
        lower, place = sentence.lower, self._pronoun(sentence)
        if place is None and previous.lower[-1:] == ["?"] and self._is_reply(sentence):
            return any(hit.start <= A_SUBJECT for hit in self._relatives(previous))
        if place is None or not _OF_THE_PATIENT.isdisjoint(lower):
            return False
        if _is_patient_speaking(previous):
            return True
        if not self._table.words["writer"].isdisjoint(lower[:place]):
            return False  # "I would be grateful if he ..." is of the patient again
        told = previous.lower
        named = [hit for hit in self._relatives(previous) if hit.start <= A_SUBJECT or self._is_likened(hit, told)]
        return any(may_mean(lower, place, told, hit, self._table.words) for hit in named)

    def _relatives(self, sentence: Sentence) -> list[Hit]:
        """The relatives of whom a sentence tells, without headings."""
        reader = self._reader(sentence, (), "other")
        return [hit for number, hit in reader.relatives if not hit.entry.heading and reader.is_person(number)]

    def _is_likened(self, hit: Hit, lower: Sequence[str]) -> bool:
        """Whether a sentence ends with a relative with whom it compares ("Will I need one like Mom?")."""
        before = hit.start - 1 - (lower[hit.start - 1] in self._table.words["possessive"])
        return hit.end >= len(lower) - 1 and before >= 0 and lower[before] in ("like", "unlike", "than", "as")


def _of_relative(assertion: Assertion, relative: Cue) -> Assertion:
    """What a question says of a mention once a relative is the answer."""
    experiencer: Experiencer = "family" if relative.category == "family" else "other"
    cues = (*assertion.cues, relative._replace(category="family"))
    return assertion._replace(status="family", experiencer=experiencer, cues=cues)


def _is_patient_speaking(sentence: Sentence) -> bool:
    """Whether a line of a dialogue opens with the tag of the patient's side."""
    return sentence.lower[1:2] in (["patient"], ["patient_guest"]) and sentence.lower[0] == "["


def _ticked(lower: Sequence[str]) -> int | None:
    """The word of the first ticked box of a row of boxes, which stand before their words ("[ ] Yes [x] No") or behind them."""
    if BOXES.isdisjoint(lower[:2]):
        return None
    boxes = list(boxes_in(lower))
    ticked = next((box for box in boxes if box[2]), None)
    if ticked is None or boxes[0][0] > 1:
        return None
    word = ticked[0] - 1 if boxes[0][0] else ticked[1]
    return word if word < len(lower) else None


def _join(previous: Sentence, sentence: Sentence, width: int) -> Sentence:
    """A lead-in and the sentence after it as one, without the ``width`` words that mark an item of a list."""
    return Sentence(
        previous.token_start,
        sentence.token_end,
        previous.words + sentence.words[width:],
        previous.lower + sentence.lower[width:],
        previous.starts + sentence.starts[width:],
        previous.tokens + sentence.tokens[width:],
        sentence.section,
    )


def _part(sentence: Sentence, first: int, last: int) -> Sentence:
    """The words ``first`` to ``last`` (half-open) of a sentence."""
    cut = slice(first, last)
    return sentence._replace(words=sentence.words[cut], lower=sentence.lower[cut], starts=sentence.starts[cut], tokens=sentence.tokens[cut])


def _shift(targets: Sequence[Target], by: int) -> list[Target]:
    return [Target(target.first + by, target.last + by, target.kind) for target in targets]
