"""Comparisons of real sweeps: each ends at the budget, and is read as it was recorded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ray import tune
from ray.tune.experiment import Trial

import tuner
from tuner.budgets import parse_budget
from tuner.comparison.on_ray import _Gauge, read_cell
from tuner.comparison.terms import Cell
from tuner.runtime.ledger import Tally
from tuner.store import SweepLayout, SweepWriter, load, write_spec


class Steps(tune.Trainable):
    """Reports how far ``x`` is from 0.3, less at each step."""

    def setup(self, config: dict[str, Any]) -> None:
        self.x = config["x"]

    def step(self) -> dict[str, Any]:
        return {"loss": abs(self.x - 0.3) + 1 / (self.iteration + 1)}

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        self.x = new_config["x"]
        return True

    def save_checkpoint(self, checkpoint_dir: str) -> None:
        pass

    def load_checkpoint(self, checkpoint: Any) -> None:
        pass


def scenario() -> tuner.Scenario:
    return tuner.Scenario(
        name="steps", trainable=Steps, space={"x": tune.uniform(0, 1)}, metric="loss", mode="min",
        max_t=4, resources={"cpu": 1},
    )  # fmt: skip


def test_sweeps_end_at_the_budget_and_go_on_after_an_interruption(
    ray_cluster: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def compare() -> tuner.Comparison:
        return tuner.compare(
            scenario(), ["fifo+random", "asha+random"], budget="10epochs", seeds=1, name="c",
            storage_path=tmp_path, progress="none", max_concurrent_trials=1, address=ray_cluster,
        )  # fmt: skip

    class InterruptedGauge(_Gauge):
        def __call__(self, tally: Tally) -> bool:
            if tally.reports >= 3:
                raise KeyboardInterrupt
            return super().__call__(tally)

    with monkeypatch.context() as context:
        context.setattr("tuner.comparison.on_ray._Gauge", InterruptedGauge)
        begun = compare()
    assert begun.state["status"] == "interrupted"
    assert begun.runs().empty
    comparison = compare()
    runs = comparison.runs()
    assert set(runs["status"]) == {"finished"}
    assert set(runs["epochs"]) == {10}
    assert set(runs["ended"]) == {"budget"}
    sweeps = sorted((comparison.path / "sweeps").iterdir())
    assert [load(path).spec.scheduler for path in sweeps] == ["fifo", "asha"]
    assert load(sweeps[0]).state["resumed"], "the interrupted sweep went on"
    steps = comparison.incumbents()
    assert (steps["epochs"] <= 10).all()
    recorded = load(sweeps[0]).reports(all_attempts=True).sort_values("seq")["loss"]
    assert runs.set_index("arm").loc["fifo+random", "best"] == recorded[:10].min()
    assert comparison.answers().headline[-1].endswith("run on Ray; none failed")


def test_the_gauge() -> None:
    tally = Tally(reports=9)
    assert not _Gauge(parse_budget("10epochs"), 1)(tally)
    assert _Gauge(parse_budget("9epochs"), 1)(tally)
    assert not _Gauge(parse_budget("9s"), 1)(tally), "the spec's time_budget_s sees to it"
    tally.statuses[Trial.RUNNING] = 1_000_000
    gauge = _Gauge(parse_budget("9gpus"), 0.5)
    while not gauge(tally):
        assert not _Gauge(parse_budget("9gpus"), 0.0)(tally)
    assert _Gauge(parse_budget("9gpus"), 0.5, gpu_seconds=10)(Tally())


@pytest.mark.parametrize(
    ("budget", "epochs", "best", "ended", "withheld"),
    [("2epochs", 2, 0.9, "budget", 0.0), ("4epochs", 4, 0.4, "budget", 2.0),
     ("6.5s", 6, 0.4, "budget", 2.0), ("1trials", 3, 0.5, "budget", 2.0),
     ("8epochs", 8, 0.2, "budget", 2.0), ("99epochs", 8, 0.2, "trials", 2.0)],
)  # fmt: skip
def test_what_comes_after_the_budget_does_not_count(
    tmp_path: Path, make_sweep_folder: Callable[[Path], Path], budget: str, epochs: int,
    best: float, ended: str, withheld: float,
) -> None:  # fmt: skip
    sweep = load(make_sweep_folder(tmp_path / "s"))
    record = read_cell(Cell("steps", "arm", 0), sweep, parse_budget(budget))
    assert record.run["epochs"] == epochs
    assert record.run["best"] == best
    assert record.run["worst"] == 0.9
    assert record.run["ended"] == ended
    assert record.run["withheld_epochs"] == withheld
    assert record.run["best_config"] == '{"x": 1}' if best < 0.5 else '{"x": 0}'
    assert [row["value"] for row in record.incumbents][-1] == best


@pytest.fixture
def make_sweep_folder() -> Callable[[Path], Path]:
    """Two trials, one report a second: a at 1-3, b from 4 on, which is better at 4 and 8.

    a was stopped after 3 of 5 epochs.
    """

    def make(root: Path) -> Path:
        layout = SweepLayout.create(root)
        writer = SweepWriter(layout, metric="loss", mode="min", time_attr="training_iteration")
        values = {"a": [0.9, float("nan"), 0.5], "b": [0.4, 0.6, 0.45, 0.7, 0.2]}
        now = 0.0
        for number, (trial, losses) in enumerate(values.items()):
            told = {"trial_id": trial, "attempt": 1}
            writer.trial(trial, config={"x": number}, attempts=1)
            for event in ("suggested", "started"):
                writer.event({**told, "event": event, "timestamp": now, "details": None})
            for iteration, loss in enumerate(losses, 1):
                now += 1
                report = {"training_iteration": iteration, "time_total_s": float(iteration)}
                writer.report({**told, **report, "timestamp": now, "loss": loss})
            if trial == "a":
                place = {"training_iteration": 3, "time": 3.0, "timestamp": now, "details": {}}
                writer.decision({**told, **place, "decision": "STOP", "reason": "rung 3"})
            writer.event({**told, "event": "ended", "timestamp": now, "details": None})
            outcome = "stopped" if trial == "a" else "completed"
            writer.trial(trial, status="TERMINATED", outcome=outcome)
        writer.close()
        spec = {
            "name": "s", "storage_path": str(root.parent), "scenario": "steps", "source": None,
            "space": {}, "metric": "loss", "mode": "min", "time_attr": "training_iteration",
            "max_t": 5, "grace_period": 1, "scheduler": "fifo", "searcher": "random", "seed": 0,
            "resources": {"cpu": 1},
        }  # fmt: skip
        state = {"schema_version": 1, "spec": spec, "status": "finished", "message": ""}
        write_spec(layout, {**state, "started": 0.0, "ended": now})
        return root

    return make
