"""The best value so far, trial by trial."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go

from tuner.figures.frames import Floats

__all__ = ["best_line", "incumbents"]


def incumbents(values: Floats, costs: Floats) -> Floats:
    """Return the best value so far at each trial, (n,); NaN before the first.

    Args:
        values: Of the trials, as they began, (n,); NaN where there is none.
        costs: The same so that lower is better; infinite where there is none.
    """
    lowest = np.minimum.accumulate(costs)
    at = np.maximum.accumulate(np.where(costs <= lowest, np.arange(len(costs)), 0))
    return np.where(np.isfinite(lowest), values[at], np.nan)


def best_line(
    values: Floats, costs: Floats, colour: str, *, dash: str | None = None, said: str = "",
    **settings: Any,
) -> go.Scatter:  # fmt: skip
    """Return the best value so far as a line: a point for each improvement, and the end.

    Args:
        values: As `incumbents` takes them, at least one of them finite.
        costs: Likewise.
        colour: Of the line.
        dash: Of the line.
        said: What a pointer is told first, escaped.
        **settings: Of the trace, such as its name.
    """
    improved = costs < np.concatenate([[np.inf], np.minimum.accumulate(costs)[:-1]])
    at = np.flatnonzero(improved)
    return go.Scatter(
        x=np.append(at, len(values) - 1) + 1, y=np.append(values[at], values[at[-1]]),
        mode="lines", line={"shape": "hv", "width": 2.5, "color": colour, "dash": dash},
        hovertemplate=f"{said}best after trial %{{x}}: %{{y:.5g}}<extra></extra>", **settings,
    )  # fmt: skip
