"""OMOP: the user's concept map, and the table SOURCE_TO_CONCEPT_MAP of CDM v5.4.

OMOP concept ids are never made here: they come from the user's map (an Athena download has them), and a concept that the map
lacks is 0, OMOP's "no matching concept". Fields, types and required ones: ``OMOP_CDMv5.4_Field_Level.csv`` of
OHDSI/CommonDataModel; the dates are those that Usagi writes.
"""

from __future__ import annotations

import csv
import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from mrterms.columns.exports.mappings import ValueMapping, one_line, source_code
from mrterms.lexicon import Lexicon
from mrterms.lexicon.tables import Row, read_table

__all__ = ["ConceptMap", "OmopConcept", "read_concept_map", "source_vocabularies", "write_source_to_concept_map"]

COLUMNS = (
    "source_code", "source_concept_id", "source_vocabulary_id", "source_code_description", "target_concept_id",
    "target_vocabulary_id", "valid_start_date", "valid_end_date", "invalid_reason",
)  # fmt: skip
_VOCABULARY_LENGTH, _DESCRIPTION_LENGTH = 20, 255
_FIRST_DAY, _LAST_DAY = "1970-01-01", "2099-12-31"


@dataclass(frozen=True, slots=True, kw_only=True)
class OmopConcept:
    """A standard concept of OMOP. ``name`` and ``domain`` are for people: Usagi looks them up by the id."""

    concept_id: int
    vocabulary_id: str
    name: str = ""
    domain: str = ""


NO_CONCEPT = OmopConcept(concept_id=0, vocabulary_id="None", name="Unmapped")
ConceptMap = Mapping[str, OmopConcept]
"""OMOP's concept by the concept id of the lexicon."""


def read_concept_map(path: str | Path, *, lexicon: Lexicon) -> ConceptMap:
    """A user's map: TSV with the columns ``concept_id`` (of the lexicon), ``omop_concept_id`` and ``vocabulary_id``.

    ``concept_name`` and ``domain_id`` may be added, and any column for one's own use. A line that begins with ``#`` is a comment.

    Raises :class:`~mrterms.errors.LexiconError` with file and line for a concept that the lexicon lacks, an id that is no number,
    and a concept that stands twice.
    """
    found: dict[str, OmopConcept] = {}
    for row in read_table(Path(path), ("concept_id", "omop_concept_id", "vocabulary_id"), None):
        concept_id = row["concept_id"]
        if concept_id not in lexicon.concepts:
            near = difflib.get_close_matches(concept_id, lexicon.concepts, 3)
            row.fail(f"unknown concept_id {concept_id!r}", f"nearest: {', '.join(near)}" if near else "give an id of the lexicon")
        if concept_id in found:
            row.fail(f"{concept_id} stands twice", "keep one row a concept")
        found[concept_id] = _omop(row)
    return found


def _omop(row: Row) -> OmopConcept:
    if not re.fullmatch(r"[1-9]\d{0,9}", row["omop_concept_id"], re.ASCII):
        row.fail(f"omop_concept_id is {row['omop_concept_id']!r}", "write a positive whole number, or leave the concept out")
    if not 0 < len(row["vocabulary_id"]) <= _VOCABULARY_LENGTH:
        row.fail(f"vocabulary_id is {row['vocabulary_id']!r}", "write OMOP's vocabulary_id, such as SNOMED")
    return OmopConcept(
        concept_id=int(row["omop_concept_id"]), vocabulary_id=row["vocabulary_id"], name=row["concept_name"], domain=row["domain_id"]
    )


def omop_targets(mapping: ValueMapping, concept_map: ConceptMap) -> list[OmopConcept]:
    """OMOP's concepts of what a value plainly says: an infarct denied, past or a relative's is no condition of the patient."""
    return [concept_map[target.concept_id] for target in mapping.targets if target.plain and target.concept_id in concept_map]


def source_vocabularies(columns: Iterable[str]) -> dict[str, str]:
    """A source_vocabulary_id for each column: its name in at most 20 letters, figures and ``_``, numbered where two are alike."""
    found: dict[str, str] = {}
    for column in columns:
        plain = re.sub(r"[^0-9A-Za-z]+", "_", column).strip("_")[:_VOCABULARY_LENGTH] or "column"
        name, number = plain, 1
        while name in found.values():
            number += 1
            name = f"{plain[: _VOCABULARY_LENGTH - 1 - len(str(number))]}_{number}"
        found[column] = name
    return found


def write_source_to_concept_map(handle: TextIO, mappings: Iterable[ValueMapping], concept_map: ConceptMap) -> None:
    """Write the table as CSV: a row a value and concept, and a row with target 0 for a value without."""
    writer = csv.writer(handle)
    writer.writerow(COLUMNS)
    mappings = list(mappings)
    vocabularies = source_vocabularies(dict.fromkeys(mapping.column for mapping in mappings))
    writer.writerows(row for mapping in mappings for row in _rows(mapping, vocabularies[mapping.column], concept_map))


def _rows(mapping: ValueMapping, vocabulary: str, concept_map: ConceptMap) -> Iterator[tuple[str | int, ...]]:
    description = one_line(mapping.value)[:_DESCRIPTION_LENGTH]
    for target in omop_targets(mapping, concept_map) or [NO_CONCEPT]:
        yield (
            source_code(mapping.value), 0, vocabulary, description, target.concept_id, target.vocabulary_id, _FIRST_DAY, _LAST_DAY, "",
        )  # fmt: skip
