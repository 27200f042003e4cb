"""Says with which other sweeps a sweep shares its cluster, and what it may have of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from tuner.plurals import counted

__all__ = ["Neighbours"]

_NAMED = 3
_NUMBERS_EVERY_S = 60.0  # they change whenever a trial of another sweep ends


class Neighbours:
    """Says it once, and again when it has changed.

    Args:
        say: Shows a line to the user.
        clock: Seconds, monotonic.
    """

    def __init__(
        self, say: Callable[[str], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._say = say
        self._clock = clock
        self._sweeps: Sequence[str] = ()
        self._line = ""
        self._said_at = 0.0

    def tell(self, sweeps: Sequence[str], workers: int | None, room: int) -> None:
        """Take note of how the cluster is shared now.

        Args:
            sweeps: The names of the others.
            workers: How many the sweep may have; None for any number.
            room: How many the cluster holds.
        """
        joined_or_left, self._sweeps = sweeps != self._sweeps, sweeps
        line = _line(sweeps, workers, room)
        due = joined_or_left or self._clock() - self._said_at >= _NUMBERS_EVERY_S
        if line != self._line and due:
            self._line, self._said_at = line, self._clock()
            self._say(line or "has the cluster to itself again")


def _line(sweeps: Sequence[str], workers: int | None, room: int) -> str:
    if not sweeps:
        return ""
    more = len(sweeps) - _NAMED
    names = ", ".join(sweeps[:_NAMED]) + (f" and {more} more" if more > 0 else "")
    has = room if workers is None else min(workers, room)
    return f"shares the cluster with {names}: may have {has} of {counted(room, 'worker')}"
