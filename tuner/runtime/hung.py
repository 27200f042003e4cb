"""Ends trials that do not report any more."""

from __future__ import annotations

import time

import ray
from ray.tune.experiment import Trial

from tuner.runtime.contact import Contact
from tuner.runtime.controller import SweepController
from tuner.runtime.recorder import Recorder
from tuner.runtime.trials import Trials
from tuner.runtime.watchdog import Watchdog

__all__ = ["LOOK_EVERY_S", "HungTrials"]

LOOK_EVERY_S = 0.5


class HungTrials:
    """Kills the worker of a trial that has not reported for too long.

    A trial whose node cannot be reached is not to blame: Ray will say that it is lost, or it comes
    back, and the trial has its time again. Half-way through that time its node is asked for the
    first time: one that is away for less delays reports by less than the rest.

    Args:
        timeout_s: How long is too long.
        trials: The sweep's.
        recorder: Knows when they reported.
        controller: Knows their workers.
        contact: Knows which nodes can be reached.
    """

    def __init__(
        self,
        timeout_s: float,
        trials: Trials,
        recorder: Recorder,
        controller: SweepController,
        contact: Contact | None = None,
    ) -> None:
        self._timeout_s = timeout_s
        self._trials = trials
        self._recorder = recorder
        self._controller = controller
        self._contact = contact or Contact()
        self._watchdog = Watchdog(timeout_s, 2 * LOOK_EVERY_S)
        self._half_way = Watchdog(timeout_s / 2, 2 * LOOK_EVERY_S)

    def look(self) -> None:
        """Kill whoever hangs by now."""
        progress = {}
        for trial_id, trial in self._trials.open().items():
            note = self._recorder.note(trial_id)
            if note is not None and self._at_work(trial):
                progress[trial_id] = (note.iteration, self._controller.is_resetting(trial))
        now = time.monotonic()
        for trial_id in self._half_way.look(progress.items(), now):
            self._has_excuse(self._trials[trial_id])
        for trial_id in self._watchdog.look(progress.items(), now):
            trial = self._trials[trial_id]
            if self._has_excuse(trial):
                continue
            if not self._controller.is_resetting(trial):  # else the worker hangs, not the trial
                verdict = f"no report for {self._timeout_s:g} s (trial_timeout_s)"
                self._recorder.condemn(trial_id, "hung", verdict)
                trial.max_failures = 0
            worker = self._controller.worker_of(trial)
            if worker is not None:
                ray.kill(worker)

    def _has_excuse(self, trial: Trial) -> bool:
        return self._contact.excuses(self._controller.nodes_of(trial))

    def _at_work(self, trial: Trial) -> bool:
        """Whether a trainable's own code has the worker; starting one is no part of it."""
        own = trial.status == Trial.RUNNING or self._controller.is_resetting(trial)
        if not (own or self._trials.set_up_with_worker):
            return False
        return self._controller.worker_of(trial) is not None
