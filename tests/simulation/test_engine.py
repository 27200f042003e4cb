"""A simulation decides as Ray Tune's controller does, event by event."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from oracle import TimedActors
from ray import tune

import tuner
from tuner.errors import SpecError
from tuner.options import SweepOptions
from tuner.planning import Plan, resolve_plan
from tuner.runtime import workers
from tuner.runtime.concurrency import concurrency
from tuner.runtime.execution import Execution
from tuner.runtime.recorder import Recorder
from tuner.runtime.stopping import Stop
from tuner.runtime.storage import Checkpoints, TrialStorage
from tuner.runtime.surroundings import Surroundings
from tuner.schedulers import Decision, Supervisor
from tuner.seeds import SweepSeeds
from tuner.simulation import ClusterModel, Curve, Simulation
from tuner.simulation.trials import SimulatedTrial

EPOCHS = 27
TIMES = {"start_s": 3.0, "reset_s": 0.1, "save_s": 0.2, "load_s": 0.3}
Story = list[tuple[Any, ...]]


class NoisyCurves:
    """Curves that cross, at a pace that differs from epoch to epoch."""

    def curve(self, config: Mapping[str, Any], number: int) -> Curve:
        random = np.random.default_rng(number)
        epochs, noise = np.arange(1, EPOCHS + 1), random.standard_normal(EPOCHS)
        loss = abs(config["x"] - 0.3) + (1 + config["lr"]) / epochs + 0.05 * noise
        return Curve({"loss": loss.tolist()}, (0.5 + random.random(EPOCHS)).tolist())


class Saving(tune.Trainable):
    """Never runs; says that it saves and can be reset."""

    def setup(self, config: dict[str, Any]) -> None:
        pass

    def save_checkpoint(self, checkpoint_dir: str) -> None:
        pass

    def load_checkpoint(self, checkpoint: Any) -> None:
        pass

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        return True


def planned(folder: Path, options: SweepOptions) -> Plan:
    scenario = tuner.Scenario(
        name="curves",
        trainable=Saving,
        space={"x": tune.uniform(0, 1), "lr": tune.loguniform(1e-3, 1)},
        metric="loss",
        mode="min",
        time_attr="epoch",
        max_t=EPOCHS,
        mutable=("lr",),
    )
    fixed: SweepOptions = {"storage_path": folder, "name": "s", "resources": {"cpu": 1}}
    return resolve_plan(scenario, {**fixed, **options})


def bounds(plan: Plan, slots: int) -> Any:
    return concurrency(
        slots, bound=None, population=plan.population, growing=False, bracket=plan.bracket
    )


class Diary:
    """Keeps what a sweep's recorder is told, and what a simulation tells, in the same terms."""

    def __init__(self) -> None:
        self.story: Story = []
        self.simulation: Simulation | None = None

    def report(self, row: Mapping[str, Any]) -> None:
        told = row["timestamp"], row["trial_id"], row["epoch"], row["loss"], row["time_total_s"]
        self.story.append(("report", *told))

    def decision(self, row: Mapping[str, Any]) -> None:
        if row["decision"] != "RESUME":  # which a simulation tells as a start
            told = row["timestamp"], row["trial_id"], row["decision"], row["reason"]
            self.story.append(("decision", *told))

    def event(self, row: Mapping[str, Any]) -> None:
        if row["event"] == "suggested":
            config = dict(row["details"]["config"])
            self.story.append(("suggested", row["timestamp"], row["trial_id"], config))
        elif row["event"] in ("started", "ended"):
            self.story.append((row["event"], row["timestamp"], row["trial_id"]))

    def trial(self, trial_id: str, **changes: Any) -> None:
        pass

    def suggested(self, trial: SimulatedTrial, now: float) -> None:
        self.story.append(("suggested", now, trial.trial_id, dict(trial.config)))

    def started(self, trial: SimulatedTrial, now: float) -> None:
        self.story.append(("started", now, trial.trial_id))

    def reported(self, trial: SimulatedTrial, result: dict[str, Any], now: float) -> None:
        told = now, trial.trial_id, result["epoch"], result["loss"], result["time_total_s"]
        self.story.append(("report", *told))

    def ended(self, trial: SimulatedTrial, now: float) -> None:
        self.story.append(("ended", now, trial.trial_id))

    def decided(self, decision: Decision) -> None:
        assert self.simulation is not None
        told = self.simulation.now, decision.trial_id, decision.kind, decision.reason.text
        self.story.append(("decision", *told))


def oracle(folder: Path, cluster: ClusterModel, options: SweepOptions) -> Story:
    """Run Ray Tune's controller, as a sweep does, over workers on a virtual clock."""
    plan = planned(folder, options)
    checkpoints = folder / "s" / "checkpoints"
    checkpoints.mkdir(parents=True)
    diary, actors = Diary(), TimedActors(checkpoints, NoisyCurves(), cluster)
    recorder = Recorder(diary, plan.spec, say=lambda _: None, clock=lambda: actors.now)  # type: ignore[arg-type]
    execution = Execution(
        plan,
        storage=TrialStorage(Checkpoints.local(checkpoints), folder),
        remove_checkpoint=lambda _: None,
        recorder=recorder,
        callbacks=[],
    )
    controller: Any = execution._controller
    controller._actor_manager = actors
    wanted = bounds(plan, cluster.slots)
    execution._source.limit = wanted.trials
    controller.resize(cluster.slots, wanted.waiting)
    execution.run(Stop(), lambda: None)
    return diary.story


def simulated(folder: Path, cluster: ClusterModel, options: SweepOptions) -> Story:
    plan = planned(folder, options)
    wanted, diary = bounds(plan, cluster.slots), Diary()
    supervisor = Supervisor(
        plan.scheduler,
        metric="loss",
        mode="min",
        time_attr="epoch",
        max_t=plan.spec.max_t,
        seed=SweepSeeds.spawn(plan.spec.seed).scheduler,
        observe=diary.decided,
    )
    diary.simulation = Simulation(
        supervisor=supervisor,
        searcher=plan.searcher,
        curves=NoisyCurves(),
        cluster=cluster,
        time_attr="epoch",
        num_samples=plan.num_trials,
        limit=wanted.trials,
        waiting=wanted.waiting,
        history=diary,
        saves_every=options.get("checkpoint_frequency", 0),
    )
    diary.simulation.run()
    return diary.story


@pytest.fixture
def virtual_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers.PatientSave, "resolve", lambda self, block=True: self.future.call())
    cluster = {"list_nodes": lambda: [{"CPU": 1000.0}], "growing": lambda: False}
    defaults: Any = Surroundings.__init__.__kwdefaults__
    for name, value in cluster.items():
        monkeypatch.setitem(defaults, name, value)


FREE = ("fifo", "asha:reduction_factor=3,brackets=2", "asha_promotion", "median", "hyperband",
        "ray_hyperband")  # fmt: skip
ARMS = [
    *((scheduler, searcher) for scheduler in FREE for searcher in ("random", "hyperopt")),
    ("bohb", "bohb"),
    ("ray_bohb", "bohb"),
    ("pbt:perturbation_interval=3", "random"),
    ("pbt:perturbation_interval=4,synch=true", "random"),
]


@pytest.mark.parametrize("slots", [1, 7, 100])
@pytest.mark.parametrize(("scheduler", "searcher"), ARMS)
def test_it_is_the_controller(
    virtual_clock: None, tmp_path: Path, scheduler: str, searcher: str, slots: int
) -> None:
    population = scheduler.startswith("pb")
    cluster = ClusterModel(slots, **TIMES)
    for seed in range(2):
        options: SweepOptions = {
            "scheduler": scheduler,
            "searcher": searcher,
            "num_samples": 6 if population else 30,
            "seed": seed,
            "checkpoint_frequency": 0 if population else 2 * seed,
        }
        expected = oracle(tmp_path / f"oracle-{seed}", cluster, options)
        assert {entry[0] for entry in expected} >= {"suggested", "started", "report", "ended"}
        assert simulated(tmp_path / f"simulated-{seed}", cluster, options) == expected


def test_pb2_too(virtual_clock: None, tmp_path: Path) -> None:
    options: SweepOptions = {
        "scheduler": "pb2:perturbation_interval=3",
        "searcher": "random",
        "num_samples": 6,
        "max_t": 10,
        "seed": 0,
    }
    cluster = ClusterModel(3, **TIMES)
    expected = oracle(tmp_path / "oracle", cluster, options)
    assert any(entry[0] == "decision" and entry[3] == "EXPLOIT" for entry in expected)
    assert simulated(tmp_path / "simulated", cluster, options) == expected


def test_no_time_for_anything_but_training(virtual_clock: None, tmp_path: Path) -> None:
    options: SweepOptions = {"scheduler": "hyperband", "num_samples": 20, "seed": 1}
    expected = oracle(tmp_path / "oracle", ClusterModel(4), options)
    assert simulated(tmp_path / "simulated", ClusterModel(4), options) == expected


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ({"slots": 0}, "at least one slot, got slots=0"),
        ({"slots": 1, "start_s": -1.0}, "start_s must be a number of seconds >= 0, got -1.0"),
        ({"slots": 1, "save_s": float("nan")}, "save_s must be a number of seconds >= 0, got nan"),
    ],
)
def test_an_impossible_cluster_is_refused(model: dict[str, Any], words: str) -> None:
    with pytest.raises(SpecError, match=words):
        ClusterModel(**model)
