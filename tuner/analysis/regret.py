"""How far from the best value a run ends up, on a scale that tasks share."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from tuner.analysis.bootstrap import Bootstrap
from tuner.analysis.outcomes import Outcomes
from tuner.analysis.steps import Floats
from tuner.errors import SpecError, nearest

__all__ = ["ALL_TASKS", "FRACTIONS", "mean_regret", "paired_differences", "regrets", "task_scores"]

ALL_TASKS = "all tasks"
"""What the rows over all tasks bear in the column ``task``."""

FRACTIONS = (0.10, 0.25, 0.50, 1.00)
"""Of the budget, at which regret is looked at."""


def regrets(
    outcomes: Outcomes,
    fractions: Sequence[float] = FRACTIONS,
    optima: Mapping[str, float] | None = None,
) -> pd.DataFrame:
    """Return the normalised regret of each run at fractions of the budget.

    It is (value - best) / (worst - best), with the best and the worst value that any run of any
    arm reported on the task, as in the YAHPO Gym paper (Pfisterer et al. 2022): 0 is the best,
    1 the worst. A run that has found nothing by then has a regret of 1. Since best and
    worst belong to the comparison, regrets of two comparisons are on two scales, unless the
    optimum is known and the worst alike.

    Args:
        outcomes: The runs.
        fractions: Of the budget, above 0 and at most 1.
        optima: The known optimum by task, for some or all. It takes the place of the best value
            found, unless that is even better.

    Returns:
        ``task``, ``arm``, ``seed``, ``fraction``, ``regret``: a row per run and fraction, for the
        seeds that all arms have run.

    Raises:
        SpecError: A fraction is out of range, or a task of ``optima`` is unknown.
    """
    cube = regret_cube(outcomes, fractions, optima)
    rows = [
        (task, arm, seed, fraction, float(cube[t, a, s, f]))
        for t, task in enumerate(outcomes.tasks)
        for a, arm in enumerate(outcomes.arms)
        for s, seed in enumerate(outcomes.all_seeds)
        for f, fraction in enumerate(fractions)
        if not math.isnan(cube[t, a, s, f])
    ]
    return pd.DataFrame(rows, columns=["task", "arm", "seed", "fraction", "regret"])


def mean_regret(
    outcomes: Outcomes,
    fractions: Sequence[float] = FRACTIONS,
    optima: Mapping[str, float] | None = None,
    bootstrap: Bootstrap = Bootstrap(),  # noqa: B008 - frozen
) -> pd.DataFrame:
    """Return the mean of `regrets` over seeds, by task and over all tasks.

    Every task weighs the same in the mean over all. Takes and raises what `regrets` does.

    Returns:
        ``task`` (`ALL_TASKS` in the rows over all), ``arm``, ``fraction``, ``regret``, ``low``,
        ``high`` (its interval over seeds), ``seeds``.
    """
    cube = regret_cube(outcomes, fractions, optima)
    columns = ["task", "arm", "seeds", "fraction", "regret", "low", "high"]
    rows = [
        (task, arm, seeds, fraction, *(float(part[a, f]) for part in (mean, low, high)))
        for task, seeds, mean, low, high in _means(outcomes, cube, bootstrap)
        for a, arm in enumerate(outcomes.arms)
        for f, fraction in enumerate(fractions)
    ]
    return pd.DataFrame(rows, columns=columns)


def paired_differences(
    outcomes: Outcomes,
    baseline: str,
    *,
    fraction: float = 1.0,
    optima: Mapping[str, float] | None = None,
    bootstrap: Bootstrap = Bootstrap(),  # noqa: B008 - frozen
) -> pd.DataFrame:
    """Return how much lower the regret of each arm is than a baseline's, seed by seed.

    What to look at with fewer than five tasks, where tests over tasks have no power. Each interval
    covers one difference; with many arms, some exclude 0 by chance.

    Args:
        outcomes: The runs.
        baseline: An arm.
        fraction: Of the budget.
        optima: As for `regrets`.
        bootstrap: How intervals are made.

    Returns:
        ``task`` (`ALL_TASKS` in the rows over all), ``arm``, ``baseline``, ``difference`` (of
        normalised regrets, arm - baseline: below 0 the arm is better), ``low``, ``high``,
        ``seeds``.

    Raises:
        SpecError: There is no such baseline, or as for `regrets`.
    """
    base = arm_position(outcomes, baseline)
    cube = regret_cube(outcomes, (fraction,), optima)
    columns = ["task", "arm", "baseline", "seeds", "difference", "low", "high"]
    rows = [
        (task, arm, baseline, seeds, *(float(part[a, 0]) for part in (mean, low, high)))
        for task, seeds, mean, low, high in _means(outcomes, cube - cube[:, [base]], bootstrap)
        for a, arm in enumerate(outcomes.arms)
        if a != base
    ]
    return pd.DataFrame(rows, columns=columns)


def task_scores(
    outcomes: Outcomes, *, fraction: float = 1.0, optima: Mapping[str, float] | None = None
) -> pd.DataFrame:
    """Return what arms are ranked by: mean regrets, a row per task and a column per arm.

    Args:
        outcomes: The runs.
        fraction: Of the budget.
        optima: As for `regrets`.
    """
    cube = regret_cube(outcomes, (fraction,), optima)
    means = np.nanmean(cube[..., 0], axis=2) if cube.size else cube[:, :, 0, 0]
    return pd.DataFrame(means, index=pd.Index(outcomes.tasks, name="task"), columns=outcomes.arms)


def regret_cube(
    outcomes: Outcomes, fractions: Sequence[float], optima: Mapping[str, float] | None = None
) -> Floats:
    """Return normalised regrets, (tasks, arms, all seeds, fractions).

    NaN at the seeds of a task that not every arm has run.

    Raises:
        SpecError: As for `regrets`.
    """
    for fraction in fractions:
        if not 0 < fraction <= 1:
            raise SpecError(f"a fraction of the budget is above 0 and at most 1, got {fraction:g}")
    for task in optima or {}:
        if task not in outcomes.tasks:
            raise SpecError(f"an optimum of the unknown task {task!r}"
                            f"{nearest(task, outcomes.tasks)}")  # fmt: skip
    spends = np.array(fractions) * outcomes.budget.amount
    shape = (len(outcomes.tasks), len(outcomes.arms), len(outcomes.all_seeds), len(spends))
    cube = np.full(shape, math.nan)
    for t, task in enumerate(outcomes.tasks):
        here = np.isin(outcomes.all_seeds, outcomes.seeds(task))
        best, worst = _cost_range(outcomes, task, (optima or {}).get(task))
        for a, arm in enumerate(outcomes.arms):
            cube[t, a, here] = _normalised(outcomes.costs(task, arm, spends), best, worst)
    return cube


def arm_position(outcomes: Outcomes, arm: str) -> int:
    """Return the position of an arm in `Outcomes.arms`.

    Raises:
        SpecError: There is no such arm.
    """
    if arm not in outcomes.arms:
        raise SpecError(f"no run of the arm {arm!r}{nearest(arm, outcomes.arms)}")
    return outcomes.arms.index(arm)


def _cost_range(outcomes: Outcomes, task: str, optimum: float | None) -> tuple[float, float]:
    sign, extremes = outcomes.sign(task), outcomes.extremes(task)
    best, worst = sign * extremes.best, sign * extremes.worst
    return best if optimum is None else min(best, sign * optimum), worst


def _normalised(costs: Floats, best: float, worst: float) -> Floats:
    regret = np.ones_like(costs)
    found = np.isfinite(costs)
    regret[found] = (costs[found] - best) / (worst - best) if worst > best else 0.0
    return regret


def _means(
    outcomes: Outcomes, cube: Floats, bootstrap: Bootstrap
) -> list[tuple[str, int, Floats, Floats, Floats]]:
    """Return by task and over all tasks: seeds, mean, and the ends of its interval.

    Args:
        outcomes: Whose cube it is.
        cube: Shape (tasks, arms, seeds, fractions).
        bootstrap: How intervals are made.
    """
    answers = []
    for task, values in zip(outcomes.tasks, cube, strict=True):
        here = np.isin(outcomes.all_seeds, outcomes.seeds(task))
        sample = np.moveaxis(values[:, here], 1, 0)
        ends = bootstrap.interval(bootstrap.means(sample), len(sample))
        answers.append((task, len(sample), sample.mean(axis=0), *ends))
    used = ~np.isnan(cube).all(axis=(0, 1, 3))
    if answers:
        by_seed = np.moveaxis(cube[:, :, used], 2, 0)
        resampled = bootstrap.means(by_seed).mean(axis=1)
        ends = bootstrap.interval(resampled, len(by_seed))
        answers.append((ALL_TASKS, len(by_seed), np.nanmean(by_seed, axis=0).mean(axis=0), *ends))
    return answers
