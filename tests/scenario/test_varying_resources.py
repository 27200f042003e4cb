from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from typing import Any

import pytest
from ray import cloudpickle, tune

from tuner import Scenario
from tuner.errors import ScenarioError


def scenario(resources: Any) -> Scenario:
    return Scenario(
        name="varying",
        trainable=lambda config: None,
        space={"width": tune.randint(1, 100)},
        metric="loss",
        mode="min",
        max_t=3,
        resources=resources,
    )


def by_width(config: Mapping[str, Any]) -> dict[str, float]:
    return {"cpu": 1, "gpu": 0.5 if config["width"] > 50 else 0.25}


@pytest.mark.parametrize(
    "function", [by_width, lambda config: by_width(config), functools.partial(by_width)]
)
def test_a_function_says_what_each_trial_takes(function: Any) -> None:
    varying = scenario(function)
    assert varying.resources == {}
    assert varying.shape_for({"width": 10}).bundles == ({"CPU": 1.0, "GPU": 0.25},)
    assert varying.shape_for({"width": 90}).bundles == ({"CPU": 1.0, "GPU": 0.5},)


def test_numbers_hold_for_every_configuration() -> None:
    assert scenario({"cpu": 2}).shape_for({"width": 1}).bundles == ({"CPU": 2.0},)


def test_copies_keep_the_function_until_it_is_replaced() -> None:
    varying = scenario(by_width)
    again = dataclasses.replace(varying, max_t=5)
    assert again.resources_of is by_width
    fixed = dataclasses.replace(varying, resources={"cpu": 3})
    assert fixed.resources_of is None
    assert fixed.resources == {"cpu": 3}
    sent = cloudpickle.loads(cloudpickle.dumps(again))
    assert sent.shape_for({"width": 90}) == varying.shape_for({"width": 90})


def test_auto_counts_as_a_whole_gpu_until_it_is_measured() -> None:
    auto = scenario({"cpu": 2, "gpu": "auto"})
    assert auto.resources == {"cpu": 2, "gpu": 1.0}
    assert auto.auto_gpu
    assert dataclasses.replace(auto, max_t=5).auto_gpu
    assert not dataclasses.replace(auto, resources={"cpu": 2, "gpu": 0.5}).auto_gpu
    assert not dataclasses.replace(auto, resources=by_width).auto_gpu
    assert not scenario({"cpu": 2, "gpu": 1}).auto_gpu


@pytest.mark.parametrize(
    ("resources", "message"),
    [
        (lambda: {"cpu": 1}, "takes one configuration"),
        (lambda a, b: {"cpu": 1}, "takes one configuration"),
        ({"cpu": "auto"}, r"resources\['cpu'\] must be a number"),
        ({"gpu": "automatic"}, r"resources\['gpu'\] must be a number"),
    ],
)
def test_what_cannot_work_is_refused_at_once(resources: Any, message: str) -> None:
    with pytest.raises(ScenarioError, match=message):
        scenario(resources)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda config: None, "width.*must be a dict"),
        (lambda config: {"gpu": 1.5}, "width.*fraction up to 1 or a whole number"),
        (lambda config: {"GPU": 1}, "width.*did you mean 'gpu'"),
        (lambda config: {"gpu": 1 / config["depth"]}, "KeyError: 'depth'.*width"),
    ],
)
def test_a_function_that_goes_wrong_names_the_configuration(function: Any, message: str) -> None:
    with pytest.raises(ScenarioError, match=message):
        scenario(function).shape_for({"width": 7})
