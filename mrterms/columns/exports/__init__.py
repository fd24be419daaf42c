"""A cleaned column as a mapping set that other programs read: OHDSI Usagi, OMOP SOURCE_TO_CONCEPT_MAP, SSSOM.

These are data files: values stand in them as they are in the table, and nothing is guarded against spreadsheets.
"""

from __future__ import annotations

from mrterms.columns.exports.mappings import Target, ValueMapping, mappings_of
from mrterms.columns.exports.omop import ConceptMap, OmopConcept, read_concept_map, write_source_to_concept_map
from mrterms.columns.exports.sssom import write_sssom
from mrterms.columns.exports.usagi import write_usagi

__all__ = [
    "ConceptMap",
    "OmopConcept",
    "Target",
    "ValueMapping",
    "mappings_of",
    "read_concept_map",
    "write_source_to_concept_map",
    "write_sssom",
    "write_usagi",
]
