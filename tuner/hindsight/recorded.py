"""The learning curves that a sweep has recorded, and how far each of them is known."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from tuner.arms import parse_choice
from tuner.errors import NoResultError, SpecError
from tuner.objectives import Objective
from tuner.schedulers import SCHEDULERS
from tuner.searchers import SEARCHERS
from tuner.simulation import Curve
from tuner.simulation.sources.recordings import ENDED_BY_THEMSELVES, epoch_seconds
from tuner.store.record import SweepRecord

__all__ = ["RecordedCurve", "RecordedSweep", "recorded_sweep"]

_BLIND = ("random", "grid", "halton", "sobol")  # but for grids that close in, round by round
_MOST_AT_ONCE = 0.9  # the quantile of how many trials trained at once


@dataclass(frozen=True)
class RecordedCurve:
    """What one trial reported.

    Attributes:
        trial_id: Of the trial.
        curve: Its reports to the end of a full training; what is beyond ``known`` is padding,
            whose values nobody may look at.
        known: How many of its epochs were recorded.
    """

    trial_id: str
    curve: Curve
    known: int

    @property
    def epochs(self) -> int:
        """How many epochs a full training has."""
        return len(self.curve.seconds)

    def as_it_was(self) -> RecordedCurve:
        """Return the trial as if a full training were no longer than what is known."""
        metrics = {name: values[: self.known] for name, values in self.curve.metrics.items()}
        return replace(self, curve=Curve(metrics, self.curve.seconds[: self.known]))

    def seconds(self, epochs: int) -> float:
        """Return how long its first epochs take."""
        return math.fsum(self.curve.seconds[:epochs])


@dataclass(frozen=True)
class RecordedSweep:
    """What a sweep has recorded that can be replayed.

    Attributes:
        trials: Those whose end was not an accident.
        objective: What is tuned.
        time_attr: What counts as time.
        max_t: Where trials end.
        grace_period: The sweep's.
        concurrency: How many trials trained at once.
        gpus: Of each trial.
        remarks: What is left out or assumed, a line each.
    """

    trials: tuple[RecordedCurve, ...]
    objective: Objective
    time_attr: str
    max_t: int
    grace_period: int
    concurrency: int
    gpus: float
    remarks: tuple[str, ...]

    @property
    def best(self) -> float:
        """The best value that was recorded; NaN if none is finite."""
        places = range(len(self.trials))
        values = (v for place in places for v in self.values(place, self.trials[place].known))
        return min(values, key=self.objective.cost)

    def as_it_was(self) -> RecordedSweep:
        """Return the recording as if each trial had ended by itself where its record ends."""
        return replace(self, trials=tuple(trial.as_it_was() for trial in self.trials))

    def values(self, number: int, epochs: int) -> Sequence[float]:
        """Return the metric of a trial at its first epochs."""
        return self.trials[number].curve.metrics[self.objective.metric][:epochs]


def recorded_sweep(sweep: SweepRecord) -> RecordedSweep:
    """Return what can be replayed of a sweep.

    Raises:
        SpecError: Its trials copied one another, or reports lack the metric or how long they took.
        NoResultError: No trial came to an end of its own or by its scheduler.
    """
    spec, trials = sweep.spec, sweep.trials()
    _check_no_copies(sweep, trials)
    objective = Objective(sweep.metric, sweep.mode)
    outcomes = dict(zip(trials["trial_id"], trials["outcome"], strict=True))
    fair = {*ENDED_BY_THEMSELVES, "stopped"}
    reports = sweep.reports()
    seconds = epoch_seconds(reports)
    by_trial = dict(list(reports.groupby("trial_id", sort=False)))
    curves = tuple(
        _recorded(rows, seconds[rows.index], outcome, objective, spec.time_attr, spec.max_t)
        for trial_id, outcome in outcomes.items()
        if outcome in fair and (rows := by_trial.get(trial_id)) is not None
    )
    if not curves:
        raise NoResultError(f"no trial of {sweep.spec.name} has ended with reports to replay")
    return RecordedSweep(
        trials=curves,
        objective=objective,
        time_attr=spec.time_attr,
        max_t=spec.max_t,
        grace_period=spec.grace_period,
        concurrency=_trained_at_once(reports),
        gpus=spec.resources.get("gpu", 0),
        remarks=tuple(_remarks(sweep, outcomes, curves)),
    )


def _check_no_copies(sweep: SweepRecord, trials: pd.DataFrame) -> None:
    name = sweep.spec.scheduler.partition(":")[0]
    entry = SCHEDULERS.get(name)
    named = entry is not None and (entry.population or name == "pbt_replay")
    if named or "EXPLOIT" in set(sweep.decisions()["decision"]) or trials["best_config"].any():
        raise SpecError(
            f"trials of {sweep.spec.name} went on with weights or configurations of others, so "
            "that their curves belong to no configuration; replay a sweep whose scheduler is none "
            "of pbt, pb2 and pbt_replay"
        )


def _recorded(
    reports: pd.DataFrame,
    took: pd.Series[float],
    outcome: str,
    objective: Objective,
    time_attr: str,
    max_t: int,
) -> RecordedCurve:
    trial_id = str(reports["trial_id"].iloc[0])
    values = [float(value) for value in reports[objective.metric]]
    times = [float(time) for time in reports[time_attr]]
    seconds = took.tolist()
    if outcome == "diverged":  # perhaps by the scenario's rule, which is not on record
        values[-1] = math.nan
    if not all(map(math.isfinite, [*values[:-1], *times, *seconds])):
        raise SpecError(
            f"a replay needs {objective.metric}, {time_attr} and time_total_s in each report, "
            f"and trial {trial_id} has reports that lack one"
        )
    known = len(values)
    if outcome == "stopped":
        step = times[-1] - times[-2] if known > 1 else times[-1]
        more = max(0, math.ceil((max_t - times[-1]) / step))
        times += [times[-1] + step * k for k in range(1, more + 1)]
        values += values[-1:] * more
        seconds += [sum(seconds) / known] * more
    metrics = {objective.metric: values}
    if times != list(range(1, len(times) + 1)):
        metrics[time_attr] = times
    return RecordedCurve(trial_id, Curve(metrics, seconds), known)


def _trained_at_once(reports: pd.DataFrame) -> int:
    """Return how many trials trained at once, by when reports came and how long they took."""
    since = reports.groupby("trial_id", sort=False)["time_total_s"].diff()
    took = since.fillna(reports["time_total_s"]).clip(lower=0).to_numpy(float)
    told = reports["timestamp"].to_numpy(float)
    starts, ends, middles = np.sort(told - took), np.sort(told), told - took / 2
    training = np.searchsorted(starts, middles, "right") - np.searchsorted(ends, middles, "left")
    return max(1, round(float(np.quantile(training, _MOST_AT_ONCE))))


def _remarks(
    sweep: SweepRecord, outcomes: Mapping[str, Any], curves: Sequence[RecordedCurve]
) -> Iterator[str]:
    there = {each.trial_id for each in curves}
    left_out = Counter(str(outcome) for each, outcome in outcomes.items() if each not in there)
    if left_out:
        told = ", ".join(f"{count} {outcome}" for outcome, count in sorted(left_out.items()))
        yield f"trials left out, whose end says nothing of them: {told}"
    cut = sum(each.known < each.epochs for each in curves)
    if cut:
        yield (
            f"{cut} of {len(curves)} curves were cut short by {sweep.spec.scheduler}: what they "
            "would have reported is unknown; an unseen epoch is taken to last as long as the "
            "trial's others"
        )
    if _learned(sweep.spec.searcher):
        yield (
            f"{sweep.spec.searcher} chose later configurations by earlier results; under another "
            "scheduler it would have chosen others, and the recorded ones are replayed"
        )
    if len(sweep.objectives) > 1:
        yield f"of several objectives only {sweep.metric} counts"


def _learned(searcher: str) -> bool:
    """Return whether a searcher is known to go by results; of a user's own nobody knows."""
    if searcher.partition(":")[0] not in SEARCHERS:
        return False
    choice = parse_choice(searcher)
    return choice.name not in _BLIND or "rounds" in choice.options
