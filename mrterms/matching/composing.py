"""Valve and lesion that stand apart: coordination, subjects, headings.

"mitral and tricuspid regurgitation", "aortic stenosis and regurgitation", "insufficiency of the mitral and aortic valves",
"MITRAL VALVE: thickened leaflets. Moderate regurgitation.", "The tricuspid valve shows 2+ regurgitation" name concepts whose
words are not side by side.  The lexicon's tables sites, lesions and site_lesions say which words name a valve, which a
lesion, and what both together mean; this module only decides which belong together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mrterms.text.view import Sentence, View

__all__ = ["Composed", "Composer", "Item"]

_CONJUNCTIONS = frozenset(("and", "or", "and/or", "&", "/", ",", "as", "well", "nor", "also"))
_LINKS = frozenset("valve valves valvular valvar leaflet leaflets was were is are been being has have had be".split())
_PREPOSITIONS = frozenset("of in at across through from involving around within over".split())
_BETWEEN_PREPOSITION_AND_SITE = frozenset("the a an his her my your their our native both this that its same".split())
_OWN_OBJECTS = frozenset("blood valve valves leaflet leaflets prosthesis bioprosthesis prosthetic bioprosthetic".split())
_BACKWARD = frozenset(("back", "backward", "backwards"))
_NO_CARRY_LESIONS = frozenset(("disease", "replacement", "repair", "endocarditis", "valvuloplasty", "commissurotomy"))
_CARRIED_SENTENCES = 4
_MOST_BETWEEN = 6
_SHORT_LINE = 10
_ANY_VALVE = frozenset(("valvular", "valvar"))


@dataclass(frozen=True, slots=True)
class Item:
    """A stretch of a sentence (word indices, half-open) that names a valve, a lesion, or both (a concept)."""

    first: int
    last: int
    site: str | None
    lesion: str | None
    full: bool = True
    adjective: bool = False
    site_first: bool = True


@dataclass(frozen=True, slots=True)
class Composed:
    """A concept whose words stand apart, and the words that are its mention."""

    first: int
    last: int
    site: str
    lesion: str
    reason: str


class Composer:
    """Joins sites and lesions of a sentence. ``open_words`` may stand before a lesion that names no valve."""

    def __init__(
        self, site_lesions: Mapping[tuple[str, str], str], *, open_words: frozenset[str], grades: frozenset[str], vessels: frozenset[str]
    ) -> None:
        self._site_lesions = site_lesions
        self._open = open_words
        self._grades = grades
        self._vessels = vessels

    def compose(self, sentence: Sentence, items: Sequence[Item], carried: str | None) -> tuple[list[Composed], list[Item]]:
        """What the items of a sentence make together, and the lesions left without a valve.

        ``carried`` is the valve that a heading or the sentences before speak of.
        """
        composed: list[Composed] = []
        unplaced: list[Item] = []
        for place, item in enumerate(items):
            if item.site and item.lesion:
                composed += self._shared_lesion(sentence, items, place, item.first, item.last, item.lesion)
                composed += self._shared_lesion_after(sentence, items, place, item)
            elif item.lesion:
                found = list(self._for_lesion(sentence, items, place, item, carried))
                composed += found
                if not found and self._names_no_other_organ(sentence, item) and not self._of_something_else(sentence, item):
                    unplaced.append(item)
        return composed, unplaced

    def _for_lesion(self, sentence: Sentence, items: Sequence[Item], place: int, item: Item, carried: str | None) -> Iterator[Composed]:
        lesion = item.lesion or ""
        if sentence.lower[item.last : item.last + 1] and sentence.lower[item.last] in _BACKWARD:
            return  # "leak back" tells a movement: the descriptions know whether it is said to happen
        before = items[place - 1] if place else None
        if before and before.site and not before.lesion and self._names_the_valve(sentence, before, item):
            yield from self._make(before.first, item.last, before.site, lesion, "valve and lesion")
            yield from self._shared_lesion(sentence, items, place - 1, before.first, item.last, lesion)
            return
        after = list(self._sites_after(sentence, items, place, item))
        if after:
            for site in after:
                yield from self._make(item.first, item.last, site, lesion, "lesion of the valve")
            return
        if not self._names_no_other_organ(sentence, item) or self._of_something_else(sentence, item):
            return
        if item.first and sentence.lower[item.first - 1] in _ANY_VALVE:
            return  # "valvular insufficiency" speaks of valves in general
        for site, reason in self._sites_before(sentence, items, place, item, carried):
            yield from self._make(item.first, item.last, site, lesion, reason)

    def _make(self, first: int, last: int, site: str, lesion: str, reason: str) -> Iterator[Composed]:
        if (site, lesion) in self._site_lesions:
            yield Composed(first, last, site, lesion, reason)

    def _shared_lesion(
        self, sentence: Sentence, items: Sequence[Item], place: int, first: int, last: int, lesion: str
    ) -> Iterator[Composed]:
        """The valves coordinated before a concept that shares its lesion: ``mitral and | tricuspid regurgitation``."""
        if not items[place].site_first:
            return
        for before in reversed(items[:place]):
            if before.lesion or not before.site or not self._coordinated(sentence, before.last, first):
                return
            # "mitral, aortic or tricuspid": a comma alone joins only what a conjunction joins further on
            if first == items[place].first and sentence.lower[before.last : first] == [","]:
                return
            yield from self._make(before.first, last, before.site, lesion, "coordination")
            first = before.first

    def _shared_lesion_after(self, sentence: Sentence, items: Sequence[Item], place: int, item: Item) -> Iterator[Composed]:
        """The valves coordinated after a concept that ends with its valve: ``stenosis of mitral | and aortic valves``."""
        at = item.last
        for later in items[place + 1 :]:
            if item.site_first or later.lesion or not later.site or not self._coordinated(sentence, at, later.first):
                return
            yield from self._make(item.first, later.last, later.site, item.lesion or "", "coordination")
            at = later.last

    def _names_the_valve(self, sentence: Sentence, site: Item, item: Item) -> bool:
        """Side by side; "aortic | repair" may be the vessel's, "aortic valve | repair" is not."""
        if not self._linked(sentence, site.last, item.first):
            return False
        return site.full or item.lesion not in _NO_CARRY_LESIONS or "valve" in sentence.lower[site.last : item.first]

    def _sites_after(self, sentence: Sentence, items: Sequence[Item], place: int, item: Item) -> Iterator[str]:
        """``regurgitation of the | mitral and aortic valves``."""
        at = item.last
        if at >= len(sentence.lower) or sentence.lower[at] not in _PREPOSITIONS:
            return
        at += 1
        while at < len(sentence.lower) and sentence.lower[at] in _BETWEEN_PREPOSITION_AND_SITE:
            at += 1
        for later in items[place + 1 :]:
            if later.lesion or not later.site or not (later.first == at or self._coordinated(sentence, at, later.first)):
                return
            following = sentence.lower[later.last : later.last + 1]
            if not later.full and following and following[0].isalpha() and following[0] not in _LINKS | _CONJUNCTIONS | _OWN_OBJECTS:
                return  # "leakage of the aortic graft"
            yield later.site
            at = later.last

    def _sites_before(
        self, sentence: Sentence, items: Sequence[Item], place: int, item: Item, carried: str | None
    ) -> Iterator[tuple[str, str]]:
        """The valve of the sentence's subject, of the lesion before, or the one carried over."""
        if item.adjective and self._describes_a_noun(sentence, item):
            return
        for before in reversed(items[:place]):
            if item.lesion == "stenosis" and not self._vessels.isdisjoint(sentence.lower[before.last : item.last + 3]):
                return  # "... with stenosis of the LAD": every vessel has stenoses
            if before.lesion and before.site:
                if before.lesion != item.lesion:  # "prosthetic aortic valve | replacement" is one procedure
                    yield before.site, "the same valve as the lesion before"
                return
            if before.site and before.full and item.lesion not in _NO_CARRY_LESIONS:
                yield before.site, "valve named before"
                for other in reversed(items[: items.index(before)]):
                    if other.lesion or not other.site or not self._coordinated(sentence, other.last, before.first):
                        return
                    yield other.site, "valve named before"
                    before = other
                return
        if carried and item.lesion not in _NO_CARRY_LESIONS and self._may_carry(sentence, item):
            yield carried, "valve of the heading or the sentence before"

    def _may_carry(self, sentence: Sentence, item: Item) -> bool:
        """Over a sentence's end: any regurgitation, but other lesions only in short lines such as reports are made of."""
        if item.adjective or not self._vessels.isdisjoint(sentence.lower):
            return False
        return item.lesion == "regurgitation" or len(sentence.words) <= _SHORT_LINE

    def _describes_a_noun(self, sentence: Sentence, item: Item) -> bool:
        """``stenotic | LAD``, ``insufficient | blood supply``."""
        following = sentence.lower[item.last : item.last + 1]
        return bool(following) and following[0].isalpha() and following[0] not in self._open and following[0] not in _CONJUNCTIONS

    def _names_no_other_organ(self, sentence: Sentence, item: Item) -> bool:
        if item.first == 0:
            return True
        word = sentence.lower[item.first - 1]
        return word in self._open or word.endswith("ly") or not word[0].isalpha()

    def _of_something_else(self, sentence: Sentence, item: Item) -> bool:
        """``stenosis of the ear canal``: a lesion of what follows, unless that is blood, a valve or a grade."""
        following = sentence.lower[item.last : item.last + 4]
        if following[:1] not in (["of"], ["in"], ["at"]) or (following[:1] != ["of"] and item.lesion != "stenosis"):
            return False
        object_ = next((word for word in following[1:] if word not in _BETWEEN_PREPOSITION_AND_SITE), "")
        return object_[:1].isalpha() and object_ not in _OWN_OBJECTS and object_ not in self._open

    def _linked(self, sentence: Sentence, start: int, end: int) -> bool:
        return all(word in _LINKS for word in sentence.lower[start:end])

    def _coordinated(self, sentence: Sentence, start: int, end: int) -> bool:
        """Whether only conjunctions stand between, and harmless words: ``moderate mitral | and mild | tricuspid ...``."""
        words = [word for word in sentence.lower[start:end] if word not in _LINKS and word not in _BETWEEN_PREPOSITION_AND_SITE]
        return (
            0 < len(words) <= _MOST_BETWEEN
            and words[0] in _CONJUNCTIONS
            and all(word in _CONJUNCTIONS or word in self._grades or word == "to" for word in words)
        )


def carried_site(view: View, number: int, site_of: Mapping[int, str], stops: frozenset[int]) -> str | None:
    """The valve that the sentences before sentence ``number`` speak of; ``site_of`` sentence number → last valve named.

    Looks back a few sentences, never over a section's start or a blank line (``stops``: sentences that begin anew).
    """
    for earlier in range(number, max(-1, number - _CARRIED_SENTENCES), -1):
        if earlier != number and earlier in site_of:
            return site_of[earlier]
        if earlier in stops:
            return None
    return None
