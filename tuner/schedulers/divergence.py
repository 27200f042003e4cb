"""When a trial has diverged: a metric that is no finite number, or a rule of the user's. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from tuner.errors import ScenarioError, SpecError
from tuner.scenario import DivergenceRule
from tuner.schedulers.reasons import Reason
from tuner.schedulers.reports import as_number

__all__ = ["FarFromStart", "above_start", "below_start", "why_diverged"]

Report = Mapping[str, Any]


def above_start(metric: str, times: float = 10.0) -> FarFromStart:
    """Return the rule that a trial has diverged when ``metric`` is ``times`` as high as at first.

    Args:
        metric: Flat name of a reported value, such as ``"train_loss"``.
        times: How many times as high, > 1. A value that starts below zero has to come as many
            times closer to it; one that starts at zero is not judged.

    Raises:
        SpecError: ``times`` is not above 1.
    """
    return FarFromStart(metric, times, "above")


def below_start(metric: str, times: float = 10.0) -> FarFromStart:
    """Return the rule that a trial has diverged when ``metric`` is ``times`` as low as at first.

    Args:
        metric: Flat name of a reported value, such as ``"reward"``.
        times: How many times as low, > 1: a tenth of a value that starts above zero, ten times
            one that starts below it. One that starts at zero is not judged.

    Raises:
        SpecError: ``times`` is not above 1.
    """
    return FarFromStart(metric, times, "below")


@dataclass(frozen=True)
class FarFromStart:
    """The rule that a reported value must not leave a multiple of its first value.

    Attributes:
        metric: Flat name of the value; reports without it are not judged.
        times: Which multiple, > 1.
        side: Where the value must not go: ``"above"`` or ``"below"``.
    """

    metric: str
    times: float
    side: Literal["above", "below"]

    def __post_init__(self) -> None:
        number = isinstance(self.times, int | float) and not isinstance(self.times, bool)
        if not number or not 1 < self.times < math.inf:
            raise SpecError(
                f"a trial diverges at a multiple of its start above 1, got times={self.times!r}"
            )

    def __call__(self, first: Report, report: Report) -> str | None:
        """Return why the trial has diverged; None where it has not."""
        start, value = as_number(first.get(self.metric)), as_number(report.get(self.metric))
        if value is None:
            return None
        if not math.isfinite(value):
            return f"{self.metric} is {value}"
        if start is None or start == 0 or not math.isfinite(start):
            return None
        grows = (start > 0) == (self.side == "above")
        limit = start * self.times if grows else start / self.times
        if (value > limit) if self.side == "above" else (value < limit):
            share = f"{self.times:g} times" if grows else f"1/{self.times:g} of"
            return f"{self.metric} {value:.4g} is {self.side} {limit:.4g}, {share} its start"
        return None


def why_diverged(
    report: Report, first: Report, metric: str, rule: DivergenceRule | None
) -> Reason | None:
    """Return why a report shows that its trial has diverged; None where it does not.

    Args:
        report: By flat name.
        first: The trial's first report.
        metric: What is tuned.
        rule: The user's; None where there is none.

    Raises:
        ScenarioError: The rule raised, or returned neither a text nor None.
    """
    value = as_number(report.get(metric))
    if value is not None and not math.isfinite(value):
        return Reason(f"diverged: {metric} is {report[metric]}")
    if rule is None:
        return None
    try:
        verdict = rule(first, report)
    except Exception as error:
        raise ScenarioError(
            f"a divergence rule takes the first and the present report, but {rule!r} fails with "
            f"{type(error).__name__}: {error}; correct Scenario(diverges=...)"
        ) from error
    if verdict is None:
        return None
    if not isinstance(verdict, str) or not verdict:
        raise ScenarioError(
            f"a divergence rule returns why, as text, or None, but {rule!r} returned {verdict!r}; "
            "correct Scenario(diverges=...)"
        )
    name = getattr(rule, "__name__", None) or repr(rule)  # a function's repr is its address
    return Reason(f"diverged: {verdict}", {"value": value, "rule": name})
