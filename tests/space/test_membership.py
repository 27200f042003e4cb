"""Does a configuration lie in a space?"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ray import tune
from ray.tune.search.variant_generator import generate_variants
from space_strategies import SPACES, unhurried

from tuner.space import contains


@unhurried
@given(space=SPACES, seed=st.integers(0, 2**32 - 1))
def test_what_ray_draws_lies_in_the_space(space: dict[str, Any], seed: int) -> None:
    random_state = np.random.RandomState(seed)
    for _, config in generate_variants(space, random_state=random_state):
        assert contains(space, config) == []


@pytest.mark.parametrize(
    ("domain", "inside", "outside"),
    [
        (tune.uniform(0, 1), [0, 1, 0.5, np.float32(0.5)], [-0.1, 1.1, math.nan, "1", None, True]),
        (tune.loguniform(1e-4, 1), [1e-4, 1.0, 1 + 1e-12], [0, 9e-5, 1.001]),
        (tune.quniform(0, 1, 0.1), [0.3, 0.1 + 0.2, 1], [0.25, 1.1]),
        (tune.randint(1, 4), [1, 3, np.int64(2)], [0, 4, 2.0, True, None]),
        (tune.lograndint(1, 4), [1, 3], [0, 4]),
        (tune.qrandint(0, 10, 2), [0, 10], [11, 12, 3]),
        (tune.qrandint(0, 10, 1), [0, 9], [10]),
        (tune.randn(0, 1), [-100.0, 3], [math.inf, math.nan, "x"]),
        (tune.qrandn(0, 1, 0.5), [-1.5], [0.3]),
        (tune.choice([1, None, (1, 2)]), [1, None, [1, 2], (1, 2)], [True, 2, (1,), "1"]),
        (tune.choice([math.nan, "a"]), [math.nan, "a", np.str_("a")], [1.0, "b"]),
        (tune.choice([{"x": [1]}]), [{"x": [1]}], [{"x": [2]}, {}, {"x": [1], "y": 1}]),
        ({"grid_search": [1, 2]}, [1, 2], [3, [1]]),
        (tune.sample_from(lambda config: 1), [object()], []),
        (3, [3, 3.0], [4, True, None]),
        ([1, {"a": None}], [[1, {"a": None}]], [[1], [1, {"a": 0}]]),
        ({}, [{}], [{"x": 1}, 3]),
    ],
)
def test_values(domain: Any, inside: list[Any], outside: list[Any]) -> None:
    for value in inside:
        assert contains({"m": {"x": domain}}, {"m": {"x": value}}) == [], value
    for value in outside:
        problems = contains({"m": {"x": domain}}, {"m": {"x": value}})
        assert len(problems) == 1, value
        assert problems[0].startswith("m/x ")


SPACE = {
    "lr": tune.uniform(0, 1),
    "optimizer": tune.choice(
        [
            {"name": "sgd", "momentum": tune.uniform(0, 1)},
            {"name": "adam", "momentum": tune.uniform(2, 3)},
            "none",
        ]
    ),
}


@pytest.mark.parametrize(
    ("config", "problems"),
    [
        ({"lr": 0.5, "optimizer": {"name": "sgd", "momentum": 0.5}}, []),
        ({"lr": 0.5, "optimizer": {"name": "adam", "momentum": 2.5}}, []),
        ({"lr": 0.5, "optimizer": "none"}, []),
        ({"lr": 0.5}, ["optimizer is missing"]),
        ({"lr": 2, "optimizer": "none", "x": 1}, ["x is not in the space", "lr must satisfy"]),
        ({"lr": 0.5, "optimizer": {"name": "sgd", "momentum": 2.5}}, ["optimizer must be one of"]),
    ],
)
def test_problems(config: dict[str, Any], problems: list[str]) -> None:
    found = contains(SPACE, config)
    assert len(found) == len(problems)
    assert all(line.startswith(start) for line, start in zip(found, problems, strict=True))


def test_the_nearest_branch_is_reported_where_all_options_are_branches() -> None:
    space = {"a": tune.choice([{"x": tune.uniform(0, 1)}, {"y": 1, "z": tune.uniform(0, 1)}])}
    assert contains(space, {"a": {"x": 2}}) == ["a[0]/x must satisfy 0 <= value <= 1, but is 2"]


def test_a_partial_configuration() -> None:
    assert contains(SPACE, {"lr": 0.5}, partial=True) == []
    assert contains(SPACE, {"optimizer": {"name": "sgd"}}, partial=True) == []
    assert len(contains(SPACE, {"rl": 0.5}, partial=True)) == 1
