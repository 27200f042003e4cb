"""How the domains of hyperparameters changed from one round of refinement to the next."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from tuner.errors import NoResultError
from tuner.figures.frames import joined, names_in
from tuner.figures.grids import Panel, panels
from tuner.figures.labels import plain
from tuner.figures.ranges import LOG_AXIS
from tuner.figures.themes import MAIN, MARKED, PALETTE

__all__ = ["refinement"]

_MOST_PANELS = 12


def refinement(ranges: pd.DataFrame) -> go.Figure:
    """Draw the range of each hyperparameter in each round, with the best trial's value.

    Args:
        ranges: ``round`` (from 0), ``name``, ``low``, ``high`` and ``log`` of a number, or
            ``option`` (as text) of a choice, a row per option that is there; ``best``: the value
            of the round's best trial, or whether it had that option.

    Raises:
        NoResultError: There is one round only, or nothing was searched.
    """
    names = names_in(ranges, "name")
    last = int(ranges["round"].max())
    if last < 1:
        raise NoResultError("there is nothing to draw: the sweep is no refinement of another one")
    more = f"{len(names) - _MOST_PANELS} more" if len(names) > _MOST_PANELS else None
    figure, places = panels("Ranges over rounds of refinement", names[:_MOST_PANELS], [more])
    for number, (panel, name) in enumerate(zip(places, names, strict=False)):
        rows = ranges[ranges["name"] == name]
        _add_options(figure, panel, rows) if rows["option"].notna().any() else _add_range(
            figure, panel, rows
        )
        for trace in figure.data[-2:]:
            trace.showlegend = number == 0
        figure.update_xaxes(
            title_text="round", tickmode="array", tickvals=list(range(last + 1)),
            range=[-0.5, last + 0.5], **panel.where,
        )  # fmt: skip
    return figure


def _add_range(figure: go.Figure, panel: Panel, rows: pd.DataFrame) -> None:
    at = rows["round"].to_numpy(float)
    ends = rows[["low", "high"]].to_numpy(float)
    figure.add_trace(
        go.Scatter(
            x=joined(np.full(2, each) for each in at), y=joined(ends), mode="lines",
            line={"width": 12, "color": PALETTE[5]}, name="searched", legendgroup="searched",
            hovertemplate="%{y:.4g}<extra></extra>",
        ),
        **panel.where,
    )  # fmt: skip
    figure.add_trace(
        go.Scatter(
            x=at, y=pd.to_numeric(rows["best"], errors="coerce").to_numpy(float),
            mode="lines+markers", marker={"size": 8, "color": MARKED},
            line={"width": 1, "dash": "dot", "color": MARKED}, name="best trial",
            legendgroup="best", hovertemplate="best: %{y:.4g}<extra></extra>",
        ),
        **panel.where,
    )  # fmt: skip
    axis = LOG_AXIS if bool(rows["log"].all()) else {"type": "linear"}
    figure.update_yaxes(**axis, **panel.where)


def _add_options(figure: go.Figure, panel: Panel, rows: pd.DataFrame) -> None:
    options = [str(option) for option in dict.fromkeys(rows["option"])]
    heights = rows["option"].map({option: at for at, option in enumerate(options)})
    chosen = rows["best"].astype(bool).to_numpy()
    for which, colour, size, name in (
        (np.ones(len(rows), dtype=bool), MAIN, 13, "searched"),
        (chosen, MARKED, 8, "best"),
    ):
        figure.add_trace(
            go.Scatter(
                x=rows["round"].to_numpy(float)[which], y=heights.to_numpy(float)[which],
                mode="markers", legendgroup=name, hoverinfo="skip",
                name="best trial" if name == "best" else name,
                marker={"symbol": "square" if name == "searched" else "circle", "size": size,
                        "color": PALETTE[5] if name == "searched" else colour},
            ),
            **panel.where,
        )  # fmt: skip
    figure.update_yaxes(
        tickmode="array", tickvals=list(range(len(options))), range=[len(options) - 0.5, -0.5],
        ticktext=[plain(option[:22]) for option in options], **panel.where,
    )  # fmt: skip
