"""The format of the 2010 i2b2/VA challenge: folders ``txt``, ``concept`` and ``ast`` with a file a note in each.

``c="mitral regurgitation" 3:1 3:2||t="problem"`` names line (from 1) and token (from 0) of the first and the last token. The
challenge's texts are cut into tokens by single blanks, so ``txt`` holds the note cut so, line for line; ends of mentions are
ends of tokens. Disorders and findings are problems, procedures and devices treatments. The format knows no concepts, and no
mentions left open: ambiguous ones are left out. What was in the past is ``present`` in it; what was not assessed has no assertion.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from mrterms.adapters.exporters.options import ExportOptions, NoteDict, file_name
from mrterms.errors import InputError

__all__ = ["read", "write"]

_TYPES = {"disorder": "problem", "finding": "problem", "procedure": "treatment", "device": "treatment"}
_ASSERTIONS = {
    "present": "present",
    "historical": "present",
    "absent": "absent",
    "uncertain": "possible",
    "hypothetical": "hypothetical",
    "family": "associated_with_someone_else",
}
_TOKEN = re.compile(r"\w+|[^\w\s]")
_ENTRY = re.compile(r'c="(?P<text>.*)" (?P<l1>\d+):(?P<t1>\d+) (?P<l2>\d+):(?P<t2>\d+)\|\|t="(?P<type>\w+)"(?:\|\|a="(?P<status>\w+)")?')

Token = tuple[int, int]


def write(folder: Path, notes: Iterable[NoteDict], options: ExportOptions) -> None:
    """The three files of each note, which must bring its text as ``source``."""
    for name in ("txt", "concept", "ast"):
        (folder / name).mkdir()
    for note in notes:
        name = file_name(str(note["note_id"]))
        lines = _cut(note)
        entries = list(_entries(note, lines))
        texts = {
            "txt/{}.txt": [" ".join(note["source"][start:end] for start, end in line) for line in lines],
            "concept/{}.con": [concept for concept, _ in entries],
            "ast/{}.ast": [status for _, status in entries if status],
        }
        for place, told in texts.items():
            (folder / place.format(name)).write_bytes("".join(f"{line}\n" for line in told).encode())


def _cut(note: NoteDict) -> list[list[Token]]:
    """The tokens of each line; a word that a mention ends in is cut there."""
    source: str = note["source"]
    edges = sorted({edge for one in note["annotations"] for edge in (one["start"], one["end"])})
    lines: list[list[Token]] = []
    at = 0
    for line in source.splitlines(keepends=True):
        tokens: list[Token] = []
        for match in _TOKEN.finditer(line.rstrip()):
            start, end = at + match.start(), at + match.end()
            inner = edges[bisect_right(edges, start) : bisect_left(edges, end)]
            tokens += zip((start, *inner), (*inner, end), strict=True)
        lines.append(tokens)
        at += len(line)
    return lines


def _entries(note: NoteDict, lines: list[list[Token]]) -> Iterator[tuple[str, str | None]]:
    places = [(start, end, line, token) for line, tokens in enumerate(lines, 1) for token, (start, end) in enumerate(tokens)]
    starts = [place[0] for place in places]
    for one in note["annotations"]:
        kind = _TYPES.get(one["semantic_type"] or "")
        inside = places[bisect_left(starts, one["start"]) : bisect_left(starts, one["end"])]
        if kind is None or not inside:
            continue
        words = " ".join(note["source"][start:end] for start, end, _, _ in inside).lower()
        concept = f'c="{words}" {inside[0][2]}:{inside[0][3]} {inside[-1][2]}:{inside[-1][3]}||t="{kind}"'
        status = _ASSERTIONS.get(one["assertion"]["status"]) if kind == "problem" else None
        yield concept, f'{concept}||a="{status}"' if status else None


def read(folder: Path) -> Iterator[dict[str, Any]]:
    """The notes of such a folder: ``note_id``, ``text`` and ``concepts``, each with words, first and last place, type, status.

    Raises :class:`InputError` with file and line for an entry that is not of the format, or whose words are not in the text.
    """
    for path in sorted((folder / "concept").glob("*.con")):
        text = (folder / "txt" / f"{path.stem}.txt").read_text(encoding="utf-8")
        lines = [line.split() for line in text.split("\n")]
        concepts = {one["places"]: one for one in _parsed(path, lines)}
        for one in _parsed(folder / "ast" / f"{path.stem}.ast", lines):
            concepts[one["places"]]["status"] = one["status"]
        yield {"note_id": unquote(path.stem), "text": text, "concepts": list(concepts.values())}


def _parsed(path: Path, lines: list[list[str]]) -> Iterator[dict[str, Any]]:
    for number, entry in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        match = _ENTRY.fullmatch(entry)
        if match is None:
            raise InputError("not an entry of the i2b2 format", file=str(path), line=number)
        first, last = (int(match["l1"]), int(match["t1"])), (int(match["l2"]), int(match["t2"]))
        places = [(line, token) for line in range(first[0], last[0] + 1) for token in range(len(lines[line - 1]))]
        words = " ".join(lines[line - 1][token] for line, token in places if first <= (line, token) <= last).lower()
        if words != match["text"]:
            raise InputError("the words are not those at the places", file=str(path), line=number)
        yield {"text": words, "places": (first, last), "type": match["type"], "status": match["status"]}
