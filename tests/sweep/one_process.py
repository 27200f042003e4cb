"""Workers that are objects of this process: sweeps of a class, without processes and waits.

All but the way to a worker and back is what a real sweep runs: the driver, its folder, Ray Tune's
controller, and in each worker the trainable with what is put before it.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest
from ray import cloudpickle
from ray.air.execution._internal.tracked_actor import TrackedActor
from virtual import Actors

from tuner.runtime import execution, serving, warm, workers
from tuner.runtime.ahead import RunAhead

T = TypeVar("T")

_GLANCE_S = 0.01


def sent(value: T) -> T:
    """Return a copy of a value, as it comes to another process."""
    copy: T = cloudpickle.loads(cloudpickle.dumps(value))
    return copy


class OneProcess(Actors):
    """Stands in for `PromptActorManager`: does one task after the other, when it is asked to."""

    def __init__(self, placement: object) -> None:
        super().__init__()
        self._making: dict[TrackedActor, Callable[[], Any]] = {}
        self._tasks: deque[tuple[TrackedActor, Callable[[], Any], Any, Any]] = deque()

    def add_actor(
        self, cls: Any, resource_request: Any, *, kwargs: Any, **told: Any
    ) -> TrackedActor:
        actor = super().add_actor(cls, resource_request, kwargs=kwargs, **told)
        self._making[actor] = lambda: cls(**sent(kwargs))
        return actor

    def make_worker(self, actor: TrackedActor, config: dict[str, Any]) -> Any:
        return self._making.pop(actor)()

    def request(self, actor: TrackedActor) -> None:
        pass

    def submit(self, actor: TrackedActor, method: str, call: Callable[[], Any], on_result: Any,
               on_error: Any) -> None:  # fmt: skip
        self._tasks.append((actor, call, on_result, on_error))

    def schedule_actor_task(self, tracked_actor: TrackedActor, method_name: str, args: Any = (),
                            kwargs: Any = None, **options: Any) -> Any:  # fmt: skip
        return super().schedule_actor_task(
            tracked_actor, method_name, sent(args), sent(kwargs), **options
        )

    def clear_actor_task_futures(self, tracked_actor: TrackedActor) -> None:
        self._tasks = deque(task for task in self._tasks if task[0] is not tracked_actor)

    def next(self, timeout: float | None = None) -> bool:
        if self._requested:
            self.start(next(iter(self._requested)))
            return True
        if not self._tasks:
            time.sleep(_GLANCE_S)
            return False
        actor, call, on_result, on_error = self._tasks.popleft()
        try:
            result = sent(call())
        except Exception as error:
            on_error(actor, error)
        else:
            on_result(actor, result)
        return True


class NoUpkeep:
    """Stands in for `Upkeep`: this process is the driver's, and stays as it is."""

    def __init__(self, most_trials: int | None = None) -> None:
        pass

    def between_trials(self) -> None:
        return None


@contextmanager
def in_one_process() -> Iterator[None]:
    """Have the trials of sweeps train in this process, as far as their trainable is a class."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(warm, "PromptActorManager", OneProcess)
        patch.setattr(workers.ActorClass, "get", lambda self, trainable: trainable)
        patch.setattr(serving, "Upkeep", NoUpkeep)
        patch.setattr(execution, "_REPORT_DELAY_S", 0.0)  # trials take turns, epoch by epoch
        wait_for_nobody(patch)
        patch.setenv("RAY_CHDIR_TO_TRIAL_DIR", "0")
        patch.setenv("TUNE_ORIG_WORKING_DIR", str(Path.cwd()))  # else a trial sets it for good
        yield


def wait_for_nobody(patch: pytest.MonkeyPatch) -> None:
    """Have the driver find each checkpoint made when it asks, and never measure real waits."""
    patch.setattr(workers.PatientSave, "resolve", lambda self, block=True: self.future())
    patch.setattr(RunAhead, "pays", lambda self, step_s: False)


@pytest.fixture
def one_process() -> Iterator[None]:
    """As `in_one_process`, for a test."""
    with in_one_process():
        yield
