"""Definitions of cohorts: a small TOML file, one table a definition, checked key by key.

A definition either names concepts and what must be said of them, or composes other definitions::

    [moderate_mr]
    concept = "mitral_regurgitation"
    severity_at_least = "moderate"
    status = ["present"]

    [unoperated_mr]
    all_of = ["moderate_mr"]
    none_of = ["mitral_surgery"]
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NoReturn, get_args

from mrterms.errors import ConfigError
from mrterms.lexicon import Lexicon
from mrterms.records import GRADES, AssertionStatus, Experiencer

__all__ = ["Definition", "define_concepts", "read_definitions"]

STATUSES: tuple[str, ...] = get_args(AssertionStatus)
EXPERIENCERS: tuple[str, ...] = get_args(Experiencer)
_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """Who belongs. ``after`` is the first day that counts and ``before`` the first that no longer does.

    ``status`` is ``("family",)`` by itself where the experiencer is not the patient. ``at_least`` counts different notes,
    since a sentence is often repeated in one. ``current``: the last note that states it must say present (or, if false,
    absent). ``all_of``, ``any_of``, ``none_of`` are names of other definitions; such a definition has no ``concept``.
    """

    name: str
    title: str = ""
    concept: tuple[str, ...] = ()
    include_children: bool = False
    status: tuple[str, ...] = ("present", "historical")
    experiencer: str = "patient"
    severity_at_least: str | None = None
    severity_at_most: str | None = None
    after: date | None = None
    before: date | None = None
    at_least: int = 1
    current: bool | None = None
    all_of: tuple[str, ...] = ()
    any_of: tuple[str, ...] = ()
    none_of: tuple[str, ...] = ()

    @property
    def parts(self) -> tuple[str, ...]:
        """The names of the definitions that this one is made of."""
        return (*self.all_of, *self.any_of, *self.none_of)


_KEYS = tuple(field.name for field in fields(Definition) if field.name != "name")
_COMPOSING = ("all_of", "any_of", "none_of")


def read_definitions(path: Path, lexicon: Lexicon) -> list[Definition]:
    """The definitions of a file, in its order; children of concepts are filled in from ``lexicon``.

    Raises :class:`ConfigError` naming the definition, the key and the fix.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise ConfigError("no such file", file=str(path)) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"not TOML: {error}", file=str(path), fix="see docs/cohort.md") from None
    if not tables:
        raise ConfigError("no definition in the file", file=str(path), fix='write [name] and below it concept = "..."')
    found = [_Table(str(path), name, table).definition(lexicon) for name, table in tables.items()]
    _check_parts(found, str(path))
    return found


def define_concepts(concept_ids: Iterable[str], lexicon: Lexicon | None = None, *, include_children: bool = False) -> list[Definition]:
    """A plain definition for each concept, named after it: said of the patient, present or historical.

    With ``lexicon`` an unknown concept raises :class:`ConfigError`, and children can be included.
    """
    defined = []
    for one in dict.fromkeys(concept_ids):
        concept = _concepts("--concept", [one], lexicon, include_children) if lexicon else (one,)
        # Those of imported terminologies are CURIEs (HP:0001653).
        defined.append(Definition(name=re.sub(r"\W", "_", one).lower(), title=one, concept=concept))
    return defined


@dataclass(frozen=True, slots=True)
class _Table:
    """A table of the file while it is checked."""

    file: str
    name: str
    given: Any

    def definition(self, lexicon: Lexicon) -> Definition:
        if not _NAME.fullmatch(self.name):
            self._fail("a name must be lower-case letters, digits and underscores: columns are named after it")
        if not isinstance(self.given, dict):
            self._fail("not a table", f"write [{self.name}] on a line of its own")
        for key in self.given:
            if key not in _KEYS:
                self._fail(f"unknown key {key!r}", _nearest(key, _KEYS))
        composed = [key for key in _COMPOSING if key in self.given]
        if composed and (extra := [key for key in self.given if key not in (*_COMPOSING, "title")]):
            self._fail(f"{composed[0]} and {extra[0]} in one definition", "put the concept into a definition of its own and name that")
        if not composed and "concept" not in self.given:
            self._fail("neither concept nor all_of, any_of or none_of", 'for example concept = "mitral_regurgitation"')
        read = {key: _READERS[key](self, key, lexicon) for key in self.given}
        if read.get("experiencer", "patient") != "patient":
            if "current" in read:
                self._fail("current asks about the patient, but the experiencer is another", "take one of the two out")
            read.setdefault("status", ("family",))
        return Definition(name=self.name, **read)

    def text(self, key: str, _: Lexicon) -> str:
        value: str = self._typed(key, str, "a string")
        return value

    def flag(self, key: str, _: Lexicon) -> bool:
        value: bool = self._typed(key, bool, "true or false")
        return value

    def count(self, key: str, _: Lexicon) -> int:
        value: int = self._typed(key, int, "a whole number")
        if isinstance(value, bool) or value < 1:
            self._fail(f"{key} is no number of notes", "a whole number from 1")
        return value

    def day(self, key: str, _: Lexicon) -> date:
        value = self.given[key]
        if isinstance(value, str):
            try:
                value = date.fromisoformat(value)
            except ValueError:
                self._fail(f"{key} is no date", f"{key} = 2015-01-31")
        if isinstance(value, datetime) or not isinstance(value, date):
            self._fail(f"{key} is no date", f"{key} = 2015-01-31")
        day: date = value
        return day

    def grade(self, key: str, _: Lexicon) -> str:
        return self._one_of(key, self.given[key], GRADES)

    def person(self, key: str, _: Lexicon) -> str:
        return self._one_of(key, self.given[key], EXPERIENCERS)

    def statuses(self, key: str, _: Lexicon) -> tuple[str, ...]:
        return tuple(self._one_of(key, value, STATUSES) for value in self._list(key))

    def names(self, key: str, _: Lexicon) -> tuple[str, ...]:
        return tuple(self._list(key))

    def concept(self, key: str, lexicon: Lexicon) -> tuple[str, ...]:
        names = self._list(key)
        try:
            return _concepts(key, names, lexicon, self.given.get("include_children") is True)
        except ConfigError as error:
            self._fail(error.message, error.fix)

    def _list(self, key: str) -> list[str]:
        value = self.given[key]
        value = [value] if isinstance(value, str) else value
        if not isinstance(value, list) or not value or not all(isinstance(one, str) for one in value):
            self._fail(f"{key} is no list of names", f'{key} = ["..."]')
        return value

    def _typed(self, key: str, kind: type, told: str) -> Any:
        if not isinstance(self.given[key], kind):
            self._fail(f"{key} is not {told}")
        return self.given[key]

    def _one_of(self, key: str, value: object, known: Sequence[str]) -> str:
        if value not in known:
            self._fail(f"{key} has the unknown value {value!r}", f"one of {', '.join(known)}")
        return str(value)

    def _fail(self, message: str, fix: str | None = None) -> NoReturn:
        raise ConfigError(f"[{self.name}] {message}", file=self.file, fix=fix)


_READERS: Mapping[str, Callable[[_Table, str, Lexicon], Any]] = {
    "title": _Table.text,
    "concept": _Table.concept,
    "include_children": _Table.flag,
    "status": _Table.statuses,
    "experiencer": _Table.person,
    "severity_at_least": _Table.grade,
    "severity_at_most": _Table.grade,
    "after": _Table.day,
    "before": _Table.day,
    "at_least": _Table.count,
    "current": _Table.flag,
    **dict.fromkeys(_COMPOSING, _Table.names),
}


def _concepts(key: str, names: Iterable[str], lexicon: Lexicon, include_children: bool) -> tuple[str, ...]:
    wanted = dict.fromkeys(names)
    for name in wanted:
        if name not in lexicon.concepts:
            raise ConfigError(f"{key} names the unknown concept {name!r}", fix=_nearest(name, lexicon.concepts))
    grown = include_children
    while grown:
        children = [one.concept_id for one in lexicon.concepts.values() if one.concept_id not in wanted and wanted.keys() & {*one.parents}]
        wanted.update(dict.fromkeys(children))
        grown = bool(children)
    return tuple(wanted)


def _check_parts(found: Sequence[Definition], file: str) -> None:
    known = {one.name: one for one in found}
    for one in found:
        for part in one.parts:
            if part not in known:
                raise ConfigError(f"[{one.name}] names the unknown definition {part!r}", file=file, fix=_nearest(part, known))
    for one in found:
        _check_circle(one, known, (), file)


def _check_circle(one: Definition, known: Mapping[str, Definition], way: tuple[str, ...], file: str) -> None:
    if one.name in way:
        raise ConfigError(f"definitions in a circle: {' → '.join((*way, one.name))}", file=file, fix="take one of the names out")
    for part in one.parts:
        _check_circle(known[part], known, (*way, one.name), file)


def _nearest(name: str, known: Iterable[str]) -> str:
    known = list(known)
    near = get_close_matches(name, known, n=3)
    return f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(known[:20])}{', ...' if len(known) > 20 else ''}"
