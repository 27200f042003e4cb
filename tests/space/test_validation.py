"""Spaces that no searcher could draw from are refused, naming the place and the remedy."""

from __future__ import annotations

import math
import re
from typing import Any

import hyperopt
import numpy as np
import optuna
import pytest
import scipy.stats
from hypothesis import given
from ray import tune
from ray.tune.search.sample import Categorical, Domain, Float, Integer
from space_strategies import SPACES, unhurried

from tuner.errors import SpaceError
from tuner.space import validate


@unhurried
@given(space=SPACES)
def test_valid_spaces_pass(space: dict[str, Any]) -> None:
    validate(space)


@pytest.mark.parametrize(
    "value",
    [
        np.float32(1),
        np.int64(1),
        np.bool_(True),
        np.str_("a"),
        (1, [2, {"a": None}]),
        math.nan,
        {},
        tune.sample_from(lambda config: 1),
        tune.uniform(np.float64(0), np.int64(1)),
        tune.randint(np.int64(1), 3),
        tune.qrandint(4, 5, 5),
        tune.randint(-(2**62), 2**63 - 1),
        Float(0, 1),
        Integer(0, 1),
        Categorical([1]).grid(),
        {"grid_search": ({"x": tune.uniform(0, 1)}, 2)},
        tune.choice([{"x": tune.choice([{"y": tune.uniform(0, 1)}])}, None]),
    ],
)
def test_more_that_pass(value: Any) -> None:
    validate({"a": {"b": value}})


def place(path: str) -> str:
    return re.escape(f"space[{path!r}]")


@pytest.mark.parametrize(
    ("space", "message"),
    [
        ({}, "must not be empty"),
        (None, "must be a dict.*NoneType"),
        ([tune.uniform(0, 1)], "must be a dict.*list"),
        ({1: 2}, "has the key 1, but a name must be a non-empty string"),
        ({"": 2}, "has the key ''"),
        ({"a/b": 2}, "has the key 'a/b'"),
        ({"model": {"a/b": 2}}, place("model") + " has the key 'a/b'"),
        ({"a": [{"b": {1: 2}}]}, place("a[0]/b") + " has the key 1"),
    ],
)
def test_shape_and_keys(space: Any, message: str) -> None:
    with pytest.raises(SpaceError, match=message):
        validate(space)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (tune.loguniform, r"is tune.loguniform itself; call it .* tune.loguniform\(...\)"),
        (tune.choice, "is tune.choice itself"),
        (scipy.stats.loguniform(1e-4, 1), "must be a ray.tune domain.*of scipy"),
        (scipy.stats.uniform, "must be a ray.tune domain.*of scipy"),
        (hyperopt.hp.uniform("lr", 0, 1), "must be a ray.tune domain.*of hyperopt"),
        (hyperopt.hp.choice("lr", [0, 1]), "must be a ray.tune domain.*of hyperopt"),
        (optuna.distributions.FloatDistribution(0, 1), "must be a ray.tune domain.*of optuna"),
        (lambda: 1, "is the callable"),
        (dict, "is the callable"),
        (np.random.rand, "is the callable"),
        ("".join, "is the callable"),
        (object(), "is a object; put objects into the trainable with tune.with_parameters"),
        (np.arange(3), "is a ndarray; put objects"),
        ({1, 2}, "is a set; put objects"),
        (b"x", "is a bytes; put objects"),
        (1j, "complex"),
        (Domain(), "must be a domain made by ray.tune"),
    ],
)
def test_what_is_no_domain(value: Any, message: str) -> None:
    for space, path in (
        ({"model": {"lr": value}}, "model/lr"),
        ({"model": tune.choice([{"lr": value}])}, "model[0]/lr"),
    ):
        with pytest.raises(SpaceError, match=f"{place(path)} .*{message}"):
            validate(space)


@pytest.mark.parametrize(
    ("domain", "message"),
    [
        (tune.uniform(1, 0), "must have lower < upper, but the bounds are 1 and 0"),
        (tune.uniform(1, 1), "write the value itself"),
        (tune.randint(3, 3), "must have lower < upper"),
        (tune.qrandint(5, 1, 2), "must have lower < upper"),
        (tune.loguniform(1, 0.1), "must have lower < upper"),
        (Float(math.nan, 1), "must have finite bounds"),
        (Float(0, math.inf), "must have finite bounds"),
        (Float(None, None), "must have finite bounds"),
        (Integer(0, math.inf), "must have finite bounds"),
        (Float(0, np.float64("nan")), "must have finite bounds"),
        (tune.randint(0.5, 3), "must have whole bounds"),
        (tune.randint(0, 2**63), "must have whole numbers of 64 bits"),
        (tune.lograndint(1, 2**70), "must have whole numbers of 64 bits"),
        (tune.randint(False, True), "must have whole bounds"),
        (Integer("1", "2"), "must have finite bounds"),
        (tune.qrandint(5, 8, 9), "no multiple of q=9 between 5 and 8"),
        (tune.qrandint(1, 8, 0), "must have a quantum > 0, but q is 0"),
        (tune.qrandint(1, 8, -2), "must have a quantum > 0"),
        (tune.randn(math.inf, 1), "finite mean and sd"),
        (tune.randn(0, math.inf), "finite mean and sd"),
        (tune.choice([]), "must offer at least one value"),
        (Categorical([]).grid(), "must list at least one value"),
        ({"grid_search": []}, "must list at least one value"),
        ({"grid_search": 3}, "must list at least one value, but grid_search is 3"),
        ({"grid_search": [1], "x": 2}, "grid_search beside other keys"),
        ({"eval": "1"}, "run its value as Python code"),
        ([tune.uniform(0, 1)], "is a domain inside a list"),
        (({"grid_search": [1]},), "is a domain inside a tuple"),
        ([{"x": tune.uniform(0, 1)}], "dict with domains inside a list"),
        (tune.choice([tune.uniform(0, 1)]), "bare domain as an option"),
        ({"grid_search": [tune.uniform(0, 1)]}, "bare domain as an option"),
        (tune.choice([{"x": {"grid_search": [1, 2]}}]), "grid_search inside a choice"),
        (tune.choice([1, {"x": tune.uniform(1, 0)}]), "must have lower < upper"),
    ],
)
def test_domains_without_values(domain: Any, message: str) -> None:
    with pytest.raises(SpaceError, match=message) as caught:
        validate({"model": {"lr": domain}})
    assert str(caught.value).startswith("space['model/lr")


@pytest.mark.parametrize("inner", [{"x": {"grid_search": [1]}}, {"x": tune.uniform(0, 1)}])
def test_the_place_of_a_branch_is_named(inner: Any) -> None:
    with pytest.raises(SpaceError, match=r"space\['a\[1\]/b\[0\]/x"):
        validate({"a": tune.choice([1, {"b": tune.choice([{"x": [inner]}])}])})
