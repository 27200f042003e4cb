"""Finds trials that have gone silent. Pure: it is told the time and which trials are at work."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["Watchdog"]


class Watchdog:
    """Remembers when each working trial was last heard of.

    Args:
        timeout_s: A trial that gives no sign of life for longer has hung.
    """

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._heard: dict[str, tuple[int, float]] = {}

    def look(self, working: Iterable[tuple[str, int]], now: float) -> list[str]:
        """Return the trials that have hung, and forget them.

        Args:
            working: Id and number of reports of every trial that has a worker now.
            now: Seconds, monotonic.
        """
        heard = {}
        for trial_id, reports in working:
            before = self._heard.get(trial_id)
            same = before is not None and before[0] == reports
            heard[trial_id] = before if before is not None and same else (reports, now)
        hung = [name for name, (_, since) in heard.items() if now - since > self._timeout_s]
        self._heard = {name: seen for name, seen in heard.items() if name not in hung}
        return hung
