"""The timeline of a sweep: which trial held a worker when, by node, and how many were busy."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from tuner.figures.frames import joined
from tuner.figures.labels import new_figure, plain
from tuner.figures.stretches import busy, lanes, stretches
from tuner.figures.themes import MAIN, MARKED, OTHERS, PALETTE, faded
from tuner.figures.thinning import thinned_course
from tuner.store.holding import STARTED

__all__ = ["timeline"]

_MOST_LANES = 48
_EPOCH = 1970  # times of that year are those of a simulation
_MOST_STRETCHES = 6000
_MOST_STEPS = 4000
_MOST_TEXTS = 1500  # in full
_LANE_PX = 12
_FEW_WORKERS = 4  # each of which has a tick
_CLOCK = ((48 * 3600.0, 86400.0, "days"), (7200.0, 3600.0, "hours"), (120.0, 60.0, "minutes"),
          (0.0, 1.0, "seconds"))  # fmt: skip
_GROUPS = {
    "completed": ("completed", MAIN),
    "stopped": ("stopped early", OTHERS),
    "running": ("running", PALETTE[2]),
}
_ILL = ("diverged, failed or cut off", MARKED)


def timeline(events: pd.DataFrame, decisions: pd.DataFrame, trials: pd.DataFrame) -> go.Figure:
    """Draw how many workers were busy, and below it which trial held one when, by node.

    The utilisation is the share of the time in which the most workers that were ever busy at once
    would have been busy.

    Args:
        events: As `tuner.Sweep.events` gives them.
        decisions: As `tuner.Sweep.decisions` gives them.
        trials: As `tuner.Sweep.trials` gives them.

    Raises:
        NoResultError: No trial was taken up by a worker yet.
    """
    found = lanes(stretches(events, decisions, trials))
    span = float(found["end"].max())
    worth, unit = next((worth, unit) for least, worth, unit in _CLOCK if span >= least)
    shown, drawn, notes = _thinned(found)
    bars = max(_LANE_PX * len(shown), 60)
    figure = make_subplots(
        rows=2, cols=1, shared_xaxes=True, vertical_spacing=28 / (bars + 120),
        row_heights=[110, bars],
    )  # fmt: skip
    new_figure("Timeline", [_utilisation(found), *notes], height=bars + 270, figure=figure)
    _add_busy(figure, found, worth)
    heights = {pair: float(place) for place, pair in enumerate(shown)}
    for outcome in dict.fromkeys(drawn["outcome"]):
        _add_bars(figure, drawn[drawn["outcome"] == outcome], heights, worth, bars)
    most = int(busy(found)[1].max(initial=1))
    ticks = {"dtick": 1} if most <= _FEW_WORKERS else {}  # none between whole numbers
    figure.update_yaxes(title_text="busy workers", rangemode="tozero", **ticks, row=1, col=1)
    figure.update_yaxes(**_nodes_axis(shown), row=2, col=1)
    figure.update_xaxes(
        title_text=f"{unit} since the first trial began{_clock(events)}", row=2, col=1
    )
    return figure


def _thinned(found: pd.DataFrame) -> tuple[list[tuple[str, int]], pd.DataFrame, list[str]]:
    """Return the lanes that are drawn, the stretches in them, and notes where these are not all."""
    pairs = list(zip(found["node"], found["lane"], strict=True))
    lanes_found = sorted(set(pairs))
    shown = lanes_found[:: -(-len(lanes_found) // _MOST_LANES)]
    notes = []
    if len(shown) < len(lanes_found):
        notes.append(f"{len(shown)} of {len(lanes_found)} workers drawn")
    kept = set(shown)
    drawn = found[[pair in kept for pair in pairs]]
    if len(drawn) > _MOST_STRETCHES:
        notes.append(f"the {_MOST_STRETCHES:,} longest of {len(drawn):,} stretches drawn")
        longest = (drawn["end"] - drawn["begin"]).nlargest(_MOST_STRETCHES).index
        drawn = drawn.loc[longest.sort_values()]
    return shown, drawn, notes


def _utilisation(found: pd.DataFrame) -> str:
    _, counts = busy(found)
    most, span = int(counts.max(initial=1)), float(found["end"].max())
    held = float((found["end"] - found["begin"]).sum())
    share = held / (most * span) if span > 0 else 1.0
    return f"{share:.0%} of {most} workers busy on average"


def _add_busy(figure: go.Figure, found: pd.DataFrame, worth: float) -> None:
    times, counts = busy(found)
    at = thinned_course(counts, _MOST_STEPS)
    figure.add_trace(
        go.Scatter(
            x=times[at] / worth, y=counts[at], mode="lines", fill="tozeroy", showlegend=False,
            line={"shape": "hv", "width": 1, "color": MAIN}, fillcolor=faded(MAIN, 0.3),
            hovertemplate="%{y} busy<extra></extra>",
        ),
        row=1, col=1,
    )  # fmt: skip


def _add_bars(
    figure: go.Figure,
    drawn: pd.DataFrame,
    heights: dict[tuple[str, int], float],
    worth: float,
    room: int,
) -> None:
    """Add the stretches of trials with one outcome, as thick lines of one trace."""
    name, colour = _GROUPS.get(str(drawn["outcome"].iat[0]), _ILL)
    ends = drawn[["begin", "end"]].to_numpy(float) / worth
    rows = [heights[pair] for pair in zip(drawn["node"], drawn["lane"], strict=True)]
    width = max(2.0, 0.7 * room / max(len(heights), 1))
    seen = {trace.name for trace in figure.data}
    figure.add_trace(
        go.Scatter(
            x=joined(ends),
            y=joined(np.full(2, row) for row in rows),
            mode="lines",
            line={"color": colour, "width": min(width, 16)},
            name=name,
            legendgroup=name,
            showlegend=name not in seen,
            text=[text for each in _stretch_texts(drawn) for text in (each, each, "")],
            hovertemplate="%{text}<br>%{x:.4g}<extra></extra>",
        ),
        row=2,
        col=1,
    )


def _stretch_texts(drawn: pd.DataFrame) -> list[str]:
    """Return what a pointer is told of each stretch: whose it is, how it ended, how long it was.

    Where there are many, whose it is must do.
    """
    if len(drawn) > _MOST_TEXTS:
        return [plain(trial) for trial in drawn["trial_id"]]
    return [
        f"<b>{plain(row['trial_id'])}</b> {plain(row['outcome'])}, "
        f"{row['end'] - row['begin']:.3g} s"
        for row in drawn.to_dict("records")
    ]


def _clock(events: pd.DataFrame) -> str:
    """Return when the first trial began, in words."""
    begun = events.loc[(events["event"] == STARTED).to_numpy(bool), "timestamp"].min()
    when = pd.Timestamp(float(begun), unit="s", tz="UTC")
    return f"<br>{when:%Y-%m-%d %H:%M:%S} UTC" if when.year > _EPOCH else ""


def _nodes_axis(shown: list[tuple[str, int]]) -> dict[str, object]:
    """Return an axis with the name of each node in the middle of its lanes."""
    names = [node for node, _ in shown]
    middles = {
        name: float(np.mean([at for at, each in enumerate(names) if each == name]))
        for name in dict.fromkeys(names)
    }
    return {
        "tickmode": "array",
        "tickvals": list(middles.values()),
        "ticktext": [plain(name) for name in middles],
        "range": [len(shown) - 0.4, -0.6],
        "showgrid": False,
    }
