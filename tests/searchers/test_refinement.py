"""Coarse-to-fine grids: by hand, and in order of rounds."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ray import tune
from ray.tune.search import Searcher

from tuner.arms import Choice, parse_choice
from tuner.errors import SpecError
from tuner.searchers import build_searcher, check_searcher, total_trials
from tuner.searchers.refinement import Refinement
from tuner.space import contains

Config = dict[str, Any]


def around(space: Config, points: int, *centers: Config) -> list[Config]:
    """Return the last of the grids placed around ``centers`` in turn."""
    refinement = Refinement(space, points)
    for center in centers:
        grid = refinement.around(center)
    return [grid.at(index) for index in range(grid.size)]


def trials(spelling: str, space: Config, loss: Callable[[Config], float], **task: Any) -> list[Any]:
    searcher: Any = build_searcher(
        parse_choice(spelling), space, **{"metric": "loss", "mode": "min", "seed": 0, **task}
    )
    found: list[Config] = []
    while (config := searcher.suggest(f"t{len(found)}")) != Searcher.FINISHED:
        found.append(config)
        result = {"loss": loss(config), "training_iteration": 1}
        searcher.on_trial_complete(f"t{len(found) - 1}", result)
    return found


@pytest.mark.parametrize(
    ("domain", "points", "centers", "values"),
    [
        # known: 0 1/2 1; the cell is [0, 1], of which 3 inner points are quarters
        (tune.uniform(0, 1), 3, [0.5], [0.25, 0.5, 0.75]),
        # known then: 0 1/4 1/2 3/4 1; the cell is [1/2, 1]
        (tune.uniform(0, 1), 3, [0.5, 0.75], [0.625, 0.75, 0.875]),
        # the end itself, and 2 more before the next known
        (tune.uniform(0, 1), 3, [0.0], [0.0, 1 / 6, 1 / 3]),
        (tune.uniform(0, 1), 2, [1.0], [0.5, 1.0]),
        # known: 1e-4 1e-2 1
        (tune.loguniform(1e-4, 1), 3, [1e-2], [1e-3, 1e-2, 1e-1]),
        # known: 0 50 100
        (tune.randint(0, 101), 3, [50], [25, 50, 75]),
        (tune.randint(0, 4), 5, [2], [2]),
        # known: 0 4 10; the cell is [0, 10] in steps of 2
        (tune.quniform(0, 10, 2), 3, [4.0], [2.0, 4.0, 8.0]),
        # not one of the known: between those around it, 0.5 and 1
        (tune.uniform(0, 1), 3, [0.6], [0.625, 0.75, 0.875]),
        (tune.choice(["a", "b"]), 3, ["b"], ["b"]),
        (tune.grid_search([1, 2]), 3, [2], [2]),
        (7, 3, [7], [7]),
    ],
)
def test_the_values_around_a_value(
    domain: Any, points: int, centers: list[Any], values: list[Any]
) -> None:
    found = [c["x"] for c in around({"x": domain}, points, *({"x": x} for x in centers))]
    assert found == (pytest.approx(values) if isinstance(values[0], float) else values)
    assert [type(value) for value in found] == [type(value) for value in values]


def test_only_the_chosen_branch_is_refined() -> None:
    space = {
        "o": tune.choice(
            [{"k": "a", "m": tune.uniform(0, 1)}, {"k": "b", "m": tune.uniform(2, 3)}]
        ),
        "n": {"x": tune.uniform(0, 1), "c": None},
    }
    grid = around(space, 2, {"o": {"k": "b", "m": 2.0}, "n": {"x": 1.0, "c": None}})
    assert grid == [
        {"o": {"k": "b", "m": m}, "n": {"x": x, "c": None}} for m in (2.0, 2.5) for x in (0.5, 1.0)
    ]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6), st.integers(2, 6), st.booleans())
def test_grids_stay_in_the_space_and_close_in(targets: list[float], points: int, log: bool) -> None:
    """Around the value nearest to a target each grid is finer, and leaves the target in reach."""
    domain = tune.loguniform(1e-3, 1) if log else tune.uniform(0, 1)
    scale = (lambda x: 1 + math.log10(x) / 3) if log else (lambda x: x)
    target = targets[0]
    refinement, value, width = Refinement({"x": domain}, points), 1e-3 if log else 0.0, 1.0
    known = [1e-3, 1.0] if log else [0.0, 1.0]
    for _ in range(4):
        grid = refinement.around({"x": value})
        found = [grid.at(index)["x"] for index in range(grid.size)]
        assert all(contains({"x": domain}, {"x": x}) == [] for x in found)
        known += found
        value = min(known, key=lambda x: abs(scale(x) - target))
    assert abs(scale(value) - target) <= width / 2


def test_a_round_lies_around_the_best_so_far() -> None:
    space = {"x": tune.uniform(0, 1), "k": tune.choice(["a", "b"])}
    found = trials("grid:points=3,rounds=3", space, lambda c: abs(c["x"] - 0.8) + (c["k"] == "a"))
    assert [config["x"] for config in found[:6]] == [0.0, 0.0, 0.5, 0.5, 1.0, 1.0]
    # 1.0 is the best: from it down to 0.5. Then 5/6: from 2/3 to 1.0.
    assert [config["x"] for config in found[6:]] == pytest.approx([2 / 3, 5 / 6, 3 / 4, 11 / 12])
    assert all(config["k"] == "b" for config in found[6:])


def test_with_max_the_best_is_the_largest() -> None:
    found = trials(
        "grid:points=2,rounds=2", {"x": tune.uniform(0, 1)}, lambda c: c["x"], mode="max"
    )
    assert [config["x"] for config in found] == [0.0, 1.0, 0.5]


def test_it_gets_nearer_with_every_round() -> None:
    space = {"lr": tune.loguniform(1e-5, 1), "n": tune.randint(1, 200)}

    def loss(config: Config) -> float:
        return abs(math.log10(config["lr"]) + 2.3) + abs(config["n"] - 61) / 50

    best = [
        min(map(loss, trials(f"grid:points=3,rounds={rounds}", space, loss)))
        for rounds in (1, 2, 3, 5)
    ]
    assert best == sorted(best, reverse=True)
    assert best[-1] < 0.1 * best[0]


def test_no_configuration_is_tried_twice_and_the_end_comes() -> None:
    space = {"n": tune.randint(0, 10), "q": tune.quniform(0, 1, 0.25)}
    found = trials("grid:points=3,rounds=50", space, lambda c: c["n"] + c["q"])
    assert len(found) == len({str(config) for config in found}) <= 50


def test_a_round_waits_for_the_one_before() -> None:
    searcher: Any = build_searcher(
        Choice("grid", {"points": 2, "rounds": 2}), {"x": tune.uniform(0, 1)},
        metric="loss", mode="min", seed=0,
    )  # fmt: skip
    assert [searcher.suggest(f"t{number}")["x"] for number in range(2)] == [0.0, 1.0]
    assert searcher.suggest("t2") is None
    searcher.on_trial_complete("t0", {"loss": 2.0, "training_iteration": 1})
    assert searcher.suggest("t2") is None
    searcher.on_trial_complete("t1", {"loss": 1.0, "training_iteration": 1})
    assert searcher.suggest("t2") == {"x": 0.5}
    assert searcher.suggest("t3") == Searcher.FINISHED


@pytest.mark.parametrize("end", [{"loss": math.nan}, {"loss": "?"}, {}, None])
def test_without_any_result_there_is_no_next_round(end: Any) -> None:
    searcher: Any = build_searcher(
        Choice("grid", {"points": 2, "rounds": 2}), {"x": tune.uniform(0, 1)},
        metric="loss", mode="min", seed=0,
    )  # fmt: skip
    for number in range(2):
        searcher.suggest(f"t{number}")
        searcher.on_trial_complete(f"t{number}", end, error=end is None)
    assert searcher.suggest("t2") == Searcher.FINISHED


def test_a_better_point_becomes_the_center() -> None:
    found = trials(
        "grid:points=2,rounds=2", {"x": tune.uniform(0, 1)}, lambda c: abs(c["x"] - 0.3),
        points_to_evaluate=[{"x": 0.3}],
    )  # fmt: skip
    assert [config["x"] for config in found] == pytest.approx([0.3, 0.0, 1.0, 1 / 3, 2 / 3])


def test_all_rounds_count() -> None:
    space = {"x": tune.uniform(0, 1), "k": tune.choice("abc")}
    choice = parse_choice("grid:points=3,rounds=4")
    assert total_trials(choice, space, None) == 36
    assert total_trials(choice, space, 10) == 10
    with pytest.raises(SpecError, match="grid:rounds must be >= 1; got 0"):
        check_searcher(parse_choice("grid:rounds=0"), space)
