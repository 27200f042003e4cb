"""A sorted sequence that stays quick with 100,000 values. Pure.

A single sorted list moves half of its values at each insertion, and a list of Python floats is
spread all over the memory. Here values lie in blocks of bounded length; those of floats are arrays
of 8 bytes each.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Iterator, MutableSequence
from typing import Any, Generic, Protocol, TypeVar

__all__ = ["SortedBlocks", "doubles"]

_LENGTH = 2048  # of a block, on average: long enough that there are few, short enough to move


class _Ordered(Protocol):
    def __lt__(self, other: Any, /) -> bool: ...


_T = TypeVar("_T", bound=_Ordered)


def doubles(values: Iterable[float] = ()) -> array[float]:
    """Return a block of floats."""
    return array("d", values)


class SortedBlocks(Generic[_T]):
    """Values in ascending order.

    An operation takes a few dozen comparisons, moves at most one block, and counts the lengths of
    the blocks before: a microsecond or three up to some 100,000 values.

    Args:
        values: What to begin with, in any order.
        make_block: Makes a block of values; `doubles` for floats.
    """

    def __init__(
        self,
        values: Iterable[_T] = (),
        make_block: Callable[[Iterable[_T]], MutableSequence[_T]] = list,
    ) -> None:
        ordered = sorted(values)
        starts = range(0, len(ordered), _LENGTH)
        self._blocks = [make_block(ordered[start : start + _LENGTH]) for start in starts]
        self._lasts = [block[-1] for block in self._blocks]
        self._length = len(ordered)
        self._make_block = make_block

    def __len__(self) -> int:
        """Return how many values there are."""
        return self._length

    def __iter__(self) -> Iterator[_T]:
        """Yield the values, the smallest first."""
        for block in self._blocks:
            yield from block

    def __getitem__(self, index: int) -> _T:
        """Return the value at a place, counted from the end where it is negative.

        Raises:
            IndexError: There is none.
        """
        place = index + self._length if index < 0 else index
        if place >= 0:
            for block in self._blocks:
                if place < len(block):
                    return block[place]
                place -= len(block)
        raise IndexError(index)

    def index(self, value: _T) -> int:
        """Return how many values are smaller than ``value``."""
        number = bisect_left(self._lasts, value)
        before = sum(map(len, self._blocks[:number]))
        return before + (bisect_left(self._blocks[number], value) if before < len(self) else 0)

    def add(self, value: _T) -> None:
        """Put a value in its place."""
        if not self._blocks:
            self._blocks.append(self._make_block(()))
            self._lasts.append(value)
        number = min(bisect_left(self._lasts, value), len(self._lasts) - 1)
        block = self._blocks[number]
        insort(block, value)
        self._length += 1
        self._lasts[number] = block[-1]
        if len(block) > 2 * _LENGTH:
            self._blocks[number : number + 1] = [block[:_LENGTH], block[_LENGTH:]]
            self._lasts[number : number + 1] = [block[_LENGTH - 1], block[-1]]

    def remove(self, value: _T) -> None:
        """Take a value out, once.

        Raises:
            ValueError: It is not there.
        """
        number = bisect_left(self._lasts, value)
        block = self._blocks[number] if number < len(self._blocks) else []
        place = bisect_left(block, value)
        if place == len(block) or block[place] != value:
            raise ValueError(f"{value!r} is not there")
        del block[place]
        self._length -= 1
        if block:
            self._lasts[number] = block[-1]
        else:
            del self._blocks[number], self._lasts[number]
