"""What words and facts bring the senses of short forms: rows of weights, worked out as they are met."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain, zip_longest

import numpy as np
from numpy.typing import NDArray

from mrterms.sense.features import CODES, FACTS, FAR, SENTENCE, Context, Word, part_of
from mrterms.sense.model import Model

__all__ = ["Form", "Gains"]


@dataclass(slots=True, eq=False)
class Form:
    """A short form made ready: its senses, what they start from in each setting, and the rows of the words and facts met with it.

    ``own`` is the form in lower case; ``words`` the rows by code and word, ``facts`` by name.
    """

    own: str
    senses: tuple[str, ...]
    outside: tuple[bool, ...]
    families: tuple[frozenset[str], ...]
    starts: dict[str, list[float]]
    tree: NDArray[np.float32]
    scales: NDArray[np.float32]
    words: list[dict[Word, int]] = field(default_factory=lambda: [{} for _ in CODES])
    facts: dict[str, int] = field(default_factory=dict)

    @property
    def is_divided(self) -> bool:
        """Whether it has several senses of the subject."""
        return self.outside.count(False) > 1


class Gains:
    """A row for a word under a code (or a fact) and a form: the summed weights of its features by sense.

    Row 0 stands for words and facts that say nothing; they come along, since sorting them out costs more. numpy costs by the call:
    all mentions of a document are summed at once.
    """

    def __init__(self, model: Model, widest: int) -> None:
        self._model = model
        self._values = np.zeros((1024, widest), dtype=np.float32)
        self._used = 1
        self._leads: dict[tuple[int, int], array[float]] = {}
        self._features: list[dict[Word, list[int]]] = [{} for _ in CODES]
        """The rows that the model has for a word, by code; all forms share them."""

    def rows(self, form: Form, context: Context) -> list[int]:
        """The rows that a context brings: near words, words of the sentence, far words, facts."""
        known, facts = form.words, form.facts
        try:
            return [
                *[known[code][word] for word, code, _ in context.near],
                *map(known[2 * SENTENCE].__getitem__, context.sentence),
                *map(known[2 * FAR].__getitem__, context.far),
                *[facts[fact] for fact, _ in context.facts],
            ]
        except KeyError:
            self._learn(form, context)
            return self.rows(form, context)

    def sums(self, rows: Sequence[Sequence[int]]) -> list[list[float]]:
        """What the rows of each mention bring, by sense of its form (and zeros for forms of more senses)."""
        columns = np.fromiter(chain.from_iterable(zip_longest(*rows, fillvalue=0)), dtype=np.intp).reshape(-1, len(rows))
        sums: list[list[float]] = np.add.reduce(self._values.take(columns, axis=0), axis=0).tolist()
        return sums

    def leads(self, rows: Sequence[int], best: int, second: int) -> list[float]:
        """What each row brings one sense more than another, by their places in the form; the same pair is asked for again and again."""
        known = self._leads.setdefault((best, second), array("f"))
        if len(known) < self._used:
            new = self._values[len(known) : self._used]
            known.frombytes((new[:, best] - new[:, second]).tobytes())
        return [known[row] for row in rows]

    def _learn(self, form: Form, context: Context) -> None:
        """Give what is met for the first time its row, all in one sum."""
        model, facts = self._model, form.facts
        features: list[int] = []
        begins: list[int] = []
        parts: list[int] = []
        for word, code in context.coded():
            if word not in form.words[code]:
                found = self._features[code].get(word)
                if found is None:
                    found = self._features[code][word] = model.word_rows(word, code)
                form.words[code][word] = self._next_row(found if word.lower != form.own else (), features, begins)
                parts += [part_of(code)] * (len(begins) - len(parts))
        for fact, _ in context.facts:
            if fact not in facts:
                facts[fact] = self._next_row(model.fact_rows(fact), features, begins)
        if begins:
            parts += [FACTS] * (len(begins) - len(parts))
            end = self._used + len(begins)
            while end > len(self._values):
                self._values = np.vstack([self._values, np.zeros_like(self._values)])
            sums = np.add.reduceat(model.weights[features], begins, axis=0) @ form.tree * form.scales[parts, None]
            self._values[self._used : end, : len(form.senses)] = sums
            self._used = end

    def _next_row(self, found: Sequence[int], features: list[int], begins: list[int]) -> int:
        if not found:
            return 0
        begins.append(len(features))
        features += found
        return self._used + len(begins) - 1
