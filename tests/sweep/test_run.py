"""Whole sweeps on Ray: what is run, decided and stored."""

from __future__ import annotations

import math
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import ray
from ray import tune
from ray.tune.schedulers import AsyncHyperBandScheduler
from ray.tune.search.hyperopt import HyperOptSearch
from sweeping import Run, make_class, make_function, make_meeting, make_scenario

import tuner
from tuner.errors import SweepExistsError
from tuner.runtime import execution


def files_of(sweep: tuner.Sweep) -> list[str]:
    return sorted(str(p.relative_to(sweep.path)) for p in sweep.path.rglob("*") if p.is_file())


@pytest.mark.parametrize("make", [make_function, make_class])
def test_every_report_of_every_trial_is_stored(run: Run, make: Any) -> None:
    sweep = run(make_scenario(make()), num_samples=5, resources={"cpu": 2})
    reports = sweep.reports()
    assert Counter(reports.trial_id) == {f"t{i:06d}": 9 for i in range(5)}
    configs = sweep.trials().set_index("trial_id")["config/x"]
    expected = (reports.trial_id.map(configs) - 0.3) ** 2 + 1 / reports.epoch
    np.testing.assert_allclose(reports.loss, expected)
    assert (reports.epoch == reports.training_iteration).all()
    assert set(sweep.trials().outcome) == {"completed"}
    assert (sweep.trials().peak_memory > 2**20).all()
    assert not any("peak" in name for name in reports)
    best = sweep.best()
    assert best.value == reports.loss.min()
    assert sweep.exit_code == 0
    assert sweep.state["status"] == "finished"


@pytest.mark.usefixtures("one_process")
def test_the_number_of_files_does_not_depend_on_the_number_of_trials(run: Run) -> None:
    small, large = (run(num_samples=n, name=f"n{n}") for n in (2, 12))
    assert files_of(small) == files_of(large)
    assert files_of(small) == [
        "decisions/part-00000.parquet",
        "driver-000000.lock",
        "events/part-00000.parquet",
        "reports/part-00000.parquet",
        "sweep.json",
        "trials.parquet",
    ]


def test_a_worker_serves_many_trials_and_every_slot_is_used(run: Run, tmp_path: Path) -> None:
    (tmp_path / "workers").mkdir()
    meet = make_meeting(tmp_path / "workers", parties=2)

    def which(config: dict[str, Any]) -> None:
        import os

        meet(str(os.getpid()))
        for epoch in range(1, 4):
            tune.report({"loss": config["x"], "epoch": epoch, "worker": os.getpid()})

    sweep = run(make_scenario(which, max_t=3), num_samples=24, max_concurrent_trials=2)
    assert sweep.reports().worker.nunique() == 2
    cold = run(make_scenario(which, max_t=3), num_samples=3, worker_mode="cold", name="cold")
    assert cold.reports().worker.nunique() == 3


@pytest.mark.usefixtures("one_process")
@pytest.mark.parametrize(
    ("scheduler", "searcher"),
    [
        ("asha", "hyperopt"),
        ("asha:reduction_factor=3,brackets=2", "random"),
        ("hyperband", "hyperopt"),
        ("median", "optuna"),
        ("pbt:perturbation_interval=2", "random"),
        ("pb2:perturbation_interval=2", "random"),
        ("fifo", "grid:points=2"),
        ("fifo", "optuna:sampler=qmc"),
    ],
)
def test_each_scheduler_finishes_and_explains_itself(
    run: Run, scheduler: str, searcher: str
) -> None:
    sweep = run(scheduler=scheduler, searcher=searcher, num_samples=8)
    trials, decisions = sweep.trials(), sweep.decisions()
    assert set(trials.outcome) <= {"completed", "stopped"}
    assert (trials.status == "TERMINATED").all()
    ends = decisions[decisions.decision == "STOP"]
    assert sorted(ends.trial_id) == sorted(trials.trial_id)
    assert decisions.reason.str.len().min() > 5
    if "asha" in scheduler:
        stopped = set(trials.trial_id[trials.outcome == "stopped"])
        rungs = {d.trial_id: d.details["rung"] for d in ends.itertuples() if "rung" in d.details}
        assert set(rungs) == stopped
        last = sweep.reports().groupby("trial_id").epoch.max()
        assert all(last[trial] == rung for trial, rung in rungs.items())


@pytest.mark.usefixtures("one_process")
def test_bohb_pairs_its_scheduler_with_its_searcher(run: Run) -> None:
    pytest.importorskip("hpbandster", reason="needs hpbandster (requirements/bohb.txt)")
    sweep = run(scheduler="bohb", searcher="bohb", num_samples=8)
    assert set(sweep.trials().outcome) <= {"completed", "stopped"}
    assert "PAUSE" in set(sweep.decisions().decision)


def test_pbt_copies_weights_and_changes_hyperparameters_inside_their_bounds(run: Run) -> None:
    sweep = run(scheduler="pbt:perturbation_interval=2", num_samples=6, seed=3)
    decisions = sweep.decisions()
    exploits = decisions[decisions.decision == "EXPLOIT"]
    assert len(exploits) > 0
    reports = sweep.reports()
    assert (reports.groupby("trial_id").epoch.max() == 9).all()
    for row in exploits.itertuples():
        assert 1e-4 <= row.details["config"]["lr"] <= 1.0
        assert row.details["source"] in set(sweep.trials().trial_id)
        assert row.details["source_value"] < row.details["value"]
    # A copied trial goes on from its source's epoch with its source's x: the loss continues.
    last = exploits.drop_duplicates("trial_id", keep="last").iloc[0]
    x = last.details["config"]["x"]
    own = reports[reports.trial_id == last.trial_id]
    later = own[own.seq > last.seq]
    assert len(later) > 0
    np.testing.assert_allclose(later.loss, (x - 0.3) ** 2 + 1 / later.epoch)


@pytest.mark.usefixtures("one_process")
def test_ray_objects_are_taken_as_they_are(run: Run) -> None:
    sweep = run(
        scheduler=AsyncHyperBandScheduler(time_attr="epoch", max_t=9, reduction_factor=2),
        searcher=HyperOptSearch(n_initial_points=3, random_state_seed=1),
        num_samples=6,
    )
    assert len(sweep.trials()) == 6
    assert sweep.spec.scheduler.endswith("AsyncHyperBandScheduler")


@pytest.mark.usefixtures("one_process")
@pytest.mark.parametrize("searcher", ["random", "hyperopt", "optuna"])
def test_the_same_seed_gives_the_same_sweep_with_one_worker(run: Run, searcher: str) -> None:
    class Drawing(make_class()):  # type: ignore[misc]
        def train_epoch(self) -> dict[str, float]:
            return {"loss": self.config["x"] + np.random.rand()}

    def once(name: str, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
        sweep = run(
            make_scenario(Drawing, max_t=4),
            scheduler="asha:reduction_factor=2",
            searcher=searcher,
            num_samples=8,
            max_concurrent_trials=1,
            seed=seed,
            name=name,
        )
        columns = ["trial_id", "outcome", "config/x", "config/lr", "iterations", "last/loss"]
        return sweep.trials()[columns], sweep.decisions()[["trial_id", "decision", "reason"]]

    first, second, other = once("a", 7), once("b", 7), once("c", 8)
    for one, two in zip(first, second, strict=True):
        pd.testing.assert_frame_equal(one, two)
    assert not first[0]["config/x"].equals(other[0]["config/x"])


def test_values_survive_the_way_to_parquet_and_back(run: Run) -> None:
    def odd(config: dict[str, Any]) -> None:
        tune.report({"loss": 1.0, "epoch": 1, "bad": float("nan"), "nested": {"deep": 2}})
        tune.report({"loss": 0.5, "epoch": 2, "bad": float("-inf"), "late": [1.0, math.inf]})

    space = {
        "x": tune.uniform(0, 1),
        "layers": tune.choice([[32], [32, 64]]),
        "optimizer": {"name": tune.choice(["adam", None]), "betas": (0.9, 0.999)},
        "flag": True,
        "mixed": tune.choice(["auto", 3]),
    }
    scenario = make_scenario(odd, space=space, max_t=2)
    sweep = run(scenario, num_samples=6, max_concurrent_trials=1)
    reports = sweep.reports()
    assert reports.bad.isna().sum() == 6
    assert np.isneginf(reports.bad).sum() == 6
    assert set(reports["nested/deep"].dropna()) == {2.0}
    assert [list(v) for v in reports.late.dropna()] == [[1.0, math.inf]] * 6
    for trial in sweep.best(6):
        config = trial.config
        assert config["layers"] in ([32], [32, 64])
        assert config["optimizer"]["name"] in ("adam", None)
        assert config["optimizer"]["betas"] == (0.9, 0.999)
        assert config["flag"] is True
        assert config["mixed"] in ("auto", 3)


@pytest.mark.usefixtures("one_process")
def test_a_diverged_trial_stops_at_once_and_is_told_apart(run: Run) -> None:
    class Diverging(make_class()):  # type: ignore[misc]
        def train_epoch(self) -> dict[str, float]:
            diverges = self.config["x"] > 0.5 and self.epochs_done == 1
            return {"loss": math.nan if diverges else 1 / (1 + self.epochs_done)}

    sweep = run(make_scenario(Diverging), scheduler="asha", searcher="hyperopt", num_samples=12)
    trials = sweep.trials()
    bad = trials[trials["config/x"] > 0.5]
    late = bad[bad.iterations >= 2]
    assert len(late) > 0
    assert set(late.outcome) == {"diverged"}
    assert set(late.iterations) == {2}
    assert "diverged: loss is nan" in set(sweep.decisions().reason)
    assert math.isfinite(sweep.best().value)


def test_logical_gpus_are_shared_by_fractions_across_nodes(run: Run) -> None:
    def where(config: dict[str, Any]) -> None:
        node = ray.get_runtime_context().get_node_id()
        share = ray.get_runtime_context().get_assigned_resources().get("GPU", 0)
        tune.report({"loss": config["x"], "epoch": 1, "node": node, "share": share})

    scenario = make_scenario(where, max_t=1)
    sweep = run(scenario, num_samples=8, resources={"cpu": 0.25, "gpu": 0.25})
    reports = sweep.reports()
    assert set(reports.share) == {0.25}
    assert reports.node.nunique() == 1  # one of the two nodes has the GPU
    assert set(sweep.trials().gpu) == {0.25}


def test_both_nodes_work(run: Run, tmp_path: Path) -> None:
    (tmp_path / "nodes").mkdir()
    meet = make_meeting(tmp_path / "nodes", parties=2)

    def where(config: dict[str, Any]) -> None:
        node = ray.get_runtime_context().get_node_id()
        meet(node)
        tune.report({"loss": config["x"], "epoch": 1, "node": node})

    sweep = run(make_scenario(where, max_t=1), num_samples=8)
    assert sweep.reports().node.nunique() == 2


@pytest.mark.usefixtures("one_process")
def test_an_existing_sweep_is_never_overwritten(run: Run) -> None:
    before = run(num_samples=2)
    contents = {path: (before.path / path).read_bytes() for path in files_of(before)}
    with pytest.raises(SweepExistsError, match="never overwrites"):
        run(num_samples=2)
    assert contents == {path: (before.path / path).read_bytes() for path in files_of(before)}


@pytest.mark.usefixtures("one_process")
def test_a_grid_inside_a_random_sweep_multiplies_as_in_ray(run: Run) -> None:
    space = {"x": tune.uniform(0, 1), "depth": tune.grid_search([1, 2, 3])}
    sweep = run(make_scenario(space=space), num_samples=2)
    assert sorted(sweep.trials()["config/depth"]) == [1, 1, 2, 2, 3, 3]


@pytest.mark.usefixtures("one_process")
def test_points_to_evaluate_come_first(run: Run) -> None:
    points = [{"x": 0.25, "lr": 0.5}, {"x": 0.75, "lr": 0.01}]
    sweep = run(searcher="hyperopt", points_to_evaluate=points, num_samples=4)
    assert [sweep.trial(f"t00000{i}").config for i in range(2)] == points


@pytest.mark.usefixtures("one_process")
def test_rays_own_callbacks_still_write_their_files(run: Run) -> None:
    from ray.tune.logger import CSVLoggerCallback, JsonLoggerCallback

    sweep = run(num_samples=2, callbacks=[CSVLoggerCallback(), JsonLoggerCallback()])
    folder = sweep.path / "artifacts" / "t000000"
    assert {"progress.csv", "result.json", "params.json"} <= {p.name for p in folder.iterdir()}
    assert len(pd.read_csv(folder / "progress.csv")) == 9


@pytest.mark.usefixtures("one_process")
def test_a_users_callback_sees_every_result(run: Run) -> None:
    class Count(tune.Callback):
        seen = 0
        ended = False

        def on_trial_result(self, *args: Any, **info: Any) -> None:
            self.seen += 1

        def on_experiment_end(self, trials: list[Any], **info: Any) -> None:
            self.ended = True

    count = Count()
    run(num_samples=3, callbacks=[count])
    assert (count.seen, count.ended) == (27, True)


@pytest.mark.usefixtures("one_process")
def test_trials_and_callbacks_know_the_name_of_their_sweep(run: Run) -> None:
    class Names(tune.Callback):
        def __init__(self) -> None:
            self.seen: set[str] = set()

        def on_trial_start(self, *args: Any, trial: Any, **info: Any) -> None:
            self.seen.add(trial.experiment_dir_name)

    names = Names()
    run(num_samples=2, name="named", callbacks=[names])
    assert names.seen == {"named"}


def test_a_function_knows_the_name_of_its_sweep(run: Run) -> None:
    def tell(config: dict[str, Any]) -> None:
        name = tune.get_context().get_experiment_name()
        tune.report({"loss": config["x"], "epoch": 1, "sweep": name})

    sweep = run(make_scenario(tell, max_t=1), num_samples=1, name="named")
    assert list(sweep.reports().sweep) == ["named"]


def test_nothing_temporary_is_left_behind(run: Run) -> None:
    session = Path(ray._private.worker.global_worker.node.get_session_dir_path())
    before = set((session / "artifacts").glob("*"))  # of drivers that other tests killed
    run(num_samples=1)
    assert set((session / "artifacts").glob("*")) <= before


def test_a_plain_ray_class_trainable_runs_unchanged(run: Run) -> None:
    class Plain(tune.Trainable):  # no reset_config, no save_checkpoint
        def setup(self, config: dict[str, Any]) -> None:
            self.n = 0

        def step(self) -> dict[str, float]:
            self.n += 1
            return {"loss": self.config["x"] / self.n, "done": self.n == 3}

    scenario = make_scenario(Plain, time_attr="training_iteration")
    sweep = run(scenario, scheduler="asha", num_samples=4, max_concurrent_trials=2)
    assert set(sweep.trials().outcome) <= {"completed", "stopped"}
    done = sweep.trials()[lambda t: t.outcome == "completed"]
    assert set(done.iterations) == {3}


def test_a_generator_function_and_a_returned_value_work(run: Run) -> None:
    def generate(config: dict[str, Any]) -> Any:
        for epoch in range(1, 4):
            yield {"loss": config["x"], "epoch": epoch}

    def return_once(config: dict[str, Any]) -> dict[str, float]:
        return {"loss": config["x"], "epoch": 1}

    few = {"num_samples": 2, "max_concurrent_trials": 1}
    assert len(run(make_scenario(generate, max_t=3), name="g", **few).reports()) == 6
    assert len(run(make_scenario(return_once), name="r", **few).reports()) == 2


def test_a_function_with_parameters_works(run: Run) -> None:
    def train(config: dict[str, Any], data: Any = None) -> None:
        tune.report({"loss": float(data.sum()), "epoch": 1})

    bound = tune.with_parameters(train, data=np.ones(1000))
    assert set(run(make_scenario(bound), num_samples=1).reports().loss) == {1000.0}


def test_a_time_budget_ends_the_sweep_and_keeps_what_was_done(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def endless(config: dict[str, Any]) -> None:
        import time

        for epoch in range(1, 1000):
            time.sleep(0.1)
            tune.report({"loss": config["x"], "epoch": epoch})

    class Clock(tune.Callback):
        """A clock that leaps ahead after some reports, however slow the machine is."""

        reports = 0

        def on_trial_result(self, *args: Any, **info: Any) -> None:
            self.reports += 1

        def monotonic(self) -> float:
            return time.monotonic() + (3600 if self.reports >= 5 else 0)

    clock = Clock()
    monkeypatch.setattr(execution, "time", clock)
    sweep = run(
        make_scenario(endless, max_t=1000),
        num_samples=-1,
        time_budget_s=600,
        callbacks=[clock],
    )
    assert sweep.state["status"] == "finished"
    assert sweep.state["message"] == "time budget"
    assert "interrupted" in set(sweep.trials().outcome)
    assert len(sweep.reports()) >= 5


@pytest.mark.parametrize("workers", [1, 4])
def test_hyperband_halves_whatever_the_number_of_workers(run: Run, workers: int) -> None:
    # max_t=9, eta=3: brackets of 9 trials from 1, of which 3 and then 1 go on, of 5 from 3, of
    # which 1 goes on, and of 3 from 9.
    sweep = run(scheduler="hyperband", num_samples=17, max_concurrent_trials=workers)
    reached = Counter(sweep.trials().iterations)
    assert reached == {9: 1 + 1 + 3, 3: 2 + 4, 1: 6}


def test_a_function_may_bring_its_own_resources(run: Run) -> None:
    def share(config: dict[str, Any]) -> None:
        cpus = ray.get_runtime_context().get_assigned_resources()["CPU"]
        tune.report({"loss": config["x"], "epoch": 1, "cpus": cpus})

    bound = tune.with_resources(share, {"cpu": 2})
    assert set(run(make_scenario(bound, max_t=1), num_samples=1).reports().cpus) == {2.0}
