"""Ray Tune's controller without workers: trials that train in this process, in no time.

`VirtualActors` stands in for Ray's actor manager. Everything else, the controller included, is
what a real sweep runs.
"""

from __future__ import annotations

import shutil
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ray.air.execution._internal.tracked_actor import TrackedActor
from ray.train import Checkpoint
from ray.train._internal.session import _TrainingResult
from ray.tune.result import TRIAL_INFO

Curve = Callable[[dict[str, Any], float, int], float]


class _NoMetrics:
    """Asked by Ray for what a result would be filled with."""

    @staticmethod
    def remote(*_: Any, **__: Any) -> dict[str, Any]:
        return {}


class Worker:
    """A trainable whose state is one number, saved in a file."""

    get_auto_filled_metrics = _NoMetrics

    def __init__(self, config: dict[str, Any], folder: Path, curve: Curve) -> None:
        self.folder, self.curve = folder, curve
        self.reset(config)

    def reset(self, config: dict[str, Any], **_: Any) -> bool:
        self.trial_id = config[TRIAL_INFO].trial_id
        self.config = {key: value for key, value in config.items() if not key.startswith("__")}
        self.epoch, self.weight, self.seconds, self.saves = 0, 1.0, 0.0, 0
        self.last: dict[str, Any] = {}
        return True

    def train(self) -> dict[str, Any]:
        self.epoch += 1
        self.seconds += 1.0
        self.weight = self.weight * 0.9 + self.config["x"] * 0.1
        self.last = {
            "loss": self.curve(self.config, self.weight, self.epoch),
            "epoch": self.epoch,
            "training_iteration": self.epoch,
            "time_total_s": self.seconds,
            "done": False,
            "hostname": "here",
        }
        return dict(self.last)

    def save(self) -> _TrainingResult:
        trial = self.folder / self.trial_id
        path = trial / f"checkpoint_{len(list(trial.glob('checkpoint_*'))) + self.saves:06d}"
        while path.exists():
            self.saves += 1
            path = trial / f"checkpoint_{self.saves:06d}"
        path.mkdir(parents=True)
        (path / "state").write_text(f"{self.epoch} {self.weight!r} {self.seconds!r}")
        return _TrainingResult(Checkpoint(str(path)), dict(self.last))

    def restore(self, saved: _TrainingResult) -> None:
        epoch, weight, seconds = (Path(saved.checkpoint.path) / "state").read_text().split()
        self.epoch, self.weight, self.seconds = int(epoch), float(weight), float(seconds)
        self.last = dict(saved.metrics)

    def stop(self) -> None:
        pass


class _Future:
    """What a save is waited for by; it is always there."""


class VirtualActors:
    """As much of Ray's actor manager as Ray Tune's controller asks of it."""

    def __init__(
        self, folder: Path, curve: Curve, slots: int, fails: Callable[[str, int], bool]
    ) -> None:
        self.folder, self.curve, self.slots, self.fails = folder, curve, slots, fails
        self._pending: deque[tuple[TrackedActor, dict[str, Any]]] = deque()
        self._live_actors_to_ray_actors_resources: dict[TrackedActor, tuple[Worker, None]] = {}
        self._tasks: deque[tuple[TrackedActor, Callable[[], Any], Any, Any]] = deque()
        self._count = 0

    def add_actor(self, cls: Any, resource_request: Any, *, kwargs: Any, on_start: Any,
                  on_stop: Any, on_error: Any) -> TrackedActor:  # fmt: skip
        self._count += 1
        actor = TrackedActor(self._count, on_start=on_start, on_stop=on_stop, on_error=on_error)
        self._pending.append((actor, kwargs["config"]))
        return actor

    def remove_actor(self, tracked_actor: TrackedActor, kill: bool = False,
                     stop_future: Any = None) -> bool:  # fmt: skip
        self.clear_actor_task_futures(tracked_actor)
        self._pending = deque(entry for entry in self._pending if entry[0] is not tracked_actor)
        return self._live_actors_to_ray_actors_resources.pop(tracked_actor, None) is not None

    def schedule_actor_task(self, tracked_actor: TrackedActor, method_name: str, args: Any = (),
                            kwargs: Any = None, on_result: Any = None, on_error: Any = None,
                            _return_future: bool = False) -> Any:  # fmt: skip
        if method_name == "stop":
            return _Future()
        worker, _ = self._live_actors_to_ray_actors_resources[tracked_actor]
        result: list[Any] = []

        def call() -> Any:
            if not result:
                result.append(getattr(worker, method_name)(*args, **(kwargs or {})))
            return result[0]

        self._tasks.append((tracked_actor, call, on_result, on_error))
        future = _Future()
        future.call = call  # type: ignore[attr-defined]
        return future if _return_future else None

    def clear_actor_task_futures(self, tracked_actor: TrackedActor) -> None:
        self._tasks = deque(task for task in self._tasks if task[0] is not tracked_actor)

    def next(self, timeout: float | None = None) -> bool:
        if self._pending and len(self._live_actors_to_ray_actors_resources) < self.slots:
            actor, config = self._pending.popleft()
            worker = Worker(config, self.folder, self.curve)
            self._live_actors_to_ray_actors_resources[actor] = (worker, None)
            actor._on_start(actor)
            return True
        if not self._tasks:
            return False
        actor, call, on_result, on_error = self._tasks.popleft()
        worker, _ = self._live_actors_to_ray_actors_resources[actor]
        if self.fails(worker.trial_id, worker.epoch):
            on_error(actor, RuntimeError("this worker fails"))
        else:
            on_result(actor, call())
        return True

    def is_actor_started(self, tracked_actor: TrackedActor) -> bool:
        return tracked_actor in self._live_actors_to_ray_actors_resources

    def is_actor_failed(self, tracked_actor: TrackedActor) -> bool:
        return False

    @property
    def num_live_actors(self) -> int:
        return len(self._live_actors_to_ray_actors_resources)

    @property
    def num_pending_actors(self) -> int:
        return len(self._pending)

    @property
    def num_total_actors(self) -> int:
        return self.num_live_actors + self.num_pending_actors

    @property
    def num_actor_tasks(self) -> int:
        return len(self._tasks)

    def get_live_actors_resources(self) -> dict[str, float]:
        return {}

    def cleanup(self) -> None:
        self._tasks.clear()
        self._pending.clear()
        self._live_actors_to_ray_actors_resources.clear()


def remove_all_but(folder: Path, kept: set[str]) -> None:
    """Delete checkpoints, as a machine that is lost does."""
    for path in folder.glob("*/checkpoint_*"):
        if str(path) not in kept:
            shutil.rmtree(path)
