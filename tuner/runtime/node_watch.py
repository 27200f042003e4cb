"""Follows the nodes of a cluster, which come, go, and are taken away at short notice.

What it knows of a node's past is forgotten with the driver, which does no harm.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

import ray
from ray._private import state
from ray.core.generated import common_pb2

from tuner.plurals import counted
from tuner.resources import Bundle, describe_nodes
from tuner.runtime.reputation import Reputation

__all__ = ["ClusterNode", "NodeWatch", "cluster_nodes"]

_NAMED = 3  # nodes, in one line
_REMIND_EVERY_S = 300.0


@dataclass(frozen=True)
class ClusterNode:
    """A node of Ray.

    Attributes:
        node_id: Ray's id; one that was away comes back with another.
        name: That of its host.
        resources: What it has in all, in Ray's spelling.
        leaving: Whether Ray was told that it will be taken away.
        released: Whether it is gone because an autoscaler had no use for it.
    """

    node_id: str
    name: str
    resources: Mapping[str, float]
    leaving: bool = False
    released: bool = False


def cluster_nodes() -> list[ClusterNode]:
    """Return the nodes that are alive, and those that an autoscaler has released."""
    reasons: Any = common_pb2
    idle = reasons.NodeDeathInfo.Reason.AUTOSCALER_DRAIN_IDLE
    leaving = state.state.get_draining_nodes()
    return [
        ClusterNode(
            node["NodeID"],
            node["NodeManagerHostname"],
            dict(node["Resources"]),
            leaving=node["NodeID"] in leaving,
            released=not node["Alive"],
        )
        for node in ray.nodes()
        if node["Alive"] or node["DeathReason"] == idle
    ]


class NodeWatch:
    """Knows which nodes a sweep should use, and says what becomes of them.

    Args:
        can_hold: Whether some nodes can hold a trial, given what each has.
        say: Shows a line to the user.
        list_nodes: As `cluster_nodes`.
        clock: Seconds, monotonic.

    Attributes:
        nodes: Those that were alive at the last look.
    """

    def __init__(
        self,
        can_hold: Callable[[Sequence[Bundle]], bool],
        say: Callable[[str], None],
        *,
        list_nodes: Callable[[], Sequence[ClusterNode]] = cluster_nodes,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._can_hold = can_hold
        self._say = say
        self._list_nodes = list_nodes
        self._clock = clock
        self._reputation = Reputation()
        self._poor: Collection[str] = ()
        self._admitted: Set[str] | None = None
        self._refused: Set[str] = frozenset()
        self._went: set[str] = set()  # names
        self._starved_since: float | None = None
        self._remind_at = 0.0
        self.nodes: Sequence[ClusterNode] = [n for n in list_nodes() if not n.released]

    def look(self) -> None:
        """See which nodes are there now, and say what has changed."""
        before, listed = {node.node_id: node for node in self.nodes}, self._list_nodes()
        self.nodes = [node for node in listed if not node.released]
        now = {node.node_id for node in self.nodes}
        released = {node.node_id for node in listed if node.released}
        warned = {node_id for node_id, node in before.items() if node.leaving}
        went = [node for node in before.values() if node.node_id not in now | released]
        came = [node for node in self.nodes if node.node_id not in before]
        news = {
            "lost {}: what ran there goes on from its last checkpoint": [
                node for node in went if not node.leaving
            ],
            "{} to be taken away: what runs there saves and moves": [
                node for node in self.nodes if node.leaving and node.node_id not in warned
            ],
            "left for want of work: {}": [before[each] for each in released & before.keys()],
            "back: {}": [node for node in came if node.name in self._went],
            "joined: {}": [node for node in came if node.name not in self._went],
        }
        for line, nodes in news.items():
            if nodes:
                self._say(line.format(_listed(nodes)))
        self._judge(went)
        self._tell_of_starving()

    def admit(self, admitted: Set[str], refused: Set[str]) -> None:
        """Use some nodes only; all may be used where this is not called.

        Args:
            admitted: Ids of those that can serve the sweep.
            refused: Ids of those that cannot; of others it is not known yet.
        """
        self._admitted, self._refused = admitted, refused

    @property
    def leaving(self) -> frozenset[str]:
        """Ids of the nodes that will be taken away."""
        return frozenset(node.node_id for node in self.nodes if node.leaving)

    @property
    def avoided(self) -> frozenset[str]:
        """Ids of nodes that nothing should be started on.

        Those that cannot serve the sweep, and those that were lost repeatedly, while others can
        hold a trial.
        """
        refused = {node.node_id for node in self.nodes if node.node_id in self._refused}
        poor = [node for node in self._able() if node.name in self._poor]
        good = [node.resources for node in self._able() if node.name not in self._poor]
        if not (poor and self._can_hold(good)):
            return frozenset(refused)
        return frozenset(refused | {node.node_id for node in poor})

    def usable(self) -> list[Bundle]:
        """Return what each node has that trials may be started on."""
        avoided = self.avoided
        return [node.resources for node in self._able() if node.node_id not in avoided]

    def _able(self) -> list[ClusterNode]:
        """Return the nodes that can serve the sweep and will stay."""
        admitted = self._admitted
        return [
            node
            for node in self.nodes
            if not node.leaving and (admitted is None or node.node_id in admitted)
        ]

    def _judge(self, gone: Sequence[ClusterNode]) -> None:
        now, before = self._clock(), self._poor
        for node in gone:
            self._went.add(node.name)
            self._reputation.lost(node.name, now)
        self._poor = self._reputation.poor(now)
        for name in sorted(set(self._poor) - set(before)):
            self._say(f"node {name} was lost repeatedly: it is avoided for a while")

    def _tell_of_starving(self) -> None:
        """Say, now and again, that there is nothing to run a trial on."""
        now = self._clock()
        if self._can_hold(self.usable()):
            if self._starved_since is not None:
                waited = now - self._starved_since
                self._say(f"a node can hold a trial again, after {waited:.0f} s: the sweep goes on")
            self._starved_since = None
            return
        if self._starved_since is None:
            self._starved_since = self._remind_at = now
        if now >= self._remind_at:
            self._remind_at = now + _REMIND_EVERY_S
            has = describe_nodes([node.resources for node in self.nodes])
            refused = sum(node.node_id in self._refused for node in self.nodes)
            has += f", of which {counted(refused, 'node')} cannot serve it" if refused else ""
            self._say(
                f"no node can hold a trial: the sweep waits for one (the cluster has {has}); "
                "Ctrl-C ends it, and `tuner resume` goes on with it later"
            )


def _listed(nodes: Sequence[ClusterNode]) -> str:
    names = ", ".join(sorted(node.name for node in nodes)[:_NAMED])
    more = ", ..." if len(nodes) > _NAMED else ""
    return f"{counted(len(nodes), 'node')} ({names}{more})"
