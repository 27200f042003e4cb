"""How the trials of a running sweep stand: rungs of the halving schedulers, PBT's population."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from ray.tune.schedulers import (
    AsyncHyperBandScheduler,
    HyperBandScheduler,
    PopulationBasedTraining,
    TrialScheduler,
)

__all__ = ["HasRungs", "MemberStanding", "RungStanding", "milestones_of", "population", "rungs"]


@dataclass(frozen=True)
class RungStanding:
    """A rung of a halving scheduler.

    Attributes:
        label: Its place, as ``9`` or ``27 from 1 @ 9`` (HyperBand: the
            bracket's size and first rung, then the rung).
        trials: How many trials have reached it.
        passed: How many of them went on, or may; None if unknown.
        waiting: How many of them wait there.
        cutoff: The metric a trial needs to pass, in the metric's own direction; None if unknown.
        best: The best metric recorded there; None if there is none.
    """

    label: str
    trials: int
    cutoff: float | None
    best: float | None
    passed: int | None = None
    waiting: int = 0


@dataclass(frozen=True)
class MemberStanding:
    """A member of PBT's population: its last score at a perturbation, and when that was."""

    trial_id: str
    value: float | None
    time: float


@runtime_checkable
class HasRungs(Protocol):
    """A scheduler that says how its rungs stand."""

    def rungs(self) -> list[RungStanding]:
        """Return its rungs, lowest first."""


def rungs(scheduler: TrialScheduler) -> list[RungStanding]:
    """Return the rungs of ``scheduler``, lowest first; empty where it has none."""
    if isinstance(scheduler, HasRungs):
        return scheduler.rungs()
    if isinstance(scheduler, AsyncHyperBandScheduler):
        return _asha_rungs(scheduler)
    if isinstance(scheduler, HyperBandScheduler):
        return _hyperband_rungs(scheduler)
    return []


def milestones_of(scheduler: TrialScheduler) -> list[float]:
    """Return where the rungs of ``scheduler`` are, all brackets together; empty if unknown."""
    ladders = getattr(scheduler, "ladders", ())
    return sorted({milestone for ladder in ladders for milestone in ladder.milestones})


def population(scheduler: TrialScheduler) -> list[MemberStanding]:
    """Return PBT's population, in the order of its trials; empty for other schedulers."""
    if not isinstance(scheduler, PopulationBasedTraining):
        return []
    return _members(scheduler)


def _members(scheduler: Any) -> list[MemberStanding]:
    return [
        MemberStanding(
            trial_id=trial.trial_id,
            value=None if state.last_score is None else scheduler._metric_op * state.last_score,
            time=state.last_train_time,
        )
        for trial, state in scheduler._trial_state.items()
    ]


def _asha_rungs(scheduler: Any) -> list[RungStanding]:
    several = len(scheduler._brackets) > 1
    standings = []
    for index, bracket in enumerate(scheduler._brackets):
        for milestone, recorded in reversed(bracket._rungs):
            scores = [score for score in recorded.values() if math.isfinite(score)]
            cut = bracket.cutoff(recorded)
            standings.append(
                RungStanding(
                    label=f"b{index} @ {milestone:g}" if several else f"{milestone:g}",
                    trials=len(recorded),
                    cutoff=None if cut is None else float(scheduler._metric_op * cut),
                    best=scheduler._metric_op * max(scores) if scores else None,
                )
            )
    return standings


def _hyperband_rungs(scheduler: Any) -> list[RungStanding]:
    standings = []
    for band in scheduler._hyperbands:
        for bracket in filter(None, band):
            results = [r[scheduler._metric] for r in bracket._live_trials.values() if r]
            scores = [scheduler._metric_op * value for value in results]
            standings.append(
                RungStanding(
                    label=f"{bracket._n0} from {bracket._r0:g} @ {bracket._cumul_r:g}",
                    trials=len(bracket._live_trials),
                    cutoff=None,
                    best=scheduler._metric_op * max(scores) if scores else None,
                )
            )
    return standings
