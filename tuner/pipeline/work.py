"""A study that goes on in this process: what its steps share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tuner.budgets import Budget
from tuner.pipeline.folder import StudyFolder
from tuner.pipeline.settled import Settled
from tuner.pipeline.steps import StepName
from tuner.planning import Plan
from tuner.playbook.studied import TrainingOptions, has_ended
from tuner.scenario import Scenario
from tuner.store import Sweep, SweepLayout, load
from tuner.sweep import resume, run_plan

__all__ = ["Work"]


@dataclass(frozen=True)
class Work:
    """A study that goes on in this process.

    Attributes:
        folder: Where it lies.
        settled: What it holds to.
        scenario: What is tuned.
        running: How sweeps run from now on; options of `tuner.run`.
        strict: Whether a failed check stops it that no later step answers.
    """

    folder: StudyFolder
    settled: Settled
    scenario: Scenario
    running: Mapping[str, Any]
    strict: bool

    def run(self, plan: Plan, share: Budget) -> Sweep:
        """Run a planned sweep; one that may take so much wall time ends then, whatever it does.

        How many trials it plans follows from a forecast, which knows little of what workers take
        beside training.
        """
        spec = replace(plan.spec, keep_final=plan.spec.keep_final or self.settled.final == "kept")
        if share.unit == "seconds":
            spec = replace(spec, time_budget_s=share.amount)
        callbacks = self.running.get("callbacks", ())
        return run_plan(replace(plan, spec=spec), callbacks=callbacks, progress=self._progress)

    def go_on(self, place: Path) -> Sweep | None:
        """Return the sweep at a place, gone on with if it had not ended; None if there is none."""
        if not SweepLayout(place).spec_file.is_file():
            return None
        sweep = load(place)
        if has_ended(sweep):
            return sweep
        return resume(place, scenario=self.scenario, **self.running)

    @property
    def training(self) -> TrainingOptions:
        """How winner, baseline and model are trained."""
        return {
            "scenario": self.scenario,
            "storage_path": self.folder.root,
            "address": self.running.get("address"),
            "max_concurrent_trials": self.running.get("max_concurrent_trials"),
            "progress": self._progress,
        }

    @property
    def searched(self) -> list[Sweep]:
        """The exploration and the rounds."""
        return [*self.folder.sweeps_of("explore"), *self.folder.sweeps_of("refine")]

    @property
    def following(self) -> tuple[StepName, ...]:
        """The steps after the audit that the study takes."""
        division, final = self.settled.division, self.settled.final
        taken: dict[StepName, bool] = {
            "refine": bool(division.rounds),
            "adopt": bool(division.seeds),
            "finalize": final != "none",
        }
        return tuple(step for step, is_taken in taken.items() if is_taken)

    @property
    def _progress(self) -> str:
        return str(self.running.get("progress", "auto"))
