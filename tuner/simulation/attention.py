"""Which of a trial's reports anybody must be told of: the others cost next to nothing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from tuner.schedulers import Supervisor
from tuner.schedulers.reports import as_number
from tuner.simulation.trials import SimulatedTrial

__all__ = ["Attention"]


class Attention:
    """Finds the next epoch of a trial whose report the scheduler heeds, or at which it saves.

    Args:
        supervisor: Around the scheduler.
        time_attr: What it goes by.
        saves_every: Trials save every so many epochs; 0 for never.
    """

    def __init__(self, supervisor: Supervisor, time_attr: str, saves_every: int) -> None:
        self._heeds_from = supervisor.heeds_from
        self._metric: Any = supervisor.metric
        self._time_attr = time_attr
        self._saves_every = saves_every

    def next_epoch(self, trial: SimulatedTrial) -> int:
        """Return that epoch; the next one, where its time or its metric cannot be foretold."""
        curve, epoch = trial.curve, trial.epoch + 1
        assert curve is not None  # it trains
        ahead = self._heeds_from(trial.trial_id)
        values = curve.metrics.get(self._metric)
        counted = self._time_attr not in curve.metrics and self._time_attr != "time_total_s"
        if ahead <= epoch or values is None or not counted:
            return epoch
        last = curve.fails_at or len(curve.seconds)
        if ahead < last:
            last = math.ceil(ahead)
        if self._saves_every:
            last = min(last, -(-epoch // self._saves_every) * self._saves_every)
        # Curves may be predicted as far as they are looked at.
        return min(last, epoch + _finite(values[epoch - 1 : last]))


def _finite(values: Sequence[float]) -> int:
    """Return how many finite numbers a sequence begins with."""
    try:
        if math.isfinite(math.fsum(values)):
            return len(values)
    except (OverflowError, TypeError, ValueError):  # too large a sum, no numbers, two infinities
        pass
    numbers = (as_number(value) for value in values)
    unfit = (i for i, number in enumerate(numbers) if number is None or not math.isfinite(number))
    return next(unfit, len(values))
