"""Gold and predictions as records, from the files of interface.md or a folder of notes in markup."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mrterms.errors import CorpusError
from mrterms.evaluation.markup import STATUSES, read_notes
from mrterms.records import GRADES

__all__ = ["GoldMention", "GoldNote", "Prediction", "prediction_of", "read_gold", "read_predictions"]

_STATUS = {"not_assessed": "uncertain"}
_GRADE = {"massive": "severe", "torrential": "severe"}
"""Answers that the annotation guideline does not know, and what it calls them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldMention:
    """A mention of gold; ``statuses`` and ``severities`` are the answers that count as right, the main one first."""

    start: int
    end: int
    concept_id: str
    statuses: tuple[str, ...] = ("present",)
    severities: tuple[str | None, ...] = (None,)
    optional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldNote:
    """A note with all its mentions."""

    note_id: str
    text: str
    mentions: tuple[GoldMention, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """A predicted mention in the guideline's words; without ``concept_id`` it abstains between ``candidates``."""

    start: int
    end: int
    concept_id: str | None
    status: str = "present"
    severity: str | None = None
    candidates: tuple[str, ...] = ()


def prediction_of(annotation: Mapping[str, Any]) -> Prediction:
    """An annotation of mrterms, or a mention as gold writes it, as prediction.

    ``not_assessed`` becomes ``uncertain``, absent in a relative ``family_absent``, massive and torrential ``severe``.
    """
    assertion = annotation.get("assertion") or {"status": annotation.get("status", "present")}
    status = assertion["status"]
    if status == "absent" and assertion.get("experiencer") == "family":
        status = "family_absent"
    severity = annotation.get("severity")
    if isinstance(severity, Mapping):
        severity = severity.get("value")
    candidates = (annotation.get("sense") or {}).get("candidates") or ()
    return Prediction(
        start=annotation["start"],
        end=annotation["end"],
        concept_id=annotation["concept_id"],
        status=_STATUS.get(status, status),
        severity=_GRADE.get(severity, severity) if severity else None,
        candidates=tuple(candidate["concept_id"] for candidate in candidates),
    )


def read_gold(path: Path) -> list[GoldNote]:
    """The notes of a gold JSONL file (also ``.gz``) or of a folder of ``.txt`` notes in markup.

    Raises :class:`CorpusError` with file and line where there are none, one is malformed or an id stands twice.
    """
    places = ((str(path), None, record) for record in read_notes(path)) if path.is_dir() else _read_lines(path)
    notes: dict[str, GoldNote] = {}
    for file, line, record in places:
        note = _gold_note(record, file, line)
        if note.note_id in notes:
            raise CorpusError(f"note_id {note.note_id!r} stands twice", file=file, line=line, fix="give each note its own id")
        notes[note.note_id] = note
    if not notes:
        raise CorpusError("no notes", file=str(path), fix="JSON lines with note_id, text and mentions, or a folder of .txt notes in markup")
    return list(notes.values())


def read_predictions(path: Path) -> dict[str, tuple[Prediction, ...]]:
    """Predictions by note id: the JSONL of ``mrterms annotate``, or lines with ``mentions`` as in gold."""
    found: dict[str, tuple[Prediction, ...]] = {}
    for file, line, record in _read_lines(path):
        try:
            annotations = record["annotations"] if "annotations" in record else record["mentions"]
            found[str(record["note_id"])] = tuple(prediction_of(annotation) for annotation in annotations)
        except (KeyError, TypeError) as error:
            raise CorpusError(
                f"no prediction: {type(error).__name__} {error}",
                file=file,
                line=line,
                fix="write the file with mrterms annotate --format jsonl",
            ) from None
    return found


def _read_lines(path: Path) -> Iterator[tuple[str, int, dict[str, Any]]]:
    opener = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rt", encoding="utf-8-sig") as lines:
            for number, line in enumerate(lines, 1):
                if not line.strip():
                    continue
                try:
                    record = json.loads(line)
                except json.JSONDecodeError as error:
                    raise CorpusError(f"no JSON at column {error.colno}", file=str(path), line=number) from None
                if not isinstance(record, dict):
                    raise CorpusError("a line is no JSON object", file=str(path), line=number)
                yield str(path), number, record
    except FileNotFoundError:
        raise CorpusError("the file is missing", file=str(path)) from None
    except UnicodeDecodeError as error:
        raise CorpusError(f"not UTF-8 at byte {error.start}", file=str(path), fix="save the file as UTF-8") from None


def _gold_note(record: Mapping[str, Any], file: str, line: int | None) -> GoldNote:
    if missing := [name for name in ("note_id", "text", "mentions") if name not in record]:
        raise CorpusError(f"missing field {', '.join(missing)}", file=file, line=line)
    text = record["text"]
    mentions = tuple(_gold_mention(mention, text, file, line) for mention in record["mentions"])
    return GoldNote(note_id=str(record["note_id"]), text=text, mentions=mentions)


def _gold_mention(mention: Mapping[str, Any], text: str, file: str, line: int | None) -> GoldMention:
    def fail(message: str, fix: str | None = None) -> CorpusError:
        return CorpusError(f"{message} at {mention.get('start')}-{mention.get('end')}", file=file, line=line, fix=fix)

    if missing := [name for name in ("start", "end", "concept_id", "status") if name not in mention]:
        raise fail(f"mention without {', '.join(missing)}")
    start, end = mention["start"], mention["end"]
    if not 0 <= start < end <= len(text) or text[start:end] != mention.get("text", text[start:end]):
        raise fail("text[start:end] is not the mention's text", "offsets are Python characters, half-open")
    statuses = tuple(mention[name] for name in ("status", "status_alt") if name in mention)
    severities = (mention.get("severity"), *([mention["severity_alt"]] if "severity_alt" in mention else []))
    if unknown := [status for status in statuses if status not in STATUSES]:
        raise fail(f"unknown status {unknown[0]!r}", f"one of {', '.join(STATUSES)}")
    if unknown := [grade for grade in severities if grade is not None and grade not in GRADES]:
        raise fail(f"unknown severity {unknown[0]!r}", f"one of {', '.join(GRADES)}, or null")
    return GoldMention(
        start=start,
        end=end,
        concept_id=mention["concept_id"],
        statuses=tuple(_STATUS.get(status, status) for status in statuses),
        severities=tuple(_GRADE.get(grade, grade) if grade else None for grade in severities),
        optional=bool(mention.get("optional", False)),
    )
