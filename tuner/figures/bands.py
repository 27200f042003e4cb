"""The best value so far of each arm against spend, a panel per task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from tuner.budgets import Unit
from tuner.errors import NoResultError
from tuner.figures.areas import area, stepped
from tuner.figures.frames import names_in
from tuner.figures.grids import Panel, label_rows, panels
from tuner.figures.labels import wrapped
from tuner.figures.ranges import LOG_AXIS, spans_decades
from tuner.figures.spending import spend_axis
from tuner.figures.themes import Style, styles

__all__ = ["best_so_far"]


def best_so_far(
    curves: pd.DataFrame,
    *,
    unit: Unit,
    metric: str | Mapping[str, str],
    scale: Literal["linear", "log"] = "linear",
    value_scale: Literal["linear", "log"] = "linear",
) -> go.Figure:
    """Draw the best value so far of each arm, with its interval over seeds as a band.

    Args:
        curves: As `tuner.analysis.best_so_far` returns them.
        unit: Of ``spend``.
        metric: What the values are, as the label of the y axes; by task where tasks differ in it.
        scale: Of spend.
        value_scale: Of the values; a panel with values that are not above 0 stays linear.

    Raises:
        NoResultError: There is nothing to draw.
    """
    tasks, looks = names_in(curves, "task"), styles(names_in(curves, "arm"))
    if curves["value"].isna().all():
        raise NoResultError("there is nothing to draw: no arm has a value in every run")
    labels = [metric if isinstance(metric, str) else metric[task] for task in tasks]
    label, worth = spend_axis(unit, curves["spend"].max())
    figure, places = panels("Best so far", tasks, ["bands: intervals over seeds"], height=270)
    for number, (panel, task) in enumerate(zip(places, tasks, strict=True)):
        here = curves[curves["task"] == task]
        for arm, look in looks.items():
            _add_arm(figure, panel, here[here["arm"] == arm], worth, look, number == 0)
        log = value_scale == "log" and not (here[["value", "low"]] <= 0).any(axis=None)
        figure.update_xaxes(
            title_text=label, type=scale, dtick=1 if scale == "log" else None, **panel.where
        )
        axis = LOG_AXIS if log else {"type": "linear"}
        if log and spans_decades(here["value"].to_numpy(float)):
            axis = {"type": "log", "dtick": 1}
        figure.update_yaxes(title_text=wrapped(labels[number], 34), **axis, **panel.where)
    if len(set(labels)) == 1:
        label_rows(figure, places, wrapped(labels[0], 34))
    return figure


def _add_arm(
    figure: go.Figure, panel: Panel, curve: pd.DataFrame, worth: float, look: Style, first: bool
) -> None:
    if not len(curve):
        return
    arm = wrapped(curve["arm"].iat[0])
    spend = curve["spend"].to_numpy(float) / worth
    value, low, high = (curve[name].to_numpy(float) for name in ("value", "low", "high"))
    known = np.isfinite(low) & np.isfinite(high)
    if known.any():
        corners = stepped(spend[known], low[known], high[known])
        band = area(*corners, look.colour, 0.15, legendgroup=arm, showlegend=False)
        figure.add_trace(band, **panel.where)
    figure.add_trace(
        go.Scatter(
            x=spend, y=value, mode="lines", name=arm, legendgroup=arm, showlegend=first,
            line={"color": look.colour, "dash": look.dash, "width": 2, "shape": "hv"},
            hovertemplate=f"{arm}<br>%{{x:.4g}}: %{{y:.5g}}<extra></extra>",
        ),
        **panel.where,
    )  # fmt: skip
