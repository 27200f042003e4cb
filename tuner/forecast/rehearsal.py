"""A sweep in virtual time, of which only what it costs is kept."""

from __future__ import annotations

from dataclasses import dataclass

from tuner.planning import Plan
from tuner.schedulers import Decision
from tuner.simulating import carry_out
from tuner.simulation import ClusterModel, CurveSource, CurveTask
from tuner.simulation.onlooker import Onlooker
from tuner.simulation.trials import SimulatedTrial
from tuner.simulation.usage import Usage

__all__ = ["Rehearsal", "rehearse"]


@dataclass(frozen=True)
class Rehearsal:
    """What a simulated sweep cost.

    Attributes:
        epochs: How many were reported.
        usage: What became of the cluster's time.
        reached: The last epoch of each trial.
        checkpoints: How many were kept at once, at most.
    """

    epochs: int
    usage: Usage
    reached: tuple[int, ...]
    checkpoints: int

    @property
    def held_s(self) -> float:
        """How long trials held workers, in seconds, summed."""
        return self.usage.capacity_s - self.usage.idle_s

    def reaching(self, epoch: float) -> int:
        """Return how many trials trained so far."""
        return sum(last >= epoch for last in self.reached)


def rehearse(plan: Plan, curves: CurveSource, cluster: ClusterModel) -> Rehearsal:
    """Simulate a sweep.

    Args:
        plan: Its scheduler and searcher are used up.
        curves: What trials report.
        cluster: Where they run.

    Raises:
        ReportError: The curves lack the metric.
        SweepFailedError: The scheduler cannot go on.
    """
    tally = _Tally(plan)
    task = CurveTask(plan.scenario.name, plan.scenario, curves)
    simulation = carry_out(task, plan, cluster=cluster, budget=None, history=tally, explains=False)
    return Rehearsal(tally.epochs, simulation.usage(), tuple(tally.reached), tally.most_checkpoints)


class _Tally(Onlooker):
    """Adds up what a simulation tells of itself.

    Of an open trial the last checkpoint is kept, of the ended ones those of the best few, or all.
    """

    def __init__(self, plan: Plan) -> None:
        spec = plan.spec
        self.epochs = 0
        self.reached: list[int] = []
        self.most_checkpoints = 0
        self._every = 1 if plan.population is not None else spec.checkpoint_frequency
        self._keeps_all = spec.keep_final
        self._most_kept = spec.keep_checkpoints
        self._saved: set[str] = set()  # open trials with a checkpoint
        self._ended = 0  # trials with a checkpoint

    def decided(self, decision: Decision) -> None:
        """A trial that pauses saves."""
        if decision.kind == "PAUSE":
            self._save(decision.trial_id)

    def reported(self, trial: SimulatedTrial, now: float) -> None:
        """An epoch was trained."""
        self.epochs += 1
        if self._every and trial.epoch % self._every == 0:
            self._save(trial.trial_id)

    def ended(self, trial: SimulatedTrial, now: float) -> None:
        """A trial is over."""
        self.reached.append(trial.epoch)
        if trial.trial_id in self._saved or self._keeps_all:
            self._saved.discard(trial.trial_id)
            self._ended += 1
            self._count()

    def _save(self, trial_id: str) -> None:
        self._saved.add(trial_id)
        self._count()

    def _count(self) -> None:
        kept = self._ended if self._keeps_all else min(self._ended, self._most_kept)
        self.most_checkpoints = max(self.most_checkpoints, len(self._saved) + kept)
