"""Simulates a task, and keeps what was reported."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tuner.planning import resolve_plan
from tuner.schedulers import Supervisor
from tuner.seeds import SweepSeeds
from tuner.simulation import ClusterModel, CurveTask, Simulation
from tuner.simulation.trials import SimulatedTrial

Reports = dict[str, list[float]]


class Reported:
    """By trial the values that it reported."""

    def __init__(self, metric: str) -> None:
        self.values: Reports = {}
        self._metric = metric

    def reported(self, trial: SimulatedTrial, now: float) -> None:
        assert trial.curve is not None
        value = trial.curve.metrics[self._metric][trial.epoch - 1]
        self.values.setdefault(trial.trial_id, []).append(value)

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *args, **kwargs: None


@pytest.fixture
def simulate(tmp_path: Path) -> Callable[..., Reports]:
    """Simulate a task on a few workers; return what each trial reported."""

    def run(task: CurveTask, *, scheduler: str = "fifo", num_samples: int = 8) -> Reports:
        options: Any = {
            "scheduler": scheduler, "searcher": "random", "num_samples": num_samples, "seed": 0,
            "storage_path": tmp_path, "name": "s", "resources": {"cpu": 1},
        }  # fmt: skip
        plan = resolve_plan(task.scenario, options)
        history = Reported(task.scenario.metric)
        Simulation(
            supervisor=Supervisor(
                plan.scheduler,
                metric=task.scenario.metric,
                mode=task.scenario.mode,
                time_attr=task.scenario.time_attr,
                max_t=plan.spec.max_t,
                seed=SweepSeeds.spawn(0).scheduler,
                observe=lambda decision: None,
            ),
            searcher=plan.searcher,
            curves=task.curves,
            cluster=ClusterModel(4),
            time_attr=task.scenario.time_attr,
            num_samples=plan.num_trials,
            limit=4,
            waiting=1,
            history=history,
        ).run()
        return history.values

    return run
