"""Ray's actor manager, told of what is done instead of asking for it.

Upstream hands all that it waits for to ``ray.wait``, shuffled, for each event, and fetches the
result in a call of its own: an event costs the more, the more workers there are. Here each future
puts itself into a queue once it is done, with its result.

Stands in for a private part of Ray Tune's controller; see `tuner.runtime.controller`.
"""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Hashable, Set
from concurrent.futures import Future
from typing import Any, TypeAlias, cast

import ray
from ray.air.execution import PlacementGroupResourceManager, ResourceRequest
from ray.air.execution._internal import RayActorManager
from ray.air.execution._internal.event_manager import RayEventManager
from ray.air.execution.resources.resource_manager import ResourceManager
from ray.util import placement_group_table
from ray.util.placement_group import PlacementGroup, placement_group

__all__ = ["PromptActorManager", "PromptPlacement", "PromptRoom"]

_NODE_ID = "ray.io/node-id"  # a label that Ray gives each node

Handler: TypeAlias = Callable[[], bool]
"""Handles what has arrived; returns whether anybody still waited for it."""


class PromptRoom(ResourceManager):
    """What holds room for workers, and says when there is some.

    Attributes:
        arrivals: What has been done; None where room was made.
    """

    arrivals: queue.SimpleQueue[Handler | None]


class PromptPlacement(PlacementGroupResourceManager, PromptRoom):
    """Holds room for workers in placement groups, and says when there is some.

    Attributes:
        arrivals: What has been done; None where room was made.
        avoided: Ids of nodes on which nothing is placed.
        admitted: Ids of nodes that may be used; None for all. Room that Ray makes on another one,
            such as a node that has just joined, is not used before that node is among them.
    """

    def __init__(self, update_interval_s: float = 0.1) -> None:
        super().__init__(update_interval_s)
        self.arrivals: queue.SimpleQueue[Handler | None] = queue.SimpleQueue()
        self.avoided: Set[str] = frozenset()
        self.admitted: Set[str] | None = None
        self._held_back: set[PlacementGroup] = set()

    def request_resources(self, resource_request: ResourceRequest) -> None:
        """Ask for room for one worker."""
        self.track(resource_request, self._asked_for(resource_request))

    def update_state(self) -> None:
        """Take note of room that was made; what cannot be used yet still waits."""
        waiting = list(self._staging_future_to_pg)
        ready, _ = ray.wait(waiting, num_returns=len(waiting), timeout=0) if waiting else ([], [])
        for staged in ready:
            group = self._staging_future_to_pg[staged]
            if self._may_use(group):
                del self._staging_future_to_pg[staged], self._pg_to_staging_future[group]
                request = self._pg_to_request[group]
                self._request_to_staged_pgs[request].remove(group)
                self._request_to_ready_pgs[request].add(group)
        self._last_update = time.monotonic()

    def _may_use(self, group: PlacementGroup) -> bool:
        if self.admitted is None:
            return True
        if group not in self._held_back and self._lies_on(group) <= self.admitted:
            return True
        self._held_back.add(group)
        return False

    def lies_on_avoided(self, group: PlacementGroup) -> bool:
        """Return whether room that was made is on a node where nothing is to be placed."""
        return bool(self.avoided and self._lies_on(group) & self.avoided)

    def _lies_on(self, group: PlacementGroup) -> Set[str]:
        return set(placement_group_table(group)["bundles_to_node_id"].values())

    def admit(self, node_ids: Set[str]) -> None:
        """Use no other nodes from now on; look again where the room is that was held back."""
        self.admitted = node_ids
        if self._held_back:
            self._held_back.clear()
            self.arrivals.put(None)

    def avoid(self, node_ids: Set[str]) -> None:
        """Place nothing on some nodes from now on; what waits for room is asked for again."""
        if node_ids == self.avoided:
            return
        self.avoided = node_ids
        for request, waiting in list(self._request_to_staged_pgs.items()):
            number = len(waiting)
            for _ in range(number):
                self.cancel_resource_request(request)
            for _ in range(number):
                self.request_resources(request)

    def _asked_for(self, request: ResourceRequest) -> PlacementGroup:
        if not self.avoided:
            return cast(PlacementGroup, request.to_placement_group())
        group = placement_group(
            request.bundles,
            strategy=request.strategy,
            bundle_label_selector=self._elsewhere(len(request.bundles)),
        )
        return cast(PlacementGroup, group)

    def _elsewhere(self, bundles: int) -> list[dict[str, str]] | None:
        """Return what keeps each bundle of a group off the nodes to avoid; None without any."""
        if not self.avoided:
            return None
        return [{_NODE_ID: f"!in({','.join(sorted(self.avoided))})"}] * bundles

    def track(self, request: ResourceRequest, group: PlacementGroup) -> None:
        """Take in the placement group that was asked for."""
        arrivals, staged = self.arrivals, group.ready()
        self._pg_to_request[group] = request
        self._request_to_staged_pgs[request].add(group)
        self._staging_future_to_pg[staged] = group
        self._pg_to_staging_future[group] = staged
        staged.future().add_done_callback(lambda _: arrivals.put(None))


class PromptActorManager(RayActorManager):
    """Starts workers, gives them tasks, and tells what comes of it, in the order of arrival.

    Args:
        resource_manager: Where workers are placed.
    """

    def __init__(self, resource_manager: PromptRoom) -> None:
        super().__init__(resource_manager)
        self._arrivals = resource_manager.arrivals
        self._actor_state_events = _PromptEvents(self._arrivals, self._worker_of)
        self._actor_task_events = _PromptEvents(self._arrivals, self._worker_of)

    def _worker_of(self, future: ray.ObjectRef[Any]) -> Hashable:
        """Return what stands for the worker that carries out a task which was just given."""
        return future.task_id().actor_id()

    def next(self, timeout: float | None = None) -> bool:
        """Handle one event.

        Args:
            timeout: Seconds to wait for it; None for as long as it takes.

        Returns:
            Whether there was one.
        """
        if self._live_actors_to_kill and self._try_kill_actor():
            return True
        self._try_start_actors()
        ends = None if timeout is None else time.monotonic() + timeout
        while True:
            left = None if ends is None else max(ends - time.monotonic(), 0.0)
            try:
                handle = self._arrivals.get(timeout=left)
            except queue.Empty:
                return False
            if handle is None:
                self._handle_ready_resource_future()  # type: ignore[no-untyped-call]
                return True
            if handle():  # else nobody waited for it
                return True

    def _try_start_actors(self, max_actors: int | None = None) -> int:
        if not self._pending_actors_to_attrs:
            return 0
        return int(super()._try_start_actors(max_actors))


class _PromptEvents(RayEventManager):
    def __init__(
        self,
        arrivals: queue.SimpleQueue[Handler | None],
        worker_of: Callable[[ray.ObjectRef[Any]], Hashable],
    ) -> None:
        super().__init__(shuffle_futures=False)
        self._arrivals = arrivals
        self._worker_of = worker_of
        # Results of one worker may overtake each other on their way; its tasks never do.
        self._tasks: dict[Hashable, dict[Any, Future[Any] | None]] = {}
        self._workers: dict[Any, Hashable] = {}

    def track_future(
        self,
        future: ray.ObjectRef[Any],
        on_result: Callable[[Any], None] | None = None,
        on_error: Callable[[Exception], None] | None = None,
    ) -> None:
        super().track_future(future, on_result, on_error)
        worker = self._workers[future] = self._worker_of(future)
        self._tasks.setdefault(worker, {})[future] = None

        def arrived(done: Future[Any]) -> None:  # in a thread of Ray's
            self._arrivals.put(lambda: self._handle(future, done))

        future.future().add_done_callback(arrived)

    def discard_future(self, future: ray.ObjectRef[Any]) -> None:
        super().discard_future(future)
        self._forget(future)

    def _forget(self, future: ray.ObjectRef[Any]) -> None:
        """Forget a task; if that which follows is done already, it is next."""
        if future not in self._workers:
            return
        worker = self._workers.pop(future)
        tasks = self._tasks[worker]
        was_first = next(iter(tasks)) == future
        del tasks[future]
        if not tasks:
            del self._tasks[worker]
            return
        following, done = next(iter(tasks.items()))
        if was_first and done is not None:
            self._arrivals.put(lambda: self._handle(following, done))

    def _handle(self, future: ray.ObjectRef[Any], done: Future[Any]) -> bool:
        if future not in self._tracked_futures:
            return False
        tasks = self._tasks[self._workers[future]]
        tasks[future] = done
        if next(iter(tasks)) != future:
            return False  # an earlier one has yet to arrive
        waiting = self._tracked_futures.pop(future)
        self._forget(future)
        on_result, on_error = waiting
        error = done.exception()
        if error is None:
            if on_result is not None:
                on_result(done.result())
        elif on_error is not None and isinstance(error, Exception):
            on_error(error)
        else:
            raise error
        return True
