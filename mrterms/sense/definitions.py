"""Short forms that the document itself defines: "mitral insufficiency (MI)", "MI (mitral insufficiency)", "MI = ...".

The search stands on the mentions of a short form: only where one touches a bracket, ``=``, ``:``, a dash or ", or"
are the words beside it read.  Long forms are known from the lexicon; an unknown one ("myeloid index (MI)") counts where
its words begin with the letters of the short form (after Schwartz and Hearst, PSB 2003, in its strict form), because
then the author's sense is at least none of ours.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mrterms.records import Mention

__all__ = ["OTHER_SENSE", "Definition", "find_definitions", "normal_words", "other_form", "part_named"]

OTHER_SENSE = "other_sense"
"""The concept id of a sense that the lexicon does not know."""

_REACH = 90
"""Characters read beside a short form; the longest curated long form has about 60."""
_WORD = re.compile(r"[A-Za-z][A-Za-z'’-]*")
_PART = re.compile(r"[A-Za-z][A-Za-z'’]*")
"""Of a hyphened word each part gives a letter: "myo-inositol (MI)"."""
_SIGNS_BEFORE = ("(", "[", ",", "=", "-", "–", "—", "or", "abbreviated", "as", "hereafter", "termed")
"""What the text before a defined short form ends with, blanks and quotes aside."""
_LONGEST_SIGN = 24
_OPEN_BEFORE = re.compile(r"[(\[]\s*[\"'“‘]?$")
_OR_BEFORE = re.compile(r",?\s+(?:or|abbreviated(?: as)?|hereafter|termed)\s+[\"'“‘]?$|,\s*$|\s*=\s*$|\s+[-–—]\s+$")
_AFTER_BRACKET = re.compile(r"[\"'”’]?(?:s)?\s*[(\[]\s*(?:i\.?e\.?,?\s+|=\s*)?([^()\[\]\n]{3,80}?)\s*[;,)\]]")
_AFTER_SIGN = re.compile(
    r"[\"'”’]?\s*(?:=|:|[-–—]|,\s+or\b|\bstands for\b|\bis short for\b|\bdenotes\b|,\s*i\.e\.,?)"
    r"\s*([A-Za-z][^()\[\]\n;:.=]{2,79})"
)
_NAMING = re.compile(
    r"\b(?:call(?:s|ed)?(?: (?:it|this|that|these|them))?|known as|named|termed|labell?ed)\s+(?:an? )?[\"'“‘]?$", re.IGNORECASE
)
_AFTER_COMMA = re.compile(r"[\"'”’]?\s*,\s*([A-Za-z][^()\[\]\n;:.=]{2,79})")
"""Only behind a word that names: "doctors call this MI, mitral insufficiency"; else a comma goes on with another thing."""
_AFTER_LETTERS = "sid"
"""Letters with which the words of these patterns begin ("MIs (...)", "is short for", "denotes"); any other ends the look."""
_ENTRY = re.compile(r"[ \t]+([A-Za-z][a-z]+(?:[ -][A-Za-z]+){1,7})[ \t]*(?=[\n;,.]|\Z)")
_ENTRY_STARTS = frozenset({"", "\n", ";", ","})
_INDENT = 8
_NAMING_REACH = 30
_GLOSSED = re.compile(r"(?<![^\s(\[;,])([A-Za-z]{2,6})\s*[:=(\[]\s*(?:(?i:acute|chronic) )?$")
"""A word such as "none" or "mild" between them would make it a line of findings: "MR: none MI: old"."""
_GLOSSES = (":", "=", "(", "[", "acute", "chronic", "Acute", "Chronic", "ACUTE", "CHRONIC")
"""What then ends the text before the second: asked first, since a search tries every place."""
_LONGEST_KIND = 10
_GLOSSING = re.compile(r"\s?[(\[]([A-Z][A-Za-z]{1,5})[)\]]")
_GLOSS_REACH = 40
_PART_BEHIND = re.compile(
    r"(?:\s+of(?: the)? [a-z]+)?\s?[(\[](?P<bracket>[A-Za-z]+(?: [A-Za-z]+)?)[)\]]"
    r"|\s-\s(?P<dash>[A-Za-z]+(?: [A-Za-z]+)?)(?=\s*(?:[,;.\n]|\Z))"
    r"|\s(?P<bare>[A-Za-z]+)(?=\s+(?:trace|trivial|minimal|mild|mod|moderate|severe|grade|[0-4]\+)|\s*(?:[,;.\n]|\Z))"
)
"""What it is of may stand before the bracket: "MI of the bowel (mesenteric ischemia)". A bare word names the part where a grade or
nothing follows it: "MI mitral 2+", not "MI mitral stenosis"."""
_NOT_LONG_FORMS = frozenset(
    "mild moderate marked massive minimal minor major severe trace trivial significant no new none not is in of and are as at with "
    "was were insufficiency regurgitation incompetence stenosis absent again also although present probable possible question patient "
    "prior post".split()
)


@dataclass(frozen=True, slots=True)
class Definition:
    """The document says what ``short_form`` means: ``concept_id``, with the long form and its place."""

    short_form: str
    concept_id: str
    text: str
    start: int
    end: int


def normal_words(text: str) -> tuple[str, ...]:
    """The words of a long form in lower case, hyphens as spaces, a plural ``s`` taken off the last."""
    words = re.sub(r"[^a-z' ]+", " ", text.lower().replace("-", " ")).split()
    if words and words[-1].endswith("ies"):
        words[-1] = f"{words[-1][:-3]}y"
    elif words and len(words[-1]) > 4 and words[-1].endswith("s") and not words[-1].endswith(("ss", "sis", "us", "is")):
        words[-1] = words[-1][:-1]
    return tuple(words)


def find_definitions(
    text: str, mentions: Sequence[Mention], long_forms: Mapping[str, Mapping[tuple[str, ...], str]], *, known: Mapping[int, Mention]
) -> dict[str, list[Definition]]:
    """The definitions of the short forms among ``mentions``, by short form, without repeats of one sense.

    ``long_forms``: by short form, the normal words of each long form and its concept. ``known``: mentions with one
    concept by the offset of their end and, negative, of their start, so that any spelling the matcher knows counts.
    """
    found: dict[str, list[Definition]] = {}
    for mention in mentions:
        if mention.short_form is None:
            continue
        table = long_forms.get(mention.short_form, {})
        # In a glossary ("AR: aortic regurgitation, AVR: aortic valve replacement") what stands before belongs to another.
        first, then = (_after, _before) if _sign_behind(text, mention) in (":", "=") else (_before, _after)
        definition = first(text, mention, table, known) or then(text, mention, table, known)
        if definition is None:
            continue
        others = found.setdefault(mention.short_form, [])
        if all(definition.concept_id != other.concept_id for other in others):
            others.append(definition)
    return found


def other_form(text: str, mention: Mention, mentions: Sequence[Mention]) -> Mention | None:
    """The short form that ``mention`` explains in a glossary ("AMI: acute MI"), or that explains it in brackets ("MI (MR)")."""
    if _sign_behind(text, mention) == ":":
        return None  # a label of its own
    is_glossed = text[max(0, mention.start - _LONGEST_KIND) : mention.start].rstrip().endswith(_GLOSSES)
    head = _GLOSSED.search(text, max(0, mention.start - _GLOSS_REACH), mention.start) if is_glossed else None
    tail = _GLOSSING.match(text, mention.end)
    span = head.span(1) if head else tail.span(1) if tail else None
    if span is None:
        return None
    return next((one for one in mentions if (one.start, one.end) == span and one.text.lower() != mention.text.lower()), None)


def part_named(text: str, mention: Mention, table: Mapping[tuple[str, ...], str]) -> tuple[str, str, int, int] | None:
    """The concept whose long forms alone begin with the words behind ("MI (mitral)", "MI - mitral", "MI mitral 2+"), and these."""
    found = _PART_BEHIND.match(text, mention.end)
    if found is None:
        return None
    group = str(found.lastgroup)
    words = normal_words(found[group])
    named = {concept_id for long_form, concept_id in table.items() if long_form[: len(words)] == words} if words else set()
    return (named.pop(), found[group], *found.span(group)) if len(named) == 1 else None


def _sign_behind(text: str, mention: Mention) -> str:
    """The character behind a mention, or behind one blank."""
    return text[mention.end : mention.end + 2].lstrip()[:1]


def _before(text: str, mention: Mention, table: Mapping[tuple[str, ...], str], known: Mapping[int, Mention]) -> Definition | None:
    """``long form (SF)``; without a bracket ("..., or SF", "... = SF") only for a long form that is known."""
    if mention.start < 3 or text[mention.start - 1] not in " ([\"'“‘\n=":
        return None
    if not text[max(0, mention.start - _LONGEST_SIGN) : mention.start].rstrip().rstrip("\"'“‘").rstrip().endswith(_SIGNS_BEFORE):
        return None
    start = max(0, mention.start - _REACH)
    head = text[start : mention.start]
    bracket = _OPEN_BEFORE.search(head)
    sign = bracket or _OR_BEFORE.search(head)
    if sign is None:
        return None
    end = start + len(head[: sign.start()].rstrip(" \n\"'”’"))
    other = known.get(end)
    if other is not None and other.end == end:
        if not bracket and other.concept_ids[0] not in table.values():
            return None
        if definition := _known(mention, other, table):
            return definition
    words = list(_WORD.finditer(text, start, end))
    if not words or words[-1].end() != end:
        return None
    for count in range(min(8, len(words)), 0, -1):
        first = words[-count].start()
        if concept_id := table.get(normal_words(text[first:end])):
            return Definition(str(mention.short_form), concept_id, text[first:end], first, end)
    if not bracket or other is not None:
        return None
    parts = list(_PART.finditer(text, start, end))
    return _unknown(text, mention, parts[-len(str(mention.short_form)) :])


def _after(text: str, mention: Mention, table: Mapping[tuple[str, ...], str], known: Mapping[int, Mention]) -> Definition | None:
    """``SF (long form)``; without a bracket ("SF = ...", "SF: ...") only for a long form that is known.

    Where nothing stands between them ("SF Long form" as an entry of a glossary) the words must be the long form and no more.
    """
    if (following := _sign_behind(text, mention)).isalpha() and following not in _AFTER_LETTERS:
        return _entry(text, mention, table)
    bracket = _AFTER_BRACKET.match(text, mention.end, mention.end + _REACH)
    found = bracket or _AFTER_SIGN.match(text, mention.end, mention.end + _REACH)
    if found is None and _NAMING.search(text, max(0, mention.start - _NAMING_REACH), mention.start):
        found = _AFTER_COMMA.match(text, mention.end, mention.end + _REACH)
    if found is None:
        return _entry(text, mention, table)
    start = found.start(1)
    if (other := known.get(-start)) and other.start == start:
        if bracket and other.end < found.end(1) and other.concept_ids[0] not in table.values():
            return None
        return _known(mention, other, table) if bracket or other.concept_ids[0] in table.values() else None
    words = list(_WORD.finditer(text, start, found.end(1)))
    if not words or words[0].start() != start:
        return None
    for count in range(min(8, len(words)), 0, -1):
        last = words[count - 1].end()
        if concept_id := table.get(normal_words(text[start:last])):
            return Definition(str(mention.short_form), concept_id, text[start:last], start, last)
    return _unknown(text, mention, words) if bracket or "=" in text[mention.end : start] else None


def _entry(text: str, mention: Mention, table: Mapping[tuple[str, ...], str]) -> Definition | None:
    """An entry of a glossary without signs: "MI Mitotic index", a line or a piece between commas of its own."""
    if text[max(0, mention.start - _INDENT) : mention.start].rstrip(" \t")[-1:] not in _ENTRY_STARTS:
        return None
    found = _ENTRY.match(text, mention.end, mention.end + _REACH)
    if found is None:
        return None
    if concept_id := table.get(normal_words(found[1])):
        return Definition(str(mention.short_form), concept_id, found[1], *found.span(1))
    return _unknown(text, mention, list(_WORD.finditer(text, *found.span(1))))


def _known(mention: Mention, other: Mention, table: Mapping[tuple[str, ...], str]) -> Definition | None:
    """The definition by another mention; a concept that is no sense of the form counts only by its letters."""
    concept_id, form = other.concept_ids[0], str(mention.short_form)
    if other.short_form is not None:
        return None
    if concept_id not in table.values() and not _spells(form, [word[0] for word in _WORD.findall(other.text)]):
        return None
    return Definition(form, concept_id, other.text, other.start, other.end)


def _unknown(text: str, mention: Mention, words: Sequence[re.Match[str]]) -> Definition | None:
    form = str(mention.short_form)
    if not _spells(form, [word[0][0] for word in words]) or any(word[0].lower() in _NOT_LONG_FORMS for word in words):
        return None
    start, end = words[0].start(), words[-1].end()
    # "MI (Ann Arbor)" or "MR (Male Rat)": names and headings are no long forms; sentences and lists neither.
    if text[start:end].count(",") or len(words) < 2:
        return None
    return Definition(form, OTHER_SENSE, text[start:end], start, end)


def _spells(form: str, initials: Sequence[str]) -> bool:
    return len(initials) >= 2 and "".join(initials).upper() == form.upper()
