"""Forms that share words over a conjunction: ``short and broad fingers``, ``aplasia of the thumb and radius``.

A form is followed up to the conjunction, one side of it is left out, and the walk goes on behind.  It counts only where the
other side is a form too, or where both sides are found in this way (``absence of some middle or distal phalanges``), so that
"pain and swelling" makes nothing new.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from mrterms.matching.finder import Place, Scan, Scanner
from mrterms.matching.words import CONJUNCTIONS, GLUE

__all__ = ["Coordination"]

_MOST_BEFORE = 4
"""Words of a form before the conjunction, and words of the other side."""
_LISTED = 3
_ENDS = (GLUE | CONJUNCTIONS) - {"of"}


class Coordination:
    """Finds them in a text that the ``scanner`` has read."""

    def __init__(self, scanner: Scanner) -> None:
        self._scanner = scanner

    def places(self, scan: Scan, whole: Sequence[Place]) -> list[Place]:
        """The forms that share words; ``whole`` are the forms found side by side."""
        codes = scan.codes
        joins = [join for join in scan.joins if 0 < join < len(codes) - 1 and codes[join - 1] and codes[join + 1]]
        if not joins:
            return []
        hits = _Hits(scan, whole)
        found: dict[Place, None] = {}
        for join in joins:
            chain = self._chain(scan, join)
            for place in (*self._head_behind(scan, chain, hits), *self._head_before(scan, chain, hits)):
                found[place] = None
        return [place for place in found if place not in whole]

    def _chain(self, scan: Scan, join: int) -> list[int]:
        """The commas of the list that ends at a conjunction, and the conjunction."""
        chain = [join]
        for index in range(join - 1, max(-1, join - _MOST_BEFORE * _LISTED), -1):
            if chain[0] - index > _MOST_BEFORE or not scan.codes[index]:
                break
            if self._scanner.is_word(scan.codes[index], ","):
                chain.insert(0, index)
        return chain

    def _head_behind(self, scan: Scan, chain: list[int], hits: _Hits) -> list[Place]:
        """``short | and broad | fingers``."""
        join = chain[-1]
        found: list[Place] = []
        for comma in chain:
            for start in range(comma - 1, max(-1, comma - 1 - _MOST_BEFORE), -1):
                if not scan.codes[start] or start in hits.taken:
                    break  # "cleft palate and | renal anomaly": the palate has its own word
                if start == join - 1 and join + 1 not in hits.starts:
                    continue  # one word before the conjunction shares only with what is found whole behind it
                if start < comma - 1 and start not in hits.anchors:
                    continue  # several must begin a form
                if (state := self._scanner.follow(scan, start, comma)) is None:
                    continue
                for again in self._scanner.goes_on_at(scan, state, join + 2, join + 2 + _MOST_BEFORE):
                    for form, end in self._scanner.forms_from(scan, state, again):
                        if (join + 1, end) in hits.spans:
                            found.append(scan.place(form, start, end))
                        elif (other := self._other_side(scan, start, join, end)) >= 0:
                            found += scan.place(form, start, end), scan.place(other, start, end)
        return found

    def _other_side(self, scan: Scan, start: int, join: int, end: int) -> int:
        """The form of ``absence of | middle or | distal phalanges``, or -1."""
        for left_out in range(start + 1, join):
            if (state := self._scanner.follow(scan, start, left_out)) is None:
                break
            for form, other_end in self._scanner.forms_from(scan, state, join + 1):
                if other_end == end:
                    return form
        return -1

    def _head_before(self, scan: Scan, chain: list[int], hits: _Hits) -> list[Place]:
        """``aplasia of the | thumb and | radius``."""
        found: list[Place] = []
        for place, comma in enumerate(chain):
            for start in hits.ending_at.get(comma, ()):
                for left_out in range(start + 1, comma):
                    state = self._scanner.follow(scan, start, left_out)
                    # Without "of" the two share an adjective, and only their nouns stand on either side.
                    shares_head = self._scanner.is_word(scan.codes[left_out - 1], "of")
                    if state is None or not (shares_head or (left_out == comma - 1 and comma == chain[-1])):
                        continue
                    for again in chain[place:]:
                        for form, end in self._scanner.forms_from(scan, state, again + 1):
                            if self._ends_there(scan, end):
                                found.append(scan.place(form, start, end))
        return found

    def _ends_there(self, scan: Scan, end: int) -> bool:
        """Not so in ``fever and | weight | loss``: a form begins with these two words."""
        if end >= len(scan.codes) or not scan.codes[end]:
            return True
        if any(self._scanner.is_word(scan.codes[end], one) for one in _ENDS):
            return True
        return not self._scanner.is_word(scan.codes[end], "of") and self._scanner.follow(scan, end - 1, end + 1) is None


class _Hits:
    """The forms found side by side, by their codes: ``spans`` (half-open) and their ``starts``, where those of several words begin
    that end at a code, the codes that are ``taken``, and the ``anchors`` at which a form may begin."""

    def __init__(self, scan: Scan, whole: Sequence[Place]) -> None:
        self.spans: set[tuple[int, int]] = set()
        self.starts: set[int] = set()
        self.anchors = frozenset(scan.anchors)
        self.ending_at: dict[int, list[int]] = {}
        self.taken: set[int] = set()
        for _, first, last, _ in whole:
            start, end = bisect_left(scan.places, first), bisect_left(scan.places, last)
            self.spans.add((start, end))
            self.starts.add(start)
            if end - start == 1:
                self.taken.add(start)
            else:
                self.taken.update(range(start, end))
                self.ending_at.setdefault(end, []).append(start)
