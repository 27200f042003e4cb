"""One trial again: the same numbers, or a precise account of what differs."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ray import tune

sys.path.insert(0, str(Path(__file__).parent / "sweep"))  # importlib mode adds no folder

from one_process import in_one_process, one_process

import tuner
from tuner import reproducing
from tuner.cli import main
from tuner.cli.reproducing import _parts
from tuner.errors import ScenarioError, SpecError, StorageError
from tuner.reproducing import reproduce
from tuner.schedulers.policy import read_policy
from tuner.store import SweepLayout, SweepWriter, write_spec

__all__ = ["one_process"]

SCENARIO = '''
"""Descends noisily; each trial draws from the global generators."""
import random
import time

import numpy as np
from ray import tune
import tuner


def train(config):
    for epoch in range(1, 10):
        if config["x"] > 0.6 and epoch == 2:
            raise ValueError("x is too large")
        noise = 0.1 * random.random() + 0.1 * np.random.normal()
        loss = abs(config["x"] - 0.3) ** config["net"]["power"] + noise + len(config["shape"])
        tune.report({"loss": loss, "epoch": epoch, "wall": time.perf_counter()})


SCENARIO = tuner.Scenario(
    name="noisy",
    trainable=train,
    space={
        "x": tune.uniform(0.0, 1.0),
        "net": tune.choice([{"power": 2, "act": None}, {"power": tune.uniform(1, 3)}]),
        "shape": tune.choice([(8, 2), (8,)]),
    },
    metric="loss",
    mode="min",
    time_attr="epoch",
    max_t=9,
)
'''


@pytest.fixture(scope="module")
def noisy(ray_cluster: str, tmp_path_factory: pytest.TempPathFactory) -> tuner.Sweep:
    """A sweep of which some trials were stopped, some failed and some reached the end."""
    folder = tmp_path_factory.mktemp("noisy")
    (folder / "noisy.py").write_text(SCENARIO)
    sweep = tuner.run(
        str(folder / "noisy.py"), scheduler="asha:grace_period=3,reduction_factor=2",
        searcher="random", num_samples=12, seed=3, max_concurrent_trials=2,
        storage_path=folder, name="sweep", progress="none",
    )  # fmt: skip
    assert {"completed", "stopped", "failed"} <= set(sweep.trials().outcome)
    return sweep


class TestNoisyFunction:
    @pytest.mark.parametrize("outcome", ["completed", "stopped", "failed"])
    def test_comes_out_the_same_but_for_its_clock(self, noisy: tuner.Sweep, outcome: str) -> None:
        trials = noisy.trials()
        trial = trials[trials.outcome == outcome].iloc[-1]
        found = tuner.reproduce(noisy.path, trial.trial_id)
        assert found.iterations == (trial.iterations, trial.iterations)
        metrics = {metric.metric: metric for metric in found.metrics}
        assert metrics.keys() == {"loss", "epoch", "wall"}
        assert metrics["loss"].first_iteration is None
        assert metrics["loss"].compared == trial.iterations
        assert metrics["wall"].first_iteration == 1
        assert not found.identical
        assert found.within(math.inf)
        assert found.seed == trial.seed
        assert found.versions == {}

    def test_another_seed_would_have_been_noticed(
        self, noisy: tuner.Sweep, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        options = reproducing._options
        monkeypatch.setattr(
            reproducing, "_options", lambda spec, *rest: options(spec, *rest) | {"seed": 4}
        )
        found = reproduce(noisy.path, "t000000")
        loss = next(metric for metric in found.metrics if metric.metric == "loss")
        assert loss.first_iteration == 1
        assert 0 < loss.max_abs < 2

    def test_the_new_run_can_be_kept(self, noisy: tuner.Sweep, tmp_path: Path) -> None:
        trial_id = noisy.trials().trial_id[0]
        reproduce(noisy.path, trial_id, storage_path=tmp_path)
        kept = tuner.load(tmp_path / f"sweep-{trial_id}")
        assert kept.trial(trial_id).config == noisy.trial(trial_id).config
        assert kept.trial(trial_id).seed == noisy.trial(trial_id).seed

    def test_the_verb(self, noisy: tuner.Sweep, capsys: pytest.CaptureFixture[str]) -> None:
        words = ["reproduce", str(noisy.path), "t000000"]
        assert main([*words, "--tolerance", "1e18"]) == 0
        told = capsys.readouterr().out
        assert "reports  within 1e+18\n" in told
        assert "identical" in told
        assert main([*words, "--json"]) == 1
        content = json.loads(capsys.readouterr().out)
        assert not content["identical"]
        assert [m["metric"] for m in content["metrics"] if m["first_iteration"] is None] == [
            "epoch", "loss",
        ]  # fmt: skip


@pytest.mark.usefixtures("one_process")
def test_an_epoch_trainable_that_was_paused_comes_out_identical(
    ray_cluster: str, tmp_path: Path
) -> None:
    """It was moved between workers; random states go with a trial, also across pauses."""

    class Noisy(tuner.EpochTrainable):
        def setup(self, config: dict[str, Any]) -> None:
            import random

            self.total = random.random()

        def train_epoch(self) -> dict[str, float]:
            import random

            self.total += random.random() * self.config["x"]
            return {"loss": self.total, "draw": random.random()}

        def state_dict(self) -> dict[str, Any]:
            return {"total": self.total}

        def load_state_dict(self, state: dict[str, Any]) -> None:
            self.total = state["total"]

    scenario = tuner.Scenario(
        name="noisy", trainable=Noisy, space={"x": tune.uniform(0.0, 1.0)},
        metric="loss", mode="min", time_attr="epoch", max_t=9,
    )  # fmt: skip
    sweep = tuner.run(
        scenario, scheduler="hyperband", searcher="random", num_samples=10, seed=0,
        storage_path=tmp_path, name="sweep", progress="none",
    )  # fmt: skip
    paused = sweep.decisions().query("decision == 'RESUME'").trial_id.iloc[0]
    with pytest.raises(ScenarioError, match=r"built in Python .* scenario=\.\.\."):
        reproduce(sweep.path, paused)
    found = reproduce(sweep.path, paused, scenario=scenario)
    assert found.identical
    assert found.within(0)
    assert found.iterations[0] > 1
    assert {metric.metric for metric in found.metrics} >= {"loss", "draw"}


@pytest.fixture(scope="module")
def drifting() -> tuner.Scenario:
    class Drifting(tuner.EpochTrainable):
        """Draws from the global generators, and depends on every configuration it had."""

        def setup(self, config: dict[str, Any]) -> None:
            import random

            self.total = random.random()

        def train_epoch(self) -> dict[str, float]:
            import random

            self.total = 0.9 * self.total + self.config["lr"] + 0.01 * random.random()
            return {"loss": random.random(), "total": self.total, "lr": self.config["lr"]}

        def state_dict(self) -> dict[str, Any]:
            return {"total": self.total}

        def load_state_dict(self, state: dict[str, Any]) -> None:
            self.total = state["total"]

    return tuner.Scenario(
        name="drifting", trainable=Drifting, space={"lr": tune.loguniform(0.01, 1)},
        metric="loss", mode="min", time_attr="epoch", max_t=8,
    )  # fmt: skip


@pytest.fixture(scope="module")
def population(
    ray_cluster: str, drifting: tuner.Scenario, tmp_path_factory: pytest.TempPathFactory
) -> tuner.Sweep:
    with in_one_process():
        return tuner.run(
            drifting, scheduler="pbt:perturbation_interval=2,synch=true", num_samples=4, seed=1,
            storage_path=tmp_path_factory.mktemp("population"), name="sweep", progress="none",
        )  # fmt: skip


@pytest.mark.usefixtures("one_process")
class TestPopulation:
    def test_a_trial_that_copied_others_comes_out_identical(
        self, population: tuner.Sweep, drifting: tuner.Scenario, tmp_path: Path
    ) -> None:
        trial_id, copies = _most_copies(population)
        assert copies >= 2
        found = tuner.reproduce(population.path, trial_id, scenario=drifting, storage_path=tmp_path)
        assert len(found.lineage) >= 3
        assert found.lineage[-1] == trial_id
        assert found.iterations == (8, 8)
        assert {metric.metric for metric in found.metrics} >= {"loss", "total", "lr"}
        assert found.identical
        line = next(str(part) for part in _parts(found, 0.0) if str(part).startswith("lineage"))
        assert line == f"lineage {' → '.join(found.lineage)}"
        again = tuner.load(tmp_path / f"sweep-{trial_id}")
        assert set(again.trials().trial_id) == set(found.lineage)
        assert set(again.trials().status) == {"TERMINATED"}

    def test_a_fresh_trial_follows_the_policy(
        self, population: tuner.Sweep, drifting: tuner.Scenario, tmp_path: Path
    ) -> None:
        trial_id, _ = _most_copies(population)
        replay = f"pbt_replay:sweep={population.path},trial={trial_id}"
        again = tuner.run(
            drifting, scheduler=replay, num_samples=2, seed=1,
            storage_path=tmp_path, name="again", progress="none",
        )  # fmt: skip
        steps = read_policy(str(population.path), trial_id)
        expected = [
            next(step.config["lr"] for step in reversed(steps) if step.time < epoch)
            for epoch in range(1, 9)
        ]
        for fresh in again.trials().trial_id:
            reports = again.reports().query("trial_id == @fresh")
            assert reports.lr.tolist() == expected
            assert reports.training_iteration.tolist() == list(range(1, 9))
            assert again.trial(fresh).config == dict(steps[-1].config)
        assert set(again.trials().outcome) == {"completed"}
        found = tuner.reproduce(again.path, again.trials().trial_id[1], scenario=drifting)
        assert found.identical
        assert len(found.lineage) == len(steps)


def _most_copies(sweep: tuner.Sweep) -> tuple[str, int]:
    """Return the trial with the longest lineage, and through how many copies it came."""
    lengths = {
        trial_id: len(read_policy(str(sweep.path), trial_id)) - 1
        for trial_id in sweep.trials().trial_id
    }
    return max(lengths.items(), key=lambda item: item[1])


class TestRefusals:
    """Nothing is run where it cannot work, and Ray is not needed to say so."""

    @pytest.fixture
    def make(self, tmp_path: Path) -> Callable[..., Path]:
        def make(*decisions: str, reports: int = 2, **changes: Any) -> Path:
            layout = SweepLayout.create(tmp_path / "stored")
            writer = SweepWriter(layout, metric="loss", mode="min", time_attr="epoch")
            writer.trial("t000001", status="TERMINATED", outcome="completed", config={"x": 0.5})
            for n in range(1, reports + 1):
                row = {"trial_id": "t000001", "attempt": 1, "training_iteration": n, "loss": 1.0}
                writer.report({**row, "epoch": n})
            for kind in decisions:
                row = {"trial_id": "t000001", "decision": kind, "training_iteration": 1}
                writer.decision(row)
            writer.close()
            spec = tuner.resolve("digits_mlp", name="stored", storage_path=tmp_path).to_json()
            spec |= {"metric": "loss", "mode": "min", "time_attr": "epoch"} | changes
            write_spec(layout, {"spec": spec, "status": "finished"})
            return layout.root

        return make

    def test_a_copy_of_which_nobody_recorded_the_checkpoint(
        self, make: Callable[..., Path]
    ) -> None:
        path = make("PAUSE", "EXPLOIT", "EXPLOIT")
        with pytest.raises(SpecError, match=r"from which checkpoint trial t000001 .* iteration 1"):
            reproduce(path, "t000001")

    def test_a_trial_without_reports(self, make: Callable[..., Path]) -> None:
        with pytest.raises(SpecError, match="t000001 has none"):
            reproduce(make(reports=0), "t000001")

    def test_an_unknown_trial(self, make: Callable[..., Path]) -> None:
        with pytest.raises(SpecError, match="did you mean 't000001'"):
            reproduce(make(), "t000011")

    def test_a_sweep_without_a_seed(self, make: Callable[..., Path]) -> None:
        with pytest.raises(SpecError, match="that of t000001 is unknown"):
            reproduce(make(seed=None), "t000001")

    def test_a_scenario_that_measures_something_else_now(self, make: Callable[..., Path]) -> None:
        with pytest.raises(ScenarioError, match="has another metric now: loss -> val_error"):
            reproduce(make(), "t000001")

    def test_no_sweep(self, tmp_path: Path) -> None:
        with pytest.raises(StorageError, match="no sweep"):
            reproduce(tmp_path, "t000001")

    @pytest.mark.parametrize("tolerance", ["-1", "nan", "x"])
    def test_a_tolerance_that_is_none(self, tolerance: str, make: Callable[..., Path]) -> None:
        path = make()
        assert main(["reproduce", str(path), "t000001", "--tolerance", tolerance]) == 2
