"""Trains a lineage again: each of its trials in turn, from where the one before left off.

`tuner.schedulers.policy` gives one new trial the hyperparameters of a lineage. This gives each
stretch to a trial of the id that it had, so that random numbers, which follow from a trial's id,
are those of the population's run.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ray.tune.execution.tune_controller import TuneController
from ray.tune.experiment import Trial
from ray.tune.schedulers import FIFOScheduler, TrialScheduler

from tuner.schedulers.judges import Reasoned
from tuner.schedulers.populations import continue_from
from tuner.schedulers.reasons import Reason
from tuner.store.lineage import Segment

__all__ = ["Succession"]


class Succession(Reasoned, FIFOScheduler):
    """Runs the segments of a lineage one after the other.

    A trial that comes to its segment's end pauses, which saves it. The trial of the next segment,
    which may be the same one again, goes on from that checkpoint with its own configuration. A
    trial is to be made when it is `awaited`, and not before.

    Args:
        segments: Of the lineage, the first one first.
    """

    def __init__(self, segments: Sequence[Segment]) -> None:
        super().__init__()
        self._segments = tuple(segments)
        self._index = 0
        self._trials: dict[str, Trial] = {}
        self._is_over = False  # the present segment, up to saving
        self._is_taken = True  # its trial has what it goes on from

    def awaited(self) -> Segment | None:
        """Return the present segment if its trial is yet to be made."""
        self._advance()
        segment = self._segments[self._index]
        return None if segment.trial_id in self._trials else segment

    def on_trial_add(self, tune_controller: TuneController, trial: Trial) -> None:
        """A trial that was awaited is there."""
        self._trials[trial.trial_id] = trial
        self._take_over(trial)

    def on_trial_result(
        self, tune_controller: TuneController, trial: Trial, result: dict[str, Any]
    ) -> str:
        """Pause the trial at its segment's end; end those that are not needed any more."""
        segment = self._segments[self._index]
        if trial.trial_id != segment.trial_id:
            return str(TrialScheduler.CONTINUE)
        self._end_predecessors(tune_controller, trial)
        if segment.ends is None or result["training_iteration"] < segment.ends:
            return str(TrialScheduler.CONTINUE)
        self._is_over = True
        following = self._segments[self._index + 1].trial_id
        self._reasons[trial.trial_id] = Reason(f"{following} goes on from iteration {segment.ends}")
        return str(TrialScheduler.PAUSE)

    def choose_trial_to_run(self, tune_controller: TuneController) -> Trial | None:
        """Return the present segment's trial, if it waits."""
        self._advance()
        trial = self._trials.get(self._segments[self._index].trial_id)
        if trial is None or trial.status not in (Trial.PENDING, Trial.PAUSED):
            return None
        self._take_over(trial)
        return trial

    def _advance(self) -> None:
        """Go to the next segment once the present one's trial has saved."""
        trial = self._trials.get(self._segments[self._index].trial_id)
        if self._is_over and trial is not None and trial.status == Trial.PAUSED:
            self._index += 1
            self._is_over = self._is_taken = False

    def _take_over(self, trial: Trial) -> None:
        if self._is_taken:
            return
        self._is_taken = True
        before = self._trials[self._segments[self._index - 1].trial_id]
        trial.set_config(dict(self._segments[self._index].config))
        continue_from(trial, before.latest_checkpoint_result)

    def _end_predecessors(self, tune_controller: TuneController, successor: Trial) -> None:
        needed = {segment.trial_id for segment in self._segments[self._index :]}
        for trial_id, trial in self._trials.items():
            if trial_id not in needed and not trial.is_finished():
                reason = Reason(f"{successor.trial_id} went on from its checkpoint")
                self._reasons[trial_id] = reason
                tune_controller.stop_trial(trial)
