"""How many trials a budget pays for, by forecast."""

from __future__ import annotations

from collections.abc import Callable

from tuner.budgets import Budget, budget_text
from tuner.errors import SpecError
from tuner.forecast import Forecast

__all__ = ["affordable_trials", "forecast_amount"]

_MOST = 1_000_000
_PACE = "how long an epoch takes is unknown; give seconds_per_epoch, or like=SWEEP"


def affordable_trials(budget: Budget, forecast_of: Callable[[int], Forecast]) -> int:
    """Return the largest number of trials whose forecast stays within a budget.

    Args:
        budget: Of trials, epochs, wall time or time on GPUs.
        forecast_of: Of a number of trials what they will take; what they take grows with it.

    Raises:
        SpecError: The budget does not pay for a single trial, or the forecast does not know what
            it is counted in.
    """
    if budget.unit == "trials":
        return int(budget.amount)

    def fits(trials: int) -> bool:
        return forecast_amount(forecast_of(trials), budget) <= budget.amount

    if not fits(1):
        taken = Budget(forecast_amount(forecast_of(1), budget), budget.unit)
        raise SpecError(
            "a budget pays for at least one trial, which takes "
            f"{budget_text(taken)}, got {budget_text(budget)}"
        )
    low, high = 1, 2
    while high <= _MOST and fits(high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low


def forecast_amount(forecast: Forecast, budget: Budget) -> float:
    """Return what a sweep will take, in the unit of a budget of epochs or of time.

    Raises:
        SpecError: The forecast does not know it.
    """
    if budget.unit == "epochs":
        return forecast.epochs.expected
    if forecast.wall_s is None:
        raise SpecError(
            f"a budget of {budget_text(budget)} is divided by the time of a trial, but {_PACE}"
        )
    if budget.unit == "seconds":
        return forecast.wall_s.expected
    if forecast.gpu_hours is None:
        raise SpecError(
            f"a budget of GPU time is for trials that take GPUs, got {budget_text(budget)} for "
            "trials that take none; give resources={'gpu': 1} (--gpus-per-trial 1), or a budget in "
            "epochs or seconds"
        )
    return 3600 * forecast.gpu_hours.expected
