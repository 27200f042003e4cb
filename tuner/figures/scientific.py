"""What each value of a scientific hyperparameter brings, a row per value."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from tuner.figures.frames import names_in
from tuner.figures.labels import directed, new_figure, plain, wrapped
from tuner.figures.themes import MAIN, MARKED
from tuner.objectives import Objective
from tuner.plurals import counted

__all__ = ["isolation"]

_ROW_PX = 38


def isolation(table: pd.DataFrame, *, name: str, objective: Objective, draws: int) -> go.Figure:
    """Draw the expected best of each value with its interval, and the best single trial.

    Args:
        table: ``value``, ``trials``, ``best``, ``expected``, ``low``, ``high``: a row per value.
        name: Of the hyperparameter.
        objective: What is compared, and its direction.
        draws: Of how many trials the expected best is.

    Raises:
        NoResultError: There is nothing to draw.
    """
    values = [wrapped(value, 24) for value in names_in(table, "value")]
    rows = np.arange(len(table))
    expected, low, high = (table[column].to_numpy(float) for column in ("expected", "low", "high"))
    figure = new_figure(f"What {name} brings", height=170 + _ROW_PX * len(values))
    figure.add_trace(
        go.Scatter(
            x=expected, y=rows, mode="markers", marker={"color": MAIN, "size": 9},
            error_x={"type": "data", "symmetric": False, "thickness": 2, "width": 5,
                     "array": np.nan_to_num(high - expected).clip(min=0),
                     "arrayminus": np.nan_to_num(expected - low).clip(min=0)},
            name=f"expected best of {counted(draws, 'trial')}", text=values,
            hovertemplate="%{text}: %{x:.5g}<extra></extra>",
        )
    )  # fmt: skip
    figure.add_trace(
        go.Scatter(
            x=table["best"].to_numpy(float), y=rows, mode="markers", name="best trial",
            marker={"symbol": "line-ns-open", "color": MARKED, "size": 13, "line": {"width": 2}},
            text=values, hovertemplate="%{text}: best %{x:.5g}<extra></extra>",
        )
    )  # fmt: skip
    ticks = [
        f"{value}<br><i>{counted(int(trials), 'trial')}</i>"
        for value, trials in zip(values, table["trials"], strict=True)
    ]
    figure.update_xaxes(title_text=wrapped(directed(objective), 48))
    figure.update_yaxes(
        tickmode="array", tickvals=rows, ticktext=ticks, range=[len(rows) - 0.5, -0.5],
        title_text=plain(name), showline=False, ticks="",
    )  # fmt: skip
    return figure
