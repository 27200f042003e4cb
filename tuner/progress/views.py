"""The interface of everything that shows a sweep, and the choice between its kinds."""

from __future__ import annotations

from typing import Literal, Protocol, TextIO, TypeAlias, get_args

from rich.console import Console

from tuner.errors import SpecError, nearest
from tuner.progress.lines import LineView
from tuner.progress.live import LiveView
from tuner.progress.notebook import NotebookView, in_notebook
from tuner.progress.snapshot import Snapshot

__all__ = ["SilentView", "View", "ViewKind", "make_view"]

ViewKind: TypeAlias = Literal["auto", "live", "lines", "none"]


class View(Protocol):
    """Shows a sweep while it runs."""

    def update(self, snapshot: Snapshot) -> None:
        """Show ``snapshot``, or leave it out where it follows the last one too closely."""

    def message(self, text: str) -> None:
        """Say something once, above what changes."""

    def close(self, snapshot: Snapshot | None = None) -> None:
        """Show the last state, if given, and let go of the terminal; may be called again."""


class SilentView:
    """Shows nothing."""

    def update(self, snapshot: Snapshot) -> None:
        """Show nothing."""

    def message(self, text: str) -> None:
        """Say nothing."""

    def close(self, snapshot: Snapshot | None = None) -> None:
        """Do nothing."""


def make_view(kind: str, stream: TextIO) -> View:
    """Return a view that writes to ``stream``.

    Args:
        kind: ``"live"`` redraws a panel, ``"lines"`` appends plain lines, ``"none"`` is silent;
            ``"auto"`` is live in a notebook, and where ``stream`` is a terminal that can move its
            cursor.
        stream: Where to write, such as ``sys.stdout``; a notebook has its own place for a panel.

    Raises:
        SpecError: There is no such kind.
    """
    kinds = get_args(ViewKind)
    if kind not in kinds:
        raise SpecError(
            f"progress is one of {', '.join(kinds)}; got {kind!r}{nearest(kind, kinds)}"
        )
    if kind == "none":
        return SilentView()
    if kind != "lines" and in_notebook():
        return NotebookView()
    if kind == "lines" or (kind == "auto" and not _can_redraw(stream)):
        return LineView(stream)
    return LiveView(stream)


def _can_redraw(stream: TextIO) -> bool:
    # Not Console.is_terminal: FORCE_COLOR in a log makes that true.
    return stream.isatty() and not Console(file=stream).is_dumb_terminal
