"""Parallel coordinates: each trial as a line through its hyperparameters to its value.

All is drawn as SVG, and not by plotly's own ``parcoords``: that one needs WebGL and a page that may
evaluate code, knows no log axis and no missing value, and draws its letters in one colour on every
background. In a page, ``assets/coordinates.js`` adds what it can do, brushes and axes that move,
and turns the axes on a phone.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from tuner.figures.frames import Floats, Places, costs_of, finite, joined, values_of
from tuner.figures.hovering import HOVER, trial_texts
from tuner.figures.hyperparameters import hyperparameters
from tuner.figures.labels import clipped, new_figure, plain
from tuner.figures.rails import Rail, rail, value_rail
from tuner.figures.strength import strongest
from tuner.figures.themes import MAIN, MARKED, OTHERS, PALETTE
from tuner.figures.thinning import MOST_TRIALS, thinned
from tuner.objectives import Objective
from tuner.plurals import counted

__all__ = ["parallel"]

_MOST_AXES = 12
_LONGEST_TICK = 22  # letters
_SHARES = (0.5, 0.25, 0.1, 0.0)  # of the trials, best ones from there on
_LOOKS = (
    ("the worse half", OTHERS, 0.6, 12.0),
    ("the better half", PALETTE[5], 0.8, 30.0),
    ("the best quarter", MAIN, 0.9, 30.0),
    ("the best tenth", MARKED, 1.4, 40.0),
)  # name, colour, width, and how many opaque lines so many fainter ones are worth
_FAINTEST, _PLAINEST = 0.25, 0.9
_AXIS = "rgba(128,128,128,0.9)"
_LETTER_EM = 0.47  # the width of a letter of a title
_PAGE_EM = 48.0  # of the width of a page, without margins
_SLANT = -32


def parallel(
    trials: pd.DataFrame,
    *,
    objective: Objective,
    others: Sequence[Objective] = (),
    names: Sequence[str] | None = None,
    log: Collection[str] | None = None,
    most: int = MOST_TRIALS,
) -> go.Figure:
    """Draw each trial as a line through its hyperparameters, the best ones on top.

    The last axis is the value, the better end up; of several objectives each has an axis, and
    the first one tells which trials are the best. A trial that lacks a hyperparameter or one of the
    other objectives passes below its axis.

    Args:
        trials: As `tuner.Sweep.trials` gives them.
        objective: The metric and its direction.
        others: More objectives, whose axes come after that of the first.
        names: Which hyperparameters, in that order; None for all that vary, of more than twelve
            the strongest.
        log: Those on log axes; None for those whose values span two powers of ten.
        most: How many trials are drawn.

    Raises:
        NoResultError: No trial has a finite value, or nothing varies.
        SpecError: There is no such hyperparameter.
    """
    values = values_of(trials, objective)
    known = finite(values, objective.metric)
    found = hyperparameters(trials, names, log=log)
    shown, more = strongest(found, costs_of(values, objective), _MOST_AXES)
    costs = costs_of(values[known], objective)
    kept, note = thinned(costs, most=most)
    rows, costs = np.flatnonzero(known)[kept], costs[kept]
    lost = int((~known).sum())
    left_out = f"{counted(lost, 'trial')} without a finite value left out" if lost else None
    judged = f"each objective at its best report; the best trials are those by {objective.metric}"
    reached, cut = _value_rails(trials[known], [objective, *others])
    notes = [judged if others else None, note, left_out, *cut, more]
    figure = new_figure("Parallel coordinates", notes, height=520)
    inputs = [rail(each) for each in shown]
    heights = [each.heights[rows] for each in inputs] + [each.heights[kept] for each in reached]
    texts = trial_texts(trials, rows, objective, *others)
    ids = [plain(each) for each in trials["trial_id"].iloc[rows]]
    _add_lines(figure, np.stack(heights, axis=1), costs, texts, ids)
    _add_axes(figure, [*inputs, *reached])
    return figure


def _value_rails(
    trials: pd.DataFrame, objectives: Sequence[Objective]
) -> tuple[list[Rail], list[str]]:
    """Return an axis per objective, and notes of what is cut off."""
    found = [value_rail(values_of(trials, each), each) for each in objectives]
    which = [f"{each.metric}: " if len(objectives) > 1 else "" for each in objectives]
    cut = [f"{name}{note}" for name, (_, note) in zip(which, found, strict=True) if note]
    return [each for each, _ in found], cut


def _add_lines(
    figure: go.Figure, heights: Floats, costs: Floats, texts: Sequence[str], ids: Sequence[str]
) -> None:
    figure.add_trace(_lines(np.empty((0, heights.shape[1])), [], [], OTHERS, 0.6, 0.15, "context"))
    for (name, colour, width, worth), members in zip(_LOOKS, _groups(costs), strict=True):
        if len(members):
            opacity = min(max(worth / len(members), _FAINTEST), _PLAINEST)
            figure.add_trace(
                _lines(
                    heights[members], [texts[at] for at in members], [ids[at] for at in members],
                    colour, width, opacity, "lines",
                ).update(name=f"{name} ({len(members):,})", showlegend=True)
            )  # fmt: skip
    best = int(np.argmin(costs))
    figure.add_trace(
        _lines(heights[[best]], [texts[best]], [ids[best]], MARKED, 3.5, 1.0, "lines").update(
            name=f"the best: {ids[best]}", showlegend=True
        )
    )


def _groups(costs: Floats) -> list[Places]:
    """Return the trials of each group, the worst group first; where there are few, some empty."""
    shares = np.argsort(np.argsort(costs, kind="stable")) / max(len(costs), 1)
    ends = [1.0, *_SHARES]
    return [np.flatnonzero((low <= shares) & (shares < high)) for high, low in pairwise(ends)]


def _lines(
    heights: Floats, texts: Sequence[str], ids: Sequence[str], colour: str, width: float,
    opacity: float, role: str,
) -> go.Scatter:  # fmt: skip
    """Return lines as one trace: a pointer at the last axis is told all, at the others who it is.

    Args:
        heights: On each axis, (trials, axes).
        texts: Of the trials.
        ids: Of the trials.
        colour: Of the lines.
        width: Of the lines, in pixels.
        opacity: Of the lines.
        role: What it is to ``coordinates.js``.
    """
    count = heights.shape[1]
    words = [
        each for text, name in zip(texts, ids, strict=True)
        for each in (*[name] * (count - 1), text, "")
    ]  # fmt: skip
    return go.Scatter(
        x=joined([np.arange(count, dtype=float)] * len(heights)), y=joined(heights), mode="lines",
        line={"color": colour, "width": width}, opacity=opacity, text=words, showlegend=False,
        hovertemplate=HOVER, meta={"role": role}, hoverinfo="skip" if role == "context" else None,
    )  # fmt: skip


def _add_axes(figure: go.Figure, axes: Sequence[Rail]) -> None:
    places = range(len(axes))
    figure.add_trace(
        go.Scatter(
            x=joined(np.full(2, float(at)) for at in places),
            y=joined(np.array([0.0, 1.0]) for _ in places),
            mode="lines", line={"color": _AXIS, "width": 1.5}, hoverinfo="skip",
            showlegend=False, meta={"role": "axes"},
        )
    )  # fmt: skip
    longest = max(len(line) for each in axes[:-1] for line in each.title.split("<br>"))
    slanted = longest * _LETTER_EM > _PAGE_EM / len(axes)
    room = min(max(int(_PAGE_EM / len(axes) / _LETTER_EM) + 2, 8), _LONGEST_TICK)
    titles = [
        {
            "x": at, "y": 1, "yshift": 8, "yanchor": "bottom", "text": f"<b>{each.title}</b>",
            "captureevents": True, "textangle": _SLANT if slanted else 0,
            "xanchor": "left" if slanted else "center", "xshift": -6 if slanted else 0,
            "name": "title", "bgcolor": "rgba(0,0,0,0)",
        }
        for at, each in enumerate(axes)
    ]  # fmt: skip
    ticks = [
        {
            "x": at, "y": height, "text": clipped(text, room, lines=1), "xanchor": "left",
            "xshift": 3, "borderpad": 1, "name": "tick",
        }
        for at, each in enumerate(axes)
        for height, text in each.ticks
    ]  # fmt: skip
    figure.update_layout(annotations=[*titles, *ticks])  # one by one takes a second
    right = len(axes) - 1 + (0.15 * len(axes) if slanted else 0.6)
    bottom = min(float(each.heights.min()) for each in axes)
    top = 1.3 if slanted else 1.16
    figure.update_xaxes(visible=False, range=[-0.15, right])
    figure.update_yaxes(visible=False, range=[bottom - 0.1, top])
    figure.update_layout(
        dragmode="select", hovermode="closest",
        meta={**figure.layout.meta, "coordinates": {"axes": len(axes)}},
    )  # fmt: skip
