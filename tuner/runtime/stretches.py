"""Ray Tune's controller with trials that train in stretches; see `tuner.runtime.serving`.

Upstream asks a worker for one report at a time, and asks for the next one when it has dealt with
it: a call per report, and a worker that waits for the driver after each. (Its own buffering is
dead: it hands the length of the buffer over as the seconds, and the seconds as the length.)
"""

from __future__ import annotations

import math
from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ray.air.execution._internal.tracked_actor import TrackedActor
from ray.tune.experiment import Trial

from tuner.runtime.ahead import RunAhead
from tuner.runtime.in_turn import InTurnController
from tuner.runtime.serving import Stretch

__all__ = ["StretchController"]


@dataclass
class _Talk:
    """What driver and worker have said to each other since the worker took up a trial.

    Attributes:
        heard: How many reports the driver has dealt with.
        open: How many calls are under way, but for one that runs ahead.
        steady: Whether there would have been more reports in the last one, had there been time.
        due: Whether the trial shall train on, once the calls under way have come back.
        step_s: How long the last report took.
        ahead: What comes of a call to train on while the scheduler decides; None without one.
        early: Stretches that arrived before those that they follow, by their first report.
    """

    heard: int = 0
    open: int = 0
    steady: bool = False
    due: bool = False
    step_s: float = math.inf
    ahead: Any = None
    early: dict[int, Stretch] = field(default_factory=dict)


class StretchController(InTurnController):
    """Ray Tune's controller, except for how reports come from workers.

    Args:
        report_delay_s: How long a report that nobody has to decide about may wait for others; None
            for one report per call.
        only_stops: Whether the scheduler does nothing to a trial but to stop it. Where that pays,
            trials train on for one report then, while it decides about the one before.
        **options: Those of `InTurnController`.
    """

    def __init__(self, *, report_delay_s: float | None, only_stops: bool, **options: Any) -> None:
        super().__init__(**options)
        self._report_delay_s = report_delay_s
        self._only_stops = only_stops
        self._talks: dict[Trial, _Talk] = {}
        self._run_ahead = RunAhead()
        self._waste: deque[tuple[TrackedActor, float]] = deque()

    def _decides_from(self, trial: Trial) -> float:
        """Return the time before which nobody has to decide about a trial's finite reports."""
        return -math.inf

    def step(self) -> None:
        """Handle one event."""
        super().step()
        while self._waste:
            self._log.wasted(*self._waste.popleft())

    def _actor_started(self, tracked_actor: TrackedActor, log: str = "STARTED") -> None:
        self._talks[self._actor_to_trial[tracked_actor]] = _Talk()
        super()._actor_started(tracked_actor, log)

    def _schedule_trial_stop(self, trial: Trial, exception: Exception | None = None) -> None:
        talk, worker = self._talks.pop(trial, None), self._trial_to_actor.get(trial)
        if talk is not None and talk.ahead is not None and worker is not None:  # else it has died
            talk.ahead.future().add_done_callback(partial(self._count_waste, worker))
        super()._schedule_trial_stop(trial, exception)

    def _count_waste(self, worker: TrackedActor, done: Future[Stretch]) -> None:
        if done.exception() is None:  # else there was none. In a thread of Ray's
            seconds = sum(report.get("time_this_iter_s", 0) for report in done.result().reports)
            self._waste.append((worker, seconds))

    def _schedule_trial_train(self, trial: Trial) -> None:
        """Have a trial train on; a second call waits at its worker if reports come steadily."""
        if self._report_delay_s is None:
            super()._schedule_trial_train(trial)
            return
        talk = self._talks[trial]
        wanted = 2 if talk.steady else 1
        talk.due = talk.open >= wanted
        until = self._decides_from(trial)
        for _ in range(talk.open, wanted):
            talk.open += 1
            self._ask(trial, talk, until)
        if self._only_stops and talk.ahead is None and self._run_ahead.pays(talk.step_s):
            talk.ahead = self._ask(trial, talk, until, ahead=True)

    def _ask(self, trial: Trial, talk: _Talk, until: float, *, ahead: bool = False) -> Any:
        return self._schedule_trial_task(
            trial,
            "train_stretch",
            args=(talk.heard, until, self._report_delay_s, ahead),
            on_result=self._on_stretch_ahead if ahead else self._on_stretch,
            on_error=self._trial_task_failure,
            _return_future=True,
        )

    def _on_stretch(self, trial: Trial, stretch: Stretch) -> None:
        talk = self._talks[trial]
        talk.open -= 1
        self._take(trial, talk, stretch)
        if talk.due and not talk.open and self._talks.get(trial) is talk:
            self._schedule_trial_train(trial)

    def _on_stretch_ahead(self, trial: Trial, stretch: Stretch) -> None:
        talk = self._talks[trial]
        talk.ahead = None
        self._take(trial, talk, stretch)

    def _take(self, trial: Trial, talk: _Talk, stretch: Stretch) -> None:
        if stretch.waited_s is not None:
            self._run_ahead.waited(stretch.waited_s)
        if stretch.reports:
            talk.early[stretch.first] = stretch
        while self._talks.get(trial) is talk and talk.heard in talk.early:
            self._deal_with(trial, talk, talk.early.pop(talk.heard))

    def _deal_with(self, trial: Trial, talk: _Talk, stretch: Stretch) -> None:
        last = stretch.reports[-1]
        self._log.is_on(self._trial_to_actor[trial], last.get("hostname"))
        talk.heard += len(stretch.reports)
        talk.steady = not stretch.halted and stretch.first > 0
        talk.step_s = last.get("time_this_iter_s", talk.step_s)
        self._on_training_result(trial, stretch.reports)  # type: ignore[no-untyped-call]
        if stretch.halted:
            self._run_ahead.decided(stopped=trial.is_finished())
