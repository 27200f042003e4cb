"""Finds trials that have gone silent. Pure: it is told the time and which trials are at work."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

__all__ = ["Watchdog"]


class Watchdog:
    """Remembers for how long each working trial has given no sign of life.

    Time in which the watchdog itself did not look counts as little: when the driver was busy
    (with a slow searcher, say), reports may wait to be read.

    Args:
        timeout_s: A trial that gives no sign of life for longer has hung.
        longest_step_s: What counts at most between two looks.
    """

    def __init__(self, timeout_s: float, longest_step_s: float) -> None:
        self._timeout_s = timeout_s
        self._longest_step_s = longest_step_s
        self._looked: float | None = None
        self._clock = 0.0
        self._heard: dict[str, tuple[Hashable, float]] = {}

    def look(self, working: Iterable[tuple[str, Hashable]], now: float) -> list[str]:
        """Return the trials that have hung, and forget them.

        Args:
            working: Id of every trial that has a worker now, and how far it is.
            now: Seconds, monotonic.
        """
        step = 0.0 if self._looked is None else now - self._looked
        self._clock += min(step, self._longest_step_s)
        self._looked = now
        heard: dict[str, tuple[Hashable, float]] = {}
        for trial_id, progress in working:
            before = self._heard.get(trial_id)
            same = before is not None and before[0] == progress
            heard[trial_id] = before if before is not None and same else (progress, self._clock)
        limit = self._clock - self._timeout_s
        hung = [name for name, (_, since) in heard.items() if since < limit]
        self._heard = {name: seen for name, seen in heard.items() if name not in hung}
        return hung
