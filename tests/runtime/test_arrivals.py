"""The actor manager on a real Ray: what is done arrives, in order, and dead actors are noticed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import ray
from ray.air.execution import ResourceRequest
from ray.air.execution._internal.tracked_actor import TrackedActor
from ray.exceptions import RayActorError

from tuner.runtime.arrivals import PromptActorManager, PromptPlacement

WAIT_S = 30.0


class Clerk:
    """Answers."""

    def answer(self, what: Any = None) -> Any:
        return what

    def refuse(self) -> None:
        raise ValueError("no")

    def die(self) -> None:
        os._exit(1)


@pytest.fixture
def manager(ray_cluster: str) -> Iterator[PromptActorManager]:
    made = PromptActorManager(PromptPlacement())
    yield made
    made.cleanup()


def until(manager: PromptActorManager, happened: Callable[[], bool]) -> None:
    while not happened():
        assert manager.next(timeout=WAIT_S), "nothing happens any more"


def started(manager: PromptActorManager, errors: list[Exception]) -> TrackedActor:
    begun: list[TrackedActor] = []
    actor = manager.add_actor(
        Clerk,
        kwargs={},
        resource_request=ResourceRequest([{"CPU": 0.01}]),
        on_start=begun.append,
        on_error=lambda _, error: errors.append(error),
    )
    until(manager, lambda: bool(begun))
    assert begun == [actor]
    return actor


def test_tasks_end_in_their_order_with_what_they_bring(manager: PromptActorManager) -> None:
    brought: list[Any] = []
    actor = started(manager, [])
    for number in range(5):
        manager.schedule_actor_task(
            actor, "answer", (number,), on_result=lambda _, result: brought.append(result)
        )
    manager.schedule_actor_task(actor, "refuse", on_error=lambda _, error: brought.append(error))
    until(manager, lambda: len(brought) == 6)
    assert brought[:5] == [0, 1, 2, 3, 4]
    assert isinstance(brought[5], ValueError)


def test_what_was_discarded_is_nobodys_event(manager: PromptActorManager) -> None:
    brought: list[Any] = []
    actor = started(manager, [])
    manager.schedule_actor_task(actor, "answer", (1,), on_result=lambda _, it: brought.append(it))
    manager.clear_actor_task_futures(actor)
    manager.schedule_actor_task(actor, "answer", (2,), on_result=lambda _, it: brought.append(it))
    until(manager, lambda: bool(brought))
    assert brought == [2]


def test_an_actor_that_dies_is_noticed_once(manager: PromptActorManager) -> None:
    errors: list[Exception] = []
    actor = started(manager, errors)
    for task in ("die", "answer"):
        manager.schedule_actor_task(actor, task, on_error=lambda _, error: errors.append(error))
    until(manager, lambda: len(errors) == 2)  # the actor's, and that of whichever task is first
    assert all(isinstance(error, RayActorError) for error in errors)
    assert manager.is_actor_failed(actor)
    manager.next(timeout=0.5)
    assert len(errors) == 2


def test_room_on_a_node_that_is_not_admitted_is_not_used(manager: PromptActorManager) -> None:
    placement = manager._resource_manager
    placement.admit(set())
    begun: list[TrackedActor] = []
    request = ResourceRequest([{"CPU": 0.01}])
    manager.add_actor(Clerk, kwargs={}, resource_request=request, on_start=begun.append)
    while not placement._held_back:
        manager.next(timeout=0.1)
    assert not begun
    assert not placement.has_resources_ready(request)
    placement.admit({node["NodeID"] for node in ray.nodes()})
    until(manager, lambda: bool(begun))


def test_room_that_is_held_back_is_given_up_where_its_node_is_refused(
    manager: PromptActorManager,
) -> None:
    placement = manager._resource_manager
    nodes = {node["NodeID"] for node in ray.nodes() if node["Alive"]}
    refused = {sorted(nodes)[0]}
    placement.admit(nodes - refused)
    begun: list[TrackedActor] = []
    request = ResourceRequest([{"CPU": 0.01}, {"CPU": 0.01}], strategy="STRICT_SPREAD")
    one = ResourceRequest([{"CPU": 0.01}])
    manager.add_actor(Clerk, kwargs={}, resource_request=request, on_start=begun.append)
    while not placement._held_back:  # it needs both nodes
        manager.next(timeout=0.1)
    manager.add_actor(Clerk, kwargs={}, resource_request=one, on_start=begun.append)
    placement.avoid(refused)
    until(manager, lambda: bool(begun))
    (actor,) = begun
    group = manager._live_actors_to_ray_actors_resources[actor][1].placement_group
    assert set(ray.util.placement_group_table(group)["bundles_to_node_id"].values()) <= (
        nodes - refused
    )
