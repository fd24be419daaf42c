"""The library calls: a spaCy pipeline, notes in bulk, and the words of one short string.

Nothing is downloaded, and nothing is read from the network: the lexicon and the sense model ship with the package.
"""

from __future__ import annotations

import gc
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import nullcontext
from functools import lru_cache
from itertools import chain, repeat
from multiprocessing import get_all_start_methods, get_context
from pathlib import Path
from typing import Any, TypeVar

import spacy
from spacy.language import Language
from spacy.tokens import Doc

from mrterms.components.scanning import Sieve, sieve_of
from mrterms.components.shared import ANNOTATIONS, SETTING
from mrterms.errors import ConfigError
from mrterms.records import Annotation, Note

__all__ = ["NoteReader", "Workers", "annotate", "annotate_many", "candidates", "load"]

_Job = TypeVar("_Job")
_Answer = TypeVar("_Answer")

SETTINGS = ("general", "cardiology", "literature", "patient")
_ZONE_NOTES = 2_000
_MOST_WORDS = 100_000
"""Distinct words kept, some 100 MB."""
_CHUNK_CHARACTERS = 2_000_000
_IN_FLIGHT = 3
_GROWN = 8
"""Times as many notes go to a process together once all processes have work, or where they are scanned."""


def load(
    *,
    lexicons: str | Path | Sequence[str | Path] = (),
    builtin: bool = True,
    setting: str | None = None,
    other_senses: bool = False,
    threshold: float | None = None,
    fuzzy: bool = True,
    nested: bool = False,
) -> Language:
    """The pipeline as a spaCy Language, ready for ``nlp(text)`` and ``nlp.pipe(texts)``.

    ``lexicons`` are paths of the user's own terms or lexicon folders, added to the built-in lexicon unless ``builtin`` is
    false. ``setting`` (general, cardiology, literature, patient) fixes the kind of text instead of guessing it.
    ``other_senses`` keeps senses outside the subject (magnetic resonance, Michigan). ``threshold`` is the probability
    below which a short form stays ambiguous. ``fuzzy`` allows misspellings. ``nested`` keeps nested and overlapping mentions of compiled
    lexicons, where only the longest stay otherwise.

    Raises :class:`~mrterms.errors.LexiconError` for a lexicon that cannot be read and
    :class:`~mrterms.errors.ConfigError` for an unknown setting.

    >>> doc = load()("2+ MI, trace TR. No AS.")
    >>> [(span.text, span.kb_id_) for span in doc.spans["mrterms"]]
    [('MI', 'mitral_regurgitation'), ('TR', 'tricuspid_regurgitation'), ('AS', 'aortic_stenosis')]
    """
    if setting is not None and setting not in SETTINGS:
        raise ConfigError(f"unknown setting {setting!r}", fix=f"one of {', '.join(SETTINGS)}")
    if threshold is not None and not 0.0 <= threshold <= 1.0:
        raise ConfigError(f"threshold {threshold} is no probability", fix="a number from 0 to 1")
    nlp = spacy.blank("en", config={"nlp": {"tokenizer": {"@tokenizers": "mrterms.Tokenizer.v1"}}})
    lexicons = [lexicons] if isinstance(lexicons, (str, Path)) else lexicons
    shared: dict[str, Any] = {"lexicons": [str(name) for name in lexicons], "builtin": builtin}
    nlp.add_pipe("mrterms_sections")
    nlp.add_pipe("mrterms_matcher", config={**shared, "fuzzy": fuzzy, "nested": nested, "annotates": False})
    nlp.add_pipe("mrterms_sense", config={**shared, "setting": setting, "threshold": threshold, "other_senses": other_senses})
    nlp.add_pipe("mrterms_assertion", config=shared)
    nlp.add_pipe("mrterms_attributes", config=shared)
    return nlp


@lru_cache(maxsize=1)
def _default() -> Language:
    return load()


def annotate(text: str, *, note_id: str = "", nlp: Language | None = None) -> Note:
    """One note annotated. Raises TypeError where ``text`` is no string and ValueError where it is over spaCy's limit."""
    if not isinstance(text, str):
        raise TypeError(f"text must be a string, not {type(text).__name__}")
    return _note((nlp or _default())(text), note_id)


def annotate_many(
    items: Iterable[str] | Iterable[tuple[str, str]],
    *,
    n_process: int = 1,
    batch_size: int = 64,
    scan: bool = False,
    nlp: Language | None = None,
) -> Iterator[Note]:
    """Notes annotated in the order given, as they come: memory does not grow with their number.

    ``items`` are texts or pairs of note id and text; texts alone are numbered from 0. With ``n_process`` above one,
    ``nlp`` is built once in each process. ``scan`` passes notes over whose words tell that they hold no mention, and gives the
    same notes: for archives in which most notes have nothing of interest. Raises ValueError where a number is below one, or
    where a component of one's own stands before the matcher in a pipeline to scan with.
    """
    if n_process < 1 or batch_size < 1:
        raise ConfigError(f"n_process {n_process} and batch_size {batch_size} must be at least 1")
    pairs = _pairs(items)
    nlp = nlp or _default()
    reader = NoteReader(nlp, sieve_of(nlp) if scan else None)
    if n_process == 1:
        # In lists of notes, so that memory stays level.
        for chunk in _chunks(pairs, repeat(_ZONE_NOTES)):
            yield from reader.read(chunk, batch_size)
    else:
        yield from _in_processes(reader, pairs, n_process, batch_size, first=_GROWN * batch_size if scan else batch_size)


def candidates(text: str, *, nlp: Language | None = None) -> list[dict[str, Any]]:
    """The concepts that the words of a short string may name, best first: :func:`mrterms.normalize` without its codes.

    >>> [one["concept_id"] for one in candidates("mitral incompetence")]
    ['mitral_regurgitation']
    """
    found: dict[str, dict[str, Any]] = {}
    language = nlp or _default()
    for one in annotate(text, nlp=language).annotations:
        for candidate in one["sense"]["candidates"]:
            concept_id, score = candidate["concept_id"], candidate["probability"] * one["match"]["score"]
            if concept_id in found and found[concept_id]["score"] >= score:
                continue
            found[concept_id] = _candidate(language, one, concept_id, round(score, 3))
    return sorted(found.values(), key=lambda one: -one["score"])


def _candidate(nlp: Language, one: dict[str, Any], concept_id: str, score: float) -> dict[str, Any]:
    chosen = concept_id == one["concept_id"]
    concept = nlp.get_pipe("mrterms_matcher").lexicon.concepts.get(concept_id)  # type: ignore[attr-defined]
    return {
        "concept_id": concept_id,
        "preferred_name": concept.preferred_name if concept else concept_id,
        "score": score,
        "codes": one["codes"] if chosen else dict(concept.codes) if concept else {},
        "match": one["match"],
        "sense_status": one["sense"]["status"],
        "assertion": one["assertion"]["status"],
        "severity": (one["severity"] or {}).get("value"),
    }


def _pairs(items: Iterable[str] | Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    if isinstance(items, (str, bytes)):
        raise TypeError(f"items must hold texts, not be one {type(items).__name__}: annotate_many([text])")
    for number, item in enumerate(items):
        if isinstance(item, str):
            yield str(number), item
        elif isinstance(item, (tuple, list)) and len(item) == 2 and isinstance(item[1], str):
            yield item[0], item[1]
        else:
            inner = f" of {' and '.join(type(one).__name__ for one in item)}" if isinstance(item, (tuple, list)) and item else ""
            raise TypeError(
                f"item {number} must be a text or a pair of note id and text, not {type(item).__name__}{inner}; "
                "leave items without a text out, or give them an empty one"
            )


def _note(doc: Doc, note_id: str) -> Note:
    return Note(note_id=note_id, annotations=tuple(doc.user_data.get(ANNOTATIONS, ())), setting=doc.user_data.get(SETTING))


def _chunks(pairs: Iterator[tuple[str, str]], sizes: Iterable[int]) -> Iterator[list[tuple[str, str]]]:
    """Notes in lists of these sizes, cut earlier where they are long, so that memory and waiting stay level."""
    chunk: list[tuple[str, str]] = []
    characters = 0
    most = iter(sizes)
    most_notes = next(most)
    for pair in pairs:
        chunk.append(pair)
        characters += len(pair[1])
        if len(chunk) >= most_notes or characters >= _CHUNK_CHARACTERS:
            yield chunk
            chunk, characters, most_notes = [], 0, next(most)
    if chunk:
        yield chunk


class NoteReader:
    """A pipeline and, where notes are scanned, what tells which of them to read."""

    def __init__(self, nlp: Language, sieve: Sieve | None) -> None:
        self.nlp = nlp
        self._sieve = sieve

    def read(self, chunk: Sequence[tuple[str, str]], batch_size: int) -> list[Note]:
        """The notes in their order."""
        # spaCy keeps every word it has met; in a zone it forgets them, but then it also cuts each word anew.
        with self.nlp.memory_zone() if len(self.nlp.vocab) > _MOST_WORDS else nullcontext():
            chosen = self._choose([text for _, text in chunk])
            docs = self.nlp.pipe((text for (_, text), wanted in zip(chunk, chosen, strict=True) if wanted), batch_size=batch_size)
            return [
                _note(next(docs), note_id) if wanted else Note(note_id=note_id, annotations=())
                for (note_id, _), wanted in zip(chunk, chosen, strict=True)
            ]

    def _choose(self, texts: list[str]) -> list[bool]:
        if self._sieve is None:
            return [True] * len(texts)
        # A text that spaCy refuses must be refused here too.
        return [wanted or len(text) > self.nlp.max_length for text, wanted in zip(texts, self._sieve.choose(texts), strict=True)]


class Workers:
    """Processes that hold a copy of ``state`` each, made at once, before the caller's memory grows.

    What they run is a function of the state and one job. Ctrl-C is for the caller to handle, and none outlives it.
    """

    def __init__(self, state: object, n_process: int) -> None:
        context = get_context("fork") if "fork" in get_all_start_methods() else get_context()
        self._pool = ProcessPoolExecutor(n_process, mp_context=context, initializer=_start_worker, initargs=(state,))
        self._pool.submit(os.getpid)

    def submit(self, function: Callable[[Any, _Job], _Answer], job: _Job) -> Future[_Answer]:
        """Have one job done; ``function`` is one that pickle knows by its name."""
        return self._pool.submit(_work, function, job)

    def end(self) -> None:
        """End the processes; jobs not begun are left undone."""
        self._pool.shutdown(wait=True, cancel_futures=True)


_STATE: Any = None


def _start_worker(state: object) -> None:
    global _STATE  # one a process, as multiprocessing wants it
    _STATE = state
    gc.freeze()  # what came from the parent stays; looking through it for garbage would copy it page by page
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent to handle
    threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()


def _end_with_parent(parent: int) -> None:
    """A worker whose parent was killed would wait for ever."""
    while os.getppid() == parent:
        time.sleep(1.0)
    os._exit(1)


def _work(function: Callable[[Any, _Job], _Answer], job: _Job) -> _Answer:
    return function(_STATE, job)


_Told = tuple[tuple[Annotation, ...], str | None]


def _tell(reader: NoteReader, job: tuple[list[tuple[str, str]], int]) -> list[_Told]:
    chunk, batch_size = job
    return [(note.annotations, note.setting) for note in reader.read(chunk, batch_size)]


def _in_processes(reader: NoteReader, pairs: Iterator[tuple[str, str]], n_process: int, batch_size: int, *, first: int) -> Iterator[Note]:
    """Only a few chunks are on their way at a time, and annotations come back instead of Docs.

    The first chunks are small, of ``first`` notes, so that few notes, too, are shared among all.
    """
    workers = Workers(reader, n_process)
    in_flight = n_process * _IN_FLIGHT
    try:
        waiting: deque[tuple[list[str], Future[list[_Told]]]] = deque()
        for chunk in _chunks(pairs, chain(repeat(first, in_flight), repeat(_GROWN * batch_size))):
            waiting.append(([note_id for note_id, _ in chunk], workers.submit(_tell, (chunk, batch_size))))
            if len(waiting) >= in_flight:
                yield from _told(*waiting.popleft())
        while waiting:
            yield from _told(*waiting.popleft())
    finally:
        workers.end()


def _told(note_ids: list[str], done: Future[list[_Told]]) -> Iterator[Note]:
    for note_id, (found, setting) in zip(note_ids, done.result(), strict=True):
        yield Note(note_id=note_id, annotations=found, setting=setting)
