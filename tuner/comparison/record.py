"""What is kept of one run: a row of what it spent and found, and a row per improvement.

Values are read against what was spent until then, in four units at once, so that one comparison
can be looked at by trials, epochs, seconds or GPU-seconds.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import pyarrow as pa

from tuner.budgets import Budget
from tuner.comparison.terms import Cell
from tuner.objectives import Mode
from tuner.store import last_line as line_of
from tuner.store.values import plain_to_json

__all__ = [
    "INCUMBENTS",
    "RUNS",
    "CellRecord",
    "Improvements",
    "Spent",
    "ended_by",
    "failed_cell",
    "last_line",
]

_CELL = {"task": pa.string(), "arm": pa.string(), "seed": pa.int64()}
_SPENT = {
    "trials": pa.int64(),
    "epochs": pa.int64(),
    "seconds": pa.float64(),
    "gpu_seconds": pa.float64(),
}
_MEASURES = (
    *("best", "worst", "utilisation", "start_s", "save_s", "load_s", "wait_s", "lost_s"),
    *("suggest_s", "withheld_epochs"),
)

RUNS = pa.schema(
    {
        **_CELL,
        "status": pa.string(),  # finished or failed
        "error": pa.string(),  # the traceback
        "mode": pa.string(),  # min or max
        "ended": pa.string(),  # by its budget, or because no trial was left
        **_SPENT,
        **{name: pa.float64() for name in _MEASURES},
        "best_config": pa.string(),  # JSON
        "max_t": pa.int64(),  # epochs of a full training
    }
)
"""A row per run; ``*_s`` in seconds, summed over workers, ``suggest_s`` in real CPU seconds;
``withheld_epochs`` of full training that a scheduler kept its trials from."""

INCUMBENTS = pa.schema({**_CELL, **_SPENT, "value": pa.float64(), "trial_id": pa.string()})
"""A row each time the best value so far improves, with what was spent until then."""


@dataclass(frozen=True)
class Spent:
    """What a run has used up so far.

    Attributes:
        trials: That were started.
        epochs: That were trained, repeated ones included.
        seconds: Since it began.
        gpu_seconds: Seconds that trials held workers, times the GPUs of each.
    """

    trials: int
    epochs: int
    seconds: float
    gpu_seconds: float


@dataclass(frozen=True)
class CellRecord:
    """What is kept of a run.

    Attributes:
        cell: Which run.
        run: Its row in `RUNS`, but for the cell.
        incumbents: Its rows in `INCUMBENTS`, but for the cell.
    """

    cell: Cell
    run: Mapping[str, Any]
    incumbents: list[dict[str, Any]] = field(default_factory=list)

    @property
    def rows(self) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """The rows in full."""
        cell = asdict(self.cell)
        return {**cell, **self.run}, [{**cell, **row} for row in self.incumbents]


class Improvements:
    """Follows the best value of a run, and the worst.

    Args:
        mode: Whether lower (``"min"``) or higher (``"max"``) values are better.

    Attributes:
        rows: One per improvement, as in `INCUMBENTS` but for the cell.
    """

    def __init__(self, mode: Mode) -> None:
        self.rows: list[dict[str, Any]] = []
        self._sign = 1.0 if mode == "min" else -1.0
        self._lowest = math.inf
        self._highest = -math.inf
        self._config: Mapping[str, Any] | None = None

    def improves(self, value: float) -> bool:
        """Return whether a value is the best so far, and take it into account."""
        cost = self._sign * value
        if not math.isfinite(cost):
            return False
        self._highest = max(self._highest, cost)
        if cost >= self._lowest:
            return False
        self._lowest = cost
        return True

    def add(self, value: float, spent: Spent, trial_id: str, config: Mapping[str, Any]) -> None:
        """Keep an improvement."""
        self.rows.append({**asdict(spent), "value": value, "trial_id": trial_id})
        self._config = config

    @property
    def best(self) -> float | None:
        """The best finite value; None before the first."""
        return self._sign * self._lowest if self._lowest < math.inf else None

    @property
    def worst(self) -> float | None:
        """The worst finite value; None before the first."""
        return self._sign * self._highest if self._highest > -math.inf else None

    def summary(self) -> dict[str, Any]:
        """Return ``best``, ``worst`` and ``best_config`` as in `RUNS`."""
        config = None if self._config is None else plain_to_json(self._config)
        return {"best": self.best, "worst": self.worst, "best_config": config}


def ended_by(spent: Spent, budget: Budget, *, cut_off: bool) -> str:
    """Return what ended a run: ``"budget"``, or ``"trials"`` where none was left before.

    Args:
        spent: By the run.
        budget: Its own.
        cut_off: Whether the budget left trials that could have gone on.
    """
    used_up = cut_off or getattr(spent, budget.unit) >= budget.amount
    return "budget" if used_up else "trials"


def last_line(error: str) -> str:
    """Return the line of a traceback that says what went wrong."""
    return line_of(error) or "no message"


def failed_cell(cell: Cell, mode: Mode, error: str) -> CellRecord:
    """Return the record of a run that did not come to its end.

    Args:
        cell: Which run.
        mode: The better direction of its task.
        error: The traceback, or what is known.
    """
    return CellRecord(cell, {"status": "failed", "error": error, "mode": mode})
