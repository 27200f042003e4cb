"""Axes of what was spent."""

from __future__ import annotations

from tuner.budgets import Unit

__all__ = ["spend_axis"]

_WORDS: dict[Unit, str] = {
    "trials": "trials",
    "epochs": "epochs",
    "seconds": "wall time",
    "gpu_seconds": "GPU time",
}
_CLOCK = ((2 * 3600.0, 3600.0, "h"), (2 * 60.0, 60.0, "min"), (0.0, 1.0, "s"))


def spend_axis(unit: Unit, most: float) -> tuple[str, float]:
    """Return the label of an axis of spend, and what one of its units is worth.

    Args:
        unit: What is spent.
        most: The most that the axis shows: times are in hours, minutes or seconds as fits.
    """
    if unit in ("trials", "epochs"):
        return _WORDS[unit], 1.0
    worth, name = next((worth, name) for least, worth, name in _CLOCK if most >= least)
    return f"{_WORDS[unit]} ({name})", worth
