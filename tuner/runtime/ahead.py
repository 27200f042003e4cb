"""Whether a trial trains on while its scheduler decides about it. Pure."""

from __future__ import annotations

__all__ = ["RunAhead"]

_WEIGHT = 0.05  # of the latest, in a mean
_FIRST = 20  # decisions and waits that are looked at before anything is foretold of them


class RunAhead:
    """Weighs what a worker loses by waiting against what it wastes by not waiting.

    A worker that waits for a decision loses the seconds that this takes. One that trains on for
    one more report loses nothing if the trial goes on, and wastes the seconds of that report if it
    does not. Both are foretold from how long decisions took of late, and how many were to stop.
    """

    def __init__(self) -> None:
        self._decisions = self._waits = 0
        self._stop_share = 0.0
        self._wait_s = 0.0

    def decided(self, *, stopped: bool) -> None:
        """A scheduler decided about a report for which its worker halted."""
        self._decisions += 1
        weight = max(_WEIGHT, 1 / self._decisions)
        self._stop_share += weight * (stopped - self._stop_share)

    def waited(self, seconds: float) -> None:
        """A worker waited so long for a decision."""
        self._waits += 1
        self._wait_s += max(_WEIGHT, 1 / self._waits) * (seconds - self._wait_s)

    def pays(self, step_s: float) -> bool:
        """Return whether a trial should train on, whose reports take ``step_s`` each."""
        if min(self._decisions, self._waits) < _FIRST:
            return False
        saved_s = (1 - self._stop_share) * min(self._wait_s, step_s)
        return saved_s > self._stop_share * step_s
