from __future__ import annotations

from clocks import Clock
from ray.air.execution._internal.tracked_actor import TrackedActor
from ray.tune import PlacementGroupFactory

from tuner.runtime.workers import IdleWorkers

SMALL, LARGE = PlacementGroupFactory([{"CPU": 1}]), PlacementGroupFactory([{"CPU": 2}])


def test_the_last_one_to_become_idle_is_taken_first() -> None:
    idle, (a, b) = IdleWorkers(), map(TrackedActor, range(2))
    idle.cache_object(SMALL, a)
    idle.cache_object(SMALL, b)
    assert not idle.has_cached_object(LARGE)
    assert [idle.pop_cached_object(SMALL), idle.pop_cached_object(SMALL)] == [b, a]
    assert idle.num_cached_objects == 0


def test_those_that_are_idle_for_long_are_released() -> None:
    clock = Clock()
    idle, (a, b, c) = IdleWorkers(clock), map(TrackedActor, range(3))
    for worker, shape, now in [(a, SMALL, 0.0), (b, LARGE, 5.0), (c, SMALL, 9.0)]:
        clock.now = now
        idle.cache_object(shape, worker)
    clock.now = 12.0
    assert idle.release_idle(7.0) == [a, b]
    assert idle.release_idle(7.0) == []
    assert idle.pop_cached_object(SMALL) is c


def test_a_worker_that_was_taken_is_not_released_for_its_earlier_rest() -> None:
    clock = Clock()
    idle, worker = IdleWorkers(clock), TrackedActor(1)
    idle.cache_object(SMALL, worker)
    assert idle.pop_cached_object(SMALL) is worker
    clock.now = 50.0
    idle.cache_object(SMALL, worker)
    clock.now = 60.0
    assert idle.release_idle(20.0) == []


def test_each_rest_is_told_of_once() -> None:
    idle, (a, b) = IdleWorkers(), map(TrackedActor, range(2))
    idle.cache_object(SMALL, a)
    idle.cache_object(SMALL, b)
    idle.pop_cached_object(SMALL)
    assert idle.take_unrested() == [a]
    assert idle.take_unrested() == []
    assert idle.forget(a)
    assert not idle.forget(a)
