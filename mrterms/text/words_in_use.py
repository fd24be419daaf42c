"""Words that are in use in English or in medicine, and so are nobody's misspelling."""

from __future__ import annotations

import gzip
import hashlib
from functools import cache

from mrterms.lexicon.resources import lexicon_folder

__all__ = ["words_in_use", "words_in_use_version"]


@cache
def words_in_use_version() -> str:
    """A checksum of the words and of how words are spelt, for what was worked out from them."""
    folder = lexicon_folder("clinical")
    tables = [(folder / name).read_bytes() for name in ("words.txt.gz", "spelling.tsv")]
    return hashlib.sha256(b"".join(tables)).hexdigest()[:16]


@cache
def words_in_use() -> frozenset[str]:
    """The folded words of ``lexicons/clinical/words.txt.gz``; read when the first unknown word is met."""
    packed = (lexicon_folder("clinical") / "words.txt.gz").read_bytes()
    return frozenset(gzip.decompress(packed).decode("utf-8").split("\n"))
