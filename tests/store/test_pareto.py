from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from tuner.store.pareto import Costs, pareto_front

INF, NAN = math.inf, math.nan


def front_by_definition(costs: Costs) -> list[int]:
    finite = [row for row in range(len(costs)) if np.isfinite(costs[row]).all()]

    def dominates(one: int, other: int) -> bool:
        return bool((costs[one] <= costs[other]).all() and (costs[one] < costs[other]).any())

    front = [row for row in finite if not any(dominates(other, row) for other in finite)]
    return sorted(front, key=lambda row: costs[row, 0])


# Few different values, so that ties and equal rows are common.
costs_of_few_values = arrays(
    np.float64,
    st.one_of(
        array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=25).filter(lambda s: s[1] < 5),
        st.tuples(st.integers(0, 40), st.just(2)),
    ),
    elements=st.sampled_from([0.0, 1.0, 2.0, 3.0, -0.0, -1.5, INF, -INF, NAN]),
)


@given(costs_of_few_values)
def test_the_front_is_that_of_the_definition(costs: Costs) -> None:
    assert pareto_front(costs).tolist() == front_by_definition(costs)


@given(st.integers(0, 2**32 - 1), st.integers(1, 4))
def test_the_front_of_many_different_values(seed: int, objectives: int) -> None:
    costs = np.random.default_rng(seed).normal(size=(60, objectives))
    assert pareto_front(costs).tolist() == front_by_definition(costs)


@pytest.mark.parametrize(
    ("costs", "front"),
    [
        ([[1, 5], [2, 3], [3, 4], [4, 1]], [0, 1, 3]),  # (3, 4) is beaten by (2, 3)
        ([[4, 1], [1, 5], [4, 1]], [1, 0, 2]),  # equals stay; sorted by the first
        ([[1, 5], [1, 4], [2, 4]], [1]),  # the same in one, better in the other
        ([[1, NAN], [INF, 0], [7, 7]], [2]),
        ([[3], [1], [1]], [1, 2]),
        ([[1, 2, 3], [3, 2, 1], [3, 2, 3]], [0, 1]),
    ],
)
def test_small_fronts(costs: list[list[float]], front: list[int]) -> None:
    assert pareto_front(np.array(costs, dtype=np.float64)).tolist() == front


def test_nothing_has_an_empty_front() -> None:
    assert pareto_front(np.empty((0, 3))).tolist() == []
