"""Valve and lesion that stand apart: coordination, subjects, headings.

"mitral and tricuspid regurgitation", "aortic stenosis and regurgitation", "insufficiency of the mitral and aortic valves",
"MITRAL VALVE: thickened leaflets. Moderate regurgitation.", "The tricuspid valve shows 2+ regurgitation" name concepts whose
words are not side by side.  The lexicon's tables sites, lesions and site_lesions say which words name a valve, which a
lesion, and what both together mean, and modifiers what the words between them do; this module only decides which belong
together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace

from mrterms.text.view import Sentence

__all__ = ["LABELLED_SENTENCES", "Carried", "Composed", "Composer", "Item", "carried_site", "is_label"]

_NO_CARRY_LESIONS = frozenset(("disease", "replacement", "repair", "endocarditis", "valvuloplasty", "commissurotomy"))
_LABELLED_LESIONS = frozenset(("replacement", "repair"))
"""What is carried from no valve but one that the line is about."""
_LABEL_MARKS = frozenset((":", "-", "–", "="))
_VESSELS_TOO = _NO_CARRY_LESIONS | {"atresia"}
_CARRIED_SENTENCES = 4
LABELLED_SENTENCES = 12
"""Over how many sentences of its line a label gives a lesion its valve ("Aortic valve: bicuspid. Calcified. ... Mild insufficiency.")."""
_MOST_BETWEEN = 6
_SHORT_LINE = 10
_ORGAN_WORDS = 3
_TOO = 6
"""Words from "too" to the verb for which something is too much."""
_ASIDE = 5
"""Words of a bracket that may stand between a lesion and the preposition of its valve."""
_BESIDE, _OF, _ONLY = "valve and lesion", "lesion of the valve", "the only valve of the sentence"
_OF_LEAFLETS = "prolapse"
_AORTIC_VALVE = frozenset({"valve", "av", "aov"})
_VALVE_NOUNS = ("valve", "leaflet", "cusp", "annul")


@dataclass(frozen=True, slots=True)
class Item:
    """A stretch of a sentence (word indices, half-open) that names a valve, a lesion, or both (a concept)."""

    first: int
    last: int
    site: str | None
    lesion: str | None
    full: bool = True
    adjective: bool = False
    site_first: bool | None = None
    """Whether a concept's words begin with its valve (``mitral regurgitation``); None where they do not name it."""


@dataclass(frozen=True, slots=True)
class Composed:
    """A concept whose words stand apart, and the words that are its mention."""

    first: int
    last: int
    site: str
    lesion: str
    reason: str


@dataclass(frozen=True, slots=True)
class Carried:
    """The valve that an earlier sentence names last; ``alone`` where it names no other, ``leaks`` where it says so, ``label``
    the last token of the label or title that names it (``Aortic valve: ...``), None where none does; ``only`` where the
    sentences before that count, too, name no other valve."""

    site: str
    alone: bool
    leaks: bool = False
    label: int | None = None
    only: bool = True


class Composer:
    """Joins sites and lesions of a sentence. ``words`` are the words of ``modifiers.tsv`` by role."""

    def __init__(self, site_lesions: Mapping[tuple[str, str], str], words: Mapping[str, frozenset[str]]) -> None:
        self._site_lesions = site_lesions
        self._words = words
        self._grades = words["grade"]
        self._open = words["open"] | words["grade"] | words["valvular"]
        self._vessels = words["vessel"]
        self._conjunctions = words["conjunction"]
        self._links = words["link"]
        self._articles = words["article"]

    def compose(
        self, sentence: Sentence, items: Sequence[Item], carried: Carried | None, *, hinted: Set[str] = frozenset()
    ) -> tuple[list[Composed], list[Item]]:
        """What the items of a sentence make together, and the lesions left without a valve.

        ``carried`` is the valve that a heading or the sentences before speak of, ``hinted`` are those that short forms may name.
        """
        items = list(self._one_by_one(sentence, items))
        composed: list[Composed] = []
        unplaced: list[Item] = []
        for place, item in enumerate(items):
            if item.site and item.lesion:
                composed += self._shared_lesion(sentence, items, place, item, item.lesion)
                composed += self._shared_lesion_after(sentence, items, place, item)
            elif item.lesion and not _is_beyond(sentence.lower, item):
                found = list(self._for_lesion(sentence, items, place, item, carried)) or self._only_valves(sentence, items, item, hinted)
                composed += found
                if len(found) == 1 and item.lesion == "regurgitation" and found[0].reason in (_BESIDE, _OF):
                    items[place] = replace(item, site=found[0].site)  # what follows may speak of it again
                if not found and self._names_no_other_organ(sentence, item) and not self._of_something_else(sentence, item):
                    unplaced.append(item)
        return composed, unplaced

    def _only_valves(self, sentence: Sentence, items: Sequence[Item], item: Item, hinted: Set[str]) -> list[Composed]:
        """``anterior leaflet | prolapse, mild mitral regurgitation``, ``severe MR for | edge-to-edge repair``.

        A leaflet's lesion, and a repair that only valves get, are of the one valve that the sentence names.
        """
        near = sentence.lower[max(0, item.first - 1) : item.last + _ASIDE]
        leaflets = item.lesion == _OF_LEAFLETS and any("leaflet" in word for word in near)
        repair = not self._words["valves_only"].isdisjoint(sentence.lower[item.first : item.last])
        another = any(other.lesion in _LABELLED_LESIONS and other.first != item.first for other in items)
        if not leaflets and (not repair or another):
            return []  # "MVR and annuloplasty", "the ring was fixed, then a tricuspid annuloplasty": one is of another valve
        sites = {*hinted, *(other.site for other in items if other.site)}
        site = next(iter(sites)) if len(sites) == 1 else ""
        return list(self._make(item.first, item.last, site, item.lesion or "", _ONLY))

    def _one_by_one(self, sentence: Sentence, items: Sequence[Item]) -> Iterator[Item]:
        """The items with ``tissue valve | replacement`` as one, and without ``tricuspid`` as the shape of the aortic valve."""
        last: Item | None = None
        for item in items:
            if last and not item.site and not last.site and item.lesion == last.lesion and item.first == last.last:
                last = replace(item, first=last.first)
                continue
            if (
                last
                and item.site
                and not item.lesion
                and last.site not in (None, item.site)
                and self._is_said_of(sentence, items, last, item)
            ):
                continue
            if last:
                yield last
            last = item
        if last:
            yield last

    def _is_said_of(self, sentence: Sentence, items: Sequence[Item], subject: Item, item: Item) -> bool:
        """``the aortic valve is | tricuspid``, ``aortic valve: | tricuspid, no stenosis``."""
        between = sentence.lower[subject.last : item.first]
        if item.last != item.first + 1:
            return False
        if not self._words["copula"].isdisjoint(between):
            return self._linked(sentence, subject.last, item.first)
        shape = (subject.site, item.site) == ("aortic", "tricuspid") and sentence.lower[subject.last - 1] in _AORTIC_VALVE
        return shape and between in ([], [":"]) and all(other.first != item.last for other in items)

    def _for_lesion(self, sentence: Sentence, items: Sequence[Item], place: int, item: Item, carried: Carried | None) -> Iterator[Composed]:
        lesion = item.lesion or ""
        if sentence.lower[item.last : item.last + 1] and sentence.lower[item.last] in self._words["backward"]:
            return  # "leak back" tells a movement: the descriptions know whether it is said to happen
        before = items[place - 1] if place else None
        if before and before.site and not before.lesion and self._names_the_valve(sentence, before, item):
            yield from self._make(before.first, item.last, before.site, lesion, _BESIDE)
            yield from self._shared_lesion(sentence, items, place - 1, replace(before, last=item.last, site_first=True), lesion)
            return
        after = list(self._sites_after(sentence, items, place, item))
        if after:
            for site in after:
                yield from self._make(item.first, item.last, site, lesion, _OF)
            return
        if not self._names_no_other_organ(sentence, item) or self._of_something_else(sentence, item):
            return
        if self._is_of_valves_in_general(sentence, items[:place], item):
            return
        for site, reason in self._sites_before(sentence, items, place, item, carried):
            yield from self._make(item.first, item.last, site, lesion, reason)

    def _make(self, first: int, last: int, site: str, lesion: str, reason: str) -> Iterator[Composed]:
        if (site, lesion) in self._site_lesions:
            yield Composed(first, last, site, lesion, reason)

    # -- coordination -------------------------------------------------------------------------------------------------

    def _shared_lesion(self, sentence: Sentence, items: Sequence[Item], place: int, whole: Item, lesion: str) -> Iterator[Composed]:
        """The valves coordinated before a concept that shares its lesion: ``mitral and | tricuspid regurgitation``."""
        first, nearest = whole.first, True
        for before in reversed(items[:place] if whole.site_first else ()):
            if before.lesion or not before.site or before.site == whole.site or not self._coordinated(sentence, before.last, first):
                return
            # "mitral, aortic or tricuspid": a comma alone joins only what a conjunction joins further on
            if nearest and (not self._conjoined(sentence, before.last, first) or self._ends_its_phrase(sentence, before, first)):
                return
            yield from self._make(before.first, whole.last, before.site, lesion, "coordination")
            first, nearest = before.first, False

    def _shared_lesion_after(self, sentence: Sentence, items: Sequence[Item], place: int, item: Item) -> Iterator[Composed]:
        """The valves coordinated after a concept that ends with its valve: ``stenosis of mitral | and aortic valves``."""
        for later in self._coordinated_after(sentence, item, items[place + 1 :] if item.site_first is False else ()):
            yield from self._make(item.first, later.last, later.site or "", item.lesion or "", "coordination")

    def _coordinated_after(self, sentence: Sentence, first: Item, items: Sequence[Item]) -> list[Item]:
        """Valves that follow another valve, up to the last one that a conjunction joins."""
        found, sure, at = [], 0, first.last
        for item in items:
            if item.lesion or item.site in (None, first.site) or not self._coordinated(sentence, at, item.first):
                break
            if self._belongs_to_a_noun(sentence, item, first.lesion):
                break
            found.append(item)
            if self._conjoined(sentence, at, item.first):
                sure = len(found)
            at = item.last
        return found[:sure]

    def _coordinated(self, sentence: Sentence, start: int, end: int) -> bool:
        """Whether only conjunctions stand between, and harmless words: ``moderate mitral | and mild | tricuspid ...``."""
        words = [word for word in sentence.lower[start:end] if word not in self._links and word not in self._articles]
        return (
            0 < len(words) <= _MOST_BETWEEN
            and words[0] in self._conjunctions
            and all(word in self._conjunctions or word in self._grades or word == "to" for word in words)
        )

    def _conjoined(self, sentence: Sentence, start: int, end: int) -> bool:
        return any(word in self._conjunctions and word != "," for word in sentence.lower[start:end])

    def _ends_its_phrase(self, sentence: Sentence, site: Item, end: int) -> bool:
        """``vegetation on the | mitral valve | and moderate aortic regurgitation``: the valve belongs to what stands before."""
        if not sentence.lower[site.last - 1].startswith(_VALVE_NOUNS):
            return False
        at = site.first - 1
        while at > 0 and sentence.lower[at] in self._articles:
            at -= 1
        before = sentence.lower[at] if at >= 0 else ""
        graded = "," in sentence.lower[site.last : end] or not self._grades.isdisjoint(sentence.lower[site.last : end])
        return before in self._words["place"] or (before == "of" and graded)

    # -- the valve of a lesion ------------------------------------------------------------------------------------------

    def _names_the_valve(self, sentence: Sentence, site: Item, item: Item) -> bool:
        """Side by side; "aortic | repair" may be the vessel's, "aortic valve | repair" is not."""
        if not self._linked(sentence, site.last, item.first):
            return False
        return site.full or item.lesion not in _VESSELS_TOO or "valve" in sentence.lower[site.last : item.first]

    def _sites_after(self, sentence: Sentence, items: Sequence[Item], place: int, item: Item) -> Iterator[str]:
        """``regurgitation of the | mitral and aortic valves``, ``leak around the | mitral prosthesis``, ``insuff. | mitral``."""
        later = items[place + 1] if place + 1 < len(items) else None
        if later is None or not later.site or later.lesion not in (None, "replacement"):
            return
        at = self._object_after(sentence, item)
        if later.first != at and not self._is_title(sentence, item, later):
            return
        if not self._belongs_to_a_noun(sentence, later, item.lesion):
            yield later.site
            yield from (one.site for one in self._coordinated_after(sentence, later, items[place + 2 :]) if one.site)

    def _object_after(self, sentence: Sentence, item: Item) -> int:
        """Where the words after a lesion's preposition begin, or -1."""
        at, length = item.last, len(sentence.lower)
        if sentence.lower[at : at + 1] == ["("] and ")" in sentence.lower[at : at + _ASIDE]:
            at = sentence.lower.index(")", at) + 1  # "leak (small) around the aortic prosthesis"
        if at >= length or sentence.lower[at] not in self._words["preposition"] or self._passes_through(sentence, item):
            return -1
        at += 1
        while at < length and sentence.lower[at] in self._articles:
            at += 1
        return at

    def _is_title(self, sentence: Sentence, item: Item, site: Item) -> bool:
        """``Insuff. mitral``: nothing else stands in the line."""
        between, rest = sentence.lower[item.last : site.first], sentence.lower[site.last :]
        return item.first == 0 and not any(map(str.isalnum, "".join([*between, *rest]))) and ";" not in between

    def _belongs_to_a_noun(self, sentence: Sentence, site: Item, lesion: str | None) -> bool:
        """``leakage of the | aortic | graft``, ``of aortic | (bifurcation) graft``, ``reconstruction of the | mitral | annular volume``."""
        following = sentence.lower[site.last : site.last + 1]
        bare = not site.full or (lesion in _NO_CARRY_LESIONS and site.last == site.first + 1)
        if not bare or not following or not (following[0][0].isalpha() or following == ["("]):
            return False
        return following[0] not in self._links | self._conjunctions | self._words["object"]

    def _sites_before(
        self, sentence: Sentence, items: Sequence[Item], place: int, item: Item, carried: Carried | None
    ) -> Iterator[tuple[str, str]]:
        """The valve of the sentence's subject, of the lesion before, or the one carried over."""
        if item.adjective and self._describes_a_noun(sentence, item):
            return
        for before in reversed(items[:place]):
            if item.lesion == "stenosis" and not self._vessels.isdisjoint(sentence.lower[before.last : item.last + 3]):
                return  # "... with stenosis of the LAD": every vessel has stenoses
            if before.lesion and before.site:
                # "prosthetic aortic valve | replacement" is one procedure; a regurgitation spoken of again is the same one
                if before.lesion != item.lesion or item.lesion == "regurgitation":
                    yield before.site, "the same valve as the lesion before"
                return
            labelled = item.lesion in _LABELLED_LESIONS and is_label(sentence, before.first, before.last)
            if before.site and before.full and (item.lesion not in _NO_CARRY_LESIONS or labelled):
                yield before.site, "valve named before"
                for other in reversed(items[: items.index(before)]):
                    if other.lesion or not other.site or not self._coordinated(sentence, other.last, before.first):
                        return
                    yield other.site, "valve named before"
                    before = other
                return
        if carried and not carried.only and self._is_in_general(sentence, item):
            return
        short = len(sentence.lower) <= _SHORT_LINE  # in prose a sentence about two valves tells of neither
        if carried and (carried.alone or short) and item.lesion not in _NO_CARRY_LESIONS and self._may_carry(sentence, item, carried):
            yield carried.site, "valve of the heading or the sentence before"
        elif carried and carried.alone and carried.label is not None and item.lesion in _LABELLED_LESIONS and not item.adjective:
            yield carried.site, "valve of the label"

    def _is_in_general(self, sentence: Sentence, item: Item) -> bool:
        """``Regurgitation | means ...``, ``In | regurgitation ...``: what a leaflet says of the lesion, not of a finding."""
        before, after = sentence.lower[: item.first], sentence.lower[item.last : item.last + 2]
        if not all(word in self._links or word == "in" for word in before):
            return False  # "the regurgitation" is one that was found
        said = not self._words["general_verb"].isdisjoint(after[:1])
        defined = not self._words["copula"].isdisjoint(after[:1]) and (after[1:] == ["when"] or not self._articles.isdisjoint(after[1:]))
        return said or defined or before[:1] == ["in"]

    def _may_carry(self, sentence: Sentence, item: Item, carried: Carried) -> bool:
        """Over a sentence's end: any regurgitation, but other lesions only in short lines such as reports are made of."""
        lower = sentence.lower
        if item.adjective or "valves" in lower or lower[max(0, item.first - 2) : item.first] == ["of", "valve"]:
            return False  # "grading of valve regurgitation" is of valves in general
        if self._is_an_example(sentence, item) or self._of_a_described_valve(sentence, item):
            return False
        if lower[item.last - 1].startswith("regurg"):
            return True
        if not self._vessels.isdisjoint(lower) or ":" in lower[: item.first]:
            return False
        cardiac = self._words["cardiac"] | self._words["valvular"]
        spoken_of = carried.leaks and lower[max(0, item.first - 1) : item.first] == ["the"]  # "the leak"
        return len(lower) <= _SHORT_LINE or (item.lesion == "regurgitation" and (spoken_of or not cardiac.isdisjoint(lower)))

    def _is_an_example(self, sentence: Sentence, item: Item) -> bool:
        """``complications such as | paravalvular leak``."""
        return "such as" in " ".join(sentence.lower[max(0, item.first - _ORGAN_WORDS) : item.first])

    def _of_a_described_valve(self, sentence: Sentence, item: Item) -> bool:
        """``a leak | in the valve that connects ...``: one that the text is about to tell."""
        at = self._object_after(sentence, item)
        return at >= 0 and sentence.lower[at : at + 1] == ["valve"] and sentence.lower[at + 1 : at + 2] != []

    # -- lesions of other things ----------------------------------------------------------------------------------------

    def _is_of_valves_in_general(self, sentence: Sentence, before: Sequence[Item], item: Item) -> bool:
        """``valvular | insufficiency``, ``valvular insufficiency or | stenosis``."""
        if item.first and sentence.lower[item.first - 1] in self._words["any_valve"]:
            return True
        last = before[-1] if before else None
        joined = last is not None and not last.site and self._coordinated(sentence, last.last, item.first)
        return last is not None and joined and self._is_of_valves_in_general(sentence, before[:-1], last)

    def _describes_a_noun(self, sentence: Sentence, item: Item) -> bool:
        """``stenotic | LAD``, ``insufficient | blood supply``."""
        following = sentence.lower[item.last : item.last + 1]
        return bool(following) and following[0].isalpha() and following[0] not in self._open and following[0] not in self._conjunctions

    def _names_no_other_organ(self, sentence: Sentence, item: Item) -> bool:
        if item.first == 0:
            return True
        word = sentence.lower[item.first - 1]
        if word in self._conjunctions and not sentence.lower[item.last - 1].startswith("regurg"):
            # "right ventricular hypertrophy and | insufficiency"
            return self._words["organ"].isdisjoint(sentence.lower[max(0, item.first - 1 - _ORGAN_WORDS) : item.first - 1])
        return word in self._open or word.endswith("ly") or not word[0].isalpha()

    def _of_something_else(self, sentence: Sentence, item: Item) -> bool:
        """``stenosis of the ear canal``: a lesion of what follows, unless that is blood, a valve or a grade."""
        if self._passes_through(sentence, item):
            return True
        following = sentence.lower[item.last : item.last + 4]
        if following[:1] not in (["of"], ["in"], ["at"]) or (following[:1] != ["of"] and item.lesion != "stenosis"):
            return False
        object_ = next((word for word in following[1:] if word not in self._articles), "")
        return object_[:1].isalpha() and object_ not in self._words["object"] and object_ not in self._open

    def _passes_through(self, sentence: Sentence, item: Item) -> bool:
        """``prolapse through the valve``: a mass does."""
        return item.lesion == "prolapse" and not self._words["passage"].isdisjoint(sentence.lower[item.last : item.last + 1])

    def _linked(self, sentence: Sentence, start: int, end: int) -> bool:
        return all(word in self._links for word in sentence.lower[start:end])


def is_label(sentence: Sentence, first: int, last: int) -> bool:
    """``AV: | mechanical valve``, ``- Aortic valve - | ...``, or words that are a line of their own."""
    if any(map(_is_word, sentence.lower[:first])):
        return False
    return last == len(sentence.lower) or sentence.lower[last] in _LABEL_MARKS


def _is_word(text: str) -> bool:
    return text[:1].isalnum()


def _is_beyond(lower: Sequence[str], item: Item) -> bool:
    """``the leaflet looks too destroyed to | repair``: a verb for what nobody did."""
    return lower[max(0, item.first - 1) : item.first] == ["to"] and "too" in lower[max(0, item.first - _TOO) : item.first]


def carried_site(
    number: int, site_of: Mapping[int, Carried], begins_anew: Callable[[int], bool], in_its_line: Callable[[int], bool]
) -> Carried | None:
    """The valve that the sentences before sentence ``number`` speak of; ``site_of`` sentence number → the valve named there.

    Looks back a few sentences, or as far as the line of a label runs (``in_its_line``, of a label's last token), never over a
    section's start or a blank line (``begins_anew``, of a sentence). A label says no more of a sentence outside its line.
    """
    found: list[Carried] = []
    for earlier in range(number, max(-1, number - LABELLED_SENTENCES), -1):
        far = earlier <= number - _CARRIED_SENTENCES
        if far and found:
            break
        if earlier != number and (named := site_of.get(earlier)) is not None:
            if named.label is not None and not in_its_line(named.label):
                named = replace(named, label=None)
            if far and named.label is None:
                break
            found.append(named)
        if begins_anew(earlier):
            break
    if not found:
        return None
    return replace(found[0], only=all(one.alone and one.site == found[0].site for one in found))
