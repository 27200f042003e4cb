"""What was left to gain, as a sweep went on."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from tuner.analysis.potential import improvement_left
from tuner.errors import NoResultError
from tuner.figures.frames import costs_of, finite, values_of
from tuner.figures.hyperparameters import hyperparameters
from tuner.figures.labels import new_figure, wrapped
from tuner.figures.themes import MAIN, OTHERS
from tuner.objectives import Objective
from tuner.plurals import counted

__all__ = ["improvement"]


def improvement(
    trials: pd.DataFrame,
    *,
    objective: Objective,
    log: frozenset[str] | None = None,
    falling: bool = False,
) -> go.Figure:
    """Draw by how much the best of the space may lie beyond the best trial so far.

    A bound by a Gaussian process (see `tuner.analysis.potential`), with the chance in repeated
    trainings that the process sees: below it, more trials bring nothing that one could tell.

    Args:
        trials: As `tuner.Sweep.trials` gives them.
        objective: The metric and its direction.
        log: Hyperparameters on a log scale; None for those whose values span two powers of ten.
        falling: Refuse a bound that hardly falls over the sweep; else its figure says so.

    Raises:
        NoResultError: Too few trials have a finite value, or nothing varies; or the bound hardly
            falls, and has to.
    """
    values = values_of(trials, objective)
    finite(values, objective.metric)
    places = [np.nan_to_num(each.scaled, nan=0.5) for each in hyperparameters(trials, log=log)]
    found = improvement_left(np.stack(places, axis=1), costs_of(values, objective))
    loose = f"too few trials for {counted(len(places), 'hyperparameter')}"
    if falling and not found.falls:
        raise NoResultError(f"its bound hardly falls: {loose}")
    figure = new_figure(
        "What was left to gain",
        ["a bound by a Gaussian process; at the dotted line it is the chance in repeated trainings",
         None if found.falls else f"it hardly falls: {loose}"],
    )  # fmt: skip
    figure.add_trace(
        go.Scatter(
            x=found.trials, y=found.left, mode="lines+markers", showlegend=False,
            line={"width": 2, "color": MAIN}, marker={"size": 5},
            hovertemplate="after %{x} trials: up to %{y:.4g}<extra></extra>",
        )
    )  # fmt: skip
    figure.add_hline(
        found.noise, line={"dash": "dot", "width": 1.5, "color": OTHERS},
        annotation_text="chance", annotation_position="top right",
    )  # fmt: skip
    word = "below" if objective.mode == "min" else "above"
    figure.update_xaxes(title_text="trials, as they began")
    figure.update_yaxes(
        title_text=wrapped(f"the best {objective.metric} may lie {word} by", 40),
        rangemode="tozero",
    )
    return figure
