"""Roles on a scenario: names and last parts, and what is refused."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from ray import tune

import tuner
from tuner.errors import ScenarioError

SPACE: dict[str, Any] = {
    "lr": tune.loguniform(1e-4, 1),
    "layers": 2,
    "optimizer": tune.choice(
        [{"kind": "sgd", "wd": tune.uniform(0, 1)}, {"kind": "adam", "wd": tune.uniform(0, 1)}]
    ),
}


def scenario(**changes: Any) -> tuner.Scenario:
    given: dict[str, Any] = {
        "name": "roles", "trainable": lambda config: None, "space": SPACE, "metric": "loss",
        "mode": "min", "max_t": 3,
    }  # fmt: skip
    return tuner.Scenario(**{**given, **changes})


def test_names_are_filled_in_in_the_order_of_the_space() -> None:
    roles = scenario(roles={"wd": "nuisance", "lr": "scientific"}).roles
    assert list(roles.items()) == [
        ("lr", "scientific"),
        ("optimizer[0]/wd", "nuisance"),
        ("optimizer[1]/wd", "nuisance"),
    ]
    assert scenario().roles == {}


def test_a_constant_is_fixed_anyway() -> None:
    assert scenario(roles={"layers": "fixed"}).roles == {}
    with pytest.raises(ScenarioError, match=r"'layers' \(a constant, which can only be fixed\)"):
        scenario(roles={"layers": "scientific"})


@pytest.mark.parametrize(
    ("roles", "message"),
    [
        ({"lrr": "scientific"}, "did you mean 'lr'"),
        ({"lr": "scientifc"}, "did you mean 'scientific'"),
        ({"lr": None}, "must be scientific, nuisance or fixed, but is None"),
        (["lr"], r"must map names to roles.*\['lr'\]"),
        ({1: "fixed"}, "one is 1"),
    ],
)
def test_what_is_refused(roles: Any, message: str) -> None:
    with pytest.raises(ScenarioError, match=message):
        scenario(roles=roles)


def test_they_travel_and_cannot_be_changed() -> None:
    one = scenario(roles={"lr": "scientific"}, trainable=print)
    assert pickle.loads(pickle.dumps(one)).roles == {"lr": "scientific"}
    with pytest.raises(TypeError):
        one.roles["lr"] = "fixed"  # type: ignore[index]


def test_another_space_keeps_the_roles_of_what_it_has() -> None:
    one = scenario(roles={"lr": "scientific", "wd": "nuisance"}, mutable=["lr", "optimizer[0]/wd"])
    other = one.with_space({"lr": tune.uniform(0, 1), "optimizer": "none"})
    assert other.roles == {"lr": "scientific"}
    assert other.mutable == ("lr",)
    assert one.with_space({"x": tune.uniform(0, 1)}).mutable == ()
