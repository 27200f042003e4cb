"""`Scenario` is right when it exists: every wrong field is refused with rule, value and remedy."""

from __future__ import annotations

import copy
import functools
import math
import pickle
from dataclasses import FrozenInstanceError, replace
from typing import Any

import numpy as np
import pytest
from ray import tune

from tuner.errors import ScenarioError, SpaceError
from tuner.scenario import MUTABLE_NAMES, Scenario
from tuner.trainable import EpochTrainable


def train(config: dict[str, Any]) -> None:
    tune.report({"loss": config["lr"]})


def scenario(**changes: Any) -> Scenario:
    fields: dict[str, Any] = {
        "name": "toy",
        "trainable": train,
        "space": {"lr": tune.loguniform(1e-4, 1), "units": tune.randint(1, 9)},
        "metric": "loss",
        "mode": "min",
        "max_t": 9,
    }
    return Scenario(**fields | changes)


class Plain(tune.Trainable):  # type: ignore[misc]
    pass


class Saving(Plain):
    def save_checkpoint(self, checkpoint_dir: str) -> None: ...

    def load_checkpoint(self, checkpoint: Any) -> None: ...


class Epochs(EpochTrainable):
    pass


class SavingEpochs(Epochs):
    def state_dict(self) -> dict[str, Any]:
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None: ...


def test_defaults() -> None:
    toy = scenario()
    assert toy.time_attr == "training_iteration"
    assert toy.grace_period == 1
    assert dict(toy.resources) == {"cpu": 1}
    assert toy.source is None
    assert not toy.saves_checkpoints


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": ""}, "name must"),
        ({"name": "a b"}, "'a b'"),
        ({"name": "-a"}, "begin with a letter"),
        ({"name": "a/b"}, "name must"),
        ({"name": "toy\n"}, "name must"),
        ({"name": 3}, "name must"),
        ({"metric": ""}, "metric must be a non-empty string"),
        ({"metric": None}, "metric must be a non-empty string"),
        ({"time_attr": 1}, "time_attr must be a non-empty string"),
        ({"metric": "training_iteration"}, "two different reported values"),
        ({"mode": "mim"}, "did you mean 'min'"),
        ({"mode": "minimize"}, "mode must be 'min' or 'max'"),
        ({"mode": None}, "mode must be"),
        ({"mode": ["min"]}, "mode must be"),
        ({"max_t": 0}, "max_t must be a whole number >= 1"),
        ({"max_t": 2.0}, "max_t must be a whole number"),
        ({"max_t": True}, "max_t must be a whole number"),
        ({"grace_period": 0}, "grace_period must be a whole number >= 1"),
        ({"grace_period": 10}, "must not exceed max_t=9, but is 10"),
        ({"description": None}, "description must be a string"),
        ({"tags": "abc"}, "tags must be a tuple of strings"),
        ({"tags": (1,)}, "tags must be a tuple of strings"),
        ({"data": "mnist"}, "data must be a tuple of strings"),
        ({"data": ("mnits",)}, "public data sets .* did you mean 'mnist'"),
        ({"checkpoints": "yes"}, "checkpoints must be True, False or None"),
        ({"checkpoints": 1}, "checkpoints must be True, False or None"),
        ({"mutable": "lr"}, "mutable must be a tuple of strings"),
        ({"mutable": ("unit",)}, "did you mean 'units'"),
    ],
)
def test_wrong_fields_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ScenarioError, match=message):
        scenario(**changes)


@pytest.mark.parametrize(
    ("trainable", "message"),
    [
        ("train", "must be a function of one config"),
        (None, "must be a function of one config"),
        (dict, "must derive from"),
        (lambda: None, "must take one positional argument"),
        (lambda config, data: None, "with_parameters"),
        (Plain, None),
        (Saving, None),
        (functools.partial(lambda config, data: None, data=3), None),
        (lambda config: None, None),
        (tune.with_parameters(lambda config, data: None, data=[1]), None),
    ],
)
def test_trainables(trainable: Any, message: str | None) -> None:
    if message is None:
        assert scenario(trainable=trainable).trainable is trainable
    else:
        with pytest.raises(ScenarioError, match=message):
            scenario(trainable=trainable)


def test_an_async_trainable_is_refused() -> None:
    async def train_async(config: dict[str, Any]) -> None: ...

    with pytest.raises(ScenarioError, match="async"):
        scenario(trainable=train_async)


def test_the_space_is_validated() -> None:
    with pytest.raises(SpaceError, match=r"space\['lr'\] is tune.uniform itself"):
        scenario(space={"lr": tune.uniform})


@pytest.mark.parametrize(
    ("resources", "message"),
    [
        ({"gpu": 1.5}, r"resources\['gpu'\] must be a fraction up to 1 or a whole.*use 1 or 2"),
        ({"gpu": 0.00001}, "at least 0.0001"),
        ({"cpu": -1}, "finite and >= 0"),
        ({"cpu": math.nan}, "finite and >= 0"),
        ({"cpu": math.inf}, "finite and >= 0"),
        ({"cpu": "1"}, "must be a number"),
        ({"cpu": True}, "must be a number"),
        ({"CPU": 1}, "did you mean 'cpu'"),
        ({"": 1}, "non-empty string"),
        ({"cpu": 0, "gpu": 0}, "must ask for something"),
        ({}, "must ask for something"),
        ([1], "must be a dict"),
        ({"cpu": 0.5, "gpu": 0.25}, None),
        ({"cpu": 1.5, "gpu": 2}, None),
        ({"gpu": 0.0001, "memory": 2**30, "tpu-slice": 0.5}, None),
        ({"gpu": 3.0}, None),
    ],
)
def test_resources(resources: Any, message: str | None) -> None:
    if message is None:
        assert dict(scenario(resources=resources).resources) == resources
    else:
        with pytest.raises(ScenarioError, match=message):
            scenario(resources=resources)


@pytest.mark.parametrize(
    ("trainable", "declared", "saves"),
    [
        (train, None, False),
        (train, True, True),
        (Plain, None, False),
        (Saving, None, True),
        (Saving, False, False),
        (Epochs, None, False),
        (SavingEpochs, None, True),
        (SavingEpochs, True, True),
    ],
)
def test_saves_checkpoints(trainable: Any, declared: bool | None, saves: bool) -> None:
    assert scenario(trainable=trainable, checkpoints=declared).saves_checkpoints is saves


@pytest.mark.parametrize(
    ("trainable", "needed"), [(Plain, "save_checkpoint"), (Epochs, "state_dict")]
)
def test_checkpoints_cannot_be_promised_by_a_class_without_them(
    trainable: Any, needed: str
) -> None:
    with pytest.raises(ScenarioError, match=needed):
        scenario(trainable=trainable, checkpoints=True)


SPACE = {
    "model": {"lr": tune.loguniform(1e-4, 1), "units": tune.randint(1, 9)},
    "momentum": {"grid_search": [0.0, 0.9]},
    "dropout": 0.1,
    "l1": tune.sample_from(lambda config: 0.0),
    "batch_size": tune.choice([16, 32]),
    "optimizer": tune.choice([{"lr": tune.uniform(0, 1)}, {}]),
}


def test_the_default_mutable_space_is_by_name_and_drawn() -> None:
    assert "lr" in MUTABLE_NAMES
    toy = scenario(space=SPACE)
    assert list(toy.mutable_space) == ["model/lr", "batch_size", "optimizer[0]/lr"]
    assert toy.mutable_space["model/lr"].upper == 1


def test_mutable_names_are_taken_in_their_order() -> None:
    toy = scenario(space=SPACE, mutable=["batch_size", "model/units"])
    assert list(toy.mutable_space) == ["batch_size", "model/units"]


@pytest.mark.parametrize("name", ["momentum", "dropout", "l1", "optimizer", "optimizer[1]/lr"])
def test_what_cannot_change_is_refused_as_mutable(name: str) -> None:
    with pytest.raises(ScenarioError, match="mutable must name domains"):
        scenario(space=SPACE, mutable=(name,))


@pytest.mark.parametrize("rule", [3, "loss", lambda report: None, lambda: None])
def test_what_cannot_judge_divergence_is_refused(rule: Any) -> None:
    with pytest.raises(ScenarioError, match=r"diverges must be a function .*above_start"):
        scenario(diverges=rule)


@pytest.mark.parametrize("rule", [3, "lr < 1", lambda: True, lambda a, b: True])
def test_what_cannot_be_a_constraint_is_refused(rule: Any) -> None:
    with pytest.raises(ScenarioError, match="constraint must be a function of one config"):
        scenario(constraint=rule)


def test_a_constraint_says_what_is_feasible() -> None:
    toy = scenario(constraint=lambda config: config["lr"] < 0.5)
    assert toy.is_feasible({"lr": 0.1})
    assert not toy.is_feasible({"lr": 0.7})
    assert scenario().is_feasible({"lr": 0.7})
    with pytest.raises(SpaceError, match=r"raised KeyError: 'lr' at \{'other': 1\}"):
        toy.is_feasible({"other": 1})


def test_it_cannot_be_changed() -> None:
    source: dict[str, Any] = {"lr": tune.uniform(0, 1), "net": {"units": [1, 2]}}
    toy = scenario(space=source)
    source["net"]["units"].append(3)
    source["lr"] = 0.5
    assert toy.space["net"] == {"units": [1, 2]}
    with pytest.raises(FrozenInstanceError):
        toy.name = "other"  # type: ignore[misc]
    with pytest.raises(TypeError, match="assignment"):
        toy.space["lr"] = 1  # type: ignore[index]
    with pytest.raises(TypeError, match="assignment"):
        toy.resources["cpu"] = 2  # type: ignore[index]


@pytest.mark.parametrize("clone", [lambda s: pickle.loads(pickle.dumps(s)), copy.deepcopy, replace])
def test_it_can_be_copied_and_pickled(clone: Any) -> None:
    toy = scenario(space={"lr": tune.uniform(0, 1), "net": {"x": np.float64(1)}}, tags=["a"])
    back = clone(toy)
    assert back.space["lr"].upper == 1
    assert back.space["net"] == {"x": 1.0}
    assert (back.name, back.tags, dict(back.resources)) == ("toy", ("a",), {"cpu": 1})
    with pytest.raises(TypeError, match="assignment"):
        back.space["lr"] = 1


def test_replace_checks_again() -> None:
    with pytest.raises(ScenarioError, match="grace_period"):
        replace(scenario(grace_period=3), max_t=2)
