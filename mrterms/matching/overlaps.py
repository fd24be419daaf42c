"""Which of overlapping mentions stays: the longest, then the surest, then the last ("rheumatic | mitral valve regurgitation": an
English phrase ends with what it names)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol, TypeVar

__all__ = ["longest_first"]


class _Stretch(Protocol):
    @property
    def token_start(self) -> int: ...
    @property
    def token_end(self) -> int: ...


T = TypeVar("T", bound=_Stretch)


def longest_first(stretches: Iterable[T], *, rank: Callable[[T], float] = lambda _: 0.0) -> tuple[list[T], list[T]]:
    """Split into those that stay and the losers; ``rank`` breaks ties of length, smaller wins. Both in text order."""
    order = sorted(stretches, key=lambda one: (one.token_start - one.token_end, rank(one), -one.token_start))
    taken: set[int] = set()
    kept: list[T] = []
    lost: list[T] = []
    for one in order:
        tokens = range(one.token_start, one.token_end)
        if taken.isdisjoint(tokens):
            taken.update(tokens)
            kept.append(one)
        else:
            lost.append(one)
    by_place = lambda one: (one.token_start, one.token_end)  # noqa: E731 -- a key used twice, nothing more
    return sorted(kept, key=by_place), sorted(lost, key=by_place)
