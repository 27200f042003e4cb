"""The common terms of the search libraries: bounds by hand, and laws for every domain."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ray import tune

from tuner.randomness import PrivateRandomState
from tuner.searchers.parameters import (
    Gaussian,
    Number,
    Options,
    compose,
    conditions,
    decompose,
    draw_active,
    parameter,
    parameters,
)
from tuner.searchers.variants import resolve_variants
from tuner.space import contains

UNIT = st.floats(0, 1)


@st.composite
def numbers(draw: st.DrawFn) -> Any:
    """A bounded numeric domain of any kind."""
    kind = draw(st.sampled_from(["real", "integer", "real multiples", "integer multiples"]))
    log = draw(st.booleans())
    low = draw(st.integers(1 if log else -50, 50))
    high = low + draw(st.integers(2, 100))
    if kind == "real":
        return (tune.loguniform if log else tune.uniform)(low / 8, high / 8)
    if kind == "integer":
        return (tune.lograndint if log else tune.randint)(low, high)
    if kind == "real multiples":
        q = draw(st.sampled_from([0.1, 0.25, 1 / 3, 3.0]))
        return (tune.qloguniform if log else tune.quniform)(low * q, high * q, q)
    q = draw(st.integers(1, 7))
    return (tune.qlograndint if log else tune.qrandint)(low * q - (not log), high * q + 1, q)


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        (tune.uniform(0, 2), Number(0, 2, False, None, False)),
        (tune.loguniform(0.1, 1), Number(0.1, 1, True, None, False)),
        (tune.randint(1, 5), Number(1, 4, False, 1, True)),
        (tune.lograndint(2, 9), Number(2, 8, True, 1, True)),
        (tune.qrandint(0, 10, 2), Number(0, 10, False, 2, True)),
        (tune.qrandint(3, 11, 4), Number(4, 8, False, 4, True)),
        (tune.qrandint(0, 10, 1), Number(0, 9, False, 1, True)),
        (tune.qlograndint(5, 64, 8), Number(8, 64, True, 8, True)),
        (tune.randn(1, 2), Gaussian(1, 2, None)),
        (tune.qrandn(1, 2, 0.5), Gaussian(1, 2, 0.5)),
        (tune.choice([1, "a"]), Options((1, "a"))),
    ],
)
def test_a_domain_in_common_terms(domain: Any, expected: object) -> None:
    assert parameter(domain) == expected


def test_bounds_that_are_multiples_but_for_rounding_stay() -> None:
    found = parameter(tune.quniform(0.3, 0.7, 0.1))
    assert isinstance(found, Number)
    assert found.indices == (3, 7)


@pytest.mark.parametrize("domain", [tune.qrandint(0, 10, 2), tune.randint(0, 6)])
def test_every_value_of_a_linear_domain_has_the_same_room(domain: Any) -> None:
    found = parameter(domain)
    assert isinstance(found, Number)
    drawn = Counter(found.from_unit(u) for u in np.linspace(0, 1, 6000, endpoint=False))
    assert len(drawn) == 6
    assert max(drawn.values()) - min(drawn.values()) <= 2


@given(numbers(), UNIT)
def test_a_position_gives_a_value_of_the_domain(domain: Any, position: float) -> None:
    found = parameter(domain)
    assert isinstance(found, Number)
    value = found.from_unit(position)
    assert contains({"x": domain}, {"x": value}) == []
    assert type(value) is (int if found.integer else float)


@given(numbers(), UNIT)
def test_a_value_has_a_position_that_leads_back(domain: Any, position: float) -> None:
    found = parameter(domain)
    assert isinstance(found, Number)
    value = found.from_unit(position)
    again = found.from_unit(found.to_unit(value))
    assert math.isclose(again, value, rel_tol=1e-9, abs_tol=1e-9)


@given(numbers(), st.integers(0, 2**31))
def test_what_ray_draws_is_a_value(domain: Any, seed: int) -> None:
    found = parameter(domain)
    assert isinstance(found, Number)
    drawn = domain.sample(random_state=np.random.RandomState(seed))
    assert math.isclose(found.snap(drawn), drawn, rel_tol=1e-12)


@given(UNIT, st.sampled_from([None, 0.5]))
def test_a_normal_number_is_its_quantile(position: float, quantum: float | None) -> None:
    value = Gaussian(1, 2, quantum).from_unit(position)
    assert math.isfinite(value)
    if quantum:
        assert value % quantum == 0
    elif 1e-9 < position < 1 - 1e-9:
        assert math.isclose(Gaussian(1, 2, None).to_unit(value), position, rel_tol=1e-6)


NESTED = {
    "a": {"b": tune.uniform(0, 1), "c": 3},
    "d": tune.choice(
        [
            {"e": tune.randint(0, 9), "f": tune.choice([{"e": tune.uniform(0, 1)}, "none"])},
            {"e": tune.uniform(0, 1)},
            7,
        ]
    ),
    "g": tune.choice([{"h": tune.uniform(0, 1)}]),
}


def test_parameters_are_named_by_path_and_branch() -> None:
    expected = ["a/b", "d", "d[0]/e", "d[0]/f", "d[0]/f[0]/e", "d[1]/e", "g[0]/h"]
    assert list(parameters(NESTED)) == expected


def test_conditions_name_the_nearest_real_choice() -> None:
    assert conditions(NESTED) == {
        "d[0]/e": ("d", 0),
        "d[0]/f": ("d", 0),
        "d[0]/f[0]/e": ("d[0]/f", 0),
        "d[1]/e": ("d", 1),
    }


def test_only_the_chosen_branch_is_asked_for() -> None:
    asked: dict[str, float] = {}

    def draw(path: str, _: object) -> float:
        asked[path] = {"d": 1}.get(path, 0.5)
        return asked[path]

    config = compose(NESTED, draw)
    assert config == {"a": {"b": 0.5, "c": 3}, "d": {"e": 0.5}, "g": {"h": 0.5}}
    assert list(asked) == ["a/b", "d", "d[1]/e", "g[0]/h"]
    assert decompose(NESTED, config) == asked


@given(st.data())
def test_decompose_is_the_reverse_of_compose(data: st.DataObject) -> None:
    drawn: dict[str, int | float] = {}

    def draw(path: str, found: object) -> int | float:
        if isinstance(found, Options):
            drawn[path] = data.draw(st.integers(0, len(found.options) - 1))
        else:
            assert isinstance(found, Number)
            drawn[path] = found.from_unit(data.draw(UNIT))
        return drawn[path]

    config = compose(NESTED, draw)
    assert contains(NESTED, config) == []
    # Two branches may hold the same configuration: any values that compose it will do.
    assert compose(NESTED, lambda path, _: decompose(NESTED, config)[path]) == config


CONSTANTS = st.sampled_from([None, True, 3, 0.5, "text", [1, [2]], (3, "a"), {"k": [4]}])


@st.composite
def spaces(draw: st.DrawFn, depth: int = 2) -> dict[str, Any]:
    """A space of every kind of value but grids; branches share names with each other."""
    kinds = ["number", "normal", "constant", "choice"] + ["group", "branches"] * (depth > 0)
    space: dict[str, Any] = {}
    for name in draw(st.lists(st.sampled_from("abcd"), min_size=1, max_size=4, unique=True)):
        kind = draw(st.sampled_from(kinds))
        if kind == "number":
            space[name] = draw(numbers())
        elif kind == "normal":
            space[name] = draw(st.sampled_from([tune.randn(1, 2), tune.qrandn(0, 3, 0.5)]))
        elif kind == "constant":
            space[name] = draw(CONSTANTS)
        elif kind == "choice":
            space[name] = tune.choice(draw(st.lists(CONSTANTS, min_size=1, max_size=4)))
        elif kind == "group":
            space[name] = draw(spaces(depth - 1))
        else:
            options = st.one_of(spaces(depth - 1), CONSTANTS)
            space[name] = tune.choice(draw(st.lists(options, min_size=1, max_size=3)))
    return space


def alike(one: Any, other: Any) -> bool:
    """Say whether two configurations are equal, with equal types, but for rounding errors."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(alike(one[key], other[key]) for key in one)
    if isinstance(one, float):
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12)
    return bool(one == other)


@given(spaces(), st.integers(0, 2**31))
def test_what_ray_draws_comes_back_with_its_types(space: dict[str, Any], seed: int) -> None:
    (config,) = resolve_variants(space, PrivateRandomState(seed))
    assert contains(space, config) == []
    values = decompose(space, config)
    assert values.keys() <= parameters(space).keys()
    again = compose(space, lambda path, _: values[path])
    assert alike(again, config)
    assert decompose(space, again) == values


@given(spaces(), st.integers(0, 2**31))
def test_active_parameters_are_those_that_a_configuration_asks_for(
    space: dict[str, Any], seed: int
) -> None:
    asked: list[str] = []

    def draw(path: str, found: Any) -> int | float:
        asked.append(path)
        rng = np.random.default_rng((seed, len(path), *map(ord, path)))
        return found.from_unit(rng.random())

    values = draw_active(parameters(space), conditions(space), draw)
    by_active, asked = asked, []
    compose(space, draw)
    assert by_active == list(values) == asked


FUNCTIONS = {
    "o": tune.choice(
        [{"f": tune.sample_from(lambda config: config["x"]), "y": tune.uniform(0, 1)}]
    ),
    "x": tune.randint(0, 9),
    "n": {"f": tune.sample_from(lambda: [1])},
}


def test_a_function_is_no_parameter_and_is_left_in_its_place() -> None:
    assert list(parameters(FUNCTIONS)) == ["o[0]/y", "x"]
    config = compose(FUNCTIONS, lambda path, _: {"x": 3}.get(path, 0.5))
    assert config["n"]["f"] is FUNCTIONS["n"]["f"]
    (called,) = resolve_variants(config, PrivateRandomState(0))
    assert called == {"o": {"f": 3, "y": 0.5}, "x": 3, "n": {"f": [1]}}
    assert decompose(FUNCTIONS, called) == {"o[0]/y": 0.5, "x": 3}
    with pytest.raises(TypeError, match="no parameter"):
        parameter(FUNCTIONS["n"]["f"])


def test_a_grid_counts_as_a_choice_of_what_was_taken() -> None:
    space = {
        "g": tune.grid_search(["a", "b"]),
        "h": tune.grid_search([{"lr": tune.uniform(0, 1)}, None]),
    }
    assert decompose(space, {"g": "b", "h": {"lr": 0.5}}) == {"g": 1, "h": 0, "h[0]/lr": 0.5}


def test_options_have_equal_shares_of_the_unit_interval() -> None:
    found = Options(("a", "b", "c"))
    drawn = Counter(found.from_unit(u) for u in np.linspace(0, 1, 3001))
    assert sorted(drawn) == [0, 1, 2]
    assert max(drawn.values()) - min(drawn.values()) <= 1
