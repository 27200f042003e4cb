from __future__ import annotations

import math
from typing import Any, cast

import pytest

from tuner.errors import SpecError
from tuner.objectives import Mode, Objective

INF, NAN = math.inf, math.nan


@pytest.mark.parametrize(
    ("value", "mode", "cost"),
    [
        (1.0, "min", 1.0),
        (1.0, "max", -1.0),
        (NAN, "max", INF),
        (-INF, "min", INF),
        (None, "max", INF),
    ],
)
def test_cost_is_lower_for_the_better(value: float | None, mode: Mode, cost: float) -> None:
    assert Objective("loss", mode).cost(value) == cost


@pytest.mark.parametrize(
    ("reported", "value"),
    [(0.5, 0.5), (3, 3.0), (-INF, -INF), (True, None), ("3", None), (None, None), (10**400, None)],
)
def test_the_value_in_a_report(reported: Any, value: float | None) -> None:
    assert Objective("loss", "min").value({"loss": reported}) == value
    assert Objective("loss", "min").value({}) is None


def test_a_direction_that_is_none_is_refused() -> None:
    with pytest.raises(SpecError, match=r"'min' or 'max'; received 'minimum'"):
        Objective("loss", cast(Mode, "minimum"))
