"""Shapes of the codes of the code systems: enough to see a malformed code, or one in the wrong column."""

from __future__ import annotations

import re

__all__ = ["malformed", "systems_of"]

_SHAPES = {
    "SNOMEDCT": re.compile(r"[1-9]\d{5,17}"),
    "ICD10CM": re.compile(r"[A-TV-Z]\d[0-9A-B](?:\.[0-9A-Z]{1,4})?"),
    "ICD11": re.compile(r"[0-9A-HJ-NP-X][A-HJ-NP-Z][0-9][0-9A-HJ-NP-Z](?:\.[0-9A-HJ-NP-Z]{1,2})?"),
    "MESH": re.compile(r"[DC]\d{6}(?:\d{3})?"),
    "HPO": re.compile(r"HP:\d{7}"),
    "MONDO": re.compile(r"MONDO:\d{7}"),
    "DOID": re.compile(r"DOID:\d{1,7}"),
    "UMLS": re.compile(r"C\d{7}"),
}

# The dihedral group of order ten and the permutation by which Verhoeff's check digit works.
_PRODUCT = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9),
    (1, 2, 3, 4, 0, 6, 7, 8, 9, 5),
    (2, 3, 4, 0, 1, 7, 8, 9, 5, 6),
    (3, 4, 0, 1, 2, 8, 9, 5, 6, 7),
    (4, 0, 1, 2, 3, 9, 5, 6, 7, 8),
    (5, 9, 8, 7, 6, 0, 4, 3, 2, 1),
    (6, 5, 9, 8, 7, 1, 0, 4, 3, 2),
    (7, 6, 5, 9, 8, 2, 1, 0, 4, 3),
    (8, 7, 6, 5, 9, 3, 2, 1, 0, 4),
    (9, 8, 7, 6, 5, 4, 3, 2, 1, 0),
)
_PERMUTATION = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9),
    (1, 5, 7, 6, 2, 8, 3, 0, 9, 4),
    (5, 8, 0, 3, 7, 9, 6, 1, 4, 2),
    (8, 9, 1, 6, 0, 4, 3, 5, 2, 7),
    (9, 4, 5, 3, 1, 2, 6, 8, 7, 0),
    (4, 2, 8, 6, 5, 7, 3, 9, 0, 1),
    (2, 7, 9, 3, 8, 0, 6, 4, 1, 5),
    (7, 0, 4, 6, 9, 1, 3, 2, 5, 8),
)


def malformed(system: str, code: str) -> str | None:
    """Why a code cannot be one of its system; None where it can, or where the system is not known here."""
    shape = _SHAPES.get(system)
    if shape is None or (shape.fullmatch(code) and (system != "SNOMEDCT" or _verhoeff(code))):
        return None
    if system == "SNOMEDCT" and shape.fullmatch(code):
        return "its check digit is wrong"
    others = [other for other in systems_of(code) if other != system]
    return f"it looks like a code of {' or '.join(others)}" if others else "it has another shape"


def systems_of(code: str) -> list[str]:
    """The systems whose codes look like this one (ICD-11 and ICD-10-CM do not overlap: second character)."""
    return [system for system, shape in _SHAPES.items() if shape.fullmatch(code) and (system != "SNOMEDCT" or _verhoeff(code))]


def _verhoeff(digits: str) -> bool:
    check = 0
    for place, digit in enumerate(reversed(digits)):
        check = _PRODUCT[check][_PERMUTATION[place % 8][int(digit)]]
    return check == 0
