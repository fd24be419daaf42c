"""How far a cue reaches: over which words to its right or left it speaks.

A reach ends at a terminator, and within a list where an item starts a statement of its own: with a grade ("No AS, mild
MR"), with a finite verb ("no MR, and the aortic valve is stenotic"), with a new subject, or with another cue.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set

from mrterms.assertion.cues import Hit

__all__ = ["Line"]

_RESTARTING = frozenset({"absent", "uncertain", "query", "hypothetical", "planned", "not_assessed", "resolved", "unchanged"})
"""Categories that a grade or another cue after a comma ends; history and relatives go on over graded items.
(but "old infarct and severe MR": a mere adjective does not)."""
_LEADING = frozenset({"hypothetical", "planned", "study"})
"""Categories that reach over a colon: "Risks we talked about, with figures: MI 1 %", "Subject 12: ..."."""
_GOING_ON = frozenset({"unchanged", "worse", "improved", "new"})
_OVER_GRADES = ("complaints", "aim")
"""Scopes that go on over a graded item of a list: "referred with dyspnoea and severe AS for AVR"."""
_ENDING = {"noun": frozenset({"verb", "cause", "effect", "with"}), "nouns": frozenset({"verb", "cause", "effect"})}
_NOTHING: Set[str] = frozenset()
_STOP = frozenset({"stop"})
_CAUSE = _STOP | {"cause"}
_CAUSE_OR_EFFECT = _CAUSE | {"effect"}
_ADJECTIVES = 1
"""How many words may stand between a grade and its mention ("severe ischaemic MR")."""
_ITEM, _PHRASE, _LIST, _CLAUSE = range(4)
_WIDTHS = {
    **dict.fromkeys(("next", "item", "claim", "head", "date", "entry"), _ITEM),
    **dict.fromkeys(("phrase", "noun", "value", "object"), _PHRASE),
    **dict.fromkeys(("list", "nouns", "complaints", "aim", "colon"), _LIST),
    **dict.fromkeys(("clause", "opening"), _CLAUSE),
}


class Line:
    """The words of a sentence with the cues found in it."""

    __slots__ = ("hits", "kind", "lower", "starts", "targets", "words")

    def __init__(
        self,
        lower: list[str],
        starts: list[int],
        hits: list[Hit],
        words: Mapping[str, set[str]],
        kind: str,
        targets: Set[tuple[int, int]] = frozenset(),
    ) -> None:
        self.lower, self.starts, self.hits, self.words, self.kind, self.targets = lower, starts, hits, words, kind, targets

    def forward(self, number: int, category: str, scope: str) -> int:
        """The first word that the hit ``number`` no longer reaches, to its right."""
        width, hits = _WIDTHS[scope], self.hits
        begin = hits[number].end
        is_restarting = category in _RESTARTING
        end = self._bracket_end(begin) if is_restarting else len(self.lower)
        stopping = _stopping(category, width) if is_restarting else _STOP
        ending = _ENDING.get(scope, _NOTHING)
        joint: Hit | None = None
        is_or = has_outcome = False
        of_noun = category == "hypothetical" and self.lower[begin - 1] in ("of", "for")  # "the risk of stroke and infarction is small"
        for place in range(number + 1, len(hits)):
            hit = hits[place]
            if hit.start >= end:
                break
            roles, opens = hit.entry.roles, hit.entry.opens
            if not stopping.isdisjoint(roles):
                return hit.start
            if "break" in roles and self.is_break(hit):
                if hit.start == begin or (category in _LEADING and self.lower[hit.start] == ":"):
                    begin = hit.end
                    continue
                return hit.start
            if width == _CLAUSE:
                continue
            if not ending.isdisjoint(roles):
                return hit.start
            if category == "historical" and self.kind == "lesion":
                if has_outcome and self._grades(hit, hits[place - 1]):
                    return hit.start if joint is None else joint.start
                has_outcome = has_outcome or "outcome" in roles
            if category == "absent" and self._leads_to_device(hit, begin):
                return hit.start
            if "joint" in roles:
                if width == _ITEM or (width == _PHRASE and self.lower[hit.start] == ","):
                    return hit.start
                if self._starts_subject(hit.end, category):
                    return hit.start
                joint, is_or = hit, "or" in roles
            elif category == "absent" and opens and category not in opens and self.lower[hit.start] == ",":
                return hit.start  # "not repairable, for MVR"
            elif joint is not None:
                if ("verb" in roles and not opens) or self._is_predicate(hit):
                    if of_noun and hit.start > joint.end:
                        continue
                    return joint.start
                if "fresh" in roles and scope == "noun" and category == "historical" and not is_or:
                    return joint.start  # "an old inferior infarct and an acute one"
                if "with" in roles and hit.start == joint.end and category == "absent":
                    return joint.start
                if scope in _OVER_GRADES and ("grade" in roles or _is_past_adjective(hit)):
                    continue
                if not is_or and is_restarting and self._speaks_of_one(hit, joint):
                    return joint.start
                if self._restarts(hit, joint, category, width, is_or, hits[place - 2 if place > 1 else 0]):
                    return joint.start
            elif "with" in roles and is_restarting and self._opens_after(place):
                return hit.start
        return end

    def backward(self, number: int, scope: str) -> int:
        """The first word that the hit ``number`` reaches, to its left."""
        width, hits = _WIDTHS[scope], self.hits
        begin = hits[number].start
        joint: Hit | None = None
        for place in range(number - 1, -1, -1):
            hit = hits[place]
            roles = hit.entry.roles
            if not _CAUSE_OR_EFFECT.isdisjoint(roles):
                return hit.end
            if "break" in roles and self.is_break(hit):
                if hit.end == begin:
                    begin = hit.start
                    continue
                return hit.end
            if width == _CLAUSE:
                continue
            if "verb" in roles:
                return hit.end
            if "joint" in roles:
                if hit.end == begin and self.lower[hit.start] == ",":
                    continue
                if (width == _ITEM and "or" not in roles) or (width == _PHRASE and self.lower[hit.start] == ","):
                    return hit.end
                joint = hit
            elif joint is not None and ("grade" in roles or hit.entry.opens):
                return joint.end
        return 0

    def is_break(self, hit: Hit) -> bool:
        """Whether the hit is a colon, or a dash or bullet that stands free: it parts a label from its value."""
        return "break" in hit.entry.roles and (self.lower[hit.start] == ":" or self.is_free(hit.start))

    def is_free(self, place: int) -> bool:
        """Whether there is white space on both sides of a word, or it is a long dash."""
        word, starts = self.lower[place], self.starts
        if word in ("--", "—"):
            return True
        left = place == 0 or starts[place - 1] + len(self.lower[place - 1]) < starts[place]
        return left and (place + 1 == len(starts) or starts[place] + len(word) < starts[place + 1])

    def _is_predicate(self, hit: Hit) -> bool:
        """Whether the hit says something with a finite verb of what stands before it ("no AS, MVP could not be excluded")."""
        return hit.entry.predicate and self.lower[hit.start] in self.words["verb"]

    def _bracket_end(self, begin: int) -> int:
        """Where the bracket closes in which a cue leads something in; "(?) MI" and "(no) MI" lead in what is behind it."""
        lower = self.lower
        if ")" not in lower[begin + 1 :] or "(" not in lower[:begin]:
            return len(lower)
        depth = 0
        for place in range(begin, len(lower)):
            depth += (lower[place] == "(") - (lower[place] == ")")
            if depth < 0:
                opened = lower[:begin].count("(") > lower[:begin].count(")")
                return place if opened and place > begin else len(lower)
        return len(lower)

    def _speaks_of_one(self, hit: Hit, joint: Hit) -> bool:
        """Whether the hit stands right behind a mention of the last item and says what only one that is there can have.

        "No MVP, MAC present, MR eccentric", "no AI, TI grade I": a list of what is denied gives no such details.
        """
        if hit.entry.roles.isdisjoint(("own", "grade")) and not any(
            rule.backward and rule.category in _GOING_ON for rule in hit.entry.rules
        ):
            return False
        return any(joint.end <= first and last == hit.start for first, last in self.targets)

    def _grades(self, hit: Hit, before: Hit) -> bool:
        """Whether the hit is the grade of a mention beside it, and not of one that was acute ("complicated by acute severe MR")."""
        if "grade" not in hit.entry.roles or ("fresh" in before.entry.roles and before.end == hit.start):
            return False
        return any(0 <= first - hit.end <= _ADJECTIVES or last == hit.start for first, last in self.targets)

    def _starts_subject(self, place: int, category: str) -> bool:
        """Whether a new subject stands at a place; in a history a possessive is an item like others ("gout, and her palsy")."""
        if place >= len(self.lower) or self.lower[place] not in self.words["subject"]:
            return False
        return category in _RESTARTING or self.lower[place] not in self.words["possessive"]

    def _restarts(self, hit: Hit, joint: Hit, category: str, width: int, is_or: bool, before: Hit) -> bool:
        entry = hit.entry
        near = hit.start - joint.end <= 1
        if "grade" in entry.roles and (category in _RESTARTING or (width != _LIST and self.kind == "lesion")):
            return not is_or and not ("grade" in before.entry.roles and before.end == joint.start)
        if not entry.opens or not near or category in entry.opens:
            return False
        if (joint.end, hit.start) in self.targets and not any(rule.backward for rule in entry.rules):
            return False  # "surgery, MVR rather than repair": it speaks of what follows it
        if is_or:
            return bool(entry.opens & {"present", "uncertain"})
        restarting = {"present", "uncertain", "absent", "known"} if self.kind == "lesion" else {"present", "uncertain", "absent"}
        return category in _RESTARTING - _LEADING or not restarting.isdisjoint(entry.opens)

    def _leads_to_device(self, hit: Hit, begin: int) -> bool:
        """Whether "with" leads from a finding to a device, not denied: "no MR with the ring in", but "no problems with his AVR"."""
        if self.kind != "procedure" or self.lower[hit.start] not in ("with", "w/"):
            return False
        return any(begin <= first and last <= hit.start for first, last in self.targets)

    def _opens_after(self, place: int) -> bool:
        """Whether "with" is followed by a grade or a cue of its own ("without MR or AI but with moderate TR")."""
        following: Sequence[Hit] = self.hits[place + 1 : place + 2]
        return (
            bool(following)
            and following[0].start - self.hits[place].end <= 1
            and ("grade" in following[0].entry.roles or bool(following[0].entry.opens - {"absent"}))
        )


def _stopping(category: str, width: int) -> Set[str]:
    """The roles over which a cue does not reach.

    A clause of doubt goes on over a cause ("it is possible that death was due to ..."), a condition over its effect.
    """
    if width != _CLAUSE:
        return _CAUSE_OR_EFFECT
    return _STOP if category == "uncertain" else _CAUSE


def _is_past_adjective(hit: Hit) -> bool:
    """Whether the hit is a word as "prior" is, and no statement of a history."""
    return bool(hit.entry.opens) and all(rule.category == "historical" and rule.scope == "noun" for rule in hit.entry.rules)
