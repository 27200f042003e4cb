"""A sweep as a panel that redraws itself below a cell of a notebook."""

from __future__ import annotations

import importlib
import io
import sys
import time
from collections.abc import Callable
from html import escape
from typing import Any

from rich.console import Console

from tuner.progress.pace import Rate
from tuner.progress.panel import render
from tuner.progress.snapshot import Snapshot

__all__ = ["NotebookView", "in_notebook"]

_SECONDS_BETWEEN_FRAMES = 1.0
_WIDTH, _HEIGHT = 100, 40
_STYLE = (
    # Curves are drawn in Braille, which not every font has in the width of its letters.
    "font-family: 'DejaVu Sans Mono', Menlo, Consolas, monospace; line-height: 1.2; "
    "overflow-x: auto"
)


def in_notebook() -> bool:
    """Return whether this process is the kernel of a notebook."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    return getattr(shell, "kernel", None) is not None


class NotebookView:
    """Draws the newest snapshot in one place, at most once a second.

    There is no thread: a frame is drawn by `update` or not at all. What is said meanwhile stays
    above the panel.

    Args:
        display: Shows a mapping from MIME types to texts, and returns what updates it; IPython's
            unless a test gives its own.
        clock: Seconds, never going back.
    """

    def __init__(
        self,
        *,
        display: Callable[..., Any] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._display = display
        self._clock = clock
        self._rate = Rate()
        self._cell: Any = None
        self._said: list[str] = []
        self._newest: Snapshot | None = None
        self._next_frame = float("-inf")
        self._closed = False

    def update(self, snapshot: Snapshot) -> None:
        """Draw ``snapshot``, unless the last frame is less than a second old."""
        self._take(snapshot)
        now = self._clock()
        if self._closed or now < self._next_frame:
            return
        self._next_frame = now + _SECONDS_BETWEEN_FRAMES
        self._draw()

    def message(self, text: str) -> None:
        """Say ``text`` above the panel, at once."""
        self._said.append(text)
        self._draw()

    def close(self, snapshot: Snapshot | None = None) -> None:
        """Draw the last state and leave it there."""
        if self._closed:
            return
        self._closed = True
        if snapshot is not None:
            self._take(snapshot)
            self._draw()

    def _take(self, snapshot: Snapshot) -> None:
        self._rate.observe(snapshot.elapsed_s, snapshot.reports)
        self._newest = snapshot

    def _draw(self) -> None:
        panel = _panel(self._newest, self._rate.per_second)
        said = [*self._said, *([panel.export_text(clear=False)] if panel else [])]
        told = [*map(escape, self._said), *([_html(panel)] if panel else [])]
        shown = {
            "text/plain": "\n".join(said),
            "text/html": f'<pre style="{_STYLE}">{chr(10).join(told)}</pre>',
        }
        if self._cell is None:
            show = self._display or importlib.import_module("IPython.display").display
            self._cell = show(shown, raw=True, display_id=True)
        else:
            self._cell.update(shown, raw=True)


def _panel(snapshot: Snapshot | None, reports_per_s: float | None) -> Console | None:
    """Return a console that holds what a terminal would show; None while there is nothing."""
    if snapshot is None:
        return None
    console = Console(
        record=True, file=io.StringIO(), width=_WIDTH, height=_HEIGHT, force_terminal=True,
        force_jupyter=False, color_system="truecolor", highlight=False, _environ={},
    )  # fmt: skip
    console.print(render(snapshot, reports_per_s, width=_WIDTH, height=_HEIGHT))
    return console


def _html(panel: Console) -> str:
    return panel.export_html(code_format="{code}", inline_styles=True, clear=False)
