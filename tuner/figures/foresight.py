"""What more trials would bring: the best of n trials, as this sweep's trials tell it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from tuner.analysis.best_of import expected_best, resampled_best
from tuner.analysis.bootstrap import Bootstrap
from tuner.figures.areas import area
from tuner.figures.frames import Floats, costs_of, finite, values_of
from tuner.figures.labels import directed, new_figure, wrapped
from tuner.figures.ranges import value_axis, whole_axis
from tuner.figures.themes import MAIN, MARKED
from tuner.objectives import Objective
from tuner.plurals import counted

__all__ = ["prospects"]

_POINTS = 40  # of the line
_ENDS = 10  # of the band, each of which takes the resamples
_QUICK = Bootstrap(resamples=100)


def prospects(trials: pd.DataFrame, *, objective: Objective, level: float = 0.9) -> go.Figure:
    """Draw what the best of n of this sweep's trials is on average, for each n.

    Where the line is flat, more trials like these bring little; what a searcher learned on the way
    is not in it. A trial without a value counts as the worst one.

    Args:
        trials: As `tuner.Sweep.trials` gives them.
        objective: The metric and its direction.
        level: Of the intervals, from resampled trials.

    Raises:
        NoResultError: No trial has a finite value.
    """
    values = values_of(trials, objective)
    known = finite(values, objective.metric)
    costs = costs_of(values, objective)
    costs[~known] = costs[known].max()
    sign = 1.0 if objective.mode == "min" else -1.0
    draws = _numbers(len(costs), _POINTS)
    expected = sign * np.array([expected_best(costs, int(n)) for n in draws])
    lost = int((~known).sum())
    axis, hidden = value_axis(expected, objective, what="points")
    figure = new_figure(
        "What more trials bring",
        [f"band: {level:.0%} of resamples", hidden,
         f"{counted(lost, 'trial')} without a value count as worst" if lost else None],
    )  # fmt: skip
    _add_band(figure, costs, sign, level)
    figure.add_trace(
        go.Scatter(
            x=draws, y=expected, mode="lines+markers", name="expected best of n trials",
            line={"width": 2, "color": MAIN}, marker={"size": 4},
            hovertemplate="best of %{x:,}: %{y:.5g}<extra></extra>",
        )
    )  # fmt: skip
    figure.add_hline(sign * costs.min(), line={"dash": "dot", "width": 1.5, "color": MARKED},
                     annotation_text="best of all",  # at the end that the line is far from
                     annotation_position="top left" if sign > 0 else "bottom left")  # fmt: skip
    figure.update_xaxes(title_text="n, trials in any order", **whole_axis(len(costs)))
    figure.update_yaxes(title_text=wrapped(directed(objective), 34), **axis)
    return figure


def _add_band(figure: go.Figure, costs: Floats, sign: float, level: float) -> None:
    """Add the intervals up to half of the trials: beyond, resamples repeat the best one."""
    at = _numbers(max(len(costs) // 2, 1), _ENDS)
    tails = ((1 - level) / 2, (1 + level) / 2)
    ends = np.array([np.quantile(resampled_best(costs, int(n), _QUICK), tails) for n in at])
    low, high = sign * ends.T
    figure.add_trace(area(at, low, high, MAIN, 0.18, name=f"{level:.0%} interval"))


def _numbers(most: int, count: int) -> Floats:
    """Return whole numbers from 1 to ``most``, denser at first."""
    return np.unique(np.geomspace(1, most, count).round())
