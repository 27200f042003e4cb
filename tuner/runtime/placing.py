"""Where workers go: Ray's placement groups for a trial's shape, and the node that each prefers.

Ray places each group where most is left, so that a few workers stand on many nodes, and leave no
room on any for what takes more: the strategies of a group are about its own bundles. Here a worker
of a single bundle names the node that it prefers: one that is in use already, or, where trials are
to be spread, the one of which the largest part is free. Ray takes another where that one is full.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import ray
from ray._private.state import available_resources_per_node
from ray.air.execution import ResourceRequest
from ray.air.execution.resources.placement_group import PlacementGroupAcquiredResources
from ray.tune import PlacementGroupFactory
from ray.util import placement_group_table
from ray.util.placement_group import PlacementGroup, placement_group

from tuner.bundles import Placement, Room, Shape
from tuner.resources import Bundle
from tuner.runtime.arrivals import PromptPlacement

__all__ = ["Machine", "NodePlacement", "placement_of", "preferred", "room_on", "shape_taken"]

_LOOK_EVERY_S = 1.0
_TRACE = 1e-4  # Ray counts resources in ten-thousandths


def placement_of(shape: Shape) -> PlacementGroupFactory:
    """Return Ray's description of what a trial takes."""
    strategy = shape.placement.upper()
    return PlacementGroupFactory([dict(bundle) for bundle in shape.bundles], strategy=strategy)


def shape_taken(placement: PlacementGroupFactory) -> Shape:
    """Return Ray's description of what a trial takes in words of ours."""
    head: list[Bundle] = [{}] if placement.head_bundle_is_empty else []
    strategy = cast(Placement, placement.strategy.lower())
    return Shape((*head, *placement.bundles), strategy)


@dataclass(frozen=True)
class Machine:
    """A node as it was when last looked at.

    Attributes:
        total: All its resources, in Ray's spelling.
        available: What Ray says is left of them; it knows that with some delay.
    """

    total: Bundle
    available: Bundle


class NodePlacement(PromptPlacement):
    """Holds room for workers, and says on which node it would like to have it.

    Args:
        update_interval_s: As upstream.
        look: Returns the nodes that are alive, by id.
        clock: Seconds, monotonic.
    """

    def __init__(
        self,
        update_interval_s: float = 0.1,
        look: Callable[[], Mapping[str, Machine]] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(update_interval_s)
        self._look_at_nodes = look or _machines
        self._clock = clock
        self._looked = float("-inf")
        self._machines: Mapping[str, Machine] = {}
        self._rooms: dict[str, Room] = {}
        self._nodes: dict[PlacementGroup, str] = {}  # of groups of one bundle

    def _asked_for(self, request: ResourceRequest) -> PlacementGroup:
        if len(request.bundles) > 1:
            return super()._asked_for(request)
        self._keep_up()
        (bundle,) = request.bundles
        rooms = {node: room for node, room in self._rooms.items() if node not in self.avoided}
        node_id = preferred(bundle, rooms, self._machines, spread="SPREAD" in request.strategy)
        if node_id is None:
            return super()._asked_for(request)
        wishes = {"_soft_target_node_id": node_id, "bundle_label_selector": self._elsewhere(1)}
        group = cast(PlacementGroup, placement_group([bundle], strategy="STRICT_PACK", **wishes))
        self._nodes[group] = node_id
        self._rooms[node_id] = self._rooms[node_id].without(bundle) or self._rooms[node_id]
        return group

    def acquire_resources(
        self, resource_request: ResourceRequest
    ) -> PlacementGroupAcquiredResources | None:
        """Take room for one worker, if there is some, and see where it is."""
        acquired = super().acquire_resources(resource_request)
        if acquired is not None and acquired.placement_group in self._nodes:
            group = acquired.placement_group
            self._nodes[group] = placement_group_table(group)["bundles_to_node_id"].get(0, "")
        return acquired

    def _keep_up(self) -> None:
        """Look at the nodes, unless that was a moment ago: workers come in hundreds."""
        if self._clock() - self._looked < _LOOK_EVERY_S:
            return
        self._looked = self._clock()
        self._machines = self._look_at_nodes()
        self._nodes = {g: node for g, node in self._nodes.items() if g in self._pg_to_request}
        held: dict[str, list[Bundle]] = {}
        for group, node_id in self._nodes.items():
            held.setdefault(node_id, []).extend(self._pg_to_request[group].bundles)
        self._rooms = {
            node_id: room_on(machine, held.get(node_id, ()))
            for node_id, machine in self._machines.items()
        }


def room_on(machine: Machine, held: Iterable[Bundle]) -> Room:
    """Return what is left of a node, beside the sweep's own workers and whatever else is there.

    Args:
        machine: The node.
        held: The bundles of the sweep's own workers there, those on their way included.
    """
    room, own = Room.of(machine.total), dict[str, float]()
    for bundle in held:
        room = room.without(bundle) or room
        for name, amount in bundle.items():
            own[name] = own.get(name, 0.0) + amount
    for name, amount in machine.total.items():
        others = amount - machine.available.get(name, 0.0) - own.get(name, 0.0)
        whole = float(int(others)) if name == "GPU" else others
        for part in (whole, others - whole):
            if part > _TRACE:
                room = room.without({name: part}) or room
    return room


def preferred(
    bundle: Bundle, rooms: Mapping[str, Room], machines: Mapping[str, Machine], *, spread: bool
) -> str | None:
    """Return the node on which a worker should be; None where there is room on none.

    Args:
        bundle: What it takes.
        rooms: What is left of each node.
        machines: What each node has.
        spread: Take the node of which the largest part is free; otherwise one that is in use, and
            of those the one where least is left.
    """
    fitting = [node for node, room in rooms.items() if room.without(bundle) is not None]
    if spread:
        return min(
            fitting, key=lambda n: (-_free_part(bundle, rooms[n], machines[n]), n), default=None
        )

    def waste(node_id: str) -> tuple[bool, float, float, str]:
        room = rooms[node_id]
        unused = room == Room.of(machines[node_id].total)
        return unused, sum(room.gpus), room.rest.get("CPU", 0.0), node_id

    return min(fitting, key=waste, default=None)


def _free_part(bundle: Bundle, room: Room, machine: Machine) -> float:
    """Return which part of what a worker takes is free on a node."""
    left: dict[str, float] = {**room.rest, "GPU": sum(room.gpus)}
    return min((left[name] / machine.total[name] for name in bundle), default=1.0)


def _machines() -> dict[str, Machine]:
    alive: dict[str, Any] = {n["NodeID"]: n["Resources"] for n in ray.nodes() if n["Alive"]}
    available = available_resources_per_node()
    return {node: Machine(total, available.get(node, total)) for node, total in alive.items()}
