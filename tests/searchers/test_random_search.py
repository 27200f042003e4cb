"""Random search: rounds over grids, and functions that draw from the global generators."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from ray import tune
from ray.tune.search import Searcher

from tuner.arms import Choice
from tuner.errors import SpecError
from tuner.searchers import build_searcher, default_num_samples, total_trials

RANDOM = Choice("random")


def suggestions(space: dict[str, Any], *, limit: int = 50, seed: int = 0, **task: Any) -> list[Any]:
    searcher = build_searcher(RANDOM, space, metric="loss", mode="min", seed=seed, **task)
    found: list[Any] = []
    while len(found) < limit:
        config = searcher.suggest(f"t{len(found)}")
        if config == Searcher.FINISHED:
            break
        found.append(config)
    return found


def test_a_round_is_one_draw_per_combination_of_the_grids() -> None:
    space = {
        "a": tune.grid_search([1, 2]),
        "b": {"c": tune.grid_search(["x", "y", "z"]), "d": tune.uniform(0, 1)},
    }
    found = suggestions(space, num_samples=2)
    combinations = [(config["a"], config["b"]["c"]) for config in found]
    assert len(found) == total_trials(RANDOM, space, 2) == 12
    assert sorted(combinations[:6]) == sorted(combinations[6:]) == sorted(set(combinations))
    assert len({config["b"]["d"] for config in found}) == 12


def test_a_grid_of_branches_is_resolved() -> None:
    space = {"o": tune.grid_search([{"k": 1, "lr": tune.uniform(0, 1)}, {"k": 2}])}
    found = suggestions(space, num_samples=1)
    assert [config["o"]["k"] for config in found] == [1, 2]
    assert 0 <= found[0]["o"]["lr"] <= 1
    assert found[1] == {"o": {"k": 2}}


def test_without_num_samples_there_is_no_end() -> None:
    assert len(suggestions({"a": tune.uniform(0, 1)}, limit=50)) == 50
    assert total_trials(RANDOM, {"a": tune.uniform(0, 1)}, None) is None


def test_a_point_takes_the_place_of_a_round() -> None:
    space = {"a": tune.grid_search([1, 2]), "b": tune.uniform(0, 1)}
    point = {"a": 2, "b": 0.5}
    found = suggestions(space, num_samples=2, points_to_evaluate=[point])
    assert found[0] == point
    assert [config["a"] for config in found[1:]] == [1, 2]


def test_a_function_draws_from_the_searchers_stream() -> None:
    space = {
        "a": tune.randint(5, 10),
        "b": tune.sample_from(lambda config: config["a"] * 2),
        "c": tune.sample_from(lambda: random.random()),
        "d": tune.sample_from(lambda config: float(np.random.uniform())),
    }
    random.seed(0)
    np.random.seed(0)
    expected = random.Random(0).random(), np.random.RandomState(0).uniform()
    found = suggestions(space, limit=5)
    assert (random.random(), np.random.uniform()) == expected
    assert all(config["b"] == config["a"] * 2 for config in found)
    assert len({config["c"] for config in found}) == len({config["d"] for config in found}) == 5
    random.seed(1)
    np.random.seed(1)
    assert suggestions(space, limit=5) == found
    assert suggestions(space, limit=5, seed=1) != found


def test_a_function_that_fails_is_named() -> None:
    def fail() -> float:
        raise RuntimeError("no")

    with pytest.raises(SpecError, match=r"'b'.*tune.sample_from"):
        suggestions({"a": tune.uniform(0, 1), "b": tune.sample_from(fail)})


def test_a_constant_space_is_sampled_too() -> None:
    assert suggestions({"a": 1}, num_samples=3) == [{"a": 1}] * 3


def test_default_num_samples() -> None:
    assert default_num_samples(RANDOM, {"a": tune.uniform(0, 1)}) == 32
    assert default_num_samples(RANDOM, {"a": {"b": tune.grid_search([1, 2])}}) == 1
