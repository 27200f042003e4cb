"""Constraints between hyperparameters, and no configuration twice, for every searcher."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pytest
from ray import tune
from ray.tune.search import Searcher
from ray.tune.search.hyperopt import HyperOptSearch
from ray.tune.search.optuna import OptunaSearch

from tuner.arms import parse_choice
from tuner.errors import SpaceError, SpecError
from tuner.searchers import adopt_searcher, build_searcher
from tuner.searchers.screening import Screen

GOAL: dict[str, Any] = {"metric": "loss", "mode": "min"}
DRAWING = [
    "halton",
    "sobol",
    "hyperopt:n_initial_points=5",
    "optuna:n_startup_trials=5",
    "optuna:sampler=cmaes",
    "optuna:sampler=nsga2,population_size=5",
    "evolution:population_size=5",
    "bohb",
]
EVERY = ["random", "random:unique=true", "grid:points=4", "grid:points=4,rounds=3", *DRAWING]
SPACE = {
    "x": tune.uniform(0, 1),
    "y": tune.uniform(0, 1),
    "kind": tune.choice([{"z": tune.uniform(0, 1)}, "none"]),
}
FINITE = {
    "a": tune.choice(["p", {"b": tune.choice([True, False])}]),
    "n": tune.randint(0, 2),
    "m": tune.quniform(0, 0.5, 0.5),
}


def build(spelling: str, space: dict[str, Any], **task: Any) -> Searcher:
    if spelling.startswith("bohb"):
        pytest.importorskip("hpbandster", reason="needs requirements/bohb.txt")
    return build_searcher(parse_choice(spelling), space, **{**GOAL, "seed": 0, **task})


def run(searcher: Searcher, most: int, loss: Any = lambda config: 1.0) -> list[dict[str, Any]]:
    """Run trials one after the other until the searcher or ``most`` ends it."""
    found: list[dict[str, Any]] = []
    while len(found) < most:
        config: Any = searcher.suggest(f"t{len(found)}")
        if config == Searcher.FINISHED:
            break
        result = {"loss": loss(config), "training_iteration": 1, "hyperband_info": {"budget": 1.0}}
        searcher.on_trial_result(f"t{len(found)}", result)
        searcher.on_trial_complete(f"t{len(found)}", result)
        found.append(config)
    return found


def below_the_diagonal(config: Mapping[str, Any]) -> bool:
    inner = config["kind"]["z"] if isinstance(config["kind"], dict) else 0.5
    return bool(config["x"] + config["y"] < 0.7 and inner < 0.8)


@pytest.mark.parametrize("spelling", EVERY)
def test_only_feasible_configurations_are_suggested(spelling: str) -> None:
    searcher = build(spelling, SPACE, constraint=below_the_diagonal)
    # the better, the farther outside: a model wants to go there
    configs = run(searcher, 16, lambda config: -config["x"] - config["y"])
    assert len(configs) >= 10
    assert all(map(below_the_diagonal, configs))


@pytest.mark.parametrize("spelling", ["random", "sobol", "evolution"])
def test_what_is_looked_at_before_the_start_changes_nothing(spelling: str) -> None:
    free = run(build(spelling, SPACE), 10)
    assert run(build(spelling, SPACE, constraint=lambda config: True), 10) == free


@pytest.mark.parametrize("spelling", EVERY)
def test_where_nothing_is_feasible_it_says_so(spelling: str) -> None:
    with pytest.raises(
        SpecError, match=r"must satisfy the scenario's constraint, but none.*loosen"
    ):
        build(spelling, SPACE, constraint=lambda config: config["x"] > 2)


@pytest.mark.parametrize("spelling", EVERY)
def test_an_infeasible_point_is_refused(spelling: str) -> None:
    point = {"x": 0.6, "y": 0.6, "kind": "none"}
    with pytest.raises(SpecError, match=r"points_to_evaluate\[0\] must satisfy.*'y': 0.6"):
        build(spelling, SPACE, constraint=below_the_diagonal, points_to_evaluate=[point])


@pytest.mark.parametrize(
    ("constraint", "problem"),
    [
        (lambda config: config["kind"]["z"] < 0.5, "raised TypeError.*only some branches"),
        (lambda config: config["x"], "must return True .feasible. or False, but it returned 0"),
    ],
)
@pytest.mark.parametrize("spelling", ["random", "grid", "sobol"])
def test_a_constraint_that_fails_is_named(spelling: str, constraint: Any, problem: str) -> None:
    with pytest.raises(SpaceError, match=problem):
        run(build(spelling, SPACE, constraint=constraint), 20)


def test_a_constraint_cannot_change_a_suggestion() -> None:
    def meddle(config: dict[str, Any]) -> bool:
        config["x"] = 7
        return True

    configs = run(build("random", SPACE, constraint=meddle), 5)
    assert all(config["x"] <= 1 for config in configs)


@pytest.mark.parametrize("spelling", [*DRAWING, "random:unique=true"])
def test_no_configuration_is_suggested_twice(spelling: str) -> None:
    if "cmaes" in spelling:
        pytest.skip("searches no space of two numbers that every trial has")
    configs = run(build(spelling, FINITE), 30, lambda config: config["n"])
    assert len(configs) == 12 == len({str(config) for config in configs})


@pytest.mark.parametrize("spelling", ["random", "grid"])
def test_an_option_that_is_listed_twice_is_tried_twice(spelling: str) -> None:
    space = {"repeat": tune.grid_search([0, 0, 0])}
    assert run(build(spelling, space, num_samples=1), 10) == [{"repeat": 0}] * 3


@pytest.mark.parametrize("spelling", ["random:unique=true", "sobol", "hyperopt", "evolution"])
def test_points_and_trials_taken_over_are_known(spelling: str) -> None:
    space = {"a": tune.choice([1, 2, 3])}
    searcher: Any = build(spelling, space, points_to_evaluate=[{"a": 3}, {"a": 3}])
    taken = searcher.take_over("other", {"a": 1})
    configs = run(searcher, 9)
    assert [config["a"] for config in configs[:2]] == [3, 3]  # who lists a point twice means it
    assert sorted(config["a"] for config in configs[2:]) == ([2] if taken else [1, 2])


@pytest.mark.parametrize("spelling", ["sobol", "evolution"])
def test_what_a_function_gives_makes_no_difference(spelling: str) -> None:
    space = {"a": tune.choice([1, 2]), "noise": tune.sample_from(lambda: math.pi)}
    assert len(run(build(spelling, space), 9)) == 2


@pytest.mark.parametrize("spelling", ["random", "sobol", "evolution"])
def test_a_constraint_sees_what_functions_give(spelling: str) -> None:
    space = {
        "a": tune.uniform(0, 1),
        "square": tune.sample_from(lambda config: config["a"] ** 2),
    }
    configs = run(build(spelling, space, constraint=lambda config: config["square"] < 0.25), 20)
    assert all(config["square"] == config["a"] ** 2 < 0.25 for config in configs)


def test_a_combination_of_grids_that_is_never_feasible_is_left_out() -> None:
    space = {"g": tune.grid_search([1, 2, 3]), "x": tune.uniform(0, 1)}
    searcher = build(
        "random", space, num_samples=2, constraint=lambda c: c["g"] != 2 and c["x"] < 0.5
    )
    configs = run(searcher, 50)
    assert [config["g"] for config in configs] == [1, 3, 1, 3]
    assert all(config["x"] < 0.5 for config in configs)


def test_a_grid_leaves_infeasible_combinations_out() -> None:
    space = {"a": tune.randint(0, 4), "b": tune.choice([0, 1, 2, 3])}
    configs = run(build("grid", space, constraint=lambda c: c["a"] + c["b"] == 3), 50)
    assert configs == [{"a": a, "b": 3 - a} for a in range(4)]


def test_the_search_for_a_feasible_combination_of_a_huge_grid_ends() -> None:
    space = {f"x{number}": tune.uniform(0, 1) for number in range(8)}
    with pytest.raises(SpecError, match="none of 100,000 of the grid does"):
        build("grid:shuffle=true", space, constraint=lambda config: False)


def test_points_may_be_all_that_is_feasible_of_a_grid() -> None:
    space = {"a": tune.choice([1, 2, 3])}
    points = {"points_to_evaluate": [{"a": 3}], "constraint": lambda config: config["a"] == 3}
    assert run(build("grid", space, **points), 9) == [{"a": 3}]


@pytest.mark.parametrize("build_bare", [HyperOptSearch, OptunaSearch])
def test_a_users_own_searcher_is_asked_again(build_bare: Any) -> None:
    told: list[str] = []

    class Listening(build_bare):  # type: ignore[misc]
        def on_trial_complete(self, trial_id: str, *args: Any, **options: Any) -> None:
            told.append(trial_id)
            super().on_trial_complete(trial_id, *args, **options)

    space = {"x": tune.uniform(0, 1), "y": tune.uniform(0, 1)}
    searcher = adopt_searcher(
        Listening(), space, constraint=lambda c: c["x"] + c["y"] < 0.5, **GOAL
    )
    configs = run(searcher, 10)
    assert all(config["x"] + config["y"] < 0.5 for config in configs)
    assert len(told) == len(set(told)) > 10  # no id is told of twice, or Optuna would not listen


def test_a_users_own_searcher_is_not_asked_for_ever() -> None:
    searcher = adopt_searcher(
        HyperOptSearch(), {"x": tune.uniform(0, 1)}, constraint=lambda config: False, **GOAL
    )
    with pytest.raises(SpecError, match="HyperOptSearch suggested nothing in 100 draws"):
        searcher.suggest("t0")


def test_two_branches_that_hold_the_same_are_one_configuration() -> None:
    space = {"o": tune.choice([{"v": tune.choice([1, 2])}, {"v": tune.choice([2, 3])}])}
    screen = Screen(space, None)
    screen.remember({"o": {"v": 2}})
    assert not screen.admits({"o": {"v": 2}})
    assert screen.admits({"o": {"v": 3}})
