"""Mentions marked in place, so that a person can read and correct them, and their compiler to gold JSONL.

``{words|concept_id|status|severity}``; trailing fields may be left out (status ``present``, no severity), further
fields are ``key=value`` or ``optional``. Marks nest for coordination::

    {mitral and {tricuspid regurgitation|tricuspid_regurgitation||mild}|mitral_regurgitation||mild}

A backslash before ``{``, ``}``, ``|`` or ``\\`` takes the sign as it stands. Outside a mark ``|`` needs no backslash.

    python -m mrterms.evaluation.markup corpora/notes -o corpora/notes/gold.jsonl
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn, get_args

from mrterms.errors import CorpusError
from mrterms.records import GRADES, AssertionStatus

__all__ = ["SCORED_CONCEPTS", "STATUSES", "compile_notes", "parse_markup", "read_notes", "render_markup"]

SCORED_CONCEPTS: frozenset[str] = frozenset(
    {
        "mitral_regurgitation",
        "mitral_stenosis",
        "mitral_valve_prolapse",
        "aortic_regurgitation",
        "aortic_stenosis",
        "tricuspid_regurgitation",
        "tricuspid_stenosis",
        "pulmonary_regurgitation",
        "pulmonary_stenosis",
        "heart_valve_regurgitation",
        "infective_endocarditis",
        "mitral_annular_calcification",
        "myocardial_infarction",
        "mitral_valve_replacement",
        "mitral_valve_repair",
        "aortic_valve_replacement",
    }
)
"""The concepts that the annotation guideline has marked in gold; mentions of others are left unmarked."""

STATUSES: tuple[str, ...] = (*get_args(AssertionStatus), "family_absent")
"""The statuses that gold may hold; ``family_absent`` is absent with experiencer family."""

_TOKEN = re.compile(r"\\[\\{}|]|[\\{}|]|[^\\{}|]+")
_CONCEPT_ID = re.compile(r"[A-Za-z][\w.-]*(?::[\w.-]+)?")
_KEY = re.compile(r"[a-z][a-z_]*")
_CORE = ("start", "end", "text", "concept_id", "status", "severity")


@dataclass(slots=True)
class _Mark:
    """A mark that was opened: where in the plain text, in which line, and its fields so far (words excluded)."""

    start: int
    line: int
    mention: dict[str, Any]
    fields: list[str] = field(default_factory=list)


def parse_markup(marked: str, *, file: str = "<markup>") -> tuple[str, list[dict[str, Any]]]:
    """The plain text and its mentions (``start``, ``end``, ``text``, ``concept_id``, ``status``, ``severity``, extras).

    Mentions come in the order in which their marks open. Raises :class:`CorpusError` with ``file`` and the line.
    """
    plain: list[str] = []
    length, line = 0, 1
    mentions: list[dict[str, Any]] = []
    stack: list[_Mark] = []
    for token in _TOKEN.findall(marked):
        mark = stack[-1] if stack else None
        if token == "{":
            if mark and mark.fields:
                _fail("a mark opens among the fields of another", file, line, "nest marks in the words, before the first |")
            stack.append(_Mark(length, line, {}))
            mentions.append(stack[-1].mention)
        elif token == "}":
            if mark is None:
                _fail("} without {", file, line, r"write \} for a brace of the text")
            _close(stack.pop(), length, file)
        elif token == "|" and mark:
            mark.fields.append("")
        else:
            literal = token[1:] if len(token) == 2 and token[0] == "\\" else token
            if mark and mark.fields:
                mark.fields[-1] += literal
            else:
                plain.append(literal)
                length += len(literal)
            line += token.count("\n")
    if stack:
        _fail("{ is never closed", file, stack[-1].line, r"write \{ for a brace of the text")
    text = "".join(plain)
    for mention in mentions:
        mention["text"] = text[mention["start"] : mention["end"]]
    return text, mentions


def _fail(message: str, file: str, line: int, fix: str) -> NoReturn:
    raise CorpusError(message, file=file, line=line, fix=fix)


def _close(mark: _Mark, end: int, file: str) -> None:
    """Fill the mention of a mark that closes at ``end``."""
    if end == mark.start:
        _fail("a mark without words", file, mark.line, "{words|concept_id|status|severity}")
    named, extras = _split_fields(mark, file)
    concept_id, status, severity = (*named, "", "", "")[:3]
    if len(named) > 3 or not _CONCEPT_ID.fullmatch(concept_id):
        _fail("a mark needs one concept id, at most one status and one severity", file, mark.line, "{words|concept_id|status|severity}")
    _check(status or "present", STATUSES, "status", mark, file)
    _check(severity or GRADES[0], GRADES, "severity", mark, file)
    mark.mention.update(start=mark.start, end=end, text="", concept_id=concept_id, status=status or "present", severity=severity or None)
    mark.mention.update(extras)


def _split_fields(mark: _Mark, file: str) -> tuple[list[str], dict[str, Any]]:
    named: list[str] = []
    extras: dict[str, Any] = {}
    for cell in (cell.strip() for cell in mark.fields):
        key, equals, value = cell.partition("=")
        if cell == "optional":
            extras[cell] = True
        elif not equals:
            named.append(cell)
        elif _KEY.fullmatch(key) and key not in _CORE:
            extras[key] = value
        else:
            _fail("a field with a key that is not free", file, mark.line, "key=value, with a key in lower case that is no field of gold")
    _check(extras.get("status_alt", STATUSES[0]), STATUSES, "status_alt", mark, file)
    _check(extras.get("severity_alt", GRADES[0]), GRADES, "severity_alt", mark, file)
    return named, extras


def _check(value: str, legal: Sequence[str], name: str, mark: _Mark, file: str) -> None:
    if value not in legal:
        _fail(f"unknown {name}", file, mark.line, f"one of {', '.join(legal)}")


def render_markup(text: str, mentions: Iterable[Mapping[str, Any]]) -> str:
    """The inverse of :func:`parse_markup`. Raises :class:`CorpusError` where mentions cross or lie outside the text."""
    opening = sorted(mentions, key=lambda mention: (mention["start"], -mention["end"]))
    pieces: list[str] = []
    stack: list[Mapping[str, Any]] = []
    at = 0

    def copy_to(end: int) -> None:
        nonlocal at
        pieces.append(_escape(text[at:end], inside=bool(stack)))
        at = end

    def close_to(start: int) -> None:
        while stack and stack[-1]["end"] <= start:
            copy_to(stack[-1]["end"])
            pieces.append(_fields(stack.pop()))

    for mention in opening:
        close_to(mention["start"])
        if not 0 <= mention["start"] < mention["end"] <= (stack[-1]["end"] if stack else len(text)):
            raise CorpusError("a mention crosses another, is empty or lies outside the text", fix="marks can only nest")
        copy_to(mention["start"])
        pieces.append("{")
        stack.append(mention)
    close_to(len(text))
    copy_to(len(text))
    return "".join(pieces)


def _escape(text: str, *, inside: bool) -> str:
    return re.sub(r"[\\{}|]" if inside else r"[\\{}]", r"\\\g<0>", text)


def _fields(mention: Mapping[str, Any]) -> str:
    named = [mention["concept_id"], mention["status"], mention["severity"] or ""]
    if not named[2]:
        named.pop()
        if named[1] == "present":
            named.pop()
    extras = ["optional" if value is True else f"{key}={value}" for key, value in mention.items() if key not in _CORE]
    return "".join(f"|{_escape(cell, inside=True)}" for cell in (*named, *extras)) + "}"


def read_notes(folder: Path) -> Iterator[dict[str, Any]]:
    """One gold record (``note_id``, ``text``, ``mentions``) for each ``.txt`` file of ``folder``, by name."""
    for path in sorted(folder.glob("*.txt")):
        try:
            marked = path.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise CorpusError(f"not UTF-8 at byte {error.start}", file=str(path), fix="save the note as UTF-8") from None
        text, mentions = parse_markup(marked, file=str(path))
        yield {"note_id": path.stem, "text": text, "mentions": mentions}


def compile_notes(folder: Path) -> str:
    """The notes of ``folder`` as gold JSONL. Raises :class:`CorpusError` where there are none or one is malformed."""
    lines = [json.dumps(note, ensure_ascii=False) + "\n" for note in read_notes(folder)]
    if not lines:
        raise CorpusError("no .txt notes", file=str(folder), fix="give the folder that holds the marked-up notes")
    return "".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Compile a folder of marked-up notes; exit 1 where a note is malformed."""
    parser = argparse.ArgumentParser(prog="python -m mrterms.evaluation.markup", description="Compile marked-up notes to gold JSONL.")
    parser.add_argument("folder", type=Path, help="folder of .txt notes in markup")
    parser.add_argument("-o", "--output", type=Path, help="gold JSONL to write; standard output if left out")
    options = parser.parse_args(arguments)
    try:
        gold = compile_notes(options.folder)
    except CorpusError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    if options.output:
        options.output.write_text(gold, encoding="utf-8", newline="\n")
    else:
        sys.stdout.write(gold)
    return 0


if __name__ == "__main__":
    sys.exit(main())
