"""The running means that the median stopping rule compares, kept in order. Pure.

At each time that is asked for twice the means of all trials that got so far are kept sorted, and a
report adds to them in O(log n). That serves reports that come at the same times, as those of
epochs do. At times that no two reports share, such as seconds, the means are found anew for each
report, in O(n log n), and nothing is kept but the trials' own curves.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left, bisect_right, insort
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tuner.schedulers.quantiles import Ordered
from tuner.schedulers.sorted_blocks import SortedBlocks, doubles

__all__ = ["Curve", "RunningMeans"]


@dataclass(slots=True)
class Curve:
    """The reports of one trial.

    Attributes:
        last: The time of the last one; before the first, minus infinity.
        low: The smallest value.
        high: The largest value.
        times: Of the reports from the grace period on, ascending.
        means: Of the values reported from the grace period up to each of these times.
        values: Those values; empty once the trial has ended.
    """

    last: float = -math.inf
    low: float = math.inf
    high: float = -math.inf
    times: array[float] = field(default_factory=doubles)
    means: array[float] = field(default_factory=doubles)
    values: array[float] = field(default_factory=doubles)

    def mean_at(self, time: float) -> float | None:
        """Return the mean of the values up to ``time``; None where there are none."""
        index = bisect_right(self.times, time)
        return self.means[index - 1] if index else None

    def to_json(self) -> list[Any]:
        """Return it as plain values; there is a curve only where there was a report."""
        rows = [row.tolist() for row in (self.times, self.means, self.values)]
        return [self.last, self.low, self.high, *rows]

    @classmethod
    def from_json(cls, state: Sequence[Any]) -> Curve:
        """Return the curve that `to_json` described."""
        last, low, high, *rows = state
        return cls(last, low, high, *map(doubles, rows))


class RunningMeans:
    """All curves of a sweep.

    Args:
        grace_period: Values reported before count for the best of a trial, not for its mean.

    Attributes:
        curves: By trial.
    """

    def __init__(self, grace_period: float) -> None:
        self._grace_period = grace_period
        self.curves: dict[str, Curve] = {}
        self._asked: set[float] = set()
        self._kept: dict[float, SortedBlocks[float]] = {}
        self._times: list[float] = []  # of what is kept, ascending

    def at(self, time: float) -> Ordered:
        """Return the means up to ``time`` of the trials that have got so far, ascending.

        A trial that gets there now is not among them: it is to be entered later.
        """
        if time not in self._asked:
            self._asked.add(time)
            return sorted(self._found(time))
        if time not in self._kept:
            self._kept[time] = SortedBlocks(self._found(time), doubles)
            insort(self._times, time)
        return self._kept[time]

    def enter(self, trial_id: str, time: float, value: float) -> None:
        """Add a report that is later than all others of its trial."""
        curve = self.curves.setdefault(trial_id, Curve())
        curve.low, curve.high = min(curve.low, value), max(curve.high, value)
        if time >= self._grace_period:
            for passed in self._between(curve.last, time):
                self._add(passed, curve.mean_at(passed))
            curve.values.append(value)
            curve.times.append(time)
            curve.means.append(_mean(curve.values))
            self._add(time, curve.means[-1])
        curve.last = time

    def end(self, trial_id: str, time: float | None = None, value: float | None = None) -> None:
        """Note that a trial has ended; its curve stays, for others to be compared with.

        Args:
            trial_id: The trial.
            time: Of the report that it ended with. One that was entered before counts twice from
                now on, as it does in Ray's rule.
            value: That report's.
        """
        curve = self.curves.get(trial_id)
        if time is not None and value is not None:
            if curve is None or time > curve.last:
                self.enter(trial_id, time, value)
            elif time == curve.last and curve.values:
                self._repeat(curve, value)
        if trial_id in self.curves:
            self.curves[trial_id].values = doubles()

    def _repeat(self, curve: Curve, value: float) -> None:
        before = curve.means[-1]
        curve.values.append(value)
        curve.means[-1] = _mean(curve.values)
        if curve.last in self._kept and math.isfinite(before):
            self._kept[curve.last].remove(before)
        self._add(curve.last, curve.means[-1])

    def _add(self, time: float, mean: float | None) -> None:
        if time in self._kept and mean is not None and math.isfinite(mean):
            self._kept[time].add(mean)

    def _between(self, start: float, end: float) -> list[float]:
        """Return the times between these two at which means are kept."""
        return self._times[bisect_right(self._times, start) : bisect_left(self._times, end)]

    def _found(self, time: float) -> list[float]:
        means = (curve.mean_at(time) for curve in self.curves.values() if curve.last >= time)
        return [mean for mean in means if mean is not None and math.isfinite(mean)]

    def to_json(self) -> dict[str, Any]:
        """Return the state as plain values."""
        return {
            "curves": {key: curve.to_json() for key, curve in self.curves.items()},
            "asked": sorted(self._asked),
        }

    def load_json(self, state: Mapping[str, Any]) -> None:
        """Take over what `to_json` returned; nothing must have been entered yet."""
        self.curves = {key: Curve.from_json(curve) for key, curve in state["curves"].items()}
        self._asked = set(state["asked"])


def _mean(values: array[float]) -> float:
    """Return ``numpy.mean(values)``, whose sum is pairwise."""
    return float(np.add.reduce(np.frombuffer(values)) / len(values))
