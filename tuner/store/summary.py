"""Which of two values is better, and what a trial's row keeps of its reports."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from tuner.errors import SpecError

__all__ = ["Mode", "Objective", "summarise"]

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

    def cost(self, value: float | None) -> float:
        """Return ``value`` so that lower is better; inf where it is missing or not finite."""
        if value is None or not math.isfinite(value):
            return math.inf
        return value if self.mode == "min" else -value


def summarise(
    row: Mapping[str, Any], metrics: Mapping[str, Any], objective: Objective, iteration: int | None
) -> dict[str, Any]:
    """Return the columns of a trial's row that one more report changes; None clears a column.

    The best report is the first with the best finite value of the tuned metric. One whose value
    is missing, NaN or infinite is never the best.

    Args:
        row: The trial's row so far.
        metrics: Values by flat name; only the floats among them are kept.
        objective: The tuned metric.
        iteration: The report's training_iteration.
    """
    values = {name: value for name, value in metrics.items() if isinstance(value, float)}
    columns = {"iterations": iteration, **_replacing(row, "last/", values)}
    best = row.get(f"best/{objective.metric}")
    if objective.cost(values.get(objective.metric)) < objective.cost(best):
        columns |= {"best_iteration": iteration, **_replacing(row, "best/", values)}
        if "best_config" in row:
            columns["best_config"] = None  # it is the present one again
    return columns


def _replacing(
    row: Mapping[str, Any], prefix: str, values: Mapping[str, float]
) -> dict[str, float | None]:
    cleared = {name: None for name in row if name.startswith(prefix)}
    return cleared | {prefix + name: value for name, value in values.items()}
