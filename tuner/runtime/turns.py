"""Whose turn it is where trials differ in what they take: small ones pass large ones, for a while.

A trial that fits starts, although one before it in line does not fit: else a cluster stands empty.
But small trials that end one by one would leave room for small ones only, for ever. So a trial is
overtaken a bounded number of times; then it is *due*, and whatever takes something else waits
until it has its place. This is backfilling with a reservation for the first in line (Lifka, "The
ANL/IBM SP Scheduling System", JSSPP 1995), counted in trials instead of in estimated seconds,
which nobody knows here.

Pure.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import NamedTuple

__all__ = ["Turns", "Waiting"]

_PATIENCE = 8


class Waiting(NamedTuple):
    """A trial that waits for a worker.

    Attributes:
        trial_id: The trial.
        shape: What it takes; anything that compares.
    """

    trial_id: str
    shape: Hashable


class Turns:
    """Counts how often waiting trials are overtaken.

    Args:
        patience: How often a trial lets one that takes something else go first.
    """

    def __init__(self, patience: int = _PATIENCE) -> None:
        self._patience = patience
        self._overtaken: dict[str, int] = {}

    def served(self, trial: Waiting, line: Sequence[Waiting]) -> None:
        """A trial got a worker.

        Args:
            trial: The trial.
            line: All that wait, the first one first; whether it is among them does not matter.
        """
        self._overtaken.pop(trial.trial_id, None)
        ahead = [each.trial_id for each in line]
        place = ahead.index(trial.trial_id) if trial.trial_id in ahead else len(line)
        for other in line[:place]:
            if other.shape != trial.shape:
                self._overtaken[other.trial_id] = self._overtaken.get(other.trial_id, 0) + 1

    def due(self, line: Sequence[Waiting]) -> Waiting | None:
        """Return the first in line that was overtaken too often; None while nobody was."""
        return next((each for each in line if self._count(each) >= self._patience), None)

    def excuse(self, trial: Waiting) -> None:
        """Have a trial begin to wait anew: room was made for it, and it did not take it."""
        self._overtaken.pop(trial.trial_id, None)

    def keep(self, line: Sequence[Waiting]) -> None:
        """Forget trials that wait no more."""
        waiting = {each.trial_id for each in line}
        self._overtaken = {name: n for name, n in self._overtaken.items() if name in waiting}

    def _count(self, trial: Waiting) -> int:
        return self._overtaken.get(trial.trial_id, 0)
