"""When a simulation has used up its budget."""

from __future__ import annotations

import math

from tuner.budgets import Budget

__all__ = ["Spending"]


class Spending:
    """Turns a budget into the number of reports and the time at which it is used up.

    Args:
        budget: What may be spent; None for no bound.
        gpus: Of each trial.

    Attributes:
        most_reports: The sweep ends with this report.
        deadline: Nothing that happens later counts; in seconds since the sweep began. It moves
            as trials get workers, where GPU time is bounded.
        held_s: Seconds that trials have held workers, summed over those that gave them back.
    """

    def __init__(self, budget: Budget | None, gpus: float) -> None:
        self.most_reports = math.inf
        self.deadline = math.inf
        self.held_s = 0.0
        self._most_held = math.inf
        self._holders = 0
        self._since = 0.0  # the sum of the times since when they have held theirs
        if budget is None:
            return
        if budget.unit == "epochs":
            self.most_reports = math.floor(budget.amount)
        elif budget.unit == "seconds":
            self.deadline = budget.amount
        elif budget.unit == "gpu_seconds" and gpus > 0:
            self._most_held = budget.amount / gpus

    def take(self, now: float) -> None:
        """A trial is given a worker, whose start counts."""
        self._holders += 1
        self._since += now
        self._move_deadline()

    def give_back(self, since: float, now: float) -> None:
        """A trial gives back the worker that it was given at ``since``."""
        self._holders -= 1
        self._since -= since
        self.held_s += now - since
        self._move_deadline()

    def held_until(self, now: float) -> float:
        """Return the seconds that trials have held workers, summed over trials."""
        held_s = self.held_s + self._holders * now - self._since
        return min(held_s, self._most_held)  # at the deadline they may differ by a rounding

    def _move_deadline(self) -> None:
        if self._most_held < math.inf:
            left = self._most_held - self.held_s + self._since
            self.deadline = left / self._holders if self._holders else math.inf
