"""Ends trials that do not report any more."""

from __future__ import annotations

import time

import ray
from ray.tune.experiment import Trial

from tuner.runtime.controller import SweepController
from tuner.runtime.recorder import Recorder
from tuner.runtime.trials import Trials
from tuner.runtime.watchdog import Watchdog

__all__ = ["LOOK_EVERY_S", "HungTrials"]

LOOK_EVERY_S = 0.5


class HungTrials:
    """Kills the worker of a trial that has not reported for too long.

    Args:
        timeout_s: How long is too long.
        trials: The sweep's.
        recorder: Knows when they reported.
        controller: Knows their workers.
    """

    def __init__(
        self, timeout_s: float, trials: Trials, recorder: Recorder, controller: SweepController
    ) -> None:
        self._timeout_s = timeout_s
        self._trials = trials
        self._recorder = recorder
        self._controller = controller
        self._watchdog = Watchdog(timeout_s, 2 * LOOK_EVERY_S)

    def look(self) -> None:
        """Kill whoever hangs by now."""
        progress = {}
        for trial_id, trial in self._trials.open().items():
            note = self._recorder.note(trial_id)
            if note is not None and self._at_work(trial):
                progress[trial_id] = (note.iteration, self._controller.is_resetting(trial))
        for trial_id in self._watchdog.look(progress.items(), time.monotonic()):
            trial = self._trials[trial_id]
            if not self._controller.is_resetting(trial):  # else the worker hangs, not the trial
                verdict = f"no report for {self._timeout_s:g} s (trial_timeout_s)"
                self._recorder.condemn(trial_id, "hung", verdict)
                trial.max_failures = 0
            worker = self._controller.worker_of(trial)
            if worker is not None:
                ray.kill(worker)

    def _at_work(self, trial: Trial) -> bool:
        """Whether a trainable's own code has the worker; starting one is no part of it."""
        own = trial.status == Trial.RUNNING or self._controller.is_resetting(trial)
        if not (own or self._trials.set_up_with_worker):
            return False
        return self._controller.worker_of(trial) is not None
