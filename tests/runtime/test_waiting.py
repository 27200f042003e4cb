from __future__ import annotations

import pytest

from tuner.errors import ResourcesError
from tuner.runtime.connect import wait_until_fits

NODES = [{"CPU": 16.0, "GPU": 4.0}, {"CPU": 8.0, "GPU": 2.0}]


def test_waiting_is_visible_and_ends_when_the_node_comes() -> None:
    arrivals = iter([[], [], [], NODES])
    state = {"nodes": next(arrivals)}
    said: list[str] = []
    clock = {"now": 0.0}

    def sleep(seconds: float) -> None:
        clock["now"] += seconds
        state["nodes"] = next(arrivals)

    wait_until_fits(
        {"GPU": 1.0},
        60.0,
        said.append,
        list_nodes=lambda: state["nodes"],
        clock=lambda: clock["now"],
        sleep=sleep,
    )
    assert len(said) == 3
    assert "waiting for a node that can hold a trial (0 s of 60 s)" in said[0]


def test_waiting_ends_with_the_refusal_when_time_is_up() -> None:
    clock = {"now": 0.0}

    def sleep(seconds: float) -> None:
        clock["now"] += seconds

    with pytest.raises(ResourcesError, match="no node"):
        wait_until_fits(
            {"GPU": 1.0},
            10.0,
            lambda _: None,
            list_nodes=list,
            clock=lambda: clock["now"],
            sleep=sleep,
        )
    assert clock["now"] == 10.0
