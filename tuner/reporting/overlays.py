"""Several sweeps in one figure: which kinds there are, and which sweeps go together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from tuner import figures
from tuner.errors import NoResultError, SpecError
from tuner.reporting.targets import Target, target_of
from tuner.store.record import SweepRecord

__all__ = ["OVERLAID", "by_own_names", "overlaid"]

OVERLAID = ("curves", "durations", "edf", "history")
"""The figures of several sweeps by name."""


def by_own_names(sweeps: Sequence[SweepRecord]) -> dict[str, SweepRecord]:
    """Return sweeps by their names; of those that have one name each gets its number, too."""
    names = [sweep.spec.name for sweep in sweeps]
    often = Counter(names)
    return {
        name if often[name] == 1 else f"{name} ({number})": sweep
        for number, (name, sweep) in enumerate(zip(names, sweeps, strict=True), 1)
    }


def overlaid(
    sweeps: Mapping[str, SweepRecord], kind: str, metric: str | None, *, merged: bool
) -> go.Figure:
    """Draw several sweeps in one figure.

    Args:
        sweeps: By the names they get.
        kind: One of `OVERLAID`.
        metric: As `tuner.plot` takes it.
        merged: Of ``history``, draw the mean and its spread.

    Raises:
        SpecError: The sweeps tune different metrics, or in different directions, or count time
            differently.
        NoResultError: There are no sweeps, or none has anything to draw.
    """
    if not sweeps:
        raise NoResultError("there is nothing to draw: no sweep was given")
    times = {sweep.spec.time_attr: name for name, sweep in sweeps.items()}
    if kind in ("curves", "durations") and len(times) > 1:
        raise SpecError(f"sweeps in one figure count time alike; received {_told(times)}")
    time = next(iter(times))
    if kind == "durations":
        if metric:
            raise SpecError("durations are of no metric; leave it out")
        reports = {name: sweep.reports() for name, sweep in sweeps.items()}
        return figures.durations(reports, time=time)
    target, first = _common(sweeps, metric), next(iter(sweeps.values()))
    if kind == "curves":
        objective = target.objective_of_curves(first)
        reports = {name: sweep.reports() for name, sweep in sweeps.items()}
        return figures.curves(reports, objective=objective, metric=target.name, time=time)
    trials = {name: target.trials(sweep) for name, sweep in sweeps.items()}
    if kind == "edf":
        return figures.edf(trials, objective=target.objective)
    return figures.history(trials, objective=target.objective, merged=merged)


def _common(sweeps: Mapping[str, SweepRecord], metric: str | None) -> Target:
    targets = {name: target_of(sweep, metric) for name, sweep in sweeps.items()}
    found = {f"{each.name} ({each.mode})": name for name, each in targets.items()}
    if len(found) > 1:
        raise SpecError(
            f"sweeps in one figure have one metric and mode; received {_told(found)}; say one that "
            "all of them report with its direction: NAME:min or NAME:max (--metric, metric=)"
        )
    return next(iter(targets.values()))


def _told(found: Mapping[str, str]) -> str:
    """Return what was found, each with the last sweep that has it."""
    return ", ".join(f"{what} of {name!r}" for what, name in found.items())
