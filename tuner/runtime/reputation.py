"""Which nodes have been lost again and again of late. Pure: it is told the time."""

from __future__ import annotations

from collections.abc import Set

__all__ = ["Reputation"]

_HALF_LIFE_S = 1800.0
_TOO_OFTEN = 1.5  # two losses within a quarter of an hour, or three within two thirds of an hour


class Reputation:
    """Counts how often each node was lost; what is half an hour ago counts half."""

    def __init__(self) -> None:
        self._counts: dict[str, tuple[float, float]] = {}  # the count, and of when

    def lost(self, node: str, now: float) -> None:
        """A node was lost.

        Args:
            node: What it is called, also when it comes back.
            now: Seconds, monotonic.
        """
        self._counts[node] = self.count(node, now) + 1.0, now

    def count(self, node: str, now: float) -> float:
        """Return how often a node was lost, older losses counting less."""
        count, then = self._counts.get(node, (0.0, now))
        return float(count * 0.5 ** ((now - then) / _HALF_LIFE_S))

    def poor(self, now: float) -> Set[str]:
        """Return the nodes that better serve nobody for a while."""
        self._counts = {
            node: kept for node, kept in self._counts.items() if self.count(node, now) > 0.1
        }
        return {node for node in self._counts if self.count(node, now) >= _TOO_OFTEN}
