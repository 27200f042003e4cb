"""How much of something was in use, over time: its mean, and its recent course. Pure."""

from __future__ import annotations

import math
from collections import deque

from tuner.progress.snapshot import Gauge

__all__ = ["Meter"]

_CELL_S = 0.5
_CELLS = 1200
"""Of the recent past: ten minutes."""

_MOST_BINS = 40


class Meter:
    """Sums up an amount that changes in steps, in bounded memory.

    Time is whatever the caller counts in, in seconds; it comes in with each value and never goes
    back (where it does, it stands still).

    Args:
        name: What is measured, such as ``"CPU"``.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._now: float | None = None
        self._used, self._total = 0.0, 0.0
        self._offers = False
        self._sum_used = self._sum_total = self._sum_s = 0.0
        # Of each cell that is not long past: its number, and used, total and seconds summed up.
        self._cells: deque[list[float]] = deque(maxlen=_CELLS)

    def observe(self, now: float, used: float, total: float | None) -> None:
        """From ``now`` on, so much is in use, of so much where that is known."""
        self._advance(now)
        self._used, self._total = used, total or 0.0
        self._offers = self._offers or total is not None

    def skip(self, now: float) -> None:
        """Nothing is known of the time up to ``now``: it counts for nothing."""
        self._now = now

    def gauge(self, now: float) -> Gauge:
        """Return how it stands at ``now``; what was last observed holds until then."""
        self._advance(now)
        return Gauge(
            name=self._name,
            used=self._used,
            total=self._total if self._offers else None,
            mean=self._level(self._sum_used, self._sum_total, self._sum_s),
            recent=self._recent(),
            recent_s=len(self._cells) * _CELL_S,
        )

    def _advance(self, now: float) -> None:
        since = now if self._now is None else self._now
        self._now = max(since, now)
        if self._now == since:
            return
        passed = self._now - since
        self._sum_used += self._used * passed
        self._sum_total += self._total * passed
        self._sum_s += passed
        self._fill(max(since, self._now - _CELL_S * _CELLS), self._now)

    def _fill(self, since: float, until: float) -> None:
        """Spread what is in use over the cells that a stretch of time touches."""
        for number in range(math.floor(since / _CELL_S), math.ceil(until / _CELL_S)):
            begin, end = max(since, number * _CELL_S), min(until, (number + 1) * _CELL_S)
            if not self._cells or self._cells[-1][0] != number:
                self._cells.append([number, 0.0, 0.0, 0.0])
            cell = self._cells[-1]
            cell[1] += self._used * (end - begin)
            cell[2] += self._total * (end - begin)
            cell[3] += end - begin

    def _recent(self) -> tuple[float, ...]:
        """Return the level over the recent past in at most 40 parts, the oldest first."""
        cells = list(self._cells)
        size = max(1, math.ceil(len(cells) / _MOST_BINS))
        bins = [cells[at : at + size] for at in range(0, len(cells), size)]
        levels = (self._level(*(sum(cell[i] for cell in part) for i in (1, 2, 3))) for part in bins)
        return tuple(level for level in levels if level is not None)

    def _level(self, used: float, total: float, seconds: float) -> float | None:
        """Return the share in use, or the amount where nobody knows of how much."""
        if self._offers:
            return min(used / total, 1.0) if total > 0 else None
        return used / seconds if seconds > 0 else None
