"""Improvements are what sampling says, told apart far out, and found where they are."""

from __future__ import annotations

import numpy as np
import pytest

from tuner.searchers.acquisition import log_expected_improvement, maximise


@pytest.mark.parametrize("mean", [-1.0, 0.0, 0.5, 1.0])
def test_it_is_the_mean_improvement_of_samples(mean: float) -> None:
    costs = np.random.default_rng(0).normal(mean, 0.7, 1_000_000)
    sampled = np.maximum(0.1 - costs, 0).mean()
    told = log_expected_improvement(np.array([mean]), np.array([0.7]), 0.1)
    assert np.exp(told[0]) == pytest.approx(sampled, rel=0.02)


def test_far_out_it_still_tells_better_from_worse() -> None:
    means = np.linspace(-3, 60, 400)
    told = log_expected_improvement(means, np.ones(400), 0.0)
    assert np.isfinite(told).all()
    assert (np.diff(told) < 0).all()


def test_the_highest_point_is_found_among_steps_and_slopes() -> None:
    def score(points: np.ndarray) -> np.ndarray:
        slope = -np.abs(points[:, :3] - 0.37).sum(axis=1)
        return np.asarray(slope + (points[:, 3] > 0.8))

    found = maximise(score, np.empty((0, 4)), 4, np.random.default_rng(0))
    assert found[3] > 0.8
    assert np.abs(found[:3] - 0.37).max() < 0.02
