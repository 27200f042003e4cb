"""From arguments to a sweep that can start; none of it needs a cluster."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from ray import tune
from ray.tune.search.hyperopt import HyperOptSearch

import tuner
from tuner.errors import ScenarioError, SpecError
from tuner.planning import resolve_plan
from tuner.scenario import load_scenario
from tuner.spec import SweepSpec
from tuner.worker_modes import TESTED_RAY, workable


def train(config: dict[str, Any]) -> None:
    tune.report({"loss": config["x"]})


def scenario(**changes: Any) -> tuner.Scenario:
    given: dict[str, Any] = {
        "name": "s",
        "trainable": train,
        "space": {"x": tune.uniform(0, 1)},
        "metric": "loss",
        "mode": "min",
        "max_t": 27,
        "grace_period": 3,
        "resources": {"cpu": 2, "licence": 1},
    }
    return tuner.Scenario(**{**given, **changes})


def test_defaults_are_filled_in() -> None:
    spec = tuner.resolve(scenario())
    assert (spec.scheduler, spec.searcher, spec.num_samples) == ("asha", "hyperopt", 32)
    assert spec.arm == "asha+hyperopt"
    assert spec.name.startswith("s-asha-")
    assert Path(spec.storage_path) == Path.cwd() / "results"
    assert 0 <= spec.seed < 2**31
    assert tuner.resolve(scenario()).seed != spec.seed


@pytest.mark.parametrize(
    ("space", "scheduler", "searcher", "trials"),
    [
        ({"x": tune.grid_search([1, 2, 3])}, "asha", "random", 3),
        ({"x": tune.sample_from(lambda _: 1)}, "asha", "random", 32),
        ({"x": tune.uniform(0, 1)}, "pbt", "random", 32),
        ({"x": tune.uniform(0, 1)}, "bohb", "bohb", 32),
        ({"x": tune.uniform(0, 1)}, "median", "hyperopt", 32),
    ],
)
def test_the_searcher_follows_the_space_and_the_scheduler(
    space: dict[str, Any], scheduler: str, searcher: str, trials: int
) -> None:
    if searcher == "bohb":
        pytest.importorskip("hpbandster", reason="needs hpbandster (requirements/bohb.txt)")
    mutable = ("x",) if scheduler == "pbt" else None
    chosen = scenario(space=space, checkpoints=True, mutable=mutable)
    plan = resolve_plan(chosen, {"scheduler": scheduler})
    assert (plan.spec.searcher, plan.num_trials) == (searcher, trials)


def test_a_grid_counts_its_points() -> None:
    space = {"x": tune.choice([1, 2]), "y": tune.uniform(0, 1)}
    plan = resolve_plan(scenario(space=space), {"searcher": "grid:points=3"})
    assert (plan.spec.num_samples, plan.num_trials) == (None, 6)


def test_overrides_replace_the_scenarios_own_and_are_checked_like_them() -> None:
    plan = resolve_plan(scenario(), {"max_t": 2, "resources": {"cpu": 1, "gpu": 0.5}})
    assert (plan.spec.max_t, plan.spec.grace_period) == (2, 2)
    assert plan.spec.resources == {"cpu": 1, "licence": 1, "gpu": 0.5}
    assert plan.scheduler._max_t == 2
    with pytest.raises(ScenarioError, match="grace_period"):
        resolve_plan(scenario(), {"max_t": 2, "grace_period": 5})
    with pytest.raises(tuner.UsageError, match="gpu"):
        resolve_plan(scenario(), {"resources": {"gpu": 1.5}})


def test_a_population_is_known_before_it_starts() -> None:
    chosen = scenario(checkpoints=True, mutable=("x",))
    assert resolve_plan(chosen, {"scheduler": "pbt", "num_samples": 8}).population == 8
    assert resolve_plan(chosen, {"scheduler": "asha", "num_samples": 8}).population is None


def test_trials_that_may_fail_are_saved_if_they_can_be() -> None:
    saving = scenario(checkpoints=True)
    assert resolve_plan(saving, {"max_failures": 2}).spec.checkpoint_frequency == 1
    assert resolve_plan(saving, {}).spec.checkpoint_frequency == 0
    assert resolve_plan(scenario(), {"max_failures": 2}).spec.checkpoint_frequency == 0
    with pytest.raises(SpecError, match="needs a trainable that saves"):
        resolve_plan(scenario(), {"checkpoint_frequency": 1})


def test_workers_stay_warm_where_they_can() -> None:
    class Plain(tune.Trainable):
        def step(self) -> dict[str, Any]:
            return {"loss": 0.0}

    plan = resolve_plan(scenario(), {})
    assert (plan.spec.worker_mode, plan.remarks) == ("warm", ())
    plain = resolve_plan(scenario(trainable=Plain), {})
    assert plain.spec.worker_mode == "cold"
    (remark,) = plain.remarks
    assert "Plain has no reset_config" in remark
    asked = resolve_plan(scenario(trainable=Plain), {"worker_mode": "cold"})
    assert (asked.spec.worker_mode, asked.remarks) == ("cold", ())


@pytest.mark.parametrize("version", ["2.61.0", "2.6.0", "2.600.0", "3.0.0"])
def test_workers_are_cold_on_a_ray_that_was_not_tested(version: str) -> None:
    mode, remark = workable("warm", train, version)
    assert mode == "cold"
    assert remark is not None
    assert f"Ray {TESTED_RAY}, and this is Ray {version}" in remark
    assert workable("cold", train, version) == ("cold", None)
    assert workable("warm", train, f"{TESTED_RAY}.7") == ("warm", None)


def test_a_spec_survives_json() -> None:
    spec = tuner.resolve(
        scenario(),
        tags=["a", "b"],
        notes="é",
        points_to_evaluate=[{"x": 0.5}],
        time_budget_s=60,
        seed=3,
    )
    again = SweepSpec.from_json(json.loads(json.dumps(spec.to_json())))
    assert again.to_json() == json.loads(json.dumps(spec.to_json()))
    assert again.space == spec.space


@pytest.mark.parametrize(
    ("points", "words"),
    [([{"x": 2.0}], "x"), ([{"y": 0.5}], "y"), ("x", "list of configurations")],
)
def test_points_outside_the_space_are_refused(points: Any, words: str) -> None:
    with pytest.raises(tuner.UsageError, match=words):
        tuner.resolve(scenario(), points_to_evaluate=points)


def test_what_is_no_searcher_is_refused() -> None:
    with pytest.raises(SpecError, match="searcher"):
        tuner.resolve(scenario(), searcher=3)  # type: ignore[arg-type]
    with pytest.raises(SpecError, match="scheduler"):
        tuner.resolve(scenario(), scheduler=3)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"max_t": "27"}, "max_t must be a whole number"),
        ({"worker_mode": "hot"}, "worker_mode is one of warm, cold; got 'hot'"),
        ({"worker_mode": ["warm"]}, r"worker_mode is one of warm, cold; got \['warm'\]"),
        ({"max_trials_per_worker": -1}, "max_trials_per_worker must be a whole number >= 0"),
        ({"reuse_actors": False}, "tuner.run has no option 'reuse_actors'"),
        ({"storage_path": 3}, "storage_path must be a folder"),
        ({"storage_path": "file://elsewhere/x"}, "of this machine"),
        (
            {"searcher": "grid:points=2000"},
            "the grid has 4,000,000 combinations",
        ),
    ],
)
def test_values_of_the_wrong_kind_are_refused_in_one_line(
    options: dict[str, Any], words: str
) -> None:
    wide = scenario(space={"x": tune.uniform(0, 1), "y": tune.uniform(0, 1)})
    with pytest.raises(SpecError, match=words) as refusal:
        tuner.resolve(wide, **options)
    assert "\n" not in str(refusal.value)


def test_a_large_grid_that_is_meant_is_taken() -> None:
    wide = scenario(space={"x": tune.uniform(0, 1), "y": tune.uniform(0, 1)})
    assert resolve_plan(wide, {"searcher": "grid:points=2000", "num_samples": 9}).num_trials == 9


@pytest.mark.parametrize("ref", [3, None, ["digits_mlp"]])
def test_what_is_no_scenario_is_refused(ref: Any) -> None:
    with pytest.raises(ScenarioError, match="a scenario is a Scenario"):
        tuner.resolve(ref)


def test_a_constraint_reaches_every_searcher_before_anything_starts() -> None:
    impossible = scenario(constraint=lambda config: config["x"] > 2)
    for searcher in ("random", "sobol", "hyperopt", "grid"):
        with pytest.raises(SpecError, match="must satisfy the scenario's constraint"):
            tuner.resolve(impossible, searcher=searcher)
    narrow = scenario(constraint=lambda config: config["x"] < 0.5)
    plan = resolve_plan(narrow, {"searcher": HyperOptSearch(), "seed": 0})
    configs = [plan.searcher.suggest(f"t{number}") for number in range(10)]
    assert all(isinstance(config, dict) and config["x"] < 0.5 for config in configs)


def test_one_objective_can_be_named_out_of_several() -> None:
    several = scenario(metric=["loss", "size"], mode=["min", "max"])
    assert len(resolve_plan(several, {}).spec.objectives) == 2
    plan = resolve_plan(several, {"metric": "loss", "mode": "min"})
    assert [each.metric for each in plan.spec.objectives] == ["loss"]


def test_points_come_on_top_of_a_whole_grid() -> None:
    points = [{"x": 0.33}, {"x": 0.77}]
    plan = resolve_plan(
        scenario(space={"x": tune.uniform(0, 1)}),
        {"searcher": "grid:points=2", "points_to_evaluate": points},
    )
    assert plan.num_trials == 4


@pytest.mark.parametrize(
    ("options", "arm"),
    [
        ({}, "freeze_thaw+mfgp"),
        ({"searcher": "mfgp:n_initial_points=9"}, "freeze_thaw+mfgp:n_initial_points=9"),
        ({"searcher": "random"}, "asha+random"),
        ({"scheduler": "asha"}, "asha+hyperopt"),
        ({"max_t": 1}, "asha+hyperopt"),
    ],
)
def test_by_default_trials_that_can_pause_do(options: tuner.SweepOptions, arm: str) -> None:
    assert tuner.resolve("digits_mlp", **options).arm == arm


def test_a_space_with_a_grid_is_not_for_the_default() -> None:
    loaded = dataclasses.replace(
        load_scenario("digits_mlp"), space={"lr": tune.grid_search([0.1, 0.2])}
    )
    assert tuner.resolve(loaded).arm == "asha+random"


def test_the_default_scheduler_has_a_name() -> None:
    named = tuner.resolve("digits_mlp", scheduler="default")
    assert named.scheduler == tuner.resolve("digits_mlp").scheduler


def by_x(config: dict[str, Any]) -> dict[str, float]:
    return {"cpu": 1, "gpu": 0.5 if config["x"] > 0.5 else 0.25}


def test_numbers_replace_a_function_of_resources() -> None:
    varying = scenario(resources=by_x)
    assert tuner.resolve(varying).resources == {}
    assert resolve_plan(varying, {}).scenario.resources_of is by_x
    fixed = resolve_plan(varying, {"resources": {"gpu": 0.5}})
    assert fixed.spec.resources == {"cpu": 1, "gpu": 0.5}
    assert fixed.scenario.resources_of is None
    given = resolve_plan(scenario(), {"resources": by_x})
    assert given.spec.resources == {}
    assert given.scenario.shape_for({"x": 0.9}).bundles == ({"CPU": 1.0, "GPU": 0.5},)


def test_a_share_is_measured_where_nobody_gives_one() -> None:
    asked = scenario(resources={"cpu": 1, "gpu": "auto"})
    for chosen, resources, measures in [
        (asked, None, True),
        (asked, {"cpu": 2}, True),
        (asked, {"gpu": 1}, False),
        (asked, [{"cpu": 1, "gpu": 1}], False),
        (asked, by_x, False),
        (scenario(), {"gpu": "auto"}, True),
    ]:
        plan = resolve_plan(chosen, {"resources": resources})
        assert plan.scenario.auto_gpu is measures, resources
    assert tuner.resolve(asked).resources == {"cpu": 1, "gpu": 1.0}
