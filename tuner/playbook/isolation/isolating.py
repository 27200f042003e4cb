"""`tuner.isolate`: what a scientific hyperparameter brings, with the nuisance ones tuned for it.

For each of its values, the best over the nuisance hyperparameters is what n trials would bring on
average (`tuner.analysis.best_of`), with the same n for all values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tuner.analysis.best_of import expected_best, resampled_best
from tuner.analysis.bootstrap import Bootstrap
from tuner.errors import NoResultError, SpecError
from tuner.option_values import whole
from tuner.places import Uri
from tuner.playbook.evidence import Evidence, gather
from tuner.playbook.isolation.outcome import FEWEST, Isolation
from tuner.playbook.levels import hyperparameter, levels
from tuner.plurals import counted
from tuner.store import load
from tuner.store.outcomes import UNFIT
from tuner.store.record import SweepRecord

__all__ = ["isolate"]

_ABSENT = "absent"
_FIRST_COLUMNS = ["value", "trials", "best", "best_trial"]
_ESTIMATE_COLUMNS = ["expected", "low", "high", "behind", "behind_low", "behind_high"]


def isolate(
    path: str | Path | Uri | SweepRecord,
    scientific: str | Sequence[str] = (),
    *,
    bins: int = 4,
    at: float | None = None,
    draws: int | None = None,
    bootstrap: Bootstrap = Bootstrap(),  # noqa: B008 - frozen
) -> Isolation:
    """Compare the values of a scientific hyperparameter, each at the best of the nuisance ones.

    A trial that diverged counts as the worst value of the sweep; one that failed does not count.

    Args:
        path: The sweep, real or simulated, or where it lies.
        scientific: Paths of hyperparameters, or their last parts; of several, each combination of
            their values is a value. Without any, those that `tuner.explore` was told.
        bins: Into how many parts a number's domain is divided, on its declared scale. Numbers with
            few values are taken by value.
        at: Compare at this time, in units of ``time_attr``, the trials that got there; None for
            each trial's best, however long it was trained.
        draws: Of how many trials the expected best is; None for half of the smallest group.
        bootstrap: How intervals are made: the trials of each value are drawn again.

    Raises:
        StorageError: There is no sweep.
        SpecError: Nothing was searched by that name, trials copied one another, or a value is out
            of its range.
        NoResultError: No trial has a value.
    """
    whole("bins", bins, at_least=2)
    sweep: SweepRecord = path if isinstance(path, SweepRecord) else load(path)
    evidence = gather(sweep)
    if evidence.copied:
        raise SpecError(
            f"values are compared by trials of one configuration each, and {evidence.scheduler} "
            "changed them in the middle of training; isolate a sweep of another scheduler"
        )
    given = [scientific] if isinstance(scientific, str) else list(scientific)
    given = given or _declared(sweep, evidence)
    names = [hyperparameter(name, evidence.parameters) for name in given]
    costs, remarks = _costs(evidence, at)
    groups = _groups(evidence, names, bins).reindex(costs.index)
    absent = int((groups == _ABSENT).sum())
    if absent:
        remarks.append(f"{counted(absent, 'trial')} without {', '.join(names)}: left out")
    kept = groups.notna() & (groups != _ABSENT)
    return _compared(evidence, names, costs[kept], groups[kept], draws, bootstrap, remarks)


def _declared(sweep: SweepRecord, evidence: Evidence) -> list[str]:
    """Return the hyperparameters that were said to be scientific when the sweep began.

    Raises:
        SpecError: None was.
    """
    found = [name for name, role in sweep.spec.roles.items() if role == "scientific"]
    if not found:
        raise SpecError(
            "isolate takes the hyperparameters whose effect is asked for, and the sweep declares "
            f"none scientific; name one of {', '.join(evidence.parameters)}"
        )
    return found


def _costs(evidence: Evidence, at: float | None) -> tuple[pd.Series[float], list[str]]:
    """Return what counts of each trial, and what has to be said of it.

    Raises:
        NoResultError: No trial has a value.
    """
    remarks = list(evidence.remarks)
    ended = evidence.trials
    if at is not None:
        costs = evidence.costs_at(at)
        left = int(ended["until"].notna().sum()) - len(costs)
        if left:
            remarks.append(f"{counted(left, 'trial')} ended before {evidence.time_attr} {at:g}: "
                           "left out")  # fmt: skip
    else:
        diverged = ended["outcome"].isin(UNFIT)
        costs = ended["cost"][np.isfinite(ended["cost"]) | diverged]
        stopped = int((ended["outcome"] == "stopped").sum())
        if stopped:
            remarks.append(
                f"{counted(stopped, 'trial')} stopped early by {evidence.scheduler} count by the "
                "best that they reached, which favours what learns fast; compare at equal time "
                "with --at"
            )
    finite = costs[np.isfinite(costs)]
    if not len(finite):
        raise NoResultError(f"no trial of {evidence.place} has a finite {evidence.objective}")
    lost = len(costs) - len(finite)
    if lost:
        remarks.append(f"{counted(lost, 'trial')} without a finite value: counted as the worst")
    return costs.clip(upper=float(finite.max())), remarks


def _groups(evidence: Evidence, names: Sequence[str], bins: int) -> pd.Series[Any]:
    """Return the value that each trial stands for."""
    columns = [
        levels(evidence.positions[name], evidence.parameters[name], bins)
        .astype(object)
        .where(evidence.positions[name].notna(), _ABSENT)
        for name in names
    ]
    outside = evidence.positions.isna().all(axis=1)
    joined = columns[0]
    for column in columns[1:]:
        both = joined + ", " + column
        joined = both.where((joined != _ABSENT) & (column != _ABSENT), _ABSENT)
    return joined.where(~outside)


def _compared(
    evidence: Evidence,
    names: Sequence[str],
    costs: pd.Series[float],
    groups: pd.Series[Any],
    draws: int | None,
    bootstrap: Bootstrap,
    remarks: Sequence[str],
) -> Isolation:
    by_value = {str(value): rows for value, rows in costs.groupby(groups, sort=False)}
    large = {value: rows for value, rows in by_value.items() if len(rows) >= FEWEST}
    smallest = min(map(len, large.values()), default=0)
    n = smallest // 2 if draws is None else whole("draws", draws, at_least=1)
    if large and n > smallest:
        raise SpecError(f"draws are at most the {smallest} trials of the smallest value, got {n}")
    estimates = _estimates(evidence, large, n, bootstrap)
    firsts = [_first_columns(evidence, value, rows) for value, rows in by_value.items()]
    table = pd.DataFrame(firsts, columns=_FIRST_COLUMNS).merge(estimates, on="value", how="left")
    table = table.sort_values("behind", kind="stable", na_position="last", ignore_index=True)
    others = table["behind_low"].iloc[1 : len(large)]
    clear = len(others) > 0 and bool((others > 0).all())
    return Isolation(
        place=evidence.place,
        objective=evidence.objective,
        scientific=tuple(names),
        draws=n,
        level=bootstrap.level,
        table=table,
        winner=str(table["value"].iloc[0]) if clear else None,
        remarks=tuple(remarks),
    )


def _first_columns(
    evidence: Evidence, value: str, costs: pd.Series[float]
) -> tuple[str, int, float, str]:
    return value, len(costs), evidence.value(float(costs.min())), str(costs.idxmin())


def _estimates(
    evidence: Evidence, groups: Mapping[str, pd.Series[float]], draws: int, bootstrap: Bootstrap
) -> pd.DataFrame:
    """Return the expected best by value, and how far it lies behind that of the best value.

    Each difference is at a level at which all of them hold together (Bonferroni).
    """
    samples = {value: np.asarray(rows, dtype=np.float64) for value, rows in groups.items()}
    expected = {value: expected_best(sample, draws) for value, sample in samples.items()}
    resampled = {
        value: resampled_best(sample, draws, replace(bootstrap, seed=bootstrap.seed + 1 + place))
        for place, (value, sample) in enumerate(samples.items())
    }  # a seed each: the groups are independent of one another
    first = min(expected, key=expected.__getitem__, default="")
    level = 1 - (1 - bootstrap.level) / max(1, len(samples) - 1)
    rows = []
    for value, sample in samples.items():
        ends = bootstrap.interval(resampled[value], len(sample))
        low, high = sorted(evidence.value(float(end)) for end in ends)
        lag = resampled[value] - resampled[first]
        fewer = min(len(sample), len(samples[first]))
        behind = replace(bootstrap, level=level).interval(lag, fewer)
        rows.append(
            (value, evidence.value(expected[value]), low, high, expected[value] - expected[first],
             float(behind[0]), float(behind[1]))
        )  # fmt: skip
    return pd.DataFrame(rows, columns=["value", *_ESTIMATE_COLUMNS])
