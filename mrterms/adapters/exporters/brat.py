"""brat's standoff: a folder with ``NOTE.txt`` and ``NOTE.ann`` for each note, and ``annotation.conf``.

A mention is a text-bound annotation (T) named after its concept, with its status and so on as attributes (A) and its concept id
and codes as normalisations (N). brat allows no line break in a span: one that crosses a line is written in several parts.
Offsets count characters, as brat counts them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from mrterms.adapters.exporters.options import ExportOptions, NoteDict, file_name, pieces
from mrterms.errors import InputError

__all__ = ["read", "write"]

AMBIGUOUS = "ambiguous"
_ATTRIBUTES = ("Status", "Experiencer", "Temporality", "Severity", "Sense")
_LINE = re.compile(r"T(?P<id>\d+)\t(?P<label>\S+) (?P<places>\d+ \d+(?:;\d+ \d+)*)\t(?P<text>.*)")


def write(folder: Path, notes: Iterable[NoteDict], options: ExportOptions) -> None:
    """The files of each note, which must bring its text as ``source``."""
    labels: dict[str, set[str]] = {}
    values: dict[str, set[str]] = {name: set() for name in _ATTRIBUTES}
    for note in notes:
        name = file_name(str(note["note_id"]))
        _write_text(folder / f"{name}.txt", note["source"])
        _write_text(folder / f"{name}.ann", "".join(f"{line}\n" for line in _lines(note)))
        for one in note["annotations"]:
            labels.setdefault(one["semantic_type"] or AMBIGUOUS, set()).add(_label(one))
            for attribute, value in _attributes(one).items():
                values[attribute].add(value)
    _write_text(folder / "annotation.conf", _configuration(labels, values))


def _write_text(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8", newline="") as handle:
        handle.write(text)


def _lines(note: NoteDict) -> Iterator[str]:
    attributes = names = 0
    for number, one in enumerate(note["annotations"], 1):
        parts = list(pieces(note["source"], one["start"], one["end"]))
        places = ";".join(f"{start} {end}" for start, end in parts)
        yield f"T{number}\t{_label(one)} {places}\t{' '.join(note['source'][start:end] for start, end in parts)}"
        for attribute, value in _attributes(one).items():
            attributes += 1
            yield f"A{attributes}\t{attribute} T{number} {value}"
        if one["concept_id"]:
            for reference in (f"mrterms:{one['concept_id']}", *(f"{system}:{code}" for system, code in (one.get("codes") or {}).items())):
                names += 1
                yield f"N{names}\tReference T{number} {reference}\t{one['preferred_name'] or one['concept_id']}"


def _label(one: NoteDict) -> str:
    """brat's names hold letters, digits, ``-`` and ``_``; the concept id as it is stands among the normalisations."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", one["concept_id"] or AMBIGUOUS)


def _attributes(one: NoteDict) -> dict[str, str]:
    assertion, severity = one["assertion"], one.get("severity") or {}
    values = (assertion["status"], assertion["experiencer"], assertion["temporality"], severity.get("value"), one["sense"]["status"])
    return {name: value for name, value in zip(_ATTRIBUTES, values, strict=True) if value}


def _configuration(labels: dict[str, set[str]], values: dict[str, set[str]]) -> str:
    lines = ["# Written by mrterms for the annotations of this folder.", "[entities]", ""]
    for kind, names in sorted(labels.items()):
        # A leading "!" makes a heading of it, which itself annotates nothing.
        lines += [*([f"!{kind}"] if kind != AMBIGUOUS else []), *((f"\t{name}" if kind != AMBIGUOUS else name) for name in sorted(names))]
    # Of "mitral and tricuspid regurgitation" the two mentions overlap; brat forbids that unless told otherwise.
    lines += ["", "[relations]", "", "<OVERLAP>\tArg1:<ENTITY>, Arg2:<ENTITY>, <OVL-TYPE>:<ANY>"]
    lines += ["", "[events]", "", "[attributes]", ""]
    lines += [f"{name}\tArg:<ENTITY>, Value:{'|'.join(sorted(found))}" for name, found in values.items() if found]
    return "\n".join(lines) + "\n"


def read(folder: Path) -> Iterator[NoteDict]:
    """The notes of such a folder, for example corrected in brat: ``note_id``, ``source`` and ``annotations``.

    An annotation has ``start``, ``end``, ``text``, ``concept_id``, ``assertion``, ``severity`` and ``codes``, as far as the
    file tells. Raises :class:`InputError` with file and line for a text-bound line that is not as brat writes it.
    """
    for path in sorted(folder.glob("*.ann")):
        source = path.with_suffix(".txt").read_bytes().decode("utf-8")
        found: dict[str, dict[str, Any]] = {}
        for number, line in enumerate(path.read_bytes().decode("utf-8").split("\n"), 1):
            if line.startswith("T"):
                name, one = _bound(line, source, str(path), number)
                found[name] = one
            elif line[:1] in "AMN" and line:
                _add(line, found)
        yield {"note_id": unquote(path.stem), "source": source, "annotations": list(found.values())}


def _bound(line: str, source: str, file: str, number: int) -> tuple[str, dict[str, Any]]:
    match = _LINE.fullmatch(line)
    if match is None:
        raise InputError("not a text-bound annotation of brat", file=file, line=number)
    places = [tuple(map(int, place.split())) for place in match["places"].split(";")]
    start, end = places[0][0], places[-1][1]
    if " ".join(source[first:last] for first, last in places) != match["text"]:
        raise InputError("the words are not those at the offsets", file=file, line=number, fix="is the .txt the one that was annotated?")
    concept_id = None if match["label"] == AMBIGUOUS else match["label"]
    one = {"start": start, "end": end, "text": source[start:end], "concept_id": concept_id}
    return f"T{match['id']}", one | {"assertion": {}, "severity": None, "codes": {}}


def _add(line: str, found: dict[str, dict[str, Any]]) -> None:
    """An attribute or a normalisation for its annotation; those of others are passed over."""
    parts = line.split("\t")[1].split(" ")
    one = found.get(parts[1]) if len(parts) == 3 else None
    if one is None:
        return
    kind, _, value = parts
    if kind == "Severity":
        one["severity"] = {"value": value}
    elif kind in ("Status", "Experiencer", "Temporality"):
        one["assertion"][kind.lower()] = value
    elif kind == "Reference":
        system, _, code = value.partition(":")
        if system == "mrterms":
            one["concept_id"] = code
        else:
            one["codes"][system] = code
