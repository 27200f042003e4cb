"""How many workers a sweep asks of a cluster that others use too."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from tuner.bundles import Shape, shape_slots
from tuner.runtime.concurrency import Concurrency
from tuner.runtime.following import Following

NODES = [{"CPU": 4.0}]


def following(*, unfinished: int, may_suggest: bool) -> Following:
    around: Any = SimpleNamespace(
        shape=Shape(({"CPU": 1.0},)),
        slots=lambda shape: shape_slots(shape, NODES),
        bounds=lambda: Concurrency(None, 8, 4),
    )
    controller: Any = SimpleNamespace(unfinished=unfinished)
    return Following(around, controller, SimpleNamespace(may_suggest=may_suggest))  # type: ignore[arg-type]


def test_a_sweep_whose_trials_are_all_paused_wants_workers_for_them() -> None:
    assert following(unfinished=2, may_suggest=False).wants == 2


def test_no_sweep_wants_more_than_there_is_room_for() -> None:
    assert following(unfinished=9, may_suggest=False).wants == 4
    assert following(unfinished=0, may_suggest=True).wants == 4
    assert following(unfinished=0, may_suggest=False).wants == 0


def test_nodes_that_join_are_used_once_they_are_admitted() -> None:
    told: list[Any] = []
    around: Any = SimpleNamespace(
        look=lambda: told.append("looked"),
        bounds=lambda: Concurrency(None, 8, 4),
        watch=SimpleNamespace(
            admit=lambda *ids: told.append(ids), leaving=frozenset(), avoided=frozenset({"bad"})
        ),
    )
    controller: Any = SimpleNamespace(
        admit=lambda ids: told.append(("workers", ids)),
        avoid=lambda ids: told.append(("never", ids)),
        vacate=lambda ids: None,
        resize=lambda *bounds: None,
    )
    admission: Any = SimpleNamespace(
        look=lambda: told.append("asked"), admitted=frozenset({"good"}), refused=frozenset({"bad"})
    )
    Following(around, controller, SimpleNamespace(), admission).look()  # type: ignore[arg-type]
    assert told == [
        "asked", ({"good"}, {"bad"}), ("workers", {"good"}), "looked", ("never", {"bad"})
    ]  # fmt: skip
