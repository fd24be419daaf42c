"""One short string, read as a cell without a column: the concepts that its words and its codes may name."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any
from weakref import WeakKeyDictionary

from spacy.language import Language

from mrterms import pipeline
from mrterms.columns.codes import CodeIndex, FoundCode, blanked
from mrterms.components.shared import configured_lexicon
from mrterms.lexicon import Lexicon
from mrterms.text.plain import read

__all__ = ["normalize"]

_Found = dict[str, Any]

_INDEXES: WeakKeyDictionary[Language, CodeIndex] = WeakKeyDictionary()


def normalize(text: str, *, nlp: Language | None = None) -> list[dict[str, Any]]:
    """The concepts that a short string (a cell, a term) may name, best first; an empty list where it names none.

    Each is a dict with ``concept_id``, ``preferred_name``, ``score`` (0 to 1: sense probability times match score),
    ``codes``, ``match`` (kind, term, score, reason), ``sense_status``, ``assertion`` and ``severity``. A code that stands as one
    ("I34.0", "MR (I34.0)") names its concept too, as in :func:`mrterms.columns.normalize_columns`: what the text says finer or as
    fine is confirmed, and where code and text contradict each other both are ambiguous.

    >>> [one["concept_id"] for one in normalize("mitral incompetence")], normalize("I34.0")[0]["match"]["kind"]
    (['mitral_regurgitation'], 'code')
    """
    if not isinstance(text, str) or not any(map(str.isdigit, text)):
        return pipeline.candidates(text, nlp=nlp)
    plain, index = read(text), _index(nlp)
    codes = index.find(plain)
    if not codes:
        return pipeline.candidates(text, nlp=nlp)
    named = [_of_code(_lexicon(nlp), code, one) for code in codes for one in code.concept_ids or code.choices]
    return _with_codes(index, named, pipeline.candidates(blanked(plain, codes), nlp=nlp))


def _index(nlp: Language | None) -> CodeIndex:
    index = _default_index() if nlp is None else _INDEXES.get(nlp)
    if index is None:
        index = _INDEXES[nlp] = CodeIndex(_lexicon(nlp))  # type: ignore[index]
    return index


@cache
def _default_index() -> CodeIndex:
    return CodeIndex(_lexicon(None))


def _lexicon(nlp: Language | None) -> Lexicon:
    lexicon: Lexicon = configured_lexicon((), True) if nlp is None else nlp.get_pipe("mrterms_matcher").lexicon  # type: ignore[attr-defined]
    return lexicon


def _with_codes(index: CodeIndex, named: Sequence[_Found], said: Sequence[_Found]) -> list[_Found]:
    """What the codes name and what the words say, weighed against each other."""
    added: list[_Found] = []
    vouched: set[str] = set()
    coarser: set[str] = set()
    for one in named:
        same = [other["concept_id"] for other in said if index.agree(one["concept_id"], other["concept_id"])]
        vouched.update(same)
        if all(index.agree(one["concept_id"], other) != other for other in same):
            added.append(one)
            coarser.update(same)
    words = [one for one in said if one["concept_id"] not in coarser]
    told = {one["match"]["term"] for one in words if one["concept_id"] in vouched and _has_senses(one)}
    if vouched:  # the code tells what a short form means
        words = [
            one | {"score": one["match"]["score"], "sense_status": "resolved"} if one["match"]["term"] in told else one
            for one in words
            if one["match"]["term"] not in told or one["concept_id"] in vouched
        ]
    elif any(one["sense_status"] != "ambiguous" for one in words):
        added, words = (
            [one | {"score": round(one["score"] / 2, 3), "sense_status": "ambiguous"} for one in part] for part in (added, words)
        )
    return sorted([*added, *words], key=lambda one: -one["score"])


def _has_senses(one: _Found) -> bool:
    return bool(one["sense_status"] != "unambiguous")


def _of_code(lexicon: Lexicon, code: FoundCode, concept_id: str) -> _Found:
    concept = lexicon.concepts[concept_id]
    share = 1.0 if code.concept_ids else round(1.0 / len(code.choices), 3)
    own = {code.system: code.code} if code.system != "ICD9CM" else {}  # a code that is only read is never given
    return {
        "concept_id": concept_id,
        "preferred_name": concept.preferred_name,
        "score": share,
        "codes": {**concept.codes, **own},
        "match": {"kind": "code", "term": code.code, "score": 1.0, "reason": f"a code of {code.system}"},
        "sense_status": "unambiguous" if code.concept_ids else "ambiguous",
        "assertion": "historical" if code.historical else "present",
        "severity": None,
    }
