"""Several sweeps on one cluster: each says what it wants, and works out what it may have.

Claims lie in the key-value store of Ray's head node, so that there is no process to start, to
watch and to end. Every driver works the shares out by itself, from the same claims by the same
rule (`tuner.runtime.fair_shares`). A claim is renewed every few seconds; one that no longer is,
since its driver was killed, is taken away by whoever sees it.
"""

from __future__ import annotations

import json
import time
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from ray.experimental import internal_kv

from tuner.bundles import Shape, shape_slots
from tuner.resources import Bundle
from tuner.runtime.fair_shares import Claim, allot
from tuner.runtime.neighbours import Neighbours

__all__ = ["ClaimStore", "RayStore", "Sharing"]

_SILENT_S = 15.0  # after which a claim is dropped
_REMEMBERED_S = 20.0  # for how long a sweep wants what it wanted a moment ago
_TURN_S = 300.0


class ClaimStore(Protocol):
    """Where claims lie, by name."""

    def put(self, name: str, content: bytes) -> None:
        """Keep a claim."""

    def read(self) -> dict[str, bytes]:
        """Return all claims."""

    def remove(self, name: str) -> None:
        """Take a claim away, if it is there."""


class RayStore:
    """The store of Ray's head node."""

    _NAMESPACE = b"tuner"
    _PREFIX = b"claim/"

    def put(self, name: str, content: bytes) -> None:
        """Keep a claim."""
        key = self._PREFIX + name.encode()
        internal_kv._internal_kv_put(key, content, overwrite=True, namespace=self._NAMESPACE)

    def read(self) -> dict[str, bytes]:
        """Return all claims."""
        keys = internal_kv._internal_kv_list(self._PREFIX, namespace=self._NAMESPACE)
        found = {key: internal_kv._internal_kv_get(key, namespace=self._NAMESPACE) for key in keys}
        return {
            key.removeprefix(self._PREFIX).decode(): content
            for key, content in found.items()
            if content is not None
        }

    def remove(self, name: str) -> None:
        """Take a claim away, if it is there."""
        internal_kv._internal_kv_del(self._PREFIX + name.encode(), namespace=self._NAMESPACE)


class Sharing:
    """One sweep's part in sharing a cluster.

    Args:
        sweep: Its name.
        weight: How much it counts against others.
        store: Where claims lie.
        clock: Seconds, monotonic.
        wall_clock: Unix seconds: whose turn it is goes by them, the same for all drivers.
        say: Shows a line to the user, about with whom the cluster is shared.
    """

    def __init__(
        self,
        sweep: str,
        weight: float,
        store: ClaimStore | None = None,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._name = f"{sweep}-{uuid.uuid4().hex[:8]}"
        self._weight = weight
        self._store = RayStore() if store is None else store
        self._clock = clock
        self._wall_clock = wall_clock
        self._beat = 0
        self._wanted: deque[tuple[float, int]] = deque()
        self._heard: dict[str, tuple[int, float]] = {}  # each claim's last beat, and since when
        self._worked_out: tuple[Any, int] | None = None
        self._neighbours = Neighbours(say, clock)

    def look(self, shape: Shape, wants: int, nodes: Sequence[Bundle]) -> int | None:
        """Renew the claim, and return how many workers the sweep may have.

        Args:
            shape: What each of its workers takes.
            wants: How many it could use now.
            nodes: Each node's total resources, in Ray's spelling.

        Returns:
            None for as many as it likes, since it is alone.
        """
        own = Claim(self._name, self._weight, shape, self._lately(wants))
        self._beat += 1
        self._store.put(self._name, _packed(own, self._beat))
        others = self._others()
        ration = self._ration(own, others, nodes)
        names = [other.sweep.rpartition("-")[0] for other in others]
        self._neighbours.tell(names, ration, shape_slots(shape, nodes))
        return ration

    def _ration(self, own: Claim, others: Sequence[Claim], nodes: Sequence[Bundle]) -> int | None:
        if not others:
            return None
        situation = ([own, *others], list(nodes), int(self._wall_clock() // _TURN_S))
        if self._worked_out is None or self._worked_out[0] != situation:
            self._worked_out = situation, allot(*situation)[self._name]
        return self._worked_out[1]

    def leave(self) -> None:
        """Take the claim away: the sweep has ended."""
        self._store.remove(self._name)

    def _lately(self, wants: int) -> int:
        """Return what was wanted at most of late: whoever waits for a decision wants on."""
        now = self._clock()
        self._wanted.append((now, wants))
        while self._wanted[0][0] < now - _REMEMBERED_S:
            self._wanted.popleft()
        return max(wanted for _, wanted in self._wanted)

    def _others(self) -> list[Claim]:
        now, claims = self._clock(), []
        for name, content in sorted(self._store.read().items()):
            if name == self._name:
                continue
            claim, beat = _unpacked(name, content)
            heard, since = self._heard.get(name, (None, now))
            if beat != heard:
                since = now
            self._heard[name] = beat, since
            if now - since < _SILENT_S:
                claims.append(claim)
            else:
                self._store.remove(name)
                del self._heard[name]
        return claims


def _packed(claim: Claim, beat: int) -> bytes:
    content = {
        "beat": beat,
        "weight": claim.weight,
        "bundles": claim.shape.bundles,
        "placement": claim.shape.placement,
        "wants": claim.wants,
    }
    return json.dumps(content).encode()


def _unpacked(name: str, content: bytes) -> tuple[Claim, int]:
    read = json.loads(content)
    shape = Shape(tuple(read["bundles"]), read["placement"])
    return Claim(name, read["weight"], shape, read["wants"]), read["beat"]
