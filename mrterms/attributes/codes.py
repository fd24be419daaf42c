"""The most specific code that the text supports, by rules that are named (``code_rules.tsv``)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from typing import Any

from mrterms.lexicon.resources import lexicon_folder
from mrterms.lexicon.tables import Row, read_table

__all__ = ["CONCEPT", "CodeRule", "CodeRules"]

CONCEPT = "concept"
"""The rule of the codes that are the concept's own (``concepts.tsv`` or the user's table), whatever the text says."""
_MOST_FOUND = 10_000


@dataclass(frozen=True, slots=True)
class CodeRule:
    """One rule: a code of ``system`` where status and attributes are as asked. An empty set asks that a kind is not stated."""

    rule: str
    concept_id: str
    statuses: frozenset[str]
    when: tuple[tuple[str, frozenset[str]], ...]
    system: str
    code: str
    source: str

    def fits(self, status: str, said: Mapping[str, set[str]]) -> bool:
        """Whether the rule holds for a mention of its concept."""
        if self.statuses and status not in self.statuses:
            return False
        return all(_holds(values, said.get(kind, set())) for kind, values in self.when)


def _holds(wanted: frozenset[str], said: set[str]) -> bool:
    if not wanted:
        return not said
    return bool(said) if "*" in wanted else not wanted.isdisjoint(said)


class CodeRules:
    """The rules of a lexicon folder (``lexicons/valve`` by default).

    Raises :class:`mrterms.errors.LexiconError` where the table is missing or malformed.
    """

    def __init__(self, folder: Traversable | None = None) -> None:
        folder = lexicon_folder("valve") if folder is None else folder
        self._rules: dict[str, list[CodeRule]] = {}
        self.sources: dict[str, str] = {}
        for row in read_table(folder / "code_rules.tsv", ("rule", "concept_id", "status", "when", "system", "code", "source")):
            rule = _rule(row)
            if rule.rule in self.sources:
                row.fail(f"the rule {rule.rule!r} stands twice")
            self.sources[rule.rule] = rule.source
            self._rules.setdefault(rule.concept_id, []).append(rule)
        self._kinds = {name: frozenset(kind for rule in rules for kind, _ in rule.when) for name, rules in self._rules.items()}
        self._found: dict[tuple[Any, ...], tuple[dict[str, str], tuple[str, ...]]] = {}

    def __iter__(self) -> Iterator[CodeRule]:
        return (rule for rules in self._rules.values() for rule in rules)

    def codes_of(self, annotation: Mapping[str, Any]) -> tuple[dict[str, str], tuple[str, ...]]:
        """The codes of an annotation (from its concept's codes, its status and attributes) and the rules that gave them.

        A finer concept keeps its own code where the rules of the concept it is reported as give none but their last resort.
        The codes of a concept without rules are those that the annotation holds, not a copy.
        """
        concept_id = annotation.get("concept_id") or ""
        known: dict[str, str] = annotation.get("codes") or {}
        if concept_id not in self._rules:
            return known, (CONCEPT,) if known else ()
        attributes, kinds = annotation.get("attributes") or (), self._kinds[concept_id]
        said = tuple([(one["kind"], one["value"]) for one in attributes if one["kind"] in kinds])
        status = (annotation.get("assertion") or {}).get("status", "present")
        key = (concept_id, status, said, tuple(known.items()))
        found = self._found.get(key)
        if found is None:
            if len(self._found) >= _MOST_FOUND:
                self._found.clear()
            found = self._found[key] = self._apply(concept_id, dict(known), status, _said(said))
        return dict(found[0]), found[1]

    def _apply(
        self, concept_id: str, codes: dict[str, str], status: str, said: Mapping[str, set[str]]
    ) -> tuple[dict[str, str], tuple[str, ...]]:
        used: dict[str, str] = {}
        passed: set[str] = set()
        for rule in self._rules.get(concept_id, ()):
            if rule.system in passed or not rule.fits(status, said):
                continue
            passed.add(rule.system)
            last_resort = not rule.when and not rule.statuses
            if not (last_resort and codes.get(rule.system, rule.code) != rule.code):
                codes[rule.system] = rule.code
                used[rule.system] = rule.rule
        own = (CONCEPT,) if codes.keys() - used.keys() else ()
        return codes, (*used.values(), *own)


def _said(pairs: Iterable[tuple[str, Any]]) -> dict[str, set[str]]:
    said: dict[str, set[str]] = {}
    for kind, value in pairs:
        if isinstance(value, str):
            said.setdefault(kind, set()).add(value)
    return said


def _rule(row: Row) -> CodeRule:
    conditions = []
    for condition in filter(None, map(str.strip, row["when"].split(";"))):
        kind, equals, values = condition.partition("=")
        if not equals:
            row.fail(f"cannot read the condition {condition!r}", "write kind=value")
        conditions.append((kind.strip(), frozenset(value for value in values.split("|") if value)))
    return CodeRule(
        row["rule"], row["concept_id"], frozenset(row.list("status")), tuple(conditions), row["system"], row["code"], row["source"]
    )
