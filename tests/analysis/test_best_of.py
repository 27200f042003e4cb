"""The best of n trials on average: by hand, by all draws, and by its laws."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuner.analysis import Bootstrap
from tuner.analysis.best_of import expected_best, resampled_best
from tuner.errors import SpecError

COSTS = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=8)


@settings(max_examples=40)
@given(costs=COSTS, data=st.data())
def test_it_is_the_mean_over_all_draws(costs: list[float], data: st.DataObject) -> None:
    draws = data.draw(st.integers(1, len(costs)))
    lowest = [min(drawn) for drawn in combinations(costs, draws)]
    found = expected_best(np.array(costs), draws)
    assert found == pytest.approx(np.mean(lowest), rel=1e-9, abs=1e-6)


@settings(max_examples=40)
@given(costs=COSTS)
def test_more_draws_are_never_worse(costs: list[float]) -> None:
    found = [expected_best(np.array(costs), n) for n in range(1, len(costs) + 1)]
    assert all(more <= less + 1e-6 for less, more in pairwise(found))


def test_large_groups_do_not_overflow() -> None:
    """Of n costs 1, 2, ..., n the best of k is (n + 1) / (k + 1) on average."""
    assert expected_best(np.arange(1.0, 100_001), 4999) == pytest.approx(100_001 / 5000)


def test_resamples_surround_the_estimate() -> None:
    costs = np.random.default_rng(0).normal(size=50)
    resampled = resampled_best(costs, 5, Bootstrap(resamples=500))
    assert resampled.shape == (500,)
    low, high = np.quantile(resampled, [0.05, 0.95])
    assert low < expected_best(costs, 5) < high


@pytest.mark.parametrize("draws", [0, 4])
def test_draws_are_within_the_trials(draws: int) -> None:
    with pytest.raises(SpecError, match="at most the 3 trials"):
        expected_best(np.ones(3), draws)
