"""Mentions of a compiled lexicon's concepts: the same words, trie and budget for slips as the built-in lexicon's.

A compiled lexicon is a layer of its own: what overlaps is settled within it, so that a terminology that is added takes nothing
from the built-in lexicon.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Literal

from spacy.vocab import Vocab

from mrterms.lexicon.compiled import CompiledConcepts
from mrterms.lexicon.store import ALONE, Store, Texts, WordTable
from mrterms.matching.automaton import Automaton, Walker
from mrterms.matching.coordination import CONJUNCTIONS, Coordination
from mrterms.matching.finder import Place, Scanner
from mrterms.matching.gates import CompiledGate
from mrterms.matching.neighbours import Neighbours
from mrterms.matching.overlaps import longest_first
from mrterms.matching.words import PASSED_OVER, NormalWord, Vocabulary, WordMemo, clinical_spelling
from mrterms.records import Match, MatchKind, Mention
from mrterms.text.normal_form import fold, normal_word
from mrterms.text.view import View
from mrterms.text.words_in_use import words_in_use

__all__ = ["CompiledMatcher", "Overlaps"]

Overlaps = Literal["longest", "all"]
_FUZZY_PENALTY = 0.06
_SCOPE_PENALTY = (0.0, 0.0, 0.02, 0.1, 0.1)
_ALPHABET = "abcdefghijklmnopqrstuvwxyz"
_LONGEST_SHORT_FORM = 6
_ALWAYS_KNOWN = frozenset((*CONJUNCTIONS, ","))


class CompiledMatcher:
    """Finds the mentions of a compiled lexicon. ``overlaps``: only the longest, or nested and overlapping ones too."""

    def __init__(self, store: Store, vocab: Vocab, *, fuzzy: bool = True, overlaps: Overlaps = "longest") -> None:
        self._store, self._vocab, self._fuzzy = store, vocab, fuzzy
        self._concepts = CompiledConcepts(store)
        self._names = store.texts("names")
        self._name_concepts, self._name_scopes = store.array("name_concepts"), store.array("name_scopes")
        self._form_names, self._form_starts = store.array("form_names"), store.array("form_starts")
        self._overlaps = overlaps
        vocabulary = CompiledVocabulary(store, fuzzy=fuzzy)
        automaton = Automaton(*(store.array(f"trie.{part}") for part in ("first", "keys", "nodes", "forms", "pairs")))
        vocabulary.walker = automaton.walker()
        memo = WordMemo(vocabulary, vocab.strings.__getitem__)
        self._scanner = Scanner(automaton, memo, vocabulary.number_of, CONJUNCTIONS)
        self._coordination = Coordination(self._scanner)
        self._make_gate = partial(CompiledGate, automaton, self._scanner, self._coordination, memo, vocabulary.number_of)

    def __reduce__(self) -> tuple[Callable[[], CompiledMatcher], tuple[()]]:
        return partial(CompiledMatcher, self._store, self._vocab, fuzzy=self._fuzzy, overlaps=self._overlaps), ()

    def gate(self) -> CompiledGate:
        """What tells from tokens alone whether a text can hold a mention."""
        return self._make_gate()

    def match(self, view: View) -> tuple[list[Mention], list[Mention]]:
        """The mentions of a text in order, and the overlap losers."""
        scan = self._scanner.scan(view.hashes)
        if scan is None:
            return [], []
        places = self._scanner.places(scan)
        shared = self._coordination.places(scan, places)
        whole = [place for place in (*places, *shared) if self._is_whole(view, place)]
        found = [self._mention(view, place, shared=place in shared) for place in whole]
        if self._overlaps == "all":
            return sorted(set(found), key=lambda one: (one.start, -one.end)), []
        apart = [one for one in found if one.match.reason != _SHARED]
        kept, lost = longest_first(apart, rank=lambda one: -one.match.score)
        return _with_shared(kept, [one for one in found if one.match.reason == _SHARED]), lost

    def _is_whole(self, view: View, place: Place) -> bool:
        """In one sentence, and no bracket half inside."""
        _, first, last, _ = place
        if last - first == 1:
            return True
        starts = view.sentence_starts
        if bisect_right(starts, first) != bisect_right(starts, last - 1):
            return False
        words = [token.text for token in view.doc[first:last]]
        return words.count("(") == words.count(")")

    def _mention(self, view: View, place: Place, *, shared: bool) -> Mention:
        form, first, last, edits = place
        span = view.doc[first:last]
        text = span.text
        name, concepts = self._meaning(form, text)
        scope = int(self._name_scopes[name])
        term = self._names[name]
        kind, reason = _kind(term, text, edits)
        score = {"exact": 1.0, "abbreviation": 1.0, "variant": 0.98}.get(kind, 1.0 - _FUZZY_PENALTY * edits) - _SCOPE_PENALTY[scope]
        return Mention(
            start=span.start_char,
            end=span.end_char,
            text=text,
            token_start=first,
            token_end=last,
            match=Match(kind="pattern" if shared else kind, term=term, score=round(score, 3), reason=_SHARED if shared else reason),
            concept_ids=concepts,
        )

    def _meaning(self, form: int, text: str) -> tuple[int, tuple[str, ...]]:
        """The name that fits best and the concepts that it names: as written, then the nearest scope, then its normal words."""
        names: list[int] = self._form_names[self._form_starts[form] : self._form_starts[form + 1]].tolist()
        if len(names) > 1:
            folded = fold(text)
            ranks = [(fold(self._names[name]) != folded, int(self._name_scopes[name])) for name in names]
            if not any(not differs for differs, _ in ranks):
                plain = _plain(text)
                ranks = [(_plain(self._names[name]) != plain, scope) for name, (_, scope) in zip(names, ranks, strict=True)]
            best = min(ranks)
            names = [name for name, rank in zip(names, ranks, strict=True) if rank == best]
        numbers = dict.fromkeys(int(self._name_concepts[name]) for name in names)
        return names[0], tuple(self._concepts.id_at(number) for number in numbers)


_SHARED = "shared words"


def _with_shared(kept: list[Mention], shared: Sequence[Mention]) -> list[Mention]:
    """``short and | broad fingers``: what shares a word with its neighbour stands beside it; inside a longer form it does not."""
    own = list(kept)
    for one in dict.fromkeys(shared):
        inside = any(other.start <= one.start and one.end <= other.end and other.match.reason != _SHARED for other in own)
        same = any(other.concept_ids == one.concept_ids and other.start < one.end and one.start < other.end for other in kept)
        if not inside and not same:
            kept.append(one)
    return sorted(kept, key=lambda one: (one.start, -one.end))


def _plain(text: str) -> frozenset[str]:
    spelling = clinical_spelling()
    return frozenset(
        word
        for part in text.replace("-", " ").replace(",", " ").split()
        if (word := normal_word(part, spelling)) not in PASSED_OVER | {"of"}
    )


def _kind(term: str, text: str, edits: int) -> tuple[MatchKind, str]:
    if len(term) <= _LONGEST_SHORT_FORM and term.isalnum() and sum(map(str.isupper, term)) > 1:
        return "abbreviation", "" if text == term else "written otherwise"
    if edits:
        return "fuzzy", f"{edits} edit{'s' if edits > 1 else ''}"
    return ("exact", "") if text == term else ("variant", "case, spelling, order or a word made from the other")


class CompiledVocabulary(Vocabulary):
    """The vocabulary of a compiled lexicon: what the built-in one keeps in sets is asked of mapped tables here."""

    walker: Walker

    def __init__(self, store: Store, *, fuzzy: bool) -> None:
        super().__init__(spelling=clinical_spelling(), in_use=words_in_use, fuzzy=fuzzy)
        self._texts: Texts = store.texts("words")
        self._table: WordTable = store.words("word_places")
        self._word_numbers, self._flags = store.array("word_numbers").data, store.array("word_flags").data
        places = store.array("near_places").data
        self._neighbours = Neighbours(store.array("near_masks"), store.array("near_starts"), lambda place: self._texts[places[place]])

    def number_of(self, word: str) -> int:
        """The number of a word in the trie, 0 where no form holds it."""
        place = self._table.get(word)
        return self._word_numbers[place] if place >= 0 else 0

    def look_up(self, text: str) -> NormalWord | None:
        """What the token ``text`` stands for, or None where it is no word of the lexicon."""
        if text.lower() in _ALWAYS_KNOWN:
            return NormalWord((text.lower(),), alone=False)
        found = super().look_up(text)
        if found is not None and len(found.words) == 1 and not self._flags[self._table.get(found.words[0])] & ALONE:
            return replace(found, alone=False)
        return found

    def _is_passed_over(self, text: str) -> bool:
        return super()._is_passed_over(text) or text.lower() in PASSED_OVER

    def _is_other_word(self, text: str) -> bool:
        return False

    def _is_short_form(self, plain: str) -> bool:
        return plain in self._table and not plain.islower()

    def _is_word(self, word: str) -> bool:
        return word in self._table

    def _is_pair(self, first: str, second: str) -> bool:
        numbers = self.number_of(first), self.number_of(second)
        return all(numbers) and bool(self.walker.follow(0, numbers))

    def _is_target(self, word: str) -> bool:
        return word in self._table

    def _with_first_letter(self, word: str) -> Iterator[str]:
        return (letter + word for letter in _ALPHABET if letter != word[0] and letter + word in self._table)
