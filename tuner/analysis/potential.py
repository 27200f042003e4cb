"""What was left to gain, as a sweep went on: a bound by a Gaussian process.

After n trials the best of the space may still lie so far below the best of those trials as the
lower confidence bound somewhere lies below the upper one at the best of them (Makarova et al. 2022,
"Automatic Termination for Hyperparameter Optimization", section 3). Where that is less than by how
much a repeated training differs, more trials bring nothing that one could tell.

Deviations: the kernel is fitted once, to all trials, so that the course shows what was known of one
and the same function; costs beyond the third quartile are set to it, since a model of values that
differ by orders of magnitude says nothing of the good ones.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.stats import qmc

from tuner.errors import NoResultError

if TYPE_CHECKING:
    from sklearn.gaussian_process import GaussianProcessRegressor

__all__ = ["FEWEST_TRIALS", "Potential", "improvement_left"]

Floats = npt.NDArray[np.float64]

FEWEST_TRIALS = 10
"""With fewer trials, a process of several dimensions has nothing to learn from."""

_TIMES = 24  # at which the bound is worked out
_MOST_TRIALS = 400  # that the process knows: beyond, the best ones and an even sample
_CANDIDATES = 1024
_WORST = 0.75  # of the costs: worse ones count as this one
_DELTA = 0.1  # the bounds hold with a probability of 1 - delta
_SCALE = 5.0  # by which Srinivas et al. (2010, section 6) divide beta, as do their followers
_FALLS_BELOW = 0.8  # of the first: 60 trials of digits_mlp leave 0.91 of it, 80 of Hartmann6 0.25


@dataclass(frozen=True)
class Potential:
    """What was left to gain.

    Attributes:
        trials: After how many trials, (m,).
        left: By how much the best of the space may lie below the best of those, in units of the
            cost, (m,).
        noise: One standard deviation of what the process takes for chance, in the same units.
    """

    trials: Floats
    left: Floats
    noise: float

    @property
    def falls(self) -> bool:
        """Whether clearly less was left at the end than at first: else the bound tells nothing."""
        return bool(self.left[-1] < _FALLS_BELOW * self.left[0])


def improvement_left(inputs: Floats, costs: Floats, *, seed: int = 0) -> Potential:
    """Return what was left to gain, from `FEWEST_TRIALS` trials with a value on.

    Args:
        inputs: Where trials lie in their space, each dimension from 0 to 1, in the order in which
            they began, (n, d).
        costs: What each reached, lower is better, (n,); those that are not finite count as poor.
        seed: Of the candidates.

    Raises:
        NoResultError: Too few trials have a finite cost, or all costs are equal.
    """
    known = np.isfinite(costs)
    if known.sum() < FEWEST_TRIALS:
        raise NoResultError(
            f"a bound takes {FEWEST_TRIALS} trials with a finite value, and there are {known.sum()}"
        )
    worst = float(np.quantile(costs[known], _WORST))
    poor = np.where(known, np.minimum(costs, worst), worst)
    scale = float(poor.std())
    if not scale > 0:
        raise NoResultError("a bound takes trials that differ, and all have the same value")
    target = (poor - poor.mean()) / scale
    kept = _kept(target)
    process = _fitted(inputs[kept], target[kept])
    candidates = qmc.Sobol(inputs.shape[1], rng=np.random.default_rng(seed)).random(_CANDIDATES)
    first = int(np.flatnonzero(np.cumsum(known) >= FEWEST_TRIALS)[0]) + 1
    times = np.unique(np.linspace(first, len(costs), _TIMES).round().astype(np.intp))
    left = [_left(process, inputs, target, kept[kept < time], candidates) for time in times]
    bounds = np.array(left) * scale
    noise = math.sqrt(float(process.kernel_.k2.noise_level)) * scale
    return Potential(times.astype(np.float64), bounds, noise)


def _kept(target: Floats) -> npt.NDArray[np.intp]:
    """Return the trials that the process knows, in their order."""
    if len(target) <= _MOST_TRIALS:
        return np.arange(len(target))
    best = np.argsort(target, kind="stable")[: _MOST_TRIALS // 2]
    even = np.linspace(0, len(target) - 1, _MOST_TRIALS // 2).round().astype(np.intp)
    return np.unique(np.concatenate([best, even]))


def _fitted(inputs: Floats, target: Floats) -> GaussianProcessRegressor:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

    lengths = np.full(inputs.shape[1], 0.5)
    kernel = ConstantKernel(1.0, (0.05, 20.0)) * Matern(lengths, (0.05, 20.0), nu=2.5)
    process = GaussianProcessRegressor(kernel + WhiteKernel(0.05, (1e-4, 1.0)))
    with warnings.catch_warnings():  # a length at the end of its range is one that does not matter
        warnings.simplefilter("ignore", ConvergenceWarning)
        return process.fit(inputs, target)


def _left(
    process: GaussianProcessRegressor,
    inputs: Floats,
    target: Floats,
    kept: npt.NDArray[np.intp],
    candidates: Floats,
) -> float:
    """Return the bound after the trials that are kept, in units of the target."""
    from sklearn.gaussian_process import GaussianProcessRegressor

    known = GaussianProcessRegressor(process.kernel_, optimizer=None)
    known.fit(inputs[kept], target[kept])
    count, dimensions = len(kept), inputs.shape[1]
    # Srinivas et al. (2010), theorem 1.
    beta = 2 * math.log(dimensions * count**2 * math.pi**2 / (6 * _DELTA)) / _SCALE
    places = np.concatenate([inputs[kept], candidates])
    mean, spread = known.predict(places, return_std=True)
    chance = float(process.kernel_.k2.noise_level)
    width = math.sqrt(max(beta, 0.0)) * np.sqrt(np.maximum(spread**2 - chance, 0.0))
    return float(max((mean + width)[:count].min() - (mean - width).min(), 0.0))
