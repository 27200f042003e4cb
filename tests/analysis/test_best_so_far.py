"""Best-so-far curves, with the arithmetic by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from comparisons import drawn_outcomes, outcomes_of
from pandas.testing import assert_frame_equal

from tuner.analysis import best_so_far
from tuner.errors import SpecError

CELLS = {
    ("t", "a", 0): [(10.0, 0.5), (30.0, 0.2)],
    ("t", "a", 1): [(20.0, 0.7), (40.0, 0.4)],
}


def values_of(cells: Any, **options: Any) -> list[float]:
    keywords = {"budget": 40.0} | {
        k: options.pop(k) for k in ("failed", "modes", "worst") if k in options
    }
    curve = best_so_far(outcomes_of(cells, **keywords), points=4, **options)
    assert curve["spend"].tolist() == [10, 20, 30, 40]
    return [float(value) for value in curve["value"]]


def test_a_mean_is_undefined_until_every_run_has_a_value() -> None:
    assert values_of(CELLS) == pytest.approx([math.nan, 0.6, 0.45, 0.3], nan_ok=True)


def test_a_run_that_failed_counts_as_the_worst_value_of_the_task() -> None:
    found = values_of(CELLS, failed=[("t", "a", 1)], worst={"t": 0.9})
    assert found == pytest.approx([0.7, 0.7, 0.55, 0.55])


def test_the_worst_of_a_maximised_metric_is_the_lowest() -> None:
    cells = {("t", "a", 0): [(10.0, 0.5)], ("t", "a", 1): []}
    assert values_of(cells, modes={"t": "max"}, worst={"t": 0.1}) == pytest.approx([0.3] * 4)


def test_a_median_is_of_the_middle_runs() -> None:
    cells = CELLS | {("t", "a", 2): [(5.0, 10.0)]}
    found = values_of(cells, statistic="median")
    assert found == pytest.approx([math.nan, 0.7, 0.7, 0.4], nan_ok=True)


def test_nothing_at_all_is_undefined_everywhere() -> None:
    assert all(map(math.isnan, values_of({("t", "a", 0): [], ("t", "a", 1): []})))


def test_the_interval_of_two_seeds_is_their_range_and_of_one_undefined() -> None:
    curve = best_so_far(outcomes_of(CELLS, budget=40), points=4)
    assert curve[["low", "high"]].iloc[-1].tolist() == [0.2, 0.4]
    alone = best_so_far(outcomes_of({("t", "a", 0): [(10.0, 0.5)]}), points=4)
    assert alone["value"].notna().all()
    assert alone[["low", "high"]].isna().all(axis=None)


def test_on_a_log_scale_the_grid_begins_with_the_first_report_of_any_arm() -> None:
    cells = CELLS | {("t", "b", seed): [(1.0, 3.0)] for seed in (0, 1)}
    curves = best_so_far(outcomes_of(cells), points=3, scale="log")
    for _, curve in curves.groupby("arm"):
        assert curve["spend"].tolist() == pytest.approx([1, 10, 100])


def test_a_first_report_at_the_end_of_the_budget_leaves_no_room_for_a_log_scale() -> None:
    curve = best_so_far(outcomes_of({("t", "a", 0): [(100.0, 1.0)]}), points=2, scale="log")
    assert curve["spend"].tolist() == [50, 100]


def test_every_arm_has_a_curve_on_every_task_and_never_gets_worse() -> None:
    outcomes = drawn_outcomes({"a": 1, "b": 3}, tasks=2, seeds=4)
    curves = best_so_far(outcomes, points=30)
    groups = curves.groupby(["task", "arm"])["value"]
    assert len(groups) == 4
    assert all(np.all(np.diff(curve.dropna()) <= 1e-12) for _, curve in groups)
    assert (curves["low"].dropna() <= curves["value"].dropna() + 1e-12).all()
    assert (curves["value"].dropna() <= curves["high"].dropna() + 1e-12).all()


def test_it_is_the_same_each_time() -> None:
    outcomes = drawn_outcomes({"a": 1, "b": 3}, tasks=1, seeds=4)
    assert_frame_equal(best_so_far(outcomes), best_so_far(outcomes))


@pytest.mark.parametrize(
    "options", [{"points": 1}, {"statistic": "mode"}, {"scale": "square"}], ids=str
)
def test_senseless_curves_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(SpecError, match="a curve"):
        best_so_far(outcomes_of(CELLS), **options)
