"""`tuner.simulate`: refused as a sweep is, the same by seed, and read like any sweep."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ray import tune
from ray.tune.search import Searcher

import tuner
from tuner.budgets import Budget
from tuner.errors import (
    ReportError,
    ResourcesError,
    SpecError,
    StorageError,
    SweepExistsError,
    SweepFailedError,
)
from tuner.simulation import ClusterModel, Curve, CurveTask, Known
from tuner.simulation.keeping import FolderTables

EPOCHS = 9
TABLES = ("trials", "reports", "decisions", "events")
ARMS = (
    ("fifo", "random"),
    ("asha:reduction_factor=3", "random"),
    ("asha", "hyperopt"),
    ("hyperband", "random"),
    ("pbt:perturbation_interval=2", "random"),
)


class Noisy:
    """Curves that follow from the number of a trial and its configuration alone."""

    def curve(self, config: Mapping[str, Any], number: int) -> Curve:
        random = np.random.default_rng(number)
        epochs, noise = np.arange(1, EPOCHS + 1), random.standard_normal(EPOCHS)
        loss = abs(config["x"] - 0.3) + 1 / epochs + 0.1 * noise
        return Curve({"loss": loss.tolist()}, (0.5 + random.random(EPOCHS)).tolist())


def task(curves: Any = None, **changes: Any) -> CurveTask:
    told: dict[str, Any] = {
        "name": "noisy",
        "trainable": Known,
        "space": {"x": tune.uniform(0, 1)},
        "metric": "loss",
        "mode": "min",
        "time_attr": "epoch",
        "max_t": EPOCHS,
        "mutable": ("x",),
    }
    scenario = tuner.Scenario(**{**told, **changes})
    return CurveTask("noisy", scenario, curves or Noisy(), ("made up",))


def assert_same(left: Any, right: Any) -> None:
    for name in TABLES:
        pd.testing.assert_frame_equal(getattr(left, name)(), getattr(right, name)())


class TestReproducibility:
    @settings(max_examples=8)
    @given(
        seed=st.integers(0, 2**31),
        arm=st.sampled_from(ARMS),
        workers=st.integers(1, 9),
        mtbf=st.sampled_from([float("inf"), 30.0]),
    )
    def test_the_seed_decides_everything(
        self, seed: int, arm: tuple[str, str], workers: int, mtbf: float
    ) -> None:
        options: Any = {
            "scheduler": arm[0],
            "searcher": arm[1],
            "num_samples": 6,
            "seed": seed,
            "cluster": ClusterModel(workers, start_s=1.0, worker_mtbf_s=mtbf),
            "max_failures": 1,
        }
        first, second = (tuner.simulate(task(), **options) for _ in range(2))
        assert_same(first, second)
        assert first.usage == second.usage
        assert first.state["simulated"]["seconds"] == second.seconds

    def test_a_folder_changes_nothing(self, tmp_path: Path) -> None:
        options: Any = {"scheduler": "asha", "num_samples": 9, "seed": 5, "searcher": "random"}
        kept = tuner.simulate(task(), storage_path=tmp_path, name="s", **options)
        assert_same(tuner.simulate(task(), **options), kept)
        assert_same(kept, tuner.load(tmp_path / "s"))
        assert kept.place == tmp_path / "s"


class TestWhatIsSimulated:
    def test_it_reads_like_a_sweep(self) -> None:
        sweep = tuner.simulate(task(), scheduler="asha", searcher="random", num_samples=9, seed=0)
        reports = sweep.reports()
        assert sweep.best().value == reports["loss"].min()
        assert sweep.epochs == len(reports)
        assert sweep.full_epochs == 9 * EPOCHS
        assert sweep.seconds == reports["timestamp"].max() == sweep.trials()["ended"].max()
        assert sweep.trials()["started"].min() == 0.0
        assert sweep.exit_code == 0
        assert sweep.remarks[0] == "made up"
        assert repr(sweep) == "<SimulatedSweep of 'noisy' in memory>"

    def test_a_budget_is_never_exceeded_and_bounds_what_num_samples_does_not(self) -> None:
        sweep = tuner.simulate(task(), scheduler="fifo", searcher="random", budget="31epochs")
        assert len(sweep.reports()) == 31
        assert sweep.spec.num_samples is None
        assert sweep.state["message"] == "budget of 31 epochs used up"
        assert set(sweep.trials()["outcome"]) == {"completed", "interrupted"}
        assert sweep.exit_code == 0

    def test_a_budget_of_gpu_time_is_told_in_hours(self) -> None:
        sweep = tuner.simulate(
            task(), num_samples=-1, scheduler="fifo", searcher="random", seed=0,
            resources={"gpu": 1}, budget=Budget(2 * 3600.0, "gpu_seconds"),
        )  # fmt: skip
        assert sweep.state["message"] == "budget of 2 GPU-hours used up"

    def test_a_budget_of_time_is_virtual(self) -> None:
        by_budget = tuner.simulate(task(), searcher="random", budget=Budget(20, "seconds"), seed=1)
        by_option = tuner.simulate(
            task(), searcher="random", num_samples=-1, time_budget_s=20, seed=1
        )
        assert_same(by_budget, by_option)
        assert by_budget.seconds == 20
        assert by_budget.reports()["timestamp"].max() <= 20

    def test_a_budget_of_trials(self) -> None:
        sweep = tuner.simulate(task(), scheduler="fifo", searcher="random", budget="4trials")
        assert list(sweep.trials()["outcome"]) == ["completed"] * 4

    def test_max_concurrent_trials_are_workers_where_no_cluster_is_named(self) -> None:
        one = tuner.simulate(task(), searcher="random", num_samples=8, seed=0)
        four = tuner.simulate(
            task(), searcher="random", num_samples=8, seed=0, max_concurrent_trials=4
        )
        assert (one.cluster, four.cluster) == ("1", "4")
        assert four.seconds < one.seconds

    def test_a_population_says_what_a_copy_goes_on_with(self) -> None:
        sweep = tuner.simulate(
            task(), scheduler="pbt:perturbation_interval=2", num_samples=6, seed=0
        )
        assert any("copied trial goes on along the curve of its new" in r for r in sweep.remarks)

    def test_a_time_of_the_curves_own_is_not_taken_for_epochs(self) -> None:
        class Timed(Noisy):
            def curve(self, config: Mapping[str, Any], number: int) -> Curve:
                curve = super().curve(config, number)
                return Curve({**curve.metrics, "steps": range(10, 100, 10)}, curve.seconds)

        timed = task(Timed(), time_attr="steps", max_t=90, grace_period=20)
        sweep = tuner.simulate(timed, scheduler="asha", searcher="random", num_samples=5, seed=0)
        assert sweep.full_epochs is None
        assert (
            sweep.reports()["steps"].tolist()
            == (10 * sweep.reports()["training_iteration"]).tolist()
        )
        assert "last/steps" not in sweep.trials()

    def test_earlier_sweeps_teach_it(self, tmp_path: Path) -> None:
        first = tuner.simulate(
            task(), searcher="hyperopt", num_samples=25, seed=0, storage_path=tmp_path, name="a"
        )
        assert first.place is not None
        sweep = tuner.simulate(
            task(), searcher="hyperopt", num_samples=5, seed=0, warm_start=[first.place]
        )
        assert any("25 trials used" in remark for remark in sweep.remarks)
        assert not sweep.trials()["config/x"].isin(first.trials()["config/x"]).any()


class TestTheFolder:
    def test_others_read_it(self, tmp_path: Path) -> None:
        sweep = tuner.simulate(
            task(), searcher="random", num_samples=9, seed=0, storage_path=tmp_path, name="s"
        )
        parts = tmp_path / "s" / "reports"
        least = sweep.reports()["loss"].min()
        assert pd.read_parquet(parts)["loss"].min() == least
        assert pl.read_parquet(parts / "*.parquet")["loss"].min() == least
        with duckdb.connect() as connection:
            query = f"select min(loss) from '{parts}/*.parquet'"
            assert connection.execute(query).fetchall() == [(least,)]

    def test_a_name_is_never_overwritten(self, tmp_path: Path) -> None:
        options: Any = {"num_samples": 2, "searcher": "random", "storage_path": tmp_path}
        tuner.simulate(task(), name="s", seed=0, **options)
        before = tuner.load(tmp_path / "s").reports()
        with pytest.raises(SweepExistsError, match="never overwrites"):
            tuner.simulate(task(), name="s", seed=1, **options)
        pd.testing.assert_frame_equal(tuner.load(tmp_path / "s").reports(), before)

    def test_a_full_disk_ends_it_with_one_line(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("tuner.simulation.history._REPORTS_AT_A_TIME", 10)
        defaults: Any = FolderTables.__init__.__kwdefaults__
        monkeypatch.setitem(defaults, "rows_per_part", 20)

        class Filling(Noisy):
            def curve(self, config: Mapping[str, Any], number: int) -> Curve:
                if number == 6:
                    monkeypatch.setattr(Path, "replace", refuse)
                return super().curve(config, number)

        def refuse(self: Path, target: Path) -> Path:
            raise OSError(28, "No space left on device")

        with pytest.raises(StorageError, match="No space left"):
            tuner.simulate(
                task(Filling()), scheduler="fifo", searcher="random", num_samples=50,
                storage_path=tmp_path, name="s",
            )  # fmt: skip
        monkeypatch.undo()
        reports = tuner.load(tmp_path / "s").reports()
        assert len(reports) >= 20
        assert not reports.duplicated(["trial_id", "training_iteration"]).any()

    def test_it_is_not_resumed(self, tmp_path: Path) -> None:
        tuner.simulate(task(), num_samples=2, searcher="random", storage_path=tmp_path, name="s")
        with pytest.raises(SpecError, match="was simulated"):
            tuner.resume(tmp_path / "s")

    def test_ctrl_c_keeps_what_was_simulated(self, tmp_path: Path) -> None:
        class Impatient(Noisy):
            def curve(self, config: Mapping[str, Any], number: int) -> Curve:
                if number == 5:
                    os.kill(os.getpid(), signal.SIGINT)
                return super().curve(config, number)

        options: Any = {"scheduler": "fifo", "searcher": "random", "max_concurrent_trials": 2}
        sweep = tuner.simulate(
            task(Impatient()), num_samples=9, storage_path=tmp_path, name="s", **options
        )
        assert sweep.exit_code == 130
        assert sweep.state["status"] == "interrupted"
        trials = tuner.load(tmp_path / "s").trials()
        assert {"completed", "interrupted"} == set(trials["outcome"])
        assert len(trials) < 9
        assert len(tuner.load(tmp_path / "s").reports()) == trials["iterations"].sum()


class TestWhatEndsIt:
    def test_curves_without_the_metric(self, tmp_path: Path) -> None:
        class Other(Noisy):
            def curve(self, config: Mapping[str, Any], number: int) -> Curve:
                curve = super().curve(config, number)
                return Curve({"lss": curve.metrics["loss"]}, curve.seconds)

        with pytest.raises(ReportError, match="loss") as refused:
            tuner.simulate(task(Other()), num_samples=50, storage_path=tmp_path, name="s")
        assert "\n" not in str(refused.value)
        sweep = tuner.load(tmp_path / "s")
        assert (sweep.state["status"], sweep.state["message"]) == ("failed", str(refused.value))
        assert len(sweep.reports()) == 1

    def test_a_searcher_that_raises(self) -> None:
        class Broken(Searcher):
            def suggest(self, trial_id: str) -> Any:
                raise ValueError("no\nidea")

            def on_trial_complete(self, trial_id: str, **told: Any) -> None:
                pass

        with pytest.raises(SweepFailedError, match="cannot go on: ValueError: no idea"):
            tuner.simulate(task(), searcher=Broken(metric="loss", mode="min"), num_samples=3)

    def test_a_scheduler_that_raises(self) -> None:
        class Broken(tune.schedulers.FIFOScheduler):
            def on_trial_complete(self, *told: Any) -> None:
                raise RuntimeError("lost count")

        with pytest.raises(SweepFailedError, match="cannot go on: RuntimeError: lost count"):
            tuner.simulate(task(), scheduler=Broken(), searcher="random", num_samples=3)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"address": "auto"}, "does not take address: a simulation needs no Ray"),
        ({"callbacks": []}, "does not take callbacks"),
        ({"keep_final": True}, "saves nothing but its tables"),
        ({"num_sample": 3}, "no option 'num_sample'; did you mean 'num_samples'"),
        ({"progress": "live"}, "'auto' or 'none', got 'live'"),
        ({"budget": "3epochs", "time_budget_s": 3}, "has one budget"),
        ({"budget": 3}, "budget is a Budget or text such as '500epochs', got 3"),
        ({"budget": "3ages"}, "unknown unit 'ages'"),
        ({"cluster": 3}, "cluster is a ClusterModel or text such as '8x4gpu', got 3"),
        ({"scheduler": "ashaa"}, "did you mean 'asha'"),
        ({"num_samples": -1}, "never ends; give a budget as well"),
        ({"budget": "2gpuh"}, "a budget of GPU time is for trials that take GPUs, got 7200gpus"),
        ({"scheduler": "pbt", "budget": "50epochs"}, "needs a population"),
    ],
)
def test_what_cannot_work_is_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(SpecError, match=words):
        tuner.simulate(task(), **options)


def test_what_is_no_task_is_refused() -> None:
    with pytest.raises(SpecError, match="a CurveTask or its spelling, got 7"):
        tuner.simulate(7)  # type: ignore[arg-type]


def test_a_cluster_that_holds_no_trial_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ResourcesError):
        tuner.simulate(
            task(), cluster="2x(cpu=4)", resources={"gpu": 1}, storage_path=tmp_path, name="s"
        )
    assert not (tmp_path / "s").exists()
