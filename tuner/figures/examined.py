"""What the checks of an audit look at: where trials lie, how they rank, learn and repeat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from tuner.errors import NoResultError
from tuner.figures.frames import Floats, joined, names_in
from tuner.figures.labels import directed, new_figure, plain, wrapped
from tuner.figures.ranges import value_axis, whole_axis
from tuner.figures.themes import MAIN, MARKED, OTHERS, styles
from tuner.figures.thinning import MOST_TRIALS, evenly
from tuner.objectives import Objective
from tuner.plurals import counted

__all__ = ["agreement", "counts", "positions", "repeats", "series", "value_order"]

_ROW_PX = 26
_FRAME_PX = 170
_JITTER = 0.3  # of a row, up and down


def positions(
    found: pd.DataFrame,
    *,
    marked: Sequence[str],
    label: str,
    options: Mapping[str, int] | None = None,
    edge: float = 0.0,
) -> go.Figure:
    """Draw where trials lie in each hyperparameter's domain, some of them marked.

    Args:
        found: A row per trial and a column per hyperparameter: the position of a number in its
            domain, from 0 to 1 on the declared scale, or of an option; NaN where there is none.
        marked: The index of those that are marked.
        label: What these are.
        options: How many options there are, of the columns that are choices.
        edge: How far from each end on a domain's edge reaches, which is shaded.

    Raises:
        NoResultError: There is no hyperparameter.
    """
    names = [str(name) for name in found.columns]
    if not names:
        raise NoResultError("there is nothing to draw: the frame has no hyperparameters")
    others = np.flatnonzero(~found.index.isin(list(marked)))
    drawn = evenly(others, MOST_TRIALS)
    left_out = len(others) - len(drawn)
    note = f"{left_out:,} of {counted(len(found), 'trial')} left out evenly" if left_out else None
    found = found.drop(index=found.index[np.setdiff1d(others, drawn)])
    height = _FRAME_PX + (_ROW_PX + 6) * len(names)
    figure = new_figure("Where trials lie", [note], height=height)
    shift = np.random.default_rng(0).uniform(-_JITTER, _JITTER, len(found))
    chosen = found.index.isin(list(marked))
    for which, colour, size, text in ((~chosen, OTHERS, 4, "the others"),
                                      (chosen, MARKED, 6, label)):  # fmt: skip
        places = [
            (found[name].to_numpy(float) + 0.5) / options[name]
            if options and name in options
            else found[name].to_numpy(float)
            for name in names
        ]
        figure.add_trace(
            go.Scatter(
                x=np.concatenate([each[which] for each in places]),
                y=np.concatenate([row + shift[which] for row in range(len(names))]),
                mode="markers", marker={"color": colour, "size": size}, name=plain(text),
                hoverinfo="skip",
            )
        )  # fmt: skip
    for start in (0.0, 1 - edge) if edge else ():
        figure.add_vrect(x0=start, x1=start + edge, fillcolor=MARKED, opacity=0.12, line_width=0)
    _name_rows(figure, names)
    figure.update_xaxes(title_text="position on the declared scale", range=[-0.02, 1.02],
                        tickmode="array", tickvals=[0, 0.5, 1],
                        ticktext=["lower<br>end", "middle", "upper<br>end"])  # fmt: skip
    return figure


def value_order(values: Floats, *, marked: int, objective: Objective) -> go.Figure:
    """Draw the values of trials in their order, the first ones marked.

    Args:
        values: Best first.
        marked: How many are marked.
        objective: What they are, and its direction.
    """
    axis, hidden = value_axis(values, objective, what="trials")
    figure = new_figure("Trials in their order", [hidden], height=320)
    places = np.arange(1, len(values) + 1)
    for part, colour, text in ((slice(marked, None), OTHERS, "the others"),
                               (slice(marked), MARKED, "the good trials")):  # fmt: skip
        figure.add_trace(
            go.Scatter(
                x=places[part], y=values[part], mode="markers", name=text,
                marker={"color": colour, "size": 6},
                hovertemplate="%{x}: %{y:.5g}<extra></extra>",
            )
        )  # fmt: skip
    quartile = float(np.quantile(values, 0.25 if values[0] <= values[-1] else 0.75))
    figure.add_hline(
        quartile,
        line={"dash": "dot", "width": 1, "color": OTHERS},
        annotation_text="first quartile",
        annotation_position="bottom right",
    )
    figure.update_xaxes(title_text="trials, best first", **whole_axis(len(values)))
    figure.update_yaxes(title_text=wrapped(directed(objective), 34), **axis)
    return figure


def series(courses: pd.DataFrame, *, time: str, metric: str) -> go.Figure:
    """Draw what trials reported against their time, a colour per series.

    Args:
        courses: ``trial``, ``time``, ``value`` and, of several metrics, ``series``.
        time: What the x axis is.
        metric: What the y axis is.

    Raises:
        NoResultError: There is nothing to draw.
    """
    trials = names_in(courses, "trial")
    several = "series" in courses
    heading = f"The {len(trials)} good trials" if len(trials) > 1 else "The good trial"
    figure = new_figure(heading, height=340)
    for name, look in styles(names_in(courses, "series") if several else ["value"]).items():
        rows = courses[courses["series"] == name] if several else courses
        by_trial = dict(iter(rows.groupby("trial", sort=False)))
        lines = [by_trial[trial] for trial in trials if trial in by_trial]
        single = all(len(line) <= 1 for line in lines)
        figure.add_trace(
            go.Scatter(
                x=joined(line["time"].to_numpy(float) for line in lines),
                y=joined(line["value"].to_numpy(float) for line in lines),
                mode="markers" if single else "lines", name=plain(name), showlegend=several,
                line={"width": 1.2, "color": look.colour, "dash": look.dash}, opacity=0.9,
                hovertemplate="%{x}: %{y:.4g}<extra></extra>",
            )
        )  # fmt: skip
    figure.update_xaxes(title_text=wrapped(time, 48))
    figure.update_yaxes(title_text=wrapped(metric, 34))
    return figure


def agreement(first: Floats, last: Floats, *, x: str, y: str) -> go.Figure:
    """Draw the ranks of the same trials at two times; on the line nothing has changed."""
    figure = new_figure("Agreement of ranks", height=400)
    most = float(max(len(first), 1))
    figure.add_trace(
        go.Scatter(
            x=[1, most], y=[1, most], mode="lines", hoverinfo="skip",
            line={"dash": "dot", "width": 1, "color": OTHERS},
        )
    )  # fmt: skip
    figure.add_trace(
        go.Scatter(
            x=first, y=last, mode="markers", marker={"color": MAIN, "size": 6},
            hovertemplate="%{x:g} becomes %{y:g}<extra></extra>",
        )
    )  # fmt: skip
    figure.update_layout(showlegend=False)
    figure.update_xaxes(title_text=wrapped(x, 48))
    figure.update_yaxes(title_text=wrapped(y, 40))
    return figure


def counts(found: Mapping[str, int], *, x: str, y: str) -> go.Figure:
    """Draw a bar per name."""
    figure = new_figure("How often", height=300)
    figure.add_trace(
        go.Bar(
            x=[wrapped(name, 16) for name in found], y=list(found.values()), width=0.6,
            marker={"color": MAIN}, text=[f"{count:,}" for count in found.values()],
            textposition="outside", cliponaxis=False, hoverinfo="skip",
        )
    )  # fmt: skip
    figure.update_xaxes(title_text=wrapped(x, 48), type="category")
    figure.update_yaxes(title_text=plain(y), rangemode="tozero",
                        **whole_axis(max(found.values(), default=0)))  # fmt: skip
    return figure


def repeats(found: pd.DataFrame, *, objective: Objective) -> go.Figure:
    """Draw the values of repeated configurations, a row each.

    Args:
        found: ``group``, ``value``: a row per trial, the best group first.
        objective: What the values are, and its direction.

    Raises:
        NoResultError: There is nothing to draw.
    """
    groups = names_in(found, "group")
    figure = new_figure("Repeated configurations", height=_FRAME_PX - 30 + _ROW_PX * len(groups))
    rows = found["group"].map({name: row for row, name in enumerate(groups)})
    figure.add_trace(
        go.Scatter(
            x=found["value"].to_numpy(float), y=rows.to_numpy(float), mode="markers",
            marker={"color": MAIN, "size": 8, "opacity": 0.6}, showlegend=False,
            hovertemplate="%{x:.5g}<extra></extra>",
        )
    )  # fmt: skip
    _name_rows(figure, groups)
    figure.update_xaxes(title_text=wrapped(directed(objective), 48))
    return figure


def _name_rows(figure: go.Figure, names: Sequence[str]) -> None:
    """Give each name a row, the first on top."""
    figure.update_yaxes(
        tickmode="array", tickvals=list(range(len(names))), showgrid=False, showline=False,
        ticktext=[wrapped(name, 24) for name in names], range=[len(names) - 0.5, -0.5], ticks="",
    )  # fmt: skip
