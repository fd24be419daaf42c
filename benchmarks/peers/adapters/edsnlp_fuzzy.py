"""EDS-NLP as in edsnlp.py with its fuzzy matcher (simstring) for all but short forms."""

from __future__ import annotations

from functools import partial

from peers.adapters import edsnlp

load = partial(edsnlp.load, term_matcher="simstring")
