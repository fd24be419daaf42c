"""One sentence read for its mentions: which cues reach each of them, and what they say together."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from mrterms.assertion.cues import Hit, Rule
from mrterms.assertion.leading import TICKS
from mrterms.assertion.scopes import Line
from mrterms.assertion.targets import Target
from mrterms.records import Assertion, AssertionStatus, Change, Cue, Experiencer, Temporality
from mrterms.text.view import Sentence

__all__ = ["A_CHOICE", "A_LABEL", "A_SUBJECT", "BOXES", "DASHES", "ENDS", "SentenceReader", "boxes_in", "may_mean"]

Found = dict[str, list[tuple[int, int]]]
"""The cues that speak of a mention, as words (half-open), by category."""

_HISTORIES = ("past_medical_history", "past_surgical_history")
_TELLING = frozenset({*_HISTORIES, "risks", "consent", "plan", "indication", "procedure"})
"""Sections whose title says something of a mention about which the sentence says nothing."""
_ASKING_OF_WHOM = _TELLING | {"family_history"}
"""Sections whose title says something unless the sentence says anything, were it only whom it is about."""
_CHANGES: tuple[Change, ...] = ("resolved", "worse", "improved", "new", "unchanged")
_A_CHANGE = frozenset(_CHANGES)
_PRESENT = Assertion()
_SAYING_NOTHING = frozenset({"general", "study", "patient"})
"""Categories that alone say nothing of what the patient has."""
_ON_CONDITIONS = frozenset({"value", "colon", "entry", "claim", "next", "opening", "head", "object", "aim"})
"""Scopes that ask more of a mention to the right than that the reach goes there."""
_GAP = frozenset({":", "|", "-", "–", "—", "--", "=", "(", ",", "is", "was", "are", "were", '"', "]", "[", ")"})
_PREPOSITIONS = frozenset({"and", "but", "by", "with", "on", "per", "in", "at", "via", "using", "through"})
_CLOSING = (
    frozenset({".", ",", ";", ")", "/", "]", ":", "-", "--", "|", "!", "?", "(", "+", "s/p", "w/", "then", "after", "when"}) | _PREPOSITIONS
)
"""Words that may follow the value of a label: the value says nothing of what comes after it."""
_LABELLING = frozenset({":", "=", "-", "–", "—", "--", "?"})
"""Signs between a label and its value."""
_LEADERS = ("..", "…", "_")
"""What leads from a label to its value across a page begins so."""
_JOINING = frozenset({",", "/", "and", "or", "&"})
_OPENING = frozenset({":", ";", ".", "|"})
"""Signs behind which a list begins."""
_REMARKS = frozenset({"(", "<", "≤"})
"""Signs with which a label goes on behind its mention."""
_A_REMARK = 6
_TICKS = TICKS - {"x"}
BOXES = _TICKS | {"[", "(", "☐", "□"}
DASHES = frozenset({"-", "–", "−"})
A_CHOICE = 2
"""How many boxes with grades or answers make a choice."""
ENDS = frozenset({".", ";", "!", "?"})
_BRACKETS = frozenset({"(", ")", "[", "]"})
_BEHIND_A_DATE = _CLOSING | {"for", "under", "if", "unless"}
_TO_TIMES = frozenset({"to", "from", "between", "than", "of", "since", "until"})
"""Words that lead to a time of something else ("MI cases between 1996 and 1997")."""
A_LABEL = 4
"""How many words a label may have behind the answer to a question ("Father living? Y. Medical problems: ...")."""
_PERSON = re.compile(r"(?:[0-9]{1,3})?(?:yo|y/o)?[mf]|(?:fe)?male")
"""One who is named by age and sex, or by sex alone ("77M", "F")."""
_REASONS = (["because", "of"], ["due", "to"], ["owing", "to"])
_REMARK = 30
"""How many words a bracket or date between an operation and its reason may have."""
_LEADING_ON = frozenset({"for", "after", "before", "following", "since", "despite", "until"})
"""Words that lead from what is wished for to something else: "agreed on warfarin for her AVR"."""
_BEFORE_MAY = frozenset({"in", "early", "mid", "late", "last", "since", "of"})
"""Words behind which "may" is the month."""
_SAID_OF_ASPECTS = frozenset({"absent", "left_out", "uncertain", "not_assessed", "hypothetical"})
_OF_ITSELF = frozenset({"historical", "uncertain", "absent"})
_COURSES = frozenset({"worse", "improved", "unchanged"})
_OF_CAUSE = frozenset({"to", "by", "from", "of", "with"})
_CONDITIONS = frozenset({"if", "unless", "should", "when"})
_SUPPOSING = frozenset({"if", "unless"})
_NOES = ("absent", "resolved", "left_out")
_ON = ("neither", "both", "none", "died", "deceased")
"""Words that go on about relatives behind a semicolon."""
_RELATIVE_PRONOUNS = ("who", "that")
_OF_ONE = frozenset({"is", "was", "has"})
"""Verbs of which one thing alone is the subject."""
_PASSED = frozenset({"was", "were", "has", "had", "have"})
_AN_OPENING = 2
"""How many words may stand before a cue of scope ``opening`` ("And about two years ago, she had ...")."""
_UNIT = 2
"""Letters of a short name of a relative ("mo", "fa") that behind a number is a unit."""
A_SUBJECT = 3
"""The last word at which the subject of a sentence begins."""
_MODIFIERS = 3
"""How many words may stand between a cue of scope ``next`` and its mention ("his large anterior MI")."""


class SentenceReader:
    """Reads one sentence; reaches are computed once for all its mentions of a kind."""

    def __init__(self, words: Mapping[str, set[str]], sentence: Sentence, line: Line, targets: Sequence[Target]) -> None:
        self.words, self.sentence, self.line, self.targets = words, sentence, line, targets
        self.lower, self.starts = line.lower, line.starts
        self.speaking = [(number, hit) for number, hit in enumerate(line.hits) if hit.entry.speaks]
        """The hits that say something, with their numbers; of these ``telling`` what they say, ``relatives`` who is named."""
        self.telling = [one for one in self.speaking if one[1].entry.tells]
        self.relatives = [one for one in self.speaking if one[1].entry.relative]
        self.reaches: dict[tuple[int, str, str, bool], int] = {}
        self.general: bool | None = None

    def leader(self, target: Target) -> Target:
        """The mention of which a mention says no more than another name, else itself.

        "(TR)" in "tricuspid regurgitation (TR)", and the inner of "mitral and tricuspid regurgitation" where nothing grades it.
        """
        if len(self.targets) == 1:
            return target
        lower, first, last = self.lower, target.first, target.last
        if last - first == 1 and first > 1 and lower[first - 1] == "(" and lower[last : last + 1] == [")"]:
            named = [one for one in self.targets if one.last == first - 1 and one.kind == target.kind]
            if named:
                return self.leader(min(named, key=lambda one: one.first))
        around = min([one.first for one in self.targets if one.last == last and one.kind == target.kind])
        if around == first:
            return target
        between = [hit for hit in self.line.hits if around <= hit.start < first]
        return target if any(hit.entry.rules or "grade" in hit.entry.roles for hit in between) else target._replace(first=around)

    def read(self, target: Target, section: str | None, carried: bool) -> Assertion:
        """What the sentence says of a mention; ``carried``: it goes on about somebody else of whom the sentence before told."""
        target = self.leader(target)
        found = self._found(target, of_whom=section in _ASKING_OF_WHOM)
        experiencer: Experiencer = "patient"
        if self.relatives or carried or section == "family_history":
            experiencer = self._experiencer(target, found, section, carried)
        if experiencer == "patient" and section not in _TELLING and _SAYING_NOTHING.issuperset(found):
            return _PRESENT
        return self._decide(target, found, experiencer, section)

    def as_reason(self, lesion: Target, assertion: Assertion, operations: Mapping[Target, AssertionStatus]) -> Assertion:
        """The assertion of a lesion, which is past where it is the reason for an operation that was done."""
        if lesion.kind in ("lesion", "other") and assertion.status == "present":
            for operation, status in operations.items():
                if operation.last <= lesion.first and self._is_reason(lesion, operation, past=status == "historical"):
                    cues = self._cues({"historical": [(operation.first, operation.last)]}, {"historical": None})
                    return assertion._replace(status="historical", temporality="historical", cues=assertion.cues + cues)
        return assertion

    def _is_reason(self, lesion: Target, operation: Target, *, past: bool) -> bool:
        """Whether an operation is told with its reason: "mechanical MVR (2019) for congenital MS"; "due to" asks that it is of the past."""
        between = self.lower[operation.last : lesion.first]
        at = next((at for at in range(len(between)) if between[at] == "for" or (past and between[at : at + 2] in _REASONS)), None)
        if at is None:
            return False
        graded = {
            place
            for hit in self.line.hits
            if "grade" in hit.entry.roles and operation.last <= hit.start < lesion.first
            for place in range(hit.start, hit.end)
        }
        behind = at + (between[at] != "for")
        adjectives = [word for place, word in enumerate(between, operation.last) if place - operation.last > behind and place not in graded]
        remark = between[:at]
        told = any(word in self.words["verb"] and not (word == "may" and remark[at - 1] in _BEFORE_MAY) for at, word in enumerate(remark))
        if len(adjectives) > _MODIFIERS or not all(word.isalpha() and word not in _PREPOSITIONS for word in adjectives):
            return False
        dated = not remark or remark[0] in ("(", "in", "on", "with") or remark[0][0].isdigit()
        failed = behind > at and not self.words["complication"].isdisjoint(remark)  # "AVR with a leak due to severe AS"
        return dated and len(remark) <= _REMARK and not told and not failed

    # What speaks of a mention

    def _found(self, target: Target, *, of_whom: bool) -> Found:
        """What speaks of a mention; what only says whom the sentence is about comes where it is asked for, and may come elsewhere."""
        found: Found = {}
        first, last, kind = target
        beside = (self.lower[first - 1] if first else "", self.lower[last] if last < len(self.lower) else "")
        is_queried = beside[1] == "?" and self._is_queried(last)
        for number, hit in self.speaking if of_whom or is_queried else self.telling:
            start, end, entry = hit
            if end <= first:
                rules, reaches = entry.forward, self._leads_to
            elif start >= last:
                rules, reaches = entry.backward, self._ends
            elif self._tells_of_itself(target, hit):
                rules, reaches = entry.forward, None
            else:
                continue
            for rule in rules:
                if rule.personal and self._is_general():
                    continue
                category = rule.category
                if category == "absent" and self._is_behind_operation(hit, target):
                    continue
                if reaches is not None and not reaches(number, hit, rule, target):
                    continue
                if self.lower[start] in BOXES and self._is_box(hit) and self._is_blank():
                    category = "not_assessed"
                found.setdefault(category, []).append((start, end))
        if not DASHES.isdisjoint(beside) and (sign := self._sign(target)) is not None:
            found.setdefault(sign[0], []).append((sign[1], sign[1] + 1))
        if is_queried and not found:  # and no answer stands behind it
            found["uncertain"] = [(last, last + 1)]
        if kind == "lesion" and not _COURSES.isdisjoint(found):
            self._drop_conditions(found)
            if "uncertain" in found and self._is_cause_in_course(target, found):
                del found["uncertain"]
        elif kind == "procedure":
            self._read_procedure(target, found)
        return found

    def _read_procedure(self, target: Target, found: Found) -> None:
        lower = self.lower
        found.pop("resolved", None)  # "after his TAVI the breathlessness has gone"
        found.pop("left_out", None)  # "prior AVR, excluded": the subject is
        if "in_place" in found and "absent" in found:
            self._drop_far(found, target)
        if lower[target.last : target.last + 1] and lower[target.last] in self.words["complication"]:
            found.pop("absent", None)  # "no prosthetic valve thrombosis"
        if "hypothetical" not in found and "planned" not in found:
            for place in range(target.first, target.last):
                if lower[place] in self.words["done"] and lower[place - 1] != "be":
                    found.setdefault("historical", []).append((place, place + 1))

    def _is_behind_operation(self, hit: Hit, target: Target) -> bool:
        """Whether a hit denies an operation, of which the mention is the reason: "no AVR for his AS"."""
        return target.kind != "procedure" and any(
            hit.end <= one.first and one.last <= target.first and "for" in self.lower[one.last : target.first]
            for one in self.targets
            if one.kind == "procedure"
        )

    def _drop_conditions(self, found: Found) -> None:
        """``if the regurgitation worsens``: what is conditional is its course."""
        told = [place for place in found.get("hypothetical", ()) if self.lower[place[0]] not in _CONDITIONS]
        found.pop("hypothetical", None)
        if told:
            found["hypothetical"] = told

    def _drop_far(self, found: Found, target: Target) -> None:
        """``no MR, MVR well seated``: what is in place is not denied across a comma."""
        near = [place for place in found.pop("absent") if "," not in self.lower[place[1] : target.first]]
        if near:
            found["absent"] = near

    def _is_cause_in_course(self, target: Target, found: Found) -> bool:
        """Whether its course is what is doubted of a lesion, or what it causes: "rule out worsening MR", "likely due to worsening MR"."""
        doubts = {end for _, end in found["uncertain"]}
        courses = [place for one in _COURSES for place in found.get(one, ()) if place[1] in (target.first, target.first - 1)]
        return any(self.lower[start - 1] in _OF_CAUSE or start in doubts for start, _ in courses)

    def _is_general(self) -> bool:
        """Whether the sentence speaks of people or a disease in general, and of nobody ("After an infarct people often feel low")."""
        if self.general is None:
            told = any(rule.category in ("general", "study") for _, hit in self.speaking for rule in hit.entry.rules)
            self.general = told and self.words["individual"].isdisjoint(self.lower)
        return self.general

    @staticmethod
    def _tells_of_itself(target: Target, hit: Hit) -> bool:
        """Whether the words of an infarct tell its age, or that it is to be ruled out: "old infarct", "ROMI"."""
        return target.kind == "infarct" and hit.start == target.first and not _OF_ITSELF.isdisjoint(hit.entry.opens)

    def _leads_to(self, number: int, hit: Hit, rule: Rule, target: Target) -> bool:
        """Whether a rule that reaches forward reaches a mention behind its hit."""
        scope, lower = rule.scope, self.lower
        if scope not in _ON_CONDITIONS:
            return target.first < self._reach(number, rule.category, scope, True)
        if scope == "value":  # "0 AI", but in "MR 0 TR 1+" it is the value of what stands before it
            if self._is_box(hit):
                return hit.end == target.first and self._boxes_lead()
            return hit.end == target.first and all(one.last != hit.start for one in self.targets)
        if scope == "colon":
            colon = None if self._is_answer(hit) or self._is_plus(hit) else self._colon_behind(number)
            return colon is not None and target.first < self._reach(colon, rule.category, scope, True)
        if scope == "entry" and not self._opens_entry(hit, target):
            return False
        if scope == "claim" and self.words["contrast"].isdisjoint(lower[target.last :]):
            return False
        if scope == "next" and target.first - hit.end > _MODIFIERS:
            return False
        if scope == "opening" and hit.start > _AN_OPENING:
            return False
        if scope == "head" and not self._is_heading(hit, target):
            return False
        if scope == "object" and not _LEADING_ON.isdisjoint(lower[hit.end : target.first]):
            return False
        if scope == "aim" and not self._is_aim(hit, target):
            return False
        return target.first < self._reach(number, rule.category, scope, True)

    def _ends(self, number: int, hit: Hit, rule: Rule, target: Target) -> bool:
        """Whether a rule that reaches backward reaches a mention before its hit."""
        scope, lower = rule.scope, self.lower
        if rule.category in _SAID_OF_ASPECTS and self._is_aspect(target):
            return False
        if not rule.forward and hit.entry.opens and not self._turns(hit) and self._leads_in(hit):
            return False
        if lower[hit.start] == "?" and self._asks_of_all(target):
            return False
        if scope == "value":
            return self._is_value(hit, target)
        if scope == "next":
            return hit.start == target.last
        if scope == "date":
            return self._dates(hit, target)
        if scope == "again":
            return self._is_named_again(hit, target)
        if scope == "it":
            return target.last == max(one.last for one in self.targets if one.last <= hit.start)
        return target.last > self._reach(number, rule.category, scope, False)

    def _is_named_again(self, hit: Hit, target: Target) -> bool:
        """Whether a mention is named again right behind the hit: "MVP, but a new echo shows no MVP"."""
        lower = self.lower
        words = lower[target.first : target.last]
        return any(one.first - hit.end in (0, 1) and lower[one.first : one.last] == words for one in self.targets)

    def _dates(self, hit: Hit, target: Target) -> bool:
        """Whether the hit dates a mention, from which a remark may part it: "TAVI (26 mm valve) 8 March", "MI in Dubai 2013"."""
        lower, first, last = self.lower, target.last, hit.start
        if hit.end < len(lower) and lower[hit.end] not in _BEHIND_A_DATE and not self._is_parted(hit):
            return False
        if last - first > 1 and lower[first] in DASHES:  # "MI - Leeds, 2011", "AVR - Magna 23 mm - 2017"
            last -= lower[last - 1] in DASHES
            first += lower[last] == "," or last < hit.start
        remark = [word for word in lower[first:last] if word not in _BRACKETS]
        if len(remark) > _A_REMARK or not all(word[-1].isalnum() or word in ("#", ",") for word in remark):
            return False
        if not _TO_TIMES.isdisjoint(remark) or any(first <= one.first < last for one in self.targets):
            return False
        if "," in remark[:-1] and (remark[0] == "," or "(" not in lower[first:last]):
            return False  # "STEMI, taken to the lab 8 March"
        between = [one for one in self.line.hits if first <= one.start < last]
        ended = any(not one.entry.roles.isdisjoint(("verb", "cause")) and lower[one.start] != "'s" for one in between)
        return not ended and {rule.category for one in between for rule in one.entry.rules} <= {"historical", "pseudo"}

    def _is_heading(self, hit: Hit, target: Target) -> bool:
        """Whether the hit opens the sentence beside a mention: "For redo AVR", but "For his AVR in 2010 he had to travel"."""
        between = self.lower[hit.end : target.first]
        return not hit.start and len(between) <= _MODIFIERS and self.words["possessive"].isdisjoint(between)

    def _opens_entry(self, hit: Hit, target: Target) -> bool:
        """Whether the hit opens an entry of a list right before a mention: "2011 MI, 2014 biological AVR", but "2019 guideline on AVR"."""
        lower, first = self.lower, hit.start
        opens = lower[first] == "," or first == 0 or lower[first - 1] in _OPENING | {","} or (first == 1 and not lower[0][-1].isalnum())
        between = lower[hit.end : target.first]
        return opens and len(between) <= _MODIFIERS and all(word.isalpha() and word not in _PREPOSITIONS for word in between)

    def _is_plus(self, hit: Hit) -> bool:
        """Whether a plus joins what stands on its sides, and says nothing of it: "CABG + mitral ring", but "+MR" and "AS, + MR"."""
        lower, at = self.lower, hit.start
        return lower[at] == "+" and hit.end - at == 1 and at > 0 and self.line.is_free(at) and lower[at - 1] not in _CLOSING - {")"}

    def _colon_behind(self, number: int) -> int | None:
        """The number of the colon behind a hit in its clause, that of no other label: "Consent for CABG in view of low EF: death, MI"."""
        for at, hit in enumerate(self.line.hits[number + 1 :], number + 1):
            if "stop" in hit.entry.roles:
                break
            if self.line.is_break(hit) and self.lower[hit.start] == ":":
                return None if self.lower[hit.start - 1] in self.words["label"] else at
        return None

    def _is_aim(self, hit: Hit, target: Target) -> bool:
        """Whether a "for" leads from the hit to a mention: "referred him to Dr X for MitraClip", not "for clinic after MitraClip"."""
        between = self.lower[hit.end : target.first]
        if "for" not in between:
            return False
        behind = between[len(between) - between[::-1].index("for") :]
        return _PREPOSITIONS.isdisjoint(behind) and not any(
            hit.end <= one.start < target.first and "cause" in one.entry.roles for one in self.line.hits
        )

    def _is_answer(self, hit: Hit) -> bool:
        """Whether a word is the whole value of a label, and leads nothing in: "PCI: no, MI: yes"."""
        lower = self.lower
        if not hit.start or hit.end - hit.start > 1 or lower[hit.start] not in self.words["answer"]:
            return False
        if self._is_led_to(hit):
            return True
        return lower[hit.start - 1] in (":", "=") and (lower[hit.end : hit.end + 1] in ([","], ["/"], ["|"]) or self._precedes_label(hit))

    def _precedes_label(self, hit: Hit) -> bool:
        """Whether the next label begins right behind the value of one: "MI: No AS: Yes"."""
        lower = self.lower
        label = next((at for at in range(hit.end, min(hit.end + A_LABEL, len(lower))) if not lower[at][-1].isalnum()), hit.end)
        return label > hit.end and lower[label] in (":", "=") and lower[hit.start - 1] == lower[label]

    def _is_led_to(self, hit: Hit) -> bool:
        """Whether dots lead across the page to a value: "Infarct in the last 90 days ...... no"."""
        return hit.start > 0 and self.lower[hit.start - 1].startswith(_LEADERS)

    def _turns(self, hit: Hit) -> bool:
        """Whether a hit opens with a verb or a "but", and so speaks of what stands before it too."""
        word = self.lower[hit.start]
        return word in self.words["verb"] or word in self.words["contrast"]

    def _leads_in(self, hit: Hit) -> bool:
        """Whether a word that may speak either way stands before a mention of its own: "severe MR with resolved TS"."""
        lower, end = self.lower, hit.end
        if self._is_answer(hit):
            return False
        for one in self.targets:
            if 0 <= one.first - end <= 2 and all(word.isalnum() and word not in _CLOSING for word in lower[end : one.first]):
                return True
        return False

    def _asks_of_all(self, target: Target) -> bool:
        """Whether the sentence asks something about a finding, and not whether somebody has it ("What is a leaky valve?")."""
        lower, words = self.lower, self.words
        at = next((at for at, word in enumerate(lower) if word not in words["opener"]), 0)
        if lower[at] in words["asking"] or (lower[at] in ("is", "are") and target.first - at <= 2 and target.last + 1 < len(lower)):
            return True  # "Is a leaky valve dangerous?"
        return lower[at] in words["general_question"] and words["subject"].isdisjoint(lower) and words["individual"].isdisjoint(lower)

    def _is_aspect(self, target: Target) -> bool:
        """Whether what is said behind a mention is said of an aspect of it: "the cause of the regurgitation is uncertain"."""
        before = self.lower[max(0, target.first - _MODIFIERS - 2) : target.first]
        return "of" in before[1:] and before[before.index("of", 1) - 1] in self.words["aspect"]

    def _reach(self, number: int, category: str, scope: str, forward: bool) -> int:
        """How far a hit reaches; 0 where a hit leads nothing in."""
        key = (number, category, scope, forward)
        if (known := self.reaches.get(key)) is None:
            if not forward:
                known = self.line.backward(number, scope)
            else:
                known = 0 if self._leads_nothing_in(self.line.hits[number]) else self.line.forward(number, category, scope)
            self.reaches[key] = known
        return known

    def _leads_nothing_in(self, hit: Hit) -> bool:
        """Whether a word of those that lead in something answers, joins or asks about what stands before it ("IE? severe MR")."""
        if hit.end - hit.start > 1:
            return False
        asks = self.lower[hit.start] == "?" and (self._ends_a_word(hit.start) or self._is_queried(hit.start))
        return asks or self._is_answer(hit) or self._is_plus(hit)

    def _is_value(self, hit: Hit, target: Target) -> bool:
        """Whether the hit is the value of the label that the mention is, alone or in a list ("MR/TR: none")."""
        lower = self.lower
        if self._is_box(hit):
            if self._boxes_lead():
                return False
        elif hit.end < len(lower) and lower[hit.end] not in _CLOSING and lower[hit.end - 1][-1] != "." and not self._is_parted(hit):
            return False
        end = hit.start
        while end > 0 and (lower[end - 1] in _GAP or lower[end - 1].startswith(_LEADERS)):
            end -= 1
        if lower[end].startswith(_LEADERS):  # the line is the label: "Infarction in the last 90 days ........ NO"
            return target.last <= end and not any(lower[at].startswith(_LEADERS) for at in range(target.last, end))
        labelled = not _LABELLING.isdisjoint(lower[end : hit.start + 1])
        if labelled:  # "recent MI within 60 days: NO"
            named = max((one.last for one in self.targets if one.last <= end), default=end)
            goes_on = lower[named] in self.words["label"] or lower[named][0] in _REMARKS
            end = named if goes_on and end - named <= _A_REMARK else end
        return target.last in self._members(end, labelled=labelled)

    def _members(self, end: int, *, labelled: bool) -> set[int]:
        """Where the members of a label end that itself ends at ``end``: "MR/TR: none", "MI/CABG/PCI: no", "MI, stroke, PCI: no".

        A comma joins members only where all before the sign is a bare list or where a word joins two of them ("MR, AS and TR: none"); in
        "moderate MR, AS: none" it parts two statements.
        """
        lower = self.lower
        sure, listed = {end}, set[int]()
        commas = False
        place = end
        while True:
            first = self._member(place, labelled)
            if first == place:
                return sure
            if first == 0 or lower[first - 1] in _OPENING or (lower[first - 1] in _LABELLING and self.line.is_free(first - 1)):
                return sure | listed
            if lower[first - 1] not in _JOINING:
                return sure
            while first > 1 and lower[first - 1] in _JOINING:
                commas = commas or lower[first - 1] == ","
                first -= 1
            place = first
            (listed if commas else sure).add(place)

    def _member(self, end: int, labelled: bool) -> int:
        """Where the member of a list begins that ends at ``end``: a mention, or behind a label a few words that are none."""
        if (first := min((one.first for one in self.targets if one.last == end), default=end)) < end or not labelled:
            return first
        taken = {place for one in self.targets for place in range(one.first, one.last)}
        while first > 0 and self.lower[first - 1].isalpha() and self.lower[first - 1] not in _JOINING:
            first -= 1
            if first in taken or end - first > _MODIFIERS:
                return end
        graded = any(first <= hit.start < end and "grade" in hit.entry.roles for hit in self.line.hits)
        return end if graded else first

    @cached_property
    def _boxes(self) -> list[tuple[int, int, bool]]:
        """The check boxes of the line and whether each is ticked."""
        return list(boxes_in(self.lower))

    def _is_box(self, hit: Hit) -> bool:
        """Whether the hit is a box alone, without a yes or no to it."""
        lower = self.lower
        return lower[hit.start] in BOXES and any((hit.start, hit.end) == box[:2] for box in self._boxes)

    def _is_blank(self) -> bool:
        """Whether nobody has ticked any of the boxes of a form, which then says nothing."""
        return len(self._boxes) >= A_CHOICE and not any(ticked for _, _, ticked in self._boxes)

    def _boxes_lead(self) -> bool:
        """Whether the boxes of a form stand before their labels: "[ ] MI [x] MVP", not "MI [ ] MVP [x]"."""
        lower, first, last = self.lower, self._boxes[0][0], self._boxes[-1][1]
        return first == 0 or not lower[first - 1][-1].isalnum() or (last < len(lower) and all(one.last != first for one in self.targets))

    def _is_parted(self, hit: Hit) -> bool:
        """Whether a tab, a line break or the next label ends a value that leads nothing in ("MS none<tab>TR trace", "MR 0 TR 1+")."""
        tokens, opens = self.sentence.tokens, hit.entry.opens
        if tokens[hit.end] - tokens[hit.end - 1] > 1 and ("absent" not in opens or self._is_led_to(hit)):  # but "no   murmurs"
            return True
        return (not opens and any(one.first == hit.end for one in self.targets)) or self._precedes_label(hit)

    def _sign(self, target: Target) -> tuple[str, int] | None:
        """A minus sign before or behind a mention: "-MI" says no; a bullet, a hyphen and a dash say nothing."""
        lower, first, last = self.lower, target.first, target.last
        if last < len(lower) and lower[last] in DASHES:
            ends = last + 1 == len(lower) or lower[last + 1] in _CLOSING
            if ends and (self._glued_left(last) or lower[last + 1 : last + 2] in ([","], [";"])):
                return "absent", last
        if first == 0 or lower[first - 1] not in DASHES:
            return None
        starts = self.starts
        at = first - 1
        glued_right = starts[at] + 1 == starts[first]
        if at > 1 and lower[at - 1] == "/" and lower[at - 2] == "+":
            return "uncertain", at
        if glued_right:
            hyphen = self._glued_left(at) and lower[at - 1] not in ("(", "/", ",", "+")
            return None if hyphen else ("absent", at)
        listed = at > 0 and "+" in lower and lower[at - 1] in (",", ";")
        return ("absent", at) if listed else None

    def _is_queried(self, place: int) -> bool:
        """Whether a question mark that closes the word before it stands at ``place`` inside a line: "IE? cultures sent"."""
        lower, starts = self.lower, self.starts
        inside = 0 < place < len(lower) - 1 and lower[place] == "?"
        return inside and self._glued_left(place) and starts[place + 1] > starts[place] + 1

    def _ends_a_word(self, place: int) -> bool:
        return self._glued_left(place) and self.lower[place - 1][-1].isalnum()

    def _glued_left(self, place: int) -> bool:
        starts = self.starts
        return place > 0 and starts[place - 1] + len(self.lower[place - 1]) == starts[place]

    # Whose it is

    def is_person(self, number: int) -> bool:
        """Whether a relative is spoken of, and does not merely report or accompany."""
        hit, lower = self.line.hits[number], self.lower
        if hit.entry.heading:
            return True
        if hit.start and lower[hit.start - 1][-1:].isdigit() and len(lower[hit.start]) <= _UNIT:
            return False  # "an echo 18 mo ago"
        before = self._before_relatives(hit)
        if before >= 0 and lower[before] in self.words["relation"] and "who" not in lower[hit.end : hit.end + 2]:
            return False
        behind = hit.end
        if lower[behind : behind + 1] == ["("] and ")" in lower[behind : behind + _MODIFIERS + 2]:  # "his sister (a nurse) says"
            aside = lower.index(")", behind)
            behind = aside + 1 if lower[aside + 1 : aside + 2] and lower[aside + 1] in self.words["report"] else behind
        for at, word in enumerate(lower[behind : behind + 3], behind):
            if word in self.words["report"]:
                return word in self.words["passive"] and lower[at - 1] in ("was", "were", "been")
            if word in ("had", "has", "with", "died", "have", ",", "(", ":"):
                return True
        return True

    def _before_relatives(self, hit: Hit) -> int:
        """The word before a relative, or before the relatives with whom it is named: "discussed with family (wife, son)"."""
        lower = self.lower
        ends = {one.end: one.start for _, one in self.relatives}
        before = hit.start - 1
        while before >= 0:
            if lower[before] in self.words["possessive"] or lower[before] in ("the", "a", "an", "patient", "pt", "family"):
                before -= 1
            elif before + 1 in ends:
                before = ends[before + 1] - 1
            elif (lower[before] in _JOINING or lower[before] == "(") and (before in ends or lower[before - 1] == "family"):
                before -= 1
            else:
                break
        return before

    def _experiencer(self, target: Target, found: Found, section: str | None, carried: bool) -> Experiencer:
        who: Experiencer = "family" if section == "family_history" else "patient"
        for number, hit in self.relatives:
            if hit.start < target.last and hit.end > target.first:
                continue
            if (self.is_person(number) and self._belongs(number, hit, target)) or self._means_self(number, hit, target):
                found.setdefault("family", []).append((hit.start, hit.end))
                if hit.entry.heading:
                    found.setdefault("historical", []).append((hit.start, hit.end))
                who = "family" if hit.entry.relative == "family" else "other"
        if who == "family" and "family" not in found and "patient" in found:
            who = "patient"
        return "family" if who == "patient" and carried and target.kind != "procedure" else who

    def _means_self(self, number: int, hit: Hit, target: Target) -> bool:
        """Whether "herself" is a relative who only tells or is there: "Her mother said she herself had AS".

        Behind one of whom something is told it is the patient: "Her sister had an MI; she herself has AS".
        """
        lower = self.lower
        at = next((at for at in range(target.first - 1, hit.end - 1, -1) if lower[at] in ("himself", "herself")), None)
        if at is None or hit.entry.heading or any(hit.end <= one.start < at for _, one in self.relatives):
            return False
        if "patient" in lower[hit.end : at] or "pt" in lower[hit.end : at] or self.words["pronoun"] & {*lower[at + 1 : target.first]}:
            return False
        if any(at < one.start < target.first and "stop" in one.entry.roles for one in self.line.hits):
            return False
        if lower[at - 1] == "who" or not any(word.isalpha() for word in lower[hit.end : at]):
            return True
        sex = "male" if lower[at] == "herself" else "female"
        subject = hit.start <= A_SUBJECT and _PREPOSITIONS.isdisjoint(lower[: hit.start])
        return subject and lower[hit.end - 1] not in self.words[sex] and not self.is_person(number)

    def _belongs(self, number: int, hit: Hit, target: Target) -> bool:
        lower, hits = self.lower, self.line.hits
        before = hit.start - 1
        while before >= 0 and (lower[before] in self.words["possessive"] or lower[before] in self.words["determiner"]):
            before -= 1
        if before >= 0 and self._is_beside_patient(hit, before):
            return False
        told_of = not hit.entry.heading and before >= 0 and (lower[before] in self.words["in"] or lower[before] == "(")
        if told_of or hit.end > target.first:
            told_of = told_of or lower[hit.start] in self.words["in"]  # "any infarct in the family"
            reached = told_of and hit.start >= target.last and target.last > self._reach(number, "family", "list", False)
            return reached and not self._is_told_before(hit, target)
        if hit.entry.heading and hit.start == 0:
            return not any("patient" in one.entry.opens for one in hits if hit.end <= one.start < target.first)
        for one in hits[number + 1 :]:
            if one.start >= target.first:
                break
            roles = one.entry.roles
            # "her cousin was found to have", "my wife who has"
            follows = one.start - (lower[hit.end] == ",") == hit.end and (
                lower[one.start] in self.words["verb"] or lower[one.start] in _RELATIVE_PRONOUNS
            )
            if "patient" in one.entry.opens or ("stop" in roles and not (follows or self._goes_on(hit, one))):
                return False
            parts = "joint" in roles or lower[one.end - 1] == ","
            if parts and not hit.entry.heading and self._begins_another(one.end):
                return False
        if not hit.entry.heading and self._is_of_other(hit, target):
            return False
        return not (hit.end < len(lower) and lower[hit.end] == "'s" and target.first - hit.end > _MODIFIERS + 2)

    def _is_told_before(self, hit: Hit, target: Target) -> bool:
        """Whether a mention has a verb of its own before it, and a joint parts it from the one thing of which the relative is told:
        "he has MR, and AS was seen in his brother"."""
        lower, hits = self.lower, self.line.hits
        singular = next((at for at in range(target.last, hit.start) if lower[at] in _OF_ONE), None)
        if singular is None or not any("joint" in one.entry.roles for one in hits if target.last <= one.start < singular):
            return False
        begin = max((one.end for one in hits if one.end <= target.first and "stop" in one.entry.roles), default=0)
        return not self.words["verb"].isdisjoint(lower[begin : target.first])

    def _begins_another(self, at: int) -> bool:
        """Whether a joint leads to a clause about somebody else: "my mother had one, and I do", "..., will I need one?"."""
        words, opening = self.words, self.lower[at : at + 2]
        if opening and opening[0] in words["pronoun"] | words["writer"]:
            return True
        return len(opening) > 1 and opening[0] in words["modal"] | words["inquiry"] and opening[1] in words["writer"]

    def _is_beside_patient(self, hit: Hit, before: int) -> bool:
        """Whether the patient is named with a relative: "both he and his brother have AS", "unlike her mother she has no AS"."""
        lower, words = self.lower, self.words
        if lower[before] in ("like", "unlike"):
            return "who" not in lower[hit.end : hit.end + 2]
        one = lower[max(before - 1, 0)]
        return lower[before] in ("and", "&") and (one in ("patient", "pt") or one in words["pronoun"] or one in words["writer"])

    def _goes_on(self, hit: Hit, stop: Hit) -> bool:
        """Whether what stands behind a stop is told of the relative still: "; she also had", "; none had"."""
        lower, at = self.lower, stop.end
        if at >= len(lower) or lower[at] in _ON:
            return True
        if lower[at] not in self.words["pronoun"] or lower[stop.start] not in ENDS:
            return False
        is_told = "also" in lower[at : at + _MODIFIERS] or _is_now(lower[at + 1 :], self.words) is False
        return is_told and may_mean(lower, at, lower, hit, self.words)

    def _is_of_other(self, hit: Hit, target: Target) -> bool:
        """Whether a pronoun between a relative and the mention cannot mean the relative: "his wife had been told that he ..."."""
        return _other_pronoun(self.lower[hit.end - 1], self.words) in self.lower[hit.end : target.first]

    # What wins

    def _decide(self, target: Target, found: Found, experiencer: Experiencer, section: str | None) -> Assertion:
        status, reasons = self._status(target, found, experiencer, section)
        past = self._is_past(target, found)
        temporality: Temporality = "current"
        if status == "hypothetical":
            temporality = "future"
        elif past or status == "historical" or "resolved" in found:
            temporality = "historical"
        change = None if _A_CHANGE.isdisjoint(found) else next(one for one in _CHANGES if one in found)
        keep = [*reasons, *((change,) if change else ()), *(("historical",) if past and "historical" not in reasons else ())]
        return Assertion(status, experiencer, temporality, change, self._cues(found, dict.fromkeys(keep)))

    def _status(
        self, target: Target, found: Found, experiencer: Experiencer, section: str | None
    ) -> tuple[AssertionStatus, tuple[str, ...]]:
        """The status and the categories that gave it; the order is that of the annotation guideline."""
        absent = tuple([one for one in _NOES if one in found and not (one == "left_out" and "study" in found)])
        if experiencer != "patient":
            return ("absent", (*absent, "family")) if absent else ("family", ("family",))
        if absent:
            return "absent", absent
        if "hypothetical" in found or ("planned" in found and not self._was_done(target, found)):
            return "hypothetical", ("hypothetical", "planned")
        if "uncertain" in found and "confirmed" not in found:
            return ("hypothetical" if self._is_supposed(target) else "uncertain"), ("uncertain",)
        if "not_assessed" in found:
            return "not_assessed", ("not_assessed",)
        if "query" in found and target.kind != "procedure" and not (self._is_settled(target, found) or self._is_owned(target)):
            return "uncertain", ("query",)
        if "in_place" not in found and self._is_past(target, found):
            return "historical", ("historical",)
        if "upcoming" in found and "in_place" not in found:
            return "hypothetical", ("upcoming",)
        status = self._by_section(target, found, section) if section in _TELLING else "present"
        return status, ("known", "present", "in_place")

    def _is_supposed(self, target: Target) -> bool:
        """Whether a doubt is of what might come, as a condition or question before it says: "call if it lasts, as it could be an MI"."""
        if target.kind not in ("infarct", "other"):
            return False
        parted = False
        for hit in reversed([one for one in self.line.hits if one.end <= target.first]):
            if self.lower[hit.start] in ENDS:
                return False
            if parted and any(self._supposes(hit, rule) for rule in hit.entry.rules):
                return True
            parted = parted or "cause" in hit.entry.roles or self.lower[hit.start] in (",", "(")
        return False

    def _supposes(self, hit: Hit, rule: Rule) -> bool:
        words = self.lower[hit.start : hit.end]
        conditional = rule.scope == "clause" or not _SUPPOSING.isdisjoint(words) or (hit.start == 0 and words[0] == "should")
        return rule.category == "hypothetical" and rule.forward and conditional

    def _was_done(self, target: Target, found: Found) -> bool:
        """Whether a procedure is told as done behind words that alone would plan it: "urgent AVR was performed"."""
        history = found.get("historical", ())
        outcomes = {(hit.start, hit.end) for _, hit in self.speaking if "outcome" in hit.entry.roles}
        if history and outcomes.issuperset(found["planned"]) and min(found["planned"]) > min(history):
            return True  # "history of AS requiring AVR"
        behind = [start for start, _ in history if start >= target.last]
        return any(self.lower[start] in _PASSED for start in behind) and all(end <= target.first for _, end in found["planned"])

    def _is_past(self, target: Target, found: Found) -> bool:
        """Whether the mention is of the past; a lesion that is known or unchanged is still there."""
        return "historical" in found and not (target.kind == "lesion" and not {"known", "unchanged"}.isdisjoint(found))

    def _by_section(self, target: Target, found: Found, section: str | None) -> AssertionStatus:
        """The status that the title of a section gives to a mention."""
        settled = self._is_settled(target, found)
        if section in _HISTORIES and "known" not in found:
            # A history of operations is no list of lesions: one with its grade is told as it is now.
            now = "present" in found or (settled and section == "past_surgical_history")
            return "present" if now and target.kind == "lesion" else "historical"
        if section in ("risks", "consent") and not (settled and target.kind == "lesion"):
            return "hypothetical"
        if section == "plan" and target.kind == "procedure" and not found:
            return "hypothetical"
        if section == "procedure" and target.kind == "procedure" and not found:
            return "historical"
        if section == "indication" and target.kind in ("lesion", "other") and not settled and not found:
            return "present" if self._is_had(target) else "uncertain"
        return "present"

    def _is_had(self, target: Target) -> bool:
        """Whether a mention stands right behind one who has it: "77M with AS", "woman with known rheumatic MS"."""
        lower = self.lower[: target.first]
        at = next((at for at in range(len(lower) - 1, max(-1, len(lower) - _MODIFIERS - 2), -1) if lower[at] in ("with", "w/")), 0)
        return at > 0 and (lower[at - 1] in self.words["individual"] or _PERSON.fullmatch(lower[at - 1]) is not None)

    def _is_settled(self, target: Target, found: Found) -> bool:
        """Whether a mention is known or graded: nobody asks whether it is there."""
        return "known" in found or self._is_graded(target)

    def _is_owned(self, target: Target) -> bool:
        return self.lower[max(target.first - 1, 0)] in self.words["possessive"]

    def _is_graded(self, target: Target) -> bool:
        for hit in self.line.hits:
            if "grade" in hit.entry.roles and (0 <= target.first - hit.end <= 1 or 0 <= hit.start - target.last <= 1):
                return True
        return False

    def _cues(self, found: Found, categories: dict[str, None]) -> tuple[Cue, ...]:
        cues: list[Cue] = []
        words = self.sentence.words
        said = {place: category for category in categories if category in found for place in found[category]}
        for (first, last), category in sorted(said.items()):
            start, end = self.sentence.span(first, last)
            cues.append(Cue(" ".join(words[first:last]), start, end, category))
        return tuple(cues)


def _other_pronoun(named: str, words: Mapping[str, set[str]]) -> str:
    """The pronoun that cannot mean a relative, or nothing."""
    return "he" if named in words["female"] else "she" if named in words["male"] else ""


def may_mean(lower: Sequence[str], place: int, told: Sequence[str], hit: Hit, words: Mapping[str, set[str]]) -> bool:
    """Whether the pronoun at ``place`` may mean the relative that is named in ``told``.

    Its sex must fit, and what was told in the past does not go on in the present ("Mother had AS. She denies chest pain.").
    """
    if lower[place] == _other_pronoun(told[hit.end - 1], words):
        return False
    return not (_is_now(lower[place + 1 :], words) and _is_now(told[hit.end :], words) is False)


def _is_now(lower: Sequence[str], words: Mapping[str, set[str]]) -> bool | None:
    """Whether the first of the next verbs is in the present tense; None where none follows."""
    first = next((word for word in lower if word not in words["adverb"]), "")
    verb = next((word for word in lower[: _MODIFIERS + 1] if word in words["verb"]), first if first.endswith("s") else None)
    return None if verb is None else verb.endswith("s") and verb != "was"


def boxes_in(lower: Sequence[str]) -> Iterator[tuple[int, int, bool]]:
    """The check boxes of a form, as words (half-open), and whether each is ticked: "[ ]", "( x )", "☐"."""
    for at, word in enumerate(lower):
        if word in ("[", "("):
            ticked = lower[at + 1 : at + 2] == ["x"]
            end = at + 1 + ticked
            if lower[end : end + 1] in (["]"], [")"]):
                yield at, end + 1, ticked
        elif word in BOXES:
            yield at, at + 1, word in _TICKS
