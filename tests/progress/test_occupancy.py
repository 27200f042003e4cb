"""How busy a sweep was, from its events."""

from __future__ import annotations

from typing import Any

import pytest

from tuner.bundles import Shape
from tuner.progress import Gauge
from tuner.progress.occupancy import Occupancy

NODES = {"nodes": [{"cpu": 4.0, "gpu": 1.0}, {"cpu": 2.0, "gpu": 0.0}]}


def gauges(occupancy: Occupancy, now: float) -> dict[str, Gauge]:
    return {each.name: each for each in occupancy.gauges(now)}


def of(resources: dict[str, float], **options: Any) -> Occupancy:
    takes = (resources.get("cpu", 0.0), resources.get("gpu", 0.0))
    return Occupancy(lambda _: takes, Shape.of(resources), **options)


def test_two_trials_by_hand() -> None:
    found = of({"cpu": 2})
    found.take(0, "nodes", None, NODES)
    found.take(0, "started", "a", None)
    found.take(1, "started", "b", None)
    found.take(2, "PAUSE", "a", {"rung": 1})
    found.take(3, "ended", "b", {"outcome": "completed"})
    now = gauges(found, 4)
    assert (now["workers"].used, now["workers"].total) == (0, 3)
    # 1 worker of 3, 2 of 3, 1 of 3, none: 4 of 12; the same for CPUs, 2 each of 6.
    assert now["workers"].mean == pytest.approx(1 / 3)
    assert now["CPU"].mean == pytest.approx(1 / 3)
    assert (now["GPU"].used, now["GPU"].total) == (0, 1)


def test_shares_of_a_gpu() -> None:
    found = of({"cpu": 1, "gpu": 0.25})
    found.take(0, "nodes", None, NODES)
    found.take(0, "started", "a", None)
    now = gauges(found, 1)
    assert (now["workers"].total, now["GPU"].used, now["GPU"].total) == (4, 0.25, 1)


@pytest.mark.parametrize(("options", "slots"), [({"at_most": 2}, 2), ({"fuse": 2}, 6), ({}, 6)])
def test_slots(options: dict[str, int], slots: int) -> None:
    found = of({"cpu": 1}, **options)
    found.take(0, "nodes", None, NODES)
    assert gauges(found, 1)["workers"].total == slots


@pytest.mark.parametrize("shape", [None, Shape.of({"cpu": 1, "tpu": 1}), Shape.of({})])
def test_slots_that_nobody_knows(shape: Shape | None) -> None:
    found = Occupancy(lambda _: (1, 0), shape)
    found.take(0, "nodes", None, NODES)
    found.take(0, "started", "a", None)
    now = gauges(found, 1)
    assert (now["workers"].total, now["workers"].mean) == (None, 1)
    assert now["CPU"].total == 6


def test_a_simulation_has_no_nodes() -> None:
    found = of({"cpu": 1})
    found.take(0, "started", "a", None)
    found.take(5, "STOP", "a", {})
    found.take(5, "ended", "a", None)
    now = gauges(found, 5)
    assert (now["workers"].total, now["workers"].mean) == (None, 1)
    assert "GPU" not in now


def test_what_comes_twice_or_for_nothing_changes_nothing() -> None:
    found = of({"cpu": 1})
    found.take(0, "nodes", None, NODES)
    for what in ("suggested", "ended", "STOP", "saved", "started", "started"):
        found.take(1, what, "a", None)
    assert gauges(found, 2)["CPU"].used == 1
    found.take(2, "failing", "a", None)
    found.take(2, "ended", "a", None)
    assert gauges(found, 3)["CPU"].used == 0


def test_nobody_worked_between_two_drivers() -> None:
    found = of({"cpu": 6})
    found.take(0, "nodes", None, NODES)
    found.take(0, "started", "a", None)
    found.take(10, "started", "b", None)  # the last thing on record of the first driver
    found.take(5000, "resumed", None, {})
    found.take(5000, "started", "a", None)
    assert gauges(found, 5010)["CPU"].mean == pytest.approx(1)
