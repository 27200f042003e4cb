"""What tuner's own schedulers refuse when they are built, and when a sweep starts. Pure."""

from __future__ import annotations

import math
from typing import Any

from tuner.errors import SpecError

__all__ = ["check_count", "check_goal", "check_mode", "check_number", "check_range"]


def check_number(name: str, value: Any, *, above: float) -> None:
    """Refuse what is no finite number greater than ``above``.

    Raises:
        SpecError: It is not.
    """
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not above < value < math.inf:
        raise SpecError(f"{name} must be a number above {above:g}, got {value!r}")


def check_range(name: str, value: Any, low: float, high: float) -> None:
    """Refuse what is no number from ``low`` to ``high``, both inclusive.

    Raises:
        SpecError: It is not.
    """
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not low <= value <= high:
        raise SpecError(f"{name} must be a number from {low:g} to {high:g}, got {value!r}")


def check_count(name: str, value: Any) -> None:
    """Refuse what is no whole number of at least 1.

    Raises:
        SpecError: It is not.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise SpecError(f"{name} must be a whole number of at least 1, got {value!r}")


def check_mode(mode: str | None) -> None:
    """Refuse what is no direction; None is one that will be named later.

    Raises:
        SpecError: It is not.
    """
    if mode not in (None, "min", "max"):
        raise SpecError(f"mode must be 'min' or 'max', got {mode!r}")


def check_goal(scheduler: str, metric: str | None, mode: str | None) -> None:
    """Refuse to compare trials by a metric or in a direction that nobody has named.

    Raises:
        SpecError: Metric or mode is None.
    """
    if metric is None or mode is None:
        raise SpecError(
            f"{scheduler} compares trials by a metric and its mode, got metric={metric!r}, "
            f"mode={mode!r}; name them, here or in TuneConfig"
        )
