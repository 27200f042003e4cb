"""Ray Tune's controller, put right.

With `warm` and `workers`, all that touches Ray Tune's private parts. Each change is for a measured
defect; those that concern workers are in `warm`, those that concern nodes in `moving`:

* No experiment snapshots: the sweep's store is the record, and Ray rewrites its snapshot whole.
* Finding out whether all trials ended looks at the live trials only, not at all that ever ran.
  A trial that failed for good is no longer one (a synchronous PBT waits for it forever).
* Which reports are valid is the supervisor's decision, made before a scheduler sees them.
* A report is recorded before anything is decided about it: a scheduler acts while it decides.
* A trial that starts again after a failure or a resume has never been away for its scheduler:
  what it repeats is recorded and goes no further. Upstream draws it a new bracket.
* The loop never blocks: not for a searcher that has nothing to suggest (upstream: ten minutes),
  and not for a worker that hangs while it saves for PBT (upstream: forever).
* A trial saves once at a time; upstream lets a second save overwrite the first one's folder, and
  stops a trial that was copied over while it saved.

It is tested with the Ray versions of `tuner.worker_modes.TESTED_RAY`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, cast

from ray.train._internal.session import _FutureTrainingResult
from ray.tune.experiment import Trial
from ray.tune.result import RESULT_DUPLICATE, SHOULD_CHECKPOINT
from ray.tune.schedulers import TrialScheduler

from tuner.runtime.lean import shape_of
from tuner.runtime.losses import node_loss
from tuner.runtime.moving import MovingController
from tuner.runtime.trial import SweepTrial
from tuner.runtime.workers import PatientSave

__all__ = ["Overdue", "SweepController", "Witness"]


class Witness(Protocol):
    """Who is told of what happens."""

    def on_report(self, trial: Trial, result: dict[str, Any]) -> bool:
        """A report arrived; return whether it is new, and not a repetition after a restart."""

    def has_caught_up(self, trial: Trial) -> bool:
        """Return whether the trial's next report will be a new one."""

    def on_last(self, trial: Trial) -> None:
        """A trial ends by itself: with its next report, or with the one before."""

    def on_failing(self, trial: Trial) -> None:
        """A trial failed; nobody has been told yet."""

    def on_ending(self, trial: Trial) -> None:
        """A trial is about to end without an error; nobody has been told yet."""

    def on_saving(self, trial: Trial) -> None:
        """A trial's worker was asked to save."""

    def on_queued(self, trial: Trial) -> None:
        """A paused trial shall go on, and waits for a worker."""

    def on_worker_started(self, life: Mapping[str, Any]) -> None:
        """A worker took up its first trial: its number, and what it holds on which node."""

    def on_worker_ended(self, life: Mapping[str, Any]) -> None:
        """A worker that had started ended; see `tuner.runtime.worker_log`."""


@dataclass(frozen=True)
class Overdue:
    """What was decided about a trial, and not carried out before it lost its worker.

    Attributes:
        decision: CONTINUE or PAUSE.
        save: Whether it was asked to save.
    """

    decision: str = TrialScheduler.CONTINUE
    save: bool = False


class SweepController(MovingController):
    """Ray Tune's controller without the defects named in this module's docstring.

    Args:
        witness: Told of reports before the scheduler is asked about them, and of what Ray's
            callbacks are not told.
        heeds_from: Returns the time before which no finite report of a trial is decided about.
        give_up: Whether to go on without a checkpoint that PBT has waited for, given the seconds.
        copies: Whether trials take over each other's checkpoints.
        weigh: Looks into a failure, and may find an excuse for the trial.
        **options: Those of `MovingController`.
    """

    def __init__(
        self,
        *,
        witness: Witness,
        heeds_from: Callable[[str], float],
        give_up: Callable[[float], bool],
        copies: bool,
        weigh: Callable[[SweepTrial, Exception], None],
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self._witness = witness
        self._heeds_from = heeds_from
        self._give_up = give_up
        self._copies = copies
        self._weigh = weigh
        self._overdue: dict[Trial, Overdue] = {}

    def _validate_result_metrics(self, result: dict[str, Any]) -> None:
        """Leave validation to the supervisor, which stops the sweep with one clear line."""

    def _process_trial_result(self, trial: Trial, result: dict[str, Any]) -> str | None:
        """Record a report, then let the scheduler decide, unless it has done so already."""
        ends = RESULT_DUPLICATE in result  # which says that a function returned
        if ends:
            self._witness.on_last(trial)
        if not (ends or self._witness.on_report(trial, result) or result.get("done")):
            return self._pass_over(trial, result)
        decision: str | None = super()._process_trial_result(trial, result)
        return decision

    def _pass_over(self, trial: Trial, result: dict[str, Any]) -> str | None:
        """Take a report that repeats one from before a restart; catch up after the last one."""
        result.update(trial_id=trial.trial_id)
        self._callbacks.on_trial_result(
            iteration=self._iteration, trials=self._trials, trial=trial, result=result
        )
        trial.update_last_result(result)
        overdue = Overdue()
        if trial in self._overdue and self._witness.has_caught_up(trial):
            overdue = self._overdue.pop(trial)
        if overdue.decision != TrialScheduler.PAUSE:  # which saves by itself
            due = trial.should_checkpoint() or result.get(SHOULD_CHECKPOINT, False)
            if overdue.save or due:
                self._schedule_trial_save(trial)
        if trial.is_saving:
            self._cached_trial_decisions[trial.trial_id] = overdue.decision
            return None
        self._queued_trial_decisions[trial.trial_id] = overdue.decision
        return overdue.decision

    def _process_trial_failure(self, trial: Trial, exception: Any) -> None:
        """Have a failed trial start again, or end it."""
        decided = self._cached_trial_decisions.get(trial.trial_id)
        if trial.status == Trial.RUNNING and decided == TrialScheduler.STOP:
            self._cached_trial_decisions.pop(trial.trial_id)  # it only had to save before its end
            trial.temporary_state.saving_to = None
            self.stop_trial(trial)
            return
        if trial.status in (Trial.RUNNING, Trial.PENDING):
            self._excuse(trial, exception)
            self._witness.on_failing(trial)
        if trial.is_saving:
            decided = str(decided or TrialScheduler.CONTINUE)
            self._overdue[trial] = Overdue(decided, save=True)
        errored = self._has_errored
        super()._process_trial_failure(trial, exception)
        if cast(SweepTrial, trial).excuse is not None:
            self._has_errored = errored  # which ends a sweep that shall fail fast
        if trial.status == Trial.ERROR:
            self._live_trials.discard(trial)
            self._overdue.pop(trial, None)

    def _excuse(self, trial: Trial, exception: Any) -> None:
        """Say what a failure is put down to, if not to the trial."""
        sweep_trial, loss = cast(SweepTrial, trial), node_loss(exception)
        sweep_trial.excuse = None
        if loss is not None:
            sweep_trial.lost(loss)
        else:
            self._weigh(sweep_trial, exception)

    def _requeue_trial(self, trial: Trial) -> None:
        """Put a failed trial back in the queue, in front: the slot was its own."""
        larger = cast(SweepTrial, trial).larger
        if larger is not None:
            cast(SweepTrial, trial).take(larger)
        overdue = self._overdue.get(trial, Overdue())
        if overdue.decision == TrialScheduler.PAUSE and not self._copies:
            del self._overdue[trial]  # its older checkpoint will do, when it is its turn again
            self._set_trial_status(trial, Trial.PAUSED)
        else:
            self._set_trial_status(trial, Trial.PENDING)
            self._first.append(trial)
        self._live_trials.add(trial)

    def adopt(self, trial: Trial, overdue: Overdue | None = None) -> None:
        """Take in a trial of a sweep that is resumed; its scheduler knows it already.

        Args:
            trial: Pending, paused or ended. A pending one that ran before goes first.
            overdue: What had been decided about it and not carried out; None if it did not run.
        """
        self._trials.append(trial)
        by_status = {
            Trial.PENDING: self._pending_trials,
            Trial.PAUSED: self._paused_trials,
            Trial.TERMINATED: self._stopped_trials,
            Trial.ERROR: self._failed_trials,
        }
        by_status[trial.status].add(trial)
        if trial.is_finished():
            return
        trial.create_placement_group_factory()
        self._live_trials.add(trial)
        if trial.status == Trial.PENDING:
            self._pending_trials_list.append(trial)
            self._resources_to_pending_trials[shape_of(trial)].add(trial)
            if overdue is not None:
                self._first.append(trial)
                self._overdue[trial] = overdue

    def _schedule_trial_save(
        self, trial: Trial, result: dict[str, Any] | None = None
    ) -> _FutureTrainingResult | None:
        """Have the trial's worker save, unless it does already."""
        pending = trial.temporary_state.saving_to
        if pending is not None:
            return pending
        save = super()._schedule_trial_save(trial, result)
        if save is not None:
            self._witness.on_saving(trial)
            trial.temporary_state.saving_to = PatientSave(save.future, self._give_up)
        return trial.temporary_state.saving_to

    def pause_trial(self, trial: Trial, should_checkpoint: bool = True) -> None:
        """Pause a trial; without a checkpoint of its own it takes up another's later."""
        super().pause_trial(trial, should_checkpoint)
        if not should_checkpoint:  # what upstream would do once a save ended, which it discarded
            self._cached_trial_decisions.pop(trial.trial_id, None)
            self._overdue.pop(trial, None)

    def drain(self) -> int:
        """Start nothing more; have every trial at work finish its step, and save if it can.

        Returns:
            How many save.
        """
        self._draining = True
        saving = [trial for trial in self._running_trials if self._saves and trial.last_result]
        for trial in saving:
            self._schedule_trial_save(trial)
        return len(saving)

    @property
    def drained(self) -> bool:
        """Whether every trial that was at work when `drain` was called has saved."""
        return not any(trial.is_saving for trial in self._running_trials)

    def _schedule_trial_train(self, trial: Trial) -> None:
        if not self._draining:
            super()._schedule_trial_train(trial)

    def _decides_from(self, trial: Trial) -> float:
        if trial in self._overdue or not self._witness.has_caught_up(trial):
            return -math.inf
        return self._heeds_from(trial.trial_id)

    def stop_trial(self, trial: Trial) -> None:
        """End a trial, whatever it does now."""
        if not trial.is_finished():
            self._witness.on_ending(trial)
        super().stop_trial(trial)  # type: ignore[no-untyped-call]

    def cleanup(self) -> None:
        """Stop every worker, and tell the callbacks that the sweep ended."""
        super().cleanup()  # type: ignore[no-untyped-call]

    def announce(self, *, num_samples: int | None) -> None:
        """Tell the callbacks that the sweep begins, as Ray Tune does."""
        self._callbacks.setup(total_num_samples=num_samples or 0)

    def _on_queued(self, trial: Trial) -> None:
        self._witness.on_queued(trial)

    def _on_worker_started(self, life: Mapping[str, Any]) -> None:
        self._witness.on_worker_started(life)

    def _on_worker_ended(self, life: Mapping[str, Any]) -> None:
        self._witness.on_worker_ended(life)
