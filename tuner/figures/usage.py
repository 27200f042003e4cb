"""What the workers' time went into."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from tuner.analysis import ALL_TASKS
from tuner.figures.frames import names_in, rows_of_task
from tuner.figures.panels import new_figure
from tuner.figures.rows import name_rows, note_beside
from tuner.figures.style import COLUMN_IN, styled, wrapped

__all__ = ["draw_usage"]

_PARTS = {
    "start_s": ("starting workers", "#56B4E9"),
    "save_s": ("saving checkpoints", "#E69F00"),
    "load_s": ("loading checkpoints", "#CC79A7"),
    "lost_s": ("lost, done again", "#D55E00"),
    "wait_s": ("idle", "#BBBBBB"),
}


@styled
def draw_usage(usage: pd.DataFrame, *, task: str = ALL_TASKS, width: float = COLUMN_IN) -> Figure:
    """Draw which share of the workers' time each arm trained, and how the rest was divided.

    Args:
        usage: As `tuner.analysis.mean_usage` returns it.
        task: Whose rows.
        width: In inches.

    Raises:
        NoResultError: There is nothing to draw.
        SpecError: There is no such task.
    """
    rows = rows_of_task(usage, task)
    arms = names_in(rows, "arm")
    figure = new_figure(width, 1.15 + 0.3 * len(arms))
    axis, at = figure.subplots(), np.arange(len(arms))
    trained = rows["utilisation"].to_numpy(float)
    axis.barh(at, trained, height=0.65, color="#0072B2", label="training")
    others = rows[list(_PARTS)].fillna(0).to_numpy(float)
    totals = others.sum(axis=1, keepdims=True)
    shares = (1 - trained)[:, None] * np.divide(
        others, totals, np.zeros_like(others), where=totals > 0
    )
    left = trained.copy()
    for share, (label, colour) in zip(shares.T, _PARTS.values(), strict=True):
        axis.barh(at, share, height=0.65, left=left, color=colour, label=label)
        left += share
    for row, share in enumerate(trained):
        note_beside(axis, row, "no finished run" if np.isnan(share) else f"{share:.0%}")
    name_rows(axis, arms)
    axis.set_xlim(0, 1)
    axis.set_xlabel(f"share of the workers' time, {wrapped(task)}")
    figure.legend(loc="outside lower center", ncols=3 if width > 3 else 2, handlelength=1.0,
                  columnspacing=1.0)  # fmt: skip
    return figure
