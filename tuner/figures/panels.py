"""Figures with panels, their sizes, and the axes of what was spent."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from tuner.budgets import Unit

__all__ = ["label_edges", "new_figure", "panels", "spend_axis"]

_WORDS: dict[Unit, str] = {
    "trials": "trials",
    "epochs": "epochs",
    "seconds": "wall time",
    "gpu_seconds": "GPU time",
}
_CLOCK = ((2 * 3600.0, 3600.0, "h"), (2 * 60.0, 60.0, "min"), (0.0, 1.0, "s"))


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of that size in inches, whose parts make room for each other."""
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def panels(
    count: int, width: float, height: float, *, below: float = 0.0, share_y: bool = False
) -> tuple[Figure, list[Axes]]:
    """Return a figure with ``count`` panels in rows of at most three.

    Args:
        count: At least 1.
        width: Of the figure, in inches: a panel is at least 2 inches wide.
        height: Of a panel, in inches.
        below: What the legend needs, in inches.
        share_y: Whether the panels of a row have one y axis.
    """
    columns = max(1, min(count, 3, int(width / 2)))
    rows = -(-count // columns)
    figure = new_figure(width, rows * height + below)
    axes = figure.subplots(rows, columns, squeeze=False, sharey="row" if share_y else False)
    for unused in axes.flat[count:]:
        unused.remove()
    return figure, list(axes.flat[:count])


def label_edges(axes: Sequence[Axes], x: str, y: str = "") -> None:
    """Label the axes of `panels` where no panel is below, or at the left."""
    grid = axes[0].get_gridspec()
    columns = grid.ncols if grid is not None else 1
    for number, axis in enumerate(axes):
        if number + columns >= len(axes):
            axis.set_xlabel(x)
        if y and number % columns == 0:
            axis.set_ylabel(y)


def spend_axis(unit: Unit, most: float) -> tuple[str, float]:
    """Return the label of an axis of spend, and what one of its units is worth.

    Args:
        unit: What is spent.
        most: The most that the axis shows: times are in hours, minutes or seconds as fits.
    """
    if unit in ("trials", "epochs"):
        return _WORDS[unit], 1.0
    worth, name = next((worth, name) for least, worth, name in _CLOCK if most >= least)
    return f"{_WORDS[unit]} ({name})", worth
