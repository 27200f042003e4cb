"""From the reports of a simulation, some ten thousand at a time, to columns."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tuner.simulation.curves import Curve

__all__ = ["VALUES", "Column", "Reports"]

VALUES = 6
"""That are told of a report."""

Column: TypeAlias = npt.NDArray[Any]


@dataclass(frozen=True)
class Reports:
    """Reports in the order in which they came, as columns of equal length.

    Attributes:
        numbers: Of the trials.
        attempts: Which of the trial's attempts, from 1.
        iterations: Epochs that the trial has trained.
        seconds: How long it has trained.
        moments: Seconds since the sweep began.
        metrics: Values by name; NaN where a curve lacks what others have.
    """

    numbers: Column
    attempts: Column
    iterations: Column
    seconds: Column
    moments: Column
    metrics: Mapping[str, Column]

    @classmethod
    def of(cls, told: list[Any]) -> Reports:
        """Return the reports of which a list holds `VALUES` values each, one after the other.

        Args:
            told: Of each report the moment, the trial's number, attempt, epoch and seconds, and
                its curve.
        """
        moments, numbers, attempts, epochs, seconds, curves = (
            told[place::VALUES] for place in range(VALUES)
        )
        return cls(
            numbers=np.array(numbers, np.int64),
            attempts=np.array(attempts, np.int32),
            iterations=np.array(epochs, np.int64),
            seconds=np.array(seconds, float),
            moments=np.array(moments, float),
            metrics=_metrics(curves, epochs),
        )

    def table(self, trial_ids: Sequence[str], seqs: Column, columns: pa.Schema) -> pa.Table:
        """Return them as rows of ``reports/``.

        Args:
            trial_ids: By number.
            seqs: Of the reports.
            columns: The fixed columns of ``reports/``.
        """
        present, places = np.unique(self.numbers, return_inverse=True)
        ids = pa.array([trial_ids[number] for number in present], pa.string())
        known: dict[str, Any] = {
            **self.metrics,
            "trial_id": ids.take(pa.array(places)),
            "attempt": self.attempts,
            "seq": seqs,
            "timestamp": self.moments,
        }
        for field in columns:
            if field.name not in known:
                known[field.name] = self.values(field.name, field.name)
            known[field.name] = pa.array(known[field.name]).cast(field.type)
        return pa.table(known)

    def values(self, name: str, time_attr: str) -> Column | None:
        """Return what the reports hold under a name; None where they do not have it.

        Args:
            name: Of a metric, or of what trials count besides.
            time_attr: The name under which trials count epochs, unless their curves have it.
        """
        counted = {"training_iteration": self.iterations, "time_total_s": self.seconds}
        return {time_attr: self.iterations, **self.metrics, **counted}.get(name)


def _metrics(curves: Sequence[Curve], epochs: Sequence[int]) -> dict[str, Column]:
    """Return the values of each metric that any of the curves has."""
    series = [curve.metrics for curve in curves]
    places = [epoch - 1 for epoch in epochs]
    columns = {}
    for name in dict.fromkeys(name for metrics in _distinct(series) for name in metrics):
        try:
            values = [metrics[name][place] for metrics, place in zip(series, places, strict=True)]
        except KeyError:
            values = [
                metrics[name][place] if name in metrics else math.nan
                for metrics, place in zip(series, places, strict=True)
            ]
        columns[name] = np.array(values, float)
    return columns


def _distinct(series: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return list(dict(zip(map(id, series), series, strict=True)).values())
