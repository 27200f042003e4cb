"""A sweep's trials with the numbers that they reported, for the exports."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from tuner.store import Sweep, TrialResult
from tuner.store.results import At

__all__ = ["Curves", "Histories", "History"]

_KEYS = frozenset({"trial_id", "attempt", "training_iteration", "timestamp", "seq"})

_ROWS_AT_ONCE = 256  # of the table of trials, as dicts

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Curves:
    """The numbers of one trial's reports, n of them.

    Attributes:
        steps: training_iteration, (n,).
        times: Unix seconds, (n,); NaN where they are unknown.
        values: The n values of each metric by flat name; NaN where a report has none.
    """

    steps: npt.NDArray[np.int64]
    times: Floats
    values: Mapping[str, Floats]


@dataclass(frozen=True)
class History:
    """A trial, from its beginning to its end.

    Attributes:
        result: What it reached.
        started: When it began, in unix seconds; None if it never did.
        ended: When it ended, likewise.
        curves: What it reported. What a restarted trial did twice is there once.
    """

    result: TrialResult
    started: float | None
    ended: float | None
    curves: Curves


class Histories:
    """All trials of a sweep in the order of creation, read once: a running sweep goes on.

    Args:
        sweep: The sweep.
        at: Whether a trial's result is its best or its last report.
    """

    def __init__(self, sweep: Sweep, at: At = "best") -> None:
        self._metric, self._at = sweep.metric, at
        self._trials = sweep.trials()
        self._reports = _Reports(sweep.reports())

    def __len__(self) -> int:
        return len(self._trials)

    def __iter__(self) -> Iterator[History]:
        for start in range(0, len(self), _ROWS_AT_ONCE):
            rows = self._trials.iloc[start : start + _ROWS_AT_ONCE].to_dict("records")
            yield from map(self._history, rows)

    def _history(self, trial: Mapping[Hashable, Any]) -> History:
        row = {str(name): value for name, value in trial.items() if not _is_missing(value)}
        result = TrialResult.of_row(row, self._metric, self._at)
        curves = self._reports.of_trial(result.trial_id)
        return History(result, row.get("started"), row.get("ended"), curves)


class _Reports:
    """All reports of a sweep as arrays of numbers."""

    def __init__(self, frame: pd.DataFrame) -> None:
        numeric = frame.drop(columns=list(_KEYS), errors="ignore").select_dtypes(
            ["number", "bool", "boolean"]
        )
        self._values = {str(name): _floats(numeric[name]) for name in numeric}
        self._steps = frame["training_iteration"].fillna(0).to_numpy(np.int64)
        self._times = _floats(frame["timestamp"])
        self._rows = frame.groupby("trial_id", sort=False).indices

    def of_trial(self, trial_id: str) -> Curves:
        rows = self._rows.get(trial_id, np.array([], dtype=np.int64))
        values = {name: column[rows] for name, column in self._values.items()}
        return Curves(self._steps[rows], self._times[rows], values)


def _floats(column: pd.Series[Any]) -> Floats:
    return column.to_numpy(np.float64, na_value=np.nan)


def _is_missing(value: Any) -> bool:
    return value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value))
