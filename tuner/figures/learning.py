"""Learning curves: what trials reported while they trained, and where rungs are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from tuner.errors import NoResultError
from tuner.figures.frames import Floats, costs_of, joined, numbers, outcomes_of
from tuner.figures.labels import directed, new_figure, plain, wrapped
from tuner.figures.overlays import overlaid_curves
from tuner.figures.ranges import value_axis, whole_axis
from tuner.figures.themes import ILL, MAIN, MARKED, OTHERS, PALETTE, faded
from tuner.figures.thinning import MOST_TRIALS, thinned, thinned_course
from tuner.objectives import Objective
from tuner.plurals import counted

__all__ = ["curves"]

_MOST_POINTS = 30_000  # of all lines together
_FEWEST_POINTS = 24  # of a line
_OPACITY = 0.9  # of many lines: with less, the blue ones stand out too little on dark
_GROUPS = {
    "completed": ("completed", MAIN),
    "stopped": ("stopped early", OTHERS),
    "running": ("running", PALETTE[2]),
}
_ILL = ("diverged, failed or cut off", ILL)


class _Curve(NamedTuple):
    trial: str
    group: tuple[str, str]
    times: Floats
    values: Floats


def curves(
    reports: pd.DataFrame | Mapping[str, pd.DataFrame],
    *,
    objective: Objective,
    metric: str | None = None,
    time: str = "training_iteration",
    trials: pd.DataFrame | None = None,
    rungs: Sequence[float] = (),
    most: int = MOST_TRIALS,
) -> go.Figure:
    """Draw what each trial reported against its time; the best one stands out.

    Of several sweeps, the median of each is drawn with its quartiles.

    Args:
        reports: As `tuner.Sweep.reports` gives them; of several sweeps by name.
        objective: The metric and its direction.
        metric: What is drawn, where that is not the objective; which trials are the best ones
            goes by the objective all the same.
        time: The column that counts as time.
        trials: As `tuner.Sweep.trials` gives them, to tell those that were stopped from others.
        rungs: Times at which a scheduler decides.
        most: How many trials are drawn: the best ones, and an even sample of the rest.

    Raises:
        NoResultError: No report has a finite value.
    """
    shown = metric or objective.metric
    if not isinstance(reports, pd.DataFrame):
        return overlaid_curves(reports, objective, shown, time)
    found = list(_read(reports, shown, time, trials))
    if not found:
        raise NoResultError(f"there is nothing to draw: no trial has a finite value of {shown!r}")
    every = np.concatenate([each.values for each in found])
    costs = _costs(found, reports, objective)
    places, note = thinned(costs, most=most)
    own = objective if shown == objective.metric else None
    axis, hidden = value_axis(every, own, what="reports")
    lost = reports["trial_id"].nunique() - len(found)
    left_out = f"{counted(lost, 'trial')} without a finite value" if lost else None
    told = "dotted: rungs" if len(rungs) else None
    figure = new_figure("Learning curves", [note, left_out, hidden, told])
    points = max(_MOST_POINTS // len(places), _FEWEST_POINTS)
    drawn = [_thin(found[place], points) for place in places]
    for group in dict.fromkeys(each.group for each in sorted(drawn, key=lambda each: each.group)):
        _add(figure, [each for each in drawn if each.group == group], group)
    best = found[int(np.argmin(costs))]
    _add(figure, [best], (f"best: {best.trial}", MARKED), width=2.5)
    for rung in rungs:
        figure.add_vline(rung, line={"dash": "dot", "width": 1, "color": OTHERS})
    figure.update_xaxes(title_text=plain(time), range=_time_range(found), **_time_ticks(found))
    figure.update_yaxes(title_text=wrapped(shown if own is None else directed(own), 34), **axis)
    return figure


def _time_range(found: Sequence[_Curve]) -> list[float]:
    """Return the ends of the axis, with the last time well inside, where its tick is drawn."""
    first = min(float(each.times.min()) for each in found)
    last = max(float(each.times.max()) for each in found)
    room = 0.02 * (last - first) or 0.5
    return [first - room, last + room]


def _time_ticks(found: Sequence[_Curve]) -> dict[str, Any]:
    """Return the settings of an axis without ticks between a few epochs or steps."""
    times = np.concatenate([each.times for each in found])
    return whole_axis(float(np.ptp(times))) if (times == times.round()).all() else {}


def _costs(found: Sequence[_Curve], reports: pd.DataFrame, objective: Objective) -> Floats:
    """Return the best cost of each trial by the objective; infinite where it has none."""
    values = numbers(reports, objective.metric)
    costs = costs_of(np.where(np.isfinite(values), values, np.nan), objective)
    best = pd.Series(costs).groupby(reports["trial_id"].to_numpy(object)).min()
    best.index = best.index.map(str)
    return np.asarray(best.reindex([each.trial for each in found]), dtype=np.float64)


def _read(
    reports: pd.DataFrame, metric: str, time: str, trials: pd.DataFrame | None
) -> Iterator[_Curve]:
    """Yield the finite reports of each trial that has any."""
    ends = {}
    if trials is not None:
        ends = dict(zip(trials["trial_id"], outcomes_of(trials), strict=True))
    values, times = numbers(reports, metric), numbers(reports, time)
    kept = np.isfinite(values) & np.isfinite(times)
    for trial, rows in reports.groupby("trial_id", sort=False).indices.items():
        at = np.asarray(rows)[kept[rows]]
        if len(at):
            outcome = ends.get(trial, "completed")
            yield _Curve(str(trial), _GROUPS.get(outcome, _ILL), times[at], values[at])


def _thin(curve: _Curve, points: int) -> _Curve:
    at = thinned_course(curve.values, points)
    return curve._replace(times=curve.times[at], values=curve.values[at])


def _add(
    figure: go.Figure, shown: Sequence[_Curve], group: tuple[str, str], width: float = 1.0
) -> None:
    """Add lines as one trace; those of one point would be invisible, so these are marked."""
    name, colour = group
    thin = colour.startswith("#") and len(shown) > 20
    label = plain(name if width > 1 else f"{name} ({len(shown):,})")
    lines = [each for each in shown if len(each.values) > 1]
    for mode, members in (
        ("lines", lines),
        ("markers", [each for each in shown if len(each.values) == 1]),
    ):
        if not members:
            continue
        names = [text for each in members for text in [*[plain(each.trial)] * len(each.values), ""]]
        figure.add_trace(
            go.Scatter(
                x=joined(each.times for each in members),
                y=joined(each.values for each in members),
                mode=mode,
                line={"width": width, "color": faded(colour, _OPACITY) if thin else colour},
                marker={"size": 5, "color": colour},
                name=label,
                legendgroup=label,
                showlegend=mode == "lines" or not lines,
                text=names,
                hovertemplate="%{text}<br>%{x}: %{y:.4g}<extra></extra>",
            )
        )
