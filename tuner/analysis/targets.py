"""How soon a target is reached.

A run that never reaches its target is censored, not dropped. Times are restricted to a horizon,
and means of them are restricted means (Royston and Parmar 2013, "Restricted mean survival time",
BMC Medical Research Methodology 13): how long one waits if one waits no longer than that.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd

from tuner.analysis.bootstrap import Bootstrap
from tuner.analysis.outcomes import Outcomes
from tuner.analysis.proportions import wilson_interval
from tuner.analysis.regret import arm_position
from tuner.analysis.steps import UNITS, Floats
from tuner.budgets import Unit
from tuner.errors import SpecError, nearest

__all__ = ["final_targets", "fixed_targets", "time_to_target", "waiting_times"]


def fixed_targets(outcomes: Outcomes, values: Mapping[str, float]) -> pd.DataFrame:
    """Return targets that are given.

    Args:
        outcomes: The runs.
        values: The target by task, in the metric's units.

    Returns:
        ``task``, ``seed``, ``target``: a row per task of ``values`` and seed.

    Raises:
        SpecError: A task is unknown, or a target is not finite.
    """
    for task, value in values.items():
        if task not in outcomes.tasks:
            raise SpecError(f"a target on the unknown task {task!r}{nearest(task, outcomes.tasks)}")
        if not math.isfinite(value):
            raise SpecError(f"a target is a finite value, got {value:g} on {task!r}")
    rows = [(task, seed, value) for task, value in values.items() for seed in outcomes.seeds(task)]
    return pd.DataFrame(rows, columns=["task", "seed", "target"])


def final_targets(outcomes: Outcomes, baseline: str, *, per_seed: bool = False) -> pd.DataFrame:
    """Return the final quality of a baseline as the target.

    Args:
        outcomes: The runs.
        baseline: An arm, as a rule random search.
        per_seed: Whether each seed has the baseline's value with that seed as its target, so that
            the baseline reaches all; otherwise it is the median over seeds, and the baseline
            reaches about half of its targets.

    Returns:
        ``task``, ``seed``, ``target`` (in the metric's units). A baseline's run that found nothing
        counts as the worst value of the task.

    Raises:
        SpecError: There is no such baseline.
    """
    arm_position(outcomes, baseline)
    rows = []
    for task in outcomes.tasks:
        final = outcomes.costs(task, baseline, [outcomes.budget.amount])[:, 0]
        values = np.where(
            np.isfinite(final), outcomes.sign(task) * final, outcomes.extremes(task).worst
        )
        targets = values if per_seed else np.full(len(values), np.median(values))
        rows += [(task, seed, float(target))
                 for seed, target in zip(outcomes.seeds(task), targets, strict=True)]  # fmt: skip
    return pd.DataFrame(rows, columns=["task", "seed", "target"])


def time_to_target(outcomes: Outcomes, targets: pd.DataFrame) -> pd.DataFrame:
    """Return what each run had spent when it first had a value at least as good as its target.

    A run that never got there has the horizon in its place: the budget, and in the other units
    the most that any run on the task spent. A run that failed never gets there.

    Args:
        outcomes: The runs.
        targets: ``task``, ``seed``, ``target``, as `fixed_targets` and `final_targets` return.

    Returns:
        ``task``, ``arm``, ``seed``, ``target``, ``reached``, ``trials``, ``epochs``, ``seconds``,
        ``gpu_seconds``.
    """
    horizons = {task: _horizon(outcomes, task) for task in targets["task"].unique()}
    columns = (targets[name] for name in ("task", "seed", "target"))
    rows = []
    for task, seed, target in zip(*columns, strict=True):
        for arm in outcomes.arms:
            steps = outcomes.steps(task, arm, int(seed))
            spent = steps.spent_until(outcomes.sign(task) * target)
            there = horizons[task] if spent is None else spent
            rows.append((task, arm, int(seed), target, spent is not None, *map(float, there)))
    return pd.DataFrame(rows, columns=["task", "arm", "seed", "target", "reached", *UNITS])


def waiting_times(
    outcomes: Outcomes,
    targets: pd.DataFrame,
    *,
    unit: Unit | None = None,
    bootstrap: Bootstrap = Bootstrap(),  # noqa: B008 - frozen
) -> pd.DataFrame:
    """Return how long each arm takes to its targets, by task.

    Args:
        outcomes: The runs.
        targets: As `time_to_target` takes them.
        unit: Of the times; the budget's where None.
        bootstrap: How intervals of the mean are made.

    Returns:
        ``task``, ``arm``, ``seeds``, ``reached`` (share of runs), ``reached_low``,
        ``reached_high`` (Wilson's interval), ``mean`` (restricted: a lower bound of the mean where
        ``reached`` is below 1), ``low``, ``high`` (its interval), ``median`` (inf where half of
        the runs or more never get there).
    """
    unit = unit or outcomes.budget.unit
    times = time_to_target(outcomes, targets)
    rows = []
    for (task, arm), runs in times.groupby(["task", "arm"], sort=False):
        spent, reached = runs[unit].to_numpy(float), runs["reached"].to_numpy(bool)
        ends = bootstrap.interval(bootstrap.means(spent), len(spent))
        share = wilson_interval(reached.sum(), len(reached), bootstrap.level)
        median = _median(np.where(reached, spent, math.inf))
        rows.append((task, arm, len(runs), reached.mean(), *share, spent.mean(),
                     *map(float, ends), median))  # fmt: skip
    columns = ["task", "arm", "seeds", "reached", "reached_low", "reached_high"]
    return pd.DataFrame(rows, columns=[*columns, "mean", "low", "high", "median"])


def _horizon(outcomes: Outcomes, task: str) -> Floats:
    """Return what stands for the times, in each of `UNITS`, of a run that never gets there."""
    most = outcomes.runs.loc[outcomes.runs["task"] == task, list(UNITS)].max().astype(float)
    most[outcomes.budget.unit] = outcomes.budget.amount
    return np.asarray(most, dtype=float)


def _median(times: Floats) -> float:
    """Return the median of times of which some are inf; inf where the middle is."""
    ordered = np.sort(times)
    middle = ordered[[(len(ordered) - 1) // 2, len(ordered) // 2]]
    return float(middle.mean())
