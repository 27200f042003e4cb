"""Contours: what trials reached over each pair of hyperparameters, as far as there are trials."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import combinations
from typing import Any, Literal

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from scipy.spatial import cKDTree
from scipy.stats import rankdata

from tuner.errors import NoResultError
from tuner.figures.frames import Floats, Mask, costs_of, finite, values_of
from tuner.figures.grids import panels
from tuner.figures.hovering import HOVER, trial_texts
from tuner.figures.hyperparameters import SPREAD, Hyperparameter, hyperparameters
from tuner.figures.labels import directed, plain
from tuner.figures.layouts import offer
from tuner.figures.strength import strongest
from tuner.figures.themes import OTHERS, SHADES
from tuner.figures.thinning import evenly, thinned
from tuner.objectives import Objective
from tuner.plurals import counted

__all__ = ["contours"]

_MOST_NAMES = 4
_CELLS = 40  # across a number
_NEIGHBOURS = 6
_REACH = 0.12  # of a side: further from every trial nothing is said
_LETTERS = {"narrow": 36, "medium": 12, "wide": 36}  # of the options across a panel together
_LETTERS_BESIDE = {"narrow": 12, "medium": 8, "wide": 12}  # in a line of an option beside it
_RANKS = 4  # at the colour bar, with their values
_WORST = 0.75  # of the ranks: worse values have one shade


def contours(
    trials: pd.DataFrame,
    *,
    objective: Objective,
    names: Sequence[str] | None = None,
    log: Collection[str] | None = None,
    shade: Literal["value", "rank"] = "value",
    most: int = 300,
) -> go.Figure:
    """Draw a panel for each pair of hyperparameters, shaded by the trials nearby.

    A cell has the mean of the nearest trials; where none is near, it stays empty.

    Args:
        trials: As `tuner.Sweep.trials` gives them.
        objective: The metric and its direction.
        names: Which hyperparameters, two or more; None for the four that
            explain most, each by itself.
        log: Those on log axes; None for those whose values span two powers of ten.
        shade: By values, or by the ranks of trials, in which outliers weigh nothing.
        most: How many trials are drawn as points; the shades are of all.

    Raises:
        NoResultError: No trial has a finite value, or fewer than two hyperparameters vary.
        SpecError: There is no such hyperparameter.
    """
    values = values_of(trials, objective)
    known = finite(values, objective.metric)
    found = hyperparameters(trials, names, log=log)
    if len(found) < 2:
        raise NoResultError("contours are of two hyperparameters or more, and one varies")
    costs = costs_of(values, objective)
    shown, more = strongest(found, costs, len(found) if names else _MOST_NAMES)
    shades = _shades(values, costs, known, shade)
    colours = _colour_axis(shades[known], costs[known], objective, shade)
    shades = np.clip(shades, colours["cmin"], colours["cmax"])
    kept, note = thinned(costs[known], most=most)
    points, lost = np.flatnonzero(known)[kept], np.flatnonzero(~known)
    pairs = list(combinations(shown, 2))
    choices = any(each.options for each in shown)
    figure, places = panels(
        "Contours" if shade == "value" else "Ranks",
        [f"{up.name} against {across.name}" for across, up in pairs],
        [note and f"points: {note}", "empty where no trial is near",
         f"crosses: some of {counted(len(lost), 'trial')} without a value" if len(lost) else None,
         SPREAD if choices else None, more],
        across=2, height=260, colour_bar=True, roomy=choices,
    )  # fmt: skip
    texts = trial_texts(trials, points, objective)
    for panel, (across, up) in zip(places, pairs, strict=True):
        x, y = across.spread(1), up.spread(2)
        figure.add_trace(_surface(across, up, shades, known), **panel.where)
        figure.add_trace(_points(x[points], y[points], shades[points], texts), **panel.where)
        if len(lost):
            at = evenly(lost, most // 2)
            figure.add_trace(_crosses(x[at], y[at]), **panel.where)
        figure.update_xaxes(title_text=plain(across.name), **across.axis, **panel.where)
        figure.update_yaxes(**up.axis, **panel.where)
    _name_options(figure, pairs)
    figure.update_layout(coloraxis=colours)
    return figure


def _name_options(
    figure: go.Figure, pairs: Sequence[tuple[Hyperparameter, Hyperparameter]]
) -> None:
    """Write options beside the ticks of each panel, as short as panels are narrow."""
    layouts: dict[str, dict[str, Any]] = {size: {} for size in _LETTERS}
    for at, (across, up) in enumerate(pairs, 1):
        number = at if at > 1 else ""
        for size, patch in layouts.items():
            room = size if len(pairs) > 1 else "wide"  # one panel alone is never narrow
            patch[f"xaxis{number}.ticktext"] = across.tick_texts_across(_LETTERS[room])
            patch[f"yaxis{number}.ticktext"] = up.tick_texts(_LETTERS_BESIDE[room])
    figure.layout.update(layouts["wide"])
    offer(figure, **layouts)


def _points(x: Floats, y: Floats, shades: Floats, texts: Sequence[str]) -> go.Scatter:
    return go.Scatter(
        x=x, y=y, mode="markers", text=texts, hovertemplate=HOVER, showlegend=False,
        marker={"color": shades, "coloraxis": "coloraxis", "size": 5,
                "line": {"width": 0.7, "color": "rgba(255,255,255,0.8)"}},
    )  # fmt: skip


def _crosses(x: Floats, y: Floats) -> go.Scatter:
    return go.Scatter(
        x=x, y=y, mode="markers", hoverinfo="skip", showlegend=False,
        marker={"symbol": "x-thin-open", "size": 5, "color": OTHERS},
    )  # fmt: skip


def _shades(values: Floats, costs: Floats, known: Mask, shade: str) -> Floats:
    if shade == "value":
        return values
    shades = np.full(len(values), np.nan)
    shades[known] = rankdata(costs[known])
    return shades


def _colour_axis(shades: Floats, costs: Floats, objective: Objective, shade: str) -> dict[str, Any]:
    """Return a scale on which the better three quarters of the trials differ; bright is better."""
    order = np.argsort(costs, kind="stable")
    best, worst = shades[order[0]], shades[order[int(_WORST * (len(order) - 1))]]
    title = (
        plain(directed(objective))
        if shade == "value"
        else f"rank: {plain(objective.metric)} (lower ranks are better)"
    )
    ends = sorted([float(best), float(worst)])
    bar: dict[str, Any] = {"title": {"text": title}}
    if shade == "rank":
        bar |= _ranked_values(costs[order], objective)
    return {
        "colorscale": list(SHADES),
        "cmin": ends[0],
        "cmax": ends[1] if ends[1] > ends[0] else ends[0] + 1,
        "reversescale": bool(best <= worst),
        "colorbar": bar,
    }


def _ranked_values(costs: Floats, objective: Objective) -> dict[str, Any]:
    """Return ticks that say which value has which rank, from the best one to the worst shade."""
    last = int(_WORST * (len(costs) - 1))
    at = np.unique(np.linspace(0, last, _RANKS).round().astype(np.intp))
    sign = 1.0 if objective.mode == "min" else -1.0
    texts = [f"{rank + 1:,}: {sign * costs[rank]:.3g}" for rank in at]
    return {"tickmode": "array", "tickvals": (at + 1).tolist(), "ticktext": texts}


def _surface(across: Hyperparameter, up: Hyperparameter, shades: Floats, known: Mask) -> go.Heatmap:
    """Return the mean of the nearest trials in each cell of two hyperparameters."""
    here = known & ~np.isnan(across.places) & ~np.isnan(up.places)
    (columns, at_columns), (rows, at_rows) = _cells(across), _cells(up)
    shown = np.full((len(rows), len(columns)), np.nan)
    if here.any():
        trials = np.stack([across.scaled[here], up.scaled[here]], axis=1)
        grid = np.stack(np.meshgrid(at_columns, at_rows), axis=-1).reshape(-1, 2)
        near = min(_NEIGHBOURS, len(trials))
        distances, members = cKDTree(trials).query(grid, k=[*range(1, near + 1)])
        within = distances <= _REACH
        weights = np.where(within, 1 / (distances + 0.02), 0.0)
        total = weights.sum(axis=1)
        sums = (weights * shades[here][members]).sum(axis=1)
        means = np.divide(sums, total, np.full_like(sums, np.nan), where=total > 0)
        shown = means.reshape(shown.shape)
    return go.Heatmap(
        x=columns,
        y=rows,
        z=shown,
        coloraxis="coloraxis",
        hoverinfo="skip",
        hoverongaps=False,
        opacity=0.75,
        zsmooth=False,
    )


def _cells(axis: Hyperparameter) -> tuple[Floats, Floats]:
    """Return the middles of the cells of an axis, and where they are from 0 to 1."""
    if axis.options:
        places = np.arange(len(axis.options), dtype=float)
        return places, places / max(len(places) - 1, 1) if len(places) > 1 else places + 0.5
    low, high = np.nanmin(axis.places), np.nanmax(axis.places)
    at = np.linspace(0, 1, _CELLS)
    if not high > low:
        return np.array([low]), np.array([0.5])
    return (low * (high / low) ** at if axis.log else low + at * (high - low)), at
