"""What a text says about a mention: status, experiencer, time and change, with the cues that decided."""

from __future__ import annotations

from mrterms.assertion.asserter import Asserter
from mrterms.assertion.leading import lead_in
from mrterms.assertion.targets import Target, TargetKind

__all__ = ["Asserter", "Target", "TargetKind", "lead_in"]
