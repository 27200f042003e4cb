"""The statistics of tables: by hand, and over many planted experiments."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tuner.playbook.tables.contrasts import contrasts, mean_interval

EXPERIMENTS = 200


def test_an_interval_by_hand() -> None:
    mean, low, high = mean_interval(np.array([1.0, 2.0, 3.0]), level=0.95)

    half = 4.302653 * 1 / math.sqrt(3)
    assert (mean, low, high) == pytest.approx((2, 2 - half, 2 + half), rel=1e-6)


def test_folds_widen_an_interval_by_what_they_share() -> None:
    sample = np.array([1.0, 2.0, 3.0, 4.0])
    _, low, high = mean_interval(sample, level=0.95)
    _, wider_low, wider_high = mean_interval(sample, level=0.95, folds=4)

    assert (wider_high - wider_low) / (high - low) == pytest.approx(
        math.sqrt((1 / 4 + 1 / 3) / (1 / 4))
    )


def test_without_two_repeats_there_is_no_interval() -> None:
    assert mean_interval(np.array([0.5]), level=0.95)[0] == 0.5
    assert np.isnan(mean_interval(np.array([0.5]), level=0.95)[1:]).all()
    assert np.isnan(mean_interval(np.array([]), level=0.95)).all()


@pytest.mark.parametrize("folds", [None, 5])
def test_intervals_cover_the_mean_as_often_as_they_say(folds: int | None) -> None:
    covered = [
        low <= 0 <= high
        for _, low, high in (
            mean_interval(repeats(seed, 1, folds)[:, 0], level=0.95, folds=folds)
            for seed in range(EXPERIMENTS)
        )
    ]

    assert stats.binomtest(sum(covered), EXPERIMENTS, 0.95).pvalue > 1e-3


def repeats(seed: int, values: int, folds: int | None) -> np.ndarray:
    """Return results of repeats, ``[n, values]``; folds of one data set share part of their error.

    Nadeau and Bengio's assumption: a correlation of 1 / folds.
    """
    random = np.random.default_rng([seed, folds or 0])
    shared = math.sqrt(1 / folds) if folds else 0.0
    own = random.normal(size=(folds or 8, values))
    return shared * random.normal(size=(1, values)) + math.sqrt(1 - shared**2) * own


def test_a_contrast_by_hand() -> None:
    costs = pd.DataFrame({"a": [1.0, 2.0, 4.0], "b": [2.0, 4.0, 5.0]})

    (found,) = contrasts(costs).to_dict("records")

    assert (found["better"], found["worse"]) == ("a", "b")
    assert found["gap"] == pytest.approx(4 / 3)
    assert found["p"] == pytest.approx(stats.ttest_rel(costs["a"], costs["b"]).pvalue)


def test_p_is_adjusted_for_all_pairs() -> None:
    costs = pd.DataFrame(repeats(3, 4, None) + np.array([0, 0, 1, 3]), columns=list("abcd"))
    found = contrasts(costs)
    plain = [
        stats.ttest_rel(costs[better], costs[worse]).pvalue
        for better, worse in zip(found["better"], found["worse"], strict=True)
    ]

    assert len(found) == 6
    assert min(found["p"]) == pytest.approx(6 * min(plain))
    assert max(found["p"]) == pytest.approx(min(1, max(found["p"])))


@pytest.mark.parametrize("folds", [None, 5])
def test_where_there_is_no_difference_one_is_rarely_claimed(folds: int | None) -> None:
    """Five equal values, ten pairs: some pair is called different in 5 % of tables at most."""
    claimed = [
        (contrasts(pd.DataFrame(repeats(seed, 5, folds)), folds=folds)["p"] < 0.05).any()
        for seed in range(EXPERIMENTS)
    ]

    assert stats.binomtest(sum(claimed), EXPERIMENTS, 0.05, alternative="greater").pvalue > 1e-3


def test_a_planted_difference_is_found() -> None:
    found = [
        contrasts(pd.DataFrame(repeats(seed, 3, None) + np.array([0, 0, 6]))).set_index(
            ["better", "worse"]
        )["p"]
        for seed in range(40)
    ]

    assert all(p[(0, 2)] < 0.05 and p[(1, 2)] < 0.05 for p in found)


def test_repeats_that_one_value_lacks_are_left_out_of_its_pairs() -> None:
    costs = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": [2.0, math.nan, 5.0], "c": [math.nan] * 3})

    (found,) = contrasts(costs).to_dict("records")

    assert (found["better"], found["worse"], found["gap"]) == ("a", "b", 1.5)


def test_repeats_that_do_not_vary_prove_nothing() -> None:
    (found,) = contrasts(pd.DataFrame({"a": [1.0, 1.0], "b": [2.0, 2.0]})).to_dict("records")

    assert found["p"] == 1
