"""Worker processes: those between two trials, the class they are made of, and what they save.

Each stands in for a private part of Ray Tune's controller; see `tuner.runtime.controller`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection
from typing import Any

import ray
from ray.air.execution._internal.tracked_actor import TrackedActor
from ray.train._internal.session import _FutureTrainingResult, _TrainingResult
from ray.tune import PlacementGroupFactory
from ray.tune.execution.class_cache import ENV_VARS_TO_PROPAGATE

from tuner.runtime.fused_worker import fused, lane_name

__all__ = ["ActorClass", "IdleWorkers", "PatientSave"]

_GLANCE_S = 0.2


class IdleWorkers:
    """Workers without a trial, by what they hold. Stands in for Ray's ``_ObjectCache``.

    Ray's decides itself how many to keep, by counting trials that wait for a worker of their
    own; this one keeps all that it is given, until they are released.

    Args:
        clock: Seconds, monotonic.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._workers: dict[PlacementGroupFactory, list[TrackedActor]] = {}
        self._since: dict[TrackedActor, float] = {}
        self._unrested: list[TrackedActor] = []

    @property
    def num_cached_objects(self) -> int:
        """How many there are."""
        return len(self._since)

    def has_cached_object(self, shape: PlacementGroupFactory) -> bool:
        """Return whether there is one that holds ``shape``."""
        return bool(self._workers.get(shape))

    def cache_object(self, shape: PlacementGroupFactory, worker: TrackedActor) -> bool:
        """Take in a worker; always possible."""
        self._workers.setdefault(shape, []).append(worker)
        self._since[worker] = self._clock()
        self._unrested.append(worker)
        return True

    def pop_cached_object(self, shape: PlacementGroupFactory) -> TrackedActor:
        """Return the worker that became idle last, and forget it."""
        worker = self._workers[shape].pop()
        del self._since[worker]
        return worker

    def pop_any(self) -> TrackedActor:
        """Return the worker that has been idle for longest, and forget it."""
        worker = next(iter(self._since))
        self.forget(worker)
        return worker

    @property
    def shapes(self) -> set[PlacementGroupFactory]:
        """What the workers hold."""
        return set(self._workers)

    def release(self, keep: Collection[PlacementGroupFactory]) -> list[TrackedActor]:
        """Return the workers of other shapes than ``keep``, and forget them."""
        shapes = [shape for shape in self._workers if shape not in keep]
        released = [worker for shape in shapes for worker in self._workers.pop(shape)]
        for worker in released:
            del self._since[worker]
        return released

    def release_idle(self, seconds: float) -> list[TrackedActor]:
        """Return the workers that have been idle for so long, and forget them."""
        released = []
        # They are in the order in which they became idle.
        while self._since and self._clock() - next(iter(self._since.values())) >= seconds:
            released.append(next(iter(self._since)))
            self.forget(released[-1])
        return released

    def take_unrested(self) -> list[TrackedActor]:
        """Return the workers that became idle since this was asked for, and are."""
        unrested = [worker for worker in self._unrested if worker in self._since]
        self._unrested.clear()
        return unrested

    def forget(self, worker: TrackedActor) -> bool:
        """Take out a worker; return whether it was there."""
        if self._since.pop(worker, None) is None:
            return False
        next(each for each in self._workers.values() if worker in each).remove(worker)
        return True

    def increase_max(self, shape: PlacementGroupFactory) -> None:
        """Do nothing: there is no bound."""

    def decrease_max(self, shape: PlacementGroupFactory) -> None:
        """Do nothing: there is no bound."""


class ActorClass:
    """A sweep's trainable as a Ray actor class, made once. Stands in for ``_ActorClassCache``.

    Ray's gives every worker a runtime environment of its own, so that the processes which wait
    in Ray's pool are of no use, and new ones are started beside them. It also keeps a class per
    lookup, each of which unpickles the trainable anew.

    Args:
        lanes: How many trials a process trains at once.
    """

    def __init__(self, lanes: int = 1) -> None:
        self._lanes = lanes
        self._made: Any = None

    def get(self, trainable: type) -> Any:
        """Return the actor class; its processes get the variables that Ray Tune hands on."""
        if self._made is None:
            names = sorted(ENV_VARS_TO_PROPAGATE & os.environ.keys())
            options: dict[str, Any] = {}
            if names:
                variables = {name: os.environ[name] for name in names}
                options["runtime_env"] = {"env_vars": variables}
            if self._lanes > 1:
                trainable = fused(trainable)
                options["concurrency_groups"] = dict.fromkeys(map(lane_name, range(self._lanes)), 1)
            self._made = (ray.remote(**options) if options else ray.remote)(trainable)
        return self._made


class PatientSave(_FutureTrainingResult):
    """A checkpoint on its way, for which PBT waits. Stands in for Ray's, which waits forever.

    Args:
        future: Resolves to the checkpoint.
        give_up: Whether to wait no longer, given the seconds waited.
    """

    def __init__(self, future: Any, give_up: Callable[[float], bool]) -> None:
        super().__init__(future)
        self._give_up = give_up
        self._saved: _TrainingResult | None = None

    def resolve(self, block: bool = True) -> _TrainingResult | None:
        """Return the checkpoint; None where the save failed or is not to be waited for."""
        started = time.monotonic()
        while block and self._saved is None and not self._give_up(time.monotonic() - started):
            ready, _ = ray.wait([self.future], timeout=_GLANCE_S)
            if ready:
                break
        self._saved = self._saved or super().resolve(block=False)
        return self._saved
