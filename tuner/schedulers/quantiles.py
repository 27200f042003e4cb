"""Quantiles of ordered values, equal to NumPy's to the last bit without looking at all of them."""

from __future__ import annotations

import math
from typing import Protocol

__all__ = ["Ordered", "median", "quantile"]


class Ordered(Protocol):
    """Values in ascending order, such as a sorted list."""

    def __len__(self) -> int:
        """Return how many values there are."""

    def __getitem__(self, index: int, /) -> float:
        """Return the value at a place."""


def quantile(ordered: Ordered, share: float) -> float:
    """Return ``numpy.quantile(ordered, share)``, which interpolates linearly.

    Args:
        ordered: At least one value, ascending.
        share: Of the values that lie below, from 0 to 1.
    """
    position = (len(ordered) - 1) * share
    below = math.floor(position)
    if below >= len(ordered) - 1:
        return ordered[-1]
    low, high, weight = ordered[below], ordered[below + 1], position - below
    if weight < 0.5:  # from the nearer end, as NumPy does
        return low + (high - low) * weight
    return high - (high - low) * (1 - weight)


def median(ordered: Ordered) -> float:
    """Return ``numpy.median(ordered)``.

    Args:
        ordered: At least one value, ascending.
    """
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle]) / 2
