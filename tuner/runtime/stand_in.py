"""What stands in for Ray Tune's controller while a record is replayed.

It has the trials, carries out what schedulers ask of a controller, and knows what is decided but
not done yet; when which of it happens is for `Replay` to read.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, cast

from ray.train._internal.session import _TrainingResult
from ray.tune.experiment import Trial
from ray.tune.schedulers import TrialScheduler
from ray.tune.utils import flatten_dict

from tuner.runtime.controller import Overdue
from tuner.runtime.ledger import Ledger
from tuner.runtime.recorded_save import RecordedSave
from tuner.runtime.source import TrialSource
from tuner.runtime.trial import SweepTrial
from tuner.schedulers import Supervisor

__all__ = ["StandIn"]


class StandIn(ABC):
    """The trials of a replay.

    Its trials go the way of the record, whatever a scheduler chooses: ``replays`` tells one that
    takes long to choose.

    Args:
        supervisor: Around a fresh scheduler.
        source: Around a fresh searcher.
        ledger: Brought up to date as well.
        copies: Whether trials take over each other's checkpoints.

    Attributes:
        trials: All trials, in the order in which they were made.
        overdue: What is still to be done about each trial that lost its worker, and has not
            caught up since.
    """

    replays = True

    def __init__(
        self, supervisor: Supervisor, source: TrialSource, ledger: Ledger, *, copies: bool
    ) -> None:
        self.trials: list[Trial] = []
        self.overdue: dict[Trial, Overdue] = {}
        self.search_alg = source  # schedulers look for it there
        self._supervisor: Any = supervisor  # which takes Ray's controller
        self._source = source
        self._ledger = ledger
        self._copies = copies
        self._by_id: dict[str, Trial] = {}
        self._live: dict[Trial, None] = {}
        self._decided: dict[str, str] = {}
        self._last: set[str] = set()
        self._saves: dict[str, RecordedSave] = {}

    # What schedulers ask of a controller ----------------------------------------------------

    def get_trials(self) -> list[Trial]:
        """Return all trials."""
        return self.trials

    def get_live_trials(self) -> set[Trial]:
        """Return the trials that have not ended."""
        return set(self._live)

    def stop_trial(self, trial: Trial) -> None:
        """End a trial."""
        if trial.is_finished():
            return
        if trial.trial_id in self._last:
            last = trial.run_metadata.last_result or {}
            trial.run_metadata.last_result = {**last, "done": True}
        if trial.status == Trial.RUNNING:
            result = flatten_dict(trial.last_result)
            self._supervisor.on_trial_complete(self, trial, result)
            told = flatten_dict(trial.last_result)  # NaN now, where the trial has diverged
            self._source.on_trial_complete(trial.trial_id, result=told)
        else:
            self._supervisor.on_trial_remove(self, trial)
            self._source.on_trial_complete(trial.trial_id)
        self._end(trial, Trial.TERMINATED)

    def pause_trial(self, trial: Trial, should_checkpoint: bool = True) -> None:
        """Pause a trial that goes on from another one's checkpoint."""
        self._forget_save(trial)
        self._decided.pop(trial.trial_id, None)
        self.overdue.pop(trial, None)
        trial.set_status(Trial.PAUSED)

    def _schedule_trial_save(
        self, trial: Trial, result: dict[str, Any] | None = None
    ) -> RecordedSave:
        if trial.trial_id not in self._saves:
            save = RecordedSave(trial, self._saved_later)
            self._saves[trial.trial_id] = trial.temporary_state.saving_to = save
        return self._saves[trial.trial_id]

    @abstractmethod
    def _saved_later(self, trial: Trial) -> _TrainingResult | None:
        """Return what a save that is under way led to."""

    # What becomes of trials --------------------------------------------------------------------

    def _add(self, trial: Trial) -> None:
        self.trials.append(trial)
        self._by_id[trial.trial_id] = trial
        self._live[trial] = None
        self._ledger.created(trial.trial_id, trial.config)
        self._supervisor.on_trial_add(self, trial)

    def _lose_worker(self, trial: Trial) -> None:
        """Have a trial start again; what it repeats then is known."""
        decided = str(self._decided.pop(trial.trial_id, TrialScheduler.CONTINUE))
        saving = trial.trial_id in self._saves
        self._forget_save(trial)
        self._ledger.restarts(trial.trial_id)
        larger = cast(SweepTrial, trial).larger
        if larger is not None:
            cast(SweepTrial, trial).take(larger)
        if decided == TrialScheduler.PAUSE and not self._copies:
            trial.set_status(Trial.PAUSED)  # as `SweepController` does
            self.overdue.pop(trial, None)
        else:
            trial.set_status(Trial.PENDING)
            if saving or trial not in self.overdue:
                self.overdue[trial] = Overdue(decided, save=saving)
        self._ledger.set_status(trial.trial_id, trial.status)

    def _end(self, trial: Trial, status: str) -> None:
        trial.set_status(status)
        self._forget_save(trial)
        self._live.pop(trial, None)
        self.overdue.pop(trial, None)
        self._last.discard(trial.trial_id)
        self._decided.pop(trial.trial_id, None)

    def _forget_save(self, trial: Trial) -> None:
        self._saves.pop(trial.trial_id, None)
        trial.temporary_state.saving_to = None
