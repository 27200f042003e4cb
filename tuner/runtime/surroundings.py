"""The cluster as a running sweep sees it: what it holds, and what the sweep waits for."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from tuner.bundles import Shape, shape_slots
from tuner.planning import Plan
from tuner.resources import Bundle, describe_nodes
from tuner.runtime.concurrency import Concurrency, concurrency
from tuner.runtime.connect import scales
from tuner.runtime.node_watch import ClusterNode, NodeWatch, cluster_nodes
from tuner.runtime.shapes import shapes_of

__all__ = ["Surroundings", "waiting_note"]

_WAITED_S = 10.0  # before a word is said about it: starting a worker takes seconds


class Surroundings:
    """Follows the nodes of the cluster, which come and go.

    Args:
        plan: The sweep.
        mixed: Whether trials differ in what they take.
        say: Shows a line to the user.
        list_nodes: As `cluster_nodes`.
        growing: Whether an autoscaler may add nodes.
        clock: Seconds, monotonic.

    Attributes:
        watch: Knows the nodes one by one.
        nodes: What each node that is to be used has in all, in Ray's spelling, when last looked at.
    """

    def __init__(
        self,
        plan: Plan,
        *,
        mixed: bool,
        say: Callable[[str], None] = lambda _: None,
        list_nodes: Callable[[], Sequence[ClusterNode]] = cluster_nodes,
        growing: Callable[[], bool] = scales,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._plan = plan
        self._shapes = shapes_of(plan)
        self._mixed = mixed
        self._growing = growing()
        self._clock = clock
        self._waits_since: float | None = None
        self.watch = NodeWatch(self._can_hold, say, list_nodes=list_nodes, clock=clock)
        self.nodes: Sequence[Bundle] = self.watch.usable()

    def look(self) -> None:
        """See which nodes are there now."""
        self.watch.look()
        self.nodes = self.watch.usable()

    @property
    def settled(self) -> bool:
        """Whether a trial that fits no node now is not to be waited for."""
        return not self._growing and self._plan.spec.wait_for_resources_s is None

    def bounds(self) -> Concurrency:
        """Return how many trials may be under way on what is there now."""
        return concurrency(
            max(map(self.slots, self._shapes)),
            bound=self._plan.spec.max_concurrent_trials,
            population=self._plan.population,
            growing=self._growing,
            mixed=self._mixed,
            at_most=len(self._shapes) > 1,
            bracket=self._plan.bracket,
        )

    @property
    def shape(self) -> Shape:
        """What a trial takes; of several shapes that which fits least often."""
        return min(self._shapes, key=self.slots)

    def slots(self, shape: Shape) -> int:
        """Return how many trials that take so much the nodes that are there hold at once."""
        return self._slots_on(shape, self.nodes)

    @property
    def shares(self) -> bool:
        """Whether sweeps divide the nodes that are there; more may come where an autoscaler is."""
        return not (self._growing or self._mixed)

    def can_hold(self, shape: Shape) -> bool:
        """Whether the nodes that are there can hold a trial that takes so much."""
        return self.slots(shape) > 0

    def _can_hold(self, nodes: Sequence[Bundle]) -> bool:
        return any(self._slots_on(shape, nodes) > 0 for shape in self._shapes)

    def _slots_on(self, shape: Shape, nodes: Sequence[Bundle]) -> int:
        together = self._plan.spec.fuse if shape in self._shapes else 1
        return together * shape_slots(shape.times(together), nodes)

    def note(self, *, running: int, waiting: int) -> str:
        """Return what the sweep waits for, if for anything.

        Args:
            running: How many trials have a worker.
            waiting: How many wait for one.
        """
        if running or not waiting:
            self._waits_since = None
            return ""
        now = self._clock()
        self._waits_since = now if self._waits_since is None else self._waits_since
        shape = None if self._mixed or len(self._shapes) > 1 else self._shapes[0]
        shape = shape and shape.times(self._plan.spec.fuse)
        return waiting_note(shape, self.nodes, now - self._waits_since)


def waiting_note(shape: Shape | None, nodes: Sequence[Bundle], waited_s: float) -> str:
    """Return what a sweep of which no trial runs waits for; empty before some seconds have gone.

    Args:
        shape: What a trial takes; None where trials differ in that.
        nodes: Each node's total resources, in Ray's spelling.
        waited_s: For how long no trial has run.
    """
    if waited_s < _WAITED_S:
        return ""
    if shape is None or shape_slots(shape, nodes) > 0:
        return (
            f"no trial runs for {waited_s:.0f} s: workers are starting, or other work holds the "
            "cluster's resources"
        )
    return (
        f"no trial runs for {waited_s:.0f} s: no node can hold one any more; "
        f"the cluster has {describe_nodes(nodes)}"
    )
