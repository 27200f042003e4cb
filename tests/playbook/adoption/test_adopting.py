"""Winner and baseline trained again, in pairs: who is compared with whom, and what follows."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from in_process import SCENARIO_FILE, InProcess
from ray import tune

import tuner
from tuner.errors import NoResultError, ScenarioError, SpecError, StorageError, SweepFailedError
from tuner.playbook import studied
from tuner.playbook.adoption.adopting import adopt
from tuner.store import SweepLayout, SweepWriter
from tuner.store.lock import SweepLock


def test_a_winner_is_compared_with_the_median_trial_over_new_seeds(
    ray: InProcess, sweep: tuner.Sweep
) -> None:
    found = adopt(sweep, seeds=3)
    ranked = [trial.trial_id for trial in sweep.best(6)]
    assert (found.winner.label, found.baseline.label) == (ranked[0], ranked[3])
    assert found.winner.in_sweep == sweep.best().value
    assert ray.trained == 6
    assert len(found.winner.values) == len(found.baseline.values) == 3
    assert found.optimism == pytest.approx(np.mean(found.winner.values) - found.winner.in_sweep)
    assert "the median trial" in found.baseline_is
    assert json.loads((sweep.path / "adopt" / "adoption.json").read_text())["verdict"]
    assert str(found).count("\n") >= 6


@pytest.mark.parametrize(
    ("in_sweep", "told"),
    [
        (0.2, "\nwinner's curse: over new repeats the winner is 0.1 worse"),
        (0.4, "\nno winner's curse: over new repeats the winner is 0.1 better"),
        (0.3, "\nno winner's curse: over new repeats the winner is as good as"),
    ],
)
def test_the_curse_is_told_only_where_there_is_one(
    ray: InProcess, sweep: tuner.Sweep, in_sweep: float, told: str
) -> None:
    found = adopt(sweep.path, seeds=1)
    winner = replace(found.winner, values=(0.3,), in_sweep=in_sweep)
    assert told in str(replace(found, winner=winner))


def test_repeats_are_a_sweep_with_columns_of_their_own(ray: InProcess, sweep: tuner.Sweep) -> None:
    repeats = tuner.load(adopt(sweep.path, seeds=2, folds=3).folder)
    trials = repeats.trials()
    columns = ["config/candidate", "config/seed", "config/fold"]
    assert len(trials[columns].drop_duplicates()) == len(trials) == 2 * 2 * 3


def test_the_same_seed_gives_both_the_same_rows_and_random_numbers(
    ray: InProcess, sweep: tuner.Sweep
) -> None:
    """A winner against itself, but for its patience, which nobody sees in the first epoch."""
    best = sweep.best()
    twin = {**best.config, "patience": 3 - best.config["patience"]}
    repeats = tuner.load(adopt(sweep.path, seeds=2, folds=2, baseline=twin).folder)
    columns = ["trial_id", "config/candidate", "config/seed", "config/fold"]
    first = repeats.reports().query("epoch == 1").merge(repeats.trials()[columns])
    values = first.pivot_table(
        index=["config/seed", "config/fold"], columns="config/candidate", values="error"
    )
    assert values["baseline"].tolist() == values[best.trial_id].tolist()
    assert values["baseline"].nunique() > 1


def test_what_is_done_is_not_done_again(ray: InProcess, sweep: tuner.Sweep) -> None:
    first = adopt(sweep.path, seeds=2)
    assert adopt(sweep.path, seeds=2) == first
    assert ray.trained == 4


def test_what_was_interrupted_goes_on(ray: InProcess, sweep: tuner.Sweep) -> None:
    ray.stops_after = 1
    with pytest.raises(SweepFailedError, match="give the same command again"):
        adopt(sweep.path, seeds=2)
    found = adopt(sweep.path, seeds=2)
    assert ray.trained == 4
    whole = adopt(sweep.path, seeds=2, name="again")
    assert found.winner.values == whole.winner.values


def test_other_repeats_take_another_folder(ray: InProcess, sweep: tuner.Sweep) -> None:
    adopt(sweep.path, seeds=2)
    with pytest.raises(SpecError, match=r"made with other seeds, .* choose another name"):
        adopt(sweep.path, seeds=3)
    assert adopt(sweep.path, seeds=3, name="more").seeds == 3


def test_the_first_point_to_evaluate_is_the_baseline(
    ray: InProcess, scenario_path: Path, tmp_path: Path
) -> None:
    point = {"rate": 1e-3, "spread": 2.0, "patience": 3}
    ray.run(str(scenario_path), storage_path=str(tmp_path), points_to_evaluate=[point])
    found = adopt(tmp_path / "sweep", seeds=2)
    assert found.baseline.config == point
    assert found.baseline_is == "the first of points_to_evaluate"


def test_a_baseline_may_be_a_trial_or_any_configuration(ray: InProcess, sweep: tuner.Sweep) -> None:
    worst = sweep.best(6)[-1]
    assert adopt(sweep.path, seeds=1, baseline=worst.trial_id).baseline.label == worst.trial_id
    with pytest.raises(SpecError, match="rate is missing"):
        adopt(sweep.path, baseline={"spread": 1.0, "patience": 0})
    with pytest.raises(SpecError, match="no trial 'nobody'"):
        adopt(sweep.path, baseline="nobody")
    with pytest.raises(SpecError, match=r"is that of .* itself"):
        adopt(sweep.path, baseline=sweep.best().trial_id)


@pytest.mark.parametrize("outcome", ["failed", "infeasible"])
def test_a_winner_that_fails_more_often_is_not_adopted(
    ray: InProcess, sweep: tuner.Sweep, monkeypatch: pytest.MonkeyPatch, outcome: str
) -> None:
    whole = ray.run

    def failing(scenario: Any, **options: Any) -> tuner.Sweep:
        found = whole(scenario, **options)
        writer = SweepWriter.reopen(
            SweepLayout(found.path), metric="error", mode="min", time_attr="epoch"
        )
        trials = found.trials()
        first = trials.loc[trials["config/candidate"] == sweep.best().trial_id, "trial_id"].iloc[0]
        writer.trial(first, status="ERROR", outcome=outcome)
        writer.close()
        return tuner.load(found.path)

    monkeypatch.setattr(studied, "run", failing)
    found = adopt(sweep.path, seeds=8, baseline=sweep.best(6)[-1].trial_id)
    assert found.difference.verdict == "adopt"
    assert found.verdict == "not enough evidence"
    assert "1 of its repeats failed" in found.why
    assert len(found.winner.values) == 7


def test_no_finite_value_is_no_result(
    ray: InProcess, sweep: tuner.Sweep, scenario_path: Path
) -> None:
    scenario_path.write_text(
        SCENARIO_FILE.replace('{"error": np.mean(', '{"error": np.nan * np.mean(')
    )
    with pytest.raises(NoResultError, match="no pair of repeats"):
        adopt(sweep.path, seeds=1)


@pytest.mark.parametrize("wrong", [{"seeds": 0}, {"folds": 1}])
def test_numbers_that_cannot_be_are_refused(sweep: tuner.Sweep, wrong: dict[str, int]) -> None:
    with pytest.raises(SpecError, match="are at least"):
        adopt(sweep.path, **wrong)


def test_a_sweep_that_runs_has_no_winner_yet(sweep: tuner.Sweep) -> None:
    lock = SweepLock.acquire(SweepLayout(sweep.path))
    try:
        with pytest.raises(SpecError, match="wait for it, or end it: tuner stop"):
            adopt(sweep.path)
    finally:
        lock.release()


def test_a_sweep_without_results_has_no_winner(
    ray: InProcess, scenario_path: Path, tmp_path: Path
) -> None:
    ray.stops_after = 0
    empty = ray.run(str(scenario_path), storage_path=str(tmp_path))
    with pytest.raises(NoResultError, match="no trial has reported"):
        adopt(empty.path)


def test_a_scenario_that_moved_is_named(
    ray: InProcess, sweep: tuner.Sweep, scenario_path: Path, tmp_path: Path
) -> None:
    moved = scenario_path.rename(tmp_path / "elsewhere.py")
    with pytest.raises(ScenarioError, match="name it with --scenario"):
        adopt(sweep.path)
    assert adopt(sweep.path, seeds=1, scenario=str(moved)).seeds == 1


def test_a_scenario_with_another_metric_is_refused(sweep: tuner.Sweep, scenario_path: Path) -> None:
    scenario_path.write_text(SCENARIO_FILE.replace('mode="min"', 'mode="max"'))
    with pytest.raises(ScenarioError, match="another mode now: min -> max"):
        adopt(sweep.path)


def test_a_file_in_the_way_is_said(sweep: tuner.Sweep) -> None:
    (sweep.path / "adopt").write_text("mine")
    with pytest.raises(StorageError, match="cannot write"):
        adopt(sweep.path)


def test_repeats_may_lie_elsewhere(ray: InProcess, sweep: tuner.Sweep, tmp_path: Path) -> None:
    found = adopt(sweep.path, seeds=1, storage_path=tmp_path / "other")
    assert Path(found.folder).is_relative_to(tmp_path / "other")
    assert not (sweep.path / "adopt").exists()


def test_a_sweep_at_a_uri_takes_a_folder_for_its_repeats(
    sweep: tuner.Sweep, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = tuner.load(sweep.path)
    there.place = tuner.places.Uri("s3://bucket/sweep")  # type: ignore[attr-defined]
    monkeypatch.setattr(studied, "load", lambda path: there)
    with pytest.raises(SpecError, match="name a folder"):
        adopt("s3://bucket/sweep")


def test_folds_take_a_trainable_that_says_what_it_learns_from(
    ray: InProcess, tmp_path: Path, make_function: Callable[[], Any]
) -> None:
    scenario = tuner.Scenario(
        name="function",
        trainable=make_function(),
        space={"x": tune.uniform(0, 1)},
        metric="error",
        mode="min",
        time_attr="epoch",
        max_t=2,
    )
    layout = SweepLayout.create(tmp_path / "function")
    from tuner.store import write_spec

    writer = SweepWriter(layout, metric="error", mode="min", time_attr="epoch")
    for number, x in enumerate((0.1, 0.9)):
        writer.trial(f"t{number}", config={"x": x}, status="TERMINATED", outcome="completed")
        row = {"trial_id": f"t{number}", "attempt": 1, "training_iteration": 1, "epoch": 1}
        writer.report({**row, "time_total_s": 0.0, "timestamp": 0.0, "error": x})
    writer.close()
    spec = tuner.resolve(scenario, scheduler="fifo", searcher="random", num_samples=2)
    write_spec(layout, {"schema_version": 3, "spec": spec.to_json(), "status": "finished"})
    with pytest.raises(SpecError, match=r"define the classmethod examples\(\)"):
        adopt(layout.root, scenario=scenario, folds=2)


@pytest.fixture
def make_function() -> Callable[[], Any]:
    def make() -> Any:
        return lambda config: None

    return make
