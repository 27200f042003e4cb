"""How a sweep went on: each trial as it came, and the best value so far."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from tuner.figures.frames import Floats, Places, costs_of, finite, outcomes_of, values_of
from tuner.figures.hovering import HOVER, trial_texts
from tuner.figures.incumbents import best_line
from tuner.figures.labels import directed, new_figure, plain
from tuner.figures.overlays import merged_histories, overlaid_histories
from tuner.figures.ranges import padded, value_axis, whole_axis
from tuner.figures.themes import ILL, MAIN, MARKED, OTHERS, PALETTE, styles
from tuner.figures.thinning import MOST_TRIALS, evenly, thinned
from tuner.objectives import Objective
from tuner.plurals import counted

__all__ = ["edf", "history"]

_MARKS = {
    "completed": ("completed", MAIN, "circle"),
    "stopped": ("stopped early", OTHERS, "circle-open"),
    "running": ("running", PALETTE[2], "diamond"),
}
_ILL = ("diverged, failed or cut off", ILL, "x")
_MOST_STEPS = 2000


def history(
    trials: pd.DataFrame | Mapping[str, pd.DataFrame],
    *,
    objective: Objective,
    at: str = "best",
    merged: bool = False,
    most: int = MOST_TRIALS,
) -> go.Figure:
    """Draw the value of each trial in the order in which they began, with the best so far.

    Trials without a value are ticks at the bottom.

    Args:
        trials: As `tuner.Sweep.trials` gives them; of several sweeps by name.
        objective: The metric and its direction.
        at: ``"best"`` or ``"last"``: which report of each trial counts.
        merged: Of several sweeps, draw the mean of the best so far with its standard deviation,
            as of one arm over seeds, and not each sweep by itself.
        most: How many points are drawn; the line of the best so far is of all trials.

    Raises:
        NoResultError: No trial has a finite value.
    """
    if not isinstance(trials, pd.DataFrame):
        draw = merged_histories if merged else partial(overlaid_histories, most=most)
        return draw(trials, objective, at)
    values = values_of(trials, objective, at)
    known = finite(values, objective.metric)
    costs = costs_of(values, objective)
    places, note = thinned(costs, most=most)
    axis, hidden = value_axis(values, objective, what="trials")
    figure = new_figure("Optimisation history", [note, hidden])
    _add_points(figure, trials, values, places, objective, at)
    figure.add_trace(best_line(values, costs, MARKED, name="best so far"))
    lost = np.flatnonzero(~known)
    if len(lost):
        figure.add_trace(
            go.Scatter(
                x=evenly(lost, most) + 1,
                y=np.zeros(min(len(lost), most)),
                mode="markers",
                marker={"symbol": "line-ns-open", "size": 9, "color": MARKED},
                name=f"no value ({len(lost):,})",
                hovertemplate="trial %{x}: no finite value<extra></extra>",
                yaxis="y2",
            )
        )
        figure.update_layout(
            yaxis2={"overlaying": "y", "range": [-0.02, 1], "visible": False, "fixedrange": True}
        )
    figure.update_layout(
        xaxis={"title": {"text": "trials, as they began"}, **whole_axis(len(values))},
        yaxis={"title": {"text": plain(directed(objective))}, **axis},
    )
    return figure


def edf(
    trials: pd.DataFrame | Mapping[str, pd.DataFrame], *, objective: Objective, at: str = "best"
) -> go.Figure:
    """Draw which share of the trials reached a value or a better one.

    Trials without a value count among all, so a line ends below 1 where there are such.

    Args:
        trials: As `tuner.Sweep.trials` gives them; of several sweeps by name.
        objective: The metric and its direction.
        at: ``"best"`` or ``"last"``: which report of each trial counts.

    Raises:
        NoResultError: No trial has a finite value.
    """
    sweeps = {"trials": trials} if isinstance(trials, pd.DataFrame) else dict(trials)
    found = {name: values_of(frame, objective, at) for name, frame in sweeps.items()}
    every = np.concatenate([*found.values(), np.empty(0)])
    finite(every, objective.metric)
    axis, hidden = value_axis(every, objective, what="trials")
    axis.setdefault("range", padded(every, log=axis["type"] == "log"))
    lost = int(np.isnan(every).sum())
    left_out = f"{counted(lost, 'trial')} without a value count as worst" if lost else None
    figure = new_figure("Empirical distribution", [left_out, hidden])
    looks = styles(found)
    for name, values in found.items():
        known = np.sort(values[~np.isnan(values)])
        ranks = np.arange(1, len(known) + 1)
        better = ranks if objective.mode == "min" else ranks[::-1]
        at_most = evenly(np.arange(len(known)), _MOST_STEPS)
        figure.add_trace(
            go.Scatter(
                x=known[at_most],
                y=better[at_most] / max(len(values), 1),
                mode="lines" if len(known) > 1 else "markers",
                line={"shape": "hv" if objective.mode == "min" else "vh", "width": 2,
                      "color": looks[name].colour, "dash": looks[name].dash},
                name=plain(f"{name} ({len(values):,})"),
                showlegend=len(found) > 1,
                hovertemplate="%{y:.1%} reach %{x:.4g}<extra></extra>",
            )
        )  # fmt: skip
    figure.update_xaxes(title_text=plain(directed(objective)), **axis)
    figure.update_yaxes(title_text="share of trials as good or better", range=[0, 1.02],
                        tickformat=".0%")  # fmt: skip
    return figure


def _add_points(
    figure: go.Figure,
    trials: pd.DataFrame,
    values: Floats,
    places: Places,
    objective: Objective,
    at: str,
) -> None:
    shown = places[~np.isnan(values[places])]
    outcomes = np.array(outcomes_of(trials), dtype=object)[shown]
    texts = np.array(trial_texts(trials, shown, objective, at=at), dtype=object)
    looks = [_MARKS.get(each, _ILL) for each in outcomes]
    for look in sorted(set(looks)):
        here = np.array([each == look for each in looks])
        name, colour, symbol = look
        figure.add_trace(
            go.Scatter(
                x=shown[here] + 1,
                y=values[shown[here]],
                mode="markers",
                marker={"color": colour, "symbol": symbol, "size": 6, "opacity": 0.9},
                name=f"{name} ({int(here.sum()):,})",
                text=texts[here],
                hovertemplate=HOVER,
            )
        )
