"""The state of a sweep at one moment, as plain values: all that a view may show."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

__all__ = ["CurveSample", "Gauge", "Member", "Mode", "Rung", "Snapshot", "ranking_key"]

Mode: TypeAlias = Literal["min", "max"]


@dataclass(frozen=True, kw_only=True)
class Rung:
    """One rung of a scheduler that compares trials at milestones.

    Attributes:
        label: How the scheduler names it, such as ``"9"`` or ``"s=2: 9"``.
        trials: How many trials have reached it.
        passed: How many of them went on from there, or may; None where nobody knows.
        waiting: How many of them wait there.
        cutoff: The value a trial must now reach to pass, in the metric's units.
        best: The best value recorded there.
    """

    label: str
    trials: int
    passed: int | None = None
    waiting: int = 0
    cutoff: float | None = None
    best: float | None = None


@dataclass(frozen=True, kw_only=True)
class Member:
    """One trial of a population.

    Attributes:
        trial_id: The trial.
        value: Its last metric.
        iteration: Its last ``training_iteration``.
        config: Its current configuration, which exploits change.
        parent: The trial it was last copied from.
    """

    trial_id: str
    value: float | None
    iteration: int
    config: Mapping[str, Any] = field(default_factory=dict)
    parent: str | None = None


@dataclass(frozen=True, kw_only=True)
class Gauge:
    """How much of something the trials of a sweep hold, now and before.

    Attributes:
        name: ``"workers"``, ``"CPU"`` or ``"GPU"``.
        used: How much now; of workers, how many train a trial.
        total: Of how much; None where nobody knows.
        mean: Since the sweep began, as a share from 0 to 1; as an amount where ``total`` is None.
            None while there is nothing to go by.
        recent: The course of the same over the last minutes, the oldest first.
        recent_s: How many seconds that covers.
    """

    name: str
    used: float
    total: float | None
    mean: float | None = None
    recent: Sequence[float] = ()
    recent_s: float = 0.0


@dataclass(frozen=True)
class CurveSample:
    """Learning curves to be drawn.

    Attributes:
        curves: Trial to its (time, value of the metric) in order of time, some of all trials.
        stopped: Those of them that a scheduler stopped.
        numbers: Which of all trials each is, from 1, in the order of their first reports.
        trials: How many trials have reported.
        finite: How many of all these have a finite value.
    """

    curves: Mapping[str, Sequence[tuple[float, float]]]
    stopped: Collection[str]
    numbers: Mapping[str, int]
    trials: int
    finite: int


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """A sweep at one moment.

    Attributes:
        name: The sweep's name.
        path: Its folder.
        arm: Scheduler and searcher, as they are spelled on the command line.
        metric: What is tuned.
        mode: ``"min"`` or ``"max"``.
        time_attr: What a trial's progress is counted in.
        max_t: The most that one trial may run, in ``time_attr``.
        elapsed_s: Seconds since the sweep began.
        counts: Trials by Ray's status: PENDING, RUNNING, PAUSED, TERMINATED, ERROR.
        outcomes: Ended trials by outcome: completed, stopped, diverged, failed, hung,
            infeasible.
        num_samples: How many trials there will be; None where nobody knows.
        reports: How many reports came in so far.
        best_value: The best finite value of the metric so far.
        best_trial: The trial that reported it.
        best_iteration: At which ``training_iteration``.
        best_config: That trial's configuration.
        rungs: The scheduler's rungs, if it has any.
        population: The scheduler's population, if it has one.
        resources: Name to (used, total) of the cluster.
        gauges: How busy workers, CPUs and GPUs are, as far as is known.
        curves: Learning curves, if anything was reported.
        time_budget_s: Seconds the sweep may take in all.
        note: What the sweep waits for, if anything.
        over: Whether nobody drives it any more, so that nothing is still to come.
    """

    name: str
    path: str
    arm: str
    metric: str
    mode: Mode
    time_attr: str
    max_t: int
    elapsed_s: float
    counts: Mapping[str, int] = field(default_factory=dict)
    outcomes: Mapping[str, int] = field(default_factory=dict)
    num_samples: int | None = None
    reports: int = 0
    best_value: float | None = None
    best_trial: str | None = None
    best_iteration: int | None = None
    best_config: Mapping[str, Any] = field(default_factory=dict)
    rungs: Sequence[Rung] = ()
    population: Sequence[Member] = ()
    resources: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    gauges: Sequence[Gauge] = ()
    curves: CurveSample | None = field(default=None, repr=False)
    time_budget_s: float | None = None
    note: str = ""
    over: bool = False

    @property
    def started(self) -> int:
        """How many trials exist, in whatever state."""
        return sum(self.counts.values())

    @property
    def ended(self) -> int:
        """How many trials will not run again."""
        return self.counts.get("TERMINATED", 0) + self.counts.get("ERROR", 0)

    @property
    def expected(self) -> int:
        """How many trials there will be, as far as is known."""
        return max(self.started, self.num_samples or 0)


def ranking_key(value: float | None, mode: Mode) -> float:
    """Return what sorts values best first; NaN, infinities and None come last."""
    if value is None or not math.isfinite(value):
        return math.inf
    return value if mode == "min" else -value
