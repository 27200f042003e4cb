"""Estimates with their intervals, a row per arm: regret, time to a target, speed-up."""

from __future__ import annotations

import math
from typing import Any

import matplotlib
import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from tuner.analysis import ALL_TASKS
from tuner.budgets import Budget
from tuner.figures.frames import names_in, rows_of_task
from tuner.figures.panels import label_edges, new_figure, panels, spend_axis
from tuner.figures.rows import name_rows, note_beside
from tuner.figures.style import COLUMN_IN, PAGE_IN, arm_styles, styled, wrapped

__all__ = ["draw_regret", "draw_speedups", "draw_waiting_times"]

_ROW_IN = 0.34
_FRAME_IN = 0.75  # title, axis and labels of a panel
_WIDE_RANGE = 30.0  # from here on a log axis
_BOUNDS = {
    "exact": ("o", ""),
    "at least": (">", "≥ "),
    "at most": ("<", "≤ "),
    "restricted": ("D", "~ "),
}


@styled
def draw_regret(regret: pd.DataFrame, *, task: str = ALL_TASKS, width: float = COLUMN_IN) -> Figure:
    """Draw the mean normalised regret of each arm at each fraction of the budget.

    Args:
        regret: As `tuner.analysis.mean_regret` returns it.
        task: Whose rows.
        width: In inches.

    Raises:
        NoResultError: There is nothing to draw.
        SpecError: There is no such task.
    """
    rows = rows_of_task(regret, task)
    arms, fractions = names_in(rows, "arm"), sorted(rows["fraction"].unique(), reverse=True)
    figure = new_figure(width, _FRAME_IN + 0.25 + len(arms) * (_ROW_IN + 0.1))
    axis = figure.subplots()
    shades = matplotlib.colormaps["cividis"](np.linspace(0.0, 0.85, len(fractions)))
    for number, (fraction, shade) in enumerate(zip(fractions, shades, strict=True)):
        here = rows[rows["fraction"] == fraction].set_index("arm").loc[arms]
        shift = 0.6 * ((number + 0.5) / len(fractions) - 0.5)
        _draw_estimates(axis, np.arange(len(arms)) - shift, here, "regret", colour=shade,
                        label=f"{fraction:.0%}")  # fmt: skip
    name_rows(axis, arms)
    axis.grid(visible=True, axis="x")
    values = rows["regret"].to_numpy(float)
    if (values > 0).all() and values.max() / values.min() > _WIDE_RANGE:
        axis.set_xscale("log")
    else:
        axis.set_xlim(left=0)
    axis.set_xlabel(f"normalised regret, {wrapped(task)}")
    handles, names = axis.get_legend_handles_labels()
    figure.legend(handles[::-1], names[::-1], loc="outside lower center", ncols=len(names),
                  title="of the budget", title_fontsize=6.5, handlelength=1.2)  # fmt: skip
    return figure


@styled
def draw_waiting_times(times: pd.DataFrame, *, budget: Budget, width: float = PAGE_IN) -> Figure:
    """Draw the restricted mean time to the target of each arm, a panel per task.

    Open markers are lower bounds: runs that never got there count with the horizon. The share that
    got there is beside them.

    Args:
        times: As `tuner.analysis.waiting_times` returns them, in the budget's unit.
        budget: What each run might spend.
        width: In inches.

    Raises:
        NoResultError: There is nothing to draw.
    """
    tasks, arms = names_in(times, "task"), names_in(times, "arm")
    label, worth = spend_axis(budget.unit, budget.amount)
    figure, axes = panels(len(tasks), width, _FRAME_IN + _ROW_IN * len(arms), share_y=True)
    styles = arm_styles(arms)
    for axis, task in zip(axes, tasks, strict=True):
        here = times[times["task"] == task].set_index("arm").loc[arms]
        here = here.assign(**{name: here[name] / worth for name in ("mean", "low", "high")})
        for row, arm in enumerate(arms):
            whole = here["reached"].iloc[row] == 1
            _draw_estimates(
                axis, np.array([row]), here.iloc[[row]], "mean", colour=styles[arm].colour,
                marker="o" if whole else ">", filled=bool(whole),
            )  # fmt: skip
            note_beside(axis, row, f"{here['reached'].iloc[row]:.0%}")
        axis.set_xlim(0, 1.03 * budget.amount / worth)
        axis.xaxis.set_major_locator(MaxNLocator(4))
        axis.axvline(budget.amount / worth, color="0.6", linewidth=0.6, linestyle=":")
        axis.set_title(wrapped(task, 34))
        name_rows(axis, arms)
        axis.grid(visible=True, axis="x")
    label_edges(axes, f"{label} to the target, share of runs")
    return figure


@styled
def draw_speedups(
    speedups: pd.DataFrame, *, task: str = ALL_TASKS, width: float = COLUMN_IN
) -> Figure:
    """Draw how many times sooner than the baseline each arm reaches the target.

    A triangle points where the true value lies if runs did not all get there, and an open diamond
    is of times restricted for both arms.

    Args:
        speedups: As `tuner.analysis.speedups` returns them.
        task: Whose rows.
        width: In inches.

    Raises:
        NoResultError: There is nothing to draw.
        SpecError: There is no such task.
    """
    rows = rows_of_task(speedups, task)
    arms = names_in(rows, "arm")
    figure = new_figure(width, _FRAME_IN + _ROW_IN * len(arms))
    axis, styles = figure.subplots(), arm_styles(names_in(rows, "baseline") + arms)
    for row, arm in enumerate(arms):
        here = rows[rows["arm"] == arm]
        bound = here["bound"].iloc[0]
        marker, sign = _BOUNDS[bound]
        _draw_estimates(
            axis, np.array([row]), here, "speedup", colour=styles[arm].colour,
            marker=marker, filled=bound == "exact",
        )  # fmt: skip
        note_beside(axis, row, f"{sign}{here['speedup'].iloc[0]:.2g}x")
    axis.axvline(1, color="0.6", linewidth=0.6, linestyle=":")
    name_rows(axis, arms)
    axis.grid(visible=True, axis="x")
    _log_ratio_axis(axis, rows)
    axis.set_xlabel(f"speed-up over {wrapped(rows['baseline'].iloc[0])}, {wrapped(task)}")
    return figure


def _draw_estimates(
    axis: Axes,
    positions: npt.NDArray[Any],
    rows: pd.DataFrame,
    name: str,
    *,
    colour: Any,
    marker: str = "o",
    filled: bool = True,
    label: str | None = None,
) -> None:
    value, low, high = (rows[column].to_numpy(float) for column in (name, "low", "high"))
    spread = np.nan_to_num(np.array([value - low, high - value])).clip(min=0)
    axis.errorbar(
        value, positions, xerr=spread, fmt=marker, color=colour, label=label,
        markerfacecolor=colour if filled else "white", elinewidth=1.0, capsize=0,
    )  # fmt: skip


def _log_ratio_axis(axis: Axes, rows: pd.DataFrame) -> None:
    """Make the x axis a log one with 1 on it, and round ticks however few decades it spans."""
    axis.set_xscale("log", base=2)
    ends = rows[["speedup", "low", "high"]].to_numpy(float)
    ends = ends[np.isfinite(ends) & (ends > 0)]
    lower = math.floor(math.log2(min(ends.min(initial=1), 1)) - 0.1)
    upper = math.ceil(math.log2(max(ends.max(initial=1), 1)) + 0.1)
    step = max(1, (upper - lower) // 6)
    ticks = [power for power in range(lower, upper + 1) if power % step == 0]
    axis.set_xlim(2.0**lower, 2.0**upper)
    axis.set_xticks([2.0**power for power in ticks], [f"{2.0**power:g}" for power in ticks])
    axis.minorticks_off()
