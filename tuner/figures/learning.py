"""Learning curves: what trials reported while they trained, and where rungs are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from tuner.errors import NoResultError
from tuner.figures.frames import Floats, costs_of, joined, numbers, outcomes_of
from tuner.figures.labels import directed, new_figure, plain
from tuner.figures.ranges import value_axis
from tuner.figures.themes import MAIN, MARKED, OTHERS, PALETTE, faded
from tuner.figures.thinning import MOST_TRIALS, thinned, thinned_course
from tuner.objectives import Objective
from tuner.plurals import counted

__all__ = ["curves"]

_MOST_POINTS = 30_000  # of all lines together
_FEWEST_POINTS = 24  # of a line
_GROUPS = {
    "completed": ("completed", MAIN),
    "stopped": ("stopped early", OTHERS),
    "running": ("running", PALETTE[2]),
}
_ILL = ("diverged, failed or cut off", PALETTE[4])


class _Curve(NamedTuple):
    trial: str
    group: tuple[str, str]
    times: Floats
    values: Floats


def curves(
    reports: pd.DataFrame,
    *,
    objective: Objective,
    time: str = "training_iteration",
    trials: pd.DataFrame | None = None,
    rungs: Sequence[float] = (),
    most: int = MOST_TRIALS,
) -> go.Figure:
    """Draw what each trial reported against its time; the best one stands out.

    Args:
        reports: As `tuner.Sweep.reports` gives them.
        objective: The metric and its direction.
        time: The column that counts as time.
        trials: As `tuner.Sweep.trials` gives them, to tell those that were stopped from others.
        rungs: Times at which a scheduler decides.
        most: How many trials are drawn: the best ones, and an even sample of the rest.

    Raises:
        NoResultError: No report has a finite value.
    """
    found = list(_read(reports, objective, time, trials))
    if not found:
        raise NoResultError(
            f"there is nothing to draw: no trial has a finite value of {objective.metric!r}"
        )
    every = np.concatenate([each.values for each in found])
    costs = np.array([costs_of(each.values, objective).min() for each in found])
    places, note = thinned(costs, most=most)
    axis, hidden = value_axis(every, objective, what="reports")
    lost = reports["trial_id"].nunique() - len(found)
    left_out = f"{counted(lost, 'trial')} without a finite value" if lost else None
    told = "dotted: rungs" if len(rungs) else None
    figure = new_figure("Learning curves", [note, left_out, hidden, told])
    points = max(_MOST_POINTS // len(places), _FEWEST_POINTS)
    shown = [_thin(found[place], points) for place in places]
    for group in dict.fromkeys(each.group for each in sorted(shown, key=lambda each: each.group)):
        _add(figure, [each for each in shown if each.group == group], group)
    best = found[int(np.argmin(costs))]
    _add(figure, [best], (f"best: {best.trial}", MARKED), width=2.5)
    for rung in rungs:
        figure.add_vline(rung, line={"dash": "dot", "width": 1, "color": OTHERS})
    figure.update_xaxes(title_text=plain(time))
    figure.update_yaxes(title_text=plain(directed(objective)), **axis)
    return figure


def _read(
    reports: pd.DataFrame, objective: Objective, time: str, trials: pd.DataFrame | None
) -> Iterator[_Curve]:
    """Yield the finite reports of each trial that has any."""
    ends = {}
    if trials is not None:
        ends = dict(zip(trials["trial_id"], outcomes_of(trials), strict=True))
    values, times = numbers(reports, objective.metric), numbers(reports, time)
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
                line={"width": width, "color": faded(colour, 0.45) if thin else colour},
                marker={"size": 5, "color": colour},
                name=label,
                legendgroup=label,
                showlegend=mode == "lines" or not lines,
                text=names,
                hovertemplate="%{text}<br>%{x}: %{y:.4g}<extra></extra>",
            )
        )
