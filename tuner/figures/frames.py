"""What figures ask of the frames that they draw."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from tuner.errors import NoResultError, SpecError, nearest
from tuner.objectives import Objective

__all__ = [
    "Floats",
    "Mask",
    "Places",
    "costs_of",
    "finite",
    "joined",
    "names_in",
    "numbers",
    "outcomes_of",
    "rows_of_task",
    "values_of",
]

Floats: TypeAlias = npt.NDArray[np.float64]
Mask: TypeAlias = npt.NDArray[np.bool_]
Places: TypeAlias = npt.NDArray[np.intp]
"""Of rows, by their number."""


def names_in(frame: pd.DataFrame, column: str) -> list[str]:
    """Return the different names in a column, in the order of the frame.

    Raises:
        NoResultError: The frame is empty.
    """
    if not len(frame):
        raise NoResultError("there is nothing to draw: the frame has no rows")
    return list(dict.fromkeys(frame[column]))


def rows_of_task(frame: pd.DataFrame, task: str) -> pd.DataFrame:
    """Return the rows of a task.

    Raises:
        NoResultError: The frame is empty.
        SpecError: It has no such task.
    """
    tasks: Iterable[Any] = names_in(frame, "task")
    if task not in tasks:
        raise SpecError(f"no rows of the task {task!r}{nearest(task, tasks)}")
    return frame[frame["task"] == task]


def numbers(frame: pd.DataFrame, name: str) -> Floats:
    """Return a column as floats; NaN where it is missing or no number."""
    if name not in frame:
        return np.full(len(frame), np.nan)
    return pd.to_numeric(frame[name], errors="coerce").to_numpy(dtype=float, na_value=np.nan)


def values_of(trials: pd.DataFrame, objective: Objective, at: str = "best") -> Floats:
    """Return what each trial reached; NaN where that is no finite number.

    Args:
        trials: As `tuner.Sweep.trials` gives them.
        objective: What counts.
        at: ``"best"`` or ``"last"``: which report of each trial.
    """
    values = numbers(trials, f"{at}/{objective.metric}")
    return np.where(np.isfinite(values), values, np.nan)


def costs_of(values: Floats, objective: Objective) -> Floats:
    """Return values so that lower is better; infinite where there is none."""
    return np.where(np.isnan(values), np.inf, values if objective.mode == "min" else -values)


def finite(values: Floats, what: str) -> Mask:
    """Return which values are finite.

    Args:
        values: Of trials or reports, (n,).
        what: They are, for the error.

    Raises:
        NoResultError: None is.
    """
    known = np.isfinite(values)
    if not known.any():
        raise NoResultError(f"there is nothing to draw: no trial has a finite value of {what!r}")
    return known


def outcomes_of(trials: pd.DataFrame) -> list[str]:
    """Return how each trial ended; ``"running"`` where it has not."""
    if "outcome" not in trials:
        return ["running"] * len(trials)
    return [each if isinstance(each, str) else "running" for each in trials["outcome"]]


def joined(lines: Iterable[Floats]) -> Floats:
    """Return lines one after the other, with a gap after each, so that one trace draws them all."""
    parts = [part for line in lines for part in (line, [np.nan])]
    return np.concatenate(parts) if parts else np.empty(0)
