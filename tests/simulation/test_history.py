"""The record of a simulation is the one that a sweep's writer makes of the same events."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from ray import tune
from ray.tune.experiment import Trial

import tuner
from tuner.budgets import parse_budget
from tuner.options import SweepOptions
from tuner.planning import Plan, resolve_plan
from tuner.schedulers import Decision
from tuner.seeds import trial_seed
from tuner.simulating import carry_out
from tuner.simulation import ClusterModel, Curve, CurveTask, Known, Simulation, history
from tuner.simulation.history import Recording
from tuner.simulation.keeping import FolderTables, MemoryRecord
from tuner.simulation.trials import SimulatedTrial
from tuner.spec import SweepSpec
from tuner.store import SweepLayout, SweepWriter, load
from tuner.store.record import SweepRecord

EPOCHS = 9
PBT = "pbt:perturbation_interval=2"
ARMS = {
    "asha": 20,
    "hyperband": 20,
    "median": 8,
    PBT: 8,
    "fifo": 6,
}


class Crossing:
    """Curves that cross; some have values that are not finite, some have other metrics."""

    def curve(self, config: Mapping[str, Any], number: int) -> Curve:
        random = np.random.default_rng(number)
        epochs, noise = np.arange(1, EPOCHS + 1), random.standard_normal(EPOCHS)
        loss = abs(config["x"] - 0.3) + config.get("lr", 0.1) + 1 / epochs + 0.2 * noise
        if number % 5 == 4:
            loss[number % EPOCHS] = np.nan
        metrics = {"loss": loss.tolist()}
        if number % 7 in (2, 3):
            metrics[f"size{number % 7}"] = [float(number)] * EPOCHS
        return Curve(metrics, (0.5 + random.random(EPOCHS)).tolist())


def task(**changes: Any) -> CurveTask:
    space = {
        "x": tune.uniform(0, 1),
        "lr": tune.loguniform(1e-3, 1),
        "kind": tune.choice([("a", 1), None, "b"]),
    }
    scenario = tuner.Scenario(
        **{
            "name": "crossing",
            "trainable": Known,
            "space": space,
            "metric": "loss",
            "mode": "min",
            "time_attr": "epoch",
            "max_t": EPOCHS,
            "mutable": ("lr", "kind"),
            **changes,
        }
    )
    return CurveTask("crossing", scenario, Crossing())


class Written:
    """Tells a sweep's writer what `tuner.runtime.Recorder` would tell it."""

    def __init__(self, writer: SweepWriter, spec: SweepSpec) -> None:
        self.writer, self.spec = writer, spec
        self.simulation: Simulation | None = None
        self.open: dict[str, SimulatedTrial] = {}
        self.paused: dict[str, Decision] = {}
        self.endings: dict[str, str | None] = {}
        self.begun: set[str] = set()

    def watch(self, simulation: Simulation) -> None:
        self.simulation = simulation

    def suggested(self, trial: SimulatedTrial, now: float) -> None:
        self.open[trial.trial_id] = trial
        self.writer.trial(
            trial.trial_id,
            status=Trial.PENDING,
            config=trial.config,
            attempts=1,
            seed=trial_seed(self.spec.seed, trial.trial_id),
            cpu=float(self.spec.resources.get("cpu", 0)),
            gpu=float(self.spec.resources.get("gpu", 0)),
        )
        self._event(trial, "suggested", now, {"config": trial.config})

    def started(self, trial: SimulatedTrial, now: float) -> None:
        paused = self.paused.pop(trial.trial_id, None)
        if paused is not None:
            place = {"training_iteration": paused.training_iteration, "time": paused.time}
            self._decision(trial, now, "RESUME", "gets a slot again", {}, **place)
        self._event(trial, "started", now)
        if trial.trial_id not in self.begun:
            self.begun.add(trial.trial_id)
            self.writer.trial(trial.trial_id, started=now)
        self.writer.trial(trial.trial_id, status=Trial.RUNNING)

    def reported(self, trial: SimulatedTrial, now: float) -> None:
        row = {"trial_id": trial.trial_id, "attempt": trial.attempt, "timestamp": now}
        self.writer.report({**trial.report(), **row})

    def decided(self, decision: Decision) -> None:
        assert self.simulation is not None
        trial, now = self.open[decision.trial_id], self.simulation.now
        place = {"training_iteration": decision.training_iteration, "time": decision.time}
        details = dict(decision.reason.details)
        self._decision(trial, now, decision.kind, decision.reason.text, details, **place)
        if decision.kind == "STOP":
            self.endings[trial.trial_id] = decision.outcome
            return
        self.paused[trial.trial_id] = decision
        self.writer.trial(trial.trial_id, status=Trial.PAUSED)
        if decision.kind == "EXPLOIT":
            self.writer.trial(trial.trial_id, config=trial.config)

    def failed(self, trial: SimulatedTrial, now: float, cause: str) -> None:
        self._event(trial, "failing", now)
        self.writer.trial(trial.trial_id, error=cause, status=Trial.PENDING)

    def ended(self, trial: SimulatedTrial, now: float) -> None:
        outcome = self.endings.pop(trial.trial_id, None) or "completed"
        outcome = "failed" if trial.status == Trial.ERROR else outcome
        self.writer.trial(trial.trial_id, status=trial.status, outcome=outcome, ended=now)
        self._event(trial, "ended", now, {"status": trial.status, "outcome": outcome})
        del self.open[trial.trial_id]

    def close(self) -> None:
        assert self.simulation is not None
        ended = {"status": Trial.TERMINATED, "outcome": "interrupted", "ended": self.simulation.now}
        for trial_id in self.open:
            self.writer.trial(trial_id, **ended)
        self.writer.close()

    def _event(self, trial: SimulatedTrial, event: str, now: float, details: Any = None) -> None:
        row = {"trial_id": trial.trial_id, "attempt": trial.attempt, "timestamp": now}
        self.writer.event({**row, "event": event, "details": details})

    def _decision(
        self,
        trial: SimulatedTrial,
        now: float,
        kind: str,
        reason: str,
        details: Mapping[str, Any],
        **place: Any,
    ) -> None:
        row = {"trial_id": trial.trial_id, "attempt": trial.attempt, "timestamp": now, **place}
        self.writer.decision({**row, "decision": kind, "reason": reason, "details": details})


class Both:
    """Tells two histories the same."""

    def __init__(self, *histories: Any) -> None:
        self.histories = histories

    def __getattr__(self, name: str) -> Any:
        def tell(*told: Any) -> None:
            for each in self.histories:
                getattr(each, name)(*told)

        return tell


def planned(folder: Path, **options: Any) -> Plan:
    given: SweepOptions = {"storage_path": str(folder), "name": "s", "searcher": "random"}
    return resolve_plan(task().scenario, {**given, **options})  # type: ignore[typeddict-item]


def folder_of(root: Path, plan: Plan) -> SweepLayout:
    layout = SweepLayout.create(root)
    FolderTables(layout, plan.spec.time_attr).say({"spec": plan.spec.to_json()})
    return layout


def frames(record: SweepRecord) -> dict[str, pd.DataFrame]:
    """Return the tables, numbered without gaps: a writer also numbers changes of trials' rows."""
    told = {
        "reports": record.reports(all_attempts=True),
        "decisions": record.decisions(),
        "events": record.events(),
    }
    seqs = np.sort(np.concatenate([frame["seq"] for frame in told.values()]))
    assert len(set(seqs)) == len(seqs)
    numbered = {
        name: frame.assign(seq=np.searchsorted(seqs, frame["seq"])) for name, frame in told.items()
    }
    return {
        **numbered,
        "trials": record.trials(),
        "surviving": record.reports().drop(columns="seq"),
    }


def assert_same(left: SweepRecord, right: SweepRecord) -> None:
    expected, received = frames(left), frames(right)
    for name, frame in expected.items():
        assert len(frame) or name == "decisions"
        pd.testing.assert_frame_equal(frame, received[name], check_like=True)


@pytest.mark.parametrize("at_a_time", [7, 2**15])
@pytest.mark.parametrize("arm", ARMS)
def test_the_record_is_that_of_a_sweeps_writer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arm: str, at_a_time: int
) -> None:
    monkeypatch.setattr(history, "_REPORTS_AT_A_TIME", at_a_time)
    monkeypatch.setattr(history, "_EVENTS_AT_A_TIME", at_a_time)
    plan = planned(tmp_path, scheduler=arm, num_samples=ARMS[arm], seed=3, max_failures=1)
    cluster = ClusterModel(3, 1.0, 0.1, 0.2, 0.3, worker_mtbf_s=40.0)
    expected, parts = folder_of(tmp_path / "writer", plan), folder_of(tmp_path / "parts", plan)
    writer = SweepWriter.reopen(expected, metric="loss", mode="min", time_attr="epoch")
    written, memory = Written(writer, plan.spec), MemoryRecord()
    memory.say({"spec": plan.spec.to_json()})
    tables = FolderTables(parts, "epoch", rows_per_part=25)
    recordings = [Recording(plan.spec, memory), Recording(plan.spec, tables)]

    told: Any = Both(written, *recordings)
    carry_out(task(), plan, cluster=cluster, budget=None, history=told)
    told.close()

    assert load(expected.root).events()["event"].isin(["failing"]).any()
    assert_same(load(expected.root), memory)
    assert_same(load(expected.root), load(parts.root))
    assert len(SweepLayout.parts(parts.reports_dir)) > 1


def test_a_trial_has_started_when_its_first_worker_was_there(tmp_path: Path) -> None:
    """Workers die every 4 s and take 2 s to start, so that many a first attempt never begins."""
    options = {"scheduler": "fifo", "num_samples": 20, "seed": 0, "max_failures": -1}
    plan, record = planned(tmp_path, **options), MemoryRecord()
    record.say({"spec": plan.spec.to_json()})
    recording = Recording(plan.spec, record)
    cluster = ClusterModel(5, start_s=2.0, worker_mtbf_s=4.0)
    carry_out(task(), plan, cluster=cluster, budget=parse_budget("300s"), history=recording)
    recording.close()
    events, trials = record.events(), record.trials().set_index("trial_id")
    starts = events[events["event"] == "started"].groupby("trial_id").first()
    assert (starts["attempt"] > 1).any()
    assert trials["started"].dropna().to_dict() == starts["timestamp"].to_dict()


def test_a_copy_leaves_the_configuration_of_the_best_report(tmp_path: Path) -> None:
    plan, record = planned(tmp_path, scheduler=PBT, num_samples=8, seed=3), MemoryRecord()
    record.say({"spec": plan.spec.to_json()})
    recording = Recording(plan.spec, record)
    carry_out(task(), plan, cluster=ClusterModel(8), budget=None, history=recording)
    recording.close()
    decisions, trials = record.decisions(), record.trials()
    copied = decisions[decisions["decision"] == "EXPLOIT"]
    assert len(copied)
    before = trials.set_index("trial_id")["best_config"].dropna()
    assert len(before)
    suggested = record.events().query("event == 'suggested'").set_index("trial_id")["details"]
    for trial_id, config in before.items():
        theirs = copied[copied["trial_id"] == trial_id]["details"]
        assert config in [suggested[trial_id]["config"], *(each["config"] for each in theirs)]
