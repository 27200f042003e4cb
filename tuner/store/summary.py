"""Which of two values is better, and what a trial's row keeps of its reports."""

from __future__ import annotations

import math
from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from tuner.errors import SpecError
from tuner.store.values import numeric

__all__ = ["Highlights", "Mode", "Objective"]

Mode = Literal["min", "max"]


@dataclass(frozen=True)
class Objective:
    """The tuned metric and its direction.

    Attributes:
        metric: Flat name of the metric.
        mode: Whether lower (``"min"``) or higher (``"max"``) is better.

    Raises:
        SpecError: ``mode`` is neither ``"min"`` nor ``"max"``.
    """

    metric: str
    mode: Mode

    def __post_init__(self) -> None:
        if self.mode not in ("min", "max"):
            raise SpecError(f"mode is 'min' or 'max'; received {self.mode!r}")

    def value(self, report: Mapping[str, Any]) -> float | None:
        """Return the metric of a report by flat names; None where it is no number."""
        value = report.get(self.metric)
        if type(value) is float:
            return value
        value = numeric(value)  # a column of ints, such as training_iteration, can be the metric
        return value if isinstance(value, float) else None

    def numbers(self, report: Mapping[str, Any], apart: Container[str]) -> dict[str, float]:
        """Return the numbers of a report by flat names, the metric and all that are not apart."""
        numbers = {
            name: value
            for name, value in report.items()
            if isinstance(value, float) and name not in apart
        }
        value = self.value(report)
        return numbers if value is None else numbers | {self.metric: value}

    def cost(self, value: float | None) -> float:
        """Return ``value`` so that lower is better; inf where it is missing or not finite."""
        if value is None or not math.isfinite(value):
            return math.inf
        return value if self.mode == "min" else -value


class Highlights:
    """The last and the best of some reports of a trial.

    The best is the first with the best finite value of the tuned metric. One whose value is
    missing, NaN or infinite is never the best.

    Args:
        row: The trial's row before these reports.
        objective: The tuned metric.
    """

    __slots__ = ("_best", "_cost", "_last", "_objective")

    def __init__(self, row: Mapping[str, Any], objective: Objective) -> None:
        self._objective = objective
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
                **_replacing(row, "last/", self._objective.numbers(self._last, apart)),
            }
        if self._best is not None:
            columns |= {
                "best_iteration": self._best.get("training_iteration"),
                **_replacing(row, "best/", self._objective.numbers(self._best, apart)),
            }
            if "best_config" in row:
                columns["best_config"] = None  # it is the present one again
        return columns


def _replacing(
    row: Mapping[str, Any], prefix: str, values: Mapping[str, float]
) -> dict[str, float | None]:
    cleared = {name: None for name in row if name.startswith(prefix)}
    return cleared | {prefix + name: value for name, value in values.items()}
