from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ray import tune
from ray.train import Checkpoint
from ray.train._internal.session import _FutureTrainingResult, _TrainingResult
from ray.tune.experiment import Trial
from ray.tune.schedulers import FIFOScheduler

from tuner.runtime.retention import Retention, held_by_population
from tuner.runtime.storage import Checkpoints
from tuner.schedulers.pbt import PBT


class Stage:
    """Trials that save into a folder, and what retention leaves of it."""

    def __init__(self, folder: Path, **options: Any) -> None:
        self.folder = folder
        self.trials: dict[str, Trial] = {}
        self.held: set[str] = set()
        given = {"mode": "min", "best": 2, "keep_final": False, "copies": False} | options
        copies = given.pop("copies")
        self.retention = Retention(
            **given,
            value_of=lambda trial: trial.last_result.get("loss"),
            open_trials=lambda: [t for t in self.trials.values() if not t.is_finished()],
            remove=Checkpoints.local(folder).remove,
            held=(lambda: self.held) if copies else None,
        )

    def trial(self, name: str) -> Trial:
        if name not in self.trials:
            self.trials[name] = Trial("stub", stub=True, trial_id=name)
        return self.trials[name]

    def save(self, name: str, number: int) -> Checkpoint:
        path = self.folder / name / f"checkpoint_{number:06d}"
        path.mkdir(parents=True)
        (path / "state").write_text("x")
        saved = Checkpoint(str(path))
        self.goes_on_from(name, saved)
        self.retention.on_trial_save(0, [], self.trial(name))
        return saved

    def goes_on_from(self, name: str, checkpoint: Checkpoint) -> None:
        manager: Any = self.trial(name).run_metadata.checkpoint_manager
        manager._latest_checkpoint_result = _TrainingResult(checkpoint, {"training_iteration": 1})

    def end(self, name: str, loss: float | None) -> None:
        trial = self.trial(name)
        trial.run_metadata.last_result = {"loss": loss}
        trial.status = Trial.TERMINATED
        self.retention.on_trial_complete(0, [], trial)

    @property
    def left(self) -> list[str]:
        found = self.folder.glob("*/checkpoint_*")
        return sorted(f"{path.parent.name}/{int(path.name[-6:])}" for path in found)


def test_a_trial_keeps_what_it_saved_last(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    for number in range(5):
        stage.save("a", number)
    stage.save("b", 0)
    assert stage.left == ["a/4", "b/0"]


def test_of_the_trials_that_ended_the_best_keep_their_last(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    losses = {"a": 0.5, "b": float("nan"), "c": 0.1, "d": None, "e": 0.3}
    for name in losses:
        stage.save(name, 0)
        stage.save(name, 1)
    for name, loss in losses.items():
        stage.end(name, loss)
    assert stage.left == ["c/1", "e/1"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c", "e"]  # no empty folders


def test_all_keep_their_last_if_that_is_wanted(tmp_path: Path) -> None:
    stage = Stage(tmp_path, keep_final=True)
    for name in "abcd":
        stage.save(name, 0)
        stage.end(name, 1.0)
    assert stage.left == ["a/0", "b/0", "c/0", "d/0"]


def test_what_another_trial_goes_on_from_outlives_its_maker(tmp_path: Path) -> None:
    stage = Stage(tmp_path, copies=True, best=0)
    first = stage.save("a", 0)
    stage.goes_on_from("b", first)  # an exploit; b waits for a slot
    stage.save("a", 1)
    assert stage.left == ["a/0", "a/1"]
    stage.end("a", 0.1)
    assert stage.left == ["a/0"]
    stage.save("b", 0)
    stage.save("b", 1)
    assert stage.left == ["b/1"]


def test_what_a_population_may_still_copy_is_kept(tmp_path: Path) -> None:
    stage = Stage(tmp_path, copies=True, best=0)
    stage.held = {stage.save("a", 0).path}
    stage.save("a", 1)
    assert stage.left == ["a/0", "a/1"]
    stage.held = set()
    stage.save("a", 2)
    assert stage.left == ["a/2"]


class Save(_FutureTrainingResult):
    """One on its way, which arrives when the test says so."""

    def __init__(self) -> None:
        self.result: _TrainingResult | None = None

    def resolve(self, block: bool = True) -> _TrainingResult | None:
        assert not block, "deleting must not wait for a save"
        return self.result


def test_a_save_that_arrived_is_held_before_anyone_copies_it() -> None:
    population: Any = PBT(metric="loss", mode="min", hyperparam_mutations={"x": tune.uniform(0, 1)})
    save = Save()
    population._trial_state["a"] = SimpleNamespace(last_checkpoint=save)
    population._trial_state["b"] = SimpleNamespace(last_checkpoint=Checkpoint("/b/0"))
    population._trial_state["c"] = SimpleNamespace(last_checkpoint=None)
    held = held_by_population(population)
    assert held is not None
    assert held() == {"/b/0"}
    save.result = _TrainingResult(Checkpoint("/a/0"), {})
    assert held() == {"/a/0", "/b/0"}


def test_only_populations_copy() -> None:
    assert held_by_population(FIFOScheduler()) is None


@pytest.mark.parametrize("best", [0, 1])
def test_on_resuming_only_what_is_needed_is_left(tmp_path: Path, best: int) -> None:
    before = Stage(tmp_path)
    for name in "abc":
        before.save(name, 3)
    (tmp_path / "a" / "checkpoint_000004").mkdir()  # half-written when the driver died
    (tmp_path / "gone" / "checkpoint_000000").mkdir(parents=True)
    before.end("b", 0.2)
    before.end("c", 0.1)
    after = Stage(tmp_path, best=best)
    after.trials = before.trials
    after.retention.adopt(list(before.trials.values()), Checkpoints.local(tmp_path).found())
    assert after.left == ["a/3", "c/3"][: 1 + best]
