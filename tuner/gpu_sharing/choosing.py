"""How many trials should share a GPU. Pure.

As many as fit, as long as more of them do more: beyond that, each trial only gets slower, and an
early one would be decided about later.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from tuner.gpu_sharing.measurements import Alone, Together

__all__ = ["candidates", "choose", "rises", "share_of", "trials_that_fit"]

MOST_TRIALS = 16

_MARGIN = 0.1  # what a trial may take beyond what was seen of it
_RESERVE = 0.05  # of the device, for what is no trial's: the driver, fragments
_NEARLY_BEST = 0.95
_RISE = 1.05
_GRAIN = 10_000  # Ray counts resources in ten-thousandths


def trials_that_fit(alone: Sequence[Alone], total_bytes: float) -> int:
    """Return how many trials the memory of a GPU holds, each as large as the largest seen.

    What does not fit by itself is left out: it fits nowhere. At least 1.

    Args:
        alone: What each configuration took.
        total_bytes: The memory of the device.
    """
    takes = [
        each.peak_bytes * (1 + _MARGIN) + each.context_bytes
        for each in alone
        if each.peak_bytes is not None
    ]
    largest = max(takes, default=0.0)
    if not largest:
        return MOST_TRIALS
    return max(1, min(MOST_TRIALS, math.floor(total_bytes * (1 - _RESERVE) / largest)))


def candidates(most: int) -> Iterator[int]:
    """Yield how many trials to try together: 1, 2, 4, ... and ``most``."""
    number = 1
    while number < most:
        yield number
        number *= 2
    yield most


def rises(tried: Sequence[Together]) -> bool:
    """Return whether the last number of trials did more than the one before."""
    if len(tried) < 2:
        return True
    before, last = tried[-2:]
    return last.reports_per_s >= _RISE * before.reports_per_s


def choose(tried: Sequence[Together]) -> int:
    """Return the smallest number of trials that do nearly as much as any; 1 if none was tried."""
    best = max((each.reports_per_s for each in tried), default=0.0)
    good = [each.trials for each in tried if each.reports_per_s >= _NEARLY_BEST * best > 0]
    return min(good, default=1)


def share_of(trials: int) -> float:
    """Return the largest share that so many trials can each have of a GPU, as Ray counts."""
    return math.floor(_GRAIN / trials) / _GRAIN
