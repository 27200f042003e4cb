"""Sweeps that are meant to break."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest
import ray
from ray import tune
from ray.tune.schedulers import FIFOScheduler
from ray.tune.search import Searcher
from sweeping import Run, make_class, make_function, make_scenario

import tuner
from tuner.errors import (
    ReportError,
    ResourcesError,
    SpecError,
    StorageError,
    SweepFailedError,
)


def test_a_raising_trial_is_recorded_and_the_sweep_goes_on(run: Run) -> None:
    def fragile(config: dict[str, Any]) -> None:
        tune.report({"loss": config["x"], "epoch": 1})
        if config["x"] > 0.5:
            raise ZeroDivisionError("too large")
        tune.report({"loss": config["x"], "epoch": 2})

    sweep = run(make_scenario(fragile, max_t=2), num_samples=8, resources={"cpu": 2})
    trials = sweep.trials()
    failed = trials[trials["config/x"] > 0.5]
    assert 0 < len(failed) < 8
    assert set(failed.status) == {"ERROR"}
    assert set(failed.outcome) == {"failed"}
    assert failed.error.str.contains("ZeroDivisionError: too large").all()
    assert failed.error.str.contains("in fragile").all()
    assert not failed.error.str.contains("\x1b").any()
    assert (failed.iterations == 1).all()
    assert sweep.exit_code == 3


def test_a_sweep_without_one_success_says_so(run: Run) -> None:
    def broken(config: dict[str, Any]) -> None:
        raise RuntimeError("no data")

    sweep = run(make_scenario(broken), num_samples=3)
    assert sweep.exit_code == 1
    with pytest.raises(tuner.TunerError, match="no data"):
        sweep.best()


def test_a_trial_is_tried_again_from_its_checkpoint(run: Run, tmp_path: Path) -> None:
    crashes = tmp_path / "crashes"
    crashes.mkdir()

    class Crashing(make_class()):  # type: ignore[misc]
        def train_epoch(self) -> dict[str, float]:
            marker = crashes / self.trial_id
            if self.epochs_done == 4 and not marker.exists():
                marker.touch()
                os._exit(1)
            return super().train_epoch()

    sweep = run(make_scenario(Crashing), num_samples=2, max_failures=1)
    reports = sweep.reports()
    assert set(sweep.trials().outcome) == {"completed"}
    assert set(sweep.trials().attempts) == {2}
    for _, trial in reports.groupby("trial_id"):
        assert list(trial.epoch) == list(range(1, 10))  # went on at epoch 5, not at 1
        assert list(trial.attempt) == [1] * 4 + [2] * 5


def test_fail_fast_ends_the_sweep(run: Run) -> None:
    def fail_at_third(config: dict[str, Any]) -> None:
        if tune.get_context().get_trial_id() == "t000002":
            raise RuntimeError("third")
        tune.report({"loss": 1.0, "epoch": 1})

    sweep = run(
        make_scenario(fail_at_third, max_t=1),
        num_samples=50,
        fail_fast=True,
        max_concurrent_trials=1,
    )
    assert len(sweep.trials()) <= 5
    assert sweep.exit_code in (1, 3)


@pytest.mark.parametrize(("trainable", "timeout"), [("function", 6), ("setup", 20)])
def test_a_silent_trial_is_stopped_and_recorded_as_hung(
    run: Run, trainable: str, timeout: float
) -> None:
    def hang(config: dict[str, Any]) -> None:
        import time

        tune.report({"loss": config["x"], "epoch": 1})
        if config["x"] > 0.5:
            time.sleep(600)

    class HangInSetup(tune.Trainable):
        def setup(self, config: dict[str, Any]) -> None:
            import time

            if config["x"] > 0.5:
                time.sleep(600)

        def step(self) -> dict[str, Any]:
            return {"loss": self.config["x"], "epoch": 1, "done": True}

    kind = hang if trainable == "function" else HangInSetup
    sweep = run(
        make_scenario(kind, max_t=2), num_samples=4, trial_timeout_s=timeout, max_failures=2
    )
    trials = sweep.trials()
    hung = trials[trials["config/x"] > 0.5]
    assert 0 < len(hung) < 4
    assert set(hung.outcome) == {"hung"}
    assert set(hung.error) == {f"no report for {timeout} s (trial_timeout_s)"}
    assert set(trials[trials["config/x"] <= 0.5].outcome) == {"completed"}
    assert sweep.exit_code == 3


@pytest.mark.usefixtures("one_process")
@pytest.mark.parametrize(
    ("metrics", "words"),
    [
        ({"epoch": 1, "val_loss": 1.0}, "must hold the metric 'loss'.*did you mean 'val_loss'"),
        ({"loss": 1.0, "step": 1}, "must hold the time_attr 'epoch'"),
        ({"loss": "low", "epoch": 1}, "the metric 'loss' must be a number"),
    ],
)
def test_a_report_that_breaks_the_promise_ends_the_sweep_at_once(
    run: Run, tmp_path: Path, metrics: dict[str, Any], words: str
) -> None:
    class Reporting(tune.Trainable):
        def step(self) -> dict[str, Any]:
            return dict(metrics)

    with pytest.raises(ReportError, match=words):
        run(make_scenario(Reporting), num_samples=50)
    sweep = tuner.load(tmp_path / "sweep")
    assert sweep.state["status"] == "failed"
    assert sweep.exit_code == 1


def test_a_trainable_that_never_reports_is_refused(run: Run) -> None:
    def silent(config: dict[str, Any]) -> None:
        pass

    with pytest.raises(ReportError, match="ended without a single report"):
        run(make_scenario(silent), num_samples=50, max_concurrent_trials=2)


@pytest.mark.usefixtures("one_process")
@pytest.mark.parametrize(
    "resources", [{"gpu": 2}, {"cpu": 3}, {"cpu": 64}, {"licence": 1}, {"cpu": 2, "gpu": 2}]
)
def test_what_the_cluster_can_never_hold_is_an_error_with_the_numbers(
    run: Run, tmp_path: Path, resources: dict[str, float]
) -> None:
    # Together the two nodes have cpu=4, gpu=1; no node has 3 CPUs.
    with pytest.raises(ResourcesError, match="the cluster has 2 nodes: cpu=2; cpu=2, gpu=1"):
        run(resources=resources)
    assert not (tmp_path / "sweep").exists()
    run(num_samples=1)  # the name is still free


def test_a_request_no_cluster_could_mean_is_refused(run: Run) -> None:
    with pytest.raises(tuner.UsageError, match="gpu"):
        run(resources={"gpu": 1.5})


def test_waiting_for_resources_is_bounded(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ResourcesError):
        run(resources={"gpu": 2}, wait_for_resources_s=1, progress="lines")
    assert "waiting for a node that can hold a trial" in capsys.readouterr().err


def test_an_unwritable_folder_is_refused_before_ray_starts(tmp_path: Path) -> None:
    blocker = tmp_path / "file"
    blocker.touch()
    with pytest.raises(StorageError, match="cannot make the sweep folder"):
        tuner.run(make_scenario(), storage_path=str(blocker), progress="none")


@pytest.mark.usefixtures("one_process")
def test_a_full_disk_ends_the_sweep_and_leaves_what_was_written(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tuner.store import dataset

    write, calls = dataset.write_table, {"n": 0}

    def full(*args: Any, **kwargs: Any) -> Any:
        calls["n"] += 1
        if calls["n"] > 4:  # the empty tables of the start
            reason = "No space left on device"
            raise StorageError(reason) from OSError(errno.ENOSPC, reason)
        return write(*args, **kwargs)

    monkeypatch.setattr(dataset, "write_table", full)
    with pytest.raises(StorageError, match="No space left"):
        run(num_samples=8)
    assert tuner.load(tmp_path / "sweep").reports() is not None


@pytest.mark.usefixtures("one_process")
def test_a_callback_that_raises_ends_the_sweep_with_its_words(run: Run, tmp_path: Path) -> None:
    class Broken(tune.Callback):
        def on_trial_result(self, *args: Any, **info: Any) -> None:
            raise RuntimeError("callback broke")

    with pytest.raises(SweepFailedError, match="callback broke"):
        run(callbacks=[Broken()])
    assert tuner.load(tmp_path / "sweep").state["status"] == "failed"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"scheduler": "pbt", "searcher": "hyperopt"}, "use pbt.random, or asha.hyperopt"),
        ({"scheduler": "pbt", "max_concurrent_trials": 2}, "leave max_concurrent_trials out"),
        ({"scheduler": "pbt", "num_samples": 1}, "population of at least 2"),
        ({"scheduler": "bohb", "searcher": "random"}, "use bohb.bohb, or hyperband.random"),
        ({"scheduler": "asha", "searcher": "bohb"}, "use bohb.bohb, or asha.hyperopt"),
        ({"scheduler": "asah"}, "did you mean 'asha'"),
        ({"searcher": "hyperoptt"}, "did you mean 'hyperopt'"),
        ({"num_sample": 3}, "did you mean 'num_samples'"),
        ({"num_samples": 0}, "num_samples must be a whole number >= 1, got 0"),
        ({"num_samples": -1}, "give time_budget_s"),
        ({"seed": -1}, "seed must be a whole number >= 0"),
        ({"time_budget_s": 0}, "time_budget_s must be a positive number"),
        ({"max_failures": 1, "fail_fast": True}, "choose one"),
        ({"name": "../escape"}, "a sweep's name"),
        ({"max_t": 0}, "max_t"),
        ({"callbacks": [print]}, "ray.tune.Callback"),
        ({"progress": "verbose"}, "progress is one of"),
        ({"tags": "one"}, "tags must be a list"),
        ({"num_cpus": 2}, "size a local Ray"),
    ],
)
def test_what_cannot_work_is_refused_before_anything_starts(
    run: Run, tmp_path: Path, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(SpecError.__mro__[1], match=words):
        run(**options)
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize(
    "scheduler", ["hyperband", "pbt", "pb2", "bohb+bohb", "median:hard_stop=false"]
)
def test_schedulers_that_pause_refuse_trainables_that_do_not_save(run: Run, scheduler: str) -> None:
    name, _, searcher = scheduler.partition("+")
    with pytest.raises(SpecError, match="does not save checkpoints"):
        run(make_scenario(make_function()), scheduler=name, searcher=searcher or "random")


def test_a_killed_worker_is_recorded_as_a_failure(run: Run) -> None:
    def suicide(config: dict[str, Any]) -> None:
        import signal

        tune.report({"loss": config["x"], "epoch": 1})
        if config["x"] > 0.5:
            os.kill(os.getpid(), signal.SIGKILL)
        tune.report({"loss": config["x"], "epoch": 2})

    sweep = run(make_scenario(suicide, max_t=2), num_samples=6)
    trials = sweep.trials()
    assert set(trials[trials["config/x"] > 0.5].outcome) == {"failed"}
    assert set(trials[trials["config/x"] <= 0.5].outcome) == {"completed"}
    assert ray.is_initialized()


def test_a_trial_is_not_blamed_for_how_the_one_before_it_ended(run: Run) -> None:
    def untidy(config: dict[str, Any]) -> None:
        try:
            for epoch in range(1, 10):
                tune.report({"loss": config["x"], "epoch": epoch})
        finally:
            raise ValueError("closing failed")

    sweep = run(make_scenario(untidy, max_t=3), num_samples=4, max_concurrent_trials=1)
    assert set(sweep.trials().outcome) == {"completed"}
    assert (sweep.reports().groupby("trial_id").epoch.max() == 3).all()


@pytest.mark.usefixtures("one_process")
def test_a_searcher_or_scheduler_that_raises_ends_the_sweep_not_a_trial(run: Run) -> None:
    class Searching(Searcher):
        def suggest(self, trial_id: str) -> dict[str, Any]:
            return {"x": 0.5, "lr": 0.1}

        def on_trial_complete(self, *args: Any, **info: Any) -> None:
            raise ValueError("the searcher broke")

    class Scheduling(FIFOScheduler):
        def on_trial_complete(self, *args: Any, **info: Any) -> None:
            raise ValueError("the scheduler broke")

    with pytest.raises(SweepFailedError, match="ValueError: the searcher broke"):
        run(searcher=Searching(metric="loss", mode="min"))
    with pytest.raises(SweepFailedError, match="ValueError: the scheduler broke"):
        run(scheduler=Scheduling(), name="other")


def test_a_worker_that_hangs_between_two_trials_costs_neither(run: Run) -> None:
    class HangInReset(tune.Trainable):
        def setup(self, config: dict[str, Any]) -> None:
            self.n = 0

        def step(self) -> dict[str, Any]:
            self.n += 1
            return {"loss": self.config["x"], "epoch": self.n, "done": self.n == 2}

        def reset_config(self, new_config: dict[str, Any]) -> bool:
            import time

            time.sleep(600)
            return True

    scenario = make_scenario(HangInReset)
    sweep = run(scenario, num_samples=2, max_concurrent_trials=1, trial_timeout_s=10)
    assert list(sweep.trials().outcome) == ["completed", "completed"]
