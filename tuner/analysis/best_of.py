"""What the best of a few trials is worth, on average: groups of unequal size at equal effort.

A group of more trials has the better best one by luck alone, so groups are compared by what n
trials of each would have brought (Dodge et al. 2019, "Show Your Work: Improved Reporting of
Experimental Results", EMNLP). The estimate is the unbiased one, over draws without replacement
(Tang et al. 2020, "Showing Your Work Doesn't Always Work", ACL, equation 4).
"""

from __future__ import annotations

import numpy as np
from scipy.special import gammaln

from tuner.analysis.bootstrap import Bootstrap
from tuner.analysis.steps import Floats
from tuner.errors import SpecError

__all__ = ["expected_best", "resampled_best"]


def expected_best(costs: Floats, draws: int) -> float:
    """Return the mean of the lowest of ``draws`` costs, over all ways to draw them.

    Args:
        costs: Of trials, lower is better, (n,); finite.
        draws: From 1 to n; the mean of all with 1, the lowest with n.

    Raises:
        SpecError: ``draws`` is out of range.
    """
    return float(np.sort(costs) @ _weights(len(costs), draws))


def resampled_best(costs: Floats, draws: int, bootstrap: Bootstrap) -> Floats:
    """Return `expected_best` of resamples of the trials, (resamples,).

    With ``draws`` near n this says little: the lowest of a resample is often the lowest of all.

    Raises:
        SpecError: ``draws`` is out of range.
    """
    drawn = costs[bootstrap.draws(len(costs))]
    return np.asarray(np.sort(drawn, axis=1) @ _weights(len(costs), draws))


def _weights(n: int, draws: int) -> Floats:
    """Return how probable it is for each place, best first, to be the best of the draws, (n,)."""
    if not 1 <= draws <= n:
        raise SpecError(f"draws are at least 1 and at most the {n} trials, got {draws}")
    worse = np.arange(n - 1, -1, -1.0)  # than each place
    with np.errstate(invalid="ignore", divide="ignore"):
        logarithms = _log_choose(worse, draws - 1) - _log_choose(np.array(float(n)), draws)
    return np.where(worse >= draws - 1, np.exp(logarithms), 0.0)


def _log_choose(n: Floats, k: int) -> Floats:
    left = np.maximum(n - k, 0.0)  # where there are fewer, the caller takes 0
    return np.asarray(gammaln(n + 1) - gammaln(k + 1) - gammaln(left + 1))
