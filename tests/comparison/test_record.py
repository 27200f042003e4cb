"""What is kept of a run."""

from __future__ import annotations

import math
from typing import Literal

from hypothesis import given
from hypothesis import strategies as st

from tuner.comparison.record import Improvements, Spent, last_line


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True)), st.sampled_from(["min", "max"]))
def test_each_improvement_is_the_best_so_far(
    values: list[float], mode: Literal["min", "max"]
) -> None:
    better = min if mode == "min" else max
    improvements, kept = Improvements(mode), []
    for place, value in enumerate(values):
        if improvements.improves(value):
            improvements.add(value, Spent(1, place + 1, 0.0, 0.0), "t", {"x": place})
            kept.append(place)
    finite = [value for value in values if math.isfinite(value)]
    if not finite:
        assert improvements.best is improvements.worst is None
        assert improvements.summary()["best_config"] is None
        return
    assert improvements.best == better(finite)
    assert improvements.worst == (max if mode == "min" else min)(finite)
    for place in range(len(values)):
        so_far = [value for value in values[: place + 1] if math.isfinite(value)]
        found = [row["value"] for row in improvements.rows if row["epochs"] <= place + 1]
        assert (found[-1] if found else None) == (better(so_far) if so_far else None)
    assert kept == [row["epochs"] - 1 for row in improvements.rows]


def test_the_last_line_of_an_error_says_what_went_wrong() -> None:
    assert last_line("Traceback:\n  File\nValueError: no luck\n\n") == "ValueError: no luck"
    assert last_line(" \n") == "no message"
