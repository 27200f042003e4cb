"""Why a scheduler decided as it did, in words and in figures.

tuner's own schedulers say it themselves: they are `Explaining`. Ray's return a bare ``STOP`` or
``PAUSE``; for them `explain` reads the state of the scheduler right after its decision and says
what the decision rested on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, cast, runtime_checkable

import numpy as np
from ray.tune.experiment import Trial
from ray.tune.schedulers import (
    AsyncHyperBandScheduler,
    HyperBandScheduler,
    MedianStoppingRule,
    PopulationBasedTraining,
    TrialScheduler,
)

from tuner.plurals import counted

__all__ = ["Explaining", "Reason", "explain", "explain_removal"]


@dataclass(frozen=True)
class Reason:
    """What a decision rested on.

    Attributes:
        text: One line in words.
        details: The figures behind it, JSON-able.
    """

    text: str
    details: Mapping[str, Any] = field(default_factory=dict)


@runtime_checkable
class Explaining(Protocol):
    """A scheduler that says why it decided."""

    def take_reason(self, trial_id: str) -> Reason | None:
        """Return why the trial was last stopped, paused or made to copy another, once."""


def explain(
    scheduler: TrialScheduler, trial: Trial, value: float, time: float, mode: str
) -> Reason:
    """Return why ``scheduler`` just stopped or paused ``trial``.

    Args:
        scheduler: The scheduler, right after it answered.
        trial: The trial it answered about.
        value: The reported metric.
        time: The reported time attribute.
        mode: ``"min"`` or ``"max"``.
    """
    told = _told(scheduler, trial)
    if told is not None:
        return told
    for kind, describe in _DESCRIBERS:
        if isinstance(scheduler, kind):
            return describe(scheduler, trial, value, time, mode)
    return Reason(f"{type(scheduler).__name__} decided at {time:g}", {"value": value})


def explain_removal(scheduler: TrialScheduler, trial: Trial) -> Reason:
    """Return why ``scheduler`` ends ``trial`` while it decides about another."""
    told = _told(scheduler, trial)
    if told is not None:
        return told
    if isinstance(scheduler, HyperBandScheduler):
        bracket = scheduler._trial_info[trial][0]
        last = bracket._live_trials.get(trial) or {}
        value = last.get(scheduler._metric)
        text = f"{_bracket(bracket)}: {_number(value)} is not among the best 1/{bracket._eta:g}"
        return Reason(text, {"bracket": bracket._n0, "value": value})
    return Reason(f"{type(scheduler).__name__} ended the trial while it decided about another")


def _told(scheduler: TrialScheduler, trial: Trial) -> Reason | None:
    take = getattr(scheduler, "take_reason", None)  # isinstance takes as long as deciding
    return None if take is None else cast("Reason | None", take(trial.trial_id))


def _explain_asha(
    scheduler: AsyncHyperBandScheduler, trial: Trial, value: float, time: float, mode: str
) -> Reason:
    brackets = scheduler._brackets
    bracket = scheduler._trial_info[trial.trial_id]
    index = brackets.index(bracket)
    for milestone, recorded in bracket._rungs:
        if time >= milestone and trial.trial_id in recorded:
            others = {key: score for key, score in recorded.items() if key != trial.trial_id}
            cut = bracket.cutoff(others)
            if cut is None:
                break
            cut = float(scheduler._metric_op * cut)
            side = "above" if mode == "min" else "below"
            place = f"rung {milestone:g}" + (f" of bracket {index}" if len(brackets) > 1 else "")
            among = counted(len(others), "trial")
            text = f"{place}: {value:.4g} is {side} the cut {cut:.4g} of {among}"
            details = {"rung": float(milestone), "bracket": index, "value": value, "cutoff": cut}
            return Reason(text, details | {"trials": len(others)})
    return Reason(f"reached max_t={scheduler._max_t:g}", {"value": value})


def _explain_hyperband(
    scheduler: HyperBandScheduler, trial: Trial, value: float, time: float, mode: str
) -> Reason:
    bracket = scheduler._trial_info[trial][0]
    details = {"bracket": bracket._n0, "rung": float(bracket._cumul_r), "value": value}
    place = _bracket(bracket)
    if trial in bracket._live_trials:  # paused; a stopped trial is out of the bracket by now
        times = [bracket._get_result_time(r) for t, r in bracket._live_trials.items() if t != trial]
        waiting = sum(reached < bracket._cumul_r for reached in times)
        text = f"{place}: waits at {time:g} for {waiting} of {counted(bracket._n, 'trial')}"
        return Reason(text, details | {"waiting_for": waiting})
    text = f"{place}: at {time:g}, {value:.4g} is not among the best 1/{bracket._eta:g}"
    return Reason(text, details)


def _explain_median(
    scheduler: MedianStoppingRule, trial: Trial, value: float, time: float, mode: str
) -> Reason:
    others = [t for t in scheduler._trials_beyond_time(time) if t is not trial]
    means = [m for m in (scheduler._running_mean(t, time) for t in others) if np.isfinite(m)]
    if trial not in scheduler._stopped_trials or not means:
        return Reason(f"yields its slot at {time:g}: too few samples", {"value": value})
    median, best = float(np.median(means)), float(scheduler._best_result(trial))
    side = "above" if mode == "min" else "below"
    among = counted(len(means), "trial")
    text = f"best {best:.4g} is {side} the median {median:.4g} of {among} at {time:g}"
    return Reason(text, {"value": best, "cutoff": median, "trials": len(means)})


def _explain_pbt(
    scheduler: PopulationBasedTraining, trial: Trial, value: float, time: float, mode: str
) -> Reason:
    text = f"yields its slot at {time:g}: other trials of the population wait"
    return Reason(text, {"value": value})


def _bracket(bracket: Any) -> str:
    return f"bracket of {counted(bracket._n0, 'trial')} from {bracket._r0:g}"


def _number(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, int | float) else "its value"


_Describer = Callable[[Any, Trial, float, float, str], Reason]
_DESCRIBERS: tuple[tuple[type[TrialScheduler], _Describer], ...] = (
    (AsyncHyperBandScheduler, _explain_asha),
    (HyperBandScheduler, _explain_hyperband),
    (MedianStoppingRule, _explain_median),
    (PopulationBasedTraining, _explain_pbt),
)
