"""The cluster as a running sweep sees it: what it holds, and what the sweep waits for."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from tuner.planning import Plan
from tuner.resources import Bundle, bundle_of, describe_nodes, slots
from tuner.runtime.concurrency import Concurrency, concurrency
from tuner.runtime.connect import nodes, scales

__all__ = ["Surroundings", "waiting_note"]

_WAITED_S = 10.0  # before a word is said about it: starting a worker takes seconds


class Surroundings:
    """Follows the nodes of the cluster, which come and go.

    Args:
        plan: The sweep.
        mixed: Whether trials differ in what they take.
        list_nodes: Returns each live node's total resources, in Ray's spelling.
        growing: Whether an autoscaler may add nodes.
        clock: Seconds, monotonic.

    Attributes:
        nodes: Each live node's total resources, when last looked at.
    """

    def __init__(
        self,
        plan: Plan,
        *,
        mixed: bool,
        list_nodes: Callable[[], Sequence[Bundle]] = nodes,
        growing: Callable[[], bool] = scales,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._plan = plan
        self._bundle = bundle_of(plan.spec.resources)
        self._mixed = mixed
        self._list_nodes = list_nodes
        self._growing = growing()
        self._clock = clock
        self._waits_since: float | None = None
        self.nodes: Sequence[Bundle] = list_nodes()

    def look(self) -> None:
        """See which nodes are there now."""
        self.nodes = self._list_nodes()

    @property
    def settled(self) -> bool:
        """Whether a trial that fits no node now is not to be waited for."""
        return not self._growing and self._plan.spec.wait_for_resources_s is None

    def bounds(self) -> Concurrency:
        """Return how many trials may be under way on what is there now."""
        return concurrency(
            slots(self._bundle, self.nodes),
            bound=self._plan.spec.max_concurrent_trials,
            population=self._plan.population,
            growing=self._growing,
            mixed=self._mixed,
            bracket=self._plan.bracket,
        )

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
        bundle = {} if self._mixed else self._bundle
        return waiting_note(bundle, self.nodes, now - self._waits_since)


def waiting_note(bundle: Bundle, nodes: Sequence[Bundle], waited_s: float) -> str:
    """Return what a sweep of which no trial runs waits for; empty before some seconds have gone.

    Args:
        bundle: A trial's request, in Ray's spelling.
        nodes: Each node's total resources, in Ray's spelling.
        waited_s: For how long no trial has run.
    """
    if waited_s < _WAITED_S:
        return ""
    if slots(bundle, nodes) > 0:
        return f"no trial runs for {waited_s:.0f} s: other work holds the cluster's resources"
    return (
        f"no trial runs for {waited_s:.0f} s: no node can hold one any more; "
        f"the cluster has {describe_nodes(nodes)}"
    )
