"""A simulated trial: as much of Ray's ``Trial`` as schedulers look at, and where it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from ray.train._internal.session import _FutureTrainingResult, _TrainingResult
from ray.tune import CheckpointConfig
from ray.tune.experiment import Trial

from tuner.simulation.cluster import Worker
from tuner.simulation.curves import Curve, CurveSource

__all__ = ["Phase", "SimulatedCheckpoint", "SimulatedSave", "SimulatedTrial"]


class Phase(Enum):
    """What a trial's worker does, until the trial's next event."""

    STARTING = auto()
    RESTORING = auto()
    TRAINING = auto()
    SAVING = auto()


@dataclass(frozen=True, slots=True)
class SimulatedCheckpoint:
    """How far a trial had trained when it was saved.

    Attributes:
        epoch: How many epochs.
        seconds: How long.
    """

    epoch: int
    seconds: float


class SimulatedTrial:
    """A trial of a simulation. It is its own ``run_metadata`` and the like, which Ray nests.

    Args:
        trial_id: Its id.
        number: Its place among all trials, from 0.
        config: What it trains with.

    Attributes:
        epoch: How many epochs it has trained.
        seconds: How long it has trained.
        curve: What it reports; None while it does not train.
        worker: Who trains it, or is to.
        due: The number of the event that it waits for; -1 for none.
        phase: What its worker does.
        decided: What was decided about it while its worker saves.
    """

    __slots__ = (
        "config", "curve", "decided", "due", "epoch", "evaluated_params", "experiment_tag",
        "last_result", "latest_checkpoint_result", "num_failures", "number", "phase", "saving_to",
        "seconds", "status", "trial_id", "worker",
    )  # fmt: skip

    checkpoint_config = CheckpointConfig()

    def __init__(self, trial_id: str, number: int, config: dict[str, Any]) -> None:
        self.trial_id = trial_id
        self.number = number
        self.config = config
        self.evaluated_params: dict[str, Any] = {}
        self.experiment_tag = ""
        self.num_failures = 0
        self.status = Trial.PENDING
        self.last_result: dict[str, Any] = {}
        self.latest_checkpoint_result: _TrainingResult | None = None
        self.saving_to: SimulatedSave | None = None
        self.epoch = 0
        self.seconds = 0.0
        self.curve: Curve | None = None
        self.worker: Worker | None = None
        self.due = -1
        self.phase = Phase.STARTING
        self.decided: str | None = None

    def begin(self, curves: CurveSource) -> bool:
        """Start training, from the latest checkpoint if there is one; return whether there is."""
        saved = self.latest_checkpoint_result
        self.curve = curves.curve(self.config, self.number)
        self.epoch, self.seconds = 0, 0.0
        if saved is not None:
            kept: Any = saved.checkpoint
            self.epoch, self.seconds = kept.epoch, kept.seconds
            self.last_result = dict(saved.metrics)
        return saved is not None

    def train(self, time_attr: str) -> dict[str, Any]:
        """Finish an epoch, and return what is reported."""
        assert self.curve is not None  # a worker trains it
        epoch = self.epoch
        self.seconds += self.curve.seconds[epoch]
        self.epoch = epoch + 1
        result: dict[str, Any] = {"training_iteration": epoch + 1, "time_total_s": self.seconds}
        result.setdefault(time_attr, epoch + 1)
        for name, values in self.curve.metrics.items():
            result[name] = values[epoch]
        return result

    @property
    def has_finished(self) -> bool:
        """Whether its curve ends here."""
        return self.curve is not None and self.epoch >= len(self.curve.seconds)

    # What schedulers ask of a trial ------------------------------------------------------------

    @property
    def run_metadata(self) -> SimulatedTrial:
        """Where Ray keeps results."""
        return self

    @property
    def temporary_state(self) -> SimulatedTrial:
        """Where Ray keeps what is under way."""
        return self

    @property
    def checkpoint_manager(self) -> SimulatedTrial:
        """Where Ray keeps checkpoints."""
        return self

    @property
    def _latest_checkpoint_result(self) -> _TrainingResult | None:
        return self.latest_checkpoint_result

    @_latest_checkpoint_result.setter
    def _latest_checkpoint_result(self, saved: _TrainingResult | None) -> None:
        self.latest_checkpoint_result = saved

    @property
    def checkpoint(self) -> Any:
        """The latest checkpoint."""
        saved = self.latest_checkpoint_result
        return None if saved is None else saved.checkpoint

    @property
    def is_saving(self) -> bool:
        """Whether a checkpoint is on its way."""
        return self.saving_to is not None

    def is_finished(self) -> bool:
        """Return whether it has ended."""
        return self.status in (Trial.TERMINATED, Trial.ERROR)

    def set_status(self, status: str) -> None:
        """Take another status."""
        self.status = status

    def set_config(self, config: dict[str, Any]) -> None:
        """Take another configuration."""
        self.config = config

    def set_experiment_tag(self, tag: str) -> None:
        """Take another tag."""
        self.experiment_tag = tag


class SimulatedSave(_FutureTrainingResult):  # which Ray's PBT asks for
    """A checkpoint on its way; what it will hold is known at once.

    Args:
        trial: Whose.
    """

    def __init__(self, trial: SimulatedTrial, metrics: Mapping[str, Any]) -> None:
        checkpoint: Any = SimulatedCheckpoint(trial.epoch, trial.seconds)
        self._saved = _TrainingResult(checkpoint, dict(metrics))

    def resolve(self, block: bool = True) -> _TrainingResult:
        """Return the checkpoint."""
        return self._saved
