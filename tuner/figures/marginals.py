"""Slices: the value of each trial against one hyperparameter at a time."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from tuner.figures.frames import Floats, Places, costs_of, finite, values_of
from tuner.figures.grids import label_rows, panels
from tuner.figures.hovering import HOVER, trial_texts
from tuner.figures.hyperparameters import SPREAD, hyperparameters
from tuner.figures.labels import directed, wrapped
from tuner.figures.ranges import value_axis, whole_axis
from tuner.figures.strength import strongest
from tuner.figures.themes import MARKED, OUTLINE, SHADES
from tuner.figures.thinning import evenly, thinned
from tuner.objectives import Objective

__all__ = ["slices"]

_LETTERS = 30  # of the options below a panel together
_MOST_PANELS = 12
_MOST_POINTS = 6000  # of all panels together
_MOST_TEXTS = 1500  # with all hyperparameters in each


def slices(
    trials: pd.DataFrame,
    *,
    objective: Objective,
    names: Sequence[str] | None = None,
    log: Collection[str] | None = None,
    most: int = 1000,
) -> go.Figure:
    """Draw the values of trials against each hyperparameter, later trials in brighter shades.

    Trials without a value are ticks at the bottom: where they crowd, training fails.

    Args:
        trials: As `tuner.Sweep.trials` gives them.
        objective: The metric and its direction.
        names: Which hyperparameters; None for all that vary, of more than twelve the strongest.
        log: Those on log axes; None for those whose values span two powers of ten.
        most: How many points a panel has.

    Raises:
        NoResultError: No trial has a finite value, or nothing varies.
        SpecError: There is no such hyperparameter.
    """
    values = values_of(trials, objective)
    known = finite(values, objective.metric)
    found = hyperparameters(trials, names, log=log)
    shown, more = strongest(found, costs_of(values, objective), _MOST_PANELS)
    most = min(most, _MOST_POINTS // len(shown))
    rows = np.flatnonzero(known)
    kept, note = thinned(costs_of(values[rows], objective), most=most)
    rows, lost = rows[kept], np.flatnonzero(~known)
    axis, hidden = value_axis(values, objective, what="trials")
    figure, places = panels(
        "Slices", [""] * len(shown),
        [note, hidden, SPREAD if any(each.options for each in shown) else None, more],
        share_y=True, colour_bar=True,
    )  # fmt: skip
    brief = len(rows) * len(shown) > _MOST_TEXTS
    texts = trial_texts(trials, rows, objective, brief=brief)
    for panel, each in zip(places, shown, strict=True):
        x = each.spread()
        figure.add_trace(_points(x[rows], values[rows], rows, texts), **panel.where)
        if len(lost):
            at = evenly(lost, most // 2)
            own = each.texts()
            ticks = _ticks(x[at], _bottom(axis, values[known]), [own[i] for i in at], len(lost))
            figure.add_trace(ticks.update(showlegend=panel is places[0]), **panel.where)
        title = wrapped(each.name, 30)
        texts_below = each.tick_texts_across(_LETTERS)
        figure.update_xaxes(title_text=title, ticktext=texts_below, **each.axis, **panel.where)
        figure.update_yaxes(**axis, **panel.where)
    label_rows(figure, places, wrapped(directed(objective), 34))
    bar = {"title": {"text": "trial"}, **whole_axis(len(values))}
    figure.update_layout(coloraxis={"colorscale": list(SHADES), "colorbar": bar})
    return figure


def _points(x: Floats, y: Floats, rows: Places, texts: Sequence[str]) -> go.Scatter:
    return go.Scatter(
        x=x, y=y, mode="markers", showlegend=False, text=texts, hovertemplate=HOVER,
        marker={"color": rows + 1, "coloraxis": "coloraxis", "size": 5, "opacity": 0.8,
                "line": {"width": 0.6, "color": OUTLINE}},
    )  # fmt: skip


def _ticks(x: Floats, height: float, texts: Sequence[str], count: int) -> go.Scatter:
    """Return ticks where trials without a value are, each with what it had as text."""
    return go.Scatter(
        x=x, y=np.full(len(x), height), mode="markers", legendgroup="lost",
        name=f"no value ({len(x):,} of {count:,} drawn)" if len(x) < count else "no value",
        marker={"symbol": "line-ns-open", "size": 8, "color": MARKED},
        text=texts, hovertemplate="%{text}: no finite value<extra></extra>",
    )  # fmt: skip


def _bottom(axis: dict[str, Any], known: Floats) -> float:
    """Return a height below all values that are in sight, itself in sight."""
    log = axis["type"] == "log"
    scale = np.log10(known) if log else known
    if "range" in axis:
        low, high = axis["range"]
        at = low + 0.02 * (high - low)
    else:
        low, high = float(scale.min()), float(scale.max())
        at = low - 0.04 * (high - low)
    return float(10.0**at if log else at)
