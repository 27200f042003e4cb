"""Means and courses of amounts that change in steps, by hand and by law."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuner.progress.meter import Meter
from tuner.progress.sparkline import sparkline


def test_the_mean_is_weighted_by_time() -> None:
    meter = Meter("CPU")
    meter.observe(0, 1, 4)  # 1 of 4 for 3 s, 4 of 4 for 1 s: 7 of 16
    meter.observe(3, 4, 4)
    gauge = meter.gauge(4)
    assert (gauge.used, gauge.total, gauge.mean) == (4, 4, pytest.approx(7 / 16))
    assert gauge.recent == pytest.approx([0.25] * 6 + [1] * 2)
    assert gauge.recent_s == 4


def test_what_is_offered_changes() -> None:
    meter = Meter("CPU")
    meter.observe(0, 2, 2)
    meter.observe(1, 2, 6)  # 2 of 2 for 1 s, 2 of 6 for 1 s: 4 of 8
    assert meter.gauge(2).mean == pytest.approx(0.5)


def test_amounts_where_nobody_knows_of_how_much() -> None:
    meter = Meter("workers")
    meter.observe(10, 3, None)
    meter.observe(12, 0, None)
    gauge = meter.gauge(13)
    assert (gauge.total, gauge.mean) == (None, pytest.approx(2))
    assert gauge.recent == pytest.approx([3] * 4 + [0] * 2)


def test_nothing_yet() -> None:
    assert Meter("GPU").gauge(5).mean is None
    meter = Meter("GPU")
    meter.observe(5, 1, 2)
    assert (meter.gauge(5).mean, meter.gauge(5).recent) == (None, ())
    empty = Meter("GPU")
    empty.observe(0, 0, 0)  # all nodes are gone
    assert (empty.gauge(9).mean, empty.gauge(9).recent) == (None, ())


def test_a_gap_counts_for_nothing() -> None:
    meter = Meter("CPU")
    meter.observe(0, 1, 1)
    meter.observe(1, 0, 1)
    meter.skip(1000)
    meter.observe(1000, 1, 1)
    gauge = meter.gauge(1001)
    assert gauge.mean == 1
    assert gauge.recent_s == 2


def test_a_clock_that_goes_back_stands_still() -> None:
    meter = Meter("CPU")
    meter.observe(10, 1, 2)
    meter.observe(4, 2, 2)
    assert meter.gauge(11).mean == 1


def test_a_long_sweep_keeps_the_last_ten_minutes() -> None:
    meter = Meter("CPU")
    meter.observe(0, 1, 1)
    meter.observe(1e6, 0, 1)
    gauge = meter.gauge(1e6 + 300)
    assert gauge.recent_s == 600
    assert len(gauge.recent) <= 40
    assert gauge.recent == pytest.approx([1] * 20 + [0] * 20)
    assert gauge.mean == pytest.approx(1e6 / (1e6 + 300))


steps = st.lists(st.tuples(st.floats(0, 50), st.floats(0, 8)), min_size=1, max_size=30)


@given(steps)
def test_the_mean_lies_within_what_was_seen_and_agrees_with_the_course(
    steps: list[tuple[float, float]],
) -> None:
    meter, now = Meter("CPU"), 0.0
    for wait, used in steps:
        meter.observe(now, used, 8)
        now += wait
    gauge = meter.gauge(now)
    if gauge.mean is None:
        assert now == 0
        return
    shares = [used / 8 for _, used in steps]
    assert min(shares) - 1e-9 <= gauge.mean <= max(shares) + 1e-9
    assert all(min(shares) - 1e-9 <= each <= max(shares) + 1e-9 for each in gauge.recent)


@pytest.mark.parametrize(
    ("values", "width", "top", "drawn"),
    [
        ([0, 0.5, 1], 9, 1, "▁▅█"),
        ([0, 1, 1, 1], 2, 1, "▅█"),
        ([2, 9], 5, 4, "▅█"),
        ([], 5, 1, ""),
        ([1], 0, 1, ""),
        ([0, 0], 5, 0, ""),
        ([1], 5, math.nan, ""),
    ],
)
def test_sparklines(values: list[float], width: int, top: float, drawn: str) -> None:
    assert sparkline(values, width, top) == drawn
