from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ray import tune
from ray.tune.experiment import Trial
from ray.tune.schedulers import (
    AsyncHyperBandScheduler,
    FIFOScheduler,
    HyperBandScheduler,
    MedianStoppingRule,
    PopulationBasedTraining,
    TrialScheduler,
)

from tuner.schedulers import rungs
from tuner.schedulers.asha import ASHA
from tuner.schedulers.divergence import above_start
from tuner.schedulers.guard import Guard

GOAL = {"metric": "loss", "mode": "min", "time_attr": "epoch"}

RAYS: dict[str, Callable[[], TrialScheduler]] = {
    "fifo": FIFOScheduler,
    "asha": lambda: AsyncHyperBandScheduler(**GOAL, max_t=27),
    "hyperband": lambda: HyperBandScheduler(**GOAL, max_t=9),
    "median": lambda: MedianStoppingRule(**GOAL, grace_period=1, min_samples_required=2),
    "pbt": lambda: PopulationBasedTraining(
        **GOAL, perturbation_interval=4, hyperparam_mutations={"lr": [0.1, 0.2]}, log_config=False
    ),
}


class Controller:
    """As much of Ray Tune's controller as these schedulers ask of it here."""

    search_alg = None

    def __init__(self) -> None:
        self.trials: list[Trial] = []

    def get_trials(self) -> list[Trial]:
        return self.trials

    def get_live_trials(self) -> set[Trial]:
        return {trial for trial in self.trials if not trial.is_finished()}

    def _schedule_trial_save(self, trial: Trial, result: Any = None) -> None:
        return None


class Run:
    """A guarded scheduler, and how it answers."""

    def __init__(self, scheduler: TrialScheduler, **options: Any) -> None:
        self.guard = Guard(scheduler, metric="loss", time_attr="epoch", **options)
        self.controller: Any = Controller()

    def add(self, trial_id: str) -> Trial:
        trial = Trial("stub", stub=True, trial_id=trial_id, config={"lr": 0.1})
        trial.status = Trial.RUNNING
        self.controller.trials.append(trial)
        self.guard.on_trial_add(self.controller, trial)
        return trial

    def report(self, trial: Trial, epoch: int, **metrics: Any) -> str:
        result = {"epoch": epoch, "training_iteration": epoch, **metrics}
        answer = self.guard.on_trial_result(self.controller, trial, result)
        trial.run_metadata.last_result = result
        if answer == TrialScheduler.STOP:
            self.guard.on_trial_complete(self.controller, trial, result)
            trial.status = Trial.TERMINATED
        return answer


@pytest.mark.parametrize("name", RAYS)
def test_what_must_not_reach_a_scheduler_changes_no_answer(name: str) -> None:
    clean, noisy = Run(RAYS[name]()), Run(RAYS[name]())
    ended, diverging = noisy.add("z0"), noisy.add("z1")
    noisy.report(ended, 1, loss=math.nan)
    stranger = Trial("stub", stub=True, trial_id="nobody")
    answers: dict[str, list[str]] = {}
    for label, run in (("clean", clean), ("noisy", noisy)):
        trials = [run.add(f"t{index}") for index in range(4)]
        answers[label] = []
        for epoch in (1, 2, 3):
            for index, trial in enumerate(trials):
                if trial.is_finished():
                    continue
                answers[label].append(run.report(trial, epoch, loss=index + 1 / epoch))
                if run is noisy:
                    repeated = run.report(trial, epoch, loss=100.0)
                    assert repeated in (TrialScheduler.CONTINUE, TrialScheduler.STOP)
                    assert run.report(ended, epoch, loss=0.0) == TrialScheduler.STOP
                    assert run.report(stranger, epoch, loss=0.0) == TrialScheduler.CONTINUE
        if run is noisy:
            assert run.report(diverging, 4, loss=-math.inf) == TrialScheduler.STOP
    if name == "hyperband":  # the two strange ones took places in a bracket of it
        return
    assert answers["noisy"] == answers["clean"]


def test_ends_of_trials_that_nobody_knows_do_no_harm() -> None:
    run = Run(RAYS["median"]())
    stranger = Trial("stub", stub=True, trial_id="nobody")
    run.guard.on_trial_complete(run.controller, stranger, {"loss": 1.0})
    run.guard.on_trial_remove(run.controller, stranger)
    run.guard.on_trial_error(run.controller, stranger)


def test_a_rule_stops_a_trial_whose_metric_is_fine_and_hides_the_metric() -> None:
    class Told(FIFOScheduler):
        removed = completed = 0

        def on_trial_remove(self, *_: Any) -> None:
            self.removed += 1

        def on_trial_complete(self, *_: Any) -> None:
            self.completed += 1

    scheduler = Told()
    run = Run(scheduler, diverges=above_start("train/loss", times=3))
    trial = run.add("t0")
    assert run.report(trial, 1, loss=1.0, **{"train/loss": 2.0}) == TrialScheduler.CONTINUE
    assert run.report(trial, 2, loss=0.9, **{"train/loss": 6.0}) == TrialScheduler.CONTINUE
    assert run.report(trial, 3, loss=0.8, **{"train/loss": 6.5}) == TrialScheduler.STOP
    assert (scheduler.removed, scheduler.completed) == (1, 0)
    assert math.isnan(trial.last_result["loss"])
    assert trial.last_result["train/loss"] == 6.5


def test_the_reason_is_given_once() -> None:
    run = Run(FIFOScheduler())
    trial = run.add("t0")
    result = {"epoch": 1, "loss": math.nan}
    assert run.guard.on_trial_result(run.controller, trial, result) == TrialScheduler.STOP
    reason = run.guard.take_reason("t0")
    assert reason is not None
    assert reason.text == "diverged: loss is nan"
    assert run.guard.take_reason("t0") is None
    assert run.guard.on_trial_result(run.controller, trial, {"epoch": 2, "loss": 1.0}) == "STOP"


def test_a_nested_metric_is_hidden_where_it_is() -> None:
    guard = Guard(FIFOScheduler(), metric="eval/loss")
    controller: Any = Controller()
    trial = Trial("stub", stub=True, trial_id="t0")
    guard.on_trial_add(controller, trial)
    guard.on_trial_result(controller, trial, {"training_iteration": 1, "eval/loss": math.inf})
    trial.run_metadata.last_result = {"eval": {"loss": math.inf, "error": 0.5}, "pid": 1}
    guard.on_trial_complete(controller, trial, {"eval/loss": math.inf})
    assert str(trial.last_result["eval"]) == "{'loss': nan, 'error': 0.5}"
    assert trial.last_result["pid"] == 1


def test_a_copy_of_another_trial_may_report_a_time_again() -> None:
    class Counting(FIFOScheduler):
        reports = 0

        def on_trial_result(self, *_: Any) -> str:
            self.reports += 1
            return "CONTINUE"

    scheduler = Counting()
    run = Run(scheduler)
    trial = run.add("t0")
    run.report(trial, 5, loss=1.0)
    run.report(trial, 5, loss=1.0)
    assert scheduler.reports == 1
    trial.set_config({"lr": 0.1})  # as PBT does, which goes on from a checkpoint at 4
    run.report(trial, 5, loss=0.5)
    assert scheduler.reports == 2


def test_a_trial_that_failed_and_comes_back_is_welcome() -> None:
    run = Run(RAYS["asha"](), diverges=above_start("loss", times=2))
    trial = run.add("t0")
    run.report(trial, 1, loss=1.0)
    run.report(trial, 2, loss=1.9)
    trial.status = Trial.ERROR  # as Ray has it when it starts a trial again
    run.guard.on_trial_error(run.controller, trial)
    run.guard.on_trial_add(run.controller, trial)
    trial.status = Trial.RUNNING
    assert run.report(trial, 2, loss=1.9) == TrialScheduler.CONTINUE
    assert run.report(trial, 3, loss=2.1) == TrialScheduler.STOP  # twice its first report, ever


def test_saved_and_restored_it_knows_what_it_knew(tmp_path: Path) -> None:
    def make() -> Run:
        goal: Any = {**GOAL, "max_t": 27, "reduction_factor": 3}
        return Run(ASHA(**goal, seed=0), diverges=above_start("loss", times=4))

    whole = make()
    trials = [whole.add(f"t{index}") for index in range(4)]
    for index, trial in enumerate(trials[:3]):
        whole.report(trial, 1, loss=np.float32(1.0 + index))
    doomed = {"epoch": 1, "loss": math.nan}
    assert whole.guard.on_trial_result(whole.controller, trials[3], doomed) == "STOP"
    whole.guard.save(str(tmp_path / "state"))
    other = make()
    other.guard.restore(str(tmp_path / "state"))
    twin = Trial("stub", stub=True, trial_id="t0", config={"lr": 0.1})
    twin.status = Trial.RUNNING
    assert other.report(twin, 1, loss=0.0) == TrialScheduler.CONTINUE  # it came before
    assert other.report(twin, 2, loss=3.9) == TrialScheduler.CONTINUE
    assert other.report(twin, 3, loss=4.1) == TrialScheduler.STOP  # four times its first report
    gone = Trial("stub", stub=True, trial_id="t3")
    assert other.guard.on_trial_result(other.controller, gone, {"epoch": 2, "loss": 0.1}) == "STOP"
    assert {s.label: s.trials for s in rungs(other.guard.scheduler)}["1"] == 3


def test_it_works_in_a_plain_tuner(ray_cluster: str, tmp_path: Any) -> None:
    def train(config: dict[str, Any]) -> None:
        for epoch in range(1, 5):
            tune.report({"loss": 1.0 + config["x"] * 10.0**epoch, "epoch": epoch})

    scheduler = Guard(AsyncHyperBandScheduler(time_attr="epoch", max_t=4, grace_period=4),
                      diverges=above_start("loss", times=5))  # fmt: skip
    results = tune.Tuner(
        train,
        param_space={"x": tune.grid_search([0.0, 1.0])},
        tune_config=tune.TuneConfig(metric="loss", mode="min", scheduler=scheduler),
        run_config=tune.RunConfig(storage_path=str(tmp_path), verbose=0),
    ).fit()
    calm, wild = sorted(results, key=lambda result: result.config["x"])  # type: ignore[index]
    assert calm.metrics is not None
    assert wild.metrics is not None
    assert (calm.metrics["epoch"], wild.metrics["epoch"]) == (4, 2)
    assert math.isnan(wild.metrics["loss"])
