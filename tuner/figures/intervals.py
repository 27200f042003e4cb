"""Estimates with their intervals, a row per arm: regret, time to a target, speed-up."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import plotly.graph_objects as go

from tuner.analysis import ALL_TASKS
from tuner.budgets import Budget
from tuner.figures.frames import names_in, rows_of_task
from tuner.figures.grids import Panel, panels
from tuner.figures.labels import label_x, make_room, new_figure, wrapped
from tuner.figures.ranges import LOG_AXIS, spans_decades
from tuner.figures.spending import spend_axis
from tuner.figures.themes import OTHERS, PALETTE, styles

__all__ = ["regret", "speedups", "waiting_times"]

_ROW_PX = 40
_FRAME_PX = 170
_BOUNDS = {
    "exact": ("circle", ""),
    "at least": ("triangle-right-open", "≥ "),
    "at most": ("triangle-left-open", "≤ "),
    "restricted": ("diamond-open", "~ "),
}


def regret(found: pd.DataFrame, *, task: str = ALL_TASKS) -> go.Figure:
    """Draw the mean normalised regret of each arm at each fraction of the budget.

    Args:
        found: As `tuner.analysis.mean_regret` returns it.
        task: Whose rows.

    Raises:
        NoResultError: There is nothing to draw.
        SpecError: There is no such task.
    """
    rows = rows_of_task(found, task)
    arms, fractions = names_in(rows, "arm"), sorted(rows["fraction"].unique())
    figure = new_figure("Regret", height=_FRAME_PX + 20 + (_ROW_PX + 8) * len(arms))
    for number, fraction in enumerate(fractions):
        here = rows[rows["fraction"] == fraction].set_index("arm").loc[arms]
        shift = 0.6 * ((number + 0.5) / len(fractions) - 0.5)
        _add_estimates(
            figure, np.arange(len(arms)) + shift, here, "regret",
            name=f"at {fraction:.0%} of the budget", colour=PALETTE[number % len(PALETTE)],
        )  # fmt: skip
    log = spans_decades(rows["regret"].to_numpy(float), math.log10(30))
    axis = LOG_AXIS if log else {"type": "linear", "rangemode": "tozero"}
    figure.update_xaxes(**axis)
    label_x(figure, f"normalised regret, {task} (lower is better)")
    make_room(figure, legend=len(fractions))
    _name_rows(figure, arms)
    return figure


def waiting_times(times: pd.DataFrame, *, budget: Budget) -> go.Figure:
    """Draw the restricted mean time to the target of each arm, a panel per task.

    Open markers are lower bounds: runs that never got there count with the horizon. The share that
    got there is beside them.

    Args:
        times: As `tuner.analysis.waiting_times` returns them, in the budget's unit.
        budget: What each run might spend.

    Raises:
        NoResultError: There is nothing to draw.
    """
    tasks, arms = names_in(times, "task"), names_in(times, "arm")
    label, worth = spend_axis(budget.unit, budget.amount)
    figure, places = panels(
        "Time to the target",
        tasks,
        ["open: a lower bound; beside it the share of runs that got there"],
        height=60 + _ROW_PX * len(arms),
        share_y=True,
    )
    looks = styles(arms)
    for panel, task in zip(places, tasks, strict=True):
        here = times[times["task"] == task].set_index("arm").loc[arms]
        here = here.assign(**{name: here[name] / worth for name in ("mean", "low", "high")})
        whole = (here["reached"] == 1).to_numpy()
        _add_estimates(
            figure, np.arange(len(arms)), here, "mean", panel=panel,
            colour=[looks[arm].colour for arm in arms],
            symbol=["circle" if each else "triangle-right-open" for each in whole],
            beside=[f"{share:.0%}" for share in here["reached"]],
        )  # fmt: skip
        figure.add_vline(budget.amount / worth, line={"dash": "dot", "width": 1, "color": OTHERS},
                         **panel.where)  # fmt: skip
        figure.update_xaxes(title_text=label, range=[0, 1.15 * budget.amount / worth], nticks=5,
                            **panel.where)  # fmt: skip
        _name_rows(figure, arms, panel)
    figure.update_layout(showlegend=False)
    return figure


def speedups(found: pd.DataFrame, *, task: str = ALL_TASKS) -> go.Figure:
    """Draw how many times sooner than the baseline each arm reaches the target.

    A triangle points where the true value lies if runs did not all get there, and an open diamond
    is of times restricted for both arms.

    Args:
        found: As `tuner.analysis.speedups` returns them.
        task: Whose rows.

    Raises:
        NoResultError: There is nothing to draw.
        SpecError: There is no such task.
    """
    rows = rows_of_task(found, task)
    arms = names_in(rows, "arm")
    looks = styles(names_in(rows, "baseline") + arms)
    note = "a triangle points to where the truth lies, a diamond is of times cut off"
    open_ones = (rows["bound"] != "exact").any()
    figure = new_figure("Speed-up", [note if open_ones else None],
                        height=_FRAME_PX + _ROW_PX * len(arms))  # fmt: skip
    bounds = [_BOUNDS[bound] for bound in rows["bound"]]
    _add_estimates(
        figure, np.arange(len(arms)), rows, "speedup",
        colour=[looks[arm].colour for arm in arms], symbol=[symbol for symbol, _ in bounds],
        beside=[f"{sign}{value:.2g}x" for (_, sign), value in
                zip(bounds, rows["speedup"], strict=True)],
    )  # fmt: skip
    figure.add_vline(1, line={"dash": "dot", "width": 1, "color": OTHERS})
    figure.update_layout(showlegend=False)
    figure.update_xaxes(**_ratio_axis(rows))
    label_x(figure, f"speed-up over {rows['baseline'].iloc[0]}, {task}")
    _name_rows(figure, arms)
    return figure


def _add_estimates(
    figure: go.Figure,
    rows: npt.NDArray[Any],
    found: pd.DataFrame,
    column: str,
    *,
    colour: str | Sequence[str],
    symbol: str | Sequence[str] = "circle",
    name: str | None = None,
    beside: Sequence[str] | None = None,
    panel: Panel | None = None,
) -> None:
    value, low, high = (found[each].to_numpy(float) for each in (column, "low", "high"))
    figure.add_trace(
        go.Scatter(
            x=value, y=rows, name=name, mode="markers" if beside is None else "markers+text",
            marker={"color": colour, "symbol": symbol, "size": 9, "line": {"width": 1.5}},
            error_x={"type": "data", "symmetric": False, "color": "#808080", "thickness": 1.5,
                     "width": 4,
                     "array": np.nan_to_num(high - value).clip(min=0),
                     "arrayminus": np.nan_to_num(value - low).clip(min=0)},
            text=beside, textposition="top right", textfont={"size": 10}, cliponaxis=False,
            customdata=np.stack([low, high], axis=1),
            hovertemplate="%{x:.4g} [%{customdata[0]:.4g}, %{customdata[1]:.4g}]<extra></extra>",
        ),
        **({} if panel is None else panel.where),
    )  # fmt: skip


def _name_rows(figure: go.Figure, arms: Sequence[str], panel: Panel | None = None) -> None:
    """Give each arm a row, the first on top."""
    figure.update_yaxes(
        tickmode="array", tickvals=list(range(len(arms))), ticktext=[wrapped(arm) for arm in arms],
        range=[len(arms) - 0.5, -0.6], showgrid=False, showline=False, ticks="",
        **({} if panel is None else panel.where),
    )  # fmt: skip


def _ratio_axis(rows: pd.DataFrame) -> dict[str, Any]:
    """Return a log axis with 1 on it, and round ticks however few decades it spans."""
    ends = rows[["speedup", "low", "high"]].to_numpy(float)
    ends = ends[np.isfinite(ends) & (ends > 0)]
    lower = math.floor(math.log2(min(ends.min(initial=1), 1)) - 0.1)
    upper = math.ceil(math.log2(max(ends.max(initial=1), 1)) + 0.1)
    step = max(1, (upper - lower) // 6)
    powers = [2.0**power for power in range(lower, upper + 1) if power % step == 0]
    return {
        "type": "log",
        "range": [lower * math.log10(2), upper * math.log10(2)],
        "tickmode": "array",
        "tickvals": powers,
        "ticktext": [f"{power:g}" for power in powers],
    }
