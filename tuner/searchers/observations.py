"""What a model is fitted to: the trials so far, their costs at one rung, and not too many of them.

Values of trials that trained for different lengths of time cannot be compared: what was reached at
epoch 3 says little beside what was reached at epoch 81. So the cost of a trial is kept at *rungs*,
times that grow by the square root of two up to ``max_t``, and a model sees the costs of one rung,
the highest that enough trials have reached (as BOHB does with its budgets; Falkner et al. 2018,
1807.01774, algorithm 2). Trials that were stopped below it are known to be worse, but not by how
much. Rungs of its own need no word from a scheduler, and serve median stopping as well as halving,
whose rungs lie at such times (powers of 2 and 4) or before the next (powers of 3).

This module knows no library, no Ray and no clock. A report costs O(log max_t), whatever the
number of trials; a history costs O(its bound).
"""

from __future__ import annotations

import math
from bisect import bisect_right, insort
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

__all__ = ["MOST_GOOD", "History", "Observation", "Observations", "thinned"]

MOST_GOOD = 25
"""The most that counts as good: both TPEs' own bound."""

_LATEST = 25  # which the linear forgetting of both TPEs gives full weight
_MOST_ENDED = 300
_MOST_PENDING = 200
_LONGEST = 2**40  # in units of the time attribute, where nobody says how long trials train

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Observation:
    """A trial as a model sees it.

    Attributes:
        values: Of its parameters, by path.
        cost: What it reached at the history's rung; lower is better. One that diverged has the
            worst cost of the history. None for a trial that was stopped before, or is on its way.
        pending: Whether it is on its way there.
        diverged: Whether its values are no numbers any more.
    """

    values: Mapping[str, int | float]
    cost: float | None
    pending: bool
    diverged: bool = False


@dataclass(frozen=True, slots=True)
class History:
    """What a model is fitted to.

    Attributes:
        observations: In the order in which the trials were suggested.
        told: How many trials something is known of; the history holds a part of them.
    """

    observations: Sequence[Observation]
    told: int


@dataclass(slots=True)
class _Trial:
    trial_id: str
    number: int
    values: Mapping[str, int | float]
    costs: list[float] = field(default_factory=list)  # at the rungs it has reached
    time: float = 0.0
    diverged: bool = False


@dataclass(slots=True)
class _Rung:
    """How many trials have reached it, and the best of them, as cost and number."""

    count: int = 0
    best: list[tuple[float, int]] = field(default_factory=list)

    def add(self, cost: float, number: int) -> None:
        self.count += 1
        insort(self.best, (cost, number))
        del self.best[2 * MOST_GOOD :]  # some to spare, if of the best some diverge

    def remove(self, cost: float, number: int) -> None:
        self.count -= 1
        if (cost, number) in self.best:
            self.best.remove((cost, number))


class Observations:
    """Keeps what is known of the trials of a sweep, and picks what a model is fitted to.

    Trials that are unknown or have ended, and reports that repeat a time or go back, are ignored.

    Args:
        max_t: Where a full training ends, in units of the time attribute; inf if nobody says.
        dimensions: The number of parameters.
        latest: How many of the latest trials to have ended are in every history.
    """

    def __init__(self, max_t: float, dimensions: int, latest: int = _LATEST) -> None:
        self._times = [*_rung_times(min(max_t, _LONGEST)), max_t]
        self._rungs = [_Rung() for _ in self._times]
        self._dimensions = dimensions
        self._latest = min(latest, _MOST_ENDED)
        self._trials: list[_Trial] = []
        self._live: dict[str, _Trial] = {}
        self._ended: list[_Trial] = []
        self._known: list[_Trial] = []  # in the order of their first reports

    @property
    def told(self) -> int:
        """How many trials something is known of: a cost, or that they diverged."""
        return len(self._known)

    def enter(self, trial_id: str, values: Mapping[str, int | float]) -> None:
        """Take a new trial."""
        trial = _Trial(trial_id, len(self._trials), values)
        self._trials.append(trial)
        self._live[trial_id] = trial

    def report(self, trial_id: str, time: float, cost: float) -> None:
        """Take what a trial has reached by ``time``: it counts at every rung passed by now.

        Args:
            trial_id: The trial.
            time: Greater than before.
            cost: Lower is better; inf or NaN for a trial that has diverged.
        """
        trial = self._live.get(trial_id)
        if trial is None or not time > trial.time:
            return
        trial.time = time
        self._reach(trial, bisect_right(self._times, time), cost)

    def complete(self, trial_id: str, time: float | None, cost: float | None) -> None:
        """Take notice of a trial's end.

        A trial whose last report is news was stopped at it. One that says nothing new, or nothing
        of its time, ended by itself: its last cost is that of a full training, and counts at all
        higher rungs too.

        Args:
            trial_id: The trial.
            time: Of its last report.
            cost: Of its last report; None for a trial that failed or said nothing.
        """
        trial = self._live.get(trial_id)
        if trial is None:
            return
        if cost is not None and time is not None and time > trial.time:
            self.report(trial_id, time, cost)
        elif cost is not None:
            self._reach(trial, len(self._rungs), cost)
        del self._live[trial_id]
        if trial.costs or trial.diverged:
            self._ended.append(trial)

    def history(self, good: int) -> History:
        """Return what to fit a model to: of the highest rung that enough trials have reached.

        Enough are more than count as good, and than there are parameters; where there are fewer
        trials yet, half of them. The history holds the good ones; of those that have ended, the
        latest, 25 unless more are asked for, which TPE's linear forgetting gives their full weight
        (Bergstra et al. 2013, Making a Science of Model Search, section 4), and as many as make
        300 evenly spread over the rest, from which a density is estimated as well; and up to 200
        of those on their way.

        Args:
            good: How many count as good, at most 25.
        """
        needed = max(self._dimensions, good) + 1
        rung = self._highest(max(1, min(needed, math.ceil(self.told / 2))))
        best = self._rungs[rung].best[:good]
        live = list(self._live.values())
        ended = thinned(self._ended, _MOST_ENDED, self._latest)
        others = (*ended, *thinned(live, _MOST_PENDING, _LATEST))
        chosen = {trial.number: trial for trial in others}
        chosen |= {number: self._trials[number] for _, number in best}
        costs = {number: _cost_at(rung, trial) for number, trial in chosen.items()}
        worst = max((cost for cost in costs.values() if cost is not None), default=None)
        pending = {trial.number for trial in live if not trial.diverged}
        observations = [
            Observation(
                values=trial.values,
                cost=worst if trial.diverged else costs[number],
                pending=number in pending and costs[number] is None,
                diverged=trial.diverged,
            )
            for number, trial in sorted(chosen.items())
        ]
        return History(observations, self.told)

    def _reach(self, trial: _Trial, rungs: int, cost: float) -> None:
        known = bool(trial.costs) or trial.diverged
        if not math.isfinite(cost):
            self._diverge(trial)
        elif not trial.diverged:
            for rung in self._rungs[len(trial.costs) : rungs]:
                rung.add(cost, trial.number)
                trial.costs.append(cost)
        if not known and (trial.costs or trial.diverged):
            self._known.append(trial)

    def _diverge(self, trial: _Trial) -> None:
        for rung, cost in zip(self._rungs, trial.costs, strict=False):
            rung.remove(cost, trial.number)
        trial.costs.clear()
        trial.diverged = True

    def _highest(self, enough: int) -> int:
        reached = (i for i in reversed(range(len(self._rungs))) if self._rungs[i].count >= enough)
        return next(reached, 0)


def _cost_at(rung: int, trial: _Trial) -> float | None:
    return trial.costs[rung] if rung < len(trial.costs) else None


def _rung_times(end: float) -> list[float]:
    """Return the times from 1 to below ``end`` that grow by the square root of two, rounded up."""
    steps = 2 * math.ceil(math.log2(end)) + 1
    times = sorted({math.ceil(2 ** (step / 2)) for step in range(steps)})
    return [float(time) for time in times if time < end]


def thinned(trials: Sequence[_T], most: int, latest: int) -> Sequence[_T]:
    """Return the latest of ``trials``, and as many as fit evenly spread over those before."""
    if len(trials) <= most:
        return trials
    earlier, places = len(trials) - latest, most - latest
    spread = [trials[place * earlier // places] for place in range(places)]
    return [*spread, *trials[earlier:]]
