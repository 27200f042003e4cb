"""How far two runs lie apart: tables with the arithmetic by hand."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuner.differences import compare, versions_apart


def rows(*values: Any, first: int = 1) -> list[dict[str, Any]]:
    """Reports of a metric; an Ellipsis is a report without it."""
    return [
        {"trial_id": "t", "training_iteration": n, "timestamp": n * 1.0, "time_total_s": 0.1 * n}
        | ({} if value is ... else {"loss": value})
        for n, value in enumerate(values, first)
    ]


@pytest.mark.parametrize(
    ("before", "after", "compared", "max_abs", "max_rel", "first"),
    [
        ([0.5, 0.25], [0.5, 0.25], 2, 0, 0, None),
        ([0.5, 0.25], [0.5, 0.5], 2, 0.25, 0.5, 2),
        ([4.0, 1.0], [5.0, 1.5], 2, 1.0, 1 / 3, 1),
        ([math.nan, 1.0], [math.nan, 1.0], 2, 0, 0, None),
        ([math.nan], [1.0], 1, math.inf, math.inf, 1),
        ([math.inf], [math.inf], 1, 0, 0, None),
        ([math.inf], [-math.inf], 1, math.inf, math.inf, 1),
        ([0.0], [0.0], 1, 0, 0, None),
        ([0.0], [1e-9], 1, 1e-9, 1, 1),
        ([0.5, 0.4], [0.5], 2, math.inf, math.inf, 2),
        ([0.5], [0.5, 0.4], 2, math.inf, math.inf, 2),
        ([0.5, ...], [0.5, ...], 1, 0, 0, None),
        ([0.5, ...], [0.5, 0.1], 2, math.inf, math.inf, 2),
        (["a"], ["a"], 1, 0, 0, None),
        (["a"], ["b"], 1, math.inf, math.inf, 1),
        ([1.0], ["1.0"], 1, math.inf, math.inf, 1),
        ([[1.0, 2.0]], [(1.0, 4.0)], 1, 2.0, 0.5, 1),
        ([[1.0, math.nan]], [[1.0, math.nan]], 1, 0, 0, None),
        ([[1.0]], [[1.0, 2.0]], 1, math.inf, math.inf, 1),
        ([True], [False], 1, 1.0, 1.0, 1),
        ([[]], [[]], 1, 0, 0, None),
    ],
)  # fmt: skip
def test_a_metric(
    before: list[Any],
    after: list[Any],
    compared: int,
    max_abs: float,
    max_rel: float,
    first: int | None,
) -> None:
    (found,) = compare(rows(*before), rows(*after))
    assert found.metric == "loss"
    assert (found.compared, found.first_iteration) == (compared, first)
    assert (found.max_abs, found.max_rel) == (max_abs, pytest.approx(max_rel))
    (back,) = compare(rows(*after), rows(*before))
    assert back == found


def test_clocks_and_ids_are_no_metrics() -> None:
    assert compare(rows(...), rows(...)) == []


def test_nothing_in_common() -> None:
    (found,) = compare(rows(0.5), rows(0.5, first=2))
    assert (found.compared, found.first_iteration, found.max_abs) == (2, 1, math.inf)


@pytest.mark.parametrize(
    ("before", "after", "tolerance", "within"),
    [
        ([1.0], [1.0], 0, True),
        ([1.0], [1.0 + 1e-12], 0, False),
        ([1e-12], [2e-12], 1e-9, True),  # absolute
        ([1e9], [1e9 + 1], 1e-8, True),  # relative
        ([1.0], [1.1], 0.01, False),
        ([1.0], [math.nan], 1e9, False),
    ],
)
def test_tolerance(before: list[float], after: list[float], tolerance: float, within: bool) -> None:
    (found,) = compare(rows(*before), rows(*after))
    assert found.within(tolerance) is within


@given(st.lists(st.floats()))
def test_a_run_is_identical_to_itself(values: list[float]) -> None:
    for found in compare(rows(*values), rows(*values)):
        assert found.within(0)
        assert found.first_iteration is None


@given(st.lists(st.floats(), min_size=1), st.lists(st.floats(), min_size=1))
def test_only_equal_runs_are_within_nothing(left: list[float], right: list[float]) -> None:
    (found,) = compare(rows(*left), rows(*right))
    equal = [*map(repr, left)] == [*map(repr, right)] or (
        len(left) == len(right)
        and all(a == b or (a != a and b != b) for a, b in zip(left, right, strict=True))
    )
    assert found.within(0) == equal == (found.first_iteration is None)


def test_versions_that_differ() -> None:
    then = {"python": "3.11.1", "git_commit": "a", "versions": {"ray": "2.60", "torch": None}}
    now = {"python": "3.11.1", "git_commit": "b", "host": "h", "versions": {"ray": "2.60"}}
    assert versions_apart(then, now) == {"git_commit": ("a", "b")}
    assert versions_apart({}, {"versions": {"ray": "2.60"}}) == {"ray": (None, "2.60")}
    assert versions_apart({"versions": None}, {}) == {}
