"""A simulated trial: as much of Ray's ``Trial`` as schedulers look at, and where it is."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from typing import Any

from ray.train._internal.session import _TrainingResult
from ray.tune import CheckpointConfig
from ray.tune.experiment import Trial

from tuner.simulation.curves import Curve
from tuner.simulation.incidents import Kind
from tuner.simulation.saves import SimulatedCheckpoint, SimulatedSave

__all__ = ["Phase", "SimulatedTrial", "Worker"]


class Phase(Enum):
    """What a trial's worker does, until the trial's next event."""

    STARTING = auto()
    RESTORING = auto()
    TRAINING = auto()
    SAVING = auto()
    FAILING = auto()


class Worker:
    """A process that serves one trial after the other.

    Attributes:
        trial: That it serves, or is to serve; None while it is idle.
        place: Where it is; None while all places are taken.
        started: Whether it has been there for a trial already.
        death: What ended it, while its trial does not know it yet.
        idle_since: When its last trial left it.
        busy_until: When it will have done all that it was asked to do. It finishes an epoch also
            if nobody wants to know of it any more.
        doing: What it does for its trial; None while it is idle.
        finishing: What it did for the trial before, and finishes first.
        finishes_at: When it has finished that.
        booked_until: Until when what it did has been added up.
    """

    __slots__ = (
        "booked_until", "busy_until", "death", "doing", "finishes_at", "finishing", "idle_since",
        "place", "started", "trial",
    )  # fmt: skip

    def __init__(self) -> None:
        self.trial: SimulatedTrial | None = None
        self.place: int | None = None
        self.started = False
        self.death: Kind | None = None
        self.idle_since = 0.0
        self.busy_until = 0.0
        self.doing: Phase | None = Phase.STARTING
        self.finishing: Phase | None = None
        self.finishes_at = 0.0
        self.booked_until = 0.0


class SimulatedTrial:
    """A trial of a simulation. It is its own ``run_metadata`` and the like, which Ray nests.

    Args:
        trial_id: Its id.
        number: Its place among all trials, from 0.
        config: What it trains with.
        time_attr: What its reports call the number of epochs, unless its curve has it.

    Attributes:
        epoch: How many epochs it has trained.
        seconds: How long it has trained.
        curve: What it reports; None while it does not train.
        heeded: The next epoch whose report anybody but a history wants; 0 while it does not train.
        worker: Who trains it, or is to.
        held_since: When it was given its worker.
        waiting_since: When it was last put in the queue for one.
        due: The number of the event that it waits for; -1 for none.
        phase: What its worker does.
        decided: What was decided about it while its worker saves.
        overdue: What was decided so when it lost its worker; None for nothing.
        attempt: From 1; one more after each failure, and for each copy of a younger trial.
        went_back: Whether it reported its next epoch before it copied a younger trial.
        seen: The last epoch that the scheduler knows of, since it last copied another trial; as of
            when it gave back its last worker.
        repeats_until: Reports up to this epoch are repetitions, of which nobody is told but the
            history.
    """

    __slots__ = (
        "_last_result", "_time_attr", "attempt", "config", "curve", "decided", "due", "epoch",
        "experiment_tag", "heeded", "held_since", "latest_checkpoint_result", "num_failures",
        "number", "overdue", "phase", "repeats_until", "saving_to", "seconds", "seen", "status",
        "trial_id", "waiting_since", "went_back", "worker",
    )  # fmt: skip

    checkpoint_config = CheckpointConfig()

    def __init__(self, trial_id: str, number: int, config: dict[str, Any], time_attr: str) -> None:
        self.trial_id = trial_id
        self.number = number
        self.config = config
        self._time_attr = time_attr
        self.experiment_tag = ""
        self.num_failures = 0
        self.status = Trial.PENDING
        self._last_result: dict[str, Any] = {}
        self.latest_checkpoint_result: _TrainingResult | None = None
        self.saving_to: SimulatedSave | None = None
        self.attempt = 1
        self.epoch = 0
        self.seconds = 0.0
        self.curve: Curve | None = None
        self.heeded = 0
        self.worker: Worker | None = None
        self.held_since = self.waiting_since = 0.0
        self.due = -1
        self.phase = Phase.STARTING
        self.decided: str | None = None
        self.overdue: str | None = None
        self.went_back = False
        self.seen = self.repeats_until = 0

    def begin(self, curve: Curve) -> bool:
        """Start training, from the latest checkpoint if there is one; return whether there is."""
        saved, reported = self.latest_checkpoint_result, self.epoch
        self.curve = curve
        self.epoch, self.seconds = (0, 0.0) if saved is None else self.kept
        self.went_back = self.epoch < reported
        if saved is not None:
            self.last_result = dict(saved.metrics)
        return saved is not None

    def begin_again(self) -> None:
        """Get ready for another attempt, after a failure."""
        self.attempt += 1
        self.repeats_until = self.seen
        self.epoch, self.went_back = 0, False

    def train(self) -> None:
        """Finish an epoch."""
        assert self.curve is not None  # a worker trains it
        self.seconds += self.curve.seconds[self.epoch]
        self.epoch += 1
        self.attempt += self.went_back
        self.went_back = False

    def train_on(self, now: float) -> float:
        """Finish an epoch, begin the next one, and return when that will be finished."""
        assert self.curve is not None  # its worker trains it
        assert self.worker is not None
        seconds, epoch = self.curve.seconds, self.epoch
        self.seconds += seconds[epoch]
        self.epoch = epoch = epoch + 1
        self.worker.busy_until = due = now + seconds[epoch]
        return due

    def interrupt(self) -> None:
        """Take note that its worker is gone, which its next event will tell."""
        self._last_result = self.last_result
        self.heeded, self.phase = 0, Phase.FAILING

    def save(self, metrics: Mapping[str, Any]) -> SimulatedSave:
        """Return a checkpoint of it as it is, with what it reported."""
        return SimulatedSave(SimulatedCheckpoint(self.number, self.epoch, self.seconds), metrics)

    def let_go(self) -> None:
        """Stop what it does, and forget the worker that did it."""
        self._last_result = self.last_result
        if self.curve is not None:
            self.seen = max(self.seen, self.epoch)
        self.curve = self.worker = self.saving_to = None
        self.heeded, self.due = 0, -1

    def report(self) -> dict[str, Any]:
        """Return what is reported of the epoch that it has finished."""
        assert self.curve is not None  # which has trained it
        epoch = self.epoch
        result: dict[str, Any] = {"training_iteration": epoch, "time_total_s": self.seconds}
        result.setdefault(self._time_attr, epoch)
        for name, values in self.curve.metrics.items():
            result[name] = values[epoch - 1]
        return result

    @property
    def has_finished(self) -> bool:
        """Whether its curve ends here."""
        return self.curve is not None and self.epoch >= len(self.curve.seconds)

    @property
    def repeats(self) -> bool:
        """Whether it has reported its next epoch already."""
        return self.went_back or self.epoch < self.repeats_until

    @property
    def next_epoch_s(self) -> float:
        """How long its next epoch takes; 0 if there is none."""
        if self.curve is None or self.has_finished:
            return 0.0
        return self.curve.seconds[self.epoch]

    @property
    def kept(self) -> tuple[int, float]:
        """How many epochs, and how many seconds, its latest checkpoint holds."""
        saved = self.checkpoint
        return (0, 0.0) if saved is None else (saved.epoch, saved.seconds)

    # What schedulers ask of a trial ------------------------------------------------------------

    @property
    def last_result(self) -> dict[str, Any]:
        """The last report; those that nobody asks for are never made."""
        if self.heeded and self.epoch and self.epoch != self._last_result.get("training_iteration"):
            self._last_result = self.report()
        return self._last_result

    @last_result.setter
    def last_result(self, result: dict[str, Any]) -> None:
        self._last_result = result

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
        if self.checkpoint is not None and self.checkpoint.number != self.number:
            self.seen = self.repeats_until = 0

    @property
    def checkpoint(self) -> Any:
        """The latest checkpoint."""
        saved = self.latest_checkpoint_result
        return None if saved is None else saved.checkpoint

    @property
    def evaluated_params(self) -> dict[str, Any]:
        """What Ray's populations note for Ray's own tables; nobody here reads it."""
        return {}

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
