"""Intervals: exact where they can be checked by hand, and their coverage where not."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from tuner.analysis import Bootstrap
from tuner.analysis.steps import Floats
from tuner.errors import SpecError

values = st.floats(-1e6, 1e6, allow_nan=False)


def interval_of_mean(bootstrap: Bootstrap, sample: Floats) -> tuple[float, float]:
    low, high = bootstrap.interval(bootstrap.means(sample), len(sample))
    return float(low), float(high)


@settings(max_examples=40)
@given(arrays(float, st.tuples(st.integers(1, 12), st.integers(1, 3)), elements=values))
def test_the_shares_are_those_of_the_draws(sample: Floats) -> None:
    bootstrap = Bootstrap(resamples=100)
    by_hand = sample[bootstrap.draws(len(sample))].mean(axis=1)
    assert bootstrap.means(sample) == pytest.approx(by_hand, abs=1e-6)


@settings(max_examples=40)
@given(arrays(float, st.integers(2, 12), elements=values))
def test_an_interval_keeps_to_the_range_of_the_values(sample: Floats) -> None:
    low, high = interval_of_mean(Bootstrap(resamples=100), sample)
    slack = 1e-9 * (1 + np.abs(sample).max())
    assert sample.min() - slack <= low <= high <= sample.max() + slack


def test_medians_are_those_of_the_draws() -> None:
    sample = np.random.default_rng(0).random((7, 2, 3))
    bootstrap = Bootstrap(resamples=100)
    assert np.array_equal(bootstrap.medians(sample), np.median(sample[bootstrap.draws(7)], axis=1))


def test_a_unit_without_a_value_is_left_out_of_the_means_it_is_drawn_for() -> None:
    means = Bootstrap(resamples=500).means(np.array([1.0, math.nan, 3.0]))
    known = {1.0, 1.667, 2.0, 2.333, 3.0}  # of up to three draws of 1 and 3
    assert {float(mean) for mean in means[~np.isnan(means)].round(3)} == known
    nothing = (Bootstrap(resamples=500).draws(3) == 1).all(axis=1)
    assert nothing.any()
    assert np.array_equal(np.isnan(means), nothing)


def test_one_unit_has_no_interval() -> None:
    assert all(math.isnan(end) for end in interval_of_mean(Bootstrap(), np.array([1.0])))


def test_equal_values_leave_no_doubt() -> None:
    assert interval_of_mean(Bootstrap(), np.full(5, 0.25)) == (0.25, 0.25)


def test_a_resample_without_a_value_is_not_looked_at() -> None:
    resampled = np.array([[math.nan, math.nan], *([1.0, math.nan] for _ in range(9))])
    low, high = Bootstrap(resamples=100).interval(resampled, 5)
    assert (low[0], high[0]) == (1.0, 1.0)
    assert math.isnan(low[1])
    assert math.isnan(high[1])


def test_the_same_seed_gives_the_same_interval_and_another_one_another() -> None:
    sample = np.random.default_rng(0).random(10)
    assert interval_of_mean(Bootstrap(), sample) == interval_of_mean(Bootstrap(seed=0), sample)
    assert interval_of_mean(Bootstrap(), sample) != interval_of_mean(Bootstrap(seed=1), sample)


def test_on_normal_values_it_is_about_students_interval() -> None:
    sample = stats.norm.ppf((np.arange(12) + 0.5) / 12)
    low, high = interval_of_mean(Bootstrap(resamples=100_000), sample)
    student = stats.t.interval(0.95, 11, sample.mean(), stats.sem(sample))
    assert (low, high) == pytest.approx(student, rel=0.02)


@pytest.mark.parametrize(
    ("draw", "mean", "least"),
    [
        (lambda random: random.standard_normal(10), 0.0, 0.93),
        (lambda random: random.random(10), 0.5, 0.93),
        (lambda random: random.exponential(size=10), 1.0, 0.88),  # skewed: any interval is short
    ],
    ids=["normal", "uniform", "exponential"],
)
def test_95_percent_intervals_of_ten_seeds_cover_about_that(
    draw: Callable[[np.random.Generator], Floats], mean: float, least: float
) -> None:
    random = np.random.default_rng(7)
    samples = np.array([draw(random) for _ in range(2000)]).T
    bootstrap = Bootstrap(resamples=1000)
    low, high = bootstrap.interval(bootstrap.means(samples), 10)
    covered = ((low <= mean) & (mean <= high)).mean()
    plain_low, plain_high = np.quantile(bootstrap.means(samples), (0.025, 0.975), axis=0)
    plain = ((plain_low <= mean) & (mean <= plain_high)).mean()
    assert least <= covered <= 0.97
    assert covered > plain + 0.02  # what the expansion is for


@pytest.mark.parametrize(
    ("keywords", "message"),
    [({"level": 1.0}, "between 0 and 1, got 1"), ({"resamples": 99}, "at least 100")],
)
def test_senseless_settings_are_refused(keywords: dict[str, float], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        Bootstrap(**keywords)  # type: ignore[arg-type]
