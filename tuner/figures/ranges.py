"""Axes on which outliers do not hide the rest."""

from __future__ import annotations

from typing import Any

import numpy as np

from tuner.figures.frames import Floats
from tuner.objectives import Objective
from tuner.plurals import counted

__all__ = ["LOG_AXIS", "log_axis", "padded", "spans_decades", "value_axis", "whole_axis"]

LOG_AXIS: dict[str, Any] = {"type": "log", "nticks": 3, "tickformat": "~g"}
"""Plotly's settings of a log axis on which every tick bears its number in full.

Left alone, plotly writes the digit 2 for 20 and for 200. With so few ticks it takes 1, 2 and 5
within two decades and powers of ten beyond, and never all nine digits.
"""

_DECADES = 2.0
"""Positive numbers that span so many are drawn on a log axis."""

_MOST_TICKS = 8
_SHOWN = 0.9  # of the values, at least
_FAR = 4.0  # times the range of those that are shown
_FEW = 8  # whole numbers, each of which has a tick
_SMALL = 1e-3  # below it numbers in full have too many digits for ticks side by side
_ALIKE = 0.1  # of equal values, above and below them: what their axis shows


def spans_decades(values: Floats, decades: float = _DECADES) -> bool:
    """Say whether all finite values are positive, and span so many powers of ten."""
    known = values[np.isfinite(values)]
    return bool(len(known) and known.min() > 0 and np.ptp(np.log10(known)) >= decades)


def log_axis(values: Floats) -> dict[str, Any]:
    """Return plotly's settings of a log axis for values above 0, small ones as powers of ten."""
    known = values[np.isfinite(values)]
    if not (len(known) and known.min() < _SMALL):
        return LOG_AXIS
    low, high = np.log10(known.min()), np.log10(known.max())
    settings = LOG_AXIS | {"tickformat": "~e"}
    if 1 <= high - low < _DECADES + 0.2:  # plotly's 1, 2 and 5 of so many decades would touch
        decades = 10.0 ** np.arange(np.floor(low), np.ceil(high) + 1)
        return settings | {"tickmode": "array", "tickvals": np.outer(decades, [1, 3]).ravel()}
    return settings if high - low < 1 or low < np.log10(_SMALL) - 2 else LOG_AXIS


def whole_axis(span: float) -> dict[str, Any]:
    """Return plotly's settings of an axis for whole numbers: no ticks between a few of them."""
    return {"dtick": 1} if span <= _FEW else {}


def padded(values: Floats, *, log: bool = False) -> list[float]:
    """Return the ends of an axis on which the ends of a line lie well inside.

    Args:
        values: All that is drawn, at least one of them finite.
        log: Whether it is a log axis, whose ends plotly takes as powers of ten.
    """
    known = values[np.isfinite(values)]
    scale = np.log10(known) if log else known
    room = 0.02 * float(np.ptp(scale)) or _ALIKE * abs(float(scale[0])) or 1.0
    return [float(scale.min()) - room, float(scale.max()) + room]


def value_axis(
    values: Floats, objective: Objective | None = None, *, what: str = "values"
) -> tuple[dict[str, Any], str | None]:
    """Return plotly's settings of an axis for values, and a note where it leaves some out.

    It is a log one where low values are the better ones and span decades. Values that lie far on
    the worse side of nine tenths of the others are left out of sight; whoever zooms out sees them.

    Args:
        values: All that is drawn, (n,).
        objective: Which side is the worse one; None for the upper one.
        what: The values are, in the plural.
    """
    known = values[np.isfinite(values)]
    # It spreads what is near 0: the better end, or else the worse one at the cost of the better.
    log = spans_decades(known) and (objective is None or objective.mode == "min")
    settings: dict[str, Any] = {"type": "linear"}
    if not len(known):
        return settings, None
    if known.min() == known.max():  # plotly would show from 1 below to 1 above
        return settings | {"range": padded(known)}, None
    scale = np.log10(known) if log else known
    if log:
        settings = {"type": "log", "dtick": int(-(-np.ptp(scale) // _MOST_TICKS))}
    sign = 1.0 if objective is None or objective.mode == "min" else -1.0
    costs = np.sort(sign * scale)
    edge = costs[int(np.ceil(_SHOWN * len(costs))) - 1]
    room = edge - costs[0]
    if not (room > 0 and costs[-1] > edge + _FAR * room):
        return settings, None
    ends = sorted([sign * (costs[0] - 0.06 * room), sign * (edge + 0.5 * room)])
    hidden = int((costs > edge + 0.5 * room).sum())
    settings["range"] = ends
    if log:
        settings["dtick"] = int(max(-(-(ends[1] - ends[0]) // _MOST_TICKS), 1))
    side = "above" if sign > 0 else "below"
    limit = ends[1] if sign > 0 else ends[0]
    shown = 10.0**limit if log else limit
    return settings, f"{counted(hidden, what.rstrip('s'))} {side} {shown:.3g} out of sight"
