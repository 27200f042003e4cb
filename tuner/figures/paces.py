"""How long trials and their steps took."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from tuner.errors import NoResultError
from tuner.figures.frames import Floats, numbers
from tuner.figures.grids import Panel, panels
from tuner.figures.labels import plain
from tuner.figures.ranges import LOG_AXIS, spans_decades
from tuner.figures.themes import MAIN, MARKED

__all__ = ["durations"]

_BARS = 40
_CLOCK = ((2 * 3600.0, 3600.0, "h"), (2 * 60.0, 60.0, "min"), (0.1, 1.0, "s"), (0.0, 1e-3, "ms"))


def durations(reports: pd.DataFrame, *, time: str = "training_iteration") -> go.Figure:
    """Draw how long a unit of training took, and how long each trial trained in all.

    Args:
        reports: As `tuner.Sweep.reports` gives them.
        time: What counts as time.

    Raises:
        NoResultError: No report has a time.
    """
    frame = pd.DataFrame(
        {
            "trial": reports["trial_id"],
            "attempt": reports.get("attempt", 1),
            "time": numbers(reports, time),
            "seconds": numbers(reports, "time_total_s"),
        }
    ).dropna()
    if not len(frame):
        raise NoResultError("there is nothing to draw: no report says how long it took")
    before = frame.groupby(["trial", "attempt"], sort=False)[["time", "seconds"]].shift()
    firsts = ~frame.duplicated("trial")
    before = before.mask(firsts, 0.0, axis=0)
    steps = frame["time"] - before["time"]
    pace = ((frame["seconds"] - before["seconds"]) / steps)[steps > 0].to_numpy(float)
    pace = pace[np.isfinite(pace) & (pace >= 0)]
    wholes = frame.groupby("trial", sort=False)["seconds"].max().to_numpy(float)
    figure, places = panels(
        "Durations", [f"a unit of {time}", "a trial"], ["dashed: the median"], across=2, height=270
    )
    _add_histogram(figure, places[0], pace if len(pace) else np.zeros(1), "reports")
    _add_histogram(figure, places[1], wholes, "trials")
    figure.update_layout(showlegend=False, bargap=0.04)
    return figure


def _add_histogram(figure: go.Figure, panel: Panel, seconds: Floats, what: str) -> None:
    middle = float(np.median(seconds))
    worth, unit = next((worth, unit) for least, worth, unit in _CLOCK if middle >= least)
    scaled = seconds / worth
    log = spans_decades(scaled)
    edges = (
        np.geomspace(scaled.min(), scaled.max(), _BARS + 1)
        if log
        else np.histogram_bin_edges(scaled, min(_BARS, max(len(scaled), 1)))
    )
    heights, edges = np.histogram(scaled, edges)
    figure.add_trace(
        go.Scatter(
            x=np.repeat(edges, 2)[1:-1], y=np.repeat(heights, 2), mode="lines", fill="tozeroy",
            line={"width": 1, "color": MAIN},
            hovertemplate=f"%{{y:,}} {plain(what)} at %{{x:.3g}} {unit}<extra></extra>",
        ),
        **panel.where,
    )  # fmt: skip
    figure.add_vline(middle / worth, line={"dash": "dash", "width": 1.5, "color": MARKED},
                     **panel.where)  # fmt: skip
    axis = LOG_AXIS if log else {"type": "linear"}
    figure.update_xaxes(title_text=f"time ({unit})", **axis, **panel.where)
    figure.update_yaxes(title_text=what, rangemode="tozero", **panel.where)
