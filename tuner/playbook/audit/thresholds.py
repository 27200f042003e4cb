"""From which figure on a check warns, and from which it fails."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from tuner.errors import SpecError, nearest
from tuner.playbook.audit.findings import Verdict

__all__ = ["THRESHOLDS", "Limits", "thresholds"]


@dataclass(frozen=True)
class Limits:
    """Two limits of a figure.

    Attributes:
        warn: The check warns from here on.
        fail: It fails from here on.
        worse: On which side of them.

    Raises:
        SpecError: They are no numbers, or ``fail`` is not the worse of the two.
    """

    warn: float
    fail: float
    worse: Literal["above", "below"] = "above"

    def __post_init__(self) -> None:
        first, second = (self.warn, self.fail) if self.worse == "above" else (self.fail, self.warn)
        if not first <= second:
            raise SpecError(
                f"a check warns before it fails, got warn={self.warn} and fail={self.fail}, where "
                f"what is {self.worse} is worse; exchange them"
            )

    def verdict(self, figure: float) -> Verdict:
        """Return what a figure comes to."""
        sign = 1 if self.worse == "above" else -1
        if sign * figure >= sign * self.fail:
            return Verdict.fail
        return Verdict.warn if sign * figure >= sign * self.warn else Verdict.passed


THRESHOLDS: Mapping[str, Limits] = {
    # Share of the good trials in the outer twentieth of a domain, where chance does not explain it.
    "boundary": Limits(0.3, 0.5),
    # Share of the ended trials that brought nothing: a tenth is a nuisance, a third a wrong space.
    "failures": Limits(0.1, 1 / 3),
    # How far behind the best a repeat of the sweep may end (one time in twenty), in spans.
    "good_trials": Limits(0.2, 0.5),
    # Share of the gain that validation gives back while training goes on improving.
    "overfitting": Limits(0.1, 0.3),
    # Share of the gain that comes in the last fifth of the training: 0.2 is a straight line.
    "still_improving": Limits(0.05, 0.15),
    # Share of max_t at which 99 % of the gain is there: beyond half, the rest is spent for nothing.
    "saturated": Limits(0.5, 0.1, worse="below"),
    # Standard deviation from report to report, in spans: beyond half, ranks are drawn by lot.
    "step_variance": Limits(0.2, 0.5),
    # Share of the gain that the last report gives back.
    "best_vs_last": Limits(0.1, 0.3),
    # Share of trials that repeat a configuration.
    "duplicates": Limits(0.05, 0.3),
    # Share of hyperparameters that show no effect: the trials spread over dimensions for nothing.
    "importance": Limits(0.01, 0.75),
    # Spearman's correlation of the first rung with the end. Of 27 normally distributed trials, a
    # cut to the best third keeps the one that will be best in 91 % of cases at 0.7, 67 % at 0.4.
    "rung_correlation": Limits(0.7, 0.4, worse="below"),
    # Standard deviation over seeds, in spans.
    "seed_variance": Limits(0.2, 0.5),
}
"""The limits of each check, by its name."""


def thresholds(changes: Mapping[str, Sequence[float]] | None = None) -> dict[str, Limits]:
    """Return the limits by check, some of them changed.

    Args:
        changes: ``(warn, fail)`` by check.

    Raises:
        SpecError: There is no such check, or its limits are no such pair.
    """
    limits = dict(THRESHOLDS)
    for check, pair in (changes or {}).items():
        if check not in limits:
            raise SpecError(f"no check {check!r}{nearest(check, limits)}")
        if len(pair) != 2 or not all(math.isfinite(each) for each in pair):
            raise SpecError(f"limits are two numbers, (warn, fail), got {tuple(pair)} for {check}")
        limits[check] = Limits(pair[0], pair[1], limits[check].worse)
    return limits
