"""The pieces of texts between white space as numbers, looked up all at once.

Splitting a text makes a string of each piece, and most of a scan would be that.  Here texts lie in one block of bytes; numpy finds
where pieces begin and end and computes the hash of each from running sums, so that only a piece that was not met before becomes a
string.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["PieceNumbers"]

_BASE = 0x9E3779B97F4A7C15  # odd, so that its powers can be divided by
_WORD = 2**64
_BLOCK = 60_000
"""Bytes looked up together: what numpy makes of them stays near the processor."""
_SMALLEST = 2**14
_SPACE = ord(" ")
_SPACES = bytes.maketrans(b"\t\n\v\f\r\x1c\x1d\x1e\x1f", b" " * 9)


class PieceNumbers:
    """Piece → number. ``learn`` gives a number other than 0 for each of the pieces that were not met before.

    Pieces are told apart by 64 bits of their hash. At most ``most`` are remembered; ``forget`` is called when they are dropped.
    """

    def __init__(self, learn: Callable[[list[str]], list[int]], forget: Callable[[], None], *, most: int) -> None:
        self._learn, self._forget, self._most = learn, forget, most
        self._powers = self._inverse = np.ones(1, dtype=np.uint64)
        self._clear()

    def of(self, texts: Sequence[str]) -> Iterator[tuple[NDArray[np.int32], NDArray[np.intp]]]:
        """Block by block the numbers of the pieces of some texts, and where those of each text begin (and the last end)."""
        block: list[bytes] = []
        size = 0
        for text in texts:
            data = (text if text.isascii() else " ".join(text.split())).encode("utf-8", "surrogatepass")
            if size and size + len(data) > _BLOCK:
                yield self._numbers(block)
                block, size = [], 0
            block.append(data)
            size += len(data) + 1
        if block:
            yield self._numbers(block)

    def _numbers(self, block: list[bytes]) -> tuple[NDArray[np.int32], NDArray[np.intp]]:
        data = b" " + b" ".join(block) + b" "
        hashes, starts, ends = self._hashes(data)
        numbers = self._look_up(hashes)
        unknown = (numbers == 0).nonzero()[0]
        if len(unknown):
            new, first, again = np.unique(hashes[unknown], return_index=True, return_inverse=True)
            places = unknown[first]
            pieces = [str(data[start:end], "utf-8", "surrogatepass") for start, end in zip(starts[places], ends[places], strict=True)]
            if self._count and self._count + len(new) > self._most:
                self._clear()
                self._forget()
                return self._numbers(block)
            learned = np.array(self._learn(pieces), dtype=np.int32)
            self._add(new, learned)
            numbers[unknown] = learned[again]
        begins = np.cumsum([0, *(len(one) + 1 for one in block)])
        return numbers, np.searchsorted(starts, begins + 1)

    def _hashes(self, data: bytes) -> tuple[NDArray[np.uint64], NDArray[np.intp], NDArray[np.intp]]:
        """The hash of each piece, its start and its end."""
        if len(data) > len(self._powers):
            self._powers, self._inverse = (_powers(base, 2 * len(data)) for base in (_BASE, pow(_BASE, -1, _WORD)))
        letters = np.frombuffer(data.translate(_SPACES), dtype=np.uint8)
        space = letters == _SPACE
        edges = (space[1:] != space[:-1]).nonzero()[0] + 1
        starts, ends = edges[::2], edges[1::2]
        sums = np.cumsum(letters * self._powers[: len(letters)])
        # The base once more, as no key may be 0, the mark of a free slot, and the last bit of a letter must not be lost to that.
        return (sums[ends - 1] - sums[starts - 1]) * self._inverse[starts - 1] | np.uint64(1), starts, ends

    def _look_up(self, hashes: NDArray[np.uint64]) -> NDArray[np.int32]:
        slots = self._slots(hashes)
        there, numbers = self._keys[slots], self._values[slots]
        taken = ((there != hashes) & (there != 0)).nonzero()[0]
        while len(taken):
            slot = slots[taken] = slots[taken] + 1 & self._last
            there, numbers[taken] = self._keys[slot], self._values[slot]
            taken = taken[(there != hashes[taken]) & (there != 0)]
        return numbers

    def _add(self, hashes: NDArray[np.uint64], numbers: NDArray[np.int32]) -> None:
        self._count += len(hashes)
        if 2 * self._count > len(self._keys):
            kept = self._keys.nonzero()[0]
            hashes, numbers = np.concatenate([self._keys[kept], hashes]), np.concatenate([self._values[kept], numbers])
            self._make_room(1 << (4 * self._count).bit_length())
        slots = self._slots(hashes)
        while len(hashes):
            free = (self._keys[slots] == 0).nonzero()[0]
            self._keys[slots[free]] = hashes[free]  # where several want one slot, the last of them gets it
            placed = self._keys[slots] == hashes
            self._values[slots[placed]] = numbers[placed]
            hashes, numbers, slots = hashes[~placed], numbers[~placed], slots[~placed] + 1 & self._last

    def _slots(self, hashes: NDArray[np.uint64]) -> NDArray[np.intp]:
        return ((hashes * np.uint64(_BASE)) >> self._shift).astype(np.intp)

    def _make_room(self, size: int) -> None:
        self._keys, self._values = np.zeros(size, dtype=np.uint64), np.zeros(size, dtype=np.int32)
        self._last, self._shift = size - 1, np.uint64(64 - (size.bit_length() - 1))

    def _clear(self) -> None:
        self._count = 0
        self._make_room(_SMALLEST)


def _powers(base: int, count: int) -> NDArray[np.uint64]:
    powers = np.full(count, base, dtype=np.uint64)
    powers[0] = 1
    return np.cumprod(powers)
