"""Keeps the record of which nodes there are, and on which of them a worker holds what."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ray
from ray.air.execution import AcquiredResources
from ray.air.execution.resources.placement_group import PlacementGroupAcquiredResources
from ray.util import placement_group_table

__all__ = ["Census", "held_on"]


class Census:
    """Tells which nodes there are, whenever that has changed.

    Args:
        tell: Told of all of them, each with its ``node_id``, the name ``node``, ``cpu`` and
            ``gpu``.
        list_nodes: Returns the nodes as Ray knows them.
    """

    def __init__(
        self,
        tell: Callable[[Sequence[Mapping[str, Any]]], None],
        list_nodes: Callable[[], Sequence[Mapping[str, Any]]] = ray.nodes,
    ) -> None:
        self._tell = tell
        self._list_nodes = list_nodes
        self._known: list[dict[str, Any]] | None = None

    def look(self) -> None:
        """See which nodes are there now."""
        alive = [_entry(node) for node in self._list_nodes() if node["Alive"]]
        alive.sort(key=lambda node: (node["node"], node["node_id"]))
        if alive != self._known:
            self._known = alive
            self._tell(alive)


def _entry(node: Mapping[str, Any]) -> dict[str, Any]:
    has = node["Resources"]
    return {
        "node_id": node["NodeID"],
        "node": node["NodeManagerHostname"],
        "cpu": has.get("CPU", 0.0),
        "gpu": has.get("GPU", 0.0),
    }


def held_on(acquired: AcquiredResources | None) -> dict[str, dict[str, float]]:
    """Return the CPUs and GPUs that a worker's bundles hold, by the id of their node.

    Args:
        acquired: What it was given; nothing is known of other than placement groups.
    """
    if not isinstance(acquired, PlacementGroupAcquiredResources):
        return {}
    table = placement_group_table(acquired.placement_group)
    bundles = acquired.resource_request.bundles
    held: dict[str, dict[str, float]] = {}
    for index, node_id in table["bundles_to_node_id"].items():
        bundle, sums = bundles[index], held.setdefault(node_id, {"cpu": 0.0, "gpu": 0.0})
        sums["cpu"] += bundle.get("CPU", 0.0)
        sums["gpu"] += bundle.get("GPU", 0.0)
    return held
