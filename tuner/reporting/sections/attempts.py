"""Figures as parts of a section: those that can be drawn, and in short why the others cannot."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

import plotly.graph_objects as go

from tuner.errors import NoResultError, TunerError
from tuner.reporting.parts import Lines, Part, Plot

__all__ = ["Draw", "attempt", "together"]

Draw: TypeAlias = Callable[[], go.Figure]


def attempt(title: str, told: str, draw: Draw) -> Plot:
    """Return a figure, or why there is none: one that cannot be drawn costs no other."""
    try:
        return Plot(title, draw(), told)
    except NoResultError as error:
        return Plot(title, None, str(error))
    except TunerError as error:
        return Plot(title, None, f"not drawn: {error}")


def together(plots: Iterable[Plot]) -> list[Part]:
    """Return figures in their order, and after them a line for each reason why there is none."""
    drawn: list[Part] = []
    absent: dict[str, list[str]] = {}
    for plot in plots:
        if plot.figure is None:
            absent.setdefault(plot.told, []).append(plot.title)
        else:
            drawn.append(plot)
    reasons = [f"{', '.join(titles)}: {reason}" for reason, titles in absent.items()]
    return [*drawn, Lines(reasons, "faint")] if reasons else drawn
