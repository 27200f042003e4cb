"""Spaces in Optuna's terms: every value of every trial has its place."""

from __future__ import annotations

import math
import warnings
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from optuna.distributions import (
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
    distribution_to_json,
    json_to_distribution,
)
from ray import tune

from tuner.exchange.distributions import study_parameters


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        (tune.uniform(-1, 2), FloatDistribution(-1, 2)),
        (tune.loguniform(1e-4, 1), FloatDistribution(1e-4, 1, log=True)),
        (tune.quniform(0, 1, 0.1), FloatDistribution(0, 1, step=0.1)),
        (tune.quniform(0.3, 0.9, 0.1), FloatDistribution(0.3, 0.9, step=0.1)),
        (tune.qloguniform(0.1, 1, 0.1), FloatDistribution(0.1, 1, log=True)),
        (tune.randint(0, 4), IntDistribution(0, 3)),
        (tune.qrandint(0, 10, 5), IntDistribution(0, 10, step=5)),
        (tune.lograndint(1, 65), IntDistribution(1, 64, log=True)),
        (tune.choice(["relu", "tanh"]), CategoricalDistribution(["relu", "tanh"])),
        (tune.choice([None, 0.5, 2]), CategoricalDistribution([None, 0.5, 2])),
        (tune.grid_search([16, 32]), CategoricalDistribution([16, 32])),
        (tune.choice([[8, 4], (16,), {}]), CategoricalDistribution(["[8, 4]", "[16]", "{}"])),
        (tune.choice([1, True, 1.0]), CategoricalDistribution(["1", "true", "1.0"])),
        (tune.choice([math.nan, 1.0]), CategoricalDistribution(["NaN", 1.0])),
    ],
    ids=repr,
)
def test_a_domain_has_its_distribution(domain: Any, expected: Any) -> None:
    assert study_parameters({"x": domain}, [])["x"].distribution == expected


@pytest.mark.parametrize("constant", [3, "sgd", None, [1, 2], {}, tune.choice([5])])
def test_what_is_constant_is_no_parameter(constant: Any) -> None:
    assert study_parameters({"x": constant, "deep": {"x": constant}}, []) == {}


def test_the_leaves_of_all_branches_are_parameters_by_path() -> None:
    space = {
        "opt": tune.choice(
            [
                {"name": "sgd", "lr": tune.loguniform(0.1, 1), "momentum": tune.uniform(0, 1)},
                {"name": "adam", "lr": tune.loguniform(0.001, 0.2), "eps": 1e-8},
            ]
        ),
        "schedule": tune.choice([None, {"gamma": tune.uniform(0.5, 1)}]),
    }

    found = study_parameters(space, [{"opt": {"name": "adam", "lr": 0.1, "eps": 1e-8}}])

    assert {path: item.distribution for path, item in found.items()} == {
        "opt/name": CategoricalDistribution(["sgd", "adam"]),
        "opt/lr": FloatDistribution(0.001, 1, log=True),
        "opt/momentum": FloatDistribution(0, 1),
        "schedule/gamma": FloatDistribution(0.5, 1),
    }


def test_a_range_that_trials_left_is_widened() -> None:
    space = {"lr": tune.loguniform(0.1, 1), "n": tune.qrandint(2, 8, 2), "m": tune.randint(1, 4)}
    configs = [{"lr": 1.2, "n": 3, "m": 1}, {"lr": 0.1, "n": 2, "m": 2.5}]

    found = study_parameters(space, configs)

    assert found["lr"].distribution == FloatDistribution(0.1, 1.2, log=True)
    assert found["n"].distribution == IntDistribution(2, 8)
    assert found["m"].distribution == FloatDistribution(1, 3)


def test_a_range_is_that_of_the_values_where_nothing_else_tells() -> None:
    space = {"gauss": tune.randn(0, 1), "draw": tune.sample_from(lambda _: 0), "mixed": [1]}
    configs = [
        {"gauss": -1.5, "draw": 3, "free": "a", "flag": True, "bad": math.inf},
        {"gauss": 2.0, "draw": 5, "free": "b", "flag": False, "bad": 1.0},
    ]

    found = study_parameters(space, configs)

    assert {path: item.distribution for path, item in found.items()} == {
        "gauss": FloatDistribution(-1.5, 2),
        "draw": IntDistribution(3, 5),
        "free": CategoricalDistribution(["a", "b"]),
        "flag": CategoricalDistribution([True, False]),
        "bad": CategoricalDistribution(["Infinity", 1.0]),
    }


_VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**40), 2**40), st.floats(), st.text(max_size=3),
    st.lists(st.integers(0, 3), max_size=2),
)  # fmt: skip
_DOMAINS = st.sampled_from(
    [
        None, tune.uniform(0, 1), tune.quniform(0, 1, 0.25), tune.qrandint(0, 9, 3),
        tune.loguniform(0.1, 1), tune.lograndint(1, 9), tune.choice([1, "a", None]), 7,
    ]
)  # fmt: skip


@given(domain=_DOMAINS, values=st.lists(_VALUES, min_size=1, max_size=6))
def test_every_value_is_in_its_distribution_as_optuna_stores_it(
    domain: Any, values: list[Any]
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        space = {} if domain is None else {"x": domain}
        found = study_parameters(space, [{"x": value} for value in values])
        if "x" not in found:
            assert len({repr(value) for value in values}) == 1
            return
        stored = json_to_distribution(distribution_to_json(found["x"].distribution))
    for value in values:
        encoded = found["x"].encode(value)
        assert stored._contains(stored.to_internal_repr(encoded))
