"""The lexicon room: TSV tables in, records out, with file and line in every error."""

from __future__ import annotations

from mrterms.lexicon.linting import Finding, lint
from mrterms.lexicon.loading import load_lexicon, read_user_terms
from mrterms.lexicon.model import Lexicon, merge
from mrterms.lexicon.resources import lexicon_folder

__all__ = ["Finding", "Lexicon", "lexicon_folder", "lint", "load_lexicon", "merge", "read_user_terms"]
