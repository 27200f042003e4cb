"""Figures with panels, in as many columns as there is room for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from tuner.figures.labels import new_figure, wrapped
from tuner.figures.layouts import offer

__all__ = ["Panel", "label_rows", "panels"]

_ACROSS = 3
_GAP_PX = 78  # between rows: ticks, a label and a heading
_ROOMY_PX = 104
_FRAME_PX = 140  # headings above and legend below
_BAR_PX = 76  # a colour bar below
_BELOW_BAR_PX = 16  # plotly itself leaves room for ticks
_MOST = {"narrow": 1, "medium": 2, "wide": _ACROSS}  # columns
_LETTERS = {"narrow": 46, "medium": 52, "wide": 90}  # of the headings of a row
_SHARED_GAP = 0.05  # of the width, between columns with one y axis
_GAPS = {"narrow": 0.17, "medium": 0.17, "wide": 0.114}  # between two columns
_ROOMY_GAPS = {"narrow": 0.17, "medium": 0.27, "wide": 0.2}
_BAR = {
    "orientation": "h", "x": 0.5, "xanchor": "center", "yanchor": "bottom", "ypad": 0,
    "yref": "container", "len": 0.9, "title.side": "bottom", "thickness": 10,
}  # fmt: skip
_BAR_BESIDE = {
    "orientation": "v", "x": 1.02, "xanchor": "left", "y": 0.5, "yanchor": "middle", "ypad": 10,
    "yref": "paper", "len": 1, "title.side": "right", "thickness": 12,
}  # fmt: skip


class Panel(NamedTuple):
    """Where a panel is, as plotly's ``add_trace`` takes it, while there is room."""

    row: int
    col: int

    @property
    def where(self) -> dict[str, Any]:
        """The same as keywords."""
        return self._asdict()


def panels(
    title: str,
    names: Sequence[str],
    notes: Iterable[str | None] = (),
    *,
    across: int = _ACROSS,
    height: int = 230,
    share_y: bool = False,
    colour_bar: bool = False,
    roomy: bool = False,
) -> tuple[go.Figure, list[Panel]]:
    """Return a figure with a panel per name, and where each is.

    Args:
        title: Of the figure.
        names: Of the panels; empty for none above it.
        notes: As `new_figure` takes them.
        across: How many panels are in a row at most.
        height: Of a panel, in pixels.
        share_y: Whether all panels have one y axis, with its ticks at the first of each row.
        colour_bar: Whether there will be a colour axis: its bar is below where there is little
            room beside.
        roomy: Whether ticks are long, so that there is more room between columns and rows.
    """
    columns = max(1, min(across, len(names)))
    rows = -(-len(names) // columns)
    places = [Panel(at // columns + 1, at % columns + 1) for at in range(len(names))]
    figure = make_subplots(
        rows=rows,
        cols=columns,
        specs=[
            [{} if Panel(row + 1, col + 1) in places else None for col in range(columns)]
            for row in range(rows)
        ],
        subplot_titles=[wrapped(name, 90 // columns) for name in names],
        shared_yaxes="all" if share_y else False,
    )
    layouts = {
        size: _layout(names, min(columns, most), size, height, share_y=share_y, roomy=roomy)
        for size, most in _MOST.items()
    }
    tall = layouts["wide"]["height"]
    new_figure(title, notes, height=tall, below=30 if any(names) else 10, figure=figure)
    figure.update_annotations(font=None)  # that of the theme, not plotly's own for panels
    if colour_bar:
        layouts["narrow"]["height"] += _BAR_PX
        layouts = {size: each | _bar(size, each["height"]) for size, each in layouts.items()}
    figure.layout.update(layouts["wide"])
    offer(figure, **layouts)
    return figure, places


def label_rows(figure: go.Figure, places: Sequence[Panel], title: str) -> None:
    """Give the panels that are the first of their rows, however many columns there are, a title."""
    columns = max(panel.col for panel in places)
    layouts = {
        size: {
            f"yaxis{_number(at)}.title.text": title if at % min(columns, most) == 0 else None
            for at in range(len(places))
        }
        for size, most in _MOST.items()
    }
    figure.layout.update(layouts["wide"])
    offer(figure, **layouts)


def _layout(
    names: Sequence[str], columns: int, size: str, height: int, *, share_y: bool, roomy: bool
) -> dict[str, Any]:
    """Return where panels are in so many columns, by plotly's dotted keys."""
    below = _ROOMY_PX if roomy else _GAP_PX
    gap = (_ROOMY_GAPS if roomy else _GAPS)[size] * (2 / columns) ** 1.4
    between = _SHARED_GAP if share_y else gap
    rows = -(-len(names) // columns)
    wide = (1 - between * (columns - 1)) / columns
    tall = height / (rows * (height + below) - below)
    step = (1 - tall) / (rows - 1) if rows > 1 else 0.0
    found: dict[str, Any] = {"height": _FRAME_PX + rows * (height + below)}
    headed = 0
    for at, name in enumerate(names):
        row, column = divmod(at, columns)
        left, top = column * (wide + between), 1 - row * step
        found[f"xaxis{_number(at)}.domain"] = [left, left + wide]
        found[f"yaxis{_number(at)}.domain"] = [max(top - tall, 0.0), top]
        if share_y:
            found[f"yaxis{_number(at)}.showticklabels"] = column == 0
        if name:  # plotly writes no heading where it is empty
            place = f"annotations[{headed}]"
            found[f"{place}.x"], found[f"{place}.y"] = left + wide / 2, top
            found[f"{place}.text"] = wrapped(name, _LETTERS[size] // columns)
            headed += 1
    return found


def _bar(size: str, height: int) -> dict[str, Any]:
    """Return where the colour bar is: beside, or below with the legend above it.

    Below, its title is under its ticks: plotly places it too low where panels are a small part of
    the height, and above the bar that would be on the bar.
    """
    below = size == "narrow"
    settings = {**_BAR, "y": _BELOW_BAR_PX / height} if below else _BAR_BESIDE
    bar = {f"coloraxis.colorbar.{key}": value for key, value in settings.items()}
    return {**bar, "legend.y": _BAR_PX / height if below else 0}


def _number(at: int) -> str:
    """Return what plotly puts behind the name of an axis: nothing for the first."""
    return str(at + 1) if at else ""
