"""Rules about trust: is the best luck, do rungs agree with the end, does the seed decide?"""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import stats

from tuner.playbook.audit.checks import Check, command, more_trials
from tuner.playbook.audit.findings import Finding
from tuner.playbook.evidence import Evidence
from tuner.plurals import counted

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

__all__ = ["good_trials", "rung_correlation", "seed_variance"]

_FEWEST_TRIALS = 10
"""Of fewer, neither a quartile nor a correlation is told."""

_MISSED = 0.05
"""How often a repeat of the sweep may do worse than is said."""

_APART = 3.0
"""Rungs are so many times as far as the one before, as the schedulers' rungs are by default."""

_FEWEST_REPEATS = 3
"""Of a configuration, or degrees of freedom over all of them, for a standard deviation."""


def good_trials(evidence: Evidence, check: Check) -> Finding:
    """Tell how far a repeat of the sweep may end behind its best.

    The best of a bootstrap resample of n trials is worse than the j best with probability
    (1 - j/n)^n; what it reaches in 19 of 20 resamples is the figure, in spans behind the best.
    """
    costs = evidence.ranked.to_numpy(float)
    if not len(costs):
        return check.unknown("no trial has a value")
    more = more_trials(evidence)
    picture = partial(_values_figure, evidence)
    if len(costs) < _FEWEST_TRIALS:
        message = f"{counted(len(costs), 'trial')} with a value, and {_FEWEST_TRIALS} are the least"
        return check.judged(math.inf, message, remedy=more, picture=picture)
    span = evidence.span
    if not span > 0:
        return check.unknown(
            f"a quarter of the {len(costs)} trials have the best value: they do not differ",
            picture=picture,
        )
    n = len(costs)
    reached = costs[np.flatnonzero((1 - np.arange(1, n + 1) / n) ** n <= _MISSED)[0]]
    behind = float(reached - costs[0])
    near = int((costs <= costs[0] + check.limits.warn * span).sum())
    return check.judged(
        behind / span,
        f"a repeat of the sweep reaches {evidence.value(float(reached)):.4g} in 19 of 20 cases, "
        f"{behind / span:.0%} of the way from the best trial to the first quartile; "
        f"{counted(near, 'trial')} within {check.limits.warn:.0%}",
        remedy=more,
        details={"reached": evidence.value(float(reached)), "near": near, "span": span},
        picture=picture,
    )


def rung_correlation(evidence: Evidence, check: Check) -> Finding:
    """Tell how the values at the first rung rank the trials that reached the end."""
    if evidence.copied:
        return check.unknown("trials copied one another, so that a curve is of several trials")
    first, last = _rungs(evidence)
    if not first < last:
        return check.unknown(
            f"fewer than {_FEWEST_TRIALS} trials were trained beyond a first rung",
            remedy=more_trials(evidence)
            if _trains_all_to_the_end(evidence)
            else "train some trials to the end: --scheduler fifo",
        )
    pairs = _at_both(evidence, first, last)
    if len(pairs) < _FEWEST_TRIALS or (pairs.nunique() < 2).any():
        return check.unknown(
            f"{counted(len(pairs), 'trial')} with values at {evidence.time_attr} {first:g} and "
            f"{last:g}, and {_FEWEST_TRIALS} that differ are the least"
        )
    rho = float(stats.spearmanr(pairs["first"], pairs["last"]).statistic)
    low, high = _spearman_interval(rho, len(pairs))
    reports = int((evidence.trials["until"] >= first).sum())
    survivors = len(pairs) < 0.9 * reports
    message = (
        f"Spearman {rho:.2f} [{low:.2f}, {high:.2f}] between {evidence.time_attr} {first:g} and "
        f"{last:g} over {counted(len(pairs), 'trial')}"
    )
    if survivors:
        message += f", the survivors of {reports}: of all trials it would rather be higher"
    return check.judged(
        rho,
        message,
        remedy=_later_or_never(evidence, math.ceil(_APART * first)),
        details={"first": first, "last": last, "interval": [low, high], "trials": len(pairs),
                 "survivors": survivors},
        picture=partial(_rungs_figure, evidence, pairs, first, last),
    )  # fmt: skip


def _later_or_never(evidence: Evidence, rung: int) -> str:
    """Return the remedy of a first rung that comes too early."""
    if _trains_all_to_the_end(evidence):
        return f"stay without early stopping, --scheduler fifo, or stop late, --grace-period {rung}"
    return f"a later first rung, --grace-period {rung}, or no early stopping, --scheduler fifo"


def _trains_all_to_the_end(evidence: Evidence) -> bool:
    return evidence.scheduler.partition(":")[0] == "fifo"


def seed_variance(evidence: Evidence, check: Check) -> Finding:
    """Tell how much repeats of one configuration differ, in spans.

    By what `tuner.adopt` trained again, by repeats of the winner in the sweep, or by those of other
    configurations, pooled: the first of which there are enough.
    """
    adopt = command("adopt", evidence.place)
    ranked = evidence.trials.loc[evidence.ranked.index]
    if not len(ranked):
        return check.unknown("no trial has a value")
    repeated = _repeated(ranked)
    told, sd = _deviation(evidence, repeated, str(ranked["key"].iloc[0]))
    if not told:
        return check.unknown("the winner was tried with one seed", remedy=adopt)
    span = evidence.span
    if not span > 0:
        return check.unknown("values of trials do not differ, or there are none to compare")
    return check.judged(
        sd / span,
        f"a standard deviation of {sd:.3g} over {told}, {sd / span:.0%} of what lies between the "
        f"best trial and the first quartile ({span:.3g})",
        remedy=f"repeat the best ones before you choose: {adopt}",
        details={"sd": sd, "over": told},
        picture=partial(_repeats_figure, evidence, repeated),
    )


def _repeated(ranked: pd.DataFrame) -> pd.DataFrame:
    """Return trials whose configuration was tried again for as long: ``key`` and ``cost``."""
    whole = ranked[ranked["until"] >= ranked.groupby("key")["until"].transform("max")]
    return whole.loc[whole["key"].duplicated(keep=False), ["key", "cost"]]


def _deviation(evidence: Evidence, repeated: pd.DataFrame, winner: str) -> tuple[str, float]:
    """Return over what, and the standard deviation; an empty text with too few repeats."""
    again = np.array(evidence.adopted)
    if len(again) >= _FEWEST_REPEATS:
        return f"{len(again)} new seeds of the winner (tuner adopt)", float(again.std(ddof=1))
    own = repeated["cost"][repeated["key"] == winner]
    if len(own) >= _FEWEST_REPEATS:
        return f"{len(own)} repeats of the winner", float(own.std())
    groups = repeated.groupby("key")["cost"]
    freedom = len(repeated) - groups.ngroups
    if freedom < _FEWEST_REPEATS:
        return "", math.nan
    within = float(((repeated["cost"] - groups.transform("mean")) ** 2).sum())
    return f"{len(repeated)} repeats of {groups.ngroups} others", math.sqrt(within / freedom)


def _rungs(evidence: Evidence) -> tuple[float, float]:
    """Return the first rung, and the last time that enough trials reached."""
    until = np.sort(evidence.trials["until"].dropna().to_numpy(float))[::-1]
    times = evidence.reports["time"].dropna().to_numpy(float)
    if len(until) < _FEWEST_TRIALS or not len(times):
        return math.nan, math.nan
    last = float(until[_FEWEST_TRIALS - 1])
    earliest = max(float(times.min()), evidence.grace_period)
    return (earliest if earliest * _APART <= last else math.nan), last


def _at_both(evidence: Evidence, first: float, last: float) -> pd.DataFrame:
    """Return the costs of trials that reached both times: the latest at one, the best by another.

    A scheduler sees the latest report at a rung; a sweep ranks by the best.
    """
    best = evidence.costs_at(last)
    rows = []
    for trial, cost in best[np.isfinite(best)].items():
        course = evidence.course(str(trial))
        early = course.values[course.times <= first]
        if len(early):
            rows.append((str(trial), float(early[-1]), float(cost)))
    return pd.DataFrame(rows, columns=["trial", "first", "last"]).set_index("trial")


def _spearman_interval(rho: float, n: int) -> tuple[float, float]:
    """Return the interval of a rank correlation at 95 %, by Fisher's z.

    Its standard error is sqrt(1.06 / (n - 3)) (Fieller, Hartley and Pearson 1957, Biometrika 44).
    """
    z = math.atanh(min(max(rho, -0.999999), 0.999999))
    half = 1.96 * math.sqrt(1.06 / (n - 3))
    return math.tanh(z - half), math.tanh(z + half)


def _values_figure(evidence: Evidence) -> Figure:
    from tuner import figures

    values = evidence.sign * np.asarray(evidence.ranked, dtype=np.float64)
    return figures.value_order(values, marked=len(evidence.good), objective=evidence.objective)


def _rungs_figure(evidence: Evidence, pairs: pd.DataFrame, first: float, last: float) -> Figure:
    from tuner import figures

    return figures.agreement(
        np.asarray(pairs["first"].rank(), dtype=np.float64),
        np.asarray(pairs["last"].rank(), dtype=np.float64),
        x=f"rank at {evidence.time_attr} {first:g}",
        y=f"rank at {evidence.time_attr} {last:g}",
    )


def _repeats_figure(evidence: Evidence, repeated: pd.DataFrame) -> Figure:
    from tuner import figures

    names = {
        key: f"configuration {place + 1}" for place, key in enumerate(repeated["key"].unique())
    }
    groups = repeated["key"].map(names).tolist()
    again = ["the winner, new seeds"] * len(evidence.adopted)
    values = evidence.sign * np.array([*evidence.adopted, *repeated["cost"]])
    frame = pd.DataFrame({"group": again + groups, "value": values})
    return figures.repeats(frame, objective=evidence.objective)
