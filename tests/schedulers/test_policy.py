"""Replaying a policy, and a lineage, without a cluster; and PBT and its policy in a plain Tuner."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ray import tune
from ray.train._internal.session import _TrainingResult
from ray.tune import Checkpoint
from ray.tune.experiment import Trial

import tuner
from tuner.errors import SpecError
from tuner.schedulers.pbt import PBT
from tuner.schedulers.policy import PolicyReplay, PolicyStep, locate_sweep
from tuner.schedulers.succession import Succession
from tuner.store.lineage import Segment

STEPS = [PolicyStep(0, {"lr": 1}), PolicyStep(2, {"lr": 2}), PolicyStep(5, {"lr": 3})]


class World:
    """A controller whose trials save when they pause."""

    def __init__(self, scheduler: Any) -> None:
        self.scheduler = scheduler
        self.trials: list[Trial] = []

    def get_live_trials(self) -> set[Trial]:
        return {trial for trial in self.trials if not trial.is_finished()}

    def stop_trial(self, trial: Trial) -> None:
        trial.status = Trial.TERMINATED

    def add(self, trial_id: str, **config: Any) -> Trial:
        trial = Trial("stub", stub=True, trial_id=trial_id, config=config)
        trial.status = Trial.RUNNING
        self.trials.append(trial)
        self.scheduler.on_trial_add(self, trial)
        return trial

    def report(self, trial: Trial, iteration: int) -> str:
        result = {"training_iteration": iteration, "epoch": iteration}
        answer = str(self.scheduler.on_trial_result(self, trial, result))
        if answer == "PAUSE":
            saved = _TrainingResult(Checkpoint(f"/{trial.trial_id}/{iteration}"), result)
            trial.run_metadata.checkpoint_manager.register_checkpoint(saved)
            trial.status = Trial.PAUSED
        return answer

    def go_on(self) -> Trial | None:
        chosen: Trial | None = self.scheduler.choose_trial_to_run(self)
        if chosen is not None:
            chosen.status = Trial.RUNNING
        return chosen


def test_each_trial_follows_the_steps_on_its_own() -> None:
    world = World(PolicyReplay(STEPS))
    first, second = world.add("t0", lr=9), world.add("t1", lr=1)
    assert first.config == {"lr": 1}
    assert world.report(first, 1) == "CONTINUE"
    assert world.report(first, 2) == "PAUSE"
    assert first.config == {"lr": 1}  # until it goes on: it may have to repeat what it did
    reason = world.scheduler.take_reason("t0")
    assert (reason.text, reason.details) == (
        "step 1 of 2 of the policy, at 2",
        {"config": {"lr": 2}},
    )
    assert world.scheduler.take_reason("t0") is None
    assert world.go_on() is first
    assert first.config == {"lr": 2}
    assert world.report(second, 4) == "PAUSE"  # its reports are far apart
    assert world.report(first, 5) == "PAUSE"
    assert world.go_on() is first
    assert (first.config, second.config) == ({"lr": 3}, {"lr": 2})
    assert world.report(first, 9) == "CONTINUE"


def test_a_policys_state_survives(tmp_path: Path) -> None:
    world = World(PolicyReplay(STEPS))
    trial = world.add("t0", lr=1)
    world.report(trial, 2)
    world.scheduler.save(str(tmp_path / "state"))
    again = PolicyReplay(STEPS)
    again.restore(str(tmp_path / "state"))
    world.scheduler = again
    assert world.go_on() is trial
    assert trial.config == {"lr": 2}
    assert world.report(trial, 4) == "CONTINUE"
    assert world.report(trial, 5) == "PAUSE"


@pytest.mark.parametrize("times", [(), (1, 2), (0, 2, 2), (0, 3, 1)])
def test_times_that_do_not_grow_from_zero_are_refused(times: tuple[int, ...]) -> None:
    with pytest.raises(SpecError, match="begin at 0 and grow"):
        PolicyReplay([PolicyStep(time, {}) for time in times])


def test_a_sweep_is_found_by_its_name_alone(tmp_path: Path, monkeypatch: Any) -> None:
    assert locate_sweep("first", tmp_path) == str(tmp_path / "first")
    assert locate_sweep("s3://bucket/first", tmp_path) == "s3://bucket/first"
    monkeypatch.chdir(tmp_path)
    (tmp_path / "first").mkdir()
    assert locate_sweep("first", Path("/results")) == str(tmp_path / "first")
    assert locate_sweep("other/first", Path("/results")) == str(tmp_path / "other" / "first")


def test_a_lineage_hands_on_checkpoints_in_turn_and_ends_whom_it_needs_no_more() -> None:
    segments = [
        Segment("t1", {"lr": 1}, 0, 2, 0.0),
        Segment("t0", {"lr": 2}, 2, 4, 2.0),
        Segment("t1", {"lr": 3}, 4, 6, 4.0),
        Segment("t2", {"lr": 4}, 6, None, 6.0),
    ]
    succession = Succession(segments)
    world = World(succession)
    assert succession.awaited() is segments[0]
    first = world.add("t1", lr=1)
    assert succession.awaited() is None
    assert world.report(first, 1) == "CONTINUE"
    assert world.report(first, 2) == "PAUSE"
    assert succession.awaited() is segments[1]
    assert world.go_on() is None  # it is yet to be made
    second = world.add("t0", lr=2)
    assert second.checkpoint.path == "/t1/2"
    assert world.report(second, 3) == "CONTINUE"
    assert first.status == Trial.PAUSED  # needed once more
    assert world.report(second, 4) == "PAUSE"
    assert world.go_on() is first
    assert (first.config, first.checkpoint.path) == ({"lr": 3}, "/t0/4")
    assert world.report(first, 5) == "CONTINUE"
    assert second.status == Trial.TERMINATED
    assert succession.take_reason("t0").text == "t1 went on from its checkpoint"  # type: ignore[union-attr]
    assert world.report(first, 6) == "PAUSE"
    last = world.add("t2", lr=4)  # made before anybody asked whether it is awaited
    assert succession.awaited() is None
    assert world.go_on() in (None, last)
    assert world.report(last, 7) == "CONTINUE"


def make_class() -> type[tuner.EpochTrainable]:
    class Sum(tuner.EpochTrainable):
        def setup(self, config: dict[str, Any]) -> None:
            self.total = 0.0

        def train_epoch(self) -> dict[str, float]:
            self.total += self.config["lr"]
            return {"loss": -self.total, "lr": self.config["lr"]}

        def state_dict(self) -> dict[str, Any]:
            return {"total": self.total}

        def load_state_dict(self, state: dict[str, Any]) -> None:
            self.total = state["total"]

    return Sum


def run_plain(scheduler: Any, folder: Path, **options: Any) -> list[Any]:
    return list(
        tune.Tuner(
            make_class(),
            tune_config=tune.TuneConfig(
                metric="loss", mode="min", scheduler=scheduler, reuse_actors=True, **options
            ),
            run_config=tune.RunConfig(
                storage_path=str(folder), verbose=0, stop={"training_iteration": 6}
            ),
        ).fit()
    )


def test_a_policy_works_in_a_plain_tuner(ray_cluster: str, tmp_path: Path) -> None:
    (result,) = run_plain(PolicyReplay(STEPS), tmp_path, num_samples=1)
    assert result.metrics["loss"] == -(1 + 1 + 2 + 2 + 2 + 3)


def test_pbt_works_in_a_plain_tuner(ray_cluster: str, tmp_path: Path) -> None:
    scheduler = PBT(
        hyperparam_mutations={"lr": tune.randint(1, 100)}, perturbation_interval=2,
        quantile_fraction=0.5, synch=True, seed=0,
    )  # fmt: skip
    results = run_plain(scheduler, tmp_path, num_samples=2)
    assert scheduler._num_perturbations >= 2
    for result in results:
        assert result.metrics["training_iteration"] == 6
        assert isinstance(result.config["lr"], int)
        assert 1 <= result.config["lr"] < 100
