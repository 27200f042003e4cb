"""How many trials reach which rung, as far as arithmetic tells. Pure.

HyperBand's numbers are exact. ASHA's depend on what trials report; their least is known.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

from ray.tune.schedulers import FIFOScheduler, TrialScheduler

from tuner.forecast.estimates import Estimate, PlannedRung
from tuner.schedulers import ASHA, HyperBand, PromotionASHA
from tuner.schedulers.brackets import BracketPlan
from tuner.schedulers.ladder import Ladder

__all__ = ["exact_rungs", "fewest_at"]


def exact_rungs(scheduler: TrialScheduler, trials: int, max_t: int) -> list[PlannedRung]:
    """Return the rungs of a scheduler that trains the same whatever is reported.

    Args:
        scheduler: Fresh.
        trials: How many there are.
        max_t: Where they end.

    Returns:
        The rungs, bracket by bracket; none for other schedulers.
    """
    if type(scheduler) is FIFOScheduler:
        return [PlannedRung(0, 0, max_t, Estimate.exact(trials))]
    if isinstance(scheduler, HyperBand):
        return list(_of_brackets(scheduler.plan.filled_by(trials)))
    return []


def fewest_at(scheduler: TrialScheduler, trials: int, max_t: int) -> dict[int, int]:
    """Return how few trials can train to each rung of ASHA, and to ``max_t``.

    In the form that stops it may be one: the first to arrive passes, and each later one can be
    worse than those before it. The form that promotes keeps at least what successive halving
    keeps, and always one.

    Args:
        scheduler: Fresh.
        trials: How many there are.
        max_t: Where they end.

    Returns:
        The least number by time, of all brackets together; empty for other schedulers.
    """
    if not isinstance(scheduler, ASHA | PromotionASHA):
        return {}
    ladders = scheduler.ladders
    stops = sorted({stop for ladder in ladders for stop in _stops(ladder, max_t)})
    halves = isinstance(scheduler, PromotionASHA) and len(ladders) == 1
    fewest = {stops[0]: trials}
    for before, stop in pairwise(stops):
        kept = math.floor(fewest[before] / ladders[0].reduction_factor) if halves else 1
        fewest[stop] = max(1, kept)
    return fewest


def _of_brackets(brackets: Sequence[BracketPlan]) -> Iterator[PlannedRung]:
    for number, bracket in enumerate(brackets):
        start = 0.0
        for rung in bracket.rungs:
            yield PlannedRung(number, start, rung.time, Estimate.exact(rung.size))
            start = rung.time


def _stops(ladder: Ladder, max_t: int) -> list[int]:
    """Return when trials are compared, counted in whole epochs, and when they end."""
    return [*(math.ceil(at) for at in ladder.milestones if at < max_t), max_t]
