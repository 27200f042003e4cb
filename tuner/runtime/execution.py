"""Runs a planned sweep on a connected Ray: builds the controller and drives it to its end."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import ray
from ray.tune import Callback
from ray.tune.experiment import Trial

from tuner.errors import SweepFailedError, TunerError
from tuner.planning import Plan
from tuner.runtime.callbacks import GuardedCallbacks
from tuner.runtime.controller import SweepController
from tuner.runtime.recorder import Recorder
from tuner.runtime.source import TrialSource
from tuner.runtime.stopping import Stop
from tuner.runtime.storage import TrialStorage
from tuner.runtime.surroundings import Surroundings
from tuner.runtime.trials import Trials
from tuner.runtime.watchdog import Watchdog
from tuner.schedulers import Decision, Supervisor
from tuner.seeds import SweepSeeds

__all__ = ["Execution"]

_LOOK_FOR_HUNG_EVERY_S = 0.5
_LOOK_FOR_NODES_EVERY_S = 10.0
_STALLED_AFTER_S = 30.0


class Execution:
    """One sweep on a connected Ray.

    Args:
        plan: What to run.
        storage: Where checkpoints go.
        recorder: Told of everything.
        callbacks: A user's own, told after the recorder.

    Attributes:
        surroundings: The cluster as the sweep sees it.
    """

    def __init__(
        self,
        plan: Plan,
        *,
        storage: TrialStorage,
        recorder: Recorder,
        callbacks: Sequence[Callback],
    ) -> None:
        self._spec = plan.spec
        self._recorder = recorder
        self._stop = Stop()
        self._started = time.monotonic()
        self._trials = Trials(plan, storage, recorder.on_trial_created)
        self.surroundings = Surroundings(plan, mixed=self._trials.request_resources)
        if self.surroundings.settled:
            self._trials.refuse_beyond(self.surroundings.nodes)
        self._callbacks = GuardedCallbacks(callbacks)
        bounds = self.surroundings.bounds()
        self._supervisor = Supervisor(
            plan.scheduler,
            metric=plan.spec.metric,
            mode=plan.spec.mode,
            time_attr=plan.spec.time_attr,
            max_t=plan.spec.max_t,
            seed=SweepSeeds.spawn(plan.spec.seed).scheduler,
            observe=self._on_decision,
        )
        self._source = TrialSource(
            plan.searcher,
            num_samples=plan.num_trials,
            limit=bounds.trials,
            make_trial=self._trials.make,
        )
        self._controller = SweepController(
            search_alg=self._source,
            scheduler=self._supervisor,
            storage=storage,
            callbacks=[recorder, self._callbacks],
            max_pending_trials=bounds.waiting,
            reuse_actors=plan.spec.reuse_actors and self._trials.can_be_reset,
            fail_fast=plan.spec.fail_fast,
            checkpoint_config=self._trials.checkpoint_config,
            record=recorder.on_report,
            give_up=self._gives_up_on_save,
            slots=bounds.workers,
        )

    def run(self, stop: Stop, tick: Callable[[], None]) -> None:
        """Drive the sweep until every trial ended or ``stop`` asks for less.

        Args:
            stop: Looked at between events.
            tick: Called between events, several times a second.

        Raises:
            ReportError: The trainable does not report what the scenario promises.
            SweepFailedError: A scheduler, searcher or callback raised.
            StorageError: From ``tick``.
        """
        self._stop = stop
        self._started = time.monotonic()
        self._controller.announce(num_samples=self._spec.num_samples)
        try:
            self._drive(tick)
        finally:
            self._recorder.close_open_trials()
            self._controller.cleanup()
            self._trials.forget()
        self._raise_failure()  # of a callback that was told of the end

    def _drive(self, tick: Callable[[], None]) -> None:
        chores: list[Callable[[], None]] = [
            tick,
            _Every(_LOOK_FOR_NODES_EVERY_S, self._follow_cluster),
        ]
        if self._spec.trial_timeout_s is not None:
            watchdog = Watchdog(self._spec.trial_timeout_s, 2 * _LOOK_FOR_HUNG_EVERY_S)
            chores.append(_Every(_LOOK_FOR_HUNG_EVERY_S, lambda: self._kill_hung(watchdog)))
        busy_at = time.monotonic()
        while not self._controller.is_finished():
            self._step()
            for chore in chores:
                chore()
            if self._must_stop():
                return
            now = time.monotonic()
            may_go_on = self._controller.busy or not self._source.is_finished()
            busy_at = now if may_go_on else busy_at
            if now - busy_at > _STALLED_AFTER_S:
                self._end_paused()
                busy_at = now
        if self._spec.fail_fast and self._recorder.tally.outcomes["failed"]:
            self._stop.reason = "failed trial"

    def _must_stop(self) -> bool:
        budget = self._spec.time_budget_s
        spent = time.monotonic() - self._started
        if budget is not None and spent >= budget and self._stop.reason is None:
            self._stop.reason = "time budget"
        return self._stop.reason is not None

    def _gives_up_on_save(self, waited_s: float) -> bool:
        limit = self._spec.trial_timeout_s
        return self._must_stop() or (limit is not None and waited_s > limit)

    def _step(self) -> None:
        try:
            self._controller.step()
        except TunerError:
            raise
        except Exception as failure:
            raise SweepFailedError(_summary(failure)) from failure
        refusal = self._supervisor.refusal or self._recorder.refusal
        if refusal is not None:
            raise refusal
        self._raise_failure()

    def _raise_failure(self) -> None:
        parts = (self._supervisor, self._source, self._callbacks)
        for failure in (part.failure for part in parts):
            if failure is not None:
                raise SweepFailedError(_summary(failure)) from failure

    def _follow_cluster(self) -> None:
        """Use nodes that came, and ask nothing of nodes that went."""
        self.surroundings.look()
        bounds = self.surroundings.bounds()
        self._source.limit = bounds.trials
        self._controller.resize(bounds.workers, bounds.waiting)

    def _kill_hung(self, watchdog: Watchdog) -> None:
        progress = {}
        for trial_id, trial in self._trials.open().items():
            note = self._recorder.note(trial_id)
            if note is not None and self._at_work(trial):
                progress[trial_id] = (note.iteration, self._controller.is_resetting(trial))
        for trial_id in watchdog.look(progress.items(), time.monotonic()):
            trial = self._trials[trial_id]
            if not self._controller.is_resetting(trial):  # else the worker hangs, not the trial
                verdict = f"no report for {self._spec.trial_timeout_s:g} s (trial_timeout_s)"
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

    def _end_paused(self) -> None:
        """End trials that their scheduler left paused though nothing else will run."""
        for trial in self._trials.open().values():
            if trial.status == Trial.PAUSED:
                self._controller.stop_trial(trial)

    def _on_decision(self, decision: Decision) -> None:
        self._recorder.on_decision(decision, self._trials[decision.trial_id].config)


class _Every:
    """Calls something at intervals, whenever it is itself called often enough."""

    def __init__(self, seconds: float, call: Callable[[], None]) -> None:
        self._seconds = seconds
        self._call = call
        self._next = time.monotonic() + seconds

    def __call__(self) -> None:
        now = time.monotonic()
        if now >= self._next:
            self._next = now + self._seconds
            self._call()


def _summary(failure: Exception) -> str:
    """One line for a failure inside the controller; Ray hands tracebacks over as text."""
    lines = [line.strip() for line in str(failure).strip().splitlines() if line.strip()]
    line = lines[-1] if lines else "no message"
    kind = type(failure).__name__
    prefix = "" if kind in ("TuneError", "RayTaskError") else f"{kind}: "
    return f"the sweep cannot go on: {prefix}{line}"
