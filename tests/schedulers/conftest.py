"""A controller and trials that need no cluster."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ray.tune.experiment import Trial
from ray.tune.schedulers import TrialScheduler

from tuner.schedulers import Decision, Supervisor

sys.path.insert(0, str(Path(__file__).parent))  # importlib mode adds no folder


class FakeController:
    """As much of Ray Tune's controller as schedulers ask of it."""

    def __init__(self) -> None:
        self.trials: list[Trial] = []
        self.stopped: list[Trial] = []
        self.scheduler: TrialScheduler | None = None
        self.search_alg = None

    def get_trials(self) -> list[Trial]:
        return self.trials

    def get_live_trials(self) -> set[Trial]:
        return {trial for trial in self.trials if not trial.is_finished()}

    def stop_trial(self, trial: Trial) -> None:
        assert self.scheduler is not None
        self.scheduler.on_trial_remove(self, trial)
        trial.status = Trial.TERMINATED
        self.stopped.append(trial)


class Stage:
    """A supervised scheduler on a fake controller, and what it decided."""

    def __init__(
        self, scheduler: TrialScheduler, max_t: int = 27, seed: int = 0, diverges: Any = None
    ) -> None:
        self.decisions: list[Decision] = []
        self.controller = FakeController()
        self.supervisor = Supervisor(
            scheduler,
            metric="loss",
            mode="min",
            time_attr="epoch",
            max_t=max_t,
            seed=seed,
            observe=self.decisions.append,
            diverges=diverges,
        )
        self.controller.scheduler = self.supervisor

    def add(self, trial_id: str, **config: Any) -> Trial:
        trial = Trial("stub", stub=True, trial_id=trial_id, config=config)
        trial.status = Trial.RUNNING
        self.controller.trials.append(trial)
        self.supervisor.on_trial_add(self.controller, trial)
        return trial

    def report(self, trial: Trial, epoch: int, **metrics: Any) -> str:
        """Hand over a report and carry out the answer, as Ray's controller does."""
        result = {"epoch": epoch, "training_iteration": epoch, **metrics}
        answer = self.supervisor.on_trial_result(self.controller, trial, result)
        trial.run_metadata.last_result = result
        if answer == TrialScheduler.STOP:
            result["done"] = True
            self.supervisor.on_trial_complete(self.controller, trial, result)
            trial.status = Trial.TERMINATED
        elif answer == TrialScheduler.PAUSE:
            trial.status = Trial.PAUSED
        return answer


@pytest.fixture
def stage() -> Callable[..., Stage]:
    return Stage
