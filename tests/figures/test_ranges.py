"""Axes: what they show of equal values and outliers, and ticks that are whole and do not touch."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from tuner import figures
from tuner.figures.ranges import log_axis, padded, value_axis, whole_axis
from tuner.objectives import Objective

LOSS = Objective("loss", "min")
SCORE = Objective("score", "max")


@pytest.mark.parametrize("value", [0.06, -3.0, 1e-9, 1e12, 0.0])
def test_equal_values_are_in_the_middle_of_an_axis_of_their_size(value: float) -> None:
    axis, note = value_axis(np.full(3, value), LOSS)
    low, high = axis["range"]
    assert note is None
    assert low < value < high
    assert high - low <= 0.21 * abs(value) or value == 0


def test_the_ends_of_a_line_are_well_inside() -> None:
    assert padded(np.array([0.0, math.nan, 100.0])) == pytest.approx([-2, 102])
    assert padded(np.array([1.0, 100.0]), log=True) == pytest.approx([-0.04, 2.04])


def test_a_few_whole_numbers_have_no_ticks_between_them() -> None:
    assert whole_axis(3) == {"dtick": 1}
    assert whole_axis(50) == {}


@pytest.mark.parametrize(("low", "high"), [(2.3e-7, 8e-6), (1e-4, 9e-3), (5e-6, 5e-5)])
def test_small_numbers_have_few_ticks_within_two_decades(low: float, high: float) -> None:
    axis = log_axis(np.array([low, high, math.nan]))
    within = [each for each in axis["tickvals"] if low <= each <= high]
    assert 2 <= len(within) <= 4
    assert axis["tickformat"] == "~e"


def test_numbers_of_few_digits_are_written_in_full() -> None:
    assert log_axis(np.array([1e-3, 10.0]))["tickformat"] == "~g"
    assert log_axis(np.array([1e-4, 1.0]))["tickformat"] == "~g"
    assert log_axis(np.array([1e-7, 1.0]))["tickformat"] == "~e"
    assert log_axis(np.array([math.nan]))["tickformat"] == "~g"


@pytest.mark.parametrize("objective", [LOSS, SCORE])
@pytest.mark.parametrize("worst", [1e29, 2.0])
def test_ticks_of_trials_without_a_value_are_in_sight(objective: Objective, worst: float) -> None:
    sign = 1 if objective.mode == "min" else -1
    values = [sign * each for each in (*np.linspace(0.01, 1, 20), worst)]
    trials = pd.DataFrame({
        "trial_id": [f"t{n}" for n in range(23)],
        f"best/{objective.metric}": [*values, math.nan, math.nan],
        "config/x": np.linspace(0, 1, 23),
    })  # fmt: skip
    figure = figures.slices(trials, objective=objective)
    (ticks,) = (trace for trace in figure.data if str(trace.name).startswith("no value"))
    axis = figure.layout.yaxis
    if axis.range is not None:
        height = math.log10(ticks.y[0]) if axis.type == "log" else ticks.y[0]
        assert axis.range[0] < height < axis.range[1]


def test_one_bad_trial_does_not_hide_the_order_of_the_good_ones() -> None:
    values = np.array([*np.linspace(0.1, 0.5, 19), 1e29])
    figure = figures.value_order(values, marked=5, objective=LOSS)
    assert figure.layout.yaxis.range[1] < 10
    assert "1 trial above" in figure.layout.title.subtitle.text


def test_the_last_step_of_a_distribution_is_not_on_the_edge() -> None:
    trials = pd.DataFrame({"trial_id": list("abc"), "best/loss": [0.1, 0.2, 0.3]})
    low, high = figures.edf(trials, objective=LOSS).layout.xaxis.range
    assert low < 0.1
    assert high > 0.3
