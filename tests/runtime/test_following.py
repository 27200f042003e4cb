"""How many workers a sweep asks of a cluster that others use too."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from tuner.bundles import Shape
from tuner.runtime.concurrency import Concurrency
from tuner.runtime.following import Following

NODES = [{"CPU": 4.0}]


def following(*, unfinished: int, may_suggest: bool) -> Following:
    around: Any = SimpleNamespace(
        shape=Shape(({"CPU": 1.0},)), nodes=NODES, bounds=lambda: Concurrency(None, 8, 4)
    )
    controller: Any = SimpleNamespace(unfinished=unfinished)
    return Following(around, controller, SimpleNamespace(may_suggest=may_suggest))  # type: ignore[arg-type]


def test_a_sweep_whose_trials_are_all_paused_wants_workers_for_them() -> None:
    assert following(unfinished=2, may_suggest=False).wants == 2


def test_no_sweep_wants_more_than_there_is_room_for() -> None:
    assert following(unfinished=9, may_suggest=False).wants == 4
    assert following(unfinished=0, may_suggest=True).wants == 4
    assert following(unfinished=0, may_suggest=False).wants == 0
