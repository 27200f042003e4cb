"""What of a stored sweep must be as it was; none of it needs a cluster."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ray import tune

import tuner
from tuner.errors import SpecError
from tuner.objectives import Objective
from tuner.replanning import replan
from tuner.spec import SweepSpec


def train(config: dict[str, Any]) -> None:
    tune.report({"loss": config["x"], "size": 1})


def scenario(**changes: Any) -> tuner.Scenario:
    given: dict[str, Any] = {
        "name": "s", "trainable": train, "space": {"x": tune.uniform(0, 1)}, "max_t": 9,
        "metric": ["loss", "size"], "mode": ["min", "max"],
    }  # fmt: skip
    return tuner.Scenario(**{**given, **changes})


def stored(**options: Any) -> SweepSpec:
    """The spec of a sweep as its folder has it."""
    chosen = options.pop("scenario", None) or scenario()
    spec = tuner.resolve(chosen, name="old", storage_path="/results", num_samples=4, **options)
    return SweepSpec.from_json(json.loads(json.dumps(spec.to_json())))


def test_every_objective_stays() -> None:
    spec = replan(stored(), Path("/results/old"), scenario(), {}).spec
    assert spec.objectives == (Objective("loss", "min"), Objective("size", "max"))


@pytest.mark.parametrize(
    ("changes", "difference"),
    [
        ({"mode": ["min", "min"]}, r"objectives: loss \(min\), size \(max\) -> .*size \(min\)"),
        ({"metric": "loss", "mode": "min"}, r"objectives: .*size \(max\) -> loss \(min\)\)"),
        ({"metric": ["size", "loss"]}, "metric: loss -> size; objectives: "),
    ],
)
def test_other_objectives_are_refused(changes: dict[str, Any], difference: str) -> None:
    with pytest.raises(SpecError, match=difference) as refusal:
        replan(stored(), Path("/results/old"), scenario(**changes), {})
    assert "\n" not in str(refusal.value)


def test_a_sweep_from_before_there_were_several_goes_on() -> None:
    one = scenario(metric="loss", mode="min")
    document = stored(scenario=one).to_json()
    del document["objectives"], document["own_objectives"], document["warm_start"]
    spec = replan(SweepSpec.from_json(document), Path("/results/old"), one, {}).spec
    assert spec.objectives == (Objective("loss", "min"),)


def test_objectives_of_the_call_stay_those_of_the_sweep() -> None:
    one = scenario(metric="loss", mode="min")
    spec = stored(scenario=one, metric=["size", "loss"], mode=["max", "min"])
    plan = replan(spec, Path("/results/old"), one, {})
    assert (plan.spec.metric, plan.spec.objectives) == ("size", spec.objectives)
    assert plan.scenario.objectives == spec.objectives
    assert plan.spec.own_objectives


def test_what_a_searcher_learned_first_is_not_asked_for_again() -> None:
    document = stored().to_json() | {"warm_start": ["/gone"]}
    plan = replan(SweepSpec.from_json(document), Path("/results/old"), scenario(), {})
    assert plan.spec.warm_start == ["/gone"]
    assert plan.warm_start is None
