"""Steps in the unit interval: another value, in the domain, as near as said."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ray import tune

from tuner.searchers.neighbours import kept, near, neighbour
from tuner.searchers.parameters import Options, parameter
from tuner.space import contains

SPREADS = st.sampled_from([1e-6, 0.01, 0.2, 1.0, 5.0])
SEEDS = st.integers(0, 2**32)
DOMAINS: list[Any] = [
    tune.uniform(-3, 5),
    tune.loguniform(1e-6, 1e2),
    tune.randint(0, 3),
    tune.lograndint(1, 10_000),
    tune.quniform(0, 1, 0.1),
    tune.qloguniform(0.5, 64, 0.5),
    tune.qrandint(8, 64, 8),
    tune.randn(10, 2),
    tune.qrandn(0, 1, 0.25),
    tune.choice(["a", "b", "c"]),
]


@given(st.sampled_from(DOMAINS), st.floats(0, 1), SPREADS, SEEDS)
def test_a_neighbour_is_another_value_of_the_domain(
    domain: Any, position: float, spread: float, seed: int
) -> None:
    found = parameter(domain)
    value = found.from_unit(position)
    moved = neighbour(found, value, spread, np.random.default_rng(seed))
    if isinstance(found, Options):
        assert moved in range(3)
    else:
        assert contains({"x": domain}, {"x": moved}) == []
        assert type(moved) is type(value)
    if isinstance(found, Options) or found.quantum:
        assert moved != value


@pytest.mark.parametrize(
    "domain", [tune.choice(["only"]), tune.randint(3, 4), tune.qrandint(3, 5, 4)]
)
def test_where_there_is_no_other_it_stays(domain: Any) -> None:
    found = parameter(domain)
    value = found.from_unit(0.5)
    assert neighbour(found, value, 0.2, np.random.default_rng(0)) == value


def test_a_step_is_as_wide_as_said_on_the_domains_own_scale() -> None:
    found, rng = parameter(tune.loguniform(1e-6, 1e6)), np.random.default_rng(0)
    steps = [math.log10(neighbour(found, 1.0, 0.05, rng)) / 12 for _ in range(2000)]
    assert abs(np.mean(steps)) < 0.005
    assert 0.045 < np.std(steps) < 0.055


def test_every_other_option_is_equally_near() -> None:
    found, rng = Options(("a", "b", "c", "d")), np.random.default_rng(0)
    drawn = [neighbour(found, 1, 0.2, rng) for _ in range(3000)]
    assert {option: round(drawn.count(option) / 3000, 1) for option in range(4)} == {
        0: 0.3, 1: 0.0, 2: 0.3, 3: 0.3,
    }  # fmt: skip


def test_near_and_kept_complete_what_is_missing() -> None:
    number, choice = parameter(tune.uniform(0, 1)), Options(("a", "b"))
    draw = near({"x": 0.5, "o": 1}, 0.01, np.random.default_rng(0))
    assert 0 < abs(draw("x", number) - 0.5) < 0.1
    assert [draw("o", choice) for _ in range(20)].count(1) >= 18
    assert len({draw("new", number) for _ in range(20)}) == 20
    same = kept({"x": 0.5, "o": 1}, np.random.default_rng(0))
    assert (same("x", number), same("o", choice)) == (0.5, 1)
    assert len({same("new", number) for _ in range(20)}) == 20
