"""How sure are the means of a table, and which of them differ? Pure functions of repeats.

Repeats are paired: each value of a factor was measured with the same seeds, and on the same folds.
Folds of a cross-validation share training examples, so their results are not independent: the
variance of a mean over n of them is not 1 / n of theirs but, by Nadeau and Bengio (2003, "Inference
for the generalization error", Machine Learning 52), (1 / n + test / train) of it.
"""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pandas as pd
from scipy import stats

from tuner.analysis import holm
from tuner.analysis.steps import Floats

__all__ = ["contrasts", "mean_interval"]

_NO_SPREAD = 1e-12
"""Relative to the mean; deviations below it are rounding."""


def mean_interval(
    sample: Floats, *, level: float, folds: int | None = None
) -> tuple[float, float, float]:
    """Return the mean of repeats and the ends of its interval.

    Args:
        sample: One number per repeat, ``[n]``, all finite.
        level: Of confidence.
        folds: Of how many folds each cross-validation consists; None if the repeats differ in
            the seed only.

    Returns:
        Mean, lower and upper end. All are NaN without repeats, the ends also with a single one.
    """
    if not len(sample):
        return math.nan, math.nan, math.nan
    mean = float(np.mean(sample))
    if len(sample) < 2:
        return mean, math.nan, math.nan
    half = float(stats.t.ppf((1 + level) / 2, len(sample) - 1)) * _standard_error(sample, folds)
    return mean, mean - half, mean + half


def contrasts(costs: pd.DataFrame, *, folds: int | None = None) -> pd.DataFrame:
    """Compare every two columns by a paired t-test, corrected for their number.

    The correction is Holm's over all pairs. So whichever column turns out to be the best, what
    is said of it and the others holds together, at the level that one test would have.

    Args:
        costs: A row per repeat, a column per value, lower is better; NaN where a repeat is missing.
        folds: As in `mean_interval`.

    Returns:
        A row per pair: ``better`` and ``worse`` (by the mean over the repeats that both have),
        ``gap`` (0 or more, in the units of the costs), ``p`` (adjusted). Pairs with fewer than two
        repeats in common are left out. Where the differences of a pair do not vary, the seed
        changes nothing, so that repeats prove nothing: p is 1.
    """
    rows = []
    for first, second in combinations(costs.columns, 2):
        both = costs[[first, second]].dropna().to_numpy(float)
        if len(both) < 2:
            continue
        gaps = both[:, 1] - both[:, 0]
        mean = float(gaps.mean())
        better, worse = (first, second) if mean >= 0 else (second, first)
        rows.append((better, worse, abs(mean), _p_value(gaps, folds)))
    found = pd.DataFrame(rows, columns=["better", "worse", "gap", "p"])
    return found.assign(p=holm(found["p"].to_numpy(float)))


def _p_value(gaps: Floats, folds: int | None) -> float:
    """Return the two-sided p-value of Student's t, with the variance of the module."""
    mean, error = abs(float(gaps.mean())), _standard_error(gaps, folds)
    if error <= _NO_SPREAD * max(1.0, mean):
        return 1.0
    return 2 * float(stats.t.sf(mean / error, len(gaps) - 1))


def _standard_error(sample: Floats, folds: int | None) -> float:
    share = 1 / len(sample) + (1 / (folds - 1) if folds else 0.0)
    return float(np.std(sample, ddof=1)) * math.sqrt(share)
