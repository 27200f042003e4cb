"""What the workers of each node of a simulated cluster do."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from tuner.simulation.trials import Phase, Worker
from tuner.simulation.usage import NodeUsage, Timesheet

__all__ = ["NodeSheet"]


class NodeSheet(Timesheet):
    """A timesheet that also tells the nodes apart.

    Args:
        counts: How many places each node has.
        node_of: Returns the number of the node that a worker is on.
    """

    def __init__(self, counts: Sequence[int], node_of: Callable[[Worker], int]) -> None:
        super().__init__()
        self._counts = counts
        self._node_of = node_of
        self._busy_s = [0.0] * len(counts)
        self._offered_s = [0.0] * len(counts)
        self._there_since = [0.0] * len(counts)  # infinite while a node is lost

    @property
    def nodes(self) -> tuple[NodeUsage, ...]:
        """What each node was used for, once the sweep has ended."""
        columns = zip(self._counts, self._offered_s, self._busy_s, strict=True)
        return tuple(NodeUsage(node, *facts) for node, facts in enumerate(columns))

    def book(self, worker: Worker, now: float) -> None:
        """Add up what a worker has done since this was called last."""
        since = worker.booked_until
        turned = min(max(worker.finishes_at, since), now)  # to what it does for its next trial
        busy_s = turned - since if worker.finishing is Phase.TRAINING else 0.0
        if worker.doing is Phase.TRAINING:
            busy_s += now - turned
        self._busy_s[self._node_of(worker)] += busy_s
        super().book(worker, now)

    def lose(self, node: int, now: float) -> None:
        """A node offers nothing any more."""
        super().lose(node, now)
        self._count(node, now)

    def restore(self, node: int, now: float) -> None:
        """A node is back."""
        super().restore(node, now)
        self._there_since[node] = now

    def close(self, now: float) -> None:
        """The sweep has ended."""
        super().close(now)
        for node in range(len(self._counts)):
            self._count(node, now)

    def _count(self, node: int, now: float) -> None:
        """Add up what a node has offered since it was there, if it was."""
        since, self._there_since[node] = self._there_since[node], math.inf
        self._offered_s[node] += self._counts[node] * max(now - since, 0.0)
