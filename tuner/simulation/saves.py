"""What a simulated trial saves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ray.train._internal.session import _FutureTrainingResult, _TrainingResult

__all__ = ["SimulatedCheckpoint", "SimulatedSave"]


@dataclass(frozen=True, slots=True)
class SimulatedCheckpoint:
    """How far a trial had trained when it was saved.

    Attributes:
        number: Of the trial.
        epoch: How many epochs.
        seconds: How long.
    """

    number: int
    epoch: int
    seconds: float


class SimulatedSave(_FutureTrainingResult):  # which Ray's PBT asks for
    """A checkpoint on its way; what it will hold is known at once.

    Args:
        checkpoint: What is saved.
        metrics: The report that belongs to it.
    """

    def __init__(self, checkpoint: SimulatedCheckpoint, metrics: Mapping[str, Any]) -> None:
        kept: Any = checkpoint  # where Ray has a folder
        self._saved = _TrainingResult(kept, dict(metrics))

    def resolve(self, block: bool = True) -> _TrainingResult:
        """Return the checkpoint."""
        return self._saved
