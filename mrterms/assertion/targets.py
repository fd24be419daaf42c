"""The words of a sentence about which a status is asked."""

from __future__ import annotations

from typing import Literal, NamedTuple

__all__ = ["Target", "TargetKind"]

TargetKind = Literal["lesion", "infarct", "procedure", "other"]
"""How a finding behaves in time: a chronic lesion, an event, a procedure, or anything else."""


class Target(NamedTuple):
    """The words ``first`` to ``last`` (half-open) of a sentence."""

    first: int
    last: int
    kind: TargetKind = "other"
