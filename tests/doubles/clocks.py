"""Time that passes when a test says so."""

from __future__ import annotations

__all__ = ["Clock"]


class Clock:
    """A clock that stands still until it is set.

    Args:
        now: The seconds that it shows first.
    """

    def __init__(self, now: float = 0.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now
