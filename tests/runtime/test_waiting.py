from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from ray.autoscaler.v2.sdk import get_cluster_status

from tuner.bundles import Shape
from tuner.errors import ResourcesError
from tuner.runtime.waiting import asked_for, wait_until_fits

NODES = [{"CPU": 16.0, "GPU": 4.0}, {"CPU": 8.0, "GPU": 2.0}]
ONE_GPU = Shape.of({"gpu": 1})


@contextmanager
def ask_nobody(shape: Shape) -> Iterator[None]:
    yield


def test_waiting_is_visible_and_ends_when_the_node_comes() -> None:
    arrivals = iter([[], [], [], NODES])
    state = {"nodes": next(arrivals)}
    said: list[str] = []
    asked: list[str] = []
    clock = {"now": 0.0}

    def sleep(seconds: float) -> None:
        clock["now"] += seconds
        state["nodes"] = next(arrivals)

    @contextmanager
    def ask(shape: Shape) -> Iterator[None]:
        asked.append(f"asked for {shape}")
        yield
        asked.append("no more")

    wait_until_fits(
        ONE_GPU,
        60.0,
        said.append,
        list_nodes=lambda: state["nodes"],
        ask=ask,
        clock=lambda: clock["now"],
        sleep=sleep,
    )
    assert len(said) == 3
    assert "waiting for a node that can hold a trial (0 s of 60 s)" in said[0]
    assert asked == ["asked for gpu=1", "no more"]


def test_waiting_ends_with_the_refusal_when_time_is_up() -> None:
    clock = {"now": 0.0}

    def sleep(seconds: float) -> None:
        clock["now"] += seconds

    with pytest.raises(ResourcesError, match="no node"):
        wait_until_fits(
            ONE_GPU,
            10.0,
            lambda _: None,
            list_nodes=list,
            ask=ask_nobody,
            clock=lambda: clock["now"],
            sleep=sleep,
        )
    assert clock["now"] == 10.0


def test_an_autoscaler_sees_each_bundle_of_what_is_waited_for(ray_cluster: str) -> None:
    pairs = Shape.of({"gpu": 6}, [{"cpu": 1}, {"gpu": 3}, {"gpu": 3}], "strict_spread")
    with asked_for(pairs):
        seen = _soon(lambda: _demanded(ray_cluster))
    assert seen == [({"CPU": 1.0}, 1), ({"GPU": 3.0}, 2)]
    assert _soon(lambda: not _demanded(ray_cluster))


def _demanded(address: str) -> list[tuple[dict[str, float], int]]:
    """Return the bundles of placement groups that wait, as Ray reports them to autoscalers."""
    demands = get_cluster_status(address).resource_demands.placement_group_demand
    bundles = [each for demand in demands for each in demand.bundles_by_count]
    found = [(dict(each.bundle), int(each.count)) for each in bundles]
    return sorted(found, key=str)


def _soon(look: Callable[[], object]) -> object:
    for _ in range(100):
        if seen := look():
            return seen
        time.sleep(0.1)
    return look()
