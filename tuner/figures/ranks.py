"""The critical-difference diagram: average ranks, and groups of arms that do not differ."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tuner.analysis import RankComparison
from tuner.figures.panels import new_figure
from tuner.figures.style import PAGE_IN, styled, wrapped

__all__ = ["draw_critical_differences"]

_LINE = 0.12  # of a name, in inches
_BAR = 0.1  # between bars
_MOST_TICKS = 6


@styled
def draw_critical_differences(comparison: RankComparison, *, width: float = PAGE_IN) -> Figure:
    """Draw average ranks on a line, best at the left, as Demšar (2006, figure 1) does.

    A bar joins the arms of a group of which no two differ; a dot marks its members, since an arm
    that lies between them need not belong to it.

    Args:
        comparison: As `tuner.analysis.compare_ranks` returns it.
        width: In inches.
    """
    arms, count = list(comparison.ranks.index), len(comparison.ranks)
    names = [wrapped(arm, 24 if width > 5 else 18) for arm in arms]
    half = math.ceil(count / 2)
    first = 0.25 + _BAR * len(comparison.cliques)  # inches below the line
    left, right = _levels(names[:half], first), _levels(names[: half - 1 : -1], first)[::-1]
    depth = max(*left, *right) + 0.2
    figure = new_figure(width, 0.65 + depth)
    axis = figure.subplots()
    axis.set_xlim(1, count)
    axis.set_ylim(depth, 0)  # inches, so that nothing overlaps however many there are
    _style_line(axis, count)
    edges = [1] * len(left) + [count] * len(right)
    for arm, name, level, edge in zip(arms, names, [*left, *right], edges, strict=True):
        _draw_arm(axis, float(comparison.ranks[arm]), level, name, edge)
    for number, clique in enumerate(comparison.cliques):
        ranks = [float(comparison.ranks[arm]) for arm in clique]
        level = 0.14 + _BAR * number
        axis.plot([ranks[0], ranks[-1]], [level, level], color="black", linewidth=2, clip_on=False)
        axis.plot(ranks, [level] * len(ranks), "o", color="black", markersize=3.5, clip_on=False)
    figure.supxlabel(_verdict(comparison), fontsize=6.5)
    return figure


def _levels(names: Sequence[str], first: float) -> list[float]:
    """Return how far below the line each name is centred, in inches, from the top."""
    heights = [_LINE * (name.count("\n") + 1) + 0.07 for name in names]
    return [
        first + above + height / 2
        for above, height in zip(accumulate(heights, initial=0.0), heights, strict=False)
    ]


def _style_line(axis: Axes, count: int) -> None:
    axis.spines[["left", "bottom"]].set_visible(False)
    axis.spines["top"].set_visible(True)
    axis.xaxis.tick_top()
    axis.set_xticks(range(1, count + 1, -(-count // _MOST_TICKS)))
    axis.set_yticks([])


def _draw_arm(axis: Axes, rank: float, level: float, name: str, edge: int) -> None:
    left = edge == 1
    axis.plot([rank, rank, edge], [0, level, level], color="0.35", linewidth=0.7, clip_on=False)
    axis.annotate(
        f"{name} ({rank:.2f})",
        (edge, level),
        xytext=(-4 if left else 4, 0),
        textcoords="offset points",
        ha="right" if left else "left",
        va="center",
        annotation_clip=False,
    )


def _verdict(comparison: RankComparison) -> str:
    friedman = ""
    if comparison.friedman is not None:
        p = comparison.friedman.p
        friedman = f" (Friedman p {'< 0.001' if p < 0.001 else f'= {p:.3f}'})"
    joined = "too few tasks to tell any apart" if comparison.remarks else "no difference found"
    return (
        f"average rank over {comparison.tasks} tasks{friedman}\n"
        f"joined: {joined} (Wilcoxon, Holm, level {comparison.alpha:g})"
    )
