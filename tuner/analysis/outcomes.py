"""What a comparison found: checked once, and read by every statistic of this package."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from tuner.analysis.steps import NOTHING, UNITS, Cell, Floats, Steps, steps_by_cell
from tuner.budgets import Budget
from tuner.errors import SpecError, nearest

__all__ = ["Extremes", "Outcomes", "require_columns"]

_RUN_COLUMNS = ("task", "arm", "seed", "status", "mode", "best", "worst", *UNITS)
_INCUMBENT_COLUMNS = ("task", "arm", "seed", "value", *UNITS)
_STATUSES = {"finished", "failed"}
_MODES = {"min", "max"}


@dataclass(frozen=True)
class Extremes:
    """The best and the worst finite value that any run reported on a task.

    Attributes:
        best: In the metric's units; NaN where no run reported a finite value.
        worst: Likewise.
    """

    best: float
    worst: float


@dataclass(frozen=True, eq=False)
class Outcomes:
    """Runs of several arms on several tasks with several seeds, at one budget.

    Arms are compared on the seeds that every arm has run on a task; a task without such a seed is
    left out. `missing` names the runs that are not there. A run that failed counts against its
    arm as one that found nothing, whatever it had reported before.

    Attributes:
        runs: A row per run: ``task``, ``arm``, ``seed`` (int), ``status`` (``"finished"`` or
            ``"failed"``), ``mode`` (``"min"`` or ``"max"``), ``best`` and ``worst`` (finite values
            of the metric, or NaN), and what it spent in all: ``trials``, ``epochs``, ``seconds``,
            ``gpu_seconds``.
        incumbents: A row each time that a run's best value improves, in that order: ``task``,
            ``arm``, ``seed``, ``value``, and what had been spent by then, in the same columns.
        budget: What each run might spend. What was found later is not looked at.

    Raises:
        SpecError: A column is missing, a run is there twice, a status or mode is unknown, a task
            has two modes, or no finished run spent anything in the budget's unit.
    """

    runs: pd.DataFrame
    incumbents: pd.DataFrame
    budget: Budget

    def __post_init__(self) -> None:
        require_columns(self.runs, _RUN_COLUMNS, "runs")
        require_columns(self.incumbents, _INCUMBENT_COLUMNS, "incumbents")
        _check_names(self.runs["status"], _STATUSES, "status")
        _check_names(self.runs["mode"], _MODES, "mode")
        twice = self.runs[self.runs.duplicated(["task", "arm", "seed"])]
        if len(twice):
            task, arm, seed = twice.iloc[0][["task", "arm", "seed"]]
            raise SpecError(f"a cell has one run, got several of {arm!r} on {task!r}, seed {seed}")
        modes = self.runs.groupby("task")["mode"].nunique()
        if (modes > 1).any():
            raise SpecError(f"a task has one mode, got two for {modes.idxmax()!r}")
        unit = self.budget.unit
        spent = self.runs.loc[self.runs["status"] == "finished", unit]
        if len(spent) and not (spent > 0).any():
            raise SpecError(
                f"no run spent any {unit}, so a budget of {self.budget} compares nothing; "
                f"choose another unit of {', '.join(UNITS)}"
            )

    @cached_property
    def arms(self) -> tuple[str, ...]:
        """Every arm, in the order of the runs."""
        return tuple(self.runs["arm"].unique())

    @cached_property
    def tasks(self) -> tuple[str, ...]:
        """The tasks on which every arm has run at least one seed in common, in that order."""
        return tuple(task for task in self.runs["task"].unique() if self._common[task])

    @cached_property
    def all_seeds(self) -> tuple[int, ...]:
        """Every seed of any run, ascending."""
        return tuple(sorted(int(seed) for seed in self.runs["seed"].unique()))

    def seeds(self, task: str) -> tuple[int, ...]:
        """Return the seeds that every arm has run on a task, ascending."""
        return self._common[self._known(task, self._common, "task")]

    def missing(self) -> pd.DataFrame:
        """Return the runs that are not there: ``task``, ``arm``, ``seed``."""
        there = set(self._statuses)
        cells = product(self.runs["task"].unique(), self.arms, self.all_seeds)
        absent = [cell for cell in cells if cell not in there]
        return pd.DataFrame(absent, columns=["task", "arm", "seed"])

    def failures(self) -> pd.DataFrame:
        """Return the runs that found nothing: ``task``, ``arm``, ``seed``, ``reason``.

        They count as the worst value of the task at each spend, lose against every run that found
        something, and reach no target.
        """
        rows = [
            (*cell, "failed" if status == "failed" else "no finite value within the budget")
            for cell, status in self._statuses.items()
            if status == "failed" or cell not in self._steps
        ]
        return pd.DataFrame(rows, columns=["task", "arm", "seed", "reason"])

    def sign(self, task: str) -> int:
        """Return what a value is multiplied with to be a cost, of which less is better: 1 or -1."""
        return self._signs[self._known(task, self._signs, "task")]

    def extremes(self, task: str) -> Extremes:
        """Return the best and the worst value of all runs on a task, failed ones included."""
        rows = self.runs[self.runs["task"] == task]
        found = self.incumbents[self.incumbents["task"] == task]
        values = np.concatenate([frame.to_numpy(float) for frame in (rows["best"], rows["worst"])])
        values = np.concatenate([values, found["value"].to_numpy(float)])
        costs = self.sign(task) * values[np.isfinite(values)]
        if not len(costs):
            return Extremes(math.nan, math.nan)
        return Extremes(*(float(self.sign(task) * cost) for cost in (costs.min(), costs.max())))

    def costs(self, task: str, arm: str, spends: Sequence[float] | Floats) -> Floats:
        """Return the best value so far as a cost, of which less is better.

        Args:
            task: One of `tasks`.
            arm: One of `arms`.
            spends: How much had been spent, in the budget's unit, (n,).

        Returns:
            Shape (seeds of the task, n); inf where a run had found nothing by then.
        """
        self._known(arm, self.arms, "arm")
        at, unit = np.asarray(spends, dtype=float), self.budget.unit
        rows = [self.steps(task, arm, seed).costs_at(at, unit) for seed in self.seeds(task)]
        return np.array(rows).reshape(len(rows), len(at))

    def steps(self, task: str, arm: str, seed: int) -> Steps:
        """Return the incumbents of a run within the budget; none if it failed."""
        cell = task, arm, seed
        return self._steps.get(cell, NOTHING) if self._statuses.get(cell) == "finished" else NOTHING

    @cached_property
    def _statuses(self) -> dict[Cell, str]:
        columns = (self.runs[name] for name in ("task", "arm", "seed", "status"))
        return {
            (task, arm, int(seed)): status for task, arm, seed, status in zip(*columns, strict=True)
        }

    @cached_property
    def _signs(self) -> dict[str, int]:
        pairs = zip(self.runs["task"], self.runs["mode"], strict=True)
        return {task: 1 if mode == "min" else -1 for task, mode in pairs}

    @cached_property
    def _common(self) -> dict[str, tuple[int, ...]]:
        """Return by task the seeds that every arm has run."""
        return {
            task: tuple(
                seed
                for seed in self.all_seeds
                if all((task, arm, seed) in self._statuses for arm in self.arms)
            )
            for task in self.runs["task"].unique()
        }

    @cached_property
    def _steps(self) -> dict[Cell, Steps]:
        signs = self.incumbents["task"].map(self._signs).fillna(1)
        return steps_by_cell(self.incumbents, signs, self.budget)

    @staticmethod
    def _known(name: str, known: Iterable[str], kind: str) -> str:
        if name not in known:
            raise SpecError(f"unknown {kind} {name!r}{nearest(name, known)}")
        return name


def require_columns(frame: pd.DataFrame, names: Iterable[str], what: str) -> None:
    """Refuse a frame that lacks a column.

    Raises:
        SpecError: It does.
    """
    absent = [name for name in names if name not in frame.columns]
    if absent:
        raise SpecError(f"the frame of {what} needs the columns {', '.join(names)}; "
                        f"it lacks {', '.join(absent)}")  # fmt: skip


def _check_names(column: pd.Series[Any], known: set[str], kind: str) -> None:
    for name in column.unique():
        if name not in known:
            raise SpecError(f"unknown {kind} {name!r}{nearest(str(name), known)}")
