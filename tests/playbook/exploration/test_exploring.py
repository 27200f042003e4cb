"""Exploring: as many trials as the budget pays for, the same for all that is compared."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ray import tune

import tuner
from tuner.budgets import Budget
from tuner.errors import SpecError
from tuner.playbook.exploration.affording import affordable_trials
from tuner.playbook.exploration.exploring import plan_exploration
from tuner.simulation import Known

SPACE: dict[str, Any] = {
    "lr": tune.loguniform(1e-4, 1),
    "act": tune.choice(["relu", "tanh", "gelu"]),
    "l1": tune.uniform(0, 1),
}


def scenario(**changes: Any) -> tuner.Scenario:
    given: dict[str, Any] = {
        "name": "explored", "trainable": Known, "space": SPACE, "metric": "loss", "mode": "min",
        "max_t": 9,
    }  # fmt: skip
    return tuner.Scenario(**{**given, **changes})


@pytest.mark.parametrize(
    ("budget", "scientific", "trials"),
    [
        ("20trials", (), 20),
        ("20trials", ("act",), 18),
        ("100epochs", (), 11),
        ("100epochs", ("act",), 9),
        ("9epochs", (), 1),
    ],
)
def test_trials_within_a_budget(budget: str, scientific: tuple[str, ...], trials: int) -> None:
    exploration = plan_exploration(scenario(), budget, scientific=scientific)
    spec = exploration.plan.spec
    assert (spec.num_samples, exploration.forecast.trials) == (trials, trials)
    assert spec.scheduler == "fifo"
    assert spec.searcher == ("halton:over=act" if scientific else "halton")
    assert exploration.strata == (3 if scientific else 1)
    assert bool(exploration.remarks) == (trials in (9, 18))


def test_budgets_of_time_need_a_pace() -> None:
    with pytest.raises(SpecError, match="how long an epoch takes is unknown"):
        plan_exploration(scenario(), "1h")
    timed = plan_exploration(scenario(), "9m", seconds_per_epoch=10.0)
    assert timed.plan.spec.num_samples == 6  # 90 s each, one at a time
    two = plan_exploration(scenario(), "9m", seconds_per_epoch=10.0, max_concurrent_trials=2)
    assert two.plan.spec.num_samples == 12
    halves = plan_exploration(
        scenario(), "9gpum", seconds_per_epoch=10.0, resources={"gpu": 0.5}, scheduler="asha"
    )
    assert (halves.plan.spec.num_samples or 0) > 12  # ASHA stops most
    with pytest.raises(SpecError, match="trials that take GPUs"):
        plan_exploration(scenario(), "1gpuh", seconds_per_epoch=10.0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"budget": "2trials", "scientific": ["act"]}, "3 combinations, each of which needs one"),
        ({"budget": "5epochs"}, "at least one trial, which takes 9 epochs, got 5 epochs"),
        ({"budget": "5trials", "num_samples": 3}, "leave one of them out"),
        ({"budget": "5parsecs"}, "unknown unit"),
        ({"scientific": ["acts"]}, "did you mean 'act'"),
        ({"num_samples": 3, "no_such": 1}, "no option 'no_such'"),
    ],
)
def test_what_is_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        plan_exploration(scenario(), **arguments)


def test_roles_are_stored_with_the_sweep(tmp_path: Path) -> None:
    exploration = plan_exploration(
        scenario(roles={"l1": "fixed"}), "6trials", scientific=["act"], fix={"l1": 0.5}, seed=1
    )
    spec = exploration.plan.spec
    assert spec.roles == {"act": "scientific", "l1": "fixed"}
    assert spec.own_space
    assert spec.space["l1"] == 0.5
    assert type(spec).from_json(spec.to_json()).roles == spec.roles
    drawn = [exploration.plan.searcher.suggest(f"t{n}") for n in range(6)]
    assert {(config["act"], config["l1"]) for config in drawn} == {
        (act, 0.5) for act in ("relu", "tanh", "gelu")
    }


def test_a_space_as_the_scenario_has_it_needs_no_storing() -> None:
    drawing = scenario(space={**SPACE, "f": tune.sample_from(lambda config: 1)})
    assert not plan_exploration(drawing, "3trials").plan.spec.own_space
    with pytest.raises(SpecError, match=r"cannot hold tune\.sample_from"):
        plan_exploration(drawing, "3trials", fix={"l1": 0.5})


def test_a_grid_is_covered_as_a_choice() -> None:
    grid = scenario(space={**SPACE, "batch": {"grid_search": [16, 32]}})
    exploration = plan_exploration(grid, "8trials", scientific=["batch"])
    drawn = [exploration.plan.searcher.suggest(f"t{n}")["batch"] for n in range(8)]
    assert sorted(drawn) == [16] * 4 + [32] * 4


def test_nothing_but_constants_is_refused() -> None:
    with pytest.raises(SpecError, match="something that varies"):
        plan_exploration(scenario(), "3trials", fix={"lr": 0.1, "act": "relu", "l1": 0.1})


@pytest.mark.parametrize("affordable", [1, 2, 3, 7, 64, 65])
def test_the_largest_number_that_fits(affordable: int) -> None:
    forecast = plan_exploration(scenario(), "1trials").forecast
    asked: list[int] = []

    def forecast_of(trials: int) -> Any:
        from dataclasses import replace

        asked.append(trials)
        taken = forecast.epochs.expected * trials
        return replace(forecast, epochs=replace(forecast.epochs, expected=taken))

    budget = Budget(9.0 * affordable + 8, "epochs")
    assert affordable_trials(budget, forecast_of) == affordable
    assert len(asked) < 20
