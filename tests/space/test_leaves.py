"""What varies, on which condition, and how many grid points there are."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from ray import tune
from ray.tune.search.variant_generator import generate_variants
from space_strategies import SPACES, unhurried

from tuner.space import domains, grid_size, has_function, has_grid, is_conditional

BRANCHED = {
    "lr": tune.uniform(0, 1),
    "fixed": 3,
    "optimizer": tune.choice(
        [
            {"name": "sgd", "momentum": tune.uniform(0, 1)},
            {"name": "adam", "eps": {"log": tune.randint(1, 9)}},
            {"name": "none"},
        ]
    ),
    "net": {"units": {"grid_search": [1, 2]}},
}


def test_domains_name_their_branch() -> None:
    found = domains(BRANCHED)
    assert list(found) == [
        "lr",
        "optimizer",
        "optimizer[0]/momentum",
        "optimizer[1]/eps/log",
        "net/units",
    ]
    assert found["net/units"].is_grid()
    assert found["lr"] is BRANCHED["lr"]


@pytest.mark.parametrize(
    ("space", "conditional", "grid", "function", "size"),
    [
        (BRANCHED, True, True, False, 2),
        ({"a": 1}, False, False, False, 1),
        ({"a": tune.choice([{"b": 1}, {"b": 2}])}, False, False, False, 1),
        ({"a": {"b": tune.sample_from(lambda _: 1)}}, False, False, True, 1),
        (
            {"a": {"grid_search": [1, 2, 3]}, "b": {"c": {"grid_search": [[1], [2]]}}},
            False,
            True,
            False,
            3 * 2,
        ),
        ({"a": {"grid_search": [1, {"b": {"grid_search": [1, 2]}}]}}, True, True, False, 1 + 2),
    ],
)
def test_questions(
    space: dict[str, Any], conditional: bool, grid: bool, function: bool, size: int
) -> None:
    assert is_conditional(space) is conditional
    assert has_grid(space) is grid
    assert has_function(space) is function
    assert grid_size(space) == size
    assert len(list(generate_variants(space))) == size  # Ray counts the same


@unhurried
@given(space=SPACES)
def test_grid_size_is_what_ray_enumerates(space: dict[str, Any]) -> None:
    assert grid_size(space) == len(list(generate_variants(space)))
