"""Figures with panels in rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from tuner.figures.labels import new_figure, wrapped

__all__ = ["Panel", "panels"]

_ACROSS = 3
_GAP_PX = 78  # between rows: ticks, a label and a heading
_FRAME_PX = 140  # headings above and legend below


class Panel(NamedTuple):
    """Where a panel is, as plotly's ``add_trace`` takes it."""

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
) -> tuple[go.Figure, list[Panel]]:
    """Return a figure with a panel per name, and where each is.

    Args:
        title: Of the figure.
        names: Of the panels; empty for none above it.
        notes: As `new_figure` takes them.
        across: How many panels are in a row at most.
        height: Of a panel, in pixels.
        share_y: Whether the panels of a row have one y axis.
    """
    columns = max(1, min(across, len(names)))
    rows = -(-len(names) // columns)
    figure = make_subplots(
        rows=rows,
        cols=columns,
        subplot_titles=[wrapped(name, 90 // columns) for name in names],
        shared_yaxes=share_y,
        vertical_spacing=_GAP_PX / (rows * (height + _GAP_PX)) if rows > 1 else None,
        horizontal_spacing=0.05 if share_y else 0.3 / columns**1.4,
    )
    new_figure(title, notes, height=_FRAME_PX + rows * (height + _GAP_PX), figure=figure)
    figure.update_annotations(font=None)  # that of the theme, not plotly's own for panels
    if any(names):  # for which plotly makes no room
        figure.update_layout(title={"pad": {"b": 30}})
    return figure, [Panel(at // columns + 1, at % columns + 1) for at in range(len(names))]
