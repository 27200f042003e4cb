"""The best value so far against what was spent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd

from tuner.analysis.bootstrap import Bootstrap
from tuner.analysis.outcomes import Outcomes
from tuner.analysis.steps import Floats
from tuner.errors import SpecError

__all__ = ["Scale", "Statistic", "best_so_far"]

Statistic: TypeAlias = Literal["mean", "median"]
Scale: TypeAlias = Literal["linear", "log"]


def best_so_far(
    outcomes: Outcomes,
    *,
    statistic: Statistic = "mean",
    points: int = 200,
    scale: Scale = "linear",
    bootstrap: Bootstrap = Bootstrap(),  # noqa: B008 - frozen
) -> pd.DataFrame:
    """Return the best value so far, over seeds, on a grid of spend that all arms share.

    A run's value is a step function: it holds from the report that improves it to the next, and is
    undefined before the first. Over seeds it is undefined until every run has a value, since an
    average of those that were quick would change its meaning along the curve. A run that never
    finds anything counts as the worst value of the task.

    Args:
        outcomes: The runs.
        statistic: What is taken over seeds.
        points: How many spends; the last is the budget.
        scale: How they lie: evenly from ``budget / points``, or evenly in the logarithm from the
            first report on the task.
        bootstrap: How intervals are made.

    Returns:
        ``task``, ``arm``, ``spend`` (in the budget's unit), ``value`` (in the metric's units),
        ``low``, ``high`` (its interval), ``seeds``. NaN where undefined.

    Raises:
        SpecError: ``points`` is below 2, or a name is unknown.
    """
    if points < 2:
        raise SpecError(f"a curve has at least 2 points, got {points}")
    if statistic not in ("mean", "median") or scale not in ("linear", "log"):
        raise SpecError(
            "a curve is of the 'mean' or the 'median', on a 'linear' or a 'log' scale, "
            f"got {statistic!r}, {scale!r}"
        )
    columns = ["task", "arm", "spend", "value", "low", "high", "seeds"]
    curves = [
        _curve(outcomes, task, arm, spends, statistic, bootstrap)
        for task, spends in _grids(outcomes, points, scale)
        for arm in outcomes.arms
    ]
    return pd.concat(curves)[columns] if curves else pd.DataFrame(columns=columns)


def _grids(outcomes: Outcomes, points: int, scale: Scale) -> Iterator[tuple[str, Floats]]:
    budget = outcomes.budget
    for task in outcomes.tasks:
        found = outcomes.incumbents[outcomes.incumbents["task"] == task][budget.unit]
        first = float(found[found > 0].min()) if (found > 0).any() else budget.amount / points
        if scale == "log" and first < budget.amount:
            yield task, np.geomspace(first, budget.amount, points)
        else:
            yield task, budget.amount * np.arange(1, points + 1) / points


def _curve(
    outcomes: Outcomes,
    task: str,
    arm: str,
    spends: Floats,
    statistic: Statistic,
    bootstrap: Bootstrap,
) -> pd.DataFrame:
    sign = outcomes.sign(task)
    values = sign * outcomes.costs(task, arm, spends)
    never = ~np.isfinite(values[:, -1])
    values[never] = outcomes.extremes(task).worst
    changes, where = np.unique(values, axis=1, return_inverse=True)  # the curves are steps
    defined = np.isfinite(changes).all(axis=0)
    answer = np.full((3, changes.shape[1]), np.nan)
    if defined.any():
        sample = changes[:, defined]
        if statistic == "mean":
            middle, resampled = sample.mean(axis=0), bootstrap.means(sample)
        else:
            middle, resampled = np.median(sample, axis=0), bootstrap.medians(sample)
        answer[:, defined] = middle, *bootstrap.interval(resampled, len(sample))
    value, low, high = answer[:, where]
    columns = {"spend": spends, "value": value, "low": low, "high": high}
    return pd.DataFrame({"task": task, "arm": arm, **columns, "seeds": len(values)})
