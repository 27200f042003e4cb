"""Curves that time can run along; others are refused when they are made."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuner.errors import ScenarioError
from tuner.simulation import Curve
from tuner.simulation.curves import Lazy
from tuner.simulation.sources import FunctionCurves, RecordedCurves, RecordedTraining


@pytest.mark.parametrize("kind", [list, tuple, np.array, lambda values: array("d", values)])
@pytest.mark.parametrize(
    ("seconds", "told"),
    [([1.0, -0.5, 1.0], "got -0.5 for epoch 2"), ([math.nan, 1.0], "got nan for epoch 1"),
     ([1.0, 2.0, math.nan], "got nan for epoch 3"), ([0.0, math.inf], "got inf for epoch 2"),
     ([1.0, -math.inf], "got -inf for epoch 2"), ([], "at least one epoch, got one without any")],
)  # fmt: skip
def test_time_neither_stands_still_nor_runs_backwards(
    kind: type, seconds: list[float], told: str
) -> None:
    with pytest.raises(ScenarioError, match=told):
        Curve({"loss": [1.0] * len(seconds)}, kind(seconds))


@given(st.lists(st.floats(), min_size=1, max_size=9))
def test_whatever_is_taken_is_finite_and_not_below_zero(seconds: list[float]) -> None:
    if all(0 <= each < math.inf for each in seconds) and sum(seconds) < math.inf:
        assert Curve({}, seconds).seconds is seconds
        return
    with pytest.raises(ScenarioError, match="an epoch takes a finite number of seconds >= 0"):
        Curve({}, seconds)


def test_a_metric_has_a_value_per_epoch() -> None:
    with pytest.raises(ScenarioError, match="got 2 of 'loss' for 3 of seconds"):
        Curve({"other": [1.0] * 4, "loss": [1.0] * 2}, [1.0] * 3)


def test_what_is_found_out_as_it_is_looked_at_is_left_alone() -> None:
    class Secret(Lazy):
        def __len__(self) -> int:
            return 3

        def __getitem__(self, place: int | slice) -> float | Sequence[float]:
            raise AssertionError("looked at")

    assert len(Curve({"loss": []}, Secret()).seconds) == 3


def test_sources_of_users_are_held_to_it() -> None:
    backwards = FunctionCurves(lambda config, epochs: epochs, "loss", 3, seconds=lambda c, e: 2 - e)
    with pytest.raises(ScenarioError, match="got -1 for epoch 3"):
        backwards.curve({}, 0)
    for complete in (True, False):
        torn = RecordedTraining("a", {"loss": [1.0, 2.0]}, [1.0, math.nan], complete)
        with pytest.raises(ScenarioError, match="got nan for epoch 2"):
            RecordedCurves("cell", {1: [torn]}).curve({"cell": 1}, 0)
