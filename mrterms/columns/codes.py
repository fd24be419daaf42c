"""Codes in cells: where one stands as a code, and which concepts it names."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from importlib.resources.abc import Traversable
from typing import Final

from mrterms.attributes.codes import CodeRules
from mrterms.errors import LexiconError
from mrterms.lexicon import Lexicon
from mrterms.lexicon.resources import lexicon_folder
from mrterms.lexicon.tables import read_table
from mrterms.records import Concept

__all__ = ["CodeIndex", "FoundCode", "blanked"]

_TOKEN: Final = re.compile(r"[A-Za-z0-9]+(?:[.:][A-Za-z0-9]+)*")
_ICD10: Final = re.compile(r"[A-TV-Z]\d[0-9A-B](?:\.?[0-9A-Z]{1,4})?")
_ICD9: Final = re.compile(r"\d{3}\.(?:\d{1,2}|X{1,2})")
_BARE_NUMBER: Final = re.compile(r"\d{3,5}")
_LEAD: Final = re.compile(r"(?:^|[;,|/+&\n(\[{])\s*(?:(?:icd|snomed|sct|mesh|hpo|umls|cui|code|dx)[\w. -]{0,8}[:#=]?\s*)?$", re.IGNORECASE)
"""What may stand before a code: the start of a cell or of a part of it, a bracket, the name of a code system."""
_BRACKETS = ("()", "[]")
_NAMED: Final = re.compile(r"icd[ -]?9(?:[ -]?cm)?\s*[:#=]?\s*$", re.IGNORECASE)
_TAIL: Final = re.compile(r"\s*(?:$|[;,|/+&\n)\]}])")
"""What may stand behind a code that closes a cell or a part of it."""
_SEPARATED: Final = re.compile(r"(?:^|[\s\-–—:=])$")


@dataclass(frozen=True, slots=True)
class FoundCode:
    """A code in a cell. ``concept_ids`` are all that it names, ``choices`` what it may name where it leaves a choice."""

    code: str
    system: str
    start: int
    end: int
    concept_ids: tuple[str, ...]
    choices: tuple[str, ...] = ()
    historical: bool = False


@dataclass(frozen=True, slots=True)
class _Meaning:
    system: str
    code: str
    concept_ids: tuple[str, ...]
    choices: tuple[str, ...]
    historical: bool


class CodeIndex:
    """Code → concepts, of the codes that a lexicon cites, of its code rules and of those that ``codes_read.tsv`` adds.

    Raises :class:`~mrterms.errors.LexiconError` for a table that names a concept the lexicon lacks.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        self._concepts = lexicon.concepts
        named: dict[tuple[str, str], dict[str, bool]] = defaultdict(dict)
        for concept in lexicon.concepts.values():
            for system, code in concept.codes.items():
                named[system, code][_reported(concept)] = concept.concept_id.startswith("old_")
        for rule in CodeRules(lexicon.folder):
            if rule.concept_id in lexicon.concepts:
                concepts = named[rule.system, rule.code]
                concepts[rule.concept_id] = concepts.get(rule.concept_id, False) or rule.statuses == {"historical"}
        self._meanings: dict[str, _Meaning] = {}
        for (system, code), concepts in named.items():
            self._keep(code, _meaning(system, code, tuple(concepts), any(concepts.values())))
        for code, meaning in self._read(lexicon.folder):
            self._keep(code, meaning)

    def _keep(self, code: str, meaning: _Meaning) -> None:
        self._meanings[code.upper()] = meaning
        if meaning.system == "ICD10CM":
            self._meanings[code.upper().replace(".", "")] = meaning

    def _read(self, folder: Traversable | None) -> Iterator[tuple[str, _Meaning]]:
        own = folder / "codes_read.tsv" if folder is not None else None
        if own is None or not own.is_file():
            own = lexicon_folder("valve") / "codes_read.tsv"
            if "mitral_regurgitation" not in self._concepts:
                return
        for row in read_table(own, ("system", "code", "concepts", "status", "source")):
            concept_ids = tuple(row.list("concepts"))
            for missing in set(concept_ids) - self._concepts.keys():
                raise LexiconError(f"no concept {missing!r} in the lexicon", file=own.name)
            yield row["code"], _Meaning(row["system"], row["code"], concept_ids, (), row["status"] == "historical")

    def find(self, text: str, *, is_code_column: bool = False) -> list[FoundCode]:
        """The codes in a cell that the lexicon knows, in order.

        A token is a code only where it stands as one: alone, at the start or end of a cell or of a part of it, in
        brackets, or behind the name of its system; a bare number of ICD-9 only in a column of codes or behind "ICD-9".
        """
        found: list[FoundCode] = []
        for token in _TOKEN.finditer(text):
            start, end = token.span()
            if not any(character.isdigit() for character in token[0]) or not _stands(text, start, end):
                continue
            bare = _BARE_NUMBER.fullmatch(token[0]) is not None
            if bare and not (is_code_column or _NAMED.search(text[:start])):
                continue
            meaning = self._meaning_of(token[0].upper())
            if meaning is not None:
                found.append(FoundCode(meaning.code, meaning.system, start, end, meaning.concept_ids, meaning.choices, meaning.historical))
        return found

    def _meaning_of(self, token: str) -> _Meaning | None:
        known = self._meanings.get(token)
        if known is not None:
            return known
        if _BARE_NUMBER.fullmatch(token) and len(token) > 3:
            return self._meaning_of(f"{token[:3]}.{token[3:]}")
        if _ICD10.fullmatch(token):
            return self._of_family(token if "." in token or len(token) == 3 else f"{token[:3]}.{token[3:]}")
        return self._of_family(token.replace("X", "").rstrip(".")) if _ICD9.fullmatch(token) else None

    def _of_family(self, code: str) -> _Meaning | None:
        """A finer code means what the longest known code above it does. A coarser one means what the tables say, or nothing:
        that one code below it is known (I25.2, old infarct) tells nothing of the others (I25, any chronic ischaemia).
        """
        for length in range(len(code), 2, -1):
            if (known := self._meanings.get(code[:length].rstrip("."))) is not None and (length > 3 or known.concept_ids):
                return replace(known, code=code)
        return None

    def agree(self, one: str, other: str) -> str | None:
        """The finer of two concepts where one is above the other; None where neither is."""
        if one == other or other in self._above(one):
            return one
        return other if one in self._above(other) else None

    def _above(self, concept_id: str) -> set[str]:
        found: set[str] = set()
        waiting = [concept_id]
        while waiting:
            concept = self._concepts.get(waiting.pop())
            parents = set(concept.parents) - found if concept else set()
            found |= parents
            waiting.extend(parents)
        return found


def _reported(concept: Concept) -> str:
    return concept.report_as or concept.concept_id


def _meaning(system: str, code: str, concepts: tuple[str, ...], historical: bool) -> _Meaning:
    return _Meaning(system, code, concepts, (), historical) if len(concepts) == 1 else _Meaning(system, code, (), concepts, False)


def _stands(text: str, start: int, end: int) -> bool:
    leads = _LEAD.search(text[:start]) is not None or _NAMED.search(text[:start]) is not None
    closes = _TAIL.match(text, end) is not None
    return leads or (closes and _SEPARATED.search(text[:start]) is not None)


def blanked(text: str, found: Iterable[FoundCode]) -> str:
    """The cell without its codes and the brackets around them, every other character at its place."""
    for one in found:
        bracketed = text[one.start - 1 : one.start] + text[one.end : one.end + 1] in _BRACKETS  # else an empty box would be left
        start, end = one.start - bracketed, one.end + bracketed
        text = f"{text[:start]}{' ' * (end - start)}{text[end:]}"
    return text
