"""Regret of every arm on every task, as a table of shades."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from tuner.analysis import ALL_TASKS
from tuner.errors import SpecError
from tuner.figures.frames import names_in
from tuner.figures.panels import new_figure
from tuner.figures.style import PAGE_IN, styled, wrapped

__all__ = ["draw_regret_heat"]

_CELL_IN = 0.2  # height
_CHARACTERS_PER_IN = 17
_NARROW = 12  # characters: names in narrower cells are written upwards


@styled
def draw_regret_heat(
    regret: pd.DataFrame, *, fraction: float = 1.0, width: float = PAGE_IN
) -> Figure:
    """Draw the mean normalised regret of each arm on each task; darker is better.

    Args:
        regret: As `tuner.analysis.mean_regret` returns it.
        fraction: Of the budget.
        width: In inches.

    Raises:
        NoResultError: There is nothing to draw.
        SpecError: The frame has no such fraction.
    """
    arms, tasks = names_in(regret, "arm"), names_in(regret, "task")
    here = regret[np.isclose(regret["fraction"], fraction)]
    if not len(here):
        known = ", ".join(f"{each:g}" for each in regret["fraction"].unique())
        raise SpecError(f"no regret at {fraction:g} of the budget; known: {known}")
    table = here.pivot(index="task", columns="arm", values="regret").loc[tasks, arms]
    values = table.to_numpy(float)
    across = int((width - 1.2) / len(arms) * _CHARACTERS_PER_IN)  # in a cell
    upright = across < _NARROW
    figure = new_figure(width, (1.9 if upright else 0.9) + _CELL_IN * len(tasks))
    axis = figure.subplots()
    axis.imshow(values, aspect="auto", cmap="cividis", vmin=0, vmax=max(values.max(), 1e-9))
    names = [wrapped(arm, 26 if upright else across) for arm in arms]
    axis.set_xticks(range(len(arms)), names, rotation=90 if upright else 0)
    axis.set_yticks(range(len(tasks)), [wrapped(task, 34) for task in tasks])
    axis.tick_params(length=0)
    axis.spines[:].set_visible(False)
    axis.set_title(f"normalised regret at {fraction:.0%} of the budget, darker is better")
    if ALL_TASKS in tasks:
        axis.axhline(tasks.index(ALL_TASKS) - 0.5, color="white", linewidth=2)
    for (row, column), value in np.ndenumerate(values):
        bright = value > 0.55 * values.max()
        axis.text(column, row, _short(value), ha="center", va="center", fontsize=5.5,
                  color="black" if bright else "white")  # fmt: skip
    return figure


def _short(regret: float) -> str:
    return "< .001" if 0 < regret < 0.0005 else f"{regret:.3f}".lstrip("0")
