"""How much sooner than a baseline an arm reaches its targets."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tuner.analysis.bootstrap import Bootstrap
from tuner.analysis.outcomes import Outcomes
from tuner.analysis.regret import ALL_TASKS, arm_position
from tuner.analysis.steps import Floats
from tuner.analysis.targets import time_to_target
from tuner.budgets import Unit

__all__ = ["speedups"]

_BOUNDS = {
    (True, True): "exact",
    (True, False): "at least",
    (False, True): "at most",
    (False, False): "restricted",
}
"""By whether all runs of the arm and of the baseline reach their targets."""


def speedups(
    outcomes: Outcomes,
    targets: pd.DataFrame,
    baseline: str,
    *,
    unit: Unit | None = None,
    bootstrap: Bootstrap = Bootstrap(),  # noqa: B008 - frozen
) -> pd.DataFrame:
    """Return how many times sooner than a baseline each arm reaches its targets.

    By task it is the ratio of restricted mean times, over all tasks the geometric mean of the
    ratios; intervals are paired by seed. Targets are taken as given: where they are the
    baseline's median, the interval does not show that the median is an estimate.

    Args:
        outcomes: The runs.
        targets: As `time_to_target` takes them.
        baseline: An arm.
        unit: Of the times; the budget's where None.
        bootstrap: How intervals are made.

    Returns:
        ``task`` (`ALL_TASKS` in the rows over all), ``arm``, ``baseline``, ``speedup`` (above 1 the
        arm is quicker), ``low``, ``high``, ``saved`` (baseline - arm, of the mean times, in
        ``unit``), ``saved_low``, ``saved_high``, ``reached`` (share of the arm's runs),
        ``baseline_reached``, ``seeds``, and ``bound``, how ``speedup`` compares with that of
        endless runs: ``"exact"`` where all runs get there, ``"at least"`` where only some of the
        baseline's do not, ``"at most"`` where only some of the arm's do not, ``"restricted"``
        where some of both do not. (In another unit than the budget's the horizon is the most that
        any run spent, and bounds hold as far as runs spend alike.)

    Raises:
        SpecError: There is no such baseline.
    """
    base = arm_position(outcomes, baseline)
    times, reached = _time_cubes(outcomes, targets, unit or outcomes.budget.unit)
    rows = [
        (group.task, arm, baseline, *_speedup(group, a, base, bootstrap))
        for group in _groups(outcomes.tasks, times, reached, bootstrap)
        for a, arm in enumerate(outcomes.arms)
        if a != base
    ]
    columns = ["task", "arm", "baseline", "speedup", "low", "high", "saved", "saved_low"]
    columns += ["saved_high", "reached", "baseline_reached", "seeds", "bound"]
    return pd.DataFrame(rows, columns=columns)


@dataclass(frozen=True)
class _Group:
    """The times of one task, or of all.

    Attributes:
        task: Its name, or `ALL_TASKS`.
        seeds: How many were run.
        times: Means over seeds, (tasks, arms).
        resampled: The same of each resample, (resamples, tasks, arms).
        reached: Shares of runs that reached their targets, (arms,).
    """

    task: str
    seeds: int
    times: Floats
    resampled: Floats
    reached: Floats


def _time_cubes(outcomes: Outcomes, targets: pd.DataFrame, unit: Unit) -> tuple[Floats, Floats]:
    """Return times and whether targets were reached, both (tasks, seeds, arms); NaN if not run."""
    shape = len(outcomes.tasks), len(outcomes.all_seeds), len(outcomes.arms)
    cubes = np.full((2, *shape), math.nan)
    times = time_to_target(outcomes, targets)
    names = ("task", "seed", "arm", unit, "reached")
    for task, seed, arm, time, reached in zip(*(times[name] for name in names), strict=True):
        at = outcomes.tasks.index(task), outcomes.all_seeds.index(seed), outcomes.arms.index(arm)
        cubes[:, *at] = time, reached
    return cubes[0], cubes[1]


def _groups(
    tasks: Sequence[str], times: Floats, reached: Floats, bootstrap: Bootstrap
) -> Iterator[_Group]:
    """Yield each task that has targets, and all of them together."""
    there = np.asarray(~np.isnan(times).all(axis=(1, 2)))
    for name, chosen in [
        *((task, np.arange(len(tasks)) == t) for t, task in enumerate(tasks) if there[t]),
        (ALL_TASKS, there),
    ]:
        used = ~np.isnan(times[chosen]).all(axis=(0, 2))
        if used.any():
            sample = np.swapaxes(times[chosen][:, used], 0, 1)  # (seeds, tasks, arms)
            yield _Group(
                task=name,
                seeds=len(sample),
                times=np.nanmean(sample, axis=0),
                resampled=bootstrap.means(sample),
                reached=np.nanmean(reached[chosen][:, used], axis=1).mean(axis=0),
            )


def _speedup(
    group: _Group, arm: int, base: int, bootstrap: Bootstrap
) -> tuple[float | int | str, ...]:
    """Return the columns from ``speedup`` on."""
    whole = group.times[None]
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio, ratios = (
            np.exp(np.log(times[..., base] / times[..., arm]).mean(axis=1))
            for times in (whole, group.resampled)
        )
    saved, savings = (
        (times[..., base] - times[..., arm]).mean(axis=1) for times in (whole, group.resampled)
    )
    faster = [float(ratio[0]), *map(float, bootstrap.interval(ratios, group.seeds))]
    sooner = [float(saved[0]), *map(float, bootstrap.interval(savings, group.seeds))]
    shares = float(group.reached[arm]), float(group.reached[base])
    return *faster, *sooner, *shares, group.seeds, _BOUNDS[shares[0] == 1, shares[1] == 1]
