"""One page that a person can open and read: notes with their mentions marked, and why each was decided so.

A single file without anything from the network. Every text is escaped, and the page's own policy lets no other script
than its own run. Without JavaScript the reasons stand below each note; with it they also appear at the mention.
"""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from typing import Any, BinaryIO

__all__ = ["is_measured", "mark_text", "measured", "write_html"]

Annotation = dict[str, Any]

_COLOURS = 8
_SHOWN = 4
_AMBIGUOUS = "ambiguous"
_JUDGED = ("severity_from_measure", "conflict")
_OCCASIONS = ("count", "ago", "age_at_event")
_STATUS_LEGEND = (
    ("present", ""),
    ("absent", "s-absent"),
    ("uncertain, planned, not assessed", "s-uncertain"),
    ("past, or in a relative", "s-historical"),
    ("more than one meaning possible", "q-ambiguous"),
)


def write_html(handle: BinaryIO, notes: Iterable[dict[str, Any]]) -> None:
    """Write the page. ``notes`` is gone over twice; each has its text under ``source``."""
    legend = _Legend.of(notes)
    handle.write(_head(legend).encode())
    for number, note in enumerate(notes):
        handle.write("".join(_note(note, number, legend)).encode())
    handle.write(b'</main>\n<div id="tip" role="tooltip" hidden></div>\n</body>\n</html>\n')


@dataclass(frozen=True, slots=True)
class _Legend:
    """What stands on the page: concepts with their names and counts, and the colour of each group of concepts."""

    notes: int
    mentions: int
    concepts: dict[str, tuple[str, int]]
    statuses: list[str]
    groups: dict[str, tuple[str, int]]

    @classmethod
    def of(cls, notes: Iterable[dict[str, Any]]) -> _Legend:
        concepts, statuses, names, number = Counter[str](), Counter[str](), dict[str, str](), 0
        for note in notes:
            number += 1
            for annotation in note["annotations"]:
                concept = annotation["concept_id"] or _AMBIGUOUS
                concepts[concept] += 1
                names.setdefault(concept, annotation.get("preferred_name") or concept)
                statuses[_status(annotation)] += 1
        groups = Counter[str]()
        for concept, times in concepts.items():
            groups[_group(concept)] += times
        coloured = [group for group, _ in groups.most_common() if group != _AMBIGUOUS][:_COLOURS]
        colours = dict.fromkeys(groups, "g-other") | {group: f"g{place}" for place, group in enumerate(coloured)}
        return cls(
            number,
            concepts.total(),
            {concept: (names[concept], times) for concept, times in concepts.most_common()},
            [status for status, _ in statuses.most_common()],
            {group: (colours[group], times) for group, times in groups.most_common()},
        )

    def colour(self, annotation: Annotation) -> str:
        """The class of a mention's colour."""
        return self.groups[_group(annotation["concept_id"] or _AMBIGUOUS)][0]


def _group(concept_id: str) -> str:
    """Concepts share a colour by the first word of their id (``mitral_...``), those of a terminology by its prefix."""
    return concept_id.replace(":", "_").split("_")[0]


def _status(annotation: Annotation) -> str:
    return str((annotation.get("assertion") or {}).get("status") or "present")


# --- the head ------------------------------------------------------------------------------------------------------------


def _head(legend: _Legend) -> str:
    page = files("mrterms.adapters") / "page"
    style, script = ((page / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    allowed = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    concepts = "".join(_option(concept, f"{name} ({times})") for concept, (name, times) in legend.concepts.items())
    statuses = "".join(_option(status, status.replace("_", " ")) for status in legend.statuses)
    groups = "".join(f'<li><mark class="m {colour}">{escape(name)}</mark> {times}</li>' for name, (colour, times) in legend.groups.items())
    shapes = "".join(f'<li><mark class="m g-other {css}">{name}</mark></li>' for name, css in _STATUS_LEGEND)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{allowed}'">
<title>Annotated notes</title>
<style>
{style}</style>
<script>{script}</script>
</head>
<body>
<header>
<h1>Annotated notes</h1>
<p>{legend.notes:,} notes, {legend.mentions:,} mentions. <span id="shown" role="status"></span></p>
<form id="filter" hidden>
<label>Concept <select name="concept"><option value="">all</option>{concepts}</select></label>
<label>Status <select name="status"><option value="">all</option>{statuses}</select></label>
<label>Text <input name="text" type="search" placeholder="word or note id"></label>
</form>
<ul class="legend" aria-label="Colours">{groups}</ul>
<ul class="legend" aria-label="Marks">{shapes}</ul>
</header>
<main>
"""


def _option(value: str, label: str) -> str:
    return f'<option value="{escape(value)}">{escape(label)}</option>'


# --- a note --------------------------------------------------------------------------------------------------------------


def _note(note: dict[str, Any], number: int, legend: _Legend) -> Iterator[str]:
    annotations: list[Annotation] = note["annotations"]
    ids = [f"n{number}a{place}" for place in range(len(annotations))]
    facts = [f"{len(annotations)} mention{'' if len(annotations) == 1 else 's'}", *filter(None, [note.get("setting")])]
    yield f'<article class="note">\n<h2>{escape(note["note_id"])} <small>{escape(" · ".join(facts))}</small></h2>\n'
    yield '<div class="text" dir="auto">'
    tags = [_tag(annotation, ref, legend) for annotation, ref in zip(annotations, ids, strict=True)]
    yield from mark_text(note["source"], [(annotation["start"], annotation["end"]) for annotation in annotations], tags)
    yield "</div>\n"
    if annotations:
        yield "<details><summary>Reasons</summary>\n<ol>\n"
        for annotation, ref in zip(annotations, ids, strict=True):
            yield f'<li id="{ref}">{_reasons(annotation, legend)}</li>\n'
        yield "</ol></details>\n"
    yield "</article>\n"


def mark_text(text: str, spans: Sequence[tuple[int, int]], tags: Sequence[tuple[str, str]]) -> Iterator[str]:
    """The escaped text with an element around each span; ``tags`` has the opening tag of its first and of further pieces.

    Spans may nest and cross. HTML knows only nesting: a span that crosses another is closed and opened again.
    """
    waiting = sorted(range(len(spans)), key=lambda place: (spans[place][0], -spans[place][1], place), reverse=True)
    open_: list[int] = []
    at = 0
    for edge in sorted({place for span in spans for place in span}):
        yield _shown(text[at:edge])
        at = edge
        again: list[int] = []
        while any(spans[place][1] == edge for place in open_):
            closed = open_.pop()
            yield "</mark>"
            if spans[closed][1] > edge:
                again.append(closed)
        for place in reversed(again):
            yield tags[place][1]
            open_.append(place)
        while waiting and spans[waiting[-1]][0] == edge:
            open_.append(waiting.pop())
            yield tags[open_[-1]][0]
    yield _shown(text[at:])


def _shown(text: str) -> str:
    # A browser drops the character NUL or takes it for an error.
    return escape(text).replace("\0", "\ufffd")


def _tag(annotation: Annotation, ref: str, legend: _Legend) -> tuple[str, str]:
    status, concept = _status(annotation), annotation["concept_id"] or _AMBIGUOUS
    shape = {"family": "historical", "hypothetical": "uncertain", "not_assessed": "uncertain"}.get(status, status)
    classes = f"m {legend.colour(annotation)} s-{escape(shape)}" + (" q-ambiguous" if concept == _AMBIGUOUS else "")
    data = f'data-concept="{escape(concept)}" data-status="{escape(status)}" data-why="{ref}"'
    first = f'<mark class="{classes}" {data} data-label="{_label(annotation)}" tabindex="0" aria-describedby="{ref}">'
    return first, f'<mark class="{classes}" {data}>'


def _label(annotation: Annotation) -> str:
    """What stands small behind a mention: its grade and whatever is not plainly present."""
    grade, status = (annotation.get("severity") or {}).get("value"), _status(annotation)
    # Denied in a relative: the status alone would read as if it were the patient.
    family = status == "absent" and (annotation.get("assertion") or {}).get("experiencer") == "family"
    parts = (grade, "" if status == "present" else status, "in family" if family else "", "" if annotation["concept_id"] else "?")
    return _join(" ", parts)


# --- the reasons of a mention ----------------------------------------------------------------------------------------------


def _reasons(annotation: Annotation, legend: _Legend) -> str:
    concept = annotation["concept_id"]
    title = annotation.get("preferred_name") or "Ambiguous"
    rows = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in _facts(annotation) if value)
    identity = f" <code>{escape(concept)}</code>" if concept else ""
    return f'<div class="why {legend.colour(annotation)}"><b>{escape(title)}</b>{identity}<dl>{rows}</dl></div>'


def _facts(annotation: Annotation) -> Iterator[tuple[str, str]]:
    match, sense, assertion = (annotation.get(part) or {} for part in ("match", "sense", "assertion"))
    yield "Text", f"“{_shown(annotation['text'])}” <small>{annotation['start']}–{annotation['end']}</small>"
    yield "Match", _join(", ", [_match(match), match.get("reason")])
    candidates = sense.get("candidates") or ()
    yield "Sense", _join(" ", [sense.get("status"), "" if len(candidates) > 1 else _number(sense.get("probability"))])
    if len(candidates) > 1:
        more = [f"and {len(candidates) - _SHOWN} less likely"] if len(candidates) > _SHOWN else []
        yield "Candidates", "<br>".join([*map(_candidate, candidates[:_SHOWN]), *more])
    yield "Evidence", _join(", ", (f"“{cue['cue']}” {cue['weight']:+.1f}" for cue in sense.get("evidence") or ()))
    change = annotation.get("change") or assertion.get("change")
    yield "Assertion", _join(", ", [assertion.get("status"), assertion.get("experiencer"), assertion.get("temporality"), change])
    yield "Cues", _join(", ", (_cue(cue) for cue in assertion.get("cues") or ()))
    yield "Severity", _severity(annotation.get("severity") or {})
    attributes = annotation.get("attributes") or ()
    yield "Attributes", _join("; ", (_attribute(one) for one in attributes if not is_measured(one)))
    yield "Measurements", _join("; ", (measured(one) for one in attributes if is_measured(one)))
    yield "Section", _join("", [annotation.get("section")])
    codes = annotation.get("codes") or {}
    yield "Codes", "<br>".join(f"{escape(system)} <code>{escape(str(code))}</code>" for system, code in codes.items())
    yield "Code rules", escape(", ".join(annotation.get("code_rules") or ()))


def _join(mark: str, parts: Iterable[Any]) -> str:
    return escape(mark.join(str(part).replace("_", " ") for part in parts if part))


def _match(match: dict[str, Any]) -> str:
    return f"{match['kind']} of “{match.get('term')}”, score {_number(match.get('score'))}" if match.get("kind") else ""


def _candidate(candidate: dict[str, Any]) -> str:
    share = candidate["probability"]
    return f'<meter min="0" max="1" value="{share:.3f}"></meter> {escape(candidate["concept_id"])} {share:.2f}'


def _cue(cue: Any) -> str:
    return f"“{cue['text']}” ({cue.get('category', '')})" if isinstance(cue, dict) else f"“{cue}”"


def _severity(severity: dict[str, Any]) -> str:
    low, high = severity.get("low"), severity.get("high")
    spread = f"({low} to {high})" if low and high and low != high else ""
    return _join(" ", [severity.get("value"), spread, f"“{severity['text']}”" if severity.get("text") else ""])


def _attribute(attribute: dict[str, Any]) -> str:
    value = attribute.get("value")
    said = " ".join(str(part) for part in (f"{value:g}" if isinstance(value, float) else value, attribute.get("unit")) if part)
    return f"{attribute.get('kind', '')}: {said}" + (f" “{attribute['text']}”" if attribute.get("text") else "")


def is_measured(attribute: dict[str, Any]) -> bool:
    """Whether an attribute is a measurement, the grade that one would give, or their conflict with the stated grade."""
    return (isinstance(attribute.get("value"), float) and attribute["kind"] not in _OCCASIONS) or attribute["kind"] in _JUDGED


def measured(attribute: dict[str, Any]) -> str:
    """A measurement for a reader: ``eroa > 0.4 cm2``, ``severity severe by eroa``, ``conflict: stated mild, by eroa severe``."""
    kind, value, measure = attribute["kind"], attribute["value"], attribute.get("measure")
    if kind == "conflict":
        return f"conflict: stated {attribute.get('stated')}, by {measure} {attribute.get('measured')}"
    if kind == "severity_from_measure":
        return f"severity {value} by {measure}"
    low, high = attribute.get("low"), attribute.get("high")
    figure = f"{low:g} to {high:g}" if low is not None and high is not None else f"{value:g}"
    told = " ".join(str(part) for part in (kind, attribute.get("comparator"), figure, attribute.get("unit")) if part)
    remarks = [*(["unit assumed"] if attribute.get("unit_assumed") else []), *([attribute["flag"]] if attribute.get("flag") else [])]
    return told + (f" ({', '.join(remarks)})" if remarks else "")


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"
