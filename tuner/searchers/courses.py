"""What a model of all rungs is fitted to: what each trial had reached at a few times. Pure.

A course is told at rungs that lie at thirds of each other, down from ``max_t``. Of a trial that
came far enough the highest three count; what was said before says little of the end, and can
mislead. Between two rungs there is no news: a model that was fitted before still holds.
"""

from __future__ import annotations

import heapq
import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tuner.searchers.observations import thinned

__all__ = ["Course", "Courses"]

_RATIO = 3  # of rungs
_TOLD = 3  # rungs
_LATEST = 25  # always among those that are chosen
_MOST_SILENT = 200
_LONGEST = 2.0**40  # in units of the time attribute, where nobody says how long trials train


@dataclass(frozen=True, slots=True)
class Course:
    """A trial as a model sees it.

    Attributes:
        trial_id: Its id.
        values: Of its parameters, by path.
        costs: By time, in order; lower is better. Empty for a trial that has diverged.
    """

    trial_id: str
    values: Mapping[str, int | float]
    costs: Mapping[float, float]


@dataclass(slots=True)
class _Trial:
    trial_id: str
    number: int
    values: Mapping[str, int | float]
    costs: dict[float, float] = field(default_factory=dict)
    passed: int = 0  # rungs
    time: float = 0.0
    diverged: bool = False

    @property
    def last(self) -> tuple[float, int]:
        return next(reversed(self.costs.values()), math.inf), self.number


class Courses:
    """Keeps what trials have reached, and picks what a model is fitted to.

    Trials that are unknown or have ended, and reports that repeat a time or go back, are ignored.

    Args:
        max_t: Where a full training ends, in units of the time attribute; inf if nobody says.

    Attributes:
        entered: How many trials have been taken.
    """

    def __init__(self, max_t: float) -> None:
        self._rungs = _rungs(max_t)
        self._top = len(self._rungs) if math.isfinite(max_t) else 1
        self._live: dict[str, _Trial] = {}
        self._known: list[_Trial] = []  # in the order of their first news
        self.entered = 0

    @property
    def told(self) -> int:
        """How many trials something is known of: a cost, or that they diverged."""
        return len(self._known)

    @property
    def end(self) -> float:
        """Where a full training ends; where nobody says, the highest rung that was passed."""
        return self._rungs[self._top - 1]

    def enter(self, trial_id: str, values: Mapping[str, int | float]) -> None:
        """Take a new trial."""
        self._live[trial_id] = _Trial(trial_id, self.entered, values)
        self.entered += 1

    def report(self, trial_id: str, time: float, cost: float) -> bool:
        """Take what a trial has reached by ``time``.

        Args:
            trial_id: The trial.
            time: Greater than before.
            cost: Lower is better; inf or NaN for a trial that has diverged.

        Returns:
            Whether it is news: the trial has passed a rung, or diverged.
        """
        trial = self._live.get(trial_id)
        if trial is None or not time > trial.time or trial.diverged:
            return False
        trial.time = time
        passed = bisect_right(self._rungs, time)
        if passed == trial.passed and math.isfinite(cost):
            return False
        trial.passed = passed
        self._top = max(self._top, passed)
        self._learn(trial, time, cost)
        return True

    def complete(self, trial_id: str, time: float | None, cost: float | None) -> None:
        """Take notice of a trial's end.

        A trial whose last report is new was stopped at it. One that says nothing new, or nothing
        of its time, ended by itself: its last cost is that of a full training.

        Args:
            trial_id: The trial.
            time: Of its last report.
            cost: Of its last report; None for a trial that failed or said nothing.
        """
        trial = self._live.pop(trial_id, None)
        if trial is None or cost is None or trial.diverged:
            return
        if time is not None and time > trial.time:
            self._top = max(self._top, bisect_right(self._rungs, time))
            self._learn(trial, time, cost)
        else:
            self._learn(trial, max(self.end, trial.time), cost)

    def chosen(self, best: int, others: int) -> Sequence[Course]:
        """Return the courses of the best trials by their last costs, and of some of the others.

        Args:
            best: How many of the best.
            others: How many more: the latest, and others evenly spread over those before.
        """
        leading = heapq.nsmallest(best, self._known, key=lambda trial: trial.last)
        picked = {trial.number: trial for trial in thinned(self._known, others, _LATEST)}
        picked |= {trial.number: trial for trial in leading}
        return [self._course(trial) for _, trial in sorted(picked.items())]

    def silent(self) -> Mapping[str, Mapping[str, int | float]]:
        """Return the parameters of the latest 200 trials of which nothing is known yet, by id."""
        silent = [(key, t.values) for key, t in self._live.items() if not (t.costs or t.diverged)]
        return dict(silent[-_MOST_SILENT:])

    def _course(self, trial: _Trial) -> Course:
        lowest = self._rungs[max(self._top - _TOLD, 0)]
        told = {time: cost for time, cost in trial.costs.items() if time >= lowest}
        return Course(trial.trial_id, trial.values, told or dict([*trial.costs.items()][-1:]))

    def _learn(self, trial: _Trial, time: float, cost: float) -> None:
        if not (trial.costs or trial.diverged):
            self._known.append(trial)
        if math.isfinite(cost):
            trial.costs[time] = cost
        else:
            trial.costs.clear()
            trial.diverged = True


def _rungs(max_t: float) -> list[float]:
    """Return the thirds of ``max_t`` above 1, and 1; powers of 3 where there is no ``max_t``."""
    if not math.isfinite(max_t):
        return [float(_RATIO**step) for step in range(int(math.log(_LONGEST, _RATIO)))]
    thirds = [max_t]
    while thirds[-1] / _RATIO > 1:
        thirds.append(thirds[-1] / _RATIO)
    return sorted({*thirds, min(1.0, max_t)})
