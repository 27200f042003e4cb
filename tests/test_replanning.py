"""What of a stored sweep must be as it was; none of it needs a cluster."""

from __future__ import annotations

import dataclasses
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


@pytest.mark.parametrize(("was", "mode"), [(True, "warm"), (False, "cold")])
def test_a_sweep_from_before_workers_had_a_mode_goes_on(was: bool, mode: str) -> None:
    document = stored().to_json() | {"reuse_actors": was}
    del document["worker_mode"], document["max_trials_per_worker"]
    spec = replan(SweepSpec.from_json(document), Path("/results/old"), scenario(), {}).spec
    assert (spec.worker_mode, spec.max_trials_per_worker) == (mode, SweepSpec.max_trials_per_worker)


def test_how_workers_are_kept_may_change() -> None:
    spec = stored(worker_mode="cold", max_trials_per_worker=0)
    same = replan(spec, Path("/results/old"), scenario(), {}).spec
    assert (same.worker_mode, same.max_trials_per_worker) == ("cold", 0)
    other = replan(spec, Path("/results/old"), scenario(), {"worker_mode": "warm"}).spec
    assert (other.worker_mode, other.max_trials_per_worker) == ("warm", 0)


def test_objectives_of_the_call_stay_those_of_the_sweep() -> None:
    one = scenario(metric="loss", mode="min")
    spec = stored(scenario=one, metric=["size", "loss"], mode=["max", "min"])
    plan = replan(spec, Path("/results/old"), one, {})
    assert (plan.spec.metric, plan.spec.objectives) == ("size", spec.objectives)
    assert plan.scenario.objectives == spec.objectives
    assert plan.spec.own_objectives


def test_what_the_sweep_keeps_of_a_changed_scenario_is_said() -> None:
    changed = scenario(max_t=27, grace_period=3, resources={"cpu": 2})
    plan = replan(stored(), Path("/results/old"), changed, {})
    assert (plan.spec.max_t, plan.spec.grace_period, plan.spec.resources["cpu"]) == (9, 1, 1)
    assert [line.partition(";")[0] for line in plan.remarks[-3:]] == [
        "the sweep keeps max_t=9, though its scenario has 27 now",
        "the sweep keeps grace_period=1, though its scenario has 3 now",
        "the sweep keeps resources={'cpu': 1}, though its scenario has {'cpu': 2} now",
    ]
    assert "--max-t" in plan.remarks[-3]


def test_limits_of_the_call_are_no_change_of_the_scenario() -> None:
    limits = {"max_t": 4, "grace_period": 2, "resources": {"cpu": 3}}
    for options in (limits, {"max_t": 4}, {}):
        spec = stored(scheduler="asha", **options)
        again = replan(spec, Path("/results/old"), scenario(), {})
        assert again.remarks == tuner.planning.resolve_plan(scenario(), {}).remarks
        assert again.spec.own_limits == list(options)
    longer = replan(spec, Path("/results/old"), scenario(), {"max_t": 18})
    assert (longer.spec.max_t, longer.spec.own_limits) == (18, ["max_t"])
    assert longer.remarks == again.remarks


def test_what_a_searcher_learned_first_is_not_asked_for_again() -> None:
    document = stored().to_json() | {"warm_start": ["/gone"]}
    plan = replan(SweepSpec.from_json(document), Path("/results/old"), scenario(), {})
    assert plan.spec.warm_start == ["/gone"]
    assert plan.warm_start is None


def test_a_share_that_was_measured_is_kept() -> None:
    asked = scenario(resources={"cpu": 1, "gpu": "auto"})
    was = dataclasses.replace(stored(scenario=asked), resources={"cpu": 1, "gpu": 0.2})
    plan = replan(was, Path("/results/old"), asked, {})
    assert plan.spec.resources == {"cpu": 1, "gpu": 0.2}
    assert not plan.scenario.auto_gpu
    assert not any("resources" in remark for remark in plan.remarks)
    again = replan(was, Path("/results/old"), asked, {"resources": {"gpu": "auto"}})
    assert again.scenario.auto_gpu  # asked for anew


def test_a_resource_that_is_given_again_leaves_the_others_as_they_were() -> None:
    asked = scenario(resources={"cpu": 1})
    was = dataclasses.replace(stored(scenario=asked), resources={"cpu": 1, "gpu": 0.25})
    plan = replan(was, Path("/results/old"), asked, {"resources": {"cpu": 2}})
    assert plan.spec.resources == {"cpu": 2, "gpu": 0.25}


def test_a_function_of_resources_comes_from_the_scenario_or_again_from_the_call() -> None:
    def takes(config: Any) -> dict[str, float]:
        return {"cpu": 1 + config["x"]}

    varying = scenario(resources=takes)
    was = stored(scenario=varying)
    assert was.resources == {}
    plan = replan(was, Path("/results/old"), varying, {})
    assert plan.scenario.resources_of is takes
    assert not any("resources" in remark for remark in plan.remarks)
    given = replan(was, Path("/results/old"), scenario(), {"resources": takes})
    assert given.scenario.resources_of is takes
    with pytest.raises(SpecError, match="function of resources, which nothing stores"):
        replan(was, Path("/results/old"), scenario(), {})


def test_bundles_placement_and_share_stay() -> None:
    pair = scenario(resources=[{}, {"cpu": 1}, {"cpu": 1}])
    was = stored(scenario=pair, placement="strict_pack", share=2, metrics=True)

    spec = replan(was, Path("/results/old"), pair, {}).spec
    assert spec.shape == was.shape
    assert (spec.share, spec.metrics) == (2.0, True)
    # Also where the scenario has other resources by now.
    assert replan(was, Path("/results/old"), scenario(), {}).spec.shape == was.shape
    single = replan(stored(), Path("/results/old"), pair, {}).spec
    assert (single.resources, list(single.bundles)) == ({"cpu": 1}, [])
