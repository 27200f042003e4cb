"""How simulated trials get a worker and leave it; stands in for `tuner.runtime.warm`."""

from __future__ import annotations

import heapq
from typing import Any, Protocol

from ray.tune.experiment import Trial
from ray.tune.schedulers import FIFOScheduler, TrialScheduler

from tuner.schedulers import Supervisor
from tuner.schedulers.heeding import heed_of
from tuner.schedulers.reasons import Explaining
from tuner.simulation.cluster import ClusterModel
from tuner.simulation.roster import Roster
from tuner.simulation.saves import SimulatedSave
from tuner.simulation.spending import Spending
from tuner.simulation.suggestions import Suggestions
from tuner.simulation.trials import Phase, SimulatedTrial, Worker
from tuner.simulation.workers import Workers
from tuner.worker_modes import IDLE_S

__all__ = ["History", "Staffing"]


class History(Protocol):
    """Who is told of what happens; decisions are told to the supervisor's observer."""

    def suggested(self, trial: SimulatedTrial, now: float) -> None:
        """There is a new trial."""

    def started(self, trial: SimulatedTrial, now: float) -> None:
        """A trial has a worker, the first one or another one."""

    def reported(self, trial: SimulatedTrial, now: float) -> None:
        """A trial has finished its ``epoch``; nothing is decided about it yet."""

    def failed(self, trial: SimulatedTrial, now: float, cause: str) -> None:
        """A trial's ``attempt`` failed; another one follows, or its end."""

    def ended(self, trial: SimulatedTrial, now: float) -> None:
        """A trial has ended."""


class Staffing:
    """Trials and workers of a simulation, and the clock.

    Args:
        supervisor: Around the scheduler.
        suggestions: Where trials come from.
        history: Told of what happens.
        cluster: How long workers take.
        workers: Those of the cluster.
        spending: What is held is counted there.
        limit: How many trials may wait for a worker or run at once; None for no bound.
        waiting: How many may wait for a worker at once.
        saves_every: Trials save every so many epochs; 0 for when they pause only.

    Attributes:
        now: Seconds since the sweep began.
        search_alg: The suggestions, where schedulers look for them.
        spending: As above.
    """

    def __init__(
        self,
        *,
        supervisor: Supervisor,
        suggestions: Suggestions,
        history: History,
        cluster: ClusterModel,
        workers: Workers,
        spending: Spending,
        limit: int | None,
        waiting: int,
        saves_every: int,
    ) -> None:
        self.now = 0.0
        self.search_alg = suggestions
        self._supervisor: Any = supervisor  # which takes Ray's trials and controller
        self._history = history
        self._cluster = cluster
        self._workers = workers
        self.spending = spending
        self._bounds = limit, waiting
        self._limit, self._most_waiting = self._bounds
        self._saves_every = saves_every
        # Others may change their choice from one step to the next, though nothing happened.
        self._chooses_by_state = isinstance(supervisor.scheduler, Explaining | FIFOScheduler)
        self._settled = False  # whether another look for trials and workers would change nothing
        # Populations copy from ended trials; who heeds few reports needs none of them.
        self._roster = Roster(keeps_ended=heed_of(supervisor.scheduler) is None)
        self._first: list[SimulatedTrial] = []  # those that get a worker before any other
        self._queue: list[tuple[float, int, SimulatedTrial]] = []
        self._scheduled = 0

    # What schedulers ask of a controller -------------------------------------------------------

    def get_trials(self) -> list[SimulatedTrial]:
        """Return all trials; those that have not ended, where the scheduler needs no others."""
        return self._roster.trials

    def get_live_trials(self) -> set[SimulatedTrial]:
        """Return the trials that have not ended."""
        return set(self._roster.live)

    def first_waiting(self) -> SimulatedTrial | None:
        """Return the first of the pending trials; where there is none, the first paused one."""
        return self._roster.first_waiting()

    def is_in_line(self, trial: SimulatedTrial) -> bool:
        """Return whether a worker that is free now would be of use to a waiting trial."""
        own = trial.worker
        return own is None or (not own.started and bool(self._workers.idle))

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
        self._set_status(trial, Trial.TERMINATED)
        self._release(trial)
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
            trial.overdue = None
            self._set_status(trial, Trial.PAUSED)
            self._release(trial)

    def _schedule_trial_save(
        self, trial: SimulatedTrial, result: dict[str, Any] | None = None
    ) -> SimulatedSave | None:
        """Have a trial's worker save, unless it does already: at once, or after its epoch."""
        if trial.saving_to is None and trial.worker is not None:
            trial.saving_to = trial.save(result or trial.last_result)
            trial.heeded = 0
            if trial.worker.busy_until <= self.now:
                self._schedule(trial, Phase.SAVING, self._cluster.save_s)
        return trial.saving_to

    def _save_first(self, trial: SimulatedTrial, decision: str) -> None:
        """Keep what was decided about a trial that saves, until it has saved."""
        if trial.phase is Phase.TRAINING:  # it was asked to save while it trained
            self._schedule(trial, Phase.SAVING, self._cluster.save_s)
        if not trial.decided or decision in (TrialScheduler.PAUSE, TrialScheduler.STOP):
            trial.decided = decision

    def _is_save_due(self, trial: SimulatedTrial) -> bool:
        due = self._saves_every and trial.epoch % self._saves_every == 0
        return bool(due) and trial.worker is not None

    def _execute(self, trial: SimulatedTrial, decision: str, *, saved: bool = False) -> None:
        if decision == TrialScheduler.CONTINUE:
            self._train(trial)
        elif decision == TrialScheduler.PAUSE:
            self.pause_trial(trial, should_checkpoint=not saved)
        elif decision == TrialScheduler.STOP:
            self.stop_trial(trial)

    def _train(self, trial: SimulatedTrial) -> None:
        """Have a trial train for an epoch."""
        raise NotImplementedError

    # Trials and workers ------------------------------------------------------------------------

    def _fill(self) -> None:
        """Take in what the searcher suggests, and give waiting trials a worker."""
        workers, pending = self._workers, self._roster.pending
        self._settled = self._chooses_by_state
        if workers.idle:
            self._dismiss_idle()
        while len(pending) < self._most_waiting and self._add_trial():
            pass
        if self._first:
            self._provide_first()
        chosen = self._supervisor.choose_trial_to_run(self)
        if chosen is not None:
            self._provide_worker(chosen)
        for trial in list(pending) if pending and workers.has_room() else ():
            if not workers.has_room():
                break
            self._provide_worker(trial)

    def _lower_bounds(self) -> None:
        """Bound trials by what the nodes hold that are there now."""
        if self._bounds[0] is not None:
            self._limit = min(self._bounds[0], self._workers.expected)
            self._most_waiting = min(self._bounds[1], self._workers.expected)

    def _add_trial(self) -> bool:
        if self._limit is not None and self._roster.active >= self._limit:
            return False
        trial = self.search_alg.next_trial()
        if trial is None:
            return False
        trial.waiting_since = self.now
        self._roster.add(trial)
        self._history.suggested(trial, self.now)
        self._supervisor.on_trial_add(self, trial)
        return True

    def _provide_first(self) -> None:
        for trial in self._first:
            if trial in self._roster.pending:  # and was not stopped while it waited
                self._provide_worker(trial)
        self._first = [trial for trial in self._first if trial in self._roster.pending]

    def _provide_worker(self, trial: SimulatedTrial) -> None:
        """Give a trial an idle worker, or a new one; an idle one in place of one that starts."""
        own = trial.worker
        if own is not None and (own.started or not self._workers.idle):
            return
        if not self._workers.has_room():
            return
        if own is not None:
            self._dismiss(own)
        else:
            trial.held_since = self.now
            self.spending.take(self.now)
            if trial.status == Trial.PENDING:
                self._workers.sheet.waited(self.now - trial.waiting_since)
        self._set_status(trial, Trial.PENDING)
        self._assign_worker(trial)
        self._settled = False  # a step makes one choice

    def _assign_worker(self, trial: SimulatedTrial) -> None:
        if self._workers.idle:
            worker = trial.worker = self._workers.idle.pop()
            worker.trial = trial
            busy = max(worker.busy_until - self.now, 0.0)
            self._schedule(trial, Phase.STARTING, busy + self._cluster.reset_s)
            return
        worker = trial.worker = self._workers.hire()
        worker.trial = trial
        trial.phase = Phase.STARTING
        self._place_workers()

    def _place_workers(self) -> None:
        """Start those workers that a place is free for."""
        for worker in self._workers.place(self.now):
            assert worker.trial is not None  # who asked for it
            self._schedule(worker.trial, Phase.STARTING, self._cluster.start_s)

    def _release(self, trial: SimulatedTrial) -> None:
        """Have a trial give back its worker, for whichever trial is next."""
        worker = trial.worker
        if worker is None:
            return
        self.spending.give_back(trial.held_since, self.now)
        if worker.started and worker.death is None and self._more_to_run():
            self._workers.rest(worker, self.now)
        else:
            self._dismiss(worker)
        trial.let_go()

    def _more_to_run(self) -> bool:
        roster = self._roster
        waiting = roster.pending or len(roster.live) > roster.active  # some are paused
        return bool(waiting) or not self.search_alg.is_finished()

    def _dismiss_idle(self) -> None:
        """End idle workers if nothing is left to run, or else those that have been idle long."""
        idle, more = self._workers.idle, self._more_to_run()
        while idle and not (more and self.now - idle[0].idle_since < IDLE_S):
            self._dismiss(idle.pop(0))

    def _dismiss(self, worker: Worker) -> None:
        """End a worker; whoever waits for its place gets it."""
        self._workers.dismiss(worker, self.now)
        self._place_workers()

    def _schedule(self, trial: SimulatedTrial, phase: Phase, seconds: float) -> None:
        """Have a trial's worker do something; the trial's next event is that it is done."""
        assert trial.worker is not None  # it does nothing without
        due = self.now + seconds
        trial.phase = phase
        self._workers.begin(trial.worker, phase, self.now, due)
        self._queue_event(trial, due)

    def _queue_event(self, trial: SimulatedTrial, due: float) -> None:
        self._scheduled = trial.due = number = self._scheduled + 1
        heapq.heappush(self._queue, (due, number, trial))

    def _set_status(self, trial: SimulatedTrial, status: str) -> None:
        self._settled = False
        self._roster.set_status(trial, status)
