"""Sweeps that are stopped, killed, moved and extended."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from ray import tune
from ray.tune.schedulers import AsyncHyperBandScheduler
from sweeping import Run, make_class, make_scenario

import tuner
from tuner.errors import ScenarioError, SpecError, StorageError, SweepBusyError
from tuner.store import SweepLayout, dataset
from tuner.store.lock import SweepLock

SCENARIO = '''
"""Descends in slow epochs, and saves."""
import time

from ray import tune
import tuner


class Descent(tuner.EpochTrainable):
    def setup(self, config):
        self.weight = 1.0

    def train_epoch(self):
        time.sleep(0.05)
        self.weight = 0.8 * self.weight + 0.2 * self.config["x"]
        return {"loss": abs(self.weight - 0.3) + self.config["y"] / 10}

    def state_dict(self):
        return {"weight": self.weight}

    def load_state_dict(self, state):
        self.weight = state["weight"]


SCENARIO = tuner.Scenario(
    name="descent",
    trainable=Descent,
    space={"x": tune.uniform(0, 1), "y": tune.uniform(0, 1)},
    metric="loss",
    mode="min",
    time_attr="epoch",
    max_t=9,
    mutable=("y",),
)
'''
DRIVER = """
import sys, tuner
path, address, options = sys.argv[1], sys.argv[2], eval(sys.argv[3])
import os
if os.path.exists(os.path.join(path, "s", "sweep.json")):
    tuner.resume(os.path.join(path, "s"), progress="none")
else:
    tuner.run(os.path.join(path, "descent.py"), storage_path=path, name="s", seed=5,
              address=address, progress="none", **options)
print("ended")
"""


def drive(folder: Path, address: str, options: dict[str, Any]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", DRIVER, str(folder), address, repr(options)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def what_was_learned(sweep: tuner.Sweep) -> tuple[Any, ...]:
    """All that must not depend on where a sweep was interrupted."""
    reports = sweep.reports()
    decisions = sweep.decisions()
    decided = decisions[decisions.decision != "RESUME"]
    return (
        sweep.trials().set_index("trial_id")[["outcome", "config/x", "config/y", "iterations"]],
        reports[["trial_id", "training_iteration", "epoch", "loss"]],
        decided[["trial_id", "training_iteration", "decision", "reason"]].reset_index(drop=True),
    )


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("options", "kills"),
    [
        ({"scheduler": "asha:reduction_factor=2", "searcher": "hyperopt", "num_samples": 24,
          "checkpoint_frequency": 1}, 2),
        ({"scheduler": "pbt:perturbation_interval=2", "num_samples": 6, "max_t": 16}, 2),
    ],
)  # fmt: skip
def test_a_driver_that_is_killed_again_and_again_does_what_one_does_that_is_not(
    ray_cluster: str, tmp_path: Path, options: dict[str, Any], kills: int
) -> None:
    options = {**options, "resources": {"cpu": 2, "gpu": 1}}  # one worker
    chance = random.Random(7)
    folders = {name: tmp_path / name for name in ("whole", "killed")}
    for folder in folders.values():
        folder.mkdir()
        (folder / "descent.py").write_text(SCENARIO)
    whole = drive(folders["whole"], ray_cluster, options)
    assert whole.communicate(timeout=200)[0].endswith("ended\n")
    expected = tuner.load(folders["whole"] / "s")

    path, killed = folders["killed"] / "s", 0
    while killed < kills:
        process = drive(folders["killed"], ray_cluster, options)
        known = len(tuner.load(path).reports(all_attempts=True)) if path.exists() else 0
        wanted = known + chance.randrange(1, 12)
        while process.poll() is None and number_of_reports(path) < wanted:
            time.sleep(0.02)
        if process.poll() is not None:
            assert process.communicate()[0].endswith("ended\n")
            break
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        killed += 1
    else:
        process = drive(folders["killed"], ray_cluster, options)
        assert process.communicate(timeout=200)[0].endswith("ended\n")
    assert killed >= kills // 2
    found = tuner.load(path)
    assert (
        not found.reports(all_attempts=True)
        .duplicated(["trial_id", "attempt", "training_iteration"])
        .any()
    )
    for one, other in zip(what_was_learned(found), what_was_learned(expected), strict=True):
        assert one.equals(other), (one, other)


def number_of_reports(path: Path) -> int:
    try:
        return len(tuner.load(path).reports(all_attempts=True))
    except StorageError:
        return 0


def interrupt_after(reports: int) -> tune.Callback:
    class Interrupting(tune.Callback):
        seen = 0

        def on_trial_result(self, *args: Any, **info: Any) -> None:
            self.seen += 1
            if self.seen == reports:
                os.kill(os.getpid(), signal.SIGINT)

    return Interrupting()


def test_an_interrupted_sweep_has_saved_and_goes_on(run: Run, tmp_path: Path) -> None:
    scenario = make_scenario()
    sweep = run(scenario, num_samples=6, callbacks=[interrupt_after(8)], max_concurrent_trials=2)
    assert sweep.state["status"] == "interrupted"
    cut = sweep.trials()
    open_ids = set(cut[cut.outcome == "interrupted"].trial_id)
    saved = sweep.events()
    assert {row.trial_id for row in saved[saved.event == "saved"].itertuples()} >= set(
        cut[(cut.outcome == "interrupted") & (cut.iterations > 0)].trial_id
    )
    before = len(sweep.reports(all_attempts=True))
    again = tuner.resume(sweep.path, scenario=scenario, progress="none")
    assert again.state["status"] == "finished"
    assert len(again.state["resumed"]) == 1
    assert list(again.trials().outcome) == ["completed"] * 6
    reports = again.reports(all_attempts=True)
    assert len(reports) == 6 * 9  # each went on where it had saved: nothing was repeated
    assert before < len(reports)
    assert set(reports[reports.attempt == 2].trial_id) <= open_ids


@pytest.mark.usefixtures("one_process")
def test_a_sweep_that_ended_can_be_extended(run: Run) -> None:
    scenario = make_scenario()
    first = run(scenario, num_samples=3, searcher="hyperopt")
    configs = list(first.trials().config)
    more = tuner.resume(first.path, scenario=scenario, num_samples="+2", progress="none")
    assert more.spec.num_samples == 5
    assert list(more.trials().config)[:3] == configs
    assert list(more.trials().outcome) == ["completed"] * 5
    whole = run(scenario, num_samples=5, searcher="hyperopt", name="whole")
    assert list(whole.trials().config) == list(more.trials().config)
    with pytest.raises(SpecError, match="may only grow: the sweep has 5, got 4"):
        tuner.resume(first.path, scenario=scenario, num_samples=4)


@pytest.mark.usefixtures("one_process")
@pytest.mark.parametrize("scheduler", ["fifo", "asha:reduction_factor=3,grace_period=1"])
def test_trials_go_on_to_a_larger_max_t(run: Run, scheduler: str) -> None:
    scenario = make_scenario()
    first = run(scenario, num_samples=6, scheduler=scheduler, keep_final=True)
    completed = set(first.trials().query("outcome == 'completed'").trial_id)
    more = tuner.resume(first.path, scenario=scenario, max_t=27, progress="none")
    reports = more.reports(all_attempts=True)
    assert not reports.duplicated(["trial_id", "training_iteration"]).any()  # none began again
    longest = reports.groupby("trial_id").epoch.max()
    assert longest.max() == 27
    if scheduler == "fifo":
        assert (longest == 27).all()
    assert set(longest[longest > 9].index) <= completed
    assert more.spec.max_t == 27


@pytest.mark.usefixtures("one_process")
def test_a_larger_max_t_needs_the_final_checkpoints(run: Run) -> None:
    scenario = make_scenario()
    first = run(scenario, num_samples=2)
    with pytest.raises(SpecError, match=r"keep_final.*and 2 did not: t000000, t000001"):
        tuner.resume(first.path, scenario=scenario, max_t=27, progress="none")
    assert first.state["status"] == "finished"  # nothing was touched
    hyperband = run(scenario, num_samples=4, scheduler="hyperband", name="h")
    with pytest.raises(SpecError, match="what hyperband has decided depends on max_t"):
        tuner.resume(hyperband.path, scenario=scenario, max_t=27)


@pytest.mark.usefixtures("one_process")
def test_a_search_goes_on_in_another_space(run: Run) -> None:
    scenario = make_scenario(space={"x": tune.uniform(0.0, 1.0)})
    first = run(scenario, num_samples=4, searcher="hyperopt")
    more = tuner.resume(
        first.path,
        scenario=scenario,
        space={"x": tune.uniform(0.2, 0.25)},
        num_samples="+4",
        progress="none",
    )
    drawn = more.trials()["config/x"]
    assert drawn[4:].between(0.2, 0.25).all()
    assert list(drawn[:4]) == list(first.trials()["config/x"][:4])


@pytest.mark.usefixtures("one_process")
def test_a_changed_scenario_is_refused_with_the_difference(run: Run) -> None:
    first = run(make_scenario(), num_samples=1)
    changed = make_scenario(space={"x": tune.uniform(0.0, 2.0), "new": 1})
    with pytest.raises(SpecError, match=r"x: .*2.*; lr is gone; new is new"):
        tuner.resume(first.path, scenario=changed)
    with pytest.raises(SpecError, match="metric: loss -> lr"):
        tuner.resume(first.path, scenario=make_scenario(metric="lr"))


@pytest.mark.usefixtures("one_process")
def test_what_is_not_stored_must_be_given_again(run: Run) -> None:
    scenario = make_scenario()
    scheduler = AsyncHyperBandScheduler(time_attr="epoch", max_t=9)
    first = run(scenario, num_samples=3, scheduler=scheduler)
    with pytest.raises(ScenarioError, match=r"tuner.resume\(path, scenario=...\)"):
        tuner.resume(first.path)
    with pytest.raises(SpecError, match=r"scheduler=AsyncHyperBandScheduler\(...\)"):
        tuner.resume(first.path, scenario=scenario)
    fresh = AsyncHyperBandScheduler(time_attr="epoch", max_t=9)
    more = tuner.resume(
        first.path, scenario=scenario, scheduler=fresh, num_samples=4, progress="none"
    )
    assert len(more.trials()) == 4
    with pytest.raises(SpecError, match="did you mean 'num_samples'"):
        tuner.resume(first.path, scenario=scenario, num_sample=4)  # type: ignore[call-arg]


@pytest.mark.usefixtures("one_process")
def test_a_folder_that_moved_goes_on_from_its_checkpoints(run: Run, tmp_path: Path) -> None:
    scenario = make_scenario()
    sweep = run(scenario, num_samples=2, callbacks=[interrupt_after(5)])
    assert "interrupted" in set(sweep.trials().outcome)
    moved = tmp_path / "elsewhere" / "renamed"
    shutil.copytree(sweep.path, moved)
    shutil.rmtree(sweep.path)
    again = tuner.resume(moved, scenario=scenario, progress="none")
    assert len(again.reports(all_attempts=True)) == 2 * 9
    assert not sweep.path.exists()


@pytest.mark.usefixtures("one_process")
def test_a_folder_without_its_checkpoints_starts_trials_again(run: Run, tmp_path: Path) -> None:
    scenario = make_scenario()
    sweep = run(scenario, num_samples=2, callbacks=[interrupt_after(5)])
    before = len(sweep.reports(all_attempts=True))
    left = list(sweep.trials().outcome).count("interrupted")
    assert left > 0
    shutil.rmtree(sweep.path / "checkpoints")
    again = tuner.resume(sweep.path, scenario=scenario, progress="none")
    assert len(again.reports(all_attempts=True)) == before + left * 9
    assert len(again.reports()) == 2 * 9
    assert list(again.trials().outcome) == ["completed"] * 2


@pytest.mark.usefixtures("one_process")
def test_a_sweep_has_one_driver(run: Run) -> None:
    scenario = make_scenario()
    sweep = run(scenario, num_samples=1)
    with (
        SweepLock.acquire(SweepLayout(sweep.path)),
        pytest.raises(SweepBusyError, match=str(os.getpid())),
    ):
        tuner.resume(sweep.path, scenario=scenario, num_samples=2)
    assert len(tuner.resume(sweep.path, scenario=scenario, num_samples=2).trials()) == 2


@pytest.mark.usefixtures("one_process")
def test_after_a_full_disk_a_sweep_goes_on(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario = make_scenario()

    def full(*_: Any, **__: Any) -> None:
        raise StorageError("No space left on device")

    class Filling(tune.Callback):
        seen = 0

        def on_trial_result(self, *args: Any, **info: Any) -> None:
            self.seen += 1
            if self.seen == 5:
                disk.setattr(dataset, "write_table", full)

    with monkeypatch.context() as disk, pytest.raises(StorageError, match="No space left"):
        run(scenario, num_samples=4, callbacks=[Filling()])
    again = tuner.resume(tmp_path / "sweep", scenario=scenario, progress="none")
    assert list(again.trials().outcome) == ["completed"] * 4
    assert len(again.reports()) == 4 * 9


def test_a_retried_trial_never_left_its_scheduler(run: Run, tmp_path: Path) -> None:
    crashes = tmp_path / "crashes"
    crashes.mkdir()

    class Crashing(make_class()):  # type: ignore[misc]
        def train_epoch(self) -> dict[str, float]:
            if self.epochs_done == 2 and not (crashes / self.trial_id).exists():
                (crashes / self.trial_id).touch()
                os._exit(1)
            return super().train_epoch()

    options = {"scheduler": "hyperband", "num_samples": 9, "max_concurrent_trials": 1}
    calm = run(make_scenario(), name="calm", **options)
    stormy = run(make_scenario(Crashing), max_failures=1, checkpoint_frequency=0, **options)
    assert (stormy.trials().attempts == 2).any()
    one, other = (
        sweep.decisions().query("decision != 'RESUME'")[["trial_id", "decision", "reason"]]
        for sweep in (calm, stormy)
    )
    assert one.reset_index(drop=True).equals(other.reset_index(drop=True))


@pytest.mark.usefixtures("one_process")
@pytest.mark.parametrize(
    ("gone", "words"),
    [
        ("trials.parquet", "trials.parquet of .* lacks 2 trials"),
        ("events", "events/ of .* lacks 2"),
    ],
)
def test_a_folder_that_is_not_whole_is_refused(run: Run, gone: str, words: str) -> None:
    scenario = make_scenario()
    sweep = run(scenario, num_samples=2)
    path = sweep.path / gone
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    with pytest.raises(StorageError, match=words):
        tuner.resume(sweep.path, scenario=scenario, num_samples=3, progress="none")


@pytest.mark.usefixtures("one_process")
def test_a_sweep_that_has_finished_starts_no_ray(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    scenario = make_scenario()
    first = run(scenario, num_samples=2)
    before = first.state

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("Ray was started")

    monkeypatch.setattr("tuner.driver.connect", refuse)
    again = tuner.resume(first.path, scenario=scenario, progress="lines")
    assert "has finished: nothing is left to do" in capsys.readouterr().err
    assert again.state == before
    with pytest.raises(AssertionError, match="Ray was started"):
        tuner.resume(first.path, scenario=scenario, num_samples=3, progress="none")


def _say_that_it_runs(path: Path) -> None:
    """Leave ``sweep.json`` as a driver does that is killed right after the last trial's end."""
    file = path / "sweep.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"status": "running"}))


@pytest.mark.usefixtures("one_process")
def test_a_sweep_can_be_extended_again_and_again(run: Run) -> None:
    scenario = make_scenario()
    first = run(scenario, num_samples=4, scheduler="asha:reduction_factor=2", keep_final=True)
    path, go_on = first.path, {"scenario": scenario, "progress": "none"}
    _say_that_it_runs(path)
    tuner.resume(path, **go_on)  # nothing is left to do
    tuner.resume(path, max_t=18, **go_on)
    _say_that_it_runs(path)
    tuner.resume(path, **go_on)
    tuner.resume(path, num_samples="+2", **go_on)
    last = tuner.resume(path, max_t=36, **go_on)
    reports = last.reports(all_attempts=True)
    assert not reports.duplicated(["trial_id", "training_iteration"]).any()  # none began again
    assert reports.epoch.max() == 36
    assert len(last.trials()) == 6
    assert last.trials().outcome.isin(["completed", "stopped"]).all()


@pytest.mark.usefixtures("one_process")
def test_what_was_suggested_in_another_space_is_known_after_another_resume(run: Run) -> None:
    scenario = make_scenario(space={"x": tune.uniform(0.0, 1.0)})
    moved = make_scenario(space={"x": tune.uniform(0.2, 0.4)})
    options = {"num_samples": 4, "searcher": "hyperopt:n_initial_points=2"}
    options["max_concurrent_trials"] = 1  # what is suggested depends on what ended before
    whole = run(scenario, name="whole", **options)
    tuner.resume(whole.path, scenario=moved, space=moved.space, num_samples=8, progress="none")
    first = run(scenario, name="first", **options)
    tuner.resume(first.path, scenario=moved, space=moved.space, num_samples=6, progress="none")
    # The space is remembered, and not that of the scenario.
    last = tuner.resume(first.path, scenario=scenario, num_samples=8, progress="none")
    assert list(last.trials()["config/x"]) == list(tuner.load(whole.path).trials()["config/x"])
