"""Curves that functions give."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tuner.errors import ScenarioError
from tuner.simulation.sources import FunctionCurves


def rising(config: Any, epochs: Any) -> Any:
    return config["x"] * epochs


def test_a_value_per_epoch() -> None:
    curve = FunctionCurves(rising, "score", 3, seconds=rising).curve({"x": 2}, 0)

    assert list(curve.metrics["score"]) == [2.0, 4.0, 6.0]
    assert list(curve.seconds) == [2.0, 4.0, 6.0]


def test_one_number_is_for_every_epoch() -> None:
    curve = FunctionCurves(lambda config, epochs: 7, "score", 3).curve({}, 0)

    assert list(curve.metrics["score"]) == [7.0, 7.0, 7.0]


def test_another_number_of_values_is_refused() -> None:
    curves = FunctionCurves(lambda config, epochs: [1, 2], "score", 3)

    with pytest.raises(ScenarioError, match=r"each of the 3 epochs .* returned the shape \(2,\)"):
        curves.curve({}, 0)


def test_a_trial_keeps_its_own_noise() -> None:
    curves = FunctionCurves(rising, "score", 1000, noise=0.5)
    first, again, other = (curves.curve({"x": 0}, number).metrics["score"] for number in (3, 3, 4))

    assert list(first) == list(again)
    assert list(first) != list(other)
    assert np.std(first) == pytest.approx(0.5, rel=0.1)
    assert abs(np.corrcoef(first, other)[0, 1]) < 0.1


def test_another_seed_is_another_noise() -> None:
    first, other = (
        FunctionCurves(rising, "score", 5, noise=1.0, seed=seed).curve({"x": 0}, 0)
        for seed in (0, 1)
    )

    assert list(first.metrics["score"]) != list(other.metrics["score"])
