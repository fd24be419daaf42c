"""Terminologies of others in, a compiled lexicon out; checks of what came out."""

from __future__ import annotations

from mrterms.terminologies.building import build_lexicon
from mrterms.terminologies.compiling import BuildReport
from mrterms.terminologies.linting import lint_compiled
from mrterms.terminologies.sources import Filters

__all__ = ["BuildReport", "Filters", "build_lexicon", "lint_compiled"]
