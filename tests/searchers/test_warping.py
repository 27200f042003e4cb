"""The order of costs stays; distances among the worse half do not."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from tuner.searchers.warping import half_ranked


@given(st.lists(st.integers(-1000, 1000), min_size=1, max_size=60))
def test_the_order_stays(costs: list[int]) -> None:
    warped = half_ranked(np.array(costs, dtype=float))
    assert np.isfinite(warped).all()
    order = np.argsort(costs, kind="stable")
    assert (np.diff(warped[order]) > -1e-9).all()


def test_the_better_half_keeps_its_distances_and_the_worst_sets_no_scale() -> None:
    costs = np.array([0.0, 1.0, 3.0, 4.0, 5.0, 9.0, 20.0, 1e9])
    warped = half_ranked(costs)
    gaps = np.diff(warped[:4])
    assert_allclose(gaps / gaps[0], [1, 2, 1])
    assert_allclose(half_ranked(np.append(costs[:-1], 30.0)), warped)  # worst is worst
    assert warped[-1] - warped[0] < 4
    assert_allclose([warped.mean(), warped.std()], [0, 1], atol=1e-12)


def test_equal_costs_are_all_the_same() -> None:
    assert_allclose(half_ranked(np.full(5, 3.0)), 0)
