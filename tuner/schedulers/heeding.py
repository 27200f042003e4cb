"""Which reports a scheduler takes note of: a simulation need not tell it the others."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol, runtime_checkable

from ray.tune.schedulers import (
    AsyncHyperBandScheduler,
    FIFOScheduler,
    MedianStoppingRule,
    TrialScheduler,
)

__all__ = ["Heeding", "heed_of", "only_stops"]


@runtime_checkable
class Heeding(Protocol):
    """A scheduler to which most reports make no difference.

    It has no use for trials that have ended either: a simulation shows it none.
    """

    def heeds_from(self, trial_id: str) -> float:
        """Return the time before which no report of a trial changes anything, now or later."""


def heed_of(scheduler: TrialScheduler) -> Callable[[str], float] | None:
    """Return what tells from when on a scheduler heeds a trial's reports; None where it heeds all.

    That ``max_t`` is reached, and that a trial has diverged, is for others to see.
    """
    if isinstance(scheduler, Heeding):
        return scheduler.heeds_from
    return (lambda _: math.inf) if type(scheduler) is FIFOScheduler else None


def only_stops(scheduler: TrialScheduler) -> bool:
    """Return whether a scheduler lets trials go on or stops them, and neither pauses nor copies."""
    if isinstance(scheduler, MedianStoppingRule):  # which has trials yield their slots
        return bool(scheduler._hard_stop) and scheduler._min_time_slice == math.inf
    return isinstance(scheduler, AsyncHyperBandScheduler) or type(scheduler) is FIFOScheduler
