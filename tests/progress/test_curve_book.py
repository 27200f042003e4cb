"""What is kept of the curves, whatever comes."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuner.progress import CurveBook


def filled(trials: int, epochs: int, mode: str = "min") -> CurveBook:
    book = CurveBook(mode)
    for number in range(trials):
        for epoch in range(1, epochs + 1):
            book.report(f"t{number}", epoch, 1 + (number * 7919 % trials) / epoch)
        book.end(f"t{number}", stopped=number % 2 == 0)
    return book


def test_a_few_are_all_there() -> None:
    sample = filled(5, 3).sample(60)
    assert [len(curve) for curve in sample.curves.values()] == [3] * 5
    assert (sample.trials, sample.finite) == (5, 5)
    assert sample.stopped == {"t0", "t2", "t4"}
    assert list(sample.numbers.values()) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("mode", ["min", "max"])
def test_many_are_thinned_out_evenly_and_the_best_stays(mode: str) -> None:
    book = filled(3000, 2, mode)
    sample = book.sample(60)
    assert (sample.trials, sample.finite) == (3000, 3000)
    assert 30 <= len(sample.curves) <= 61
    numbers = list(sample.numbers.values())
    assert numbers == sorted(numbers)
    gaps = [later - earlier for earlier, later in pairwise(numbers)]
    assert max(gaps) <= 3 * 3000 / 60
    best = min if mode == "min" else max
    winner = best(range(3000), key=lambda n: (n * 7919 % 3000) / (2 if mode == "min" else 1))
    assert f"t{winner}" in sample.curves
    assert len(book._curves) <= 401


def test_trials_that_report_once_keep_each_best_so_far() -> None:
    book = CurveBook("min")
    values = [1000 - n if n % 100 == 0 else 2000.0 + n for n in range(10_000)]
    for number, value in enumerate(values):
        book.report(f"t{number}", 1, value)
        book.end(f"t{number}", stopped=False)
    sample = book.sample(60)
    assert {f"t{n}" for n in range(0, 10_000, 100)} <= set(sample.curves)
    assert len(sample.curves) <= 2100
    assert sample.numbers["t9900"] == 9901


def test_a_new_attempt_replaces_what_it_repeats() -> None:
    book = CurveBook("min")
    for time, value in ((1, 0.9), (2, 0.8), (3, 0.7), (2, 0.6)):
        book.report("a", time, value)
    assert book.sample(9).curves["a"] == [(1, 0.9), (2, 0.6)]


def test_values_that_are_not_finite_are_kept_as_gaps_and_counted() -> None:
    book = CurveBook("min")
    book.report("a", 1, math.nan)
    book.report("b", 1, 0.5)
    book.report("c", math.inf, 0.5)
    book.report("d", None, 0.5)
    book.report("e", 1, None)
    sample = book.sample(9)
    assert set(sample.curves) == {"a", "b"}
    assert (sample.trials, sample.finite) == (2, 1)


def test_a_long_curve_is_thinned_out_with_its_ends() -> None:
    book = CurveBook("min")
    for time in range(1, 5001):
        book.report("a", time, 1 / time)
    curve = book.sample(9).curves["a"]
    assert len(curve) <= 512
    assert (curve[0], curve[-1]) == ((1, 1.0), (5000, 1 / 5000))


def test_an_empty_sweep() -> None:
    sample = CurveBook("min").sample(9)
    assert (dict(sample.curves), sample.trials, sample.finite) == ({}, 0, 0)


reports = st.lists(
    st.tuples(st.integers(0, 30), st.integers(1, 5), st.floats(allow_nan=True)), max_size=80
)


@given(reports, st.sampled_from(["min", "max"]), st.integers(1, 5))
def test_the_best_report_is_in_every_sample(
    reports: list[tuple[int, int, float]], mode: str, most: int
) -> None:
    book = CurveBook(mode)
    latest: dict[tuple[int, int], float] = {}
    for trial, time, value in reports:
        book.report(f"t{trial}", time, value)
        for known in [key for key in latest if key[0] == trial and key[1] >= time]:
            del latest[known]
        latest[trial, time] = value
    sample = book.sample(most)
    kept = {point for curve in sample.curves.values() for point in curve}
    assert kept <= {(time, value) for (_, time), value in latest.items()} | {
        point for point in kept if math.isnan(point[1])
    }
    assert sample.trials == len({trial for trial, _, _ in reports})
