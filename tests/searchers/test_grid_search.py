"""Grid search: tables of grids, and the order of combinations."""

from __future__ import annotations

from typing import Any

import pytest
from ray import tune
from ray.tune.search import Searcher

from tuner.arms import Choice
from tuner.errors import SpecError
from tuner.searchers import build_searcher, check_searcher, default_num_samples, total_trials


def suggestions(space: dict[str, Any], seed: int = 0, **options: Any) -> list[dict[str, Any]]:
    points = options.pop("points_to_evaluate", None)
    searcher = build_searcher(
        Choice("grid", options),
        space,
        metric="loss",
        mode="min",
        seed=seed,
        points_to_evaluate=points,
    )
    found = []
    while (config := searcher.suggest(f"t{len(found)}")) != Searcher.FINISHED:
        assert isinstance(config, dict)
        found.append(config)
    assert searcher.suggest("after the end") == Searcher.FINISHED
    return found


@pytest.mark.parametrize(
    ("domain", "points", "values"),
    [
        (tune.choice(["a", [1], None]), 5, ["a", [1], None]),
        ({"grid_search": [3, 1, 2]}, 5, [3, 1, 2]),
        (tune.randint(0, 4), 5, [0, 1, 2, 3]),
        (tune.randint(0, 5), 5, [0, 1, 2, 3, 4]),
        (tune.randint(0, 101), 5, [0, 25, 50, 75, 100]),
        (tune.lograndint(1, 10001), 5, [1, 10, 100, 1000, 10000]),
        (tune.lograndint(1, 5), 3, [1, 2, 4]),
        (tune.qrandint(0, 10, 5), 5, [0, 5, 10]),
        (tune.qrandint(0, 1000, 10), 3, [0, 500, 1000]),
        (tune.uniform(0, 1), 5, [0.0, 0.25, 0.5, 0.75, 1.0]),
        (tune.uniform(-1, 1), 2, [-1.0, 1.0]),
        (tune.loguniform(1e-4, 1), 5, [1e-4, 1e-3, 1e-2, 1e-1, 1.0]),
        (tune.quniform(0, 1, 0.5), 5, [0.0, 0.5, 1.0]),
        (tune.quniform(0, 10, 2), 3, [0.0, 4.0, 10.0]),  # 5 is rounded to an even multiple
        (7, 5, [7]),
    ],
)
def test_the_values_of_a_domain(domain: Any, points: int, values: list[Any]) -> None:
    found = [config["x"] for config in suggestions({"x": domain}, points=points)]
    assert found == pytest.approx(values) if isinstance(values[0], float) else found == values
    assert [type(value) for value in found] == [type(value) for value in values]


def test_the_last_name_is_fastest() -> None:
    space = {"a": tune.choice([1, 2]), "n": {"b": {"grid_search": ["x", "y"]}, "c": 0}}
    assert suggestions(space) == [
        {"a": 1, "n": {"b": "x", "c": 0}},
        {"a": 1, "n": {"b": "y", "c": 0}},
        {"a": 2, "n": {"b": "x", "c": 0}},
        {"a": 2, "n": {"b": "y", "c": 0}},
    ]


def test_branches_are_enumerated_one_after_the_other() -> None:
    branches = [{"k": "sgd", "m": tune.choice([0, 1])}, {"k": "adam"}, "none"]
    space = {"opt": tune.choice(branches), "z": tune.choice([1, 2])}
    found = suggestions(space)
    assert [config["opt"] for config in found[::2]] == [
        {"k": "sgd", "m": 0},
        {"k": "sgd", "m": 1},
        {"k": "adam"},
        "none",
    ]
    assert len(found) == total_trials(Choice("grid"), space, None) == 8


def test_a_shuffled_grid_is_the_same_set_in_another_order() -> None:
    space = {"a": tune.randint(0, 9), "b": tune.uniform(0, 1)}
    ordered = suggestions(space, points=9)
    shuffled = suggestions(space, points=9, shuffle=True)
    assert shuffled != ordered
    assert sorted(map(str, shuffled)) == sorted(map(str, ordered))
    assert shuffled != suggestions(space, seed=1, points=9, shuffle=True)


def test_a_huge_grid_is_not_enumerated() -> None:
    space = {f"x{number}": tune.uniform(0, 1) for number in range(30)}
    options = {"points": 10, "shuffle": True}
    searcher = build_searcher(Choice("grid", options), space, metric="m", mode="min", seed=0)
    assert searcher.suggest("t0") != searcher.suggest("t1")
    assert total_trials(Choice("grid", options), space, None) == 10**30
    assert total_trials(Choice("grid", options), space, 50) == 50


def test_points_come_first_and_not_twice() -> None:
    space = {"a": tune.choice([1, 2, 3])}
    assert suggestions(space, points_to_evaluate=[{"a": 3}]) == [{"a": 3}, {"a": 1}, {"a": 2}]


def test_the_whole_grid_is_the_default() -> None:
    assert default_num_samples(Choice("grid"), {"a": tune.choice([1])}) is None


@pytest.mark.parametrize(
    ("space", "problem"),
    [
        ({"a": {"b": tune.randn(0, 1)}}, "'a/b' is normally distributed.*'random'"),
        ({"a": tune.choice([{"b": tune.randn(0, 1)}])}, r"'a\[0\]/b' is normally"),
        ({"a": tune.sample_from(lambda: 1)}, "'a' is drawn by a tune.sample_from.*'random'"),
    ],
)
def test_a_domain_without_ends_is_refused(space: dict[str, Any], problem: str) -> None:
    with pytest.raises(SpecError, match=problem):
        check_searcher(Choice("grid"), space)


@pytest.mark.parametrize("points", [1, 0, -3])
def test_too_few_points_are_refused(points: int) -> None:
    with pytest.raises(SpecError, match="grid:points must be >= 2"):
        check_searcher(Choice("grid", {"points": points}), {"a": tune.uniform(0, 1)})
