"""Ray Tune's controller without workers: trials that train in this process, in no time.

`VirtualActors` stands in for Ray's actor manager. Everything else, the controller included, is
what a real sweep runs. The simulation's oracle derives from the same classes.
"""

from __future__ import annotations

import concurrent.futures
import math
import shutil
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from ray.air.execution._internal.tracked_actor import TrackedActor
from ray.exceptions import RayActorError
from ray.train import Checkpoint
from ray.train._internal.session import _TrainingResult
from ray.tune.result import TRIAL_INFO

from tuner.runtime.serving import Halts, Stretch, Stretches

Curve = Callable[[dict[str, Any], float, int], float]
Needs = Callable[[dict[str, Any]], float]


class _NoMetrics:
    """Asked by Ray for what a result would be filled with."""

    @staticmethod
    def remote(*_: Any, **__: Any) -> dict[str, Any]:
        return {}


class SavingWorker:
    """A trainable that saves its state as a line in a file; a subclass says what it trains."""

    get_auto_filled_metrics = _NoMetrics
    halts = Halts("nothing", "epoch", saves_every=0)  # so that each report comes alone

    def __init__(self, config: dict[str, Any], folder: Path) -> None:
        self.folder = folder
        self.reset(config)

    def reset(self, config: dict[str, Any], **_: Any) -> bool:
        self.trial_id = config[TRIAL_INFO].trial_id
        self.gpus = config[TRIAL_INFO].trial_resources.required_resources.get("GPU", 0.0)
        self.config = {key: value for key, value in config.items() if not key.startswith("__")}
        self.epoch, self.seconds, self.saves = 0, 0.0, 0
        self.last: dict[str, Any] = {}
        self.stretches = Stretches(self.train, self.halts)
        return True

    def train(self) -> dict[str, Any]:
        raise NotImplementedError

    def train_stretch(
        self, heard: int, until: float, at_most_s: float, ahead: bool = False
    ) -> Stretch:
        return self.stretches.next(heard, until, math.inf, ahead)

    def report(self, *, done: bool, **metrics: float) -> dict[str, Any]:
        self.last = {
            **metrics,
            "epoch": self.epoch,
            "training_iteration": self.epoch,
            "time_total_s": self.seconds,
            "time_this_iter_s": 1.0,
            "done": done,
            "hostname": "here",
        }
        return dict(self.last)

    def state(self) -> str:
        return f"{self.epoch} {self.seconds!r}"

    def load(self, state: str) -> None:
        epoch, seconds = state.split()
        self.epoch, self.seconds = int(epoch), float(seconds)

    def save(self) -> _TrainingResult:
        trial = self.folder / self.trial_id
        path = trial / f"checkpoint_{len(list(trial.glob('checkpoint_*'))) + self.saves:06d}"
        while path.exists():
            self.saves += 1
            path = trial / f"checkpoint_{self.saves:06d}"
        path.mkdir(parents=True)
        (path / "state").write_text(self.state())
        return _TrainingResult(Checkpoint(str(path)), dict(self.last))

    def restore(self, saved: _TrainingResult) -> None:
        self.load((Path(saved.checkpoint.path) / "state").read_text())
        self.last = dict(saved.metrics)

    def stop(self) -> None:
        pass


class Worker(SavingWorker):
    """A trainable whose state is one number."""

    def __init__(
        self, config: dict[str, Any], folder: Path, curve: Curve, halts: Halts | None, needs: Needs
    ) -> None:
        self.curve, self.needs = curve, needs
        self.halts = halts or self.halts
        super().__init__(config, folder)

    def reset(self, config: dict[str, Any], **_: Any) -> bool:
        self.weight = 1.0
        return super().reset(config)

    def train(self) -> dict[str, Any]:
        if self.epoch == 1 and self.gpus < self.needs(self.config):
            raise RuntimeError("CUDA out of memory. Tried to allocate 20.00 MiB.")
        self.epoch += 1
        self.seconds += 1.0
        self.weight = self.weight * 0.9 + self.config["x"] * 0.1
        return self.report(loss=self.curve(self.config, self.weight, self.epoch), done=False)

    def state(self) -> str:
        return f"{self.weight!r} {super().state()}"

    def load(self, state: str) -> None:
        weight, _, rest = state.partition(" ")
        self.weight = float(weight)
        super().load(rest)


class Future:
    """What a task is waited for by; its result is there as soon as anybody asks."""

    def __init__(self, call: Callable[[], Any]) -> None:
        self._call = call

    def __call__(self) -> Any:
        return self._call()

    def future(self) -> concurrent.futures.Future[Any]:
        done: concurrent.futures.Future[Any] = concurrent.futures.Future()
        try:
            done.set_result(self._call())
        except RuntimeError as error:
            done.set_exception(error)
        return done


class Actors(ABC):
    """As much of Ray's actor manager as Ray Tune's controller asks of it.

    A subclass says in which order actors start and tasks end.
    """

    def __init__(self) -> None:
        self._requested: dict[TrackedActor, dict[str, Any]] = {}
        self._live_actors_to_ray_actors_resources: dict[TrackedActor, tuple[Any, None]] = {}
        self._count = 0

    @abstractmethod
    def make_worker(self, actor: TrackedActor, config: dict[str, Any]) -> SavingWorker: ...

    @abstractmethod
    def request(self, actor: TrackedActor) -> None: ...

    @abstractmethod
    def submit(self, actor: TrackedActor, method: str, call: Callable[[], Any], on_result: Any,
               on_error: Any) -> None: ...  # fmt: skip

    @abstractmethod
    def clear_actor_task_futures(self, tracked_actor: TrackedActor) -> None: ...

    @abstractmethod
    def next(self, timeout: float | None = None) -> bool: ...

    def add_actor(self, cls: Any, resource_request: Any, *, kwargs: Any, on_start: Any,
                  on_stop: Any, on_error: Any) -> TrackedActor:  # fmt: skip
        self._count += 1
        actor = TrackedActor(self._count, on_start=on_start, on_stop=on_stop, on_error=on_error)
        self._requested[actor] = kwargs["config"]
        self.request(actor)
        return actor

    def start(self, actor: TrackedActor) -> None:
        worker = self.make_worker(actor, self._requested.pop(actor))
        self._live_actors_to_ray_actors_resources[actor] = (worker, None)
        actor._on_start(actor)

    def worker_of(self, actor: TrackedActor) -> Any:
        return self._live_actors_to_ray_actors_resources[actor][0]

    def remove_actor(self, tracked_actor: TrackedActor, kill: bool = False,
                     stop_future: Any = None) -> bool:  # fmt: skip
        self.clear_actor_task_futures(tracked_actor)
        self._requested.pop(tracked_actor, None)
        return self._live_actors_to_ray_actors_resources.pop(tracked_actor, None) is not None

    def schedule_actor_task(self, tracked_actor: TrackedActor, method_name: str, args: Any = (),
                            kwargs: Any = None, on_result: Any = None, on_error: Any = None,
                            _return_future: bool = False) -> Any:  # fmt: skip
        if method_name in ("stop", "rest"):
            return Future(lambda: None)
        worker = self.worker_of(tracked_actor)
        result: list[Any] = []

        def call() -> Any:
            if not result:
                result.append(getattr(worker, method_name)(*args, **(kwargs or {})))
            return result[0]

        self.submit(tracked_actor, method_name, call, on_result, on_error)
        return Future(call) if _return_future else None

    def is_actor_started(self, tracked_actor: TrackedActor) -> bool:
        return tracked_actor in self._live_actors_to_ray_actors_resources

    def is_actor_failed(self, tracked_actor: TrackedActor) -> bool:
        return False

    @property
    def num_live_actors(self) -> int:
        return len(self._live_actors_to_ray_actors_resources)

    @property
    def num_pending_actors(self) -> int:
        return len(self._requested)

    @property
    def num_total_actors(self) -> int:
        return self.num_live_actors + self.num_pending_actors

    @property
    def num_actor_tasks(self) -> int:
        return 0  # which only matters to buffered training

    def get_actor_resources(self, tracked_actor: TrackedActor) -> None:
        return None  # which nodes there are is nobody's business here

    def get_live_actors_resources(self) -> dict[str, float]:
        return {}

    def cleanup(self) -> None:
        self._requested.clear()
        self._live_actors_to_ray_actors_resources.clear()


class VirtualActors(Actors):
    """Actors that start and work in no time, one task after the other.

    Args:
        folder: Where they save.
        curve: What trials report.
        slots: How many actors there are at most.
        fails: Whether a trial's task fails after so many epochs; an error of Ray's where its actor
            dies.
        halts: Where a trial waits for the driver; None for after each report. Elsewhere an actor
            has done all that it was asked for before the driver hears of any of it.
        needs: Which share of a GPU a configuration needs for its second epoch.
    """

    def __init__(
        self,
        folder: Path,
        curve: Curve,
        slots: int,
        fails: Callable[[str, int], bool | RayActorError],
        halts: Halts | None = None,
        needs: Needs = lambda _: 0.0,
    ) -> None:
        super().__init__()
        self.halts, self.needs = halts, needs
        self.folder, self.curve, self.slots, self.fails = folder, curve, slots, fails
        self._tasks: deque[tuple[TrackedActor, Callable[[], Any], Any, Any]] = deque()

    def make_worker(self, actor: TrackedActor, config: dict[str, Any]) -> SavingWorker:
        return Worker(config, self.folder, self.curve, self.halts, self.needs)

    def request(self, actor: TrackedActor) -> None:
        pass

    def submit(self, actor: TrackedActor, method: str, call: Callable[[], Any], on_result: Any,
               on_error: Any) -> None:  # fmt: skip
        if self.halts is not None:
            with suppress(RuntimeError):  # it is raised again when the driver asks
                call()
        self._tasks.append((actor, call, on_result, on_error))

    def clear_actor_task_futures(self, tracked_actor: TrackedActor) -> None:
        self._tasks = deque(task for task in self._tasks if task[0] is not tracked_actor)

    def next(self, timeout: float | None = None) -> bool:
        if self._requested and self.num_live_actors < self.slots:
            self.start(next(iter(self._requested)))
            return True
        if not self._tasks:
            return False
        actor, call, on_result, on_error = self._tasks.popleft()
        worker = self.worker_of(actor)
        failure = self.fails(worker.trial_id, worker.epoch)
        if isinstance(failure, RayActorError):  # both are told, in this order
            self.remove_actor(actor)
            actor._on_error(actor, failure)
        if failure:
            on_error(actor, failure if failure is not True else RuntimeError("this worker fails"))
            return True
        try:
            result = call()
        except RuntimeError as error:
            on_error(actor, error)
        else:
            on_result(actor, result)
        return True


def remove_all_but(folder: Path, kept: set[str]) -> None:
    """Delete checkpoints, as a machine that is lost does."""
    for path in folder.glob("*/checkpoint_*"):
        if str(path) not in kept:
            shutil.rmtree(path)
