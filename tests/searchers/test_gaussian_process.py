"""The process is scikit-learn's, its gradient that of its value, and its data are believed."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import approx_fprime
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import Matern

from tuner.searchers.gaussian_process import (
    Array,
    GaussianProcess,
    fit_hyperparameters,
    negative_log_posterior,
)


def observed(n: int = 25, d: int = 3) -> tuple[Array, Array, Array]:
    rng = np.random.default_rng(0)
    x, s = rng.random((n, d)), rng.random(n)
    y = np.sin(5 * x[:, 0]) + (1 - s) * x[:, 1]
    return x, s, (y - y.mean()) / y.std()


def test_without_a_passing_part_it_is_scikit_learns() -> None:
    x, s, y = observed()
    scales, noise = np.array([0.3, 0.7, 2.0]), 1e-3
    theta = np.log(np.concatenate([scales, [0.5, 1e-12, 1.0, 1e-12, noise]]))
    reference = GaussianProcessRegressor(Matern(scales, nu=2.5), alpha=noise, optimizer=None)
    reference.fit(x, y)
    places = np.random.default_rng(1).random((40, 3))
    mean, deviation = GaussianProcess(x, s, y, theta).predict(places, np.ones(40))
    expected_mean, expected_deviation = reference.predict(places, return_std=True)
    np.testing.assert_allclose(mean, expected_mean, atol=1e-5)
    np.testing.assert_allclose(deviation, expected_deviation, atol=1e-5)


@pytest.mark.parametrize("seed", range(3))
def test_the_gradient_is_that_of_the_value(seed: int) -> None:
    x, s, y = observed()
    data = ((x.T[:, :, None] - x.T[:, None, :]) ** 2, (s[:, None] - s) ** 2, y)
    theta = np.random.default_rng(seed).normal(-1, 0.5, 8)
    numeric = approx_fprime(theta, lambda at: negative_log_posterior(at, *data)[0], 1e-6)
    np.testing.assert_allclose(negative_log_posterior(theta, *data)[1], numeric, atol=1e-3)


def test_what_was_observed_is_predicted_and_what_matters_has_the_short_scale() -> None:
    x, s, y = observed(60)
    theta = fit_hyperparameters(x, s, y)
    mean, deviation = GaussianProcess(x, s, y, theta).predict(x, s)
    np.testing.assert_allclose(mean, y, atol=0.05)
    assert deviation.max() < 0.1
    assert theta[0] < theta[2]  # the third input does nothing
