from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuner.objectives import Mode, Objective
from tuner.store.summary import Highlights

INF, NAN = math.inf, math.nan


def summed_up(
    row: dict[str, Any], reports: list[dict[str, Any]], mode: Mode = "min"
) -> dict[str, Any]:
    """Return what reports change in a trial's row."""
    highlights = Highlights(row, [Objective("loss", mode)])
    for report in reports:
        highlights.take(report)
    return highlights.columns(row, {"training_iteration", "time_total_s", "attempt"})


def reports_of(values: list[Any]) -> list[dict[str, Any]]:
    return [
        {"training_iteration": iteration, "loss": value}
        for iteration, value in enumerate(values, start=1)
    ]


def present(row: dict[str, Any]) -> list[tuple[str, Any]]:
    return sorted(item for item in row.items() if item[1] is not None)


def after(values: list[Any], mode: Mode) -> dict[str, Any]:
    """Return a trial's row after reports of these values at iterations 1, 2, ..."""
    return summed_up({}, reports_of(values), mode)


@pytest.mark.parametrize(
    ("values", "mode", "best", "best_iteration"),
    [
        ([0.3, 0.1, 0.2], "min", 0.1, 2),
        ([0.3, 0.1, 0.2], "max", 0.3, 1),
        ([0.2, 0.1, 0.1], "min", 0.1, 2),  # the first of equals
        ([NAN, 0.5, NAN], "min", 0.5, 2),
        ([0.5, -INF, INF], "min", 0.5, 1),  # the infinities are no results, in neither direction
        ([0.5, -INF, INF], "max", 0.5, 1),
        ([-0.0, 0.0], "max", -0.0, 1),
        ([NAN, INF, None, "text", True], "min", None, None),
        ([], "max", None, None),
    ],
)
def test_the_best_report(
    values: list[Any], mode: Mode, best: float | None, best_iteration: int | None
) -> None:
    row = after(values, mode)
    assert row.get("best/loss") == best
    assert row.get("best_iteration") == best_iteration


@given(st.lists(st.floats()), st.sampled_from(["min", "max"]))
def test_the_best_is_the_first_extreme_finite_value(values: list[float], mode: Mode) -> None:
    finite = [value for value in values if math.isfinite(value)]
    extreme = (min if mode == "min" else max)(finite, default=None)
    row = after(values, mode)
    assert row.get("best/loss") == extreme
    if extreme is not None:
        assert row["best_iteration"] == 1 + values.index(extreme)


def test_last_and_best_hold_the_numbers_of_their_report() -> None:
    report = {"training_iteration": 1, "time_total_s": 0.5, "attempt": 1}
    first = summed_up({}, [{**report, "loss": 0.1, "acc": 0.9, "note": "x", "done": True}])
    assert first == {
        "iterations": 1,
        "seconds": 0.5,
        "attempts": 1,
        "best_iteration": 1,
        "last/loss": 0.1,
        "last/acc": 0.9,
        "best/loss": 0.1,
        "best/acc": 0.9,
    }
    second = summed_up(first, [{"training_iteration": 2, "loss": 0.2, "late": 1.0}])
    assert second == {
        "iterations": 2,
        "seconds": None,
        "attempts": None,
        "last/loss": 0.2,
        "last/late": 1.0,
        "last/acc": None,
    }


def test_a_better_report_replaces_the_best_one_whole() -> None:
    row = summed_up({}, [{"loss": 0.2, "acc": 0.9}])
    assert summed_up(row, [{"loss": 0.1}])["best/acc"] is None


@given(st.lists(st.floats() | st.none()), st.integers(0, 10), st.sampled_from(["min", "max"]))
def test_many_reports_at_once_are_the_same_as_one_by_one(
    values: list[float | None], cut: int, mode: Mode
) -> None:
    row: dict[str, Any] = {}
    for reports in (reports_of(values)[:cut], reports_of(values)[cut:]):
        row |= summed_up(row, reports, mode)
    whole = after(values, mode)
    assert repr(present(row)) == repr(present(whole))
