"""Throughput and the time left, with the arithmetic by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuner.progress.pace import Rate, time_left
from tuner.progress.snapshot import Snapshot


def snapshot(**changes: object) -> Snapshot:
    values = {
        "name": "s", "path": "results/s", "arm": "fifo+random", "metric": "loss", "mode": "min",
        "time_attr": "epoch", "max_t": 9, "elapsed_s": 100.0,
    }  # fmt: skip
    return Snapshot(**(values | changes))


def test_a_rate_needs_two_moments() -> None:
    rate = Rate()
    assert rate.per_second is None
    rate.observe(1.0, 5)
    assert rate.per_second is None
    rate.observe(3.0, 15)
    assert rate.per_second == 5.0  # (15 - 5) / (3 - 1)


def test_two_observations_of_the_same_moment_count_once() -> None:
    rate = Rate()
    rate.observe(1.0, 5)
    rate.observe(1.0, 7)
    assert rate.per_second is None
    rate.observe(2.0, 9)
    assert rate.per_second == 2.0


def test_a_rate_forgets_what_is_older_than_its_window() -> None:
    rate = Rate(window_s=10)
    for second in range(101):
        rate.observe(second, 1000 if second >= 50 else 20 * second)
    assert rate.per_second == 0.0


def test_a_rate_spans_gaps_longer_than_its_window() -> None:
    rate = Rate(window_s=10)
    rate.observe(0, 0)
    rate.observe(100, 50)
    assert rate.per_second == 0.5


@given(
    st.floats(0.5, 200),
    st.lists(st.tuples(st.floats(0.01, 50), st.integers(0, 1000)), min_size=1, max_size=50),
)
def test_a_rate_lies_between_the_slowest_and_the_fastest_step(
    window_s: float, steps: list[tuple[float, int]]
) -> None:
    rate, time_s, total = Rate(window_s), 0.0, 0
    rate.observe(time_s, total)
    speeds = []
    for seconds, events in steps:
        before = time_s
        time_s, total = time_s + seconds, total + events
        speeds.append(events / (time_s - before))
        rate.observe(time_s, total)
    assert rate.per_second is not None
    assert min(speeds) * 0.999 <= rate.per_second <= max(speeds) * 1.001 + 1e-9


@pytest.mark.parametrize(
    ("changes", "seconds"),
    [
        ({}, None),
        ({"num_samples": 20}, None),  # nothing ended yet
        # 8 + 2 of 20 ended in 100 s: 10 are left at 10 s each
        ({"num_samples": 20, "counts": {"TERMINATED": 8, "ERROR": 2, "RUNNING": 3}}, 100.0),
        ({"num_samples": 20, "counts": {"TERMINATED": 20}}, 0.0),
        ({"num_samples": 20, "counts": {"TERMINATED": 25}}, 0.0),
        ({"time_budget_s": 160.0}, 60.0),
        ({"time_budget_s": 60.0}, 0.0),
        ({"num_samples": 20, "counts": {"TERMINATED": 10}, "time_budget_s": 130.0}, 30.0),
        ({"num_samples": 11, "counts": {"TERMINATED": 10}, "time_budget_s": 130.0}, 10.0),
        ({"num_samples": 5, "counts": {"TERMINATED": 1}, "elapsed_s": 0.0}, None),
    ],
)
def test_time_left(changes: dict[str, object], seconds: float | None) -> None:
    assert time_left(snapshot(**changes)) == seconds
