"""The sieve of a pipeline: what tells, before a note is cut, whether its components would find a mention."""

from __future__ import annotations

from typing import cast
from weakref import WeakKeyDictionary

from spacy.language import Language
from spacy.tokenizer import Tokenizer

from mrterms.components.matcher import MatcherComponent
from mrterms.components.sense import SenseComponent
from mrterms.errors import ConfigError
from mrterms.matching.scanning import Sieve
from mrterms.text.tokenizer import NoteTokenizer

__all__ = ["Sieve", "sieve_of"]


_SIEVES: WeakKeyDictionary[Language, tuple[object, Sieve]] = WeakKeyDictionary()
"""What a sieve has learned of words is kept as long as its pipeline."""


def sieve_of(nlp: Language) -> Sieve:
    """The sieve for a pipeline.

    Raises :class:`~mrterms.errors.ConfigError` where what stands before the matcher may make other tokens than each piece of a
    text makes by itself.
    """
    before = nlp.pipe_names[: nlp.pipe_names.index("mrterms_matcher")] if "mrterms_matcher" in nlp.pipe_names else None
    if before is None or set(before) - {"mrterms_sections"}:
        raise ConfigError(
            "scanning tells only what the matcher itself would find", fix="have no components of your own before it, or do not scan"
        )
    tokenizer = nlp.tokenizer
    if not isinstance(tokenizer, Tokenizer) or any(len(case.split()) != 1 or case != case.strip() for case in tokenizer.rules or ()):
        raise ConfigError("scanning needs a tokenizer that cuts at white space", fix="have no special cases with blanks, or do not scan")
    sense = cast(SenseComponent, nlp.get_pipe("mrterms_sense")) if "mrterms_sense" in nlp.pipe_names else None
    # A mention of another subject is left out, but a fixed setting is told of every note that holds one.
    every = sense is None or sense.other_senses or sense.resolver.setting is not None
    made_for = (tokenizer, every, len(tokenizer.rules or ()))
    if nlp not in _SIEVES or _SIEVES[nlp][0] != made_for:
        matcher = cast(MatcherComponent, nlp.get_pipe("mrterms_matcher"))
        plain = isinstance(tokenizer, NoteTokenizer) and not tokenizer.rules
        _SIEVES[nlp] = made_for, Sieve(tokenizer, matcher.gates(every=every), plain=plain)
    return _SIEVES[nlp][1]
