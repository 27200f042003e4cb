"""Studies without Ray: each trial trained in this process, which can be killed at any moment."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from in_process import InProcess

import tuner
from tuner.pipeline import auditing, studying, work
from tuner.playbook import studied
from tuner.playbook.audit import audit


class Killed(BaseException):
    """The process ends, as by ``kill -9``: no handler of tuner's runs."""


class Mortal(InProcess):
    """Trains each trial from its id and configuration alone, and dies when it is told to.

    Attributes:
        dies_before: The trials, counted over all sweeps, before which the process dies once.
    """

    def __init__(self) -> None:
        super().__init__()
        self.dies_before = set[int]()

    def _train(self, plan: Any, layout: Any, writer: Any, trial_id: str, config: Any) -> None:
        if self.trained in self.dies_before:
            self.dies_before.remove(self.trained)
            raise Killed
        np.random.seed(int(trial_id[1:]))
        super()._train(plan, layout, writer, trial_id, config)


class SmallStudy:
    """Runs a study of 12 trials, one round of 12, 2 seeds and a refit, or goes on with it."""

    def __init__(self, scenario: Path, storage: Path) -> None:
        self.scenario = scenario
        self.storage = storage
        self.folder = storage / "study"

    def __call__(self, scenario: Any = None, budget: str = "29trials", **options: Any) -> Any:
        asked: dict[str, Any] = {"rounds": 1, "seeds": 2, "seed": 0, **options}
        where = {"storage_path": str(self.storage), "name": "study"}
        return tuner.study(scenario or str(self.scenario), budget, **(where | asked))


class Whole(NamedTuple):
    """A study that was never interrupted, what was told of it, and what it trained."""

    study: tuner.Study
    told: list[str]
    ray: Mortal
    again: SmallStudy


def stand_in(patch: pytest.MonkeyPatch) -> Mortal:
    """Have this process train, and return what does; no report is made, which takes seconds."""
    runner = Mortal()
    checks = ["failures", "good_trials", "duplicates", "saturated"]  # others take seconds
    patch.setattr(auditing, "audit", partial(audit, checks=checks))
    patch.setattr(studying, "keep_report", lambda folder, *, goes_on: None)
    patch.setattr(work, "run_plan", runner.run_plan)
    patch.setattr(work, "resume", runner.resume)
    patch.setattr(studied, "run", runner.run)
    patch.setattr(studied, "resume", runner.resume)
    return runner
