"""Runs a planned sweep on a connected Ray: builds the controller and drives it to its end."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import ray
from ray.tune import Callback
from ray.tune.experiment import Trial

from tuner.errors import SweepFailedError
from tuner.planning import Plan
from tuner.runtime.concurrency import Concurrency, concurrency
from tuner.runtime.connect import nodes, scales
from tuner.runtime.controller import SweepController
from tuner.runtime.recorder import Recorder
from tuner.runtime.resources import bundle_of, slots
from tuner.runtime.source import TrialSource
from tuner.runtime.stopping import Stop
from tuner.runtime.storage import TrialStorage
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
        self._population = plan.population
        self._bracket = plan.bracket
        self._recorder = recorder
        self._trials = Trials(plan, storage, recorder.on_trial_created)
        self._elastic = scales() or self._trials.request_resources
        bounds = self._bounds()
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
            callbacks=[recorder, *callbacks],
            max_pending_trials=bounds.waiting,
            reuse_actors=plan.spec.reuse_actors and self._trials.can_be_reset,
            fail_fast=plan.spec.fail_fast,
            checkpoint_config=self._trials.checkpoint_config,
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
        self._controller.announce(num_samples=self._spec.num_samples)
        try:
            self._drive(stop, tick)
        finally:
            self._recorder.close_open_trials()
            self._controller.cleanup()

    def _drive(self, stop: Stop, tick: Callable[[], None]) -> None:
        chores: list[Callable[[], None]] = [
            tick,
            _Every(_LOOK_FOR_NODES_EVERY_S, self._follow_cluster),
        ]
        if self._spec.trial_timeout_s is not None:
            watchdog = Watchdog(self._spec.trial_timeout_s)
            chores.append(_Every(_LOOK_FOR_HUNG_EVERY_S, lambda: self._kill_hung(watchdog)))
        started = busy_at = time.monotonic()
        while not self._controller.is_finished():
            self._step()
            for chore in chores:
                chore()
            now = time.monotonic()
            budget = self._spec.time_budget_s
            if budget is not None and now - started >= budget and stop.reason is None:
                stop.reason = "time budget"
            if stop.reason is not None:
                return
            may_go_on = self._controller.busy or not self._source.is_finished()
            busy_at = now if may_go_on else busy_at
            if now - busy_at > _STALLED_AFTER_S:
                self._end_paused()
                busy_at = now
        if self._spec.fail_fast and self._recorder.tally.outcomes["failed"]:
            stop.reason = "failed trial"

    def _step(self) -> None:
        try:
            self._controller.step()
        except Exception as failure:
            raise SweepFailedError(_summary(failure)) from failure
        refusal = self._supervisor.refusal or self._recorder.refusal
        if refusal is not None:
            raise refusal
        raised = self._supervisor.failure or self._source.failure
        if raised is not None:
            raise SweepFailedError(_summary(raised)) from raised

    def _bounds(self) -> Concurrency:
        return concurrency(
            slots(bundle_of(self._spec.resources), nodes()),
            bound=self._spec.max_concurrent_trials,
            population=self._population,
            elastic=self._elastic,
            bracket=self._bracket,
        )

    def _follow_cluster(self) -> None:
        """Use nodes that came, and ask nothing of nodes that went."""
        bounds = self._bounds()
        self._source.limit = bounds.trials
        self._controller.resize(bounds.workers, bounds.waiting)

    def _kill_hung(self, watchdog: Watchdog) -> None:
        reports = {}
        for trial_id, trial in self._trials.open().items():
            note = self._recorder.note(trial_id)
            if note is not None and self._at_work(trial):
                reports[trial_id] = note.iteration
        for trial_id in watchdog.look(reports.items(), time.monotonic()):
            trial = self._trials[trial_id]
            if not self._controller.is_resetting(trial):  # else the worker hangs, not the trial
                verdict = f"no report for {self._spec.trial_timeout_s:g} s (trial_timeout_s)"
                self._recorder.condemn(trial_id, "hung", verdict)
                trial.max_failures = 0
            worker = self._controller.worker_of(trial)
            if worker is not None:
                ray.kill(worker)

    def _at_work(self, trial: Trial) -> bool:
        """Whether the trial's own code has the worker; starting one is no part of it."""
        if trial.status != Trial.RUNNING and not self._trials.set_up_with_worker:
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
