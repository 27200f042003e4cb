"""The units of an axis of spend."""

from __future__ import annotations

import pytest

from tuner.budgets import Unit
from tuner.figures.spending import spend_axis


@pytest.mark.parametrize(
    ("unit", "most", "label", "worth"),
    [
        ("trials", 1e6, "trials", 1),
        ("epochs", 500, "epochs", 1),
        ("seconds", 100, "wall time (s)", 1),
        ("seconds", 120, "wall time (min)", 60),
        ("gpu_seconds", 7200, "GPU time (h)", 3600),
    ],
)
def test_times_are_in_units_that_fit(unit: Unit, most: float, label: str, worth: float) -> None:
    assert spend_axis(unit, most) == (label, worth)
