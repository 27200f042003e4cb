"""Ranges: what good trials say of a number, and how far its nature lets it go."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ray import tune
from ray.tune.search.sample import Domain

from tuner.playbook.refinement.ranges import next_range
from tuner.searchers.parameters import Number, parameter
from tuner.space import contains, to_json, validate


def number(domain: Domain) -> Number:
    found = parameter(domain)
    assert isinstance(found, Number)
    return found


def around(domain: Domain, centre: float, spread: float, n: int = 12) -> list[float]:
    """Return values about a place in the range, the best one first."""
    units = centre + spread * np.linspace(-1, 1, n)
    ranked = sorted(units.clip(0, 1), key=lambda unit: abs(unit - centre))
    return [number(domain).from_unit(float(unit)) for unit in ranked]


def described(domain: Any) -> Any:
    return to_json({"x": domain})["x"]


DOMAINS = [
    tune.uniform(-3, 5),
    tune.uniform(0, 1),
    tune.loguniform(1e-5, 10),
    tune.quniform(0, 1, 0.05),
    tune.qloguniform(1, 1000, 1),
    tune.randint(-50, 50),
    tune.qrandint(0, 100, 5),
    tune.lograndint(1, 1000),
]


@pytest.mark.parametrize("domain", DOMAINS, ids=lambda domain: described(domain)["type"])
def test_it_narrows_around_the_good_ones_in_the_same_kind_of_domain(domain: Domain) -> None:
    good = around(domain, 0.5, 0.1)
    verdict = next_range(number(domain), good)
    assert verdict.kinds == ("narrow",)
    assert isinstance(verdict.domain, Domain)
    assert described(verdict.domain)["type"] == described(domain)["type"]
    old, new = number(domain), number(verdict.domain)
    width = old.to_unit(new.upper) - old.to_unit(new.lower)
    assert 0.15 < width < 0.5
    for value in good:
        assert not contains({"x": verdict.domain}, {"x": value})
    assert all(old.lower <= bound <= old.upper for bound in (new.lower, new.upper))


@settings(max_examples=200)
@given(st.sampled_from(DOMAINS), st.lists(st.floats(0, 1), min_size=5, max_size=30))
def test_the_best_one_always_lies_in_a_valid_range(domain: Domain, units: list[float]) -> None:
    good = [number(domain).from_unit(unit) for unit in units]
    verdict = next_range(number(domain), good)
    if verdict.kinds == ("fix",):
        assert verdict.domain == good[0]
    elif verdict.kinds:
        validate({"x": verdict.domain})
        assert not contains({"x": verdict.domain}, {"x": good[0]})
    else:
        assert verdict.domain is None


@settings(max_examples=60)
@given(st.floats(0, 1), st.integers(0, 10_000))
def test_it_holds_the_optimum_of_what_falls_towards_it(optimum: float, seed: int) -> None:
    """Of 100 points the best fifth; what is good may lie at an end of the range."""
    units = np.random.default_rng(seed).random(100)
    good = sorted(units, key=lambda unit: abs(unit - optimum) ** 1.5)[:20]
    verdict = next_range(number(tune.uniform(0, 1)), [float(unit) for unit in good])
    if verdict.kinds:
        new = number(verdict.domain)  # type: ignore[arg-type]
        assert new.lower <= optimum <= new.upper
        assert new.upper - new.lower <= 0.9


def test_what_does_not_matter_is_mostly_left_alone() -> None:
    random = np.random.default_rng(0)
    draws = [random.random(12).tolist() for _ in range(300)]
    changed = sum(bool(next_range(number(tune.uniform(0, 1)), draw).kinds) for draw in draws)
    assert changed <= 0.25 * len(draws)


def test_few_trials_narrow_less() -> None:
    domain = tune.uniform(0, 1)
    widths = []
    for n in (5, 10, 40):
        found = next_range(number(domain), around(domain, 0.5, 0.1, n)).domain
        widths.append(number(found).upper - number(found).lower)  # type: ignore[arg-type]
    assert widths[0] > widths[1] > widths[2]


def test_no_round_narrows_to_less_than_a_fifth() -> None:
    found = next_range(number(tune.uniform(0, 10)), [0.3] * 20).domain
    assert described(found) == {"type": "uniform", "lower": 0.0, "upper": 2.0}


EDGES = [
    # (domain, side where the good ones crowd, the new bound there)
    (tune.uniform(-3, 5), 1, 7.0),
    (tune.uniform(-3, 5), 0, -5.0),
    (tune.uniform(2, 10), 0, 1.0),  # half of it: what is positive stays so
    (tune.uniform(0, 10), 0, None),  # 0 may be where it ends
    (tune.uniform(0, 0.9), 1, 1.0),  # a share of 1
    (tune.uniform(0.5, 1), 1, None),
    (tune.loguniform(1e-4, 1e-2), 0, 3.16e-5),
    (tune.loguniform(1, 1e4), 1, 1e5),
    (tune.loguniform(1e-4, 1), 1, None),  # a share of 1 on a log scale
    (tune.randint(1, 9), 0, None),
    (tune.randint(2, 9), 0, 1),
    (tune.randint(0, 8), 1, 9),
    (tune.qrandint(16, 128, 16), 1, 160),
    (tune.lograndint(16, 257), 1, 512),
    (tune.quniform(0, 0.5, 0.1), 1, 0.6),
]


@pytest.mark.parametrize(("domain", "side", "expected"), EDGES)
def test_a_touched_bound_moves_as_far_as_its_nature_allows(
    domain: Domain, side: int, expected: float | None
) -> None:
    good = [number(domain).from_unit(abs(side - unit)) for unit in np.linspace(0.0, 0.12, 12)]
    verdict = next_range(number(domain), good)
    old = number(domain)
    if expected is None:
        assert "widen" not in verdict.kinds
        assert "may be a natural one" in verdict.why
        return
    assert "widen" in verdict.kinds
    new = number(verdict.domain)  # type: ignore[arg-type]
    bound = (new.lower, new.upper)[side]
    assert math.isclose(bound, expected, rel_tol=2e-2)
    assert (bound > old.upper) if side else (bound < old.lower)
    assert "better ones may lie beyond" in verdict.why


def test_one_value_left_is_a_constant() -> None:
    verdict = next_range(number(tune.qrandint(0, 100, 50)), [50] * 12)
    assert (verdict.kinds, verdict.domain) == (("fix",), 50)
    assert isinstance(verdict.domain, int)
