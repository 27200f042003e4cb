"""What more trials bring: by hand, for either direction, and with trials that have no value."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from tuner import figures
from tuner.objectives import Objective


@pytest.mark.parametrize(("mode", "sign"), [("min", 1), ("max", -1)])
def test_the_best_of_n_by_hand(mode: str, sign: int) -> None:
    values = [sign * value for value in (1.0, 2.0, 6.0)]
    trials = pd.DataFrame({"trial_id": ["a", "b", "c"], "best/loss": values})
    figure = figures.prospects(trials, objective=Objective("loss", mode))  # type: ignore[arg-type]
    line = figure.data[-1]
    # Of two trials the best is 1 in two of three pairs, and 2 in the third.
    assert line.x.tolist() == [1, 2, 3]
    assert [sign * y for y in line.y.tolist()] == pytest.approx([3, 4 / 3, 1])


def test_a_trial_without_a_value_is_as_bad_as_the_worst() -> None:
    trials = pd.DataFrame({"trial_id": ["a", "b"], "best/loss": [3.0, math.inf]})
    figure = figures.prospects(trials, objective=Objective("loss", "min"))
    assert set(figure.data[-1].y.tolist()) == {3.0}
    assert "1 trial without a value" in figure.layout.title.subtitle.text.replace("<br>", "")
