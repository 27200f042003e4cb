"""Where workers are on a simulated cluster, and which nodes are there. Pure."""

from __future__ import annotations

import heapq
from collections.abc import Sequence

__all__ = ["Places"]


class Places:
    """Numbered places for workers; the first free one is taken first, as Ray fills its nodes.

    Args:
        counts: How many places each node has.

    Attributes:
        up: How many places there are on the nodes that are there now.
    """

    def __init__(self, counts: Sequence[int]) -> None:
        self._node_of = [node for node, count in enumerate(counts) for _ in range(count)]
        self._lost: set[int] = set()
        self._taken: set[int] = set()
        self._free = list(range(len(self._node_of)))
        self.up = len(self._node_of)

    def take(self) -> int | None:
        """Return a free place, which is taken now; None if there is none."""
        if not self._free:
            return None
        place = heapq.heappop(self._free)
        self._taken.add(place)
        return place

    def give_back(self, place: int) -> None:
        """Free a place."""
        self._taken.remove(place)
        if self._node_of[place] not in self._lost:
            heapq.heappush(self._free, place)

    def node_of(self, place: int) -> int:
        """Return the number of a place's node."""
        return self._node_of[place]

    def lose(self, node: int) -> None:
        """A node is gone; its places stay taken until they are given back."""
        self._lost.add(node)
        self._count()

    def restore(self, node: int) -> None:
        """A node is back."""
        self._lost.remove(node)
        self._count()

    def _count(self) -> None:
        there = [place for place, node in enumerate(self._node_of) if node not in self._lost]
        self.up = len(there)
        self._free = [place for place in there if place not in self._taken]  # sorted: a heap
