"""What a person sees while a comparison runs."""

from __future__ import annotations

import time
from typing import Protocol, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tuner.comparison.record import CellRecord, last_line
from tuner.errors import SpecError, nearest
from tuner.plurals import counted
from tuner.progress.wording import duration_text

__all__ = ["Tidings", "make_tidings"]

_KINDS = ("auto", "live", "lines", "none")
_LINE_EVERY_S = 10.0


class Tidings(Protocol):
    """Shows how a comparison goes on."""

    def begin(self, total: int, missing: int) -> None:
        """So many runs there are, and so many have still to be run."""

    def ended(self, record: CellRecord) -> None:
        """A run has ended."""

    def tick(self) -> None:
        """Time has passed."""

    def close(self) -> None:
        """Nothing more will come."""


def make_tidings(kind: str, stream: TextIO) -> Tidings:
    """Return what shows a comparison on ``stream``.

    Args:
        kind: ``"live"`` for a bar, ``"lines"``, ``"none"``; ``"auto"`` is live in a terminal.
        stream: Where to write.

    Raises:
        SpecError: There is no such kind.
    """
    if kind not in _KINDS:
        raise SpecError(
            f"progress is one of {', '.join(_KINDS)}; got {kind!r}{nearest(kind, _KINDS)}"
        )
    if kind == "none":
        return _Silent()
    can_redraw = stream.isatty() and not Console(file=stream).is_dumb_terminal
    if kind == "lines" or (kind == "auto" and not can_redraw):
        return _Lines(stream)
    return _Bar(stream)


class _Silent:
    def begin(self, total: int, missing: int) -> None:
        """Show nothing."""

    def ended(self, record: CellRecord) -> None:
        """Show nothing."""

    def tick(self) -> None:
        """Show nothing."""

    def close(self) -> None:
        """Show nothing."""


class _Lines:
    """Writes a line every 10 s, and one for each run that fails."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._total = self._missing = self._ran = self._failed = 0
        self._began = time.monotonic()
        self._next = self._began + _LINE_EVERY_S

    def begin(self, total: int, missing: int) -> None:
        """Say how much there is to do."""
        self._total, self._missing = total, missing
        kept = f"; {total - missing} ended earlier" if missing < total else ""
        self._say(f"{missing} of {counted(total, 'run')} to go{kept}")

    def ended(self, record: CellRecord) -> None:
        """Count a run, and say at once that it failed."""
        self._ran += 1
        if record.run["status"] == "failed":
            self._failed += 1
            self._say(failure_line(record))

    def tick(self) -> None:
        """Say how it stands when it is time to."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + _LINE_EVERY_S
        done = self._total - self._missing + self._ran
        left = ""
        if self._ran:
            per_run = (now - self._began) / self._ran
            left = f", about {duration_text(per_run * (self._missing - self._ran))} left"
        failed = f", {self._failed} failed" if self._failed else ""
        self._say(f"{done} of {counted(self._total, 'run')} ended{failed}{left}")

    def close(self) -> None:
        """Nothing is left to say."""

    def _say(self, line: str) -> None:
        print(line, file=self._stream, flush=True)


class _Bar:
    """Redraws a bar; runs that fail are told above it."""

    def __init__(self, stream: TextIO) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("runs"),
            TimeRemainingColumn(compact=True),
            console=Console(file=stream, highlight=False),
            transient=True,
        )
        self._task = self._progress.add_task("comparing", total=None)
        self._failed = 0

    def begin(self, total: int, missing: int) -> None:
        """Draw the bar."""
        self._progress.update(self._task, total=total, completed=total - missing)
        self._progress.start()

    def ended(self, record: CellRecord) -> None:
        """Move on."""
        if record.run["status"] == "failed":
            self._failed += 1
            self._progress.console.print(failure_line(record), markup=False, soft_wrap=True)
            self._progress.update(self._task, description=f"comparing ({self._failed} failed)")
        self._progress.advance(self._task)

    def tick(self) -> None:
        """Nothing changed; the bar draws itself."""

    def close(self) -> None:
        """Remove the bar."""
        self._progress.stop()


def failure_line(record: CellRecord) -> str:
    """Return in a line which run failed, and why."""
    return f"failed: {record.cell}: {last_line(record.run['error'])}"
