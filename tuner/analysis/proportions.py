"""Shares of runs: how often one arm wins against another, and how sure that is."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from scipy import stats

from tuner.analysis.outcomes import Outcomes
from tuner.analysis.steps import Floats
from tuner.errors import SpecError

__all__ = ["wilson_interval", "win_rates"]


def wilson_interval(successes: float, n: float, level: float = 0.95) -> tuple[float, float]:
    """Return the interval of a proportion by Wilson's (1927) score method.

    Args:
        successes: How many of ``n``; halves count for ties.
        n: How many were tried; not whole where they stand for fewer independent ones.
        level: Of confidence.

    Returns:
        Its ends, between 0 and 1; NaN with none tried.

    Raises:
        SpecError: ``successes`` is not between 0 and ``n``.
    """
    if not 0 <= successes <= n:
        raise SpecError(f"successes are between 0 and {n:g}, got {successes:g}")
    if n == 0:
        return math.nan, math.nan
    z2 = stats.norm.ppf((1 + level) / 2) ** 2
    share = successes / n
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = math.sqrt(z2 * (share * (1 - share) / n + z2 / (4 * n * n))) / (1 + z2 / n)
    return max(0.0, float(centre - half)), min(1.0, float(centre + half))


def win_rates(outcomes: Outcomes, *, fraction: float = 1.0, level: float = 0.95) -> pd.DataFrame:
    """Return how often each arm has a better value than each other one, run by run.

    Runs are paired by task and seed; ties count half. A run that found nothing loses to one that
    found something, and ties with one that found nothing. Intervals are Wilson's for as many
    independent pairs as the rates of the seeds vary like (a design effect of at least 1), since
    a seed may act alike on several tasks.

    Args:
        outcomes: The runs.
        fraction: Of the budget, at which values are compared.
        level: Of confidence.

    Returns:
        ``arm``, ``other``, ``wins``, ``ties``, ``losses``, ``rate`` (of wins and half the ties),
        ``low``, ``high``: a row per ordered pair of arms.

    Raises:
        SpecError: ``fraction`` is out of range.
    """
    if not 0 < fraction <= 1:
        raise SpecError(f"a fraction of the budget is above 0 and at most 1, got {fraction:g}")
    costs = _final_costs(outcomes, fraction * outcomes.budget.amount)
    columns = ["arm", "other", "wins", "ties", "losses", "rate", "low", "high"]
    rows = [
        (arm, other, *_record(costs[:, :, a], costs[:, :, b], level))
        for a, arm in enumerate(outcomes.arms)
        for b, other in enumerate(outcomes.arms)
        if a != b
    ]
    return pd.DataFrame(rows, columns=columns)


def _final_costs(outcomes: Outcomes, spend: float) -> Floats:
    """Return costs, (tasks, all seeds, arms); NaN at the seeds that not every arm has run."""
    shape = len(outcomes.tasks), len(outcomes.all_seeds), len(outcomes.arms)
    costs = np.full(shape, math.nan)
    for t, task in enumerate(outcomes.tasks):
        here = np.isin(outcomes.all_seeds, outcomes.seeds(task))
        for a, arm in enumerate(outcomes.arms):
            costs[t, here, a] = outcomes.costs(task, arm, [spend])[:, 0]
    return costs


def _record(ours: Floats, theirs: Floats, level: float) -> tuple[float, ...]:
    """Return wins, ties, losses, rate and its interval of costs by task and seed."""
    there = ~np.isnan(ours)
    wins, ties = int((ours < theirs).sum()), int((ours == theirs).sum())
    n = int(there.sum())
    if n == 0:
        return 0, 0, 0, math.nan, math.nan, math.nan
    points = np.where(there, (ours < theirs) + 0.5 * (ours == theirs), math.nan)
    rate = (wins + ties / 2) / n
    independent = n / _design_effect(points, rate, n)
    low, high = wilson_interval(rate * independent, independent, level)
    return wins, ties, n - wins - ties, rate, low, high


def _design_effect(points: Floats, rate: float, n: int) -> float:
    """Return the variance of a rate among seeds over that of independent pairs (Kish 1965).

    At least 1: tasks that differ would make it smaller, and the interval shorter.
    """
    rates = np.nanmean(points[:, ~np.isnan(points).all(axis=0)], axis=0)
    if len(rates) < 2 or rate in (0.0, 1.0):
        return 1.0
    return max(1.0, float(rates.var(ddof=1) / len(rates) / (rate * (1 - rate) / n)))
