"""Ray Tune's controller, as sweeps run it, in virtual time: what a simulation must equal."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ray.air.execution._internal.tracked_actor import TrackedActor
from ray.train import Checkpoint
from ray.train._internal.session import _TrainingResult
from ray.tune.result import TRIAL_INFO

from tuner.simulation import ClusterModel, CurveSource

Event = Callable[[], None]


class _NoMetrics:
    """Asked by Ray for what a result would be filled with."""

    @staticmethod
    def remote(*_: Any, **__: Any) -> dict[str, Any]:
        return {}


class CurveWorker:
    """A trainable that reports a curve, and saves how far it is in a file."""

    get_auto_filled_metrics = _NoMetrics

    def __init__(self, config: dict[str, Any], folder: Path, curves: CurveSource) -> None:
        self.folder, self.curves, self.busy_until = folder, curves, 0.0
        self.reset(config)

    def reset(self, config: dict[str, Any], **_: Any) -> bool:
        self.trial_id = config[TRIAL_INFO].trial_id
        own = {key: value for key, value in config.items() if not key.startswith("__")}
        self.curve = self.curves.curve(own, int(self.trial_id[1:]))
        self.epoch, self.seconds, self.saves = 0, 0.0, 0
        self.last: dict[str, Any] = {}
        return True

    def train(self) -> dict[str, Any]:
        self.seconds += self.curve.seconds[self.epoch]
        self.epoch += 1
        self.last = {name: values[self.epoch - 1] for name, values in self.curve.metrics.items()}
        self.last |= {
            "epoch": self.epoch,
            "training_iteration": self.epoch,
            "time_total_s": self.seconds,
            "done": self.epoch == len(self.curve.seconds),
            "hostname": "here",
        }
        return dict(self.last)

    def save(self) -> _TrainingResult:
        self.saves += 1
        path = self.folder / f"{self.trial_id}-{self.epoch}-{self.saves}"
        while path.exists():
            self.saves += 1
            path = self.folder / f"{self.trial_id}-{self.epoch}-{self.saves}"
        path.mkdir(parents=True)
        (path / "state").write_text(f"{self.epoch} {self.seconds!r}")
        return _TrainingResult(Checkpoint(str(path)), dict(self.last))

    def restore(self, saved: _TrainingResult) -> None:
        epoch, seconds = (Path(saved.checkpoint.path) / "state").read_text().split()
        self.epoch, self.seconds, self.last = int(epoch), float(seconds), dict(saved.metrics)


class _Future:
    def __init__(self, call: Callable[[], Any]) -> None:
        self.call = call


class TimedActors:
    """As much of Ray's actor manager as the controller asks of it, on a clock of its own."""

    def __init__(self, folder: Path, curves: CurveSource, cluster: ClusterModel) -> None:
        self.now = 0.0
        self._folder, self._curves, self._cluster = folder, curves, cluster
        self._queue: list[tuple[float, int]] = []
        self._events: dict[int, tuple[TrackedActor, Event]] = {}
        self._starting: dict[TrackedActor, int] = {}
        self._live_actors_to_ray_actors_resources: dict[TrackedActor, tuple[CurveWorker, None]] = {}
        self._count = 0

    def add_actor(self, cls: Any, resource_request: Any, *, kwargs: Any, on_start: Any,
                  on_stop: Any, on_error: Any) -> TrackedActor:  # fmt: skip
        self._count += 1
        actor = TrackedActor(self._count, on_start=on_start, on_stop=on_stop, on_error=on_error)

        def start() -> None:
            del self._starting[actor]
            worker = CurveWorker(kwargs["config"], self._folder, self._curves)
            self._live_actors_to_ray_actors_resources[actor] = (worker, None)
            actor._on_start(actor)

        self._starting[actor] = self._at(self.now + self._cluster.start_s, actor, start)
        return actor

    def remove_actor(self, tracked_actor: TrackedActor, kill: bool = False,
                     stop_future: Any = None) -> bool:  # fmt: skip
        self._events.pop(self._starting.pop(tracked_actor, -1), None)
        self.clear_actor_task_futures(tracked_actor)
        return self._live_actors_to_ray_actors_resources.pop(tracked_actor, None) is not None

    def schedule_actor_task(self, tracked_actor: TrackedActor, method_name: str, args: Any = (),
                            kwargs: Any = None, on_result: Any = None, on_error: Any = None,
                            _return_future: bool = False) -> Any:  # fmt: skip
        if method_name == "stop":
            return _Future(lambda: None)
        worker, _ = self._live_actors_to_ray_actors_resources[tracked_actor]
        result: list[Any] = []

        def call() -> Any:
            if not result:
                result.append(getattr(worker, method_name)(*args, **(kwargs or {})))
            return result[0]

        model = self._cluster
        takes = {"reset": model.reset_s, "save": model.save_s, "restore": model.load_s}
        seconds = takes.get(method_name)
        seconds = worker.curve.seconds[worker.epoch] if seconds is None else seconds
        worker.busy_until = max(self.now, worker.busy_until) + seconds
        self._at(worker.busy_until, tracked_actor, lambda: on_result(tracked_actor, call()))
        return _Future(call) if _return_future else None

    def clear_actor_task_futures(self, tracked_actor: TrackedActor) -> None:
        kept = self._starting.get(tracked_actor)
        for number, (actor, _) in list(self._events.items()):
            if actor is tracked_actor and number != kept:
                del self._events[number]

    def next(self, timeout: float | None = None) -> bool:
        while self._queue:
            due, number = heapq.heappop(self._queue)
            if number in self._events:
                self.now = due
                _, handle = self._events.pop(number)
                handle()
                return True
        return False

    def _at(self, due: float, actor: TrackedActor, handle: Event) -> int:
        number = self._number = getattr(self, "_number", 0) + 1
        self._events[number] = (actor, handle)
        heapq.heappush(self._queue, (due, number))
        return number

    def is_actor_started(self, tracked_actor: TrackedActor) -> bool:
        return tracked_actor in self._live_actors_to_ray_actors_resources

    def is_actor_failed(self, tracked_actor: TrackedActor) -> bool:
        return False

    @property
    def num_live_actors(self) -> int:
        return len(self._live_actors_to_ray_actors_resources)

    @property
    def num_pending_actors(self) -> int:
        return len(self._starting)

    @property
    def num_total_actors(self) -> int:
        return self.num_live_actors + self.num_pending_actors

    @property
    def num_actor_tasks(self) -> int:
        return len(self._events)

    def get_live_actors_resources(self) -> dict[str, float]:
        return {}

    def cleanup(self) -> None:
        self._events.clear()
        self._starting.clear()
        self._live_actors_to_ray_actors_resources.clear()
