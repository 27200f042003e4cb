"""The area between two lines: an interval, a spread, quartiles."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go

from tuner.figures.frames import Floats
from tuner.figures.themes import faded

__all__ = ["area", "stepped"]


def area(
    x: Floats, low: Floats, high: Floats, colour: str, opacity: float, **settings: Any
) -> go.Scatter:
    """Return the area between two lines, which no pointer is told of.

    Args:
        x: Of both lines, (n,).
        low: The lower line.
        high: The upper line.
        colour: Six hexadecimal digits.
        opacity: Of the area.
        **settings: Of the trace, such as its name.
    """
    return go.Scatter(
        x=np.concatenate([x, x[::-1]]), y=np.concatenate([low, high[::-1]]), mode="lines",
        fill="toself", fillcolor=faded(colour, opacity), line={"width": 0}, hoverinfo="skip",
        **settings,
    )  # fmt: skip


def stepped(x: Floats, low: Floats, high: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the corners of two step functions that change at x."""
    return np.repeat(x, 2)[1:], np.repeat(low, 2)[:-1], np.repeat(high, 2)[:-1]
