"""Mentions of a compiled lexicon's concepts: the same words, trie and budget for slips as the built-in lexicon's.

A compiled lexicon is a layer of its own: what overlaps is settled within it, so that a terminology that is added takes nothing
from the built-in lexicon.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property, lru_cache, partial
from typing import Literal

from rapidfuzz.distance import Indel
from spacy.vocab import Vocab

from mrterms.lexicon.compiled import concepts_of
from mrterms.lexicon.store import ALONE, Store, Texts, WordTable
from mrterms.matching.automaton import Automaton
from mrterms.matching.coordination import Coordination
from mrterms.matching.defining import with_defined_short_forms
from mrterms.matching.finder import Place, Scanner
from mrterms.matching.gates import CompiledGate
from mrterms.matching.morphology import english_morphology
from mrterms.matching.neighbours import Endings, Neighbours, can_be_misspelt
from mrterms.matching.overlaps import longest_first
from mrterms.matching.words import (
    CONJUNCTIONS,
    GLUE,
    PASSED_OVER,
    SHORTEST_FUZZY,
    NormalWord,
    Vocabulary,
    WordMemo,
    clinical_spelling,
    general_word_table,
    plain_short_form,
)
from mrterms.records import Match, MatchKind, Mention
from mrterms.text.normal_form import fold, normal_word
from mrterms.text.view import View
from mrterms.text.words_in_use import words_in_use, words_in_use_version

__all__ = ["CompiledMatcher", "CompiledVocabulary", "Overlaps"]

Overlaps = Literal["longest", "all"]
_FUZZY_PENALTY = 0.06
_SCORES = {"exact": 1.0, "abbreviation": 1.0, "variant": 0.98}
_MOST_MET = 100_000
_SCOPE_PENALTY = (0.0, 0.0, 0.02, 0.1, 0.1)
_ALPHABET = "abcdefghijklmnopqrstuvwxyz"
_LONGEST_SHORT_FORM = 6
_LONG = 8
_CONJUNCTION = re.compile(r",| and | or |/|&")
_MERE_KINDS = frozenset(("gland", "glands", "joint", "joints"))
"""``hyperplasia of the thyroid | gland``: what kind of part it is, where the name has the part alone."""
_KIND_PENALTY = 0.05
_NO_NOUN = ("ed", "ing", "ly")
_SMALL_WORDS = frozenset(
    "after although among around because before being between beyond but can caused causes contains could did do does during each few "
    "had has have if into leading less led may more most no none nor occurs one only onto or over per produces rather relative results "
    "since than that there though three through toward towards two under until upon usually when where whereas which while who whose "
    "will within without would".split()
)
_OF_A_PART = re.compile(r"[a-z](?:al|ar|ary|ory|ian|ine|motor|ic|ous)$")
_MOST_CHANGED = 3
_PLAIN_WITHOUT = PASSED_OVER | {"of"}


class CompiledMatcher:
    """Finds the mentions of a compiled lexicon. ``overlaps``: only the longest, or nested and overlapping ones too."""

    def __init__(self, store: Store, vocab: Vocab, *, fuzzy: bool = True, overlaps: Overlaps = "longest") -> None:
        self._store, self._vocab, self._fuzzy = store, vocab, fuzzy
        self._concepts = concepts_of(store)
        self._names = store.texts("names")
        self._name_concepts, self._name_scopes = store.array("name_concepts"), store.array("name_scopes")
        self._form_names, self._form_starts = store.array("form_names"), store.array("form_starts")
        self._overlaps = overlaps
        self._general = {} if store.manifest.get("general_words") else general_word_table()
        self._met: dict[tuple[int, str, int], tuple[Match, tuple[str, ...], bool]] = {}
        self._things, self._adjectives = english_morphology().nouns, english_morphology().irregular
        self._vocabulary = vocabulary = CompiledVocabulary(store, fuzzy=fuzzy)
        memo = WordMemo(vocabulary)
        self._scanner = Scanner(vocabulary.automaton, memo, vocabulary.number_of, CONJUNCTIONS - {","})
        self._coordination = Coordination(self._scanner)

    def __reduce__(self) -> tuple[Callable[[], CompiledMatcher], tuple[()]]:
        return partial(CompiledMatcher, self._store, self._vocab, fuzzy=self._fuzzy, overlaps=self._overlaps), ()

    def gate(self) -> CompiledGate:
        """What tells from words alone whether a text can hold a mention."""
        return CompiledGate(self._vocabulary.automaton, self._vocabulary)

    def match(self, view: View) -> tuple[list[Mention], list[Mention]]:
        """The mentions of a text in order, and the overlap losers."""
        scan = self._scanner.scan(view.words)
        if scan is None:
            return [], []
        places = self._scanner.places(scan)
        shared = self._coordination.places(scan, places)
        found = [one for place in places if (one := self._mention(view, place))]
        found += [
            one._replace(match=_shared(one.match))
            for place in shared
            if (one := self._mention(view, place)) and not self._begins_with_a_thing(one)
        ]
        if self._overlaps == "all":
            return with_defined_short_forms(view, sorted(set(found), key=lambda one: (one.start, -one.end))), []
        apart = [one for one in found if one.match.reason != _SHARED]
        kept, lost = longest_first(apart, rank=lambda one: -one.match.score)
        kept = _with_shared(kept, [one for one in found if one.match.reason == _SHARED])
        return with_defined_short_forms(view, kept), lost

    def _mention(self, view: View, place: Place) -> Mention | None:
        """The mention at a place; none where it crosses a sentence's end or a bracket's."""
        form, first, last, edits = place
        if last - first == 1:
            text = view.word(first)
        elif view.in_one_sentence(first, last):
            text = view.text_of(first, last)
            if text.count("(") != text.count(")"):
                return None
            if " of " in text or " in " in text:
                if last < view.length and view.word(last).lower() in _MERE_KINDS:
                    return self._with_its_kind(view, place)
                if self._goes_on(view, last):
                    return None
        else:
            return None
        match, concepts, describes = self._meant(form, text, edits)
        if not concepts or (describes and self._is_followed_by_a_word(view, last)):
            return None
        start = view.start_of(first)
        return Mention(start, start + len(text), text, first, last, match, concepts)

    def _with_its_kind(self, view: View, place: Place) -> Mention | None:
        """A mention that ends with the kind of the part behind it; what names that by itself is surer."""
        form, first, last, edits = place
        text, start = view.text_of(first, last + 1), view.start_of(first)
        match, concepts, _ = self._meant(form, text, edits)
        if not concepts:
            return None
        match = replace(match, score=round(match.score - _KIND_PENALTY, 3))
        return Mention(start, start + len(text), text, first, last + 1, match, concepts)

    def _goes_on(self, view: View, token: int) -> bool:
        """``hamartoma of the renal | pelvis``: the phrase after "of" has another word of the lexicon, no verb's and no small one."""
        if token >= view.length or not (word := view.word(token))[0].isalpha():
            return False
        if word.endswith(_NO_NOUN) or word.lower() in _SMALL_WORDS or word.lower() in CONJUNCTIONS:
            return False
        known = self._vocabulary.look_up(word)
        return known is not None and bool(known.words) and known.words[0] not in GLUE

    def _is_followed_by_a_word(self, view: View, token: int) -> bool:
        """``abnormal nasal | cilia``: what the last word describes is not in the mention."""
        return token < view.length and (word := view.word(token).lower()).isalpha() and word not in GLUE

    def _begins_with_a_thing(self, one: Mention) -> bool:
        """``vertebra and | fractures``: a noun before "and" is no adjective, so it shares nothing, unless the name has it so."""
        first = _CONJUNCTION.split(one.text.lower(), maxsplit=1)[0].strip()
        return first in self._things and first not in _plain(one.match.term)

    def _meant(self, form: int, text: str, edits: int) -> tuple[Match, tuple[str, ...], bool]:
        """How the words name the form, its concepts (none for the short arm of a chromosome), and whether its last word describes
        what comes next; worked out once, because a text's words come again."""
        key = form, text, edits
        known = self._met.get(key)
        if known is None:
            if len(self._met) >= _MOST_MET:
                self._met.clear()
            name, concepts = self._meaning(form, text)
            term = self._names[name]
            kind, reason = _kind(term, text, edits)
            score = _SCORES.get(kind, 1.0 - _FUZZY_PENALTY * edits) - _SCOPE_PENALTY[int(self._name_scopes[name])]
            known = self._met[key] = (
                Match(kind=kind, term=term, score=round(score, 3), reason=reason),
                () if "+".join(_words(text)) in self._general else concepts,
                " " in text and self._ends_in_an_adjective(text, term),
            )
        return known

    def _ends_in_an_adjective(self, text: str, term: str) -> bool:
        """Whether the last word is a part's adjective (nasal, renal) and the name ends in another word."""
        last = _last_word(text)
        if not _OF_A_PART.search(last) or last == _last_word(term):
            return False
        return last in self._adjectives or not last.endswith(("ic", "ous"))

    def _meaning(self, form: int, text: str) -> tuple[int, tuple[str, ...]]:
        """The name that fits best and the concepts that it names: as written, else in its normal words, of the nearest scope, with
        the fewest other words."""
        names: list[int] = self._form_names[self._form_starts[form] : self._form_starts[form + 1]].tolist()
        if len(names) > 1:
            folded, plain = fold(text), _plain(text)
            words = frozenset(folded.split())
            ranks: list[tuple[int, int, int]] = []
            for name in names:
                term = fold(self._names[name])
                likeness = 0 if term == folded else 1 if _plain(term) == plain else 2
                ranks.append((likeness, int(self._name_scopes[name]), len(words.symmetric_difference(term.split()))))
            best = min(ranks)
            names = [name for name, rank in zip(names, ranks, strict=True) if rank == best]
        numbers = dict.fromkeys(int(self._name_concepts[name]) for name in names)
        return names[0], tuple(self._concepts.id_at(number) for number in numbers)


_SHARED = "shared words"


def _shared(match: Match) -> Match:
    return replace(match, kind="pattern", reason=_SHARED)


def _with_shared(kept: list[Mention], shared: Sequence[Mention]) -> list[Mention]:
    """``short and | broad fingers``: what shares a word with its neighbour stands beside it; inside a longer form it does not."""
    own = list(kept)
    for one in dict.fromkeys(shared):
        inside = any(other.start <= one.start and one.end <= other.end and other.match.reason != _SHARED for other in own)
        same = any(other.concept_ids == one.concept_ids and other.start < one.end and one.start < other.end for other in kept)
        if not inside and not same:
            kept.append(one)
    return sorted(kept, key=lambda one: (one.start, -one.end))


def _words(text: str) -> list[str]:
    return [_normal_word(word) for word in re.split(r"[\s-]+", text)]


@lru_cache(maxsize=50_000)
def _normal_word(word: str) -> str:
    return normal_word(word, clinical_spelling())


def _last_word(text: str) -> str:
    return _words(text)[-1]


def _plain(text: str) -> frozenset[str]:
    return frozenset(map(_normal_word, text.replace("-", " ").replace(",", " ").split())) - _PLAIN_WITHOUT


def _kind(term: str, text: str, edits: int) -> tuple[MatchKind, str]:
    if len(term) <= _LONGEST_SHORT_FORM and term.isalnum() and sum(map(str.isupper, term)) > 1:
        return "abbreviation", "" if text == term else "written otherwise"
    if edits:
        return "fuzzy", f"{edits} edit{'s' if edits > 1 else ''}"
    return ("exact", "") if text == term else ("variant", "case, spelling, order or a word made from the other")


class CompiledVocabulary(Vocabulary):
    """The vocabulary of a compiled lexicon: what the built-in one keeps in sets is asked of mapped tables here."""

    def __init__(self, store: Store, *, fuzzy: bool) -> None:
        super().__init__(spelling=clinical_spelling(), in_use=words_in_use, fuzzy=fuzzy)
        self.automaton = Automaton(*(store.array(f"trie.{part}") for part in ("first", "keys", "nodes", "forms", "pairs")))
        self._walker = self.automaton.walker()
        self._is_name = False
        self._morphology = english_morphology()
        self._stems: WordTable = store.words("stems")
        self._texts: Texts = store.texts("words")
        self._table: WordTable = store.words("word_places")
        # Words in use that forms hold were looked up when the lexicon was compiled (1 + the place of the lexicon's word, 0 where more
        # must be looked at); with other words in use that is void.
        self._kin_table = store.words("kin") if store.manifest.get("words_in_use") == words_in_use_version() else None
        self._word_numbers, self._flags = store.array("word_numbers").data, store.array("word_flags").data
        places = store.array("near_places").data
        self._neighbours = Neighbours(store.array("near_masks"), store.array("near_starts"), lambda place: self._texts[places[place]])

    def number_of(self, word: str) -> int:
        """The number of a word in the trie, 0 where no form holds it."""
        place = self._table.get(word)
        return self._word_numbers[place] if place >= 0 else 0

    def look_up(self, text: str) -> NormalWord | None:
        """What the token ``text`` stands for, or None where it is no word of the lexicon."""
        lower = text.lower()
        kin = self._kin_of(text, lower)
        if kin > 0:
            return NormalWord((self._texts[kin - 1],), alone=bool(self._flags[kin - 1] & ALONE))
        if kin < 0 and self._is_other_word(text):
            return None
        if lower in CONJUNCTIONS:
            return NormalWord((lower,), alone=False)
        self._is_name = text[0].isupper() and text[1:].islower() and len(text) < _LONG
        found = self._look_closely(text)
        if found is not None and found.alone and len(found.words) == 1 and not self._flags[self._table.get(found.words[0])] & ALONE:
            return NormalWord(found.words, found.edits, found.tail_of, found.hyphen_only, alone=False)  # most words; replace() is slow
        return found

    def _near(self, word: str, folded: str) -> NormalWord | None:
        """A word made from one of the lexicon's, or a slip of one.

        A general vocabulary has far more look-alikes than the built-in one: a short name is no slip (Spain, pain), and where two
        letters are others only a form of several words is believed.
        """
        if self._is_name or not can_be_misspelt(word) or word in words_in_use() or folded in words_in_use():
            return None
        stem, alone = self._morphology.stem(word)
        place = self._stems.get(stem) if len(stem) >= SHORTEST_FUZZY else -1
        made = NormalWord((self._texts[place],), alone=alone and bool(self._flags[place] & ALONE)) if place >= 0 else None
        near = super()._near(word, folded) if made is None or not made.alone else None
        if near is None:
            return made
        if near.edits > 1 and min(Indel.distance(one, near.words[0]) for one in (word, folded)) > _MOST_CHANGED:
            return replace(near, alone=False)
        return near

    def _is_passed_over(self, text: str) -> bool:
        return super()._is_passed_over(text) or text.lower() in PASSED_OVER

    def _kin_of(self, text: str, lower: str) -> int:
        """What the table of words in use says of a token: -1 where it is not in it, 0 where more must be looked at."""
        if self._kin_table is None:
            return 0
        kin = self._kin_table.get(lower)
        return 0 if kin > 0 and text != lower and self._is_short_form(plain_short_form(text)) else kin

    def _is_short_form(self, plain: str) -> bool:
        return plain in self._table and not plain.islower()

    def _is_word(self, word: str) -> bool:
        return word in self._table

    def _is_pair(self, first: str, second: str) -> bool:
        one = self.number_of(first)
        return bool(one and (other := self.number_of(second)) and self._walker.follow(0, (one, other)))

    def _is_target(self, word: str) -> bool:
        return word in self._table

    @cached_property
    def _endings(self) -> Endings:
        return Endings(self._texts)

    def _with_first_letter(self, word: str) -> Sequence[str]:
        if not self._endings.may_hold(word):
            return ()
        return [letter + word for letter in _ALPHABET if letter != word[0] and letter + word in self._table]
