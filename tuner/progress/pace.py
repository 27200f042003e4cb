"""How fast a sweep goes, and how long it may still take. Pure: time comes in with each value."""

from __future__ import annotations

from collections import deque

from tuner.progress.snapshot import Snapshot

__all__ = ["Rate", "time_left"]


class Rate:
    """Events per second over a sliding window.

    Args:
        window_s: Seconds to look back.
    """

    def __init__(self, window_s: float = 30.0) -> None:
        self._window_s = window_s
        self._seen: deque[tuple[float, int]] = deque()

    def observe(self, time_s: float, total: int) -> None:
        """Note that ``total`` events had happened at ``time_s``, which never goes back."""
        if self._seen and self._seen[-1][0] == time_s:
            self._seen.pop()
        self._seen.append((time_s, total))
        # The newest observation that is as old as the window stays: the window begins there.
        while len(self._seen) > 2 and self._seen[1][0] <= time_s - self._window_s:
            self._seen.popleft()

    @property
    def per_second(self) -> float | None:
        """Events per second; None until two moments were observed."""
        if len(self._seen) < 2:
            return None
        (first_time, first_total), (last_time, last_total) = self._seen[0], self._seen[-1]
        return (last_total - first_total) / (last_time - first_time)


def time_left(snapshot: Snapshot) -> float | None:
    """Estimate the seconds until a sweep ends.

    Trials end as fast as they did so far, unless the time budget ends the sweep sooner.

    Returns:
        Seconds, or None while there is nothing to estimate from, or where nothing is to come.
    """
    if snapshot.over:
        return None
    estimates = []
    if snapshot.num_samples is not None and snapshot.ended and snapshot.elapsed_s > 0:
        trials_left = max(0, snapshot.num_samples - snapshot.ended)
        estimates.append(trials_left * snapshot.elapsed_s / snapshot.ended)
    if snapshot.time_budget_s is not None:
        estimates.append(max(0.0, snapshot.time_budget_s - snapshot.elapsed_s))
    return min(estimates, default=None)
