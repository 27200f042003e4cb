"""Several sweeps in one figure: a colour and a dash per sweep, or their mean with its spread."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from tuner.errors import NoResultError
from tuner.figures.areas import area, stepped
from tuner.figures.frames import Floats, costs_of, finite, numbers, values_of
from tuner.figures.hovering import HOVER, trial_texts
from tuner.figures.incumbents import best_line, incumbents
from tuner.figures.labels import directed, new_figure, plain, wrapped
from tuner.figures.ranges import value_axis
from tuner.figures.themes import MAIN, MARKED, Style, faded, styles
from tuner.figures.thinning import thinned
from tuner.objectives import Objective
from tuner.plurals import counted

__all__ = ["merged_histories", "overlaid_curves", "overlaid_histories"]

_MOST_TIMES = 200
_QUARTILES = np.array([0.25, 0.5, 0.75])


def overlaid_histories(
    sweeps: Mapping[str, pd.DataFrame], objective: Objective, at: str, most: int
) -> go.Figure:
    """Draw the trials of each sweep as points, and its best so far as a line.

    Args:
        sweeps: Trials by the name of their sweep.
        objective: The metric and its direction.
        at: Which report of each trial counts.
        most: How many points are drawn in all.

    Raises:
        NoResultError: No trial has a finite value.
    """
    found = {name: values_of(trials, objective, at) for name, trials in sweeps.items()}
    every = np.concatenate([*found.values(), np.empty(0)])
    known = finite(every, objective.metric)
    axis, hidden = value_axis(every, objective, what="trials")
    share = max(most // len(sweeps), 1)
    drawn = sum(min(len(values), share) for values in found.values())
    some = f"points: {drawn:,} of {len(every):,} trials" if drawn < len(every) else None
    lost = int((~known).sum())
    left_out = f"{counted(lost, 'trial')} without a value" if lost else None
    figure = new_figure("Optimisation history", [some, hidden, left_out])
    for (name, values), look in zip(found.items(), styles(found).values(), strict=True):
        costs = costs_of(values, objective)
        places, _ = thinned(costs, most=share)
        places = places[~np.isnan(values[places])]
        if not len(places):
            continue
        figure.add_trace(
            go.Scatter(
                x=places + 1, y=values[places], mode="markers", showlegend=False,
                marker={"color": faded(look.colour, 0.35), "size": 5}, legendgroup=name,
                text=trial_texts(sweeps[name], places, objective, at=at), hovertemplate=HOVER,
            )
        )  # fmt: skip
        figure.add_trace(
            best_line(
                values, costs, look.colour, dash=look.dash, said=f"{plain(name)}<br>",
                name=wrapped(name), legendgroup=name,
            )
        )  # fmt: skip
    _label(figure, "trials, as they began", objective, axis)
    return figure


def merged_histories(
    sweeps: Mapping[str, pd.DataFrame], objective: Objective, at: str
) -> go.Figure:
    """Draw the mean over sweeps of the best so far, with one standard deviation to either side.

    Args:
        sweeps: Trials by the name of their sweep; so many trials of each count as the shortest has.
        objective: The metric and its direction.
        at: Which report of each trial counts.

    Raises:
        NoResultError: A sweep has no trial with a finite value.
    """
    found = {name: values_of(trials, objective, at) for name, trials in sweeps.items()}
    for name, values in found.items():
        finite(values, f"{objective.metric} of {name}")
    length = min(map(len, found.values()))
    lines = np.stack(
        [
            incumbents(values[:length], costs_of(values[:length], objective))
            for values in found.values()
        ]
    )
    known = ~np.isnan(lines).any(axis=0)
    if not known.any():
        raise NoResultError(
            f"there is nothing to draw: among the first {length} trials of a sweep none has a "
            f"finite value of {objective.metric!r}"
        )
    x, mean = np.flatnonzero(known) + 1, lines[:, known].mean(axis=0)
    spread = lines[:, known].std(axis=0, ddof=1) if len(lines) > 1 else np.zeros_like(mean)
    figure = new_figure(
        "Optimisation history",
        [f"the best so far of {counted(len(found), 'sweep')}: mean, and one standard deviation "
         "to either side", f"the first {length:,} trials of each"],
    )  # fmt: skip
    corners = stepped(x.astype(float), mean - spread, mean + spread)
    figure.add_trace(area(*corners, MAIN, 0.2, name="one standard deviation"))
    figure.add_trace(
        go.Scatter(
            x=x, y=mean, mode="lines", name="mean",
            line={"width": 2.5, "color": MARKED, "shape": "hv"},
            customdata=spread,
            hovertemplate="after %{x} trials: %{y:.5g} ± %{customdata:.2g}<extra></extra>",
        )
    )  # fmt: skip
    drawn = np.concatenate([mean, mean - spread, mean + spread])
    _label(figure, "trials, as they began", objective, value_axis(drawn, objective)[0])
    return figure


def overlaid_curves(
    sweeps: Mapping[str, pd.DataFrame], objective: Objective, metric: str, time: str
) -> go.Figure:
    """Draw the median of what the trials of each sweep reported at a time, and its quartiles.

    Args:
        sweeps: Reports by the name of their sweep.
        objective: By which the best trial of each, whose curve is drawn too, is the best.
        metric: What is drawn.
        time: What counts as time.

    Raises:
        NoResultError: No report has a finite value.
    """
    found = {name: _courses(reports, objective, metric, time) for name, reports in sweeps.items()}
    if not any(map(len, found.values())):
        raise NoResultError(f"there is nothing to draw: no trial has a finite value of {metric!r}")
    own = objective if metric == objective.metric else None
    every = np.concatenate([frame["value"].to_numpy(float) for frame in found.values()])
    axis, hidden = value_axis(every, own, what="reports")
    figure = new_figure(
        "Learning curves",
        ["median and quartiles of the trials that got so far; thin: the best trial", hidden],
    )
    for (name, frame), look in zip(found.items(), styles(found).values(), strict=True):
        if len(frame):
            _add_quartiles(figure, name, frame, look)
    figure.update_xaxes(title_text=plain(time))
    figure.update_yaxes(title_text=wrapped(metric if own is None else directed(own), 34), **axis)
    return figure


def _courses(reports: pd.DataFrame, objective: Objective, metric: str, time: str) -> pd.DataFrame:
    """Return ``trial``, ``time``, ``value`` and ``cost`` of the reports that have a value."""
    frame = pd.DataFrame(
        {
            "trial": reports["trial_id"].to_numpy(object), "time": numbers(reports, time),
            "value": numbers(reports, metric),
            "cost": costs_of(np.nan_to_num(numbers(reports, objective.metric), nan=np.nan,
                                           posinf=np.nan, neginf=np.nan), objective),
        }
    )  # fmt: skip
    kept = np.isfinite(frame[["time", "value"]].to_numpy(float)).all(axis=1)
    ordered: pd.DataFrame = frame.loc[kept].sort_values("time", kind="stable", ignore_index=True)
    return ordered


def _add_quartiles(figure: go.Figure, name: str, frame: pd.DataFrame, look: Style) -> None:
    times = frame["time"].to_numpy(float)
    steps = frame["time"]
    if len(np.unique(times)) > _MOST_TIMES:
        edges = np.linspace(times.min(), times.max(), _MOST_TIMES)
        steps = pd.Series(edges[np.searchsorted(edges, times)], index=frame.index)
    lasts = frame.groupby([frame["trial"], steps.rename("step")], sort=False)["value"].last()
    levels = lasts.groupby(level="step").quantile(_QUARTILES).unstack()
    x, (low, middle, high) = levels.index.to_numpy(float), levels.to_numpy(float).T
    band = area(x, low, high, look.colour, 0.15, legendgroup=name, showlegend=False)
    figure.add_trace(band)
    _add_line(figure, name, x, middle, look, 2.5)
    best = frame["trial"].iat[int(frame["cost"].to_numpy(float).argmin())]
    own = frame[frame["trial"] == best]
    _add_line(figure, name, own["time"].to_numpy(float), own["value"].to_numpy(float), look, 1,
              said=plain(best))  # fmt: skip


def _add_line(
    figure: go.Figure, name: str, x: Floats, y: Floats, look: Style, width: float, *, said: str = ""
) -> None:
    figure.add_trace(
        go.Scatter(
            x=x, y=y, mode="lines" if len(x) > 1 else "markers", name=wrapped(name),
            legendgroup=name, showlegend=not said,
            line={"width": width, "color": look.colour, "dash": look.dash},
            marker={"color": look.colour},
            hovertemplate=f"{plain(name)} {said or 'median'}<br>%{{x}}: %{{y:.4g}}<extra></extra>",
        )
    )  # fmt: skip


def _label(figure: go.Figure, x: str, objective: Objective, axis: dict[str, object]) -> None:
    figure.update_xaxes(title_text=x)
    figure.update_yaxes(title_text=wrapped(directed(objective), 34), **axis)
