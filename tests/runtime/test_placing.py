from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
import ray
from ray.autoscaler.v2.sdk import get_cluster_status

from tuner.bundles import Placement, Room, Shape
from tuner.runtime.census import held_on
from tuner.runtime.placing import Machine, NodePlacement, placement_of, preferred, room_on

QUARTER = {"CPU": 1.0, "GPU": 0.25}


def machine(cpu: float, gpu: float = 0.0, used: dict[str, float] | None = None) -> Machine:
    total = {"CPU": cpu, "GPU": gpu}
    return Machine(total, {name: n - (used or {}).get(name, 0.0) for name, n in total.items()})


MIXED = {"a": machine(16, 4), "b": machine(8, 2), "c": machine(4, 1)}


def fill(number: int, *, spread: bool) -> list[str]:
    """Place quarters of a GPU one by one; return the nodes."""
    rooms = {node: room_on(each, []) for node, each in MIXED.items()}
    taken = []
    for _ in range(number):
        node = preferred(QUARTER, rooms, MIXED, spread=spread)
        assert node is not None
        left = rooms[node].without(QUARTER)
        assert left is not None
        rooms[node] = left
        taken.append(node)
    return taken


def test_fractions_fill_a_node_before_the_next_one_is_opened() -> None:
    assert fill(13, spread=False) == ["c"] * 4 + ["b"] * 8 + ["a"]


def test_spread_fractions_go_where_the_largest_part_is_free() -> None:
    taken = fill(7, spread=True)

    assert taken[:3] == ["a", "b", "c"]  # 1/16, 1/8, 1/4 of each
    assert {node: taken.count(node) for node in "abc"} == {"a": 4, "b": 2, "c": 1}


def test_nothing_is_preferred_where_nothing_fits() -> None:
    rooms = {node: room_on(each, []) for node, each in MIXED.items()}

    assert preferred({"GPU": 5.0}, rooms, MIXED, spread=False) is None
    assert preferred({"licence": 1.0}, rooms, MIXED, spread=True) is None
    assert preferred(QUARTER, {}, {}, spread=False) is None


def test_the_room_on_a_node_is_what_own_workers_and_others_leave() -> None:
    held = [QUARTER, QUARTER]
    # Ray knows of one of the two so far, and somebody else has 1.5 GPUs and 3 CPUs.
    seen = machine(8, 4, used={"CPU": 4.0, "GPU": 1.75})

    # Of which it shows 3 - 1 CPUs and 1.5 - 0.25 GPUs beyond what is the sweep's own.
    assert room_on(seen, held) == Room({"CPU": 4.0}, (0.25, 0.0, 1.0, 1.0))


def test_a_shape_becomes_rays_placement_group() -> None:
    several = placement_of(Shape.of({}, [{}, {"cpu": 1}, {"gpu": 1}], "strict_spread"))

    assert several.head_bundle_is_empty
    assert several.bundles == [{"CPU": 1.0}, {"GPU": 1.0}]
    assert several.strategy == "STRICT_SPREAD"
    assert several == placement_of(Shape.of({}, [{}, {"cpu": 1}, {"gpu": 1}], "strict_spread"))


Place = Callable[[Shape, int], list[set[str]]]


@pytest.fixture
def place(ray_cluster: str) -> Iterator[Place]:
    """Place so many workers of a shape one after the other; return the nodes of each."""
    placement = NodePlacement(update_interval_s=0.0)
    deadline = time.monotonic() + 30
    while ray.available_resources().get("CPU") != ray.cluster_resources()["CPU"]:
        assert time.monotonic() < deadline, "another test has left workers behind"
        time.sleep(0.1)  # Ray learns with some delay what was given back

    def call(shape: Shape, number: int) -> list[set[str]]:
        request = placement_of(shape)
        for _ in range(number):
            placement.request_resources(request)
        ray.wait(placement.get_resource_futures(), num_returns=number, timeout=60)
        placement.update_state()
        return [set(held_on(placement.acquire_resources(request))) for _ in range(number)]

    yield call
    placement.clear()


@pytest.mark.parametrize(("placement", "expected"), [("pack", 1), ("spread", 2)])
def test_single_bundles_go_to_as_many_nodes_as_they_ask_for(
    place: Place, placement: Placement, expected: int
) -> None:
    nodes = place(Shape.of({"cpu": 1}, (), placement), 2)

    assert len(set.union(*nodes)) == expected


def test_bundles_of_one_worker_are_found_on_each_node(place: Place) -> None:
    shape = Shape.of({}, [{"cpu": 1}, {"cpu": 2}], "strict_spread")

    (nodes,) = place(shape, 1)

    assert len(nodes) == 2


def test_an_autoscaler_sees_that_a_worker_keeps_its_node(place: Place, ray_cluster: str) -> None:
    """Autoscalers take idle nodes away, and those only."""
    (nodes,) = place(Shape.of({"cpu": 1}), 1)

    deadline = time.monotonic() + 30
    while len(idle := {n.node_id for n in get_cluster_status(ray_cluster).idle_nodes}) != 1:
        assert time.monotonic() < deadline, f"idle nodes: {idle}"
        time.sleep(0.1)
    assert not idle & nodes
