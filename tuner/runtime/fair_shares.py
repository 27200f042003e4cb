"""How many workers each of several sweeps on one cluster may have. Pure.

Weighted dominant resource fairness (Ghodsi et al., "Dominant Resource Fairness: Fair Allocation of
Multiple Resource Types", NSDI 2011, algorithm 1): workers are given out one by one, each to the
sweep whose share of the resource that it has most of is the smallest for its weight, as long as it
wants one and there is room. So no room is left that somebody wants, and of equal sweeps none has
more than one worker more than the other. Room is that of nodes, not of the cluster's sum.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from tuner.bundles import Room, Shape, room_beside, total
from tuner.resources import Bundle

__all__ = ["Claim", "allot"]


@dataclass(frozen=True)
class Claim:
    """What a sweep wants.

    Attributes:
        sweep: Which one.
        weight: How much it counts against others, > 0.
        shape: What each of its workers takes.
        wants: How many workers it could use now.
    """

    sweep: str
    weight: float
    shape: Shape
    wants: int


def allot(claims: Sequence[Claim], nodes: Sequence[Bundle], turn: int = 0) -> dict[str, int]:
    """Return how many workers each sweep may have.

    Args:
        claims: Of all sweeps; each is named once.
        nodes: Each node's total resources, in Ray's spelling.
        turn: Who comes first among equals: another one each turn, so that of more sweeps than
            there is room for each has it for a while.
    """
    capacity = total(nodes)
    given = {claim.sweep: 0 for claim in claims}
    ordered = sorted(claims, key=lambda claim: claim.sweep)
    first = turn % max(len(ordered), 1)
    waiting = [claim for claim in (*ordered[first:], *ordered[:first]) if claim.wants > 0]
    cost = {claim.sweep: _dominant_share(claim.shape, capacity) / claim.weight for claim in claims}
    rooms = _Rooms(nodes)
    while waiting:
        poorest = min(waiting, key=lambda claim: given[claim.sweep] * cost[claim.sweep])
        taken = rooms.take(poorest)
        given[poorest.sweep] += taken
        if not taken or given[poorest.sweep] >= poorest.wants:
            waiting.remove(poorest)
    return given


class _Rooms:
    """What is left of the nodes. They only fill: where a worker did not fit, no other one will.

    So each sweep passes over each node once, and thousands of workers are given out in no time.
    """

    def __init__(self, nodes: Sequence[Bundle]) -> None:
        self._left = [Room.of(node) for node in nodes]
        self._open: dict[str, deque[int]] = {}

    def take(self, claim: Claim) -> bool:
        """Take room for one worker, if there is some."""
        bundles = [bundle for bundle in claim.shape.bundles if bundle]
        if len(bundles) == 1:
            return self._take_one(claim.sweep, bundles[0])
        left = room_beside(claim.shape, self._left)
        self._left = left or self._left
        return left is not None

    def _take_one(self, sweep: str, bundle: Bundle) -> bool:
        candidates = self._open.setdefault(sweep, deque(range(len(self._left))))
        while candidates:
            left = self._left[candidates[0]].without(bundle)
            if left is not None:
                self._left[candidates[0]] = left
                return True
            candidates.popleft()
        return False


def _dominant_share(shape: Shape, capacity: Bundle) -> float:
    """Return the largest share of any of the cluster's resources that one worker takes."""
    wanted = total(shape.bundles)
    shares = (amount / capacity[name] for name, amount in wanted.items() if capacity.get(name))
    return max(shares, default=0.0)
