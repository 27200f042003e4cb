"""How long trials and their steps took."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from tuner.errors import NoResultError
from tuner.figures.frames import Floats, numbers
from tuner.figures.grids import Panel, panels
from tuner.figures.labels import plain, wrapped
from tuner.figures.ranges import LOG_AXIS, spans_decades, whole_axis
from tuner.figures.themes import MARKED, styles

__all__ = ["durations"]

_BARS = 40
_CLOCK = ((2 * 3600.0, 3600.0, "h"), (2 * 60.0, 60.0, "min"), (0.1, 1.0, "s"), (0.0, 1e-3, "ms"))


def durations(
    reports: pd.DataFrame | Mapping[str, pd.DataFrame], *, time: str = "training_iteration"
) -> go.Figure:
    """Draw how long a unit of training took, and how long each trial trained in all.

    Args:
        reports: As `tuner.Sweep.reports` gives them; of several sweeps by name.
        time: What counts as time.

    Raises:
        NoResultError: No report has a time.
    """
    several = not isinstance(reports, pd.DataFrame)
    sweeps = {"": reports} if isinstance(reports, pd.DataFrame) else reports
    found = {name: _measured(frame, time) for name, frame in sweeps.items()}
    known = {name: each for name, each in found.items() if each is not None}
    if not known:
        raise NoResultError("there is nothing to draw: no report says how long it took")
    figure, places = panels(
        "Durations", [f"per {time}", "per trial"],
        ["vertical lines: the medians" if several else "dashed: the median"],
        across=2, height=270,
    )  # fmt: skip
    for at, what in enumerate(("reports", "trials")):
        _add_histograms(figure, places[at], {name: each[at] for name, each in known.items()}, what)
    figure.update_layout(showlegend=several, bargap=0.04)
    return figure


def _measured(reports: pd.DataFrame, time: str) -> tuple[Floats, Floats] | None:
    """Return the seconds of units of training and of whole trials; None where nothing is known."""
    frame = pd.DataFrame(
        {
            "trial": reports["trial_id"],
            "attempt": reports.get("attempt", 1),
            "time": numbers(reports, time),
            "seconds": numbers(reports, "time_total_s"),
        }
    ).dropna()
    if not len(frame):
        return None
    before = frame.groupby(["trial", "attempt"], sort=False)[["time", "seconds"]].shift()
    firsts = ~frame.duplicated("trial")
    before = before.mask(firsts, 0.0, axis=0)
    steps = frame["time"] - before["time"]
    pace = ((frame["seconds"] - before["seconds"]) / steps)[steps > 0].to_numpy(float)
    pace = pace[np.isfinite(pace) & (pace >= 0)]
    wholes = frame.groupby("trial", sort=False)["seconds"].max().to_numpy(float)
    return (pace if len(pace) else np.zeros(1)), wholes


def _add_histograms(
    figure: go.Figure, panel: Panel, sweeps: Mapping[str, Floats], what: str
) -> None:
    """Add a histogram per sweep, of several in shares, with its median."""
    every = np.concatenate(list(sweeps.values()))
    middle = float(np.median(every))
    worth, unit = next((worth, unit) for least, worth, unit in _CLOCK if middle >= least)
    log, several = spans_decades(every / worth), len(sweeps) > 1
    edges = (
        np.geomspace(every.min() / worth, every.max() / worth, _BARS + 1)
        if log
        else np.histogram_bin_edges(every / worth, min(_BARS, max(len(every), 1)))
    )
    highest = 0
    for (name, seconds), look in zip(sweeps.items(), styles(sweeps).values(), strict=True):
        heights, _ = np.histogram(seconds / worth, edges)
        highest = max(highest, int(heights.max()))
        said = f"{plain(name)}<br>%{{y:.1%}} of" if several else "%{y:,}"
        figure.add_trace(
            go.Scatter(
                x=np.repeat(edges, 2)[1:-1], mode="lines", name=wrapped(name), legendgroup=name,
                y=np.repeat(heights / max(len(seconds), 1) if several else heights, 2),
                fill="none" if several else "tozeroy", showlegend=several and panel.col == 1,
                line={"width": 1.5 if several else 1, "color": look.colour, "dash": look.dash},
                hovertemplate=f"{said} {plain(what)} at %{{x:.3g}} {unit}<extra></extra>",
            ),
            **panel.where,
        )  # fmt: skip
        figure.add_vline(
            float(np.median(seconds)) / worth, **panel.where,
            line={"dash": look.dash if several else "dash", "width": 1.5,
                  "color": look.colour if several else MARKED},
        )  # fmt: skip
    axis = LOG_AXIS if log else {"type": "linear"}
    share = f"share of {what}" if several else what
    figure.update_xaxes(title_text=f"time ({unit})", **axis, **panel.where)
    figure.update_yaxes(title_text=share, rangemode="tozero", **panel.where,
                        **({"tickformat": ".0%"} if several else whole_axis(highest)))  # fmt: skip
