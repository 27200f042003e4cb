"""One sweep told twice: by Ray Tune's controller on a virtual clock, and by a simulation."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np
from oracle import TimedActors
from ray import tune

import tuner
from tuner.budgets import Budget
from tuner.options import SweepOptions
from tuner.planning import Plan, resolve_plan
from tuner.runtime.concurrency import concurrency
from tuner.runtime.execution import Execution
from tuner.runtime.recorder import Recorder
from tuner.runtime.stopping import Stop
from tuner.runtime.storage import Checkpoints, TrialStorage
from tuner.schedulers import Decision, Supervisor
from tuner.seeds import SweepSeeds
from tuner.simulation import ClusterModel, Curve, CurveSource, Simulation
from tuner.simulation.trials import SimulatedTrial

EPOCHS = 27

Story = list[tuple[Any, ...]]


class NoisyCurves:
    """Curves that cross, at a pace that differs from epoch to epoch.

    Args:
        failing: The share of trials whose process raises somewhere.
        epoch_s: How long an epoch takes on average.
    """

    def __init__(self, failing: float = 0.0, epoch_s: float = 1.0) -> None:
        self.failing, self.epoch_s = failing, epoch_s

    def curve(self, config: Mapping[str, Any], number: int) -> Curve:
        random = np.random.default_rng(number)
        epochs, noise = np.arange(1, EPOCHS + 1), random.standard_normal(EPOCHS)
        loss = abs(config["x"] - 0.3) + (1 + config["lr"]) / epochs + 0.05 * noise
        seconds = (self.epoch_s * (0.5 + random.random(EPOCHS))).tolist()
        fails = random.random() < self.failing
        fails_at = int(random.integers(1, EPOCHS + 1)) if fails else None
        return Curve({"loss": loss.tolist()}, seconds, fails_at)


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


CROSSING = NoisyCurves()


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


class Diary:
    """Keeps what a sweep's recorder is told, and what a simulation tells, in the same terms."""

    def __init__(self) -> None:
        self.story: Story = []
        self.simulation: Simulation | None = None

    def report(self, row: Mapping[str, Any]) -> None:
        told = row["timestamp"], row["trial_id"], row["epoch"], row["loss"], row["time_total_s"]
        self.story.append(("report", *told, row["attempt"]))

    def decision(self, row: Mapping[str, Any]) -> None:
        if row["decision"] != "RESUME":  # which a simulation tells as a start
            told = row["timestamp"], row["trial_id"], row["decision"], row["reason"]
            self.story.append(("decision", *told))

    def event(self, row: Mapping[str, Any]) -> None:
        if row["event"] == "suggested":
            config = dict(row["details"]["config"])
            self.story.append(("suggested", row["timestamp"], row["trial_id"], config))
        elif row["event"] in ("started", "failing"):
            self.story.append((row["event"], row["timestamp"], row["trial_id"]))
        elif row["event"] == "ended":
            told = row["timestamp"], row["trial_id"], row["details"]["status"]
            self.story.append(("ended", *told))

    def trial(self, trial_id: str, **changes: Any) -> None:
        pass

    def suggested(self, trial: SimulatedTrial, now: float) -> None:
        self.story.append(("suggested", now, trial.trial_id, dict(trial.config)))

    def started(self, trial: SimulatedTrial, now: float) -> None:
        self.story.append(("started", now, trial.trial_id))

    def reported(self, trial: SimulatedTrial, now: float) -> None:
        assert trial.curve is not None
        loss = trial.curve.metrics["loss"][trial.epoch - 1]
        told = now, trial.trial_id, trial.epoch, loss, trial.seconds
        self.story.append(("report", *told, trial.attempt))

    def failed(self, trial: SimulatedTrial, now: float, cause: str) -> None:
        self.story.append(("failing", now, trial.trial_id))

    def ended(self, trial: SimulatedTrial, now: float) -> None:
        self.story.append(("ended", now, trial.trial_id, trial.status))

    def decided(self, decision: Decision) -> None:
        assert self.simulation is not None
        told = self.simulation.now, decision.trial_id, decision.kind, decision.reason.text
        self.story.append(("decision", *told))


def carried_out(
    folder: Path, cluster: ClusterModel, options: SweepOptions, curves: CurveSource = CROSSING
) -> tuple[Story, TimedActors]:
    """Run Ray Tune's controller, as a sweep does, over workers on a virtual clock."""
    plan = planned(folder, options)
    checkpoints = folder / "s" / "checkpoints"
    checkpoints.mkdir(parents=True)
    diary = Diary()
    actors = TimedActors(checkpoints, curves, cluster, plan.spec.seed)
    recorder = Recorder(diary, plan.spec, say=lambda _: None, clock=lambda: actors.now)  # type: ignore[arg-type]
    execution = Execution(
        plan,
        storage=TrialStorage(Checkpoints.local(checkpoints), folder, "story"),
        remove_checkpoint=lambda _: None,
        recorder=recorder,
        callbacks=[],
    )
    actors.controller = controller = cast(Any, execution._controller)
    controller._actor_manager = actors
    controller._idle._clock = lambda: actors.now
    execution.surroundings.watch._list_nodes = lambda: actors.nodes
    actors.on_nodes = execution.following.look
    execution.following.look()
    execution.run(Stop(), lambda: None)
    return diary.story, actors


def oracle(
    folder: Path, cluster: ClusterModel, options: SweepOptions, curves: CurveSource = CROSSING
) -> Story:
    """Return what happens in the sweep that is carried out."""
    return carried_out(folder, cluster, options, curves)[0]


def simulation(
    folder: Path,
    cluster: ClusterModel,
    options: SweepOptions,
    curves: CurveSource = CROSSING,
    budget: Budget | None = None,
) -> tuple[Story, Simulation]:
    """Simulate the same sweep."""
    plan = planned(folder, options)
    diary = Diary()
    wanted = concurrency(
        sum(cluster.places(plan.spec.resources)),
        bound=plan.spec.max_concurrent_trials,
        population=plan.population,
        growing=False,
        bracket=plan.bracket,
    )
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
        curves=curves,
        cluster=cluster,
        time_attr="epoch",
        num_samples=plan.num_trials,
        limit=wanted.trials,
        waiting=wanted.waiting,
        workers=wanted.workers,
        history=diary,
        saves_every=plan.spec.checkpoint_frequency,
        budget=budget,
        resources=plan.spec.resources,
        max_failures=plan.spec.max_failures,
        copies=plan.copies,
        seed=plan.spec.seed,
    )
    diary.simulation.run()
    return diary.story, diary.simulation


def simulated(
    folder: Path, cluster: ClusterModel, options: SweepOptions, curves: CurveSource = CROSSING
) -> Story:
    """Return what happens in the simulated sweep."""
    return simulation(folder, cluster, options, curves)[0]
