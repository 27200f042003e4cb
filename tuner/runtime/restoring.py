"""What became of the trials of a sweep that is resumed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ray.tune.experiment import Trial

from tuner.errors import SpecError
from tuner.runtime.ledger import Ledger
from tuner.runtime.replay import Replay

__all__ = ["Restored", "forget_missing_checkpoint"]

_NAMED = 5  # trials, in one line


@dataclass(frozen=True)
class Restored:
    """The trials of a sweep that is resumed, by what becomes of them.

    Attributes:
        ended: How many had ended; they are not run again.
        going_on: Had a worker, and go on from a checkpoint: its training_iteration, by id.
        starting_again: Had a worker and no checkpoint, and start from the beginning.
        waiting: How many had no worker: paused, or not yet begun.
        differences: How many decisions and suggestions came out otherwise than recorded.
    """

    ended: int
    going_on: Mapping[str, int]
    starting_again: Sequence[str]
    waiting: int
    differences: int

    @classmethod
    def of(cls, replay: Replay) -> Restored:
        """Return what a replay left."""
        saved = {trial: trial.latest_checkpoint_result for trial in replay.overdue}
        open_trials = [trial for trial in replay.trials if not trial.is_finished()]
        return cls(
            ended=len(replay.trials) - len(open_trials),
            going_on={
                trial.trial_id: int(found.metrics.get("training_iteration") or 0)
                for trial, found in saved.items()
                if found is not None
            },
            starting_again=[trial.trial_id for trial, found in saved.items() if found is None],
            waiting=len(open_trials) - len(saved),
            differences=replay.differences,
        )

    def lines(self) -> list[str]:
        """Return it in words, for the user."""
        told = [f"trials: {self.ended} ended before, none is run again; {self.waiting} to run"]
        if self.going_on:
            places = [f"{name} at {step}" for name, step in self.going_on.items()]
            told.append(f"{len(places)} go on from their last checkpoint: {_listed(places)}")
        if self.starting_again:
            number = len(self.starting_again)
            told.append(
                f"{number} had no checkpoint and start again: {_listed(self.starting_again)}"
            )
        if self.differences:
            told.append(
                f"{self.differences} decisions and suggestions came out otherwise than before "
                "(something goes by the clock, or by unseeded chance); those on record hold"
            )
        return told


def check_can_go_on(replay: Replay, ledger: Ledger, found: Collection[str]) -> None:
    """Refuse to run ended trials longer where the checkpoint they ended with was not kept.

    Args:
        replay: Has the trials.
        ledger: Has how far they came.
        found: The paths of the checkpoints that are there.

    Raises:
        SpecError: With the trials.
    """
    missing = []
    for trial in replay.trials:
        if trial.trial_id in replay.revived:
            saved: Any = trial.latest_checkpoint_result
            whole = saved is not None and saved.checkpoint.path in found
            reached = saved.metrics.get("training_iteration") if saved is not None else None
            if not whole or reached != ledger[trial.trial_id].seen:
                missing.append(trial.trial_id)
    if missing:
        raise SpecError(
            f"max_t can only grow where trials kept the checkpoint they ended with (keep_final), "
            f"and {len(missing)} did not: {_listed(missing)}"
        )


def forget_missing_checkpoint(trial: Trial, found: Collection[str]) -> None:
    """Have an open trial start from the beginning where its checkpoint was not brought along."""
    manager: Any = trial.run_metadata.checkpoint_manager
    saved = manager.latest_checkpoint_result
    if saved is not None and saved.checkpoint.path not in found:
        manager._latest_checkpoint_result = None


def _listed(names: Sequence[str]) -> str:
    more = f", ... ({len(names)} in all)" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
