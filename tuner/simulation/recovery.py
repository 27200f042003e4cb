"""What becomes of trials whose process failed; as `tuner.runtime` has it.

A process raises where its curve says so; incidents take it away. The trial is tried again from
its last checkpoint, as often as is allowed, and what it repeats is told to nobody but the
history. On a real cluster a lost node is noticed after some seconds, and the loss of an idle
worker when it is needed; here both are noticed at once.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from ray.tune.experiment import Trial
from ray.tune.schedulers import TrialScheduler

from tuner.simulation.incidents import Incident, Kind
from tuner.simulation.staffing import Staffing
from tuner.simulation.trials import Phase, SimulatedTrial, Worker

__all__ = ["Recovery"]

_NEVER = Incident(math.inf, Kind.RETURN, -1)


class Recovery(Staffing):
    """A simulation's trials and workers, which may fail.

    Args:
        max_failures: How often a failed trial is tried again; -1 for always.
        copies: Whether trials take over each other's checkpoints.
        incidents: What happens to the cluster, in order.
        **options: Those of `Staffing`.
    """

    def __init__(
        self, *, max_failures: int, copies: bool, incidents: Iterator[Incident], **options: Any
    ) -> None:
        super().__init__(**options)
        self._max_failures = max_failures
        self._copies = copies
        self._incidents = incidents
        self._incident = next(incidents, _NEVER)

    # Incidents ---------------------------------------------------------------------------------

    def _waits_for_nodes(self) -> bool:
        """Return whether nothing but the return of a node lets trials go on."""
        waits = self._workers.are_all_lost and bool(self._roster.pending)
        return waits and self._incident.at < math.inf

    def _meet_incident(self) -> None:
        """Let the next incident happen."""
        at, kind, target = self._incident
        self.now = at
        if kind is Kind.RETURN:
            self._workers.restore(target, at)
            self._place_workers()
        elif kind is Kind.LOSS:
            self._workers.lose(target, at)
            for worker in self._workers.on_node(target):
                self._kill(worker, kind)
        elif (hit := self._workers.at(target)) is not None:
            self._kill(hit, kind)
        self._lower_bounds()
        self._incident = next(self._incidents, _NEVER)
        self._settled = False

    def _kill(self, worker: Worker, kind: Kind) -> None:
        """A worker is gone; its trial's next event is to notice it."""
        trial = worker.trial
        if trial is None:
            self._workers.idle.remove(worker)
            self._dismiss(worker)
        elif worker.death is None:
            self._workers.kill(worker, kind, self.now)
            trial.interrupt()
            self._queue_event(trial, self.now)

    def _on_lost(self, trial: SimulatedTrial) -> None:
        """A trial's worker is gone; one that was made ready for it is replaced."""
        worker = trial.worker
        assert worker is not None  # the one that is gone
        assert worker.death is not None
        self._settled = False
        if worker.doing is Phase.STARTING and worker.started:
            self._dismiss(worker)
            self._assign_worker(trial)
            return
        counts = worker.death is Kind.CRASH or self._cluster.losses_fail
        self._fail(trial, worker.death.value, counts=counts)

    # Failures ----------------------------------------------------------------------------------

    def _on_raised(self, trial: SimulatedTrial) -> None:
        """A trial's process has spent an epoch, and raised instead of reporting it."""
        self._workers.sheet.spoil(trial.next_epoch_s)
        self._fail(trial, f"it raised in epoch {trial.epoch + 1}", counts=True)

    def _fail(self, trial: SimulatedTrial, cause: str, *, counts: bool) -> None:
        """Have a failed trial start again, or end it.

        Args:
            trial: The trial, with its worker.
            cause: In a few words.
            counts: Whether this is one of the failures of which there may be so many.
        """
        decided, trial.decided = trial.decided, None
        if trial.status == Trial.RUNNING and decided == TrialScheduler.STOP:
            self.stop_trial(trial)  # it only had to save before its end
            return
        self._set_status(trial, Trial.RUNNING)  # which one whose worker was starting was not
        if trial.is_saving:
            trial.overdue = decided or TrialScheduler.CONTINUE
        trial.num_failures += counts
        self._workers.sheet.failures += 1
        self._history.failed(trial, self.now, cause)
        if 0 <= self._max_failures < trial.num_failures:
            self._end_failed(trial)
        else:
            self._try_again(trial)

    def _end_failed(self, trial: SimulatedTrial) -> None:
        self._supervisor.on_trial_error(self, trial)
        self.search_alg.on_trial_complete(trial.trial_id, error=True)
        self._discharge(trial)
        self._set_status(trial, Trial.ERROR)
        self._history.ended(trial, self.now)

    def _try_again(self, trial: SimulatedTrial) -> None:
        """Put a failed trial back in the queue, in front: the slot was its own."""
        if trial.curve is not None:
            self._workers.sheet.spoil(trial.seconds - trial.kept[1])
        self._discharge(trial)
        trial.begin_again()
        if trial.overdue == TrialScheduler.PAUSE and not self._copies:
            trial.overdue = None  # its older checkpoint will do, when it is its turn again
            self._set_status(trial, Trial.PAUSED)
        else:
            self._set_status(trial, Trial.PENDING)
            trial.waiting_since = self.now
            self._first.append(trial)

    def _discharge(self, trial: SimulatedTrial) -> None:
        """End a failed trial's worker."""
        assert trial.worker is not None  # in which it failed
        self.spending.give_back(trial.held_since, self.now)
        self._dismiss(trial.worker)
        trial.let_go()

    def _on_repeated(self, trial: SimulatedTrial) -> None:
        """Take a report that repeats one from before a failure; catch up after the last one."""
        trial.last_result = trial.report()
        decision = TrialScheduler.CONTINUE
        saves = self._is_save_due(trial)
        if trial.overdue is not None and trial.epoch >= trial.repeats_until:
            decision, trial.overdue = trial.overdue, None
            saves = True
        if saves and decision != TrialScheduler.PAUSE:  # which saves by itself
            self._schedule_trial_save(trial)
        if trial.saving_to is None:
            self._execute(trial, decision)
        else:
            self._save_first(trial, decision)
