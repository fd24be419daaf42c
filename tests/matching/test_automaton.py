"""The trie in arrays, held to plain tuples."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mrterms.matching.automaton import Automaton

FORMS = st.lists(st.lists(st.integers(1, 6), min_size=1, max_size=5), max_size=40)


@given(FORMS, FORMS)
def test_it_holds_the_forms_and_no_others(forms: list[list[int]], others: list[list[int]]) -> None:
    walker = Automaton.of(forms, 7).walker()
    for form in [*forms, *others]:
        node = walker.follow(0, form)
        found = walker.form_at(node) if node else -1
        assert found == (forms.index(form) if form in forms else -1)


@given(FORMS, st.lists(st.integers(0, 6), min_size=2, max_size=20))
def test_every_beginning_of_a_form_is_seen(forms: list[list[int]], text: list[int]) -> None:
    begins = set(Automaton.of(forms, 7).begins(np.array(text)).tolist())
    starts = {tuple(form[:2]) for form in forms if len(form) > 1}
    assert {place for place, pair in enumerate(pairwise(text)) if pair in starts} <= begins
    assert all(text[place] and text[place + 1] for place in begins)
