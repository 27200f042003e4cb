"""What the workers' time went into."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from tuner.analysis import ALL_TASKS
from tuner.figures.frames import names_in, rows_of_task
from tuner.figures.labels import label_x, make_room, new_figure, wrapped
from tuner.figures.themes import MAIN, MARKED, PALETTE

__all__ = ["usage"]

_PARTS = {
    "start_s": ("starting workers", PALETTE[5]),
    "save_s": ("saving checkpoints", PALETTE[4]),
    "load_s": ("loading checkpoints", PALETTE[3]),
    "lost_s": ("lost, done again", MARKED),
    "wait_s": ("idle", "#BBBBBB"),
}


def usage(found: pd.DataFrame, *, task: str = ALL_TASKS) -> go.Figure:
    """Draw which share of the workers' time each arm trained, and how the rest was divided.

    Args:
        found: As `tuner.analysis.mean_usage` returns it.
        task: Whose rows.

    Raises:
        NoResultError: There is nothing to draw.
        SpecError: There is no such task.
    """
    rows = rows_of_task(found, task)
    arms = names_in(rows, "arm")
    trained = rows["utilisation"].to_numpy(float)
    others = rows[list(_PARTS)].fillna(0).to_numpy(float)
    totals = others.sum(axis=1, keepdims=True)
    shares = (1 - trained)[:, None] * np.divide(
        others, totals, np.zeros_like(others), where=totals > 0
    )
    figure = new_figure("What the workers' time went into", height=190 + 36 * len(arms))
    parts = [("training", MAIN, trained)]
    parts += [(*look, share) for look, share in zip(_PARTS.values(), shares.T, strict=True)]
    for name, colour, share in parts:
        figure.add_trace(
            go.Bar(
                x=share, y=np.arange(len(arms)), orientation="h", name=name, width=0.65,
                marker={"color": colour}, hovertemplate=f"{name}: %{{x:.1%}}<extra></extra>",
            )
        )  # fmt: skip
    for row, share in enumerate(trained):
        figure.add_annotation(
            text="no finished run" if np.isnan(share) else f"{share:.0%}", x=1.01, xref="paper",
            xanchor="left", y=row, font={"size": 10}, showarrow=False,
        )  # fmt: skip
    figure.update_layout(barmode="stack", legend={"traceorder": "normal"}, margin={"r": 84})
    figure.update_xaxes(range=[0, 1], tickformat=".0%")
    label_x(figure, f"share of the workers' time, {task}")
    make_room(figure, legend=len(parts))
    figure.update_yaxes(
        tickmode="array", tickvals=list(range(len(arms))), ticktext=[wrapped(arm) for arm in arms],
        range=[len(arms) - 0.5, -0.5], showgrid=False, showline=False, ticks="",
    )  # fmt: skip
    return figure
