"""Short forms that a text itself defines behind a mention: "medullary thyroid carcinoma (MTC) ... MTC was found"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from mrterms.records import Match, Mention
from mrterms.text.view import View

__all__ = ["with_defined_short_forms"]

_SHORT_FORM = re.compile(r"(?=.*[A-Z].*[A-Z])[A-Za-z][A-Za-z0-9/-]{1,7}")
_MOST_TOKENS = 3
_SCORE = 0.95


def with_defined_short_forms(view: View, mentions: list[Mention]) -> list[Mention]:
    """``mentions`` and, wherever they stand in the text, the short forms that a bracket behind one of them defines.

    A short form counts where its letters stand in the long form in the same order and both begin alike (Schwartz and Hearst,
    PSB 2003); what a mention of that token said before gives way. A short form that stands behind other words of its letters
    ("retinoic acid (RA)") is no mention anywhere in the text.
    """
    if others := {one.text for one in mentions if _means_other_words(view, one, mentions)}:
        mentions = [one for one in mentions if one.text.removesuffix("s") not in others or one.match.kind != "abbreviation"]
    defined = {form: one for one in mentions if (form := _defined_behind(view, one))}
    if not defined:
        return mentions
    made = {found.token_start: found for form, one in defined.items() for found in _occurrences(view, form, one)}
    kept = [one for one in mentions if one.token_end - one.token_start > 1 or one.token_start not in made]
    taken = {token for one in kept for token in range(one.token_start, one.token_end)}
    kept += [one for one in made.values() if one.token_start not in taken]
    return sorted(kept, key=lambda one: (one.start, -one.end))


def _means_other_words(view: View, one: Mention, mentions: Iterable[Mention]) -> bool:
    """Whether the words before the bracket in which a short form stands begin with its letters, and are no mention themselves."""
    at, form = one.token_start, one.text
    if one.match.kind != "abbreviation" or one.token_end - at > 1 or at < len(form) + 1 or view.word(at - 1) != "(":
        return False
    if any(other.token_end == at - 1 for other in mentions):
        return False
    words = [word for token in range(max(0, at - 1 - 2 * len(form)), at - 1) if (word := view.word(token))[0].isalpha()]
    return [word[0].lower() for word in words[-len(form) :]] == list(form.lower())


def _defined_behind(view: View, one: Mention) -> str:
    """The short form in brackets behind a mention, or nothing."""
    at = one.token_end
    if at + 2 >= view.length or view.word(at) != "(":
        return ""
    form = view.word(at + 1)
    if view.word(at + 2) not in (")", ",", ";") or not _SHORT_FORM.fullmatch(form):
        return ""
    return form if _spells(form, one.text) else ""


def _spells(form: str, text: str) -> bool:
    """Whether the letters of a short form stand in a text in their order, the first at its beginning."""
    plain = form[:-1] if form.endswith("s") and form[-2].isupper() else form
    if plain[0].lower() != text[0].lower() or len(text) <= 2 * len(plain):
        return False
    letters = iter(text.lower())
    return all(one in letters for one in plain.lower() if one.isalnum())


def _occurrences(view: View, form: str, one: Mention) -> Iterator[Mention]:
    match = Match(kind="abbreviation", term=one.match.term, score=min(_SCORE, one.match.score), reason="defined in the text")
    hash_of = view.doc.vocab.strings.__getitem__
    hashes = view.hashes
    for written in dict.fromkeys((form, f"{form}s", form.removesuffix("s"))):
        for token in (hashes == hash_of(written)).nonzero()[0].tolist():
            start = view.start_of(token)
            yield one._replace(start=start, end=start + len(written), text=written, token_start=token, token_end=token + 1, match=match)
