"""Drawing from a space again and again gives what Ray Tune's variant generator gives."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ray import tune

sys.path.insert(0, str(Path(__file__).parents[1] / "space"))
from space_strategies import NUMERIC, SAMPLED_SPACES, SCALARS, unhurried

from tuner.randomness import PrivateRandomState
from tuner.searchers.variants import draw_variants, resolve_variants

FLAT = st.dictionaries(
    st.text(min_size=1, max_size=3),
    NUMERIC | SCALARS | st.lists(SCALARS, min_size=1, max_size=3).map(tune.choice),
    min_size=1,
    max_size=5,
)


@unhurried
@given(FLAT | SAMPLED_SPACES, st.integers(0, 99))
def test_its_draws_are_those_of_the_variant_generator(space: Any, seed: int) -> None:
    draw = draw_variants(space)
    ours, rays = PrivateRandomState(seed), PrivateRandomState(seed)
    for _ in range(3):
        assert repr(draw(ours)) == repr(resolve_variants(space, rays))


def test_a_draw_leaves_the_space_as_it_is() -> None:
    space = {"a": tune.uniform(0, 1), "b": 3}
    draw_variants(space)(PrivateRandomState(0))[0]["b"] = 4
    assert space["b"] == 3
    assert draw_variants(space)(PrivateRandomState(0))[0]["b"] == 3


@pytest.mark.parametrize("value", [tune.sample_from(lambda: 1), {"grid_search": [1, 2]}])
def test_functions_and_grids_are_resolved(value: Any) -> None:
    configs = draw_variants({"a": value, "b": tune.uniform(0, 1)})(PrivateRandomState(0))
    assert [config["a"] for config in configs] in ([1], [1, 2])
