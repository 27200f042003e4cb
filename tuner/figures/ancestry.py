"""Who copied whom in a population, and which schedule of hyperparameters came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from tuner.errors import NoResultError
from tuner.figures.frames import joined
from tuner.figures.labels import new_figure, plain, wrapped
from tuner.figures.ranges import LOG_AXIS, spans_decades
from tuner.figures.themes import MAIN, MARKED, OTHERS, faded

__all__ = ["lineage"]

_MOST_MEMBERS = 60
_MOST_SCHEDULES = 4


@dataclass(frozen=True)
class _Copy:
    """A trial went on with the weights of another one."""

    trial: str
    at: float  # its own time
    source: str
    begins: float  # the time of the weights
    config: Mapping[str, Any]
    seq: int


@dataclass(frozen=True)
class _Stretch:
    """A part of the winner's way: who trained it, between which times, with what."""

    trial: str
    begins: float
    ends: float
    config: Mapping[str, Any]


def lineage(
    decisions: pd.DataFrame, events: pd.DataFrame, *, until: Mapping[str, float], winner: str,
    time: str = "training_iteration",
) -> go.Figure:  # fmt: skip
    """Draw the members of a population over time, who copied whom, and the winner's way.

    Below it are the hyperparameters along that way: the schedule that was found.

    Args:
        decisions: As `tuner.Sweep.decisions` gives them.
        events: As `tuner.Sweep.events` gives them, for the configurations that trials began with.
        until: The time that each trial reached, by trial_id.
        winner: The trial whose way is drawn.
        time: What counts as time, for the label.

    Raises:
        NoResultError: No trial copied another.
    """
    copies = _copies(decisions)
    if not copies:
        raise NoResultError("there is nothing to draw: no trial copied another")
    way = _way(copies, _beginnings(events), winner, until.get(winner, np.nan))
    members = [*dict.fromkeys(stretch.trial for stretch in way)]
    others = [trial for trial in until if trial not in members]
    room = max(_MOST_MEMBERS - len(members), 0)
    drawn = others[:: max(-(-len(others) // room), 1)] if room else []
    heights = {trial: float(at) for at, trial in enumerate([*members, *drawn])}
    note = f"{len(heights)} of {len(until)} members drawn" if len(heights) < len(until) else None
    schedules = _schedules(way)
    rows = 1 + len(schedules)
    tall = max(13 * len(heights), 120)
    figure = make_subplots(
        rows=rows, cols=1, shared_xaxes=True, row_heights=[tall, *[110] * len(schedules)],
        vertical_spacing=min(30 / (tall + 140 * len(schedules)), 0.9 / rows) if rows > 1 else None,
    )  # fmt: skip
    new_figure("Lineage of the best trial", [f"{len(copies):,} copies", note],
               height=tall + 140 * len(schedules) + 190, figure=figure)  # fmt: skip
    _add_members(figure, heights, until, copies)
    _add_way(figure, way, heights)
    for row, (name, values) in enumerate(schedules.items(), 2):
        _add_schedule(figure, row, name, values, way)
    figure.update_yaxes(
        showticklabels=len(heights) <= 20,
        tickmode="array",
        showgrid=False,
        tickvals=list(heights.values()),
        ticktext=list(map(plain, heights)),
        range=[len(heights) - 0.4, -0.6],
        title_text="members",
        row=1,
        col=1,
    )
    figure.update_xaxes(title_text=plain(time), row=rows, col=1)
    return figure


def _copies(decisions: pd.DataFrame) -> list[_Copy]:
    found = []
    for row in decisions.to_dict("records"):
        details = row.get("details")
        if row["decision"] != "EXPLOIT" or not isinstance(details, Mapping):
            continue
        begins = details.get("source_time")
        at = float(row["time"])
        found.append(
            _Copy(
                row["trial_id"], at, details["source"], at if begins is None else float(begins),
                details.get("config") or {}, int(row["seq"]),
            )
        )  # fmt: skip
    return sorted(found, key=lambda copy: copy.seq)


def _beginnings(events: pd.DataFrame) -> dict[str, Mapping[str, Any]]:
    suggested = events[events["event"] == "suggested"]
    pairs = zip(suggested["trial_id"], suggested["details"], strict=True)
    return {t: details.get("config") or {} for t, details in pairs if isinstance(details, Mapping)}


def _way(
    copies: Sequence[_Copy], beginnings: Mapping[str, Mapping[str, Any]], winner: str, until: float
) -> list[_Stretch]:
    """Return the stretches that led to the winner's weights, the first one first."""
    way: list[_Stretch] = []
    trial, ends, before = winner, until, np.inf
    while True:
        earlier = [copy for copy in copies if copy.trial == trial and copy.seq < before]
        if not earlier:
            return [_Stretch(trial, 0.0, ends, beginnings.get(trial, {})), *way]
        last = earlier[-1]
        way.insert(0, _Stretch(trial, last.begins, ends, last.config))
        trial, ends, before = last.source, last.begins, last.seq


def _schedules(way: Sequence[_Stretch]) -> dict[str, list[float]]:
    """Return the numbers that change along the way, by name."""
    names = dict.fromkeys(name for stretch in way for name in stretch.config)
    found = {name: [_number(stretch.config.get(name)) for stretch in way] for name in names}
    changing = {name: values for name, values in found.items() if len(set(values)) > 1
                and not np.isnan(values).all()}  # fmt: skip
    return dict(list(changing.items())[:_MOST_SCHEDULES])


def _number(value: object) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number else np.nan  # type: ignore[arg-type]


def _add_members(
    figure: go.Figure,
    heights: Mapping[str, float],
    until: Mapping[str, float],
    copies: Sequence[_Copy],
) -> None:
    figure.add_trace(
        go.Scatter(
            x=joined(np.array([0.0, until.get(trial, np.nan)]) for trial in heights),
            y=joined(np.full(2, height) for height in heights.values()),
            mode="lines", line={"color": OTHERS, "width": 1.5}, name="members",
            text=[text for trial in heights for text in (plain(trial), plain(trial), "")],
            hovertemplate="%{text}<extra></extra>",
        ),
        row=1, col=1,
    )  # fmt: skip
    seen = [copy for copy in copies if copy.trial in heights and copy.source in heights]
    figure.add_trace(
        go.Scatter(
            x=joined(np.full(2, copy.at) for copy in seen),
            y=joined(np.array([heights[copy.source], heights[copy.trial]]) for copy in seen),
            mode="lines", line={"color": faded(MAIN, 0.45), "width": 1}, name="copies",
            text=[text for copy in seen for text in (_told(copy), _told(copy), "")],
            hovertemplate="%{text}<extra></extra>",
        ),
        row=1, col=1,
    )  # fmt: skip


def _told(copy: _Copy) -> str:
    return f"{plain(copy.trial)} goes on from {plain(copy.source)} at {copy.at:g}"


def _add_way(figure: go.Figure, way: Sequence[_Stretch], heights: Mapping[str, float]) -> None:
    figure.add_trace(
        go.Scatter(
            x=[end for stretch in way for end in (stretch.begins, stretch.ends)],
            y=[heights[stretch.trial] for stretch in way for _ in range(2)],
            mode="lines", line={"color": MARKED, "width": 3}, name="the way of the best trial",
            hoverinfo="skip",
        ),
        row=1, col=1,
    )  # fmt: skip


def _add_schedule(
    figure: go.Figure, row: int, name: str, values: Sequence[float], way: Sequence[_Stretch]
) -> None:
    figure.add_trace(
        go.Scatter(
            x=[*(stretch.begins for stretch in way), way[-1].ends],
            y=[*values, values[-1]],
            mode="lines", line={"color": MARKED, "width": 2, "shape": "hv"}, showlegend=False,
            hovertemplate="from %{x:g}: %{y:.4g}<extra></extra>",
        ),
        row=row, col=1,
    )  # fmt: skip
    log = spans_decades(np.array(values), 1.0)
    axis = LOG_AXIS if log else {"type": "linear", "nticks": 4}
    figure.update_yaxes(title_text=wrapped(name, 14), **axis, row=row, col=1)
