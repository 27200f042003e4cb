"""What goes wrong on a simulated cluster, and when. Pure: it follows from the seed alone."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator, Sequence
from enum import Enum
from typing import NamedTuple

import numpy as np

from tuner.simulation.cluster import ClusterModel

__all__ = ["Incident", "Kind", "incidents"]

_OUTAGES, _CRASHES = 1, 2  # beside the seed, so that no two streams draw the same numbers


class Kind(Enum):
    """What happens."""

    LOSS = "its node was lost"
    RETURN = "its node is back"
    CRASH = "its worker process died"


class Incident(NamedTuple):
    """Something that happens to a cluster.

    Attributes:
        at: Seconds since the sweep began.
        kind: What happens.
        target: The number of the node; where a worker crashes, of its place.
    """

    at: float
    kind: Kind
    target: int


def incidents(model: ClusterModel, places: Sequence[int], seed: int) -> Iterator[Incident]:
    """Yield what happens, in the order of time; without end, if anything does.

    Each node has a stream of its own, so that no other node and no decision changes when it is
    lost.

    Args:
        model: How often things go wrong.
        places: How many workers each node holds.
        seed: Of the simulation.
    """
    streams: list[Iterator[Incident]] = []
    if model.node_mtbf_s < math.inf:
        streams += (_outages(model, node, seed) for node in range(len(places)))
    if model.worker_mtbf_s < math.inf:
        streams.append(_crashes(model.worker_mtbf_s, sum(places), seed))
    return heapq.merge(*streams, key=lambda incident: incident.at)


def _outages(model: ClusterModel, node: int, seed: int) -> Iterator[Incident]:
    random, now = np.random.default_rng([seed, _OUTAGES, node]), 0.0
    while True:
        now += float(random.exponential(model.node_mtbf_s))
        yield Incident(now, Kind.LOSS, node)
        now += model.node_repair_s
        yield Incident(now, Kind.RETURN, node)


def _crashes(mtbf_s: float, places: int, seed: int) -> Iterator[Incident]:
    """All places together: many processes of one rate are one of the sum of their rates."""
    random, now = np.random.default_rng([seed, _CRASHES]), 0.0
    while True:
        now += float(random.exponential(mtbf_s / places))
        yield Incident(now, Kind.CRASH, int(random.integers(places)))
