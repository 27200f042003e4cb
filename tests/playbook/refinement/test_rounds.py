"""Rounds: planned as their parent was run, stored so that a resume needs nothing else."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from ray import tune
from ray.tune import Callback
from stored_sweeps import sound, stored

import tuner
from tuner.errors import ScenarioError, SpecError, StorageError
from tuner.playbook.refinement.lineage import lineage_of
from tuner.playbook.refinement.proposing import Change
from tuner.playbook.refinement.refining import Refinement
from tuner.playbook.refinement.round_planning import plan_round
from tuner.simulation import Known
from tuner.space import contains, from_json, to_json

SPACE: dict[str, Any] = {"x": tune.uniform(0, 1), "y": tune.loguniform(1e-4, 1)}


def scenario(**changes: Any) -> tuner.Scenario:
    given: dict[str, Any] = {
        "name": "s", "trainable": Known, "space": SPACE, "metric": "loss", "mode": "min",
        "time_attr": "epoch", "max_t": 12,
    }  # fmt: skip
    return tuner.Scenario(**{**given, **changes})


def ended(folder: Path, n: int = 40, **spec: Any) -> tuner.Sweep:
    """Return a stored sweep that has finished."""
    from tuner.store import SweepLayout, write_spec

    sweep = stored(folder, sound(n), **spec)
    content = {**sweep.state, "spec": sweep.spec.to_json(), "status": "finished"}
    write_spec(SweepLayout(sweep.path), content)
    return sweep


def proposal(sweep: tuner.Sweep, **given: Any) -> Refinement:
    return tuner.refine(sweep, importance={}, **given)


class TestPlanning:
    def test_a_round_is_run_as_its_parent_was(self, tmp_path: Path) -> None:
        parent = ended(tmp_path, scheduler="asha:reduction_factor=2", seed=7, num_samples=40,
                       max_concurrent_trials=3, keep_checkpoints=2)  # fmt: skip
        found = proposal(parent)
        plan = plan_round(parent, found, scenario(), None, {})
        spec = plan.spec
        assert (spec.name, plan.storage) == ("sweep-r1", tmp_path)
        assert (spec.scheduler, spec.searcher) == ("asha:reduction_factor=2", "hyperopt")
        assert (spec.num_samples, spec.seed, spec.max_t) == (40, 8, 12)
        assert (spec.max_concurrent_trials, spec.keep_checkpoints) == (3, 2)
        assert spec.warm_start == (str(parent.place),)
        assert plan.warm_start is not None
        assert 0 < len(plan.warm_start.trials) < 40  # those inside the space
        assert spec.own_space
        assert to_json(from_json(spec.space)) == to_json(dict(found.space))
        lineage = lineage_of(spec)
        assert lineage is not None
        assert (lineage.round, lineage.root, lineage.parent) == (1, "sweep", str(parent.place))
        assert {change.name for change in lineage.changes} == {
            change.name for change in found.changes if change.kinds
        }

    def test_what_is_asked_for_comes_first(self, tmp_path: Path) -> None:
        parent = ended(tmp_path)
        options: Any = {
            "searcher": "random", "num_samples": 5, "seed": 3, "storage_path": tmp_path / "b"
        }  # fmt: skip
        plan = plan_round(parent, proposal(parent), scenario(), None, options)
        assert (plan.spec.searcher, plan.spec.num_samples, plan.spec.seed) == ("random", 5, 3)
        assert plan.spec.warm_start == ()  # random search learns nothing
        assert plan.storage == tmp_path / "b"

    def test_a_training_that_is_held_is_not_lengthened(self, tmp_path: Path) -> None:
        parent = ended(tmp_path)
        found = proposal(parent)
        longer = Change("max_t", ("lengthen",), "12", "24", "they still improved")
        found = dataclasses.replace(found, changes=(*found.changes, longer), max_t=24)
        for options, max_t in (({}, 24), ({"max_t": 12}, 12)):
            spec = plan_round(parent, found, scenario(), None, options).spec  # type: ignore[arg-type]
            lineage = lineage_of(spec)
            assert lineage is not None
            assert (spec.max_t, longer in lineage.changes) == (max_t, max_t == 24)

    def test_a_budget_is_divided_at_the_parents_pace(self, tmp_path: Path) -> None:
        parent = ended(tmp_path)  # an epoch took a second
        for budget, trials in (("60epochs", 5), ("2m", 10), ("7trials", 7)):
            plan = plan_round(parent, proposal(parent), scenario(), budget, {"searcher": "random"})
            assert plan.spec.num_samples == trials

    def test_the_constraint_is_kept(self, tmp_path: Path) -> None:
        parent = ended(tmp_path)
        bounded = scenario(constraint=lambda config: config["x"] < 0.5)
        plan = plan_round(parent, proposal(parent), bounded, None, {"searcher": "random"})
        drawn = [plan.searcher.suggest(f"t{n}") for n in range(20)]
        assert all(config["x"] < 0.5 for config in drawn if isinstance(config, dict))

    def test_nothing_inside_the_space_is_no_warm_start(self, tmp_path: Path) -> None:
        parent = ended(tmp_path)
        found = proposal(parent, fix={"x": 0.123})
        assert plan_round(parent, found, scenario(), None, {}).spec.warm_start == ()

    def test_what_is_refused(self, tmp_path: Path) -> None:
        parent = ended(tmp_path)
        found = proposal(parent)
        with pytest.raises(ScenarioError, match="built in Python"):
            plan_round(parent, found, None, None, {})
        with pytest.raises(SpecError, match="scenario 's' has changed"):
            plan_round(parent, found, scenario(mode="max"), None, {})
        nothing = proposal(parent, fix={"x": 0.1, "y": 0.1})
        with pytest.raises(SpecError, match="nothing is left"):
            plan_round(parent, nothing, scenario(), None, {})
        drawn = dataclasses.replace(found, space={"f": tune.sample_from(lambda config: 1)})
        with pytest.raises(SpecError, match=r"cannot hold tune\.sample_from"):
            plan_round(parent, drawn, scenario(), None, {})
        objects = ended(tmp_path / "objects", scheduler="my.Scheduler")
        with pytest.raises(SpecError, match=r"an object, my\.Scheduler, which nothing stores"):
            plan_round(objects, proposal(objects), scenario(), None, {})
        moved = dataclasses.replace(found, paths={"x": "x", "y": "z"})
        with pytest.raises(SpecError, match="mutable names y"):
            plan_round(parent, moved, scenario(mutable=["y"]), None, {})


class TestRounds:
    def test_only_what_has_finished_goes_on(self, tmp_path: Path) -> None:
        with pytest.raises(SpecError, match="go on with it first: tuner resume"):
            tuner.refine(stored(tmp_path, sound(20), status="interrupted"), rounds=1)

    def test_a_simulated_sweep_only_has_a_proposal(self) -> None:
        from tuner.simulation import CurveTask
        from tuner.simulation.sources.functions import FunctionCurves

        curves = FunctionCurves(lambda config, epochs: config["x"] + 1 / epochs, "loss", 12)
        sweep = tuner.simulate(CurveTask("s", scenario(), curves), searcher="random", seed=0)
        assert tuner.refine(sweep, importance={}).sweep == sweep.spec.name
        with pytest.raises(SpecError, match="the sweep was simulated"):
            tuner.refine(sweep, rounds=1)

    def test_another_sweep_of_that_name_is_in_the_way(self, tmp_path: Path) -> None:
        parent = ended(tmp_path)
        ended(tmp_path, n=6, name="sweep-r1")
        with pytest.raises(SpecError, match=r"sweep-r1 is another sweep; move it"):
            tuner.refine(parent, rounds=1, scenario=scenario())

    def test_a_folder_that_cannot_be_written(self, tmp_path: Path) -> None:
        parent = ended(tmp_path)
        (tmp_path / "file").write_text("")
        with pytest.raises(StorageError, match="file"):
            tuner.refine(
                parent, rounds=1, scenario=scenario(), importance={},
                storage_path=str(tmp_path / "file"),
            )  # fmt: skip

    def test_nothing_to_change_ends_the_rounds(self, tmp_path: Path) -> None:
        found = tuner.refine(ended(tmp_path, n=4), rounds=3, scenario=scenario())
        assert (found.is_new, found.sweeps) == (False, ())


class Interrupting(Callback):  # type: ignore[misc]
    """Interrupts a sweep at the end of its third trial."""

    def __init__(self) -> None:
        self.ended = 0

    def on_trial_complete(self, iteration: int, trials: Any, trial: Any, **info: Any) -> None:
        self.ended += 1
        if self.ended == 3:
            raise KeyboardInterrupt


def test_from_coarse_to_fine_on_ray(ray_cluster: str, tmp_path: Path) -> None:
    """Two rounds, the first of them interrupted and gone on with; a resume knows the space."""

    def descend(config: dict[str, Any]) -> None:
        tune.report({"loss": (config["x"] - 0.4) ** 2 + config["kind"]["cost"], "epoch": 1})

    space = {
        "x": tune.uniform(0, 1),
        "kind": tune.choice(
            [{"cost": 5, "a": tune.uniform(0, 1)}, {"cost": 0, "b": tune.uniform(0, 1)}]
        ),
    }
    one = scenario(trainable=descend, space=space, max_t=1, roles={"b": "nuisance"})
    parent = tuner.explore(one, "30trials", seed=0, storage_path=str(tmp_path), name="coarse",
                           progress="none", max_concurrent_trials=1)  # fmt: skip
    assert parent.spec.roles == {"kind[1]/b": "nuisance"}
    told: list[Refinement] = []
    options: Any = {
        "rounds": 2, "scenario": one, "tell": told.append, "num_samples": 10, "progress": "none",
        "importance": {},
    }  # fmt: skip
    halted = tuner.refine(parent.place, callbacks=[Interrupting()], **options)
    (first,) = halted.sweeps
    assert (first.name, first.state["status"]) == ("coarse-r1", "interrupted")
    assert len(first.trials()) < 10
    found = tuner.refine(parent.place, **options)
    assert [sweep.name for sweep in found.sweeps] == ["coarse-r1", "coarse-r2"]
    assert [each.round for each in told] == [1, 2]  # the first round is resumed, not proposed anew
    first, second = found.sweeps
    for sweep in (first, second):
        assert sweep.state["status"] == "finished"
        assert len(sweep.trials()) == 10
        inside = from_json(sweep.spec.space)
        assert not any(contains(inside, config) for config in sweep.trials()["config"])
    assert to_json(from_json(first.spec.space)) == to_json(dict(told[0].space))
    assert "b" in first.spec.space["kind"]  # the worse branch is gone
    assert first.spec.roles == {"kind/b": "nuisance"}
    assert len(first.spec.warm_start) == 1
    assert found.round == 3
    extended = tuner.resume(first.place, scenario=one, num_samples=12, progress="none")
    assert len(extended.trials()) == 12
    assert extended.spec.lineage == first.spec.lineage
