"""What a trial's row keeps of its reports."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from typing import Any

from tuner.objectives import Objective

__all__ = ["Highlights", "numbers_of"]


def numbers_of(
    report: Mapping[str, Any], objectives: Sequence[Objective], apart: Container[str]
) -> dict[str, float]:
    """Return the numbers of a report by flat names: the objectives, and all that are not apart."""
    numbers = {
        name: value
        for name, value in report.items()
        if isinstance(value, float) and name not in apart
    }
    for objective in objectives:
        value = objective.value(report)
        if value is not None:
            numbers[objective.metric] = value
    return numbers


class Highlights:
    """The last and the best of some reports of a trial.

    The best is the first with the best finite value of the primary objective. One whose value is
    missing, NaN or infinite is never the best.

    Args:
        row: The trial's row before these reports.
        objectives: What is tuned, the primary first.
    """

    __slots__ = ("_best", "_cost", "_last", "_objective", "_objectives")

    def __init__(self, row: Mapping[str, Any], objectives: Sequence[Objective]) -> None:
        self._objectives = objectives
        self._objective = objective = objectives[0]
        self._cost = objective.cost(row.get(f"best/{objective.metric}"))
        self._best: Mapping[str, Any] | None = None
        self._last: Mapping[str, Any] | None = None

    def take(self, report: Mapping[str, Any]) -> None:
        """Take the next report, as ``reports/`` holds it."""
        self._last = report
        cost = self._objective.cost(self._objective.value(report))
        if cost < self._cost:
            self._best, self._cost = report, cost

    def columns(self, row: Mapping[str, Any], apart: Container[str]) -> dict[str, Any]:
        """Return the columns of the trial's row that the reports change; None clears a column.

        Args:
            row: The trial's row before these reports.
            apart: Columns of a report that are no metrics.
        """
        columns: dict[str, Any] = {}
        if self._last is not None:
            columns |= {
                "iterations": self._last.get("training_iteration"),
                "seconds": self._last.get("time_total_s"),
                "attempts": self._last.get("attempt"),
                **_replacing(row, "last/", numbers_of(self._last, self._objectives, apart)),
            }
        if self._best is not None:
            columns |= {
                "best_iteration": self._best.get("training_iteration"),
                **_replacing(row, "best/", numbers_of(self._best, self._objectives, apart)),
            }
            if "best_config" in row:
                columns["best_config"] = None  # it is the present one again
        return columns


def _replacing(
    row: Mapping[str, Any], prefix: str, values: Mapping[str, float]
) -> dict[str, float | None]:
    cleared = {name: None for name in row if name.startswith(prefix)}
    return cleared | {prefix + name: value for name, value in values.items()}
