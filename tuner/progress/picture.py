"""A drawing on axes: faint lines, a bright one over them, and marks over both."""

from __future__ import annotations

import math
from collections.abc import Collection
from itertools import groupby
from operator import itemgetter

from rich.text import Text

from tuner.progress.axes import Axes, Curve
from tuner.progress.canvas import COLUMNS_PER_CELL, ROWS_PER_CELL, Canvas

__all__ = [
    "BEST_MARK",
    "BEST_STYLE",
    "FAINT_STYLE",
    "STOPPED_MARK",
    "STOPPED_STYLE",
    "Picture",
    "best_caption",
    "finite_points",
]

BEST_MARK, BEST_STYLE = "◆", "bold green"
STOPPED_MARK, STOPPED_STYLE = "✕", "yellow"
FAINT_STYLE = "dim"


class Picture:
    """An empty picture, to be drawn on.

    Args:
        axes: Where points lie.
    """

    def __init__(self, axes: Axes) -> None:
        self._axes = axes
        self._faint = Canvas(axes.width, axes.height)
        self._bright = Canvas(axes.width, axes.height)
        self._marks: dict[tuple[int, int], tuple[str, str]] = {}

    def line(self, curve: Curve, *, bright: bool) -> None:
        """Join the points of ``curve``; one that is not finite leaves a gap."""
        canvas = self._bright if bright else self._faint
        previous = None
        for point in curve:
            if not _is_finite(point):
                previous = None
                continue
            place = self._axes.place(*point)
            canvas.line(previous or place, place)
            previous = place

    def mark(self, point: tuple[float, float], character: str, style: str) -> None:
        """Put a character where a finite point lies; a later mark hides an earlier one."""
        column, row = self._axes.place(*point)
        self._marks[column // COLUMNS_PER_CELL, row // ROWS_PER_CELL] = (character, style)

    def lines(self) -> list[Text]:
        """Return the drawing, a Text per line."""
        return [self._line(line) for line in range(self._axes.height)]

    def _line(self, line: int) -> Text:
        cells = (self._cell(cell, line) for cell in range(self._axes.width))
        drawn = Text()
        for style, run in groupby(cells, key=itemgetter(1)):  # a style per cell is slow to show
            drawn.append("".join(character for character, _ in run), style)
        return drawn

    def _cell(self, cell: int, line: int) -> tuple[str, str]:
        if (cell, line) in self._marks:
            return self._marks[cell, line]
        if character := self._bright.character(cell, line):
            return character, BEST_STYLE
        return self._faint.character(cell, line) or " ", FAINT_STYLE


def finite_points(curve: Curve) -> list[tuple[float, float]]:
    """Return the points of a curve that can be drawn."""
    return [point for point in curve if _is_finite(point)]


def best_caption(best: str, stopped: Collection[str]) -> Text:
    """Return what the marks mean: the best value, and the ends of stopped trials if there are."""
    caption = Text.assemble((BEST_MARK, BEST_STYLE), f" {best}")
    if stopped:
        caption.append("  ").append(STOPPED_MARK, STOPPED_STYLE).append(" stopped")
    return caption


def _is_finite(point: tuple[float, float]) -> bool:
    return all(map(math.isfinite, point))
