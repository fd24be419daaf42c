"""A job: notes that were read go through the pipeline into an output, and what fails is set aside alone."""

from __future__ import annotations

import shutil
import tempfile
import traceback
from collections import deque
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from mrterms.adapters.exporters.options import ExportOptions
from mrterms.adapters.journal import Journal, KnownIds
from mrterms.adapters.readers import Source, SourceNote, Unreadable
from mrterms.adapters.targets import TARGETS, check_target
from mrterms.adapters.writers import Format, choose_format
from mrterms.errors import ConfigError
from mrterms.records import Note

__all__ = ["Annotator", "Report", "annotate_sources", "annotate_to_file", "annotate_to_stream", "export"]

Annotator = Callable[[Iterator[tuple[str, str]]], Iterable[Note]]
"""Notes for (note_id, text) pairs, in order: ``mrterms.pipeline.annotate_many`` with its options bound."""

Report = Callable[[Unreadable], None]


NoteDicts = Iterator[dict[str, Any]]
Job = Callable[..., NoteDicts]
"""``annotate_sources`` with all bound but ``done`` and ``with_source``."""


def annotate_to_file(
    job: Job,
    output: Path,
    form: Format,
    *,
    resume: bool = False,
    options: ExportOptions | None = None,
    tick: Callable[[], None] = lambda: None,
) -> int:
    """Run a job into a file that is complete or not there; the number of notes in it, those done before included.

    A job that is broken off, by an error or by force, leaves its working file for ``resume``; ``tick`` is called after
    each note. Raises :class:`~mrterms.errors.ConfigError` where the output cannot be begun or gone on with.
    """
    journal = Journal(output, form, resume=resume, options=options)
    try:
        for note in job(done=journal.done, with_source=journal.with_source):
            journal.append(note)
            tick()
    except BaseException:
        journal.close()
        raise
    journal.finish()
    return journal.count


def annotate_to_stream(
    job: Job, handle: BinaryIO, form: Format, *, options: ExportOptions | None = None, tick: Callable[[], None] = lambda: None
) -> None:
    """Run a job into an open handle, note by note; a page, which begins with its legend, comes when all are done.

    Raises :class:`~mrterms.errors.ConfigError` for a format that only a file can hold.
    """
    options, target = options or ExportOptions(), TARGETS[form]
    check_target(form, options, None)
    assert target.file is not None
    if form == "html":
        with tempfile.TemporaryDirectory(prefix="mrterms-") as folder:
            page = Path(folder) / "page.html"
            annotate_to_file(job, page, form, tick=tick)
            with open(page, "rb") as made:
                shutil.copyfileobj(made, handle)
    else:
        target.file(handle, _ticking(job(with_source=target.with_source(options)), tick), options)


def export(
    notes: Iterable[Note | dict[str, Any]],
    output: str | Path,
    *,
    form: str | None = None,
    texts: Mapping[str, str] | None = None,
    options: ExportOptions | None = None,
) -> int:
    """Write annotated notes in any format of ``mrterms annotate``; the number of notes.

    ``form`` is the format's name, else it is that of the output's suffix. brat, i2b2, spaCy and HTML need the notes' ``texts``
    by note id. The output is complete or not there. Raises :class:`~mrterms.errors.ConfigError` for an unknown format, an option
    that means nothing to it, or a text that is missing.
    """
    output = Path(output)
    chosen, options = choose_format(output, form), options or ExportOptions()
    check_target(chosen, options, output)

    def job(*, done: Container[str], with_source: bool) -> NoteDicts:
        for note in notes:
            plain = note.to_dict() if isinstance(note, Note) else note
            if with_source and "source" not in plain:
                if texts is None or plain["note_id"] not in texts:
                    raise ConfigError(f"{chosen} needs the text of each note", fix="give texts={note_id: text}")
                plain = plain | {"source": texts[plain["note_id"]]}
            yield plain

    return annotate_to_file(job, output, chosen, options=options)


def _ticking(notes: NoteDicts, tick: Callable[[], None]) -> NoteDicts:
    for note in notes:
        yield note
        tick()


def annotate_sources(
    sources: Iterable[Source],
    annotate: Annotator,
    *,
    report: Report,
    alone: Annotator | None = None,
    done: Container[str] = (),
    with_source: bool = False,
) -> NoteDicts:
    """The annotated notes as dicts, in order, each id once; ``report`` is told of each note that cannot be done.

    Notes in ``done`` are passed over. ``with_source`` adds the note's text under ``source``. A note that makes the
    pipeline fail is found by trying those under way one by one, with ``alone`` (``annotate`` without further processes)
    where it is given; only the kind of its error is reported, since its message may hold text of the note.
    """
    feed = _Feed(sources, report, done)
    while not feed.finished:
        try:
            for note in annotate(iter(feed)):
                yield _to_dict(note, feed.pop(), with_source)
        except Exception:
            if feed.error is not None:
                raise feed.error from None
            if not feed.pending:
                raise
            yield from _one_by_one(feed, alone or annotate, report, with_source)
        else:
            if feed.pending:
                raise RuntimeError("the pipeline gave back fewer notes than it took")


def _one_by_one(feed: _Feed, annotate: Annotator, report: Report, with_source: bool) -> NoteDicts:
    """Do the notes under way alone, up to the first that fails; the rest goes back to the feed."""
    while feed.pending:
        source = feed.pop()
        try:
            (note,) = annotate(iter([(source.note_id, source.text)]))
        except Exception as error:
            report(Unreadable(source.note_id, source.place, f"annotating it failed: {place_of_error(error)}"))
            break
        yield _to_dict(note, source, with_source)
    feed.again()


def place_of_error(error: Exception) -> str:
    """The kind of an error and the line of code that raised it; its message may hold text of the note."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {'/'.join(Path(last.filename).parts[-2:])}:{last.lineno}"


def _to_dict(note: Note, source: SourceNote, with_source: bool) -> dict[str, Any]:
    return note.to_dict() | {"source": source.text} if with_source else note.to_dict()


class _Feed:
    """The notes to do, remembered until the pipeline has given them back; the pipeline reads far ahead of what it gives."""

    def __init__(self, sources: Iterable[Source], report: Report, done: Container[str]) -> None:
        self.pending: deque[SourceNote] = deque()
        self.error: Exception | None = None
        self.finished = False
        self._again: deque[SourceNote] = deque()
        self._fresh = _distinct(sources, report, done)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        while (source := self._next()) is not None:
            self.pending.append(source)
            yield source.note_id, source.text
        self.finished = True

    def _next(self) -> SourceNote | None:
        if self._again:
            return self._again.popleft()
        try:
            return next(self._fresh, None)
        except Exception as error:
            # It passes through the pipeline, whose own errors are another matter.
            self.error = error
            raise

    def pop(self) -> SourceNote:
        """The note that is done next."""
        return self.pending.popleft()

    def again(self) -> None:
        """Feed the notes under way once more, before those that were not read yet."""
        self._again.extendleft(reversed(self.pending))
        self.pending.clear()
        self.finished = False


def _distinct(sources: Iterable[Source], report: Report, done: Container[str]) -> Iterator[SourceNote]:
    """The notes to do, each id once. Where two files give the same id by their names, the second takes its whole path."""
    seen = KnownIds()
    for source in sources:
        if isinstance(source, Unreadable):
            report(source)
            continue
        first = seen.add(source.note_id, source.place)
        if first is not None and source.generated:
            source = SourceNote(source.place, source.text, source.place, generated=True)
            first = seen.add(source.note_id, source.place)
        if first is not None:
            report(Unreadable(source.note_id, source.place, f"the id stands already at {first}"))
        elif source.note_id not in done:
            yield source
