"""A terminology's names → a compiled lexicon: words, their variants, forms in every regular order, the trie.

Names go to disk as they come; in memory stay the distinct words and some twenty bytes a name.
"""

from __future__ import annotations

import json
import re
from array import array
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mrterms.errors import LexiconError
from mrterms.lexicon.resources import lexicon_folder
from mrterms.lexicon.store import ALONE, StoreWriter
from mrterms.lexicon.tables import read_table
from mrterms.matching.automaton import Automaton
from mrterms.matching.morphology import english_morphology
from mrterms.matching.neighbours import Neighbours, sort_for_neighbours
from mrterms.matching.words import (
    CONJUNCTIONS,
    GLUE,
    PASSED_OVER,
    SHORTEST_FUZZY,
    SKIPPED,
    clinical_spelling,
    general_word_table,
    plain_short_form,
)
from mrterms.records import Concept
from mrterms.terminologies.sources import SCOPES, Item, Name
from mrterms.text.normal_form import normal_word, surfaces
from mrterms.text.words_in_use import words_in_use, words_in_use_version

__all__ = ["BuildReport", "compile_lexicon"]

_MOST_WORDS = 16
_MOST_INVERTED = 4
_SHORTEST_HEAD = 4
# Nouns that only say that there is one of the rest: "episodes of apnea" is read as "apnea".
_EMPTY_HEADS = frozenset("episode type case attack form onset appearance event history".split())
_ABBREVIATION = re.compile(r"(?=.*[A-Z].*[A-Z])[A-Z][A-Za-z0-9]{1,5}")
_NUMBERED = re.compile(r"[A-Za-z][0-9]")
_NOT_SPECIFIED = re.compile(r",? (?:NOS|nos|unspecified)$")
# Adjectives and participles that share a stem with such a noun, or are one word with it: absent, hypoplastic, enlarged, short.
_DESCRIBED = re.compile(
    r"(?:plastic|trophic|otic|etic|absent|abnormal|ified|cted|[^e]ed|^(?:short|long|broad|wide|thick|narrow|flat|dry))$"
)
# Nouns that say what is wrong, and so may stand before "of": hypoplasia of the thumb.
_FINDING = re.compile(
    r"(?:ia|is|ity|ness|ion|ment|ma|ing|ure|[ae]ncy|[ae]nce|aly|phy|thy|ism|asm|sy|delay|defect|disease|loss|cysts?|tumou?r|tremor|cancer"
    r"|ulcer|pain|mass|fracture)$"
)
# Those of them that share a stem with an adjective which describes what they befell: dilatation of the aorta, dilated aorta.
_STATE = re.compile(r"(?:ation|ication|usion|ening|ement|plasia|trophy|stenosis|ectasia|brosis|rrowing|bowing|delay|impairment|location)$")


@dataclass(slots=True)
class BuildReport:
    """What went in, and what was left out and why."""

    concepts: int = 0
    names: int = 0
    forms: int = 0
    words: int = 0
    left_out: Counter[str] = field(default_factory=Counter)


def compile_lexicon(
    items: Iterable[Item],
    folder: Path,
    *,
    tokenize: Callable[[str], list[str]],
    name: str,
    source: str,
    general_words: bool = False,
    overwrite: bool = False,
) -> BuildReport:
    """Write the compiled lexicon of a source's concepts and names to ``folder``.

    ``general_words`` keeps names such as "Severe" and "S3". Raises :class:`~mrterms.errors.LexiconError` where the source is malformed,
    holds no name, or the folder exists (unless ``overwrite`` and it is a compiled lexicon).
    """
    with StoreWriter(folder, overwrite=overwrite) as store:
        compiler = _Compiler(store, tokenize, {} if general_words else general_word_table())
        for item in items:
            compiler.add(item)
        return compiler.finish(name=name, source=source)


def _more_names() -> Mapping[str, tuple[str, ...]]:
    """Concept → names in use that its terminology lacks."""
    rows = read_table(lexicon_folder("clinical") / "more_names.tsv", ("concept_id", "names"), ("preferred_name", "source"))
    return {row["concept_id"]: row.list("names") for row in rows}


class _Compiler:
    def __init__(self, store: StoreWriter, tokenize: Callable[[str], list[str]], general: Mapping[str, bool]) -> None:
        self._store, self._tokenize, self._general = store, tokenize, general
        self._spelling = clinical_spelling()
        self._more_names = _more_names()
        self._report = BuildReport()
        self._concepts, self._names = store.texts("concepts"), store.texts("names")
        self._numbers: dict[str, int] = {}
        self._words: dict[str, int] = {}
        self._chunks: dict[str, tuple[str, ...]] = {}
        self._concept_of, self._scope_of = array("i"), array("B")
        self._sequence, self._lengths, self._name_of = array("i"), array("i"), array("i")
        self._lone: set[str] = set()
        self._last: tuple[int, set[str]] = (-1, set())

    def add(self, item: Item) -> None:
        """Take in the next concept or name."""
        if isinstance(item, Concept):
            self._numbers[item.concept_id] = self._concepts.add(_concept_as_json(item))
            self._report.concepts += 1
            for text in self._more_names.get(item.concept_id, ()):
                self._add_name(self._numbers[item.concept_id], Name(concept_id=item.concept_id, text=text, scope="related"))
        elif (number := self._numbers.get(item.concept_id)) is not None:
            self._add_name(number, item)

    def _add_name(self, concept: int, name: Name) -> None:
        text = _NOT_SPECIFIED.sub("", name.text.strip())
        if self._last[0] != concept:
            self._last = concept, set()
        if text.lower() in self._last[1]:
            return
        self._last[1].add(text.lower())
        words = self._words_of(text, short=name.short)
        if reason := self._unfit(words):
            self._report.left_out[reason] += 1
            return
        if len(words) == 1:
            self._lone.add(words[0])
        number = self._names.add(text)
        self._concept_of.append(concept)
        self._scope_of.append(SCOPES.index(name.scope))
        for sequence in (words, *_orders(words)):
            self._sequence.extend(self._words.setdefault(word, len(self._words)) for word in sequence)
            self._lengths.append(len(sequence))
            self._name_of.append(number)

    def _words_of(self, text: str, *, short: bool) -> tuple[str, ...]:
        tokens = [token for chunk in text.split() for token in self._tokens(chunk)]
        if len(tokens) == 1 and (short or _ABBREVIATION.fullmatch(tokens[0])) and not tokens[0].islower():
            return (plain_short_form(tokens[0]),)
        return tuple(word for token in tokens if (word := normal_word(token, self._spelling)) and word not in PASSED_OVER)

    def _tokens(self, chunk: str) -> tuple[str, ...]:
        found = self._chunks.get(chunk)
        if found is None:
            if len(self._chunks) >= 200_000:
                self._chunks.clear()
            found = self._chunks[chunk] = tuple(token for token in self._tokenize(chunk) if token.strip() and token not in SKIPPED)
        return found

    def _unfit(self, words: tuple[str, ...]) -> str:
        """Why a name is not looked for, or nothing."""
        if all(word in GLUE or not any(map(str.isalpha, word)) for word in words):
            return "no words"
        if len(words) > _MOST_WORDS:
            return f"more than {_MOST_WORDS} words"
        if "+".join(words) in self._general or all(self._general.get(word, word in GLUE) for word in words):
            return "general words"
        if self._general and len(words) == 1 and _NUMBERED.fullmatch(words[0]):
            return "a letter and a digit"
        if len(words) == 1 and len(words[0]) < 3 and words[0].islower():
            return "too short"
        return ""

    def finish(self, *, name: str, source: str) -> BuildReport:
        """Write all arrays and the manifest. Raises LexiconError where there is no name."""
        if not self._name_of:
            raise LexiconError("no names to look for", file=source, fix="loosen the filters")
        words = list(self._words)
        morphology = english_morphology()
        stems = [morphology.stem(word) for word in words]
        numbers: dict[str, int] = {}
        classes = np.array([numbers.setdefault(stem, len(numbers) + 1) for stem, _ in stems], dtype=np.int32)
        # "VUR" is a name, and inside "grade III VUR" it is a word like any other.
        for word, place in self._words.items():
            if not word.islower() and (plain := self._words.get(normal_word(word, self._spelling))) is not None:
                classes[place] = classes[plain]
        # "microcephalic" may stand alone for "microcephaly": both endings may, and the latter is a name.
        lone = {stem for word, (stem, alone) in zip(words, stems, strict=True) if alone and word in self._lone}
        flags = [word in self._lone or (alone and stem in lone) for word, (stem, alone) in zip(words, stems, strict=True)]
        lone_numbers = {numbers[stem] for stem in lone}
        # Of words made from one another the one that is a name stands for all.
        places = sorted(range(len(words)), key=lambda place: words[place] not in self._lone)
        self._store.words("stems", [stems[place][0] for place in places], np.array(places, dtype=np.int32))
        made = morphology.relatives(self._words.keys(), numbers)
        relatives = [(other, number, alone and number in lone_numbers) for other, number, alone in made]
        sequence = classes[np.frombuffer(self._sequence, dtype=np.int32)]
        starts = np.zeros(len(self._lengths) + 1, dtype=np.int64)
        np.cumsum(np.frombuffer(self._lengths, dtype=np.int32), out=starts[1:])
        automaton, form_of = Automaton.build_forms(sequence, starts, int(classes.max()) + 1)
        for part in ("first", "keys", "nodes", "forms", "pairs"):
            self._store.array(f"trie.{part}", getattr(automaton, part))
        self._write_forms(form_of)
        self._write_words(words, classes, flags, relatives)
        self._store.words("concept_ids", self._numbers, np.arange(len(self._numbers), dtype=np.int32))
        report = self._report
        report.names, report.words = self._names.count, len(words) + len(relatives)
        report.forms = int(form_of.max()) + 1
        counts = {"concepts": report.concepts, "names": report.names, "forms": report.forms, "words": report.words}
        self._store.finish(
            name=name,
            source=source,
            counts=counts,
            words_in_use=words_in_use_version(),
            left_out=dict(report.left_out),
            general_words=not self._general,
        )
        return report

    def _place_of_kin(self, word: str, place_of: Mapping[str, int]) -> int:
        """The place of the word for which one in use stands, or -1 where more than its normal form must be looked at."""
        if len(word) < SHORTEST_FUZZY or word in PASSED_OVER or word in CONJUNCTIONS or not word.isalpha():
            return -1
        return place_of.get(normal_word(word, self._spelling), -1)

    def _kin(self, words: Collection[str]) -> set[str]:
        """The words in use, and the short ones, that stand for a word of the lexicon."""
        found = {word for word in words_in_use() if normal_word(word, self._spelling) in words}
        found.update(one for word in (*words, *self._spelling) for one in surfaces(word) if len(one) < SHORTEST_FUZZY)
        return found | PASSED_OVER | CONJUNCTIONS

    def _write_forms(self, form_of: NDArray[np.int64]) -> None:
        """The names of each form, those of the nearest scope first."""
        names = np.frombuffer(self._name_of, dtype=np.int32)
        scopes = np.frombuffer(self._scope_of, dtype=np.uint8)
        order = np.lexsort((names, scopes[names], form_of))
        self._store.array("form_names", names[order])
        count = int(form_of.max()) + 1
        self._store.array("form_starts", np.searchsorted(form_of[order], np.arange(count + 1)).astype(np.int32))
        self._store.array("name_concepts", np.frombuffer(self._concept_of, dtype=np.int32))
        self._store.array("name_scopes", scopes)

    def _write_words(self, words: list[str], classes: NDArray[np.int32], flags: list[bool], relatives: list[tuple[str, int, bool]]) -> None:
        """All words that a token may be: those of the names, and ``relatives`` (word, number, whether it may stand alone)."""
        texts = self._store.texts("words")
        every = [*words, *(other for other, _, _ in relatives)]
        for word in every:
            texts.add(word)
        self._store.words("word_places", every, np.arange(len(every), dtype=np.int32))
        place_of = {word: place for place, word in enumerate(every)}  # no relative is a word
        kin = sorted(self._kin(place_of.keys()))
        self._store.words("kin", kin, np.array([1 + self._place_of_kin(word, place_of) for word in kin], dtype=np.int32))
        self._store.array("word_numbers", np.concatenate([classes, np.array([number for _, number, _ in relatives], dtype=np.int32)]))
        every_flag = [*flags, *(alone for _, _, alone in relatives)]
        self._store.array("word_flags", np.array(every_flag, dtype=np.uint8) * ALONE)
        order = sort_for_neighbours([word if len(word) >= SHORTEST_FUZZY else "" for word in words])
        masks, starts = Neighbours.arrays([words[place] for place in order])
        self._store.array("near_masks", masks)
        self._store.array("near_starts", starts)
        self._store.array("near_places", np.array(order, dtype=np.int32))


def _concept_as_json(concept: Concept) -> str:
    plain: dict[str, Any] = {"id": concept.concept_id, "name": concept.preferred_name, "type": concept.semantic_type}
    if concept.parents:
        plain["parents"] = concept.parents
    if concept.codes:
        plain["codes"] = dict(concept.codes)
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":"))


def _orders(words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Other orders: ``thumb hypoplasia`` and ``hypoplastic thumb`` for ``hypoplasia of thumb`` (words made from one another are
    one word here), ``sensorineural hearing loss`` for ``hearing loss, sensorineural``, ``delayed ossification of the femoral head`` for
    ``delayed femoral head ossification``."""
    if len(words) > 1 and _DESCRIBED.search(words[0]) and len(words) <= _MOST_INVERTED and GLUE.isdisjoint(words):
        yield (words[0], "of", *words[1:])
        yield (*words[1:], words[0])
    if words.count("of") == 1 and 0 < (place := words.index("of")) < len(words) - 1:
        head, rest = words[:place], words[place + 1 :]
        if GLUE.isdisjoint(head + rest):
            yield (*rest, *head)
            if len(head) == 1 and _FINDING.search(head[0]):
                yield (*head, *rest)
    elif words.count(",") == 1 and 0 < (place := words.index(",")) < len(words) - 1:
        if GLUE.isdisjoint(words[:place] + words[place + 1 :]):
            yield (*words[place + 1 :], *words[:place])
    elif _can_stand_before_of(words):
        yield (words[-1], "of", *words[:-1])
        if _STATE.search(words[-1]):
            yield (words[-1], *words[:-1])
        if len(words) > 2 and _FINDING.search(words[-1]):
            yield (words[0], words[-1], "of", *words[1:-1])


def _can_stand_before_of(words: tuple[str, ...]) -> bool:
    """Whether the last of some words may stand before "of" and the others: ``thumb hypoplasia``, ``colon diverticula``."""
    head = words[-1]
    return 2 <= len(words) <= _MOST_INVERTED and len(head) >= _SHORTEST_HEAD and head not in _EMPTY_HEADS and GLUE.isdisjoint(words)
