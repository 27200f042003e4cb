"""Several objectives at once: the Pareto front, and the volume that it dominates."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from tuner.analysis.hypervolume import hypervolumes
from tuner.errors import NoResultError
from tuner.figures.frames import Floats, costs_of, values_of
from tuner.figures.grids import panels
from tuner.figures.hovering import HOVER, trial_texts
from tuner.figures.labels import directed, new_figure, plain
from tuner.figures.themes import MAIN, MARKED, OTHERS
from tuner.figures.thinning import MOST_TRIALS, thinned
from tuner.objectives import Objective
from tuner.plurals import counted
from tuner.store.pareto import pareto_front

__all__ = ["hypervolume", "pareto"]


def pareto(
    trials: pd.DataFrame, *, objectives: Sequence[Objective], most: int = MOST_TRIALS
) -> go.Figure:
    """Draw the trials over each pair of objectives; those that no other one beats stand out.

    Trials count by their last report, as `tuner.Sweep.pareto` has it; those that diverged do not.

    Args:
        trials: As `tuner.Sweep.trials` gives them.
        objectives: Two or more.
        most: How many of the dominated trials are drawn; the front is drawn whole.

    Raises:
        NoResultError: There is one objective only, or no trial has a value of each.
    """
    values, costs = _read(trials, objectives)
    front = pareto_front(costs)
    known = np.isfinite(costs).all(axis=1)
    others = np.setdiff1d(np.flatnonzero(known), front)
    kept, note = thinned(costs[others, 0], "dominated trials", most)
    others = others[kept]
    lost = int((~known).sum())
    pairs = list(combinations(range(len(objectives)), 2))
    figure, places = panels(
        "Pareto front",
        [""] * len(pairs),
        [note, f"{counted(lost, 'trial')} without all objectives left out" if lost else None,
         "of several objectives each panel shows two" if len(pairs) > 1 else None],
        across=2,
        height=340 if len(pairs) == 1 else 260,
    )  # fmt: skip
    for panel, (x, y) in zip(places, pairs, strict=True):
        for rows, colour, size, name in ((others, OTHERS, 5, "dominated"),
                                         (front, MARKED, 8, "Pareto front")):  # fmt: skip
            figure.add_trace(
                go.Scatter(
                    x=values[rows, x], y=values[rows, y], mode="markers",
                    name=f"{name} ({len(rows):,})", legendgroup=name,
                    showlegend=panel is places[0],
                    marker={"color": colour, "size": size},
                    text=trial_texts(trials, rows, *objectives), hovertemplate=HOVER,
                ),
                **panel.where,
            )  # fmt: skip
        if len(pairs) == 1:
            figure.add_trace(_steps(values[front]), **panel.where)
        figure.update_xaxes(title_text=plain(directed(objectives[x])), **panel.where)
        figure.update_yaxes(title_text=plain(directed(objectives[y])), **panel.where)
    return figure


def hypervolume(trials: pd.DataFrame, *, objectives: Sequence[Objective]) -> go.Figure:
    """Draw the volume that the trials so far dominate, as a share of what all do in the end.

    It is measured from the worst value of each objective that any trial had.

    Args:
        trials: As `tuner.Sweep.trials` gives them.
        objectives: Two or more.

    Raises:
        NoResultError: There is one objective only, or no trial has a value of each.
    """
    _, costs = _read(trials, objectives)
    places, volumes = hypervolumes(costs)
    figure = new_figure(
        "Hypervolume", ["from the worst value of each objective; 100 % is that of all trials"]
    )
    total = volumes[-1] if volumes[-1] > 0 else 1.0
    figure.add_trace(
        go.Scatter(
            x=np.append(places, len(trials) - 1) + 1, y=np.append(volumes, volumes[-1]) / total,
            mode="lines", line={"shape": "hv", "width": 2, "color": MAIN}, showlegend=False,
            hovertemplate="after trial %{x}: %{y:.2%}<extra></extra>",
        )
    )  # fmt: skip
    figure.update_xaxes(title_text="trials, as they began")
    figure.update_yaxes(title_text="dominated volume (higher is better)", tickformat=".0%",
                        rangemode="tozero")  # fmt: skip
    return figure


def _read(trials: pd.DataFrame, objectives: Sequence[Objective]) -> tuple[Floats, Floats]:
    """Return values and costs, (n, m), by the last reports; infinite costs where one is missing."""
    if len(objectives) < 2:
        raise NoResultError("a front is of two objectives or more, and the sweep has one")
    values = np.stack([values_of(trials, each, "last") for each in objectives], axis=1)
    if "outcome" in trials:
        values[(trials["outcome"] == "diverged").to_numpy(bool)] = np.nan
    costs = np.stack([costs_of(values[:, at], each) for at, each in enumerate(objectives)], axis=1)
    if not np.isfinite(costs).all(axis=1).any():
        raise NoResultError("there is nothing to draw: no trial has a value of each objective")
    return values, costs


def _steps(front: Floats) -> go.Scatter:
    return go.Scatter(
        x=front[:, 0], y=front[:, 1], mode="lines", hoverinfo="skip", showlegend=False,
        line={"color": MARKED, "width": 1.2, "shape": "hv"},
    )  # fmt: skip
