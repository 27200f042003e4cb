"""How much each hyperparameter matters, as bars with intervals."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from tuner.analysis.importance import Importance
from tuner.figures.frames import names_in
from tuner.figures.panels import new_figure
from tuner.figures.rows import name_rows
from tuner.figures.style import COLUMN_IN, styled

__all__ = ["draw_importance"]

_ROW_IN = 0.3


@styled
def draw_importance(importance: Importance, *, width: float = COLUMN_IN) -> Figure:
    """Draw the share of the variance that each hyperparameter explains.

    Args:
        importance: As `tuner.analysis.forest_importance` returns it.
        width: In inches.

    Raises:
        NoResultError: There is nothing to draw.
    """
    effects = importance.effects
    names, rows = names_in(effects, "name"), np.arange(len(effects))
    figure = new_figure(width, 1.1 + _ROW_IN * len(names))
    axis = figure.subplots()
    total, main = effects["total"].to_numpy(float), effects["main"].to_numpy(float)
    ends = effects[["total_low", "total_high"]].to_numpy(float)
    spread = np.abs(ends - total[:, None]).T
    axis.barh(rows, total, height=0.6, color="#56B4E9", label="with another one")
    axis.barh(rows, main, height=0.6, color="#0072B2", label="alone")
    axis.errorbar(total, rows, xerr=spread, fmt="none", ecolor="0.3", elinewidth=0.8)
    name_rows(axis, names)
    axis.set_xlim(left=0)
    axis.grid(visible=True, axis="x")
    told = f"forest of {importance.trials} trials, R² {importance.r2:.2f}"
    axis.set_xlabel(f"share of the variance\n({told})")
    figure.legend(loc="outside lower center", ncols=2, handlelength=1.0)
    return figure
