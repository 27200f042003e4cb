"""The live panel as a picture, for a page."""

from __future__ import annotations

import io
import re

from rich.console import Console

from tuner.progress.panel import render
from tuner.progress.snapshot import Snapshot

__all__ = ["panel_svg"]

_FONT_FACES = re.compile(r"@font-face \{.*?\}", re.DOTALL)


def panel_svg(
    snapshot: Snapshot,
    *,
    title: str,
    width: int = 100,
    height: int = 40,
    reports_per_s: float | None = None,
) -> str:
    """Return what a terminal shows of a sweep as SVG, which loads nothing from elsewhere.

    Args:
        snapshot: The sweep.
        title: The window's.
        width: Columns of the terminal.
        height: Its lines.
        reports_per_s: Throughput, if known.
    """
    console = Console(
        record=True,
        file=io.StringIO(),
        width=width,
        height=height,
        force_terminal=True,
        color_system="truecolor",
        highlight=False,
        legacy_windows=False,
        _environ={},
    )
    console.print(render(snapshot, reports_per_s, width=width, height=height))
    # rich names fonts on another host; without them a viewer takes its own of fixed width.
    return _FONT_FACES.sub("", console.export_svg(title=title, unique_id="tuner"))
