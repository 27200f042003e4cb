"""The critical-difference diagram: average ranks, and groups of arms that do not differ."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from tuner.analysis import RankComparison
from tuner.figures.frames import joined
from tuner.figures.labels import label_x, new_figure, wrapped
from tuner.figures.themes import MAIN, OTHERS

__all__ = ["critical_differences"]

_ROW_PX = 30
_BAR = 0.28  # of a row, between bars


def critical_differences(comparison: RankComparison) -> go.Figure:
    """Draw average ranks, a row per arm and the best on top, after Demšar (2006, figure 1).

    A bar above the rows joins the arms of a group of which no two differ; a dot marks its members,
    since an arm that lies between them need not belong to it.

    Args:
        comparison: As `tuner.analysis.compare_ranks` returns it.
    """
    arms, ranks = list(comparison.ranks.index), comparison.ranks.to_numpy(float)
    bars = len(comparison.cliques)
    top = -1.0 - _BAR * bars
    figure = new_figure(
        "Average ranks", [_verdict(comparison)],
        height=int(190 + _ROW_PX * (len(arms) - top)),
    )  # fmt: skip
    figure.add_trace(
        go.Scatter(
            x=joined(np.full(2, rank) for rank in ranks),
            y=joined(np.array([top, row]) for row in range(len(arms))),
            mode="lines", line={"color": OTHERS, "width": 1}, hoverinfo="skip",
        )
    )  # fmt: skip
    figure.add_trace(
        go.Scatter(
            x=ranks, y=np.arange(len(arms)), mode="markers+text", cliponaxis=False,
            marker={"color": MAIN, "size": 9}, text=[f"{rank:.2f}" for rank in ranks],
            textposition="middle right", hoverinfo="skip",
        )
    )  # fmt: skip
    groups = [[float(comparison.ranks[arm]) for arm in each] for each in comparison.cliques]
    figure.add_trace(
        go.Scatter(
            x=joined(np.array(group) for group in groups),
            y=joined(np.full(len(group), -0.7 - _BAR * at) for at, group in enumerate(groups)),
            mode="lines+markers", line={"color": "#808080", "width": 5}, marker={"size": 8},
            hoverinfo="skip",
        )
    )  # fmt: skip
    figure.update_layout(showlegend=False)
    figure.update_xaxes(dtick=1, range=[0.8, len(arms) + 0.4])
    label_x(figure, f"average rank over {comparison.tasks} tasks (lower is better)")
    figure.update_yaxes(
        tickmode="array", tickvals=list(range(len(arms))), ticktext=[wrapped(arm) for arm in arms],
        range=[len(arms) - 0.5, top], showgrid=False, showline=False, ticks="",
    )  # fmt: skip
    return figure


def _verdict(comparison: RankComparison) -> str:
    friedman = ""
    if comparison.friedman is not None:
        p = comparison.friedman.p
        friedman = f"Friedman p {'< 0.001' if p < 0.001 else f'= {p:.3f}'}; "
    joined_ones = "too few tasks to tell any apart" if comparison.remarks else "no difference found"
    return f"{friedman}joined: {joined_ones} (Wilcoxon, Holm, level {comparison.alpha:g})"
