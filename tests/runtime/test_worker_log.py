from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from clocks import Clock

from tuner.runtime.worker_log import WorkerLog


@pytest.fixture
def told() -> list[Mapping[str, Any]]:
    return []


def test_the_seconds_of_a_life_add_up(clock: Clock, told: list[Mapping[str, Any]]) -> None:
    log = WorkerLog(clock, told.append)
    log.requested("w")
    for now, happens in [
        (2.0, log.took_up),
        (5.0, log.let_go),
        (6.0, log.took_up),
        (10.0, log.let_go),
        (10.0, lambda worker: log.is_on(worker, "here")),
        (10.0, lambda worker: log.wasted(worker, 0.5)),
        (15.0, lambda worker: log.ended(worker, "idle for 5 s")),
        (16.0, lambda worker: log.ended(worker, "again")),
    ]:
        clock.now = now
        happens("w")
    assert told == [
        {
            "worker": 1,
            "node": "here",
            "trials": 2,
            "start_s": 2.0,
            "busy_s": 7.0,
            "idle_s": 6.0,
            "wasted_s": 0.5,
            "ended": "idle for 5 s",
        }
    ]


def test_a_worker_that_never_started_is_none(clock: Clock, told: list[Mapping[str, Any]]) -> None:
    log = WorkerLog(clock, told.append)
    log.requested("withdrawn")
    log.requested("w")
    log.ended("withdrawn", "not needed")
    log.took_up("w")
    clock.now = 3.0
    log.ended("w", "its trial failed")
    assert [(life["worker"], life["busy_s"], life["idle_s"]) for life in told] == [(1, 3.0, 0.0)]
