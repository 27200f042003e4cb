"""One run: its best value so far as a step function of what was spent."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from tuner.budgets import Budget, Unit

__all__ = ["NOTHING", "UNITS", "Cell", "Floats", "Steps", "steps_by_cell"]

Floats = npt.NDArray[np.float64]
Cell = tuple[str, str, int]
"""A task, an arm and a seed: one run."""

UNITS: tuple[Unit, ...] = ("trials", "epochs", "seconds", "gpu_seconds")
"""What a run spends; columns of the frames."""


@dataclass(frozen=True, eq=False)
class Steps:
    """The incumbents of a run, in the order of spending.

    Attributes:
        costs: The best value so far so that lower is better, (n,); it never rises.
        spent: What had been spent when it was found, in each of `UNITS`, (n, 4).
    """

    costs: Floats
    spent: Floats

    def costs_at(self, spends: Floats, unit: Unit) -> Floats:
        """Return the best cost so far at each spend; inf before the first."""
        found = np.searchsorted(self.spent[:, UNITS.index(unit)], spends, side="right")
        return np.concatenate(([math.inf], self.costs))[found]

    def spent_until(self, cost: float) -> Floats | None:
        """Return what had been spent when a cost was reached, in each of `UNITS`; None if never."""
        there = np.flatnonzero(self.costs <= cost)
        return self.spent[there[0]] if len(there) else None


NOTHING = Steps(np.empty(0), np.empty((0, len(UNITS))))
"""The steps of a run that found nothing."""


def steps_by_cell(
    incumbents: pd.DataFrame, signs: pd.Series[int], budget: Budget
) -> dict[Cell, Steps]:
    """Return the steps of each run that found a finite value within the budget.

    Args:
        incumbents: As `tuner.analysis.Outcomes` takes them.
        signs: By row, what a value is multiplied with to be a cost.
        budget: What comes later is left out.
    """
    costs = incumbents["value"].to_numpy(float) * signs.to_numpy(float)
    counts = np.isfinite(costs) & (incumbents[budget.unit] <= budget.amount).to_numpy(bool)
    order = np.argsort(incumbents[budget.unit].to_numpy(float), kind="stable")
    order = order[counts[order]]
    spent = incumbents[list(UNITS)].to_numpy(float)
    cells: dict[Any, Any] = incumbents.iloc[order].groupby(["task", "arm", "seed"]).indices
    return {
        (task, arm, int(seed)): Steps(np.minimum.accumulate(costs[order[rows]]), spent[order[rows]])
        for (task, arm, seed), rows in cells.items()
    }
