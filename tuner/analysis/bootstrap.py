"""Intervals by the bootstrap: seeds are drawn again, for all arms at once.

A run's seed is the unit that is drawn, and the same draws serve every arm, task and spend. So
differences and ratios of arms that ran the same seeds are paired, and seeds that act alike on
several tasks are not counted as independent. The tasks are taken as they are: an interval speaks
of other seeds on the same tasks.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from tuner.analysis.steps import Floats
from tuner.errors import SpecError

__all__ = ["Bootstrap"]


@dataclass(frozen=True)
class Bootstrap:
    """How intervals are made: percentiles of resampled statistics, expanded for few seeds.

    The plain percentile interval of a mean is too short for n of about 10: it takes quantiles of
    the normal distribution, and the variance with n in place of n - 1. The expanded one (Hesterberg
    2015, "What Teachers Should Know about the Bootstrap", The American Statistician 69) takes
    percentiles further out, so that for a normal sample it agrees with Student's t. Unlike BCa it
    needs no jackknife, which fails for medians and for samples with ties, and it stays within the
    range of the values. For a normal sample, at a level of 95 %, it covers the mean in 95 % of
    cases from 10 seeds on, in 91 % with 5, and in 75 % with 3, all that their range can cover.
    With one seed there is none.

    Attributes:
        level: Of confidence, between 0 and 1.
        resamples: How many samples are drawn.
        seed: Of the draws: the same seed gives the same intervals.

    Raises:
        SpecError: A value is out of range.
    """

    level: float = 0.95
    resamples: int = 2000
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.level < 1:
            raise SpecError(f"the level of an interval is between 0 and 1, got {self.level:g}")
        if self.resamples < 100:
            raise SpecError(f"an interval takes at least 100 resamples, got {self.resamples}")

    def draws(self, n: int) -> npt.NDArray[np.intp]:
        """Return positions of n units drawn with replacement, (resamples, n)."""
        return np.random.default_rng(self.seed).integers(n, size=(self.resamples, n))

    def shares(self, n: int) -> Floats:
        """Return the share of each of n units in the same draws, (resamples, n)."""
        counts = np.zeros((self.resamples, n))
        rows = np.arange(self.resamples)[:, None]
        np.add.at(counts, (rows, self.draws(n)), 1.0)
        return counts / n

    def means(self, sample: Floats) -> Floats:
        """Return the mean of each resample.

        Args:
            sample: Shape (n, ...): a row per unit. NaN where a unit has no value: the mean is of
                those drawn that have one, NaN where there are none.

        Returns:
            Shape (resamples, ...).
        """
        shares, there = self.shares(len(sample)), ~np.isnan(sample)
        sums = _weighted(shares, np.where(there, sample, 0.0))
        if there.all():
            return sums
        with np.errstate(invalid="ignore"):
            return sums / _weighted(shares, there.astype(float))

    def medians(self, sample: Floats) -> Floats:
        """Return the median of each resample of a sample without NaN, as `means` does."""
        flat = sample.reshape(len(sample), -1)
        draws = self.draws(len(sample))
        columns = [np.median(column[draws], axis=1) for column in flat.T]
        return np.array(columns).T.reshape(self.resamples, *sample.shape[1:])

    def interval(self, resampled: Floats, n: int) -> tuple[Floats, Floats]:
        """Return the ends of the intervals.

        Args:
            resampled: The statistics, (resamples, ...). A resample for which one is NaN is not
                looked at.
            n: How many units were drawn from.

        Returns:
            The lower and the upper ends, each of shape (...); NaN with fewer than two units.
        """
        if n < 2:
            nothing = np.full(resampled.shape[1:], math.nan)
            return nothing, nothing.copy()
        quantile = stats.t.ppf((1 - self.level) / 2, n - 1) * math.sqrt(n / (n - 1))
        tail = float(stats.norm.cdf(quantile))
        if not np.isnan(resampled).any():
            low, high = np.quantile(resampled, (tail, 1 - tail), axis=0)
            return low, high
        return _ends_without_nan(resampled, tail)


def _weighted(shares: Floats, sample: Floats) -> Floats:
    """Return sums by share: no BLAS, whose order of adding depends on the number of threads."""
    return np.asarray(np.einsum("rn,n...->r...", shares, sample))


def _ends_without_nan(resampled: Floats, tail: float) -> tuple[Floats, Floats]:
    flat = resampled.reshape(len(resampled), -1)
    ends = np.full((2, flat.shape[1]), math.nan)
    for position, column in enumerate(flat.T):
        there = column[~np.isnan(column)]
        if len(there):
            ends[:, position] = np.quantile(there, (tail, 1 - tail))
    low, high = ends.reshape(2, *resampled.shape[1:])
    return low, high
