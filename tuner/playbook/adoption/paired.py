"""Is one configuration better than another? Paired repeats, and the test that is right for them.

Which test depends on how the repeats were made:

- **folds**: those of one cross-validation share training rows, so that their differences are not
  independent, and a plain t-test finds differences that are none. The corrected resampled t-test
  (Nadeau and Bengio 2003, "Inference for the generalization error", Machine Learning 52) takes the
  variance of the mean as (1 / n + test / train) times that of the differences.
- **fewer than 6 seeds**: Student's paired t-test. Wilcoxon's test cannot come below 5 % there
  (2 / 2**5 = 6.25 %), whatever the differences.
- **6 seeds and more**: Wilcoxon's signed-rank test, exactly, which needs no normal distribution.

The interval is that of the (corrected) t distribution in each case.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import stats

from tuner.analysis import signed_rank_test
from tuner.errors import SpecError
from tuner.objectives import Mode

__all__ = ["LEVEL", "PairedDifference", "Verdict", "paired_difference"]

LEVEL = 0.95
"""Of confidence, of intervals; a test counts below what is left of it to 1."""

FEWEST_FOR_RANKS = 6
"""With fewer pairs, Wilcoxon's test cannot come below 5 %."""

Verdict = Literal["adopt", "do not adopt", "not enough evidence"]


@dataclass(frozen=True)
class PairedDifference:
    """By how much one configuration is better than another, over paired repeats.

    Attributes:
        pairs: How many pairs were compared.
        gain: The mean difference in the metric's units, positive where the first is better.
        low: The lower end of the interval of the gain; NaN where there is none.
        high: The upper end.
        p: The two-sided p-value; NaN where the differences do not vary, or there are too few.
        test: Which test it is.
    """

    pairs: int
    gain: float
    low: float
    high: float
    p: float
    test: str

    @property
    def verdict(self) -> Verdict:
        """What the test says."""
        if not self.p < 1 - LEVEL:
            return "not enough evidence"
        return "adopt" if self.gain > 0 else "do not adopt"

    @property
    def why(self) -> str:
        """The reason of the verdict, as part of a sentence."""
        if self.pairs < 2:
            return "a difference takes at least two pairs; repeat with more seeds"
        if math.isnan(self.p):
            return (
                "every repeat gave the same difference: the seed changes nothing, so more of them "
                "tell nothing; compare over folds"
            )
        told = f"{self.test}: p = {self.p:.2g}"
        if self.verdict == "not enough evidence":
            return f"{told}, and the gain may be none{self._needed()}"
        return f"{told}, and the gain is surely {'positive' if self.gain > 0 else 'negative'}"

    def _needed(self) -> str:
        """Return how many pairs would show a gain as large as this one, if it is one."""
        half = (self.high - self.low) / 2
        if not self.gain or not math.isfinite(half):
            return ""
        pairs = math.ceil(self.pairs * (half / self.gain) ** 2) + 1
        return f"; one as large as this would show after some {max(pairs, self.pairs + 1)} pairs"


def paired_difference(
    first: Sequence[float],
    second: Sequence[float],
    mode: Mode,
    *,
    folds: int | None = None,
) -> PairedDifference:
    """Return by how much ``first`` is better than ``second``.

    Args:
        first: Values of the metric, one per repeat, all finite.
        second: Of the other configuration, in the same order: the same seeds and folds.
        mode: Whether lower or higher values are better.
        folds: Of how many folds each repetition of a cross-validation consists; None if the
            repeats differ in the seed only.

    Raises:
        SpecError: There are not as many of the one as of the other, or one is not finite.
    """
    if len(first) != len(second) or not np.isfinite([*first, *second]).all():
        raise SpecError(
            f"repeats are compared in pairs of numbers, got {list(first)} and {list(second)}"
        )
    gains = np.subtract(second, first) if mode == "min" else np.subtract(first, second)
    count = len(gains)
    if count < 2:
        gain = float(gains[0]) if count else math.nan
        return PairedDifference(count, gain, math.nan, math.nan, math.nan, "none")
    gain, spread = float(gains.mean()), float(gains.std(ddof=1))
    share = 1 / count + (1 / (folds - 1) if folds else 0.0)
    if spread <= 1e-12 * max(1.0, abs(gain)):
        return PairedDifference(count, gain, gain, gain, math.nan, "none")
    error = spread * math.sqrt(share)
    half = float(stats.t.ppf((1 + LEVEL) / 2, count - 1)) * error
    test, p = "paired t-test", 2 * float(stats.t.sf(abs(gain) / error, count - 1))
    if folds:
        test = "corrected resampled t-test"
    elif count >= FEWEST_FOR_RANKS:
        test, p = "Wilcoxon's signed-rank test", signed_rank_test(gains)
    return PairedDifference(count, gain, gain - half, gain + half, p, test)
