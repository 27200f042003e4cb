"""Can a node be reached? Asked before a trial that has gone silent is blamed for it.

Ray takes up to a minute to notice that a node is gone. Until then a trial on it is as silent as one
that hangs; and where the node is back before that, what was sent meanwhile arrives late, since TCP
doubles its pauses between two attempts.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import ray

__all__ = ["Contact"]

_ANSWERS_WITHIN_S = 1.0
_HOLDS_S = 5.0  # an answer, so that many silent trials ask once
_RAY_NOTICES_WITHIN_S = 120.0  # by its health checks, with room to spare
_CATCHES_UP_WITHIN_S = 60.0  # about as long as a node can be away that Ray does not take for dead


class Contact:
    """Tells whether silence may be due to a node: the driver has no contact, or had none just now.

    Where it has none, Ray soon says that the node is lost, or the node comes back. If neither
    happens in two minutes, the node is there for Ray, and only its port is closed to the driver.

    Args:
        list_nodes: Returns the nodes as Ray knows them.
        connects: Whether something listens at an address and a port.
        clock: Seconds, monotonic.
    """

    def __init__(
        self,
        list_nodes: Callable[[], Sequence[Mapping[str, Any]]] = ray.nodes,
        connects: Callable[[str, int], bool] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._list_nodes = list_nodes
        self._connects = connects or _connects
        self._clock = clock
        self._answers: dict[str, tuple[float, bool]] = {}  # of when, and whether it was reached
        self._lost_since: dict[str, float] = {}
        self._back_at: dict[str, float] = {}

    def excuses(self, node_ids: Iterable[str]) -> bool:
        """Return whether one of some nodes excuses silence; it may take a second to find out."""
        return any(self._excuses(node_id) for node_id in node_ids)

    def _excuses(self, node_id: str) -> bool:
        asked, reached = self._answers.get(node_id, (float("-inf"), True))
        if self._clock() - asked >= _HOLDS_S:
            reached = self._reaches(node_id)
            self._answers[node_id] = self._clock(), reached
        now = self._clock()
        if reached:
            if self._lost_since.pop(node_id, None) is not None:
                self._back_at[node_id] = now
            return now - self._back_at.get(node_id, float("-inf")) < _CATCHES_UP_WITHIN_S
        return now - self._lost_since.setdefault(node_id, now) < _RAY_NOTICES_WITHIN_S

    def _reaches(self, node_id: str) -> bool:
        for node in self._list_nodes():
            if node["NodeID"] == node_id and node["Alive"]:
                return self._connects(node["NodeManagerAddress"], node["NodeManagerPort"])
        return False  # Ray knows already that it is gone, and the trial's worker with it


def _connects(address: str, port: int) -> bool:
    try:
        socket.create_connection((address, port), timeout=_ANSWERS_WITHIN_S).close()
    except OSError:
        return False
    return True
