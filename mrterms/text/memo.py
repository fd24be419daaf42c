"""A memory of answers that stays within bounds."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TypeVar

__all__ = ["Memo"]

_Asked = TypeVar("_Asked", bound=Hashable)
_Answer = TypeVar("_Answer")


class Memo(dict[_Asked, _Answer]):
    """What ``answer`` says of each thing asked, at the price of one look-up when it is asked again.

    All is forgotten when there are ``most``: things come back at the price of one answer.
    """

    def __init__(self, answer: Callable[[_Asked], _Answer], most: int) -> None:
        self._answer, self._most = answer, most

    def __missing__(self, asked: _Asked) -> _Answer:
        if len(self) >= self._most:
            self.clear()
        found = self[asked] = self._answer(asked)
        return found
