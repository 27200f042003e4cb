"""One objective or several: what a scenario takes, and how it reads."""

from __future__ import annotations

import pickle
from dataclasses import replace
from typing import Any

import pytest
from ray import tune

from tuner import Scenario
from tuner.errors import ScenarioError
from tuner.objectives import Objective

BOTH = (Objective("val_error", "min"), Objective("accuracy", "max"))


def train(config: dict[str, Any]) -> None:
    tune.report({"val_error": config["lr"], "accuracy": 1 - config["lr"]})


def scenario(**changes: Any) -> Scenario:
    fields: dict[str, Any] = {
        "name": "toy",
        "trainable": train,
        "space": {"lr": tune.loguniform(1e-4, 1)},
        "metric": ["val_error", "accuracy"],
        "mode": ["min", "max"],
        "max_t": 9,
    }
    return Scenario(**fields | changes)


def test_the_first_objective_is_the_metric() -> None:
    both = scenario()
    assert (both.metric, both.mode) == ("val_error", "min")
    assert both.objectives == BOTH


def test_one_objective_is_the_metric() -> None:
    assert scenario(metric="val_error", mode="min").objectives == BOTH[:1]
    assert scenario(metric=("accuracy",), mode=("max",)).objectives == BOTH[1:]


def test_the_objectives_are_handed_on() -> None:
    assert replace(scenario(), max_t=3).objectives == BOTH
    assert pickle.loads(pickle.dumps(scenario())).objectives == BOTH


def test_another_metric_takes_the_place_of_all() -> None:
    changed = replace(scenario(), metric="loss")
    assert changed.objectives == (Objective("loss", "min"),)
    changed = replace(scenario(), metric=["loss", "accuracy"], mode=["max", "max"])
    assert changed.objectives == (Objective("loss", "max"), Objective("accuracy", "max"))


def test_a_metric_is_required() -> None:
    with pytest.raises(TypeError, match="'metric'"):
        Scenario(name="toy", trainable=train, space={"x": tune.uniform(0, 1)}, mode="min", max_t=3)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"metric": []}, r"for each metric, but is \['min', 'max'\] for \[\]"),
        ({"metric": [], "mode": []}, r"one or more different values, but is \[\]"),
        ({"metric": ["a", "a"]}, "one or more different values"),
        ({"metric": ["a", ""]}, "metric must be a non-empty string, but is ''"),
        ({"metric": ["a", "b", "c"]}, "two lists of the same length"),
        ({"mode": "min"}, "mode must be 'min' or 'max' for each metric, but is 'min'"),
        ({"metric": "a", "mode": ["min"]}, "one of each, or two lists"),
        ({"mode": ["min", "maxx"]}, "did you mean 'max'"),
        ({"mode": ["min", ["max"]]}, r"but is \['max'\]"),
        ({"time_attr": "accuracy"}, "two different reported values"),
    ],
)
def test_what_are_no_objectives(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ScenarioError, match=message):
        scenario(**changes)
