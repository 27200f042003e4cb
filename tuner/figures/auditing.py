"""What an audit looks at: where trials lie, how they rank, and their curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from tuner.errors import NoResultError
from tuner.figures.frames import names_in
from tuner.figures.panels import new_figure
from tuner.figures.rows import name_rows
from tuner.figures.style import COLUMN_IN, arm_styles, styled, wrapped

__all__ = [
    "draw_agreement",
    "draw_counts",
    "draw_positions",
    "draw_repeats",
    "draw_training_curves",
    "draw_value_order",
]

_ROW_IN = 0.26
_FRAME_IN = 0.75
_HEIGHT_IN = 2.1
_OTHERS = "0.75"
_MARKED = "#D55E00"
_JITTER = 0.3  # of a row, up and down


@styled
def draw_positions(
    positions: pd.DataFrame,
    *,
    marked: Sequence[str],
    label: str,
    options: Mapping[str, int] | None = None,
    edge: float = 0.0,
    width: float = COLUMN_IN,
) -> Figure:
    """Draw where trials lie in each hyperparameter's domain, some of them marked.

    Args:
        positions: A row per trial and a column per hyperparameter: the position of a number in its
            domain, from 0 to 1 on the declared scale, or of an option; NaN where there is none.
        marked: The index of those that are marked.
        label: What these are.
        options: How many options there are, of the columns that are choices.
        edge: How far from each end on a domain's edge reaches, which is shaded.
        width: In inches.

    Raises:
        NoResultError: There is no hyperparameter.
    """
    names = [str(name) for name in positions.columns]
    if not names:
        raise NoResultError("there is nothing to draw: the frame has no hyperparameters")
    figure = new_figure(width, _FRAME_IN + 0.2 + _ROW_IN * len(names))
    axis = figure.subplots()
    shift = np.random.default_rng(0).uniform(-_JITTER, _JITTER, len(positions))
    chosen = positions.index.isin(list(marked))
    for row, name in enumerate(names):
        places = positions[name].to_numpy(float)
        if options and name in options:
            places = (places + 0.5) / options[name]
        for which, colour, size, text in ((~chosen, _OTHERS, 3, "the others"),
                                          (chosen, _MARKED, 6, label)):  # fmt: skip
            axis.scatter(places[which], row + shift[which], s=size, color=colour, linewidths=0,
                         label=text if row == 0 else None)  # fmt: skip
    for start in (0.0, 1 - edge) if edge else ():
        axis.axvspan(start, start + edge, color=_MARKED, alpha=0.12, linewidth=0)
    name_rows(axis, names)
    axis.set_xlim(-0.02, 1.02)
    axis.set_xticks([0, 0.5, 1], ["lower end", "middle", "upper end"])
    axis.set_xlabel("position on the declared scale")
    axis.grid(visible=True, axis="x")
    figure.legend(loc="outside lower center", ncols=2, handletextpad=0.2)
    return figure


@styled
def draw_value_order(
    values: npt.NDArray[np.float64], *, marked: int, metric: str, width: float = COLUMN_IN
) -> Figure:
    """Draw the values of trials in their order, the first ones marked.

    Args:
        values: Best first.
        marked: How many are marked.
        metric: What they are.
        width: In inches.
    """
    figure = new_figure(width, _HEIGHT_IN)
    axis = figure.subplots()
    places = np.arange(1, len(values) + 1)
    axis.plot(places[marked:], values[marked:], ".", color=_OTHERS, label="the others")
    axis.plot(places[:marked], values[:marked], ".", color=_MARKED, label="the good trials")
    quartile = float(np.quantile(values, 0.25 if values[0] <= values[-1] else 0.75))
    axis.axhline(quartile, color="0.6", linewidth=0.6, linestyle=":")
    axis.annotate("first quartile", (1, quartile), xycoords=("axes fraction", "data"),
                  ha="right", va="bottom", fontsize=6, color="0.35")  # fmt: skip
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axis.set_xlabel("trials, best first")
    axis.set_ylabel(wrapped(metric, 30))
    axis.grid(visible=True)
    figure.legend(loc="outside lower center", ncols=2, handletextpad=0.2)
    return figure


@styled
def draw_training_curves(
    curves: pd.DataFrame, *, time: str, metric: str, width: float = COLUMN_IN
) -> Figure:
    """Draw what trials reported against their time, a colour per series.

    Args:
        curves: ``trial``, ``time``, ``value`` and, of several metrics, ``series``.
        time: What the x axis is.
        metric: What the y axis is.
        width: In inches.

    Raises:
        NoResultError: There is nothing to draw.
    """
    trials = names_in(curves, "trial")
    several = "series" in curves
    styles = arm_styles(names_in(curves, "series") if several else ["of a good trial"])
    figure = new_figure(width, _HEIGHT_IN + (0.2 if several else 0))
    axis = figure.subplots()
    for trial in trials:
        here = curves[curves["trial"] == trial]
        for name, style in styles.items():
            line = here[here["series"] == name] if several else here
            label = name if trial == trials[0] and several else None
            axis.plot(line["time"], line["value"], color=style.colour, linewidth=0.7, alpha=0.6,
                      marker="." if len(line) == 1 else "", label=label)  # fmt: skip
    axis.set_xlabel(wrapped(time, 40))
    axis.set_ylabel(wrapped(metric, 30))
    axis.grid(visible=True)
    if several:
        figure.legend(loc="outside lower center", ncols=2)
    else:
        axis.set_title(f"the {len(trials)} good trials" if len(trials) > 1 else "the good trial")
    return figure


@styled
def draw_agreement(
    first: npt.NDArray[np.float64],
    last: npt.NDArray[np.float64],
    *,
    x: str,
    y: str,
    width: float = COLUMN_IN,
) -> Figure:
    """Draw the ranks of the same trials at two times; on the line nothing has changed."""
    figure = new_figure(width, 0.85 * width)
    axis = figure.subplots()
    most = float(max(len(first), 1))
    axis.plot([1, most], [1, most], color="0.6", linewidth=0.6, linestyle=":")
    axis.plot(first, last, ".", color="#0072B2")
    axis.set_xlabel(wrapped(x, 40))
    axis.set_ylabel(wrapped(y, 40))
    axis.grid(visible=True)
    return figure


@styled
def draw_counts(counts: Mapping[str, int], *, x: str, y: str, width: float = COLUMN_IN) -> Figure:
    """Draw a bar per name."""
    figure = new_figure(width, _HEIGHT_IN)
    axis = figure.subplots()
    bars = axis.bar(range(len(counts)), list(counts.values()), color="#0072B2", width=0.6)
    axis.bar_label(bars, fontsize=6)
    axis.set_xticks(range(len(counts)), [wrapped(name, 14) for name in counts])
    axis.set_xlim(-0.8, max(len(counts), 3) - 0.2)
    axis.set_xlabel(wrapped(x, 50))
    axis.set_ylabel(y)
    return figure


@styled
def draw_repeats(repeats: pd.DataFrame, *, metric: str, width: float = COLUMN_IN) -> Figure:
    """Draw the values of repeated configurations, a row each.

    Args:
        repeats: ``group``, ``value``: a row per trial, the best group first.
        metric: What the values are.
        width: In inches.

    Raises:
        NoResultError: There is nothing to draw.
    """
    groups = names_in(repeats, "group")
    figure = new_figure(width, _FRAME_IN + _ROW_IN * len(groups))
    axis = figure.subplots()
    rows = repeats["group"].map({name: row for row, name in enumerate(groups)})
    axis.plot(repeats["value"], rows, "o", color="#0072B2", alpha=0.6)
    name_rows(axis, groups)
    axis.set_xlabel(wrapped(metric, 40))
    axis.grid(visible=True, axis="x")
    return figure
