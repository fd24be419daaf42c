"""Cells → what each says by itself, and once more with what its column knows; in one process or in several."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from itertools import chain
from typing import Any, Final, NamedTuple, TypeVar

from spacy.language import Language

from mrterms.columns.choosing import Chooser, Outcome
from mrterms.columns.codes import CodeIndex, FoundCode, blanked
from mrterms.columns.evidence import LONE_SURROGATE, FormInTexts, SenseReader, is_open
from mrterms.columns.notations import Notations
from mrterms.components.scanning import sieve_of
from mrterms.components.shared import ANNOTATIONS, HINTS
from mrterms.errors import ConfigError
from mrterms.lexicon import Lexicon
from mrterms.pipeline import NoteReader, Workers, annotate
from mrterms.records import Annotation
from mrterms.sense import Hint
from mrterms.text import plain

__all__ = ["Asked", "CellReader", "CellsReader", "OpenCell", "Reading", "reading_cells"]

_LONGEST: Final = 100_000
"""Characters from which a cell is no cell any more; it is kept and left unread."""
_CODE_COLUMN: Final = re.compile(r"icd|code|snomed|_cd$", re.IGNORECASE)
_CONTROL: Final = re.compile("[\x00-\x08\x0e-\x1f\x7f]")
_BATCH: Final = 512
_CHUNK: Final = 1_024
"""Cells that go to a process together."""
_MOST_AHEAD: Final = 100_000
"""Cells of a column that are read before the whole table is there; their texts and readings are held beside it."""
_SHARES: Final = 4
"""Parts for each process into which what is asked again is cut."""
_SMALL_SENSES: Final = ("word_", "trace")
_PROBES: Final = {
    "disorder": ("myocardial infarction", {"family", "historical", "uncertain"}),
    "procedure": ("aortic valve replacement", {"family", "historical", "hypothetical"}),
}
"""By semantic type: a term to read below the column's name, and which status a name may set: "complications" is no risk here."""

_Item = TypeVar("_Item")
_Job = TypeVar("_Job")
_Answer = TypeVar("_Answer")


class OpenCell(NamedTuple):
    """A cell that holds a form with several senses: ``text`` as the pipeline reads it, its codes blanked."""

    text: str
    codes: tuple[FoundCode, ...]
    annotations: tuple[Annotation, ...]


class Reading(NamedTuple):
    """What a cell says by itself. ``open`` is what the column needs to say more; None where it cannot change anything."""

    outcome: Outcome
    concept_ids: tuple[str, ...]
    open: OpenCell | None


Asked = tuple[OpenCell, Mapping[str, Sequence[Hint]]]
"""A cell, and by short form what is known from outside."""


class CellReader:
    """Reads the cells of one column, each by itself."""

    def __init__(self, notes: NoteReader, lexicon: Lexicon, index: CodeIndex, notations: Notations, column: str) -> None:
        self._notes, self._index, self._notations = notes, index, notations
        self._is_code_column = _CODE_COLUMN.search(column) is not None
        self.chooser = Chooser(lexicon.concepts, index, status_of=_status_of(column, notes.nlp))

    def read(self, values: Sequence[str]) -> list[Reading]:
        """What each cell says."""
        ready = [self._ready(value) for value in values]
        texts = list(dict.fromkeys(text for text, _ in ready if text is not None))
        notes = self._notes.read([("", text) for text in texts], _BATCH)
        found = {text: note.annotations for text, note in zip(texts, notes, strict=True)}
        return [
            self._reading(value, text, codes, found[text] if text is not None else ())
            for value, (text, codes) in zip(values, ready, strict=True)
        ]

    def read_again(self, asked: Sequence[Asked]) -> list[Outcome]:
        """What each cell means with what is known from outside."""
        nlp = self._notes.nlp
        with nlp.memory_zone():
            docs = []
            for cell, hints in asked:
                doc = nlp.make_doc(cell.text)
                doc.user_data[HINTS] = hints
                docs.append(doc)
            found = [list(doc.user_data[ANNOTATIONS]) for doc in nlp.pipe(docs, batch_size=_BATCH)]
        return [self.chooser.choose(cell.text, read, cell.codes, hints) for (cell, hints), read in zip(asked, found, strict=True)]

    def _ready(self, value: str) -> tuple[str | None, tuple[FoundCode, ...]]:
        """The text that the pipeline reads, None where there is nothing to read, and the codes of the cell."""
        if len(value) > _LONGEST:
            return None, ()
        text = value if value.isprintable() else _CONTROL.sub(" ", LONE_SURROGATE.sub("\ufffd", value))
        text = plain.read(text)
        codes = tuple(self._index.find(text, is_code_column=self._is_code_column)) if any(map(str.isdigit, text)) else ()
        text = self._notations.written_out(blanked(text, codes).strip())
        return text if any(map(str.isalpha, text)) else None, codes

    def _reading(self, value: str, text: str | None, codes: tuple[FoundCode, ...], annotations: tuple[Annotation, ...]) -> Reading:
        if len(value) > _LONGEST:
            return Reading(Outcome(reason="too long for a cell, left unread", problems=(f"more than {_LONGEST} characters",)), (), None)
        outcome = self.chooser.choose(text or value, annotations, codes, {})
        concept_ids = tuple(one["concept_id"] for one in annotations if one["concept_id"])
        is_asked = text is not None and any(map(is_open, annotations))
        return Reading(outcome, concept_ids, OpenCell(text, codes, annotations) if text is not None and is_asked else None)


class _Own(NamedTuple):
    """What each process holds."""

    readers: dict[str, CellReader]
    senses: SenseReader


class CellsReader:
    """Reads the cells of some columns, in ``n_process`` processes; made by :func:`reading_cells`."""

    def __init__(self, nlp: Language, columns: Sequence[str], n_process: int) -> None:
        self.nlp = nlp
        self.lexicon: Lexicon = nlp.get_pipe("mrterms_matcher").lexicon  # type: ignore[attr-defined]
        self.index = CodeIndex(self.lexicon)
        self.senses = SenseReader(nlp, self.lexicon)
        notes = NoteReader(nlp, sieve_of(nlp) if _can_scan(nlp) else None)
        notations = Notations(forms=_short_forms(self.lexicon))
        readers = {column: CellReader(notes, self.lexicon, self.index, notations, column) for column in columns}
        self._own = _Own(readers, self.senses)
        self._ahead = {column: _Ahead() for column in columns}
        self._n_process = n_process
        self._workers = Workers(self._own, n_process) if n_process > 1 else None

    def chooser(self, column: str) -> Chooser:
        """What makes the outcomes of a column."""
        return self._own.readers[column].chooser

    def ahead(self, column: str, values: Iterable[str | None]) -> None:
        """Begin to read cells that :meth:`read` will be asked for, while the caller does something else."""
        begun = self._ahead.get(column)
        if self._workers is None or begun is None or len(begun.known) > _MOST_AHEAD:
            return
        fresh = sorted({value for value in values if value is not None} - begun.known)  # neighbours share their words
        begun.known.update(fresh)
        begun.waiting += fresh
        while len(begun.waiting) >= _CHUNK:
            chunk, begun.waiting = begun.waiting[:_CHUNK], begun.waiting[_CHUNK:]
            begun.chunks.append((chunk, self._workers.submit(_read, (column, chunk))))

    def read(self, column: str, values: Sequence[str], step: Callable[[int], None]) -> dict[str, Reading]:
        """What each of the distinct cells says; ``step`` is told of how many are done."""
        begun = self._ahead[column]
        rest = _parts(sorted([*begun.waiting, *(value for value in values if value not in begun.known)]), _CHUNK)
        answers = self._run(_read, [(column, part) for part in rest])
        found: dict[str, Reading] = {}
        for part, read in chain(((part, future.result()) for part, future in begun.chunks), zip(rest, answers, strict=True)):
            found |= zip(part, read, strict=True)
            step(len(part))
        return {value: found[value] for value in values}

    def read_again(self, column: str, asked: Sequence[Asked]) -> list[Outcome]:
        """What each cell means with what is known from outside."""
        parts = [(column, part) for part in _parts(asked, self._share(len(asked)))]
        return [outcome for found in self._run(_read_again, parts) for outcome in found]

    def shifts(self, asked: Sequence[FormInTexts]) -> list[dict[str, float]]:
        """How far texts move short forms: :meth:`SenseReader.shifts`."""
        return [shift for found in self._run(_shifts, _parts(asked, self._share(len(asked)))) for shift in found]

    def end(self) -> None:
        """End the processes."""
        if self._workers:
            self._workers.end()

    def _share(self, number: int) -> int:
        return max(1, min(_CHUNK, -(-number // (_SHARES * self._n_process))))

    def _run(self, function: Callable[[_Own, _Job], _Answer], jobs: Sequence[_Job]) -> Iterator[_Answer]:
        if self._workers is None:
            return map(partial(function, self._own), jobs)
        futures = [self._workers.submit(function, job) for job in jobs]
        return (future.result() for future in futures)


class _Ahead:
    """The cells of a column that are read ahead: those of which it has begun, in chunks, and those that wait for a full chunk."""

    def __init__(self) -> None:
        self.known: set[str] = set()
        self.waiting: list[str] = []
        self.chunks: list[tuple[list[str], Future[list[Reading]]]] = []


def _read(own: _Own, job: tuple[str, Sequence[str]]) -> list[Reading]:
    column, values = job
    return own.readers[column].read(values)


def _read_again(own: _Own, job: tuple[str, Sequence[Asked]]) -> list[Outcome]:
    column, asked = job
    return own.readers[column].read_again(asked)


def _shifts(own: _Own, asked: Sequence[FormInTexts]) -> list[dict[str, float]]:
    return own.senses.shifts(asked)


def _parts(items: Sequence[_Item], size: int) -> list[Sequence[_Item]]:
    return [items[start : start + size] for start in range(0, len(items), size)]


@contextmanager
def reading_cells(nlp: Language, columns: Sequence[str], *, n_process: int = 1) -> Iterator[CellsReader]:
    """A reader for the cells of these columns. Senses outside the subject are kept meanwhile: a column may overrule them."""
    sense: Any = nlp.get_pipe("mrterms_sense")
    before, sense.other_senses = sense.other_senses, True
    try:
        reader = CellsReader(nlp, columns, n_process)
        try:
            yield reader
        finally:
            reader.end()
    finally:
        sense.other_senses = before


def _status_of(column: str, nlp: Language) -> dict[str, str]:
    """By semantic type the status that a column's name sets for what its cells merely name."""
    status_of = {}
    words = re.sub(r"[_\W]+", " ", column).strip()
    for semantic_type, (term, allowed) in _PROBES.items() if words else ():
        read = annotate(f"{words}: {term}", nlp=nlp).annotations
        if read and (status := read[-1]["assertion"]["status"]) in allowed:
            status_of[semantic_type] = status
    return status_of


def _short_forms(lexicon: Lexicon) -> set[str]:
    """The short forms in capitals that are no word and no grade when written small ("as", "tr")."""
    words = {form for form, senses in lexicon.senses.items() if any(one.concept_id.startswith(_SMALL_SENSES) for one in senses)}
    return {term.text for term in lexicon.terms if term.case == "upper" and term.text.isalpha() and term.text.isupper()} - words


def _can_scan(nlp: Language) -> bool:
    """Whether texts without a mention may be passed over: a component of the user's may find something where ours find nothing."""
    try:
        sieve_of(nlp)
    except ConfigError:
        return False
    return all(name.startswith("mrterms_") for name in nlp.pipe_names)
