"""Words that are in use in English or in medicine, and so are nobody's misspelling."""

from __future__ import annotations

import gzip
from functools import cache

from mrterms.lexicon.resources import lexicon_folder

__all__ = ["words_in_use"]


@cache
def words_in_use() -> frozenset[str]:
    """The folded words of ``lexicons/clinical/words.txt.gz``; read when the first unknown word is met."""
    packed = (lexicon_folder("clinical") / "words.txt.gz").read_bytes()
    return frozenset(gzip.decompress(packed).decode("utf-8").split("\n"))
