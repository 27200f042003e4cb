"""One arm over recorded curves in one order, as far as they are known."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ray.tune.schedulers import FIFOScheduler

from tuner.errors import TunerError
from tuner.hindsight.recorded import RecordedSweep
from tuner.planning import Plan
from tuner.simulating import carry_out
from tuner.simulation import ClusterModel, Curve, CurveTask
from tuner.simulation.onlooker import Onlooker
from tuner.simulation.trials import SimulatedTrial

__all__ = ["Outcome", "replay_in_order"]


@dataclass(frozen=True)
class Outcome:
    """What an arm would have done; bounds, where it came to need what was not recorded.

    Attributes:
        epochs: It trained at least and at most so many.
        training_s: Its workers trained at least and at most so many seconds, summed.
        wall_s: How long it took, in seconds; None where that is unknown.
        value: The best metric that it saw for certain.
    """

    epochs: tuple[int, int]
    training_s: tuple[float, float]
    wall_s: float | None
    value: float

    @property
    def is_known(self) -> bool:
        """Whether it needed nothing but what was recorded."""
        return self.wall_s is not None


class _UnseenError(TunerError):
    """A trial went on beyond what was recorded of it."""


def replay_in_order(plan: Plan, recording: RecordedSweep, order: Sequence[int]) -> Outcome:
    """Simulate a sweep over recorded curves, until it needs what was not recorded.

    Up to that moment all is as it would have been. From then on a trial that has not ended trains
    at least as far as it is, and at most to its end; so do those that have not begun, and train at
    least for one report. With fifo each trains at least as far as it is known.

    Args:
        plan: Whose scheduler is used up.
        recording: Of the sweep.
        order: The places of the recorded trials in the order in which they are suggested.
    """
    watch = _Watch(recording, order)
    task = CurveTask(plan.scenario.name, plan.scenario, watch)
    cluster = ClusterModel(recording.concurrency)
    try:
        simulation = carry_out(
            task, plan, cluster=cluster, budget=None, history=watch, explains=False
        )
    except _UnseenError:
        return watch.bounds(patient=type(plan.scheduler) is FIFOScheduler)
    return watch.outcome(simulation.now)


class _Watch(Onlooker):
    """Hands out the curves in order, and keeps count of how far each trial is."""

    def __init__(self, recording: RecordedSweep, order: Sequence[int]) -> None:
        self._recording = recording
        self._order = order
        self._reached = [0] * len(order)  # epochs, by place in the record
        self._over: set[int] = set()

    def curve(self, config: Mapping[str, Any], number: int) -> Curve:
        """Return the curve of the trial that is suggested as the ``number``-th."""
        return self._recording.trials[self._order[number]].curve

    def reported(self, trial: SimulatedTrial, now: float) -> None:
        """A trial has trained for another epoch, if anybody knows what it reports."""
        place = self._order[trial.number]
        if trial.epoch > self._recording.trials[place].known:
            raise _UnseenError
        self._reached[place] = trial.epoch

    def ended(self, trial: SimulatedTrial, now: float) -> None:
        """A trial is over."""
        self._over.add(self._order[trial.number])

    def outcome(self, now: float) -> Outcome:
        """Return what a sweep came to that needed nothing unknown."""
        return self._between(self._reached, self._reached, now)

    def bounds(self, *, patient: bool) -> Outcome:
        """Return what a sweep can have come to that went on beyond what is known.

        Args:
            patient: Whether its scheduler stops nothing.
        """
        least, most = list(self._reached), list(self._reached)
        for place, trial in enumerate(self._recording.trials):
            if place not in self._over:
                least[place] = trial.known if patient else max(1, self._reached[place])
                most[place] = trial.epochs
        return self._between(least, most, None)

    def _between(self, least: Sequence[int], most: Sequence[int], now: float | None) -> Outcome:
        trials, objective = self._recording.trials, self._recording.objective
        seen = (v for place, n in enumerate(least) for v in self._recording.values(place, n))
        return Outcome(
            epochs=(sum(least), sum(most)),
            training_s=(
                math.fsum(trial.seconds(n) for trial, n in zip(trials, least, strict=True)),
                math.fsum(trial.seconds(n) for trial, n in zip(trials, most, strict=True)),
            ),
            wall_s=now,
            value=min(seen, key=objective.cost, default=math.nan),
        )
