"""A checkpoint that was on its way when somebody asked for it, as a replay finds it."""

from __future__ import annotations

from collections.abc import Callable

from ray.train._internal.session import _FutureTrainingResult, _TrainingResult
from ray.tune.experiment import Trial

__all__ = ["RecordedSave"]


class RecordedSave(_FutureTrainingResult):  # which Ray's PBT asks for
    """Resolves to what the record says became of a save.

    Where the record ends before, the trial saves again once it has caught up, and that counts.

    Args:
        trial: Whose worker was asked to save.
        look_ahead: Finds what the record says further on; None where it says nothing.
    """

    def __init__(self, trial: Trial, look_ahead: Callable[[Trial], _TrainingResult | None]) -> None:
        self.result: _TrainingResult | None = None
        self._trial = trial
        self._look_ahead = look_ahead
        self._before = trial.latest_checkpoint_result

    def resolve(self, block: bool = True) -> _TrainingResult | None:
        """Return the checkpoint; None where there is none."""
        self.result = self.result or self._look_ahead(self._trial)
        if self.result is not None:
            return self.result
        again = self._trial.temporary_state.saving_to
        if again is not None and again is not self:
            found: _TrainingResult | None = again.resolve(block)
            return found
        latest = self._trial.latest_checkpoint_result
        return None if latest is self._before else latest
