"""A saved mapping of OHDSI Usagi, to be opened there and reviewed.

Columns, statuses and the dialect of CSV are those of Usagi's own source (``WriteCodeMappingsToFile``, ``CodeMapping``,
``WriteCSVFile`` and ``ReadCSVFile``): rows of one line, quotes and backslashes doubled.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TextIO

from mrterms.columns.exports.mappings import Target, ValueMapping, one_line, source_code
from mrterms.columns.exports.omop import NO_CONCEPT, ConceptMap, OmopConcept, omop_targets

__all__ = ["write_usagi"]

_INFO = ("column", "mrterms_concepts", "codes", "candidates")
COLUMNS = (
    "sourceCode", "sourceName", "sourceFrequency", "sourceAutoAssignedConceptIds", *(f"ADD_INFO:{name}" for name in _INFO),
    "matchScore", "mappingStatus", "equivalence", "statusSetBy", "statusSetOn", "conceptId", "conceptName", "domainId",
    "mappingType", "comment", "createdBy", "createdOn", "assignedReviewer",
)  # fmt: skip
_AUTHOR = "mrterms"


def write_usagi(handle: TextIO, mappings: Iterable[ValueMapping], concept_map: ConceptMap) -> None:
    """Write the mappings; what a person decided is APPROVED, what is ambiguous or does not fit is FLAGGED, the rest UNCHECKED.

    A concept without an OMOP id in the map is ``Unmapped`` (0) with its name and codes beside it. Times are 0 (not known), so
    that the same table gives the same file.
    """
    mappings = list(mappings)
    several = len({mapping.column for mapping in mappings}) > 1
    handle.write(_line(COLUMNS))
    for mapping in mappings:
        for row in _rows(mapping, concept_map, several):
            handle.write(_line(row))


def _rows(mapping: ValueMapping, concept_map: ConceptMap, several: bool) -> Iterator[tuple[str, ...]]:
    targets = omop_targets(mapping, concept_map)
    status, equivalence = _status(mapping, targets)
    # Usagi takes neighbours with the same code and name for one: the column keeps those of two columns apart.
    code = source_code(f"{mapping.column}:{mapping.value}" if several else mapping.value)
    head = (
        code, mapping.value, str(mapping.count), "",
        mapping.column, _listed(map(_named, mapping.targets)), _listed(map(_codes, mapping.targets)), _listed(mapping.candidates),
        f"{mapping.targets[0].score if mapping.targets else 0.0:.2f}", status, equivalence,
        (mapping.decided_by or "") if status == "APPROVED" else "", "0",
    )  # fmt: skip
    comment = _listed((mapping.reason, *mapping.problems))
    for target in targets or [NO_CONCEPT]:
        author = _AUTHOR if target.concept_id else ""
        yield (*head, str(target.concept_id), target.name, target.domain, "MAPS_TO", comment, author, "0", "")


def _status(mapping: ValueMapping, targets: list[OmopConcept]) -> tuple[str, str]:
    """mappingStatus and equivalence."""
    if mapping.decided_by is not None and (targets or not mapping.targets):
        return "APPROVED", "EQUIVALENT" if targets else "UNMATCHED"
    if mapping.ambiguous or mapping.problems or not all(target.plain for target in mapping.targets):
        return "FLAGGED", "UNREVIEWED"
    return "UNCHECKED", "UNREVIEWED"


def _named(target: Target) -> str:
    facts = [target.severity or "", "" if target.plain else target.assertion]
    return " ".join([target.concept_id, *(f"({fact})" for fact in facts if fact)])


def _codes(target: Target) -> str:
    return " ".join(f"{system}:{code}" for system, code in target.codes.items())


def _listed(parts: Iterable[str]) -> str:
    return "; ".join(part for part in parts if part)


def _line(cells: Iterable[str]) -> str:
    return ",".join(map(_cell, cells)) + "\n"


def _cell(text: str) -> str:
    text = one_line(text).replace("\\", "\\\\")
    return '"' + text.replace('"', '""') + '"' if '"' in text or "," in text else text
