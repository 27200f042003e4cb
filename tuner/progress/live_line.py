"""One line in a terminal that follows what is going on, at no cost to that."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from rich.console import Console
from rich.live import Live
from rich.text import Text

__all__ = ["live_line"]

_FRAMES_PER_S = 4


@contextmanager
def live_line(stream: TextIO, line: Callable[[], str]) -> Iterator[None]:
    """Keep showing what ``line`` returns; it is gone at the end. Nothing where nobody looks.

    Args:
        stream: Where; only a terminal shows it.
        line: Called several times a second, from a thread of its own.
    """
    if not stream.isatty():
        yield
        return
    console = Console(file=stream, highlight=False)
    with Live(
        console=console,
        get_renderable=lambda: Text(line(), no_wrap=True, overflow="ellipsis"),
        refresh_per_second=_FRAMES_PER_S,
        transient=True,
    ) as live:
        live.refresh()
        yield
