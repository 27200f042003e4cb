"""Roles, cast: those of the call before the scenario's, and fixed ones leave the space."""

from __future__ import annotations

from typing import Any

import pytest
from ray import tune

import tuner
from tuner.errors import SpecError
from tuner.playbook.exploration.roles import cast_roles, without_grids
from tuner.space import to_json

SPACE: dict[str, Any] = {
    "lr": tune.loguniform(1e-4, 1),
    "n": tune.randint(1, 9),
    "act": tune.choice(["relu", "tanh"]),
    "model": {"drop": tune.uniform(0, 0.5)},
    "optimizer": tune.choice(
        [{"kind": "sgd", "wd": tune.uniform(0, 1)}, {"kind": "adam", "wd": tune.uniform(0, 1)}]
    ),
    "plain": tune.choice([{"a": 1}, {"a": 2}]),
}


def scenario(space: Any = SPACE, **changes: Any) -> tuner.Scenario:
    given: dict[str, Any] = {
        "name": "roles", "trainable": lambda config: None, "space": space, "metric": "loss",
        "mode": "min", "max_t": 3,
    }  # fmt: skip
    return tuner.Scenario(**{**given, **changes})


def test_without_a_word_the_scenario_stays_as_it_is() -> None:
    one = scenario(roles={"lr": "scientific"})
    cast = cast_roles(one)
    assert to_json(dict(cast.scenario.space)) == to_json(SPACE)
    assert (cast.roles, cast.scientific, cast.fixed) == ({"lr": "scientific"}, ("lr",), {})


def test_the_call_comes_before_the_scenario() -> None:
    one = scenario(roles={"lr": "scientific", "n": "scientific"})
    cast = cast_roles(one, scientific=["act"], nuisance=["lr"], fix={"n": 4})
    assert cast.roles == {"lr": "nuisance", "act": "scientific", "n": "fixed"}
    assert cast.scientific == ("act",)
    assert cast.scenario.space["n"] == 4
    assert cast.fixed == {"n": 4}


def test_what_is_fixed_may_be_named_by_its_last_part() -> None:
    cast = cast_roles(scenario(), fix={"drop": 0.1, "wd": 0.5, "plain": {"a": 2}})
    assert cast.scenario.space["model"] == {"drop": 0.1}
    assert cast.scenario.space["plain"] == {"a": 2}
    assert cast.fixed["optimizer[1]/wd"] == 0.5


def test_a_branch_is_fixed_by_one_of_its_constants() -> None:
    cast = cast_roles(scenario(), scientific=["wd"], fix={"optimizer": "adam"})
    assert cast.scenario.space["optimizer"]["kind"] == "adam"
    assert cast.scientific == ("optimizer/wd",)
    assert "optimizer" in cast.roles


def test_a_declared_one_has_the_value_of_the_first_point() -> None:
    one = scenario(roles={"lr": "fixed", "drop": "fixed"})
    points = [{"lr": 0.01, "model": {"drop": 0.2}}, {"lr": 0.5}]
    assert cast_roles(one, points=points).fixed == {"lr": 0.01, "model/drop": 0.2}
    with pytest.raises(SpecError, match=r"got none for 'lr'; name it \(--fix lr=VALUE"):
        cast_roles(one)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"scientific": ["lrr"]}, "did you mean 'lr'"),
        ({"scientific": ["lr"], "nuisance": ["lr"]}, "'lr' as scientific and nuisance"),
        ({"nuisance": ["n"], "fix": {"n": 3}}, "'n' as nuisance and fixed"),
        ({"fix": {"lr": 7.0}}, "lr cannot be fixed at 7.0: lr must satisfy"),
        ({"fix": {"n": 2.5}}, "whole number"),
        ({"fix": {"act": "gelu"}}, "one of its options, got 'gelu', which 0 of them are"),
        ({"fix": {"optimizer": {"kind": "sgd"}}}, "which 0 of them are"),
    ],
)
def test_what_is_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        cast_roles(scenario(), **given)


def test_a_function_cannot_be_fixed_from_outside() -> None:
    one = scenario({"f": tune.sample_from(lambda config: 1), "x": tune.uniform(0, 1)})
    with pytest.raises(SpecError, match="fix it in the scenario"):
        cast_roles(one, fix={"f": 1})


def test_a_grid_becomes_a_choice() -> None:
    one = without_grids(scenario({"g": {"grid_search": [1, 2]}, "x": tune.uniform(0, 1)}))
    assert to_json(dict(one.space))["g"] == {"type": "choice", "categories": [1, 2]}
