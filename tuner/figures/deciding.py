"""What the scheduler decided, where, and how often."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from tuner.errors import NoResultError
from tuner.figures.frames import Floats, Mask, Places
from tuner.figures.labels import new_figure, plain
from tuner.figures.themes import MAIN, MARKED, OTHERS, PALETTE

__all__ = ["decisions"]

_LOOKS = {"STOP": MARKED, "PAUSE": PALETTE[4], "RESUME": MAIN, "EXPLOIT": PALETTE[2],
          "RETRY": PALETTE[3]}  # fmt: skip
_MOST_BARS = 30


def decisions(found: pd.DataFrame, *, time: str = "training_iteration") -> go.Figure:
    """Draw how often the scheduler stopped, paused, resumed or changed trials, by rung.

    Args:
        found: As `tuner.Sweep.decisions` gives them.
        time: What counts as time, for the label.

    Raises:
        NoResultError: The scheduler let every trial go on.
    """
    if not len(found):
        raise NoResultError("there is nothing to draw: the scheduler let every trial go on")
    places = np.array([_place(row) for row in found.to_dict("records")], dtype=float)
    known = np.isfinite(places)
    if not known.any():
        raise NoResultError("there is nothing to draw: no decision was made at a known time")
    values = np.unique(places[known])
    edges, labels = _bins(values)
    figure = new_figure("Decisions of the scheduler", [_lost(known)])
    for kind in sorted(
        set(found["decision"]), key=[*_LOOKS, *sorted(set(found["decision"]))].index
    ):
        here = known & (found["decision"] == kind).to_numpy()
        counts = np.bincount(
            np.searchsorted(edges, places[here], side="right") - 1, minlength=len(labels)
        )
        reasons = _examples(found[here], np.searchsorted(edges, places[here], side="right") - 1)
        figure.add_trace(
            go.Bar(
                x=labels,
                y=counts,
                name=f"{plain(kind)} ({int(here.sum()):,})",
                marker={"color": _LOOKS.get(kind, OTHERS)},
                text=[reasons.get(at, "") for at in range(len(labels))],
                textposition="none",
                hovertemplate="%{y:,} at %{x}<br>such as: %{text}<extra>"
                + plain(kind)
                + "</extra>",
            )
        )
    figure.update_layout(barmode="stack", bargap=0.25)
    figure.update_xaxes(title_text=f"rung or time of the decision ({plain(time)})", type="category")
    figure.update_yaxes(title_text="decisions", rangemode="tozero")
    return figure


def _place(row: Mapping[Any, Any]) -> float:
    """Return the rung of a decision; where it has none, its time."""
    details = row.get("details")
    rung = details.get("rung") if isinstance(details, Mapping) else None
    found = row.get("time") if rung is None else rung
    return float(found) if isinstance(found, int | float) else np.nan


def _bins(values: Floats) -> tuple[
    Floats, list[str]
]:  # fmt: skip
    """Return where bars begin and what they are called: each value, or ranges of many."""
    if len(values) <= _MOST_BARS:
        return values, [f"{value:g}" for value in values]
    edges = np.linspace(values[0], values[-1], _MOST_BARS + 1)[:-1]
    step = edges[1] - edges[0]
    return edges, [f"{edge:.4g} to {edge + step:.4g}" for edge in edges]


def _examples(found: pd.DataFrame, bins: Places) -> dict[int, str]:
    reasons: dict[int, str] = {}
    for at, reason in zip(bins, found["reason"], strict=True):
        reasons.setdefault(int(at), plain(reason or ""))
    return reasons


def _lost(known: Mask) -> str | None:
    lost = int((~known).sum())
    return f"{lost:,} decisions without a time left out" if lost else None
