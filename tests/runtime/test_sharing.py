from __future__ import annotations

import pytest
from clocks import Clock

from tuner.bundles import Shape
from tuner.runtime.sharing import RayStore, Sharing

CPU = Shape.of({"cpu": 1})
NODES = [{"CPU": 8.0}]


class Store:
    """A store in memory."""

    def __init__(self) -> None:
        self.claims: dict[str, bytes] = {}

    def put(self, name: str, content: bytes) -> None:
        self.claims[name] = content

    def read(self) -> dict[str, bytes]:
        return dict(self.claims)

    def remove(self, name: str) -> None:
        self.claims.pop(name, None)


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def clock() -> Clock:
    return Clock(1000.0)


def join(sweep: str, store: Store, clock: Clock, weight: float = 1.0) -> Sharing:
    return Sharing(sweep, weight, store, clock, wall_clock=clock)


def test_whoever_is_alone_has_all_and_two_divide(store: Store, clock: Clock) -> None:
    first, second = join("a", store, clock), join("b", store, clock, weight=3.0)

    assert first.look(CPU, 100, NODES) is None
    assert second.look(CPU, 100, NODES) == 6
    assert first.look(CPU, 100, NODES) == 2
    second.leave()
    assert first.look(CPU, 100, NODES) is None
    first.leave()
    assert store.claims == {}


def test_it_is_said_with_whom_the_cluster_is_shared(store: Store, clock: Clock) -> None:
    said: list[str] = []
    own = Sharing("a", 1.0, store, clock, wall_clock=clock, say=said.append)
    own.look(CPU, 100, NODES)
    other = join("b-2", store, clock, weight=3.0)
    other.look(CPU, 100, NODES)
    own.look(CPU, 100, NODES)
    own.look(CPU, 100, NODES)
    other.leave()
    own.look(CPU, 100, NODES)

    assert said == [
        "shares the cluster with b-2: may have 2 of 8 workers",
        "has the cluster to itself again",
    ]


def test_two_sweeps_of_one_name_are_two(store: Store, clock: Clock) -> None:
    first, second = join("a", store, clock), join("a", store, clock)

    first.look(CPU, 100, NODES)
    assert (second.look(CPU, 100, NODES), first.look(CPU, 100, NODES)) == (4, 4)


def test_the_share_of_a_killed_driver_is_free_after_a_while(store: Store, clock: Clock) -> None:
    alive, killed = join("a", store, clock), join("b", store, clock)
    killed.look(CPU, 100, NODES)

    for _ in range(7):
        assert alive.look(CPU, 100, NODES) == 4
        clock.now += 2.0
    clock.now += 2.0
    assert alive.look(CPU, 100, NODES) is None
    assert len(store.claims) == 1  # and its claim is gone


def test_a_slow_driver_keeps_its_share(store: Store, clock: Clock) -> None:
    first, slow = join("a", store, clock), join("b", store, clock)
    for _ in range(10):
        slow.look(CPU, 100, NODES)
        clock.now += 10.0
        assert first.look(CPU, 100, NODES) == 4


def test_what_one_leaves_the_other_takes_when_it_is_not_wanted_any_more(
    store: Store, clock: Clock
) -> None:
    first, second = join("a", store, clock), join("b", store, clock)
    first.look(CPU, 100, NODES)
    second.look(CPU, 100, NODES)

    first.look(CPU, 1, NODES)  # it waits for a decision, say
    assert second.look(CPU, 100, NODES) == 4
    clock.now += 10.0
    second.look(CPU, 100, NODES)
    clock.now += 11.0
    first.look(CPU, 1, NODES)
    assert second.look(CPU, 100, NODES) == 7


def test_shapes_of_several_bundles_travel(store: Store, clock: Clock) -> None:
    pairs = Shape.of({"cpu": 2}, [{}, {"cpu": 1}, {"cpu": 1}], "strict_pack")
    first, second = join("a", store, clock), join("b", store, clock)
    first.look(pairs, 100, NODES)

    assert second.look(CPU, 100, NODES) == 4  # and two pairs


def test_claims_lie_on_the_head_node(ray_cluster: str) -> None:
    store = RayStore()
    store.put("here", b"1")
    store.put("here", b"2")

    assert store.read()["here"] == b"2"
    store.remove("here")
    store.remove("here")
    assert "here" not in store.read()
