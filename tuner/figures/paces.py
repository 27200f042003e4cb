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
from tuner.figures.themes import MAIN, MARKED, OTHERS, styles

__all__ = ["durations"]

_BARS = 40
_STEPS = 200  # of a line
_CLOCK = ((2 * 3600.0, 3600.0, "h"), (2 * 60.0, 60.0, "min"), (0.1, 1.0, "s"), (0.0, 1e-3, "ms"))


def durations(
    reports: pd.DataFrame | Mapping[str, pd.DataFrame], *, time: str = "training_iteration"
) -> go.Figure:
    """Draw how long a unit of training took, and how long each trial trained in all.

    Of several sweeps, the share of units and of trials that took at most so long.

    Args:
        reports: As `tuner.Sweep.reports` gives them; of several sweeps by name.
        time: What counts as time.

    Raises:
        NoResultError: No report has a time.
    """
    sweeps = {"": reports} if isinstance(reports, pd.DataFrame) else reports
    found = {name: _measured(frame, time) for name, frame in sweeps.items()}
    known = {name: each for name, each in found.items() if each is not None}
    if not known:
        raise NoResultError("there is nothing to draw: no report says how long it took")
    figure, places = panels(
        "Durations", [f"per {time}", "per trial"],
        ["where a line meets the dotted one: the median" if len(known) > 1
         else "dashed: the median"],
        across=2, height=270,
    )  # fmt: skip
    for at, what in enumerate(("reports", "trials")):
        _add_times(figure, places[at], {name: each[at] for name, each in known.items()}, what)
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


def _add_times(figure: go.Figure, panel: Panel, sweeps: Mapping[str, Floats], what: str) -> None:
    """Add a histogram of one sweep with its median; of several, which share took how long."""
    every = np.concatenate(list(sweeps.values()))
    middle = float(np.median(every))
    worth, unit = next((worth, unit) for least, worth, unit in _CLOCK if middle >= least)
    every = every / worth
    log = spans_decades(every)
    if len(sweeps) > 1:
        edges = _edges(np.append(every, 1.02 * every.max()), _STEPS, log=log)
        _add_shares(figure, panel, {name: each / worth for name, each in sweeps.items()}, edges,
                    f"{plain(what)} within %{{x:.3g}} {unit}")  # fmt: skip
        axis = {"title_text": "share that took no longer", "range": [0, 1.02], "tickformat": ".0%"}
    else:
        edges = _edges(every, min(_BARS, len(every)), log=log)
        highest = _add_bars(figure, panel, every, edges, f"{plain(what)} at %{{x:.3g}} {unit}")
        axis = {"title_text": what, "rangemode": "tozero", **whole_axis(highest)}
    scale = LOG_AXIS if log else {"type": "linear"}
    figure.update_xaxes(title_text=f"time ({unit})", **scale, **panel.where)
    figure.update_yaxes(**axis, **panel.where)


def _edges(times: Floats, count: int, *, log: bool) -> Floats:
    if log:
        return np.geomspace(times.min(), times.max(), count + 1)
    return np.histogram_bin_edges(times, count)


def _add_bars(figure: go.Figure, panel: Panel, times: Floats, edges: Floats, said: str) -> int:
    """Add a histogram with its median, and return how high it is."""
    heights, _ = np.histogram(times, edges)
    figure.add_trace(
        go.Scatter(
            x=np.repeat(edges, 2)[1:-1], y=np.repeat(heights, 2), mode="lines", fill="tozeroy",
            line={"width": 1, "color": MAIN}, showlegend=False,
            hovertemplate=f"%{{y:,}} {said}<extra></extra>",
        ),
        **panel.where,
    )  # fmt: skip
    median = {"dash": "dash", "width": 1.5, "color": MARKED}
    figure.add_vline(float(np.median(times)), line=median, **panel.where)
    return int(heights.max())


def _add_shares(
    figure: go.Figure, panel: Panel, sweeps: Mapping[str, Floats], edges: Floats, said: str
) -> None:
    """Add a rising line per sweep: bars of several sweeps would hide each other."""
    for (name, times), look in zip(sweeps.items(), styles(sweeps).values(), strict=True):
        within = np.searchsorted(np.sort(times), edges, side="right")
        figure.add_trace(
            go.Scatter(
                x=edges, y=within / len(times), mode="lines", name=wrapped(name), legendgroup=name,
                showlegend=panel.col == 1,
                line={"width": 2, "color": look.colour, "dash": look.dash, "shape": "hv"},
                hovertemplate=f"{plain(name)}<br>%{{y:.1%}} of {said}<extra></extra>",
            ),
            **panel.where,
        )  # fmt: skip
    figure.add_hline(0.5, line={"dash": "dot", "width": 1, "color": OTHERS}, **panel.where)
