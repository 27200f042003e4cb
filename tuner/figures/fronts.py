"""Several objectives at once: the Pareto front, and the volume that it dominates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from tuner.analysis.hypervolume import hypervolumes
from tuner.errors import NoResultError, SpecError
from tuner.figures.frames import Floats, costs_of, values_of
from tuner.figures.grids import panels
from tuner.figures.hovering import HOVER, trial_texts
from tuner.figures.labels import directed, new_figure, wrapped
from tuner.figures.ranges import value_axis, whole_axis
from tuner.figures.themes import MAIN, MARKED, OTHERS, OUTLINE, SHADES
from tuner.figures.thinning import MOST_TRIALS, thinned
from tuner.objectives import Objective
from tuner.plurals import counted
from tuner.store.pareto import pareto_front

__all__ = ["hypervolume", "pareto"]

_SHADED = {"size": 6, "opacity": 0.8, "coloraxis": "coloraxis",
           "line": {"width": 0.6, "color": OUTLINE}}  # fmt: skip
_FRONT = {"size": 9, "color": MARKED, "line": {"width": 1, "color": OUTLINE}}


def pareto(
    trials: pd.DataFrame, *, objectives: Sequence[Objective], most: int = MOST_TRIALS
) -> go.Figure:
    """Draw the trials over each pair of objectives; those that no other one beats stand out.

    The others are shaded by the order in which they began, later ones brighter.

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
    axes = [value_axis(values[:, at], each, what="trials") for at, each in enumerate(objectives)]
    hidden = [f"{each.metric}: {note}" for each, (_, note) in zip(objectives, axes, strict=True)
              if note]  # fmt: skip
    figure, places = panels(
        "Pareto front",
        [""] * len(pairs),
        [note, *hidden,
         f"{counted(lost, 'trial')} without all objectives left out" if lost else None,
         "of several objectives each panel shows two" if len(pairs) > 1 else None],
        across=2,
        height=340 if len(pairs) == 1 else 260,
        colour_bar=True,
    )  # fmt: skip
    for panel, (x, y) in zip(places, pairs, strict=True):
        for rows, look, name in (
            (others, {**_SHADED, "color": others + 1}, "dominated"),
            (front, _FRONT, "Pareto front"),
        ):
            figure.add_trace(
                go.Scatter(
                    x=values[rows, x], y=values[rows, y], mode="markers", marker=look,
                    legendgroup=name, showlegend=False, hovertemplate=HOVER,
                    text=trial_texts(trials, rows, *objectives, at="last"),
                ),
                **panel.where,
            )  # fmt: skip
        if len(pairs) == 1:
            figure.add_trace(_steps(values[front]), **panel.where)
        across, up = (wrapped(directed(objectives[at]), 34) for at in (x, y))
        figure.update_xaxes(title_text=across, **axes[x][0], **panel.where)
        figure.update_yaxes(title_text=up, **axes[y][0], **panel.where)
    _name(figure, f"dominated ({len(others):,})", {"size": 6, "color": OTHERS}, "dominated")
    _name(figure, f"Pareto front ({len(front):,})", _FRONT, "Pareto front")
    bar = {"title": {"text": "trial"}, **whole_axis(len(trials))}
    figure.update_layout(coloraxis={"colorscale": list(SHADES), "colorbar": bar})
    return figure


def _name(figure: go.Figure, text: str, marker: Mapping[str, Any], group: str) -> None:
    """Add an entry to the legend, which points of many shades have none of."""
    figure.add_trace(
        go.Scatter(x=[None], y=[None], mode="markers", marker=marker, name=text, legendgroup=group)
    )


def hypervolume(
    trials: pd.DataFrame,
    *,
    objectives: Sequence[Objective],
    reference: Sequence[float] | None = None,
) -> go.Figure:
    """Draw the volume that the trials so far dominate, as a share of what all do in the end.

    Args:
        trials: As `tuner.Sweep.trials` gives them.
        objectives: Two or more.
        reference: The point from which it is measured, a value per objective; None for the worst
            value of each that any trial had. Two sweeps compare from one point only.

    Raises:
        NoResultError: There is one objective only, or no trial has a value of each.
        SpecError: The reference has not as many values as there are objectives.
    """
    _, costs = _read(trials, objectives)
    places, volumes = hypervolumes(costs, reference=_reference_costs(reference, objectives))
    if not len(places):
        raise NoResultError("there is nothing to draw: no trial is better than the reference")
    told = "the worst value of each objective"
    if reference is not None:
        told = ", ".join(f"{o.metric} {v:g}" for o, v in zip(objectives, reference, strict=True))
    total = volumes[-1] if volumes[-1] > 0 else 1.0
    figure = new_figure("Hypervolume", [f"from {told}; 100 % is {volumes[-1]:.4g}, of all trials"])
    figure.add_trace(
        go.Scatter(
            x=np.append(places, len(trials) - 1) + 1, y=np.append(volumes, volumes[-1]) / total,
            mode="lines", line={"shape": "hv", "width": 2, "color": MAIN}, showlegend=False,
            customdata=np.append(volumes, volumes[-1]),
            hovertemplate="after trial %{x}: %{y:.2%}, %{customdata:.5g}<extra></extra>",
        )
    )  # fmt: skip
    figure.update_xaxes(title_text="trials, as they began", **whole_axis(len(trials)))
    figure.update_yaxes(title_text="dominated volume (higher is better)", tickformat=".0%",
                        rangemode="tozero")  # fmt: skip
    return figure


def _reference_costs(
    reference: Sequence[float] | None, objectives: Sequence[Objective]
) -> Floats | None:
    if reference is None:
        return None
    if len(reference) != len(objectives):
        raise SpecError(
            f"a reference has a value per objective, {len(objectives)}; received {len(reference)}"
        )
    signs = [1.0 if each.mode == "min" else -1.0 for each in objectives]
    return np.array(reference, dtype=float) * signs


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
