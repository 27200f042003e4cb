"""What the live view draws: a snapshot as rich renderables that fit the screen. Pure.

What matters least goes first where the screen is small: the empty lines between the parts, the
curves, rows of the table, all but one of the gauges.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from tuner.progress.curves import draw_curves
from tuner.progress.panel_parts import bar, best, footer, gauge_lines, legend, title
from tuner.progress.snapshot import Snapshot
from tuner.progress.tables import population_table, rung_table

__all__ = ["DrawCurves", "draw_sample", "render"]

DrawCurves = Callable[[Snapshot, int, int], Text]
"""Draws the curves of a snapshot, so wide and so high, all lines included."""

_ROOMY = 30  # lines from which on parts are set apart
_WIDE = 120  # columns from which on the curves stand beside the table
_TABLE_WIDTH = 56
_FEWEST_ROWS = 3
_CAPTIONS = 4  # lines of a drawing beside the picture: title, time axis, caption
_LEAST_PICTURE, _MOST_PICTURE = 4, 24
_LEAST_WIDTH = 40


def render(
    snapshot: Snapshot,
    reports_per_s: float | None,
    *,
    width: int,
    height: int,
    draw: DrawCurves | None = None,
) -> RenderableType:
    """Draw a sweep.

    Args:
        snapshot: What to draw.
        reports_per_s: Throughput, if known.
        width: Columns of the terminal.
        height: Its lines; what does not fit is left out.
        draw: Draws the curves; None for `draw_sample`.
    """
    gap = 1 if height >= _ROOMY else 0
    most = 2 if gap else 1
    head = [
        title(snapshot, width),
        bar(snapshot, width),
        *_wrapped(legend(snapshot), width, 3),
    ]
    found = [line for text in best(snapshot) for line in _wrapped(text, width, most)]
    foot = _wrapped(footer(snapshot, reports_per_s), width, most)
    if snapshot.note:
        foot += _wrapped(Text(snapshot.note, style="bold yellow"), width, 2)
    room = height - 1 - sum(len(part) + gap for part in (head, found, foot))
    gauges = gauge_lines(snapshot.gauges, width)[: max(1, room // 5)]
    room -= len(gauges) + gap
    body = _Body(snapshot, width, room, gap, draw or draw_sample).parts()
    parts: list[Sequence[RenderableType]] = [head, found, gauges, *body, foot]
    lines: list[RenderableType] = []
    for part in filter(None, parts):
        lines += [Text()] * (gap if lines else 0)
        lines += part
    return Group(*lines)


def draw_sample(snapshot: Snapshot, width: int, height: int) -> Text:
    """Draw the curves of a snapshot, which has some."""
    sample = snapshot.curves
    if sample is None:
        return Text()
    return draw_curves(
        sample.curves,
        metric=snapshot.metric,
        mode=snapshot.mode,
        time_attr=snapshot.time_attr,
        stopped=sample.stopped,
        sample=sample,
        width=width,
        height=height - _CAPTIONS,
    )


@dataclass(frozen=True)
class _Body:
    """The table and the curves, in what the other parts leave of the screen."""

    snapshot: Snapshot
    width: int
    room: int
    gap: int
    draw: DrawCurves

    def parts(self) -> list[list[RenderableType]]:
        """Return the parts, one below the other."""
        least = _LEAST_PICTURE + _CAPTIONS
        if not self._has_table:
            height = min(self.room, _MOST_PICTURE + _CAPTIONS)
            fits = self._has_curves and height >= least
            return [[self._curves(self.width, height)]] if fits else []
        if self._has_curves and self._is_wide and self.room >= least:
            return [[self._side_by_side()]]
        wanted = self._rows + 1
        for_curves = least + self.gap if self._has_curves else 0
        lines = min(wanted, max(_FEWEST_ROWS + 2, self.room - for_curves))
        rest = min(self.room - lines - self.gap, _MOST_PICTURE + _CAPTIONS)
        below = self._has_curves and rest >= least
        if not below:
            lines = min(wanted, self.room)
        table: list[list[RenderableType]] = [[self._table(lines)]] if lines > 1 else []
        return table + ([[self._curves(self.width, rest)]] if below else [])

    def _side_by_side(self) -> Table:
        table_width = min(_TABLE_WIDTH, self.width // 2)
        height = min(self.room, _MOST_PICTURE + _CAPTIONS)
        both = Table.grid(padding=(0, 2, 0, 0))
        both.add_column(width=table_width)
        both.add_column()
        left = self._table(min(self._rows + 1, height))
        both.add_row(left, self._curves(self.width - table_width - 2, height))
        return both

    @property
    def _rows(self) -> int:
        return len(self.snapshot.population or self.snapshot.rungs)

    @property
    def _has_table(self) -> bool:
        return self._rows > 0

    @property
    def _has_curves(self) -> bool:
        sample = self.snapshot.curves
        return sample is not None and sample.finite > 0 and self.width >= _LEAST_WIDTH

    @property
    def _is_wide(self) -> bool:
        # A population has long lines of its own.
        return self.width >= _WIDE and not self.snapshot.population

    def _table(self, lines: int) -> Table:
        """Return the table in so many lines: its head, its rows, and how many there are besides."""
        rows = self._rows if self._rows < lines else max(0, lines - 2)
        if self.snapshot.population:
            return population_table(self.snapshot, rows)
        return rung_table(self.snapshot.rungs, rows)

    def _curves(self, width: int, height: int) -> Text:
        drawing = self.draw(self.snapshot, width, height)
        drawing.no_wrap, drawing.overflow = True, "ellipsis"
        return drawing


def _wrapped(text: Text, width: int, most: int) -> list[Text]:
    """Return a text in at most so many lines; what is beyond them is left out."""
    lines = list(text.wrap(Console(width=width), max(1, width)))
    if len(lines) > most:
        lines = lines[:most]
        lines[-1].append(" …")
        lines[-1].truncate(width, overflow="ellipsis")
    return lines
