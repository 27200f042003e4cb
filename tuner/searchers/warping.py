"""Costs on a scale on which the differences between good ones count. Pure.

A few configurations that learn nothing would set the scale of a model, and leave it blind to what
tells the good ones apart. So the worse half is placed by rank, on a scale that the better half
sets: the half-rank warping of Song et al. 2024, The Vizier Gaussian Process Bandit Algorithm
(2408.11527).
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri
from scipy.stats import rankdata

from tuner.searchers.gaussian_process import Array

__all__ = ["half_ranked"]


def half_ranked(costs: Array) -> Array:
    """Return costs of mean 0 and variance 1, in the order in which they were.

    The better half keeps its distances. The worse half lies where a normal distribution has its
    quantiles that has the median as its mean, and the better half on its other side.

    Args:
        costs: Finite, (n,); lower is better.
    """
    median = np.median(costs)
    worse = costs > median
    spread = np.sqrt(np.mean((costs[~worse] - median) ** 2)) or 1.0
    quantiles = (rankdata(costs) - 0.5) / len(costs)
    warped = np.where(worse, median + spread * ndtri(quantiles), costs)
    deviation = warped.std()
    standard: Array = (warped - warped.mean()) / (deviation if deviation > 0 else 1.0)
    return standard
