"""The trials of a sweep that can be compared, and at which time.

Early stopping leaves curves of different lengths. What trials reached is compared at one value of
``time_attr``, the latest that as many trials came to as there are good ones. A trial that its
scheduler had stopped by then counts as worse than all of those, since it was when it was judged;
one that was cut off unjudged, or that failed by accident, says nothing and is left out.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tuner.objectives import Objective

__all__ = ["FEWEST_GOOD", "GOOD_SHARE", "Standings", "standings"]

GOOD_SHARE = 0.2
"""The share of the trials that are called good: the best of them."""
FEWEST_GOOD = 5
"""With fewer good trials nothing is concluded."""

_LEFT_OUT = {
    "failed": "failed",
    "hung": "hung",
    "infeasible": "could not be placed",
}


@dataclass(frozen=True)
class Standings:
    """Trials that were compared at one time.

    Attributes:
        configs: Of the n trials, with their exact types.
        costs: What each had reached, (n,), lower is better; inf for one that had been stopped by
            then, or diverged.
        time: When, in units of the scenario's ``time_attr``.
        left_out: How many other trials there are, by the reason.
    """

    configs: tuple[Mapping[str, Any], ...]
    costs: NDArray[np.float64]
    time: float
    left_out: Mapping[str, int]

    def good(self, among: Sequence[int] | None = None) -> list[int]:
        """Return the positions of the good trials, the best first; none where they are too few.

        Args:
            among: Positions of the trials of which they are the best; None for all.
        """
        candidates = range(len(self.costs)) if among is None else among
        count = good_count(len(candidates))
        ranked = sorted(candidates, key=lambda trial: (float(self.costs[trial]), trial))
        reached = [trial for trial in ranked[:count] if math.isfinite(self.costs[trial])]
        return reached if len(reached) >= FEWEST_GOOD else []


def good_count(trials: int) -> int:
    """Return how many of so many trials are called good."""
    return max(FEWEST_GOOD, math.ceil(GOOD_SHARE * trials))


def standings(
    trials: pd.DataFrame,
    reports: pd.DataFrame,
    *,
    objective: Objective,
    time_attr: str,
    copied: frozenset[str] = frozenset(),
) -> Standings:
    """Return what a sweep's trials had reached at a time at which they can be compared.

    Args:
        trials: As `tuner.Sweep.trials` gives them.
        reports: As `tuner.Sweep.reports` gives them.
        objective: What counts; the best value so far does.
        time_attr: What counts as time.
        copied: Trials that changed their configuration while they trained; they are left out.
    """
    curves = _curves(reports, objective, time_attr)
    left_out: Counter[str] = Counter()
    judged: list[tuple[Mapping[str, Any], str | None, str]] = []
    for trial_id, outcome, config in zip(
        *(trials[name] for name in ("trial_id", "outcome", "config")), strict=True
    ):
        if trial_id in copied:
            left_out["copied others"] += 1
        elif outcome in _LEFT_OUT:
            left_out[_LEFT_OUT[outcome]] += 1
        elif trial_id not in curves and outcome != "diverged":
            left_out["reported no finite value"] += 1
        else:
            judged.append((config, outcome, trial_id))
    reached = [_reached(curves.get(trial_id), outcome) for _, outcome, trial_id in judged]
    latest = max((float(curve.times[-1]) for curve in curves.values()), default=-math.inf)
    time = min(_common_time(reached, good_count(len(judged))), latest)
    configs, costs = [], []
    for (config, outcome, trial_id), until in zip(judged, reached, strict=True):
        if until < time and outcome not in ("stopped", "diverged"):
            left_out["cut off too early"] += 1
            continue
        came = until >= time > -math.inf
        configs.append(config)
        costs.append(_best_until(curves[trial_id], time) if came else math.inf)
    return Standings(tuple(configs), np.array(costs, float), time, dict(left_out))


class _Curve:
    """Times and the best cost so far, of the reports with a finite value."""

    def __init__(self, times: NDArray[np.float64], costs: NDArray[np.float64]) -> None:
        self.times = times
        self.best = np.minimum.accumulate(costs)


def _curves(reports: pd.DataFrame, objective: Objective, time_attr: str) -> dict[str, _Curve]:
    if reports.empty or objective.metric not in reports:
        return {}
    values = pd.to_numeric(reports[objective.metric], errors="coerce").to_numpy(float)
    times = reports[time_attr].to_numpy(float)
    sign = 1.0 if objective.mode == "min" else -1.0
    kept = np.isfinite(values) & np.isfinite(times)
    frame = pd.DataFrame(
        {"trial": reports["trial_id"][kept], "time": times[kept], "cost": sign * values[kept]}
    )
    return {
        str(trial): _Curve(rows["time"].to_numpy(), rows["cost"].to_numpy())
        for trial, rows in frame.groupby("trial", sort=False)
    }


def _reached(curve: _Curve | None, outcome: str | None) -> float:
    """Return until when a trial can be compared: one that completed, for ever."""
    if curve is None or outcome == "diverged":
        return -math.inf
    return math.inf if outcome == "completed" else float(curve.times[-1])


def _common_time(reached: Sequence[float], count: int) -> float:
    """Return the latest time that ``count`` trials came to, or as many as there are."""
    came = sorted((time for time in reached if time > -math.inf), reverse=True)
    return came[min(count, len(came)) - 1] if came else -math.inf


def _best_until(curve: _Curve, time: float) -> float:
    position = int(np.searchsorted(curve.times, time, side="right")) - 1
    return float(curve.best[max(position, 0)])
