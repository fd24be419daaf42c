"""Forms that share words over a conjunction: ``short and broad fingers``, ``aplasia of the thumb and radius``.

A form is followed up to the conjunction, one side of it is left out, and the walk goes on behind.  It counts only where the
other side is a form too, or where both sides are found in this way (``absence of some middle or distal phalanges``), so that
"pain and swelling" makes nothing new.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence, Set

from mrterms.matching.finder import Place, Scan, Scanner

__all__ = ["CONJUNCTIONS", "Coordination"]

CONJUNCTIONS = ("and", "or", "and/or", "&", "/")

_MOST_BEFORE = 4
"""Words of a form before the conjunction, and words of the other side."""
_LISTED = 3


class Coordination:
    """Finds them in a text that the ``scanner`` has read."""

    def __init__(self, scanner: Scanner) -> None:
        self._scanner = scanner

    def places(self, scan: Scan, whole: Sequence[Place]) -> list[Place]:
        """The forms that share words; ``whole`` are the forms found side by side."""
        if not scan.joins:
            return []
        hits = {(bisect_left(scan.places, first), bisect_left(scan.places, last) - 1) for _, first, last, _ in whole}
        taken = {index for first, last in hits for index in range(first, last + 1)}
        found: dict[Place, None] = {}
        for join in scan.joins:
            chain = self._chain(scan, join)
            found.update(dict.fromkeys(self._head_behind(scan, chain, join, hits, taken)))
            found.update(dict.fromkeys(self._head_before(scan, chain, join, hits)))
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

    def _head_behind(self, scan: Scan, chain: list[int], join: int, hits: Set[tuple[int, int]], taken: Set[int]) -> Iterator[Place]:
        """``short | and broad | fingers``."""
        for comma in chain:
            for start in range(comma - 1, max(-1, comma - 1 - _MOST_BEFORE), -1):
                if not scan.codes[start] or start in taken:
                    break  # "cleft palate and | renal anomaly": the palate has its own word
                node = self._scanner.follow(scan, 0, start, comma)
                if not node:
                    continue
                for again in range(join + 2, min(len(scan.codes), join + 2 + _MOST_BEFORE)):
                    for form, end in self._scanner.forms_from(scan, node, again):
                        if (join + 1, end - 1) in hits:
                            yield scan.place(form, start, end)
                        elif (other := self._other_side(scan, start, join, end)) >= 0:
                            yield scan.place(form, start, end)
                            yield scan.place(other, start, end)

    def _other_side(self, scan: Scan, start: int, join: int, end: int) -> int:
        """The form of ``absence of | middle or | distal phalanges``, or -1."""
        for left_out in range(start + 1, join):
            node = self._scanner.follow(scan, 0, start, left_out)
            if not node:
                break
            for form, other_end in self._scanner.forms_from(scan, node, join + 1):
                if other_end == end:
                    return form
        return -1

    def _head_before(self, scan: Scan, chain: list[int], join: int, hits: Set[tuple[int, int]]) -> Iterator[Place]:
        """``aplasia of the | thumb and | radius``."""
        for start, last in hits:
            if last + 1 not in chain or last == start:
                continue
            for left_out in range(start + 1, last + 1):
                node = self._scanner.follow(scan, 0, start, left_out)
                for comma in chain[chain.index(last + 1) :] if node else ():
                    for form, end in self._scanner.forms_from(scan, node, comma + 1):
                        yield scan.place(form, start, end)
