from __future__ import annotations

from typing import Any

import pytest

from tuner.store.node_usage import NodeUsage, node_usage

A = {"node_id": "aa", "node": "host-a", "cpu": 4.0, "gpu": 2.0}
B = {"node_id": "bb", "node": "host-b", "cpu": 4.0, "gpu": 0.0}
QUARTER = {"aa": {"cpu": 1.0, "gpu": 0.25}}


def event(kind: str, at: float, **details: Any) -> dict[str, Any]:
    return {"event": kind, "timestamp": at, "details": details}


def started(worker: int, at: float, holds: dict[str, dict[str, float]]) -> dict[str, Any]:
    return event("worker_started", at, worker=worker, holds=holds)


def ended(worker: int, at: float, busy_s: float) -> dict[str, Any]:
    return event("worker", at, worker=worker, busy_s=busy_s)


def test_shares_are_averages_over_the_time_that_a_node_was_there() -> None:
    events = [
        event("nodes", 0.0, nodes=[A, B]),
        started(1, 10.0, QUARTER),
        started(2, 20.0, QUARTER),
        ended(1, 60.0, 40.0),  # 10 of its 50 s without a trial
        ended(2, 70.0, 50.0),
    ]

    first, second = node_usage(events, until=100.0)

    assert first == NodeUsage(
        node="host-a",
        node_id="aa",
        cpu=4.0,
        gpu=2.0,
        present_s=100.0,
        workers=2,
        cpu_busy=pytest.approx(90 / 400),  # (40 + 50) s of one CPU, of 4 for 100 s
        gpu_busy=pytest.approx(22.5 / 200),
        idle_s=pytest.approx(10.0),
        unused_s=pytest.approx(40.0),  # but for 10 to 70
    )
    assert (second.workers, second.unused_s, second.gpu_busy) == (0, 100.0, None)


def test_a_trial_of_several_bundles_counts_on_each_node() -> None:
    holds = {"aa": {"cpu": 1.0, "gpu": 2.0}, "bb": {"cpu": 3.0, "gpu": 0.0}}
    events = [event("nodes", 0.0, nodes=[A, B]), started(1, 0.0, holds), ended(1, 50.0, 50.0)]

    first, second = node_usage(events, until=100.0)

    assert (first.gpu_busy, first.cpu_busy, second.cpu_busy) == (0.5, 0.125, 0.375)


def test_nodes_come_and_go() -> None:
    events = [
        event("nodes", 0.0, nodes=[A]),
        event("nodes", 30.0, nodes=[A, B]),
        event("nodes", 50.0, nodes=[B]),
        event("nodes", 90.0, nodes=[A, B]),
    ]

    first, second = node_usage(events, until=100.0)

    assert (first.present_s, second.present_s) == (60.0, 70.0)  # 0 to 50 and 90 to 100; 30 to 100


def test_workers_of_a_driver_that_was_killed_end_with_its_last_sign() -> None:
    events = [
        event("nodes", 0.0, nodes=[A]),
        started(1, 0.0, QUARTER),
        event("saved", 40.0),  # and the driver is killed
        event("resumed", 1000.0),
        event("nodes", 1001.0, nodes=[A]),
        started(1, 1001.0, QUARTER),  # numbers begin anew
        ended(1, 1011.0, 10.0),
    ]

    (node,) = node_usage(events, until=1011.0)

    assert node.present_s == 50.0  # nothing of the hours between
    assert node.workers == 2
    assert node.gpu_busy == pytest.approx(0.25 * 50 / (2 * 50))


def test_the_last_sign_of_a_driver_need_not_tell_more_than_that_it_was_there() -> None:
    events = [
        event("nodes", 0.0, nodes=[A]),
        started(1, 0.0, QUARTER),
        {"event": "save", "timestamp": 40.0},  # rows leave out what is null
        event("resumed", 1000.0),
    ]

    (node,) = node_usage(events, until=1000.0)

    assert (node.present_s, node.unused_s) == (40.0, 0.0)


def test_workers_that_run_are_busy_so_far() -> None:
    events = [event("nodes", 0.0, nodes=[A]), started(1, 20.0, QUARTER)]

    (node,) = node_usage(events, until=100.0)

    assert (node.unused_s, node.cpu_busy) == (20.0, 0.2)


def test_a_sweep_from_before_nodes_were_recorded_has_none() -> None:
    assert node_usage([ended(1, 60.0, 40.0), started(2, 61.0, QUARTER)], until=100.0) == []
