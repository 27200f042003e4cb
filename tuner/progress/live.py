"""A sweep as a panel that redraws itself in a terminal."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TextIO

from rich.console import Console
from rich.live import Live
from rich.text import Text

from tuner.progress.pace import Rate
from tuner.progress.panel import draw_sample, render
from tuner.progress.snapshot import Snapshot

__all__ = ["LiveView"]

_SECONDS_BETWEEN_FRAMES = 0.25
_SECONDS_BETWEEN_DRAWINGS = 1.0
"""Of the curves, which take as long as all the rest."""


class LiveView:
    """Draws the newest snapshot in place, at most four times a second.

    There is no thread: a frame is drawn by `update` or not at all. What others print meanwhile
    appears above the panel.

    Args:
        stream: The terminal.
        clock: Seconds, never going back.
        console: Draws instead of a console on ``stream``, for tests.
    """

    def __init__(
        self,
        stream: TextIO,
        *,
        clock: Callable[[], float] = time.monotonic,
        console: Console | None = None,
    ) -> None:
        self._console = console or Console(file=stream, highlight=False)
        self._live = Live(console=self._console, auto_refresh=False)
        self._clock = clock
        self._rate = Rate()
        self._next_frame = float("-inf")
        self._closed = False
        self._size: tuple[int, int] | None = None
        self._drawn: tuple[tuple[int, int], float, Text] | None = None

    def update(self, snapshot: Snapshot) -> None:
        """Draw ``snapshot``, unless the last frame is less than a quarter of a second old."""
        self._rate.observe(snapshot.elapsed_s, snapshot.reports)
        now = self._clock()
        if self._closed or now < self._next_frame:
            return
        self._next_frame = now + _SECONDS_BETWEEN_FRAMES
        self._draw(snapshot)

    def message(self, text: str) -> None:
        """Print ``text`` above the panel."""
        self._console.print(Text(text))

    def close(self, snapshot: Snapshot | None = None) -> None:
        """Draw the last state and leave it on the screen."""
        if self._closed:
            return
        self._closed = True
        if snapshot is not None:
            self._rate.observe(snapshot.elapsed_s, snapshot.reports)
            self._draw(snapshot)
        self._live.stop()

    def _draw(self, snapshot: Snapshot) -> None:
        size = width, height = self._console.size
        if not self._live.is_started:
            self._live.start()
        if self._size not in (None, size):
            self._console.clear()  # the terminal has broken the lines of the last frame anew
        self._size = size
        draw = draw_sample if self._closed else self._draw_now_and_then
        panel = render(snapshot, self._rate.per_second, width=width, height=height, draw=draw)
        self._live.update(panel, refresh=True)

    def _draw_now_and_then(self, snapshot: Snapshot, width: int, height: int) -> Text:
        """Return the curves as they were drawn a moment ago, or now."""
        now = self._clock()
        if self._drawn is not None:
            size, at, drawing = self._drawn
            if size == (width, height) and now < at + _SECONDS_BETWEEN_DRAWINGS:
                return drawing
        drawing = draw_sample(snapshot, width, height)
        self._drawn = (width, height), now, drawing
        return drawing
