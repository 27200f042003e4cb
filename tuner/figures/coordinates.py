"""Parallel coordinates: each trial as a line through its hyperparameters to its value."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from tuner.figures.frames import Floats, Places, costs_of, finite, joined, values_of
from tuner.figures.hovering import HOVER, trial_texts
from tuner.figures.hyperparameters import Hyperparameter, hyperparameters
from tuner.figures.labels import directed, new_figure, plain, short, wrapped
from tuner.figures.ranges import spans_decades
from tuner.figures.themes import MAIN, MARKED, OTHERS, PALETTE
from tuner.figures.thinning import MOST_TRIALS, thinned
from tuner.objectives import Objective
from tuner.plurals import counted

__all__ = ["parallel"]

_MOST_AXES = 12
_ABSENT = -0.12
_SHARES = (0.5, 0.25, 0.1, 0.0)  # of the trials, best ones from there on
_COLOURS = (OTHERS, PALETTE[5], MAIN, MARKED)
_NAMES = ("the worse half", "the better half", "the best quarter", "the best tenth")


def parallel(
    trials: pd.DataFrame,
    *,
    objective: Objective,
    names: Sequence[str] | None = None,
    log: Collection[str] | None = None,
    most: int = MOST_TRIALS,
) -> go.Figure:
    """Draw each trial as a line through its hyperparameters, the best ones on top.

    Args:
        trials: As `tuner.Sweep.trials` gives them.
        objective: The metric and its direction.
        names: Which hyperparameters, in that order; None for all that vary.
        log: Those on log axes; None for those whose values span two powers of ten.
        most: How many trials are drawn.

    Raises:
        NoResultError: No trial has a finite value, or nothing varies.
        SpecError: There is no such hyperparameter.
    """
    values = values_of(trials, objective)
    known = finite(values, objective.metric)
    rows = np.flatnonzero(known)
    costs = costs_of(values[rows], objective)
    kept, note = thinned(costs, most=most)
    rows, costs = rows[kept], costs[kept]
    found = hyperparameters(trials, names, log=log)
    axes = [*found[:_MOST_AXES], _as_axis(values, objective)]
    more = f"{len(found) - _MOST_AXES} more hyperparameters" if len(found) > _MOST_AXES else None
    lost = int((~known).sum())
    left_out = f"{counted(lost, 'trial')} without a finite value left out" if lost else None
    figure = new_figure("Parallel coordinates", [note, left_out, more], height=460)
    heights = np.stack([np.nan_to_num(axis.scaled, nan=_ABSENT)[rows] for axis in axes], axis=1)
    texts = trial_texts(trials, rows, objective)
    for group, members in enumerate(_groups(costs)):
        _add_lines(figure, heights[members], [texts[at] for at in members], group)
    for at, axis in enumerate(axes):
        _add_axis(figure, at, axis, absent=bool((heights[:, at] == _ABSENT).any()))
    figure.update_xaxes(
        tickmode="array", tickvals=list(range(len(axes))), showgrid=False, showline=False,
        ticktext=[wrapped(axis.name, 16) for axis in axes], range=[-0.3, len(axes) - 0.4],
    )  # fmt: skip
    figure.update_yaxes(visible=False, range=[_ABSENT - 0.06, 1.06])
    return figure


def _as_axis(values: Floats, objective: Objective) -> Hyperparameter:
    return Hyperparameter(directed(objective), values, spans_decades(values), ())


def _groups(costs: Floats) -> list[Places]:
    """Return the trials of each group, the worst group first; where there are few, some empty."""
    shares = np.argsort(np.argsort(costs, kind="stable")) / max(len(costs), 1)
    ends = [1.0, *_SHARES]
    return [np.flatnonzero((low <= shares) & (shares < high)) for high, low in pairwise(ends)]


def _add_lines(figure: go.Figure, heights: Floats, texts: Sequence[str], group: int) -> None:
    if not len(heights):
        return
    places = np.arange(heights.shape[1], dtype=float)
    last = group == len(_NAMES) - 1
    figure.add_trace(
        go.Scatter(
            x=joined([places] * len(heights)),
            y=joined(heights),
            mode="lines",
            line={"color": _COLOURS[group], "width": 1.6 if last else 0.7},
            opacity=1.0 if last else 0.6,
            name=f"{_NAMES[group]} ({len(heights):,})",
            hoverinfo="skip",
        )
    )
    figure.add_trace(  # lines tell a pointer nothing between their points: the ends do
        go.Scatter(
            x=np.full(len(heights), places[-1]),
            y=heights[:, -1],
            mode="markers",
            marker={"color": _COLOURS[group], "size": 5},
            showlegend=False,
            text=texts,
            hovertemplate=HOVER,
        )
    )


def _add_axis(figure: go.Figure, at: int, axis: Hyperparameter, *, absent: bool) -> None:
    marks: list[tuple[float, str]] = [(_ABSENT, "absent")] if absent else []
    marks += _marks(axis)
    figure.add_trace(
        go.Scatter(
            x=[at, at],
            y=[0, 1],
            mode="lines",
            line={"color": "rgba(128,128,128,0.9)", "width": 1},
            hoverinfo="skip",
            showlegend=False,
        )
    )
    for height, text in marks:
        figure.add_annotation(**_mark(at, height, text))


def _marks(axis: Hyperparameter) -> list[tuple[float, str]]:
    """Return heights on an axis and what stands there: its ends and middle, or its options."""
    if axis.options:
        step = 1 / max(len(axis.options) - 1, 1)
        single = len(axis.options) == 1
        return [(0.5 if single else at * step, text) for at, text in enumerate(axis.ticks)]
    places = axis.places[~np.isnan(axis.places)]
    low, high = float(places.min()), float(places.max())
    if low == high:
        return [(0.5, short(low))]
    middle = (low * high) ** 0.5 if axis.log else (low + high) / 2
    return [(0.0, f"{low:.3g}"), (0.5, f"{middle:.3g}"), (1.0, f"{high:.3g}")]


def _mark(at: int, height: float, text: str) -> dict[str, Any]:
    return {
        "x": at, "y": height, "text": plain(text) if text == "absent" else text,
        "xanchor": "left", "xshift": 4, "showarrow": False,
        "borderpad": 1,
    }  # fmt: skip
