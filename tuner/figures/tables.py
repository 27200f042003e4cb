"""Arms against tasks, and arms against each other, as tables of shades."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from tuner.errors import SpecError
from tuner.figures.frames import Floats, names_in
from tuner.figures.labels import new_figure, wrapped
from tuner.figures.themes import SHADES

__all__ = ["regret_heat", "win_rates"]

_CELL_PX = 30


def regret_heat(found: pd.DataFrame, *, fraction: float = 1.0) -> go.Figure:
    """Draw the mean normalised regret of each arm on each task; darker is better.

    Args:
        found: As `tuner.analysis.mean_regret` returns it.
        fraction: Of the budget.

    Raises:
        NoResultError: There is nothing to draw.
        SpecError: The frame has no such fraction.
    """
    arms, tasks = names_in(found, "arm"), names_in(found, "task")
    here = found[np.isclose(found["fraction"], fraction)]
    if not len(here):
        known = ", ".join(f"{each:g}" for each in found["fraction"].unique())
        raise SpecError(f"no regret at {fraction:g} of the budget; known: {known}")
    values = here.pivot(index="task", columns="arm", values="regret").loc[tasks, arms]
    title = f"Normalised regret at {fraction:.0%} of the budget"
    return _heat(title, "darker is better", arms, tasks, values.to_numpy(float), _short)


def win_rates(found: pd.DataFrame) -> go.Figure:
    """Draw how often the arm of a row ends better than that of a column; brighter is more often.

    Args:
        found: As `tuner.analysis.win_rates` returns them.

    Raises:
        NoResultError: There is nothing to draw.
    """
    arms = names_in(found, "arm")
    values = found.pivot(index="arm", columns="other", values="rate").reindex(
        index=arms, columns=arms
    )
    return _heat(
        "Win rates", "how often the arm of a row ends better than that of a column", arms, arms,
        values.to_numpy(float), lambda rate: f"{rate:.0%}", most=1.0,
    )  # fmt: skip


def _heat(
    title: str,
    note: str,
    columns: Sequence[str],
    rows: Sequence[str],
    values: Floats,
    text: Callable[[float], str],
    most: float | None = None,
) -> go.Figure:
    figure = new_figure(title, [note], height=230 + _CELL_PX * len(rows))
    shown = np.array([["" if np.isnan(v) else text(float(v)) for v in line] for line in values])
    figure.add_trace(
        go.Heatmap(
            z=values, x=np.arange(len(columns)), y=np.arange(len(rows)), zmin=0,
            zmax=max(float(np.nanmax(values)), 1e-9) if most is None else most,
            colorscale=list(SHADES),
            text=shown, texttemplate="%{text}", showscale=False, xgap=1, ygap=1,
            hovertemplate="%{text}<extra></extra>",
        )
    )  # fmt: skip
    figure.update_xaxes(
        tickmode="array", tickvals=list(range(len(columns))), showgrid=False, showline=False,
        ticks="", ticktext=[wrapped(name, 18) for name in columns],
    )  # fmt: skip
    figure.update_yaxes(
        tickmode="array", tickvals=list(range(len(rows))), autorange="reversed", showgrid=False,
        showline=False, ticks="", ticktext=[wrapped(name, 26) for name in rows],
    )  # fmt: skip
    return figure


def _short(regret: float) -> str:
    return "&lt; .001" if 0 < regret < 0.0005 else f"{regret:.3f}".lstrip("0")
