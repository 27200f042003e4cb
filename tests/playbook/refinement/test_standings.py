"""Standings: what can be compared at one time, and what says nothing."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from stored_sweeps import Planted, planted, stored

from tuner.objectives import Objective
from tuner.playbook.refinement.standings import Standings, standings

NAN, INF = math.nan, math.inf


def judged(folder: Path, *trials: Planted, mode: Any = "min", **more: Any) -> Standings:
    sweep = stored(folder, trials, mode=mode, space={"x": 0}, max_t=4)
    return standings(
        sweep.trials(), sweep.reports(), objective=Objective("loss", mode), time_attr="epoch",
        **more,
    )  # fmt: skip


def trial(x: float, *losses: float, outcome: str | None = "completed") -> Planted:
    return planted({"x": x}, *losses, outcome=outcome)


def test_full_curves_are_compared_at_their_end_by_their_best(tmp_path: Path) -> None:
    found = judged(tmp_path, *(trial(x, 9, x, 8, 7) for x in range(6)))
    assert found.time == 4
    assert found.costs.tolist() == [0, 1, 2, 3, 4, 5]
    assert found.good() == [0, 1, 2, 3, 4]
    assert found.left_out == {}


def test_costs_are_lower_where_the_metric_is_better(tmp_path: Path) -> None:
    found = judged(tmp_path, *(trial(x, x) for x in range(6)), mode="max")
    assert found.good() == [5, 4, 3, 2, 1]


def test_stopped_trials_are_worse_than_those_that_went_on(tmp_path: Path) -> None:
    whole = [trial(x, 9, 8, 7, x) for x in range(5)]
    stopped = [trial(10 + x, 0.5, outcome="stopped") for x in range(5)]  # better, but early
    found = judged(tmp_path, *whole, *stopped)
    assert found.time == 4
    assert found.costs.tolist() == [0, 1, 2, 3, 4, *[INF] * 5]
    assert found.good() == [0, 1, 2, 3, 4]


def test_the_time_is_the_latest_that_as_many_came_to_as_are_good(tmp_path: Path) -> None:
    whole = [trial(x, 5 + x, 5 + x, 5 + x, 0) for x in range(3)]
    stopped = [trial(10 + x, x, x, outcome="stopped") for x in range(4)]
    found = judged(tmp_path, *whole, *stopped)
    assert found.time == 2  # only three came to 4, and five are good
    assert found.costs.tolist() == [5, 6, 7, 0, 1, 2, 3]
    assert found.good() == [3, 4, 5, 6, 0]


def test_what_says_nothing_is_left_out_and_counted(tmp_path: Path) -> None:
    found = judged(
        tmp_path,
        *(trial(x, 1, 1, 1, x) for x in range(5)),
        trial(5, 1, outcome="failed"),
        trial(6, 1, outcome="hung"),
        trial(7, NAN, outcome="completed"),
        trial(8, 0, outcome="interrupted"),
        trial(9, 0, outcome=None),
        trial(10, 1, NAN, outcome="diverged"),
        trial(11, 1, 1, 1, 0),
        copied=frozenset({"t000011"}),
    )
    assert [config["x"] for config in found.configs] == [0, 1, 2, 3, 4, 10]
    assert found.costs[-1] == INF
    assert found.left_out == {
        "failed": 1,
        "hung": 1,
        "reported no finite value": 1,
        "cut off too early": 2,
        "copied others": 1,
    }


def test_a_trial_that_completed_early_is_complete(tmp_path: Path) -> None:
    found = judged(tmp_path, trial(0, 0.1), *(trial(x, 9, 9, 9, x) for x in range(1, 6)))
    assert found.costs.tolist() == [0.1, 1, 2, 3, 4, 5]


@pytest.mark.parametrize("trials", [(), (trial(0, NAN),), tuple(trial(x, x) for x in range(4))])
def test_with_too_few_nothing_is_good(tmp_path: Path, trials: tuple[Planted, ...]) -> None:
    assert judged(tmp_path, *trials).good() == []


def test_good_among_some(tmp_path: Path) -> None:
    found = Standings(tuple({} for _ in range(12)), np.arange(12.0)[::-1].copy(), 1, {})
    assert found.good(range(6)) == [5, 4, 3, 2, 1]
    assert found.good([0, 1, 2, 3]) == []
