"""What each value of a scientific hyperparameter brings, a row per value."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from tuner.figures.frames import names_in
from tuner.figures.panels import new_figure
from tuner.figures.rows import name_rows, note_beside
from tuner.figures.style import COLUMN_IN, styled, wrapped
from tuner.plurals import counted

__all__ = ["draw_isolation"]

_ROW_IN = 0.34


@styled
def draw_isolation(
    table: pd.DataFrame, *, name: str, metric: str, draws: int, width: float = COLUMN_IN
) -> Figure:
    """Draw the expected best of each value with its interval, and the best single trial.

    Args:
        table: ``value``, ``trials``, ``best``, ``expected``, ``low``, ``high``: a row per value.
        name: Of the hyperparameter.
        metric: What is compared, with its direction.
        draws: Of how many trials the expected best is.
        width: In inches.

    Raises:
        NoResultError: There is nothing to draw.
    """
    values, rows = names_in(table, "value"), np.arange(len(table))
    figure = new_figure(width, 1.1 + _ROW_IN * len(values))
    axis = figure.subplots()
    expected, low, high = (table[column].to_numpy(float) for column in ("expected", "low", "high"))
    spread = np.nan_to_num(np.array([expected - low, high - expected])).clip(min=0)
    axis.errorbar(expected, rows, xerr=spread, fmt="o", color="#0072B2", elinewidth=1.0,
                  label=f"expected best of {counted(draws, 'trial')}")  # fmt: skip
    axis.plot(table["best"], rows, "|", color="#D55E00", markersize=8, label="best trial")
    for row, trials in enumerate(table["trials"]):
        note_beside(axis, row, counted(int(trials), "trial"))
    name_rows(axis, [str(value) for value in values])
    axis.grid(visible=True, axis="x")
    axis.set_ylabel(wrapped(name, 30))
    axis.set_xlabel(wrapped(metric, 40))
    figure.legend(loc="outside lower center", ncols=2, handletextpad=0.4)
    return figure
