"""Workers that share a process, as the controller sees them: each as one of its own.

A process with n lanes (`tuner.runtime.fused_worker`) takes n times what a trial takes, in one
placement group. A lane of it stands where an actor's handle does.

Stands in for private parts of Ray Tune's controller; see `tuner.runtime.controller`.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import ray
from ray.air.execution import ResourceRequest
from ray.air.execution._internal.tracked_actor import TrackedActor
from ray.air.execution._internal.tracked_actor_task import TrackedActorTask
from ray.air.execution.resources.placement_group import PlacementGroupAcquiredResources
from ray.exceptions import RayActorError
from ray.tune import PlacementGroupFactory

from tuner.runtime.arrivals import PromptActorManager, PromptPlacement, PromptRoom
from tuner.runtime.fused_worker import lane_name
from tuner.runtime.placing import placement_of, shape_taken

__all__ = ["AcquiredLane", "FusedProcess", "Lane", "LaneActorManager", "LanePlacement"]


class FusedProcess:
    """A process of several trials, and the room that it has.

    Args:
        room: What holds it.
        lanes: How many trials there may be.
        asked: Where each task is noted, with what stands for the lane that carries it out.

    Attributes:
        free: Lanes without a worker.
        is_lost: Whether it has died.
        handle: Ray's, once it was started.
    """

    def __init__(
        self, room: PlacementGroupAcquiredResources, lanes: int, asked: dict[Any, Hashable]
    ) -> None:
        self.room = room
        self.free = set(range(lanes))
        self.is_lost = False
        self.handle: Any = None
        self._lanes = lanes
        self._asked = asked

    @property
    def is_empty(self) -> bool:
        """Whether no lane has a worker."""
        return len(self.free) == self._lanes

    def start(self, actor_class: Any) -> None:
        """Start it, unless that is done."""
        if self.handle is None:
            (placed,) = self.room.annotate_remote_entities([actor_class])
            self.handle = placed.remote(self.room.resource_request)

    def ask(self, method: str, lane: int, *args: Any, **options: Any) -> ray.ObjectRef[Any]:
        """Call a method in the thread of a lane."""
        asked = getattr(self.handle, method).options(concurrency_group=lane_name(lane))
        future: ray.ObjectRef[Any] = asked.remote(lane, *args, **options)
        self._asked[future] = (id(self), lane)
        return future


@dataclass
class AcquiredLane(PlacementGroupAcquiredResources):
    """Room for one trial in a process.

    Attributes:
        process: That process.
        number: Of the lane.
    """

    process: FusedProcess
    number: int

    def annotate_remote_entities(self, entities: list[Any]) -> list[Any]:
        """Return what makes a worker in the lane, given the class of the process."""
        (actor_class,) = entities
        return [_LaneClass(self, actor_class)]


class _LaneClass:
    """Makes the worker of a lane. Stands in for an actor class."""

    def __init__(self, acquired: AcquiredLane, actor_class: Any) -> None:
        self._acquired = acquired
        self._actor_class = actor_class

    def remote(self, config: dict[str, Any], storage: Any) -> Lane:
        process = self._acquired.process
        process.start(self._actor_class)
        return Lane(process, self._acquired.number, config, storage)


@dataclass(frozen=True)
class _Method:
    remote: Callable[..., ray.ObjectRef[Any]]


class Lane:
    """One of the workers in a process. Stands in for an actor's handle.

    Args:
        process: That process.
        number: Of the lane.
        config: Of its first trial.
        storage: Likewise.
    """

    def __init__(
        self, process: FusedProcess, number: int, config: dict[str, Any], storage: Any
    ) -> None:
        self.process = process
        self.number = number
        opened = process.ask("open", number, config, storage)
        self.__ray_ready__ = _Method(lambda: opened)

    def __getattr__(self, name: str) -> _Method:
        return _Method(partial(self.process.ask, "call", self.number, name))


class LanePlacement(PromptRoom):
    """Holds room for processes, and gives it out by the trial.

    Args:
        rooms: Holds the room.
        lanes: How many trials there may be in a process, by what they take; 1 where that is not
            said.

    Attributes:
        arrivals: As of what holds the room.
        lanes_asked: What stands for the lane of a task that was just given, by its future.
    """

    def __init__(self, rooms: PromptPlacement, lanes: Mapping[PlacementGroupFactory, int]) -> None:
        self._rooms = rooms
        self._lanes: dict[ResourceRequest, int] = {each: lanes[each] for each in lanes}
        self._wholes: dict[ResourceRequest, ResourceRequest] = {
            placement: placement_of(shape_taken(placement).times(number))
            for placement, number in lanes.items()
        }
        self._forget()

    def _forget(self) -> None:
        self.arrivals = self._rooms.arrivals
        self._processes: dict[ResourceRequest, list[FusedProcess]] = defaultdict(list)
        self._wanted: Counter[ResourceRequest] = Counter()  # lanes that were asked for
        self._asked: Counter[ResourceRequest] = Counter()  # processes, by what a trial takes
        self.lanes_asked: dict[Any, Hashable] = {}

    def request_resources(self, resource_request: ResourceRequest) -> None:
        """Ask for room for one trial."""
        self._wanted[resource_request] += 1
        self._settle(resource_request)

    def cancel_resource_request(self, resource_request: ResourceRequest) -> None:
        """Take that back."""
        self._wanted[resource_request] -= 1
        self._settle(resource_request)

    def has_resources_ready(self, resource_request: ResourceRequest) -> bool:
        """Return whether there is room for one trial."""
        if any(process.free for process in self._usable(resource_request)):
            return True
        return bool(
            self._asked[resource_request]
            and self._rooms.has_resources_ready(self._whole(resource_request))
        )

    def acquire_resources(self, resource_request: ResourceRequest) -> AcquiredLane | None:
        """Take room for one trial, if there is some: in a process, or for one."""
        free = (process for process in self._usable(resource_request) if process.free)
        process = next(free, None) or self._new_process(resource_request)
        if process is None:
            return None
        self._wanted[resource_request] -= 1
        number = min(process.free)
        process.free.remove(number)
        return AcquiredLane(
            resource_request=resource_request,
            placement_group=process.room.placement_group,
            process=process,
            number=number,
        )

    def free_resources(self, acquired_resource: AcquiredLane) -> None:  # type: ignore[override]
        """Give back room for one trial."""
        acquired_resource.process.free.add(acquired_resource.number)
        self._settle(acquired_resource.resource_request)

    def get_resource_futures(self) -> list[ray.ObjectRef[Any]]:
        """Return what is done once there is room."""
        futures: list[ray.ObjectRef[Any]] = self._rooms.get_resource_futures()
        return futures

    def update_state(self) -> None:
        """Take note of room that was made."""
        self._rooms.update_state()

    def clear(self) -> None:
        """Give everything back, and with it end all processes."""
        self._rooms.clear()  # type: ignore[no-untyped-call]
        self._forget()

    def _settle(self, request: ResourceRequest) -> None:
        """End processes that nobody needs, and ask for room for as many more as are needed."""
        for process in list(self._processes[request]):
            if process.is_lost or (process.is_empty and not self._wanted[request]):
                self._processes[request].remove(process)
                self._rooms.free_resources(process.room)
        free = sum(len(process.free) for process in self._usable(request))
        needed = math.ceil(max(self._wanted[request] - free, 0) / self._lanes.get(request, 1))
        for _ in range(self._asked[request], needed):
            self._rooms.request_resources(self._whole(request))
        for _ in range(needed, self._asked[request]):
            self._rooms.cancel_resource_request(self._whole(request))
        self._asked[request] = needed

    def _new_process(self, request: ResourceRequest) -> FusedProcess | None:
        room = self._rooms.acquire_resources(self._whole(request))
        if room is None:
            return None
        self._asked[request] -= 1
        process = FusedProcess(room, self._lanes.get(request, 1), self.lanes_asked)
        self._processes[request].append(process)
        return process

    def _usable(self, request: ResourceRequest) -> list[FusedProcess]:
        """Return the processes in which a trial may begin."""
        return [
            process
            for process in self._processes[request]
            if not (process.is_lost or self._rooms.lies_on_avoided(process.room.placement_group))
        ]

    def _whole(self, request: ResourceRequest) -> ResourceRequest:
        """Return what a process takes of whose trials each takes ``request``."""
        return self._wholes.get(request, request)


class LaneActorManager(PromptActorManager):
    """Starts workers in the lanes of processes, and tells what comes of their tasks.

    Args:
        resource_manager: Where there is room for them.
    """

    _resource_manager: LanePlacement

    def __init__(self, resource_manager: LanePlacement) -> None:
        super().__init__(resource_manager)

    def cleanup(self) -> None:
        """End all processes; their room goes with them."""
        self._live_actors_to_ray_actors_resources.clear()
        super().cleanup()  # type: ignore[no-untyped-call]

    def _worker_of(self, future: ray.ObjectRef[Any]) -> Hashable:
        """Return what stands for a lane: those of a process need not wait for each other."""
        return self._resource_manager.lanes_asked.pop(future, None) or super()._worker_of(future)

    def _try_kill_actor(self) -> bool:
        """End the process of a worker that does not end by itself, since it holds up the others."""
        worker = self._live_actors_to_kill.pop()
        process = self._process_of(worker)
        ray.kill(process.handle)
        process.is_lost = True
        self._actor_stop_resolved(worker)
        return True

    def _actor_task_failed(
        self, tracked_actor_task: TrackedActorTask, exception: Exception
    ) -> None:
        self._see_whether_lost(tracked_actor_task._tracked_actor, exception)
        super()._actor_task_failed(tracked_actor_task, exception)

    def _actor_start_failed(self, tracked_actor: TrackedActor, exception: Exception) -> None:
        self._see_whether_lost(tracked_actor, exception)
        super()._actor_start_failed(tracked_actor, exception)

    def _see_whether_lost(self, worker: TrackedActor, exception: Exception) -> None:
        if isinstance(exception, RayActorError):
            self._process_of(worker).is_lost = True

    def _process_of(self, worker: TrackedActor) -> FusedProcess:
        _, acquired = self._live_actors_to_ray_actors_resources[worker]
        return cast(AcquiredLane, acquired).process
