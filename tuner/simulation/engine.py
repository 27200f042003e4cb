"""Runs a scheduler and a searcher over learning curves, in virtual time.

A `Simulation` stands in for Ray Tune's controller: it makes the calls that `tuner.runtime` has it
make, in the same order, over workers that are no more than the times at which they are done. A
test holds it to that, event by event.
"""

from __future__ import annotations

import heapq
from typing import Any, Protocol

from ray.tune.experiment import Trial
from ray.tune.schedulers import FIFOScheduler, TrialScheduler
from ray.tune.search import Searcher

from tuner.schedulers import Supervisor
from tuner.schedulers.reasons import Explaining
from tuner.simulation.cluster import ClusterModel, Worker
from tuner.simulation.curves import CurveSource
from tuner.simulation.suggestions import Suggestions
from tuner.simulation.trials import Phase, SimulatedSave, SimulatedTrial

__all__ = ["History", "Simulation"]

_ACTIVE = (Trial.PENDING, Trial.RUNNING)


class History(Protocol):
    """Who is told of what happens; decisions are told to the supervisor's observer."""

    def suggested(self, trial: SimulatedTrial, now: float) -> None:
        """There is a new trial."""

    def started(self, trial: SimulatedTrial, now: float) -> None:
        """A trial has a worker, the first one or another one."""

    def reported(self, trial: SimulatedTrial, result: dict[str, Any], now: float) -> None:
        """A trial has finished an epoch; nothing is decided about it yet."""

    def ended(self, trial: SimulatedTrial, now: float) -> None:
        """A trial has ended."""


class Simulation:
    """One simulated sweep.

    Args:
        supervisor: Around the scheduler, fresh.
        searcher: Fresh.
        curves: What trials report.
        cluster: Where they run.
        time_attr: What counts as time in a report; epochs are counted under this name, unless
            the curves report it.
        num_samples: How many trials there are at most; None for no bound.
        limit: How many may wait for a worker or run at once; None for no bound.
        waiting: How many may wait for a worker at once.
        history: Told of what happens.
        saves_every: Trials save every so many epochs; 0 for when they pause only.

    Attributes:
        now: Seconds since the sweep began.
        events: How many there were.
    """

    def __init__(
        self,
        *,
        supervisor: Supervisor,
        searcher: Searcher,
        curves: CurveSource,
        cluster: ClusterModel,
        time_attr: str,
        num_samples: int | None,
        limit: int | None,
        waiting: int,
        history: History,
        saves_every: int = 0,
    ) -> None:
        self.now = 0.0
        self.events = 0
        self.search_alg = Suggestions(searcher, num_samples)  # schedulers look for it there
        self._supervisor: Any = supervisor  # which takes Ray's trials and controller
        self._curves = curves
        self._cluster = cluster
        self._time_attr = time_attr
        self._limit = limit
        self._most_waiting = waiting
        self._history = history
        self._saves_every = saves_every
        # Others may change their choice from one step to the next, though nothing happened.
        self._chooses_by_state = isinstance(supervisor.scheduler, Explaining | FIFOScheduler)
        self._settled = False  # whether another look for trials and workers would change nothing
        self._trials: list[SimulatedTrial] = []
        self._live: dict[SimulatedTrial, None] = {}
        self._pending: dict[SimulatedTrial, None] = {}
        self._active = 0
        self._idle: list[Worker] = []
        self._workers = 0
        self._queue: list[tuple[float, int, SimulatedTrial]] = []
        self._scheduled = 0

    def run(self) -> None:
        """Run the sweep to its end."""
        while self._step():
            pass

    def _step(self) -> bool:
        """Handle one event; return whether there was anything left to do."""
        if not self._settled:
            self._fill()
        trial = self._next_due()
        if trial is None:
            left = list(self._live)  # that nobody will let go on
            for paused in left:
                self.stop_trial(paused)
            return bool(left)
        self.events += 1
        handlers = {
            Phase.TRAINING: self._on_report,
            Phase.STARTING: self._on_started,
            Phase.RESTORING: self._train,
            Phase.SAVING: self._on_saved,
        }
        handlers[trial.phase](trial)
        return True

    def _next_due(self) -> SimulatedTrial | None:
        """Take the next event that its trial still waits for, and let time pass until then."""
        while self._queue:
            due, number, trial = heapq.heappop(self._queue)
            if trial.due == number:
                self.now = due
                return trial
        return None

    # What schedulers ask of a controller -------------------------------------------------------

    def get_trials(self) -> list[SimulatedTrial]:
        """Return all trials."""
        return self._trials

    def get_live_trials(self) -> set[SimulatedTrial]:
        """Return the trials that have not ended."""
        return set(self._live)

    def stop_trial(self, trial: SimulatedTrial) -> None:
        """End a trial, whatever it does now."""
        if trial.is_finished():
            return
        if trial.status == Trial.RUNNING:
            self._supervisor.on_trial_complete(self, trial, trial.last_result)
            self.search_alg.on_trial_complete(trial.trial_id, result=trial.last_result)
        else:
            self._supervisor.on_trial_remove(self, trial)
            self.search_alg.on_trial_complete(trial.trial_id)
        self._release(trial)
        self._set_status(trial, Trial.TERMINATED)
        trial.curve = None
        del self._live[trial]
        self._history.ended(trial, self.now)

    def pause_trial(self, trial: SimulatedTrial, should_checkpoint: bool = True) -> None:
        """Pause a trial, once it has saved if it is to."""
        trial.decided = None
        if trial.worker is None:
            return
        if should_checkpoint:
            trial.decided = TrialScheduler.PAUSE
            self._schedule_trial_save(trial)
        else:
            self._release(trial)
            self._set_status(trial, Trial.PAUSED)

    def _schedule_trial_save(
        self, trial: SimulatedTrial, result: dict[str, Any] | None = None
    ) -> SimulatedSave:
        if trial.saving_to is None:
            trial.saving_to = SimulatedSave(trial, result or trial.last_result)
            self._schedule(trial, Phase.SAVING, self._cluster.save_s)
        return trial.saving_to

    # Trials and workers ------------------------------------------------------------------------

    def _fill(self) -> None:
        """Take in what the searcher suggests, and give waiting trials a worker."""
        self._settled = self._chooses_by_state
        while len(self._pending) < self._most_waiting and self._add_trial():
            pass
        chosen = self._supervisor.choose_trial_to_run(self)
        if chosen is not None:
            self._provide_worker(chosen)
        for trial in list(self._pending):
            if not self._has_room():
                break
            self._provide_worker(trial)

    def _add_trial(self) -> bool:
        if self._limit is not None and self._active >= self._limit:
            return False
        trial = self.search_alg.next_trial()
        if trial is None:
            return False
        self._trials.append(trial)
        self._live[trial] = self._pending[trial] = None
        self._active += 1
        self._history.suggested(trial, self.now)
        self._supervisor.on_trial_add(self, trial)
        return True

    def _provide_worker(self, trial: SimulatedTrial) -> None:
        """Give a trial an idle worker, or a new one; an idle one in place of one that starts."""
        own = trial.worker
        if own is not None and (own.started or not self._idle):
            return
        if not self._has_room():
            return
        self._set_status(trial, Trial.PENDING)
        if self._idle:
            self._workers -= own is not None
            trial.worker = self._idle.pop()
            busy = max(trial.worker.busy_until - self.now, 0.0)
            self._schedule(trial, Phase.STARTING, busy + self._cluster.reset_s)
        else:
            self._workers += 1
            trial.worker = Worker()
            self._schedule(trial, Phase.STARTING, self._cluster.start_s)
        self._settled = False  # a step makes one choice

    def _has_room(self) -> bool:
        return bool(self._idle) or self._workers < self._cluster.slots

    def _release(self, trial: SimulatedTrial) -> None:
        worker, trial.worker = trial.worker, None
        trial.due = -1
        trial.saving_to = None
        if worker is not None and worker.started:
            self._idle.append(worker)
        elif worker is not None:  # it will not be needed
            self._workers -= 1

    # Events ------------------------------------------------------------------------------------

    def _on_started(self, trial: SimulatedTrial) -> None:
        assert trial.worker is not None  # which has just become ready
        trial.worker.started = True
        self._set_status(trial, Trial.RUNNING)
        self._history.started(trial, self.now)
        if trial.begin(self._curves):
            self._schedule(trial, Phase.RESTORING, self._cluster.load_s)
        else:
            self._train(trial)

    def _train(self, trial: SimulatedTrial) -> None:
        assert trial.curve is not None  # it has a worker
        self._schedule(trial, Phase.TRAINING, trial.curve.seconds[trial.epoch])

    def _on_report(self, trial: SimulatedTrial) -> None:
        result = trial.train(self._time_attr)
        self._history.reported(trial, result, self.now)
        decision = TrialScheduler.STOP
        if not trial.has_finished:
            decision = self._supervisor.on_trial_result(self, trial, result)
        if decision == TrialScheduler.STOP:
            result["done"] = True
        elif self.search_alg.listens:
            self.search_alg.on_trial_result(trial.trial_id, result)
        trial.last_result = result
        if decision != TrialScheduler.PAUSE and self._is_save_due(trial):
            self._schedule_trial_save(trial)
        if trial.saving_to is None:
            self._execute(trial, decision)
        elif not trial.decided or decision in (TrialScheduler.PAUSE, TrialScheduler.STOP):
            trial.decided = decision
        if decision != TrialScheduler.CONTINUE or self._has_room() or self.search_alg.waits:
            self._settled = False

    def _is_save_due(self, trial: SimulatedTrial) -> bool:
        return bool(self._saves_every) and trial.epoch % self._saves_every == 0

    def _on_saved(self, trial: SimulatedTrial) -> None:
        assert trial.saving_to is not None  # which is what has arrived
        trial.latest_checkpoint_result = trial.saving_to.resolve()
        trial.saving_to = None
        decided, trial.decided = trial.decided, None
        if decided is not None:
            self._execute(trial, decided, saved=True)

    def _execute(self, trial: SimulatedTrial, decision: str, *, saved: bool = False) -> None:
        if decision == TrialScheduler.CONTINUE:
            self._train(trial)
        elif decision == TrialScheduler.PAUSE:
            self.pause_trial(trial, should_checkpoint=not saved)
        elif decision == TrialScheduler.STOP:
            self.stop_trial(trial)

    # How ---------------------------------------------------------------------------------------

    def _schedule(self, trial: SimulatedTrial, phase: Phase, seconds: float) -> None:
        """Have a trial's worker do something; the trial's next event is that it is done."""
        self._scheduled += 1
        due = self.now + seconds
        trial.phase, trial.due = phase, self._scheduled
        if trial.worker is not None:
            trial.worker.busy_until = due
        heapq.heappush(self._queue, (due, self._scheduled, trial))

    def _set_status(self, trial: SimulatedTrial, status: str) -> None:
        self._settled = False
        if trial.status == status:
            return
        self._active += (status in _ACTIVE) - (trial.status in _ACTIVE)
        if trial.status == Trial.PENDING:
            self._pending.pop(trial, None)
        if status == Trial.PENDING:
            self._pending[trial] = None
        trial.set_status(status)
