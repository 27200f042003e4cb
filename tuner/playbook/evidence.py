"""What a sweep has shown, in the terms in which the playbook judges it. Pure but for reading.

Costs are values of the metric turned so that lower is better; infinite where a trial has none. The
*span* of a sweep, from its best cost to that of the first quartile, is the unit in which
differences between trials are told, whatever the metric: in a wide space half of the trials may be
hopeless, and the differences that matter are those among the better ones.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from tuner.analysis.steps import Floats
from tuner.objectives import Objective
from tuner.playbook.adoption.adopting import ADOPTION_FILE, ADOPTION_FOLDER
from tuner.playbook.positions import positions, searchable
from tuner.plurals import counted
from tuner.schedulers import SCHEDULERS
from tuner.searchers.parameters import Parameter
from tuner.store import Sweep
from tuner.store.outcomes import UNFIT
from tuner.store.record import SweepRecord

__all__ = ["ENOUGH", "FEWEST_GOOD", "GOOD_SHARE", "Course", "Evidence", "gather"]

GOOD_SHARE = 0.1
"""The best tenth of the trials are the good ones: few enough to be good, and not the best alone."""

FEWEST_GOOD = 5
"""So many good trials there are at least: of fewer, chance tells as much as the sweep."""

ENOUGH = 0.5
"""At equal time means: at the largest time that this share of the trials reached, so that those
that were stopped, which are the worse ones, are not most of the trials."""

_NOWHERE = np.empty(0, dtype=np.intp)


class Course(NamedTuple):
    """What a trial reported of one metric: times (n,), values (n,), all finite, in order."""

    times: Floats
    values: Floats


@dataclass(frozen=True)
class Evidence:
    """What a sweep has shown.

    Attributes:
        place: Where it lies.
        scenario: Of what it is.
        objective: The first metric and its direction; the only one that is looked at.
        time_attr: What counts as time.
        max_t: Where trials end.
        grace_period: From where on they may be stopped.
        scheduler: Who stops them, as in an arm.
        trials: A row per trial, by trial_id: ``outcome`` (None while it runs), ``cost`` (the best),
            ``until`` (the time that it reached; NaN without reports), ``config``, ``key`` (the same
            for equal configurations).
        reports: A row per report: ``trial_id``, ``time``, and the metrics as reported.
        parameters: What was searched, by path.
        positions: Where each trial lies, by trial_id; see `tuner.playbook.positions`.
        adopted: Costs of the winner over other seeds, where `tuner.adopt` has trained it again.
        remarks: What is left out or taken otherwise, a line each.
    """

    place: str
    scenario: str
    objective: Objective
    time_attr: str
    max_t: float
    grace_period: float
    scheduler: str
    trials: pd.DataFrame
    reports: pd.DataFrame
    parameters: Mapping[str, Parameter]
    positions: pd.DataFrame
    adopted: tuple[float, ...]
    remarks: tuple[str, ...]

    @cached_property
    def ranked(self) -> pd.Series[float]:
        """The finite costs, best first, by trial_id."""
        costs = self.trials["cost"]
        finite: pd.Series[float] = costs[np.isfinite(costs)].sort_values(kind="stable")
        return finite

    @cached_property
    def good(self) -> list[str]:
        """The trial_ids of the good trials, best first; all, where there are few."""
        count = max(FEWEST_GOOD, math.ceil(GOOD_SHARE * len(self.ranked)))
        return [str(name) for name in self.ranked.index[:count]]

    @property
    def span(self) -> float:
        """How far the first quartile lies behind the best trial, in units of the metric, or NaN."""
        if not len(self.ranked):
            return math.nan
        return float(self.ranked.quantile(0.25) - self.ranked.iloc[0])

    @property
    def copied(self) -> bool:
        """Whether trials went on with weights of others, so that curves are of no configuration."""
        entry = SCHEDULERS.get(self.scheduler.partition(":")[0])
        return entry is not None and entry.population

    @property
    def sign(self) -> int:
        """1 where lower values of the metric are better, -1 otherwise: value = sign * cost."""
        return 1 if self.objective.mode == "min" else -1

    def value(self, cost: float) -> float:
        """Return a cost as the metric has it."""
        return self.sign * cost

    def course(self, trial_id: str, metric: str | None = None) -> Course:
        """Return the finite values of a metric that a trial reported; by default costs."""
        rows = self._places.get(trial_id, _NOWHERE)
        values = self._column(metric or self.objective.metric)[rows]
        times = self._column("time")[rows]
        if metric is None:
            values = self.sign * values
        there = np.isfinite(times) & np.isfinite(values)
        return Course(times[there], values[there])

    def courses(self, trials: Iterable[str], *, at_least: int) -> Iterator[tuple[str, Course]]:
        """Yield the costs of those trials that reported so often."""
        for trial_id in trials:
            found = self.course(trial_id)
            if len(found.times) >= at_least:
                yield trial_id, found

    def reached(self, share: float = ENOUGH) -> float:
        """Return the largest time that so large a share of the trials with reports reached."""
        until = np.sort(self.trials["until"].dropna().to_numpy(float))[::-1]
        return float(until[math.ceil(share * len(until)) - 1]) if len(until) else math.nan

    def costs_at(self, time: float) -> pd.Series[float]:
        """Return the best cost up to a time, by trial_id.

        Trials that did not get there are left out, but for those that diverged before: their cost
        is infinite.
        """
        cost = self.sign * self._column(self.objective.metric)
        finite = np.isfinite(cost) & (self._column("time") <= time)
        best = pd.Series(cost[finite]).groupby(self.reports["trial_id"].to_numpy()[finite]).min()
        there = self.trials["until"] >= time
        ill = self.trials["outcome"].isin(UNFIT) & ~there
        kept = self.trials.index[there | ill]
        costs = best.reindex(kept).where(there[kept], np.inf)
        return costs.dropna()

    def _column(self, name: str) -> Floats:
        if name not in self._columns:
            self._columns[name] = _numbers(self.reports, name)
        return self._columns[name]

    @cached_property
    def _columns(self) -> dict[str, Floats]:
        return {}

    @cached_property
    def _places(self) -> Mapping[str, npt.NDArray[np.intp]]:
        groups = self.reports.groupby("trial_id", sort=False).indices
        return {str(trial): np.asarray(rows) for trial, rows in groups.items()}


def gather(sweep: SweepRecord) -> Evidence:
    """Return what a sweep has shown.

    Raises:
        StorageError: It cannot be read.
    """
    spec = sweep.spec
    objective = Objective(sweep.metric, sweep.mode)
    table = sweep.trials()
    reports = sweep.reports()
    reports = reports.assign(time=_numbers(reports, spec.time_attr))
    until = reports.groupby("trial_id")["time"].max()
    configs = [
        best if isinstance(best, Mapping) else (config if isinstance(config, Mapping) else {})
        for config, best in zip(table["config"], table["best_config"], strict=True)
    ]
    best = _numbers(table, f"best/{objective.metric}")
    trials = pd.DataFrame(
        {
            "outcome": table["outcome"].to_numpy(object),
            "cost": [objective.cost(value) for value in best],
            "until": until.reindex(table["trial_id"]).to_numpy(float),
            "config": pd.Series(configs, dtype=object),
            "key": [json.dumps(config, sort_keys=True, default=str) for config in configs],
        }
    )
    trials.index = pd.Index(table["trial_id"], name="trial_id")
    parameters, found = positions(searchable(spec.space), configs)
    found.index = trials.index
    return Evidence(
        place=str(sweep.place) if hasattr(sweep, "place") else spec.name,
        scenario=spec.scenario,
        objective=objective,
        time_attr=spec.time_attr,
        max_t=float(spec.max_t),
        grace_period=float(spec.grace_period),
        scheduler=spec.scheduler,
        trials=trials,
        reports=reports,
        parameters=parameters,
        positions=found,
        adopted=tuple(map(objective.cost, _adopted(sweep))),
        remarks=tuple(_remarks(sweep, trials, parameters, found)),
    )


def _adopted(sweep: SweepRecord) -> Sequence[float]:
    """Return what the winner reached over other seeds, on the same rows; nothing if unknown."""
    if not isinstance(sweep, Sweep):
        return ()
    try:
        content = json.loads(
            (sweep.path / ADOPTION_FOLDER / ADOPTION_FILE).read_text(encoding="utf-8")
        )
    except (OSError, ValueError):
        return ()
    same_rows = content["folds"] is None and content["winner"]["label"] == sweep.best().trial_id
    return [float(value) for value in content["winner"]["values"]] if same_rows else ()


def _remarks(
    sweep: SweepRecord,
    trials: pd.DataFrame,
    parameters: Mapping[str, Parameter],
    found: pd.DataFrame,
) -> Iterator[str]:
    if len(sweep.objectives) > 1:
        yield f"of several objectives only {sweep.metric} counts"
    running = int(trials["outcome"].isna().sum())
    if running:
        yield f"{counted(running, 'trial')} without an outcome yet: the sweep has not ended"
    outside = int(found.isna().all(axis=1).sum()) if parameters else 0
    if outside:
        yield (
            f"{counted(outside, 'trial')} with a configuration outside of the space: not counted "
            "where hyperparameters are looked at"
        )
    if not parameters and len(trials):
        yield "the space holds nothing to search: hyperparameters are not looked at"


def _numbers(frame: pd.DataFrame, name: str) -> Floats:
    """Return a column as floats; NaN where it is missing or no number."""
    if name not in frame:
        return np.full(len(frame), math.nan)
    return pd.to_numeric(frame[name], errors="coerce").to_numpy(dtype=float, na_value=math.nan)
