"""A simulation also decides as the controller does that Ray ships, except where tests say how."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from oracle import TimedActors
from ray.train._internal.session import _FutureTrainingResult
from ray.tune import Callback
from ray.tune.execution.tune_controller import TuneController
from ray.tune.experiment import Trial
from stories import NoisyCurves, Story, planned, simulated

from tuner.options import SweepOptions
from tuner.runtime.source import TrialSource
from tuner.runtime.storage import Checkpoints, TrialStorage
from tuner.runtime.trials import Trials
from tuner.schedulers import Decision, Supervisor
from tuner.seeds import SweepSeeds
from tuner.simulation import ClusterModel

TIMES = {"start_s": 3.0, "reset_s": 0.1, "save_s": 0.2, "load_s": 0.3}


class StockDiary(Callback):
    """Keeps what Ray's controller tells its callbacks."""

    def __init__(self, actors: TimedActors) -> None:
        self.story: Story = []
        self.actors = actors

    def created(self, trial: Trial) -> None:
        self.story.append(("suggested", self.actors.now, trial.trial_id, dict(trial.config)))

    def decided(self, decision: Decision) -> None:
        told = self.actors.now, decision.trial_id, decision.kind, decision.reason.text
        self.story.append(("decision", *told))

    def on_trial_start(
        self, iteration: int, trials: list[Trial], trial: Trial, **info: Any
    ) -> None:
        self.story.append(("started", self.actors.now, trial.trial_id))

    def on_trial_result(
        self, iteration: int, trials: list[Trial], trial: Trial, result: dict[str, Any], **info: Any
    ) -> None:
        told = result["epoch"], result["loss"], result["time_total_s"]
        self.story.append(("report", self.actors.now, trial.trial_id, *told, 1))

    def on_trial_complete(
        self, iteration: int, trials: list[Trial], trial: Trial, **info: Any
    ) -> None:
        self.story.append(("ended", self.actors.now, trial.trial_id, Trial.TERMINATED))


def stock(folder: Path, cluster: ClusterModel, options: SweepOptions) -> Story:
    """Run the controller that Ray ships; but it writes no snapshots, which touch no decision."""
    plan = planned(folder, options)
    checkpoints = folder / "s" / "checkpoints"
    checkpoints.mkdir(parents=True)
    actors = TimedActors(checkpoints, NoisyCurves(), cluster)
    diary = StockDiary(actors)
    storage = TrialStorage(Checkpoints.local(checkpoints), folder, "sweep")
    trials = Trials(plan, storage, diary.created)
    limit = sum(cluster.places(plan.spec.resources))
    source = TrialSource(
        plan.searcher, num_samples=plan.num_trials, limit=limit, make_trial=trials.make
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
    controller: Any = TuneController(
        search_alg=source,
        scheduler=supervisor,
        storage=storage,
        callbacks=[diary],
        reuse_actors=True,
        trial_checkpoint_config=trials.checkpoint_config,
    )
    controller.checkpoint = lambda *_, **__: None
    controller._actor_manager = actors
    controller._max_pending_trials = limit
    while not controller.is_finished():
        controller.step()
    return diary.story


def by_kind(story: Iterable[tuple[Any, ...]]) -> dict[str, Story]:
    """Return the entries of each kind: Ray tells of a report after it decided about it."""
    kinds: dict[str, Story] = {}
    for entry in story:
        kinds.setdefault(entry[0], []).append(entry)
    return kinds


@pytest.mark.parametrize("slots", [1, 7, 100])
@pytest.mark.parametrize(
    ("scheduler", "searcher"),
    [("fifo", "random"), ("asha:reduction_factor=3,brackets=2", "hyperopt"), ("median", "random")],
)
def test_it_is_the_stock_controller(
    virtual_clock: None, tmp_path: Path, scheduler: str, searcher: str, slots: int
) -> None:
    cluster = ClusterModel(slots, **TIMES)
    options: SweepOptions = {
        "scheduler": scheduler,
        "searcher": searcher,
        "num_samples": 30,
        "seed": 3,
        "checkpoint_frequency": 2,
    }
    expected = by_kind(stock(tmp_path / "stock", cluster, options))
    assert expected.keys() >= {"suggested", "started", "report", "ended"}
    assert by_kind(simulated(tmp_path / "simulated", cluster, options)) == expected


@pytest.mark.parametrize(
    ("scheduler", "slots"),
    [("asha_promotion", 100), ("hyperband", 7), ("pbt:perturbation_interval=3", 7)],
)
def test_pausing_is_the_same_where_workers_are_free(
    virtual_clock: None,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    scheduler: str,
    slots: int,
) -> None:
    monkeypatch.setattr(_FutureTrainingResult, "resolve", lambda self, block=True: self.future())
    cluster = ClusterModel(slots, save_s=0.2, load_s=0.3)
    number = 6 if scheduler.startswith("pbt") else 30
    options: SweepOptions = {
        "scheduler": scheduler,
        "searcher": "random",
        "num_samples": number,
        "seed": 3,
    }
    expected = by_kind(stock(tmp_path / "stock", cluster, options))
    assert any(kind in ("PAUSE", "EXPLOIT") for _, _, _, kind, _ in expected["decision"])
    ours = by_kind(simulated(tmp_path / "simulated", cluster, options))
    ours["report"] = [(*entry[:-1], 1) for entry in ours["report"]]  # Ray counts no attempts
    assert ours == expected


def test_stock_starts_workers_beside_idle_ones(virtual_clock: None, tmp_path: Path) -> None:
    """The difference on purpose: here an idle worker serves the paused trial that goes on."""
    cluster = ClusterModel(7, **TIMES)
    options: SweepOptions = {
        "scheduler": "asha_promotion",
        "searcher": "random",
        "num_samples": 30,
        "seed": 3,
    }
    theirs = by_kind(stock(tmp_path / "stock", cluster, options))
    ours = by_kind(simulated(tmp_path / "simulated", cluster, options))
    assert [entry[2:] for entry in theirs["suggested"]] == [e[2:] for e in ours["suggested"]]
    assert theirs["ended"][-1][1] > ours["ended"][-1][1] + TIMES["start_s"] - TIMES["reset_s"]
