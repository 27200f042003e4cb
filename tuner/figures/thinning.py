"""Which of many trials are drawn: the best ones and an even sample of the rest, and a note."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from tuner.figures.frames import Floats, Places

__all__ = ["MOST_TRIALS", "evenly", "thinned", "thinned_course"]

MOST_TRIALS = 1000
"""More points or lines than that tell an eye nothing, and make a page slow."""

_BEST = 0.1  # of those drawn


def thinned(
    costs: Floats, what: str = "trials", most: int = MOST_TRIALS
) -> tuple[Places, str | None]:
    """Return which trials are drawn, in their order, and a note where these are not all.

    Args:
        costs: Lower is better, (n,); NaN and infinities count as worst.
        what: They are.
        most: How many are drawn.
    """
    if len(costs) <= most:
        return np.arange(len(costs)), None
    worst_last = np.argsort(np.nan_to_num(costs, nan=np.inf), kind="stable")
    best = worst_last[: int(_BEST * most)]
    rest = np.sort(worst_last[len(best) :])
    even = evenly(rest, most - len(best))
    note = f"{most:,} of {len(costs):,} {what} drawn: the best and an even sample of the rest"
    return np.sort(np.concatenate([best, even])), note


def evenly(places: Places, most: int) -> Places:
    """Return at most so many of the places, at equal distances."""
    if len(places) <= most:
        return places
    return places[np.linspace(0, len(places) - 1, most).round().astype(np.intp)]


def thinned_course(values: Floats, most: int) -> Places:
    """Return which points of a long course are drawn: its ends, and each extreme in between.

    Of each stretch of equal length the lowest and the highest value stay, so that no spike is lost.

    Args:
        values: In order, (n,).
        most: About how many stay.
    """
    if len(values) <= most:
        return np.arange(len(values))
    edges = np.linspace(0, len(values), max(most // 2, 1) + 1).round().astype(np.intp)
    kept = [0, len(values) - 1]
    for start, end in pairwise(edges):
        stretch = values[start:end]
        if np.isfinite(stretch).any():
            kept += [start + int(np.nanargmin(stretch)), start + int(np.nanargmax(stretch))]
    return np.unique(np.array(kept, dtype=np.intp))
