"""The best value so far against spend, a panel per task."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from tuner.budgets import Unit
from tuner.errors import NoResultError
from tuner.figures.frames import names_in
from tuner.figures.panels import label_edges, panels, spend_axis
from tuner.figures.style import PAGE_IN, ArmStyle, arm_styles, styled, wrapped

__all__ = ["draw_best_so_far"]

_CHARACTERS_PER_IN = 18
_LINE_IN = 0.12


@styled
def draw_best_so_far(
    curves: pd.DataFrame,
    *,
    unit: Unit,
    metric: str | Mapping[str, str],
    scale: Literal["linear", "log"] = "linear",
    value_scale: Literal["linear", "log"] = "linear",
    width: float = PAGE_IN,
) -> Figure:
    """Draw the best value so far of each arm, with its interval over seeds as a band.

    Args:
        curves: As `tuner.analysis.best_so_far` returns them.
        unit: Of ``spend``.
        metric: What the values are, as the label of the y axes; by task where tasks differ in it.
        scale: Of spend.
        value_scale: Of the values; a panel with values that are not above 0 stays linear.
        width: In inches.

    Raises:
        NoResultError: There is nothing to draw.
    """
    tasks, styles = names_in(curves, "task"), arm_styles(names_in(curves, "arm"))
    if curves["value"].isna().all():
        raise NoResultError("there is nothing to draw: no arm has a value in every run")
    label, worth = spend_axis(unit, curves["spend"].max())
    columns, legend_height = _legend_size(styles, width)
    figure, axes = panels(len(tasks), width, 1.8, below=legend_height)
    for axis, task in zip(axes, tasks, strict=True):
        here = curves[curves["task"] == task]
        for arm, style in styles.items():
            _draw_curve(axis, here[here["arm"] == arm], worth, style)
        axis.set_title(wrapped(task, 34))
        if not isinstance(metric, str):
            axis.set_ylabel(wrapped(metric[task], 30))
        axis.set_xscale(scale)
        if value_scale == "log" and not (here[["value", "low"]] <= 0).any(axis=None):
            axis.set_yscale("log")
        axis.grid(visible=True)
        axis.margins(x=0.01)
    label_edges(axes, label, wrapped(metric, 30) if isinstance(metric, str) else "")
    lines = [
        Line2D([], [], color=style.colour, linestyle=style.dashes) for style in styles.values()
    ]
    names = [wrapped(arm) for arm in styles]
    figure.legend(lines, names, loc="outside lower center", ncols=columns)
    return figure


def _draw_curve(axis: Axes, curve: pd.DataFrame, worth: float, style: ArmStyle) -> None:
    spend = curve["spend"].to_numpy(float) / worth
    value, low, high = (curve[name].to_numpy(float) for name in ("value", "low", "high"))
    axis.plot(spend, value, color=style.colour, linestyle=style.dashes, drawstyle="steps-post")
    if np.isfinite(low).any():
        axis.fill_between(
            spend, low, high, step="post", color=style.colour, alpha=0.13, linewidth=0
        )


def _legend_size(styles: Iterable[str], width: float) -> tuple[int, float]:
    """Return how many columns a legend of these names has, and its height in inches."""
    names = [wrapped(arm).split("\n") for arm in styles]
    widest = max(len(line) for lines in names for line in lines)
    columns = int(width * _CHARACTERS_PER_IN / (widest + 8))  # 8 for the line and the gaps
    columns = max(1, min(len(names), columns))
    rows = -(-len(names) // columns)
    return columns, 0.2 + rows * _LINE_IN * max(len(lines) for lines in names)
