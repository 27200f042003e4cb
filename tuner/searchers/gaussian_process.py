"""A Gaussian process over configurations and training time, as a function of data. Pure.

What a trial has reached is modelled as the sum of three parts: a learning curve that all trials
share, what a configuration is worth at any time, and what it is worth at this time:

    k((x, s), (x', s')) = a_curve * r(s, s') + m(x, x') * (a_lasting + a_passing * r(s, s'))

with ``m`` the Matern 5/2 kernel with a length scale per input and ``r`` the Gaussian kernel; such a
product of kernels over inputs and times is that of Swersky et al. 2013, Multi-Task Bayesian
Optimization (NeurIPS 26). So a value at a low rung tells of one at the end as much as the data say
it does, and of a process at one time only the usual one is left. Hyperparameters are those of
largest posterior density under wide log-normal priors (Rasmussen & Williams 2006, Gaussian
Processes for Machine Learning, equations 5.8 and 5.9).

| symbol | meaning | shape |
|---|---|---|
| n, d | observations, inputs | |
| x | inputs, in [0, 1] | (n, d) |
| s | times, in [0, 1] | (n,) |
| y | costs | (n,) |
| theta | logarithms of d length scales, that of time, three amplitudes, the noise | (d + 5,) |
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_solve, cholesky, solve_triangular
from scipy.optimize import minimize

__all__ = ["Array", "GaussianProcess", "fit_hyperparameters", "negative_log_posterior"]

Array: TypeAlias = NDArray[np.float64]

_ROOT = 5**0.5
_JITTER = 1e-8
_MOST_STEPS = 30
_OTHERS = np.log([0.7, 0.3, 0.7, 0.3, 1e-3])  # of time's scale, the amplitudes and the noise
_OTHERS_SD = np.array([0.7, 1.0, 0.7, 0.7, 1.5])
_OTHERS_BOUNDS = [(-4.0, 4.0), (-7.0, 3.0), (-7.0, 3.0), (-7.0, 3.0), (-14.0, 0.0)]
_SCALE, _SCALE_SD = 0.0, 0.9


class GaussianProcess:
    """The posterior of a process whose hyperparameters are known.

    Args:
        x: Inputs.
        s: Times.
        y: Costs, of mean 0 and variance 1 or about so.
        theta: Hyperparameters.
    """

    def __init__(self, x: Array, s: Array, y: Array, theta: Array) -> None:
        self._x, self._s, self._theta = x, s, theta
        covariance = _kernel(x, s, x, s, theta)
        covariance[np.diag_indices_from(covariance)] += np.exp(theta[-1]) + _JITTER
        self._factor = cholesky(covariance, lower=True, check_finite=False)
        self._weights = cho_solve((self._factor, True), y, check_finite=False)

    def predict(self, x: Array, s: Array) -> tuple[Array, Array]:
        """Return mean and standard deviation, (m,) each, of noiseless costs at m places."""
        between = _kernel(x, s, self._x, self._s, self._theta)
        explained = solve_triangular(self._factor, between.T, lower=True, check_finite=False)
        prior = np.exp(self._theta[-4:-1]).sum()
        variance = prior - np.einsum("ij,ij->j", explained, explained)
        return between @ self._weights, np.sqrt(np.maximum(variance, 1e-12))


def fit_hyperparameters(x: Array, s: Array, y: Array) -> Array:
    """Return the hyperparameters of largest posterior density, from the priors' middle on.

    Args:
        x: Inputs.
        s: Times.
        y: Costs, of mean 0 and variance 1 or about so.
    """
    dimensions = x.shape[1]
    found = minimize(
        negative_log_posterior,
        _prior(dimensions)[0],
        args=(_squares(x), (s[:, None] - s) ** 2, y),
        jac=True,
        method="L-BFGS-B",
        bounds=[(-4.0, 4.0)] * dimensions + _OTHERS_BOUNDS,
        options={"maxiter": _MOST_STEPS},
    )
    return np.asarray(found.x, dtype=np.float64)


def negative_log_posterior(theta: Array, dx2: Array, ds2: Array, y: Array) -> tuple[float, Array]:
    """Return minus the logarithm of the posterior density, up to a constant, and its gradient.

    Args:
        theta: Where.
        dx2: Squared differences of inputs, (d, n, n).
        ds2: Squared differences of times, (n, n).
        y: Costs.
    """
    d = len(dx2)
    inverse2 = np.exp(-2 * theta[: d + 1])
    curve, lasting, passing, noise = np.exp(theta[d + 1 :])
    r = np.sqrt(np.tensordot(inverse2[:d], dx2, 1))
    decay = np.exp(-_ROOT * r)
    matern, near = (1 + _ROOT * r + 5 / 3 * r * r) * decay, np.exp(-0.5 * inverse2[d] * ds2)
    over_time = lasting + passing * near
    covariance = curve * near + matern * over_time
    covariance[np.diag_indices_from(covariance)] += noise + _JITTER
    factor = cholesky(covariance, lower=True, check_finite=False)
    weights = cho_solve((factor, True), y, check_finite=False)
    middle, spread = _prior(d)
    z = (theta - middle) / spread
    value = 0.5 * y @ weights + np.log(np.diag(factor)).sum() + 0.5 * z @ z

    inverse = cho_solve((factor, True), np.eye(len(y)), check_finite=False)
    outer = inverse - np.outer(weights, weights)  # d value = tr(outer dK) / 2, equation 5.9
    by_distance = outer * over_time * (5 / 3) * (1 + _ROOT * r) * decay
    at_times = outer * near
    gradient = np.empty_like(theta)
    gradient[:d] = inverse2[:d] * np.tensordot(dx2, by_distance, 2)
    gradient[d] = inverse2[d] * np.sum(at_times * ds2 * (curve + passing * matern))
    gradient[d + 1] = curve * at_times.sum()
    gradient[d + 2] = lasting * np.sum(outer * matern)
    gradient[d + 3] = passing * np.sum(at_times * matern)
    gradient[d + 4] = noise * np.trace(outer)
    return float(value), 0.5 * gradient + z / spread


def _prior(dimensions: int) -> tuple[Array, Array]:
    middle = np.concatenate([np.full(dimensions, _SCALE), _OTHERS])
    return middle, np.concatenate([np.full(dimensions, _SCALE_SD), _OTHERS_SD])


def _squares(x: Array) -> Array:
    columns = x.T
    return (columns[:, :, None] - columns[:, None, :]) ** 2


def _kernel(x: Array, s: Array, others: Array, other_s: Array, theta: Array) -> Array:
    """Return the covariance of noiseless costs, (len(x), len(others))."""
    d = x.shape[1]
    scales = np.exp(theta[:d])
    a, b = x / scales, others / scales
    r2 = np.maximum((a * a).sum(1)[:, None] + (b * b).sum(1) - 2 * a @ b.T, 0.0)
    r = np.sqrt(r2)
    matern = (1 + _ROOT * r + 5 / 3 * r2) * np.exp(-_ROOT * r)
    near = np.exp(-0.5 * np.exp(-2 * theta[d]) * (s[:, None] - other_s) ** 2)
    curve, lasting, passing = np.exp(theta[d + 1 : -1])
    covariance: Array = curve * near + matern * (lasting + passing * near)
    return covariance
