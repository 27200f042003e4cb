from __future__ import annotations

from typing import Any

from tuner.runtime.census import Census, held_on


def node(node_id: str, alive: bool = True, **resources: float) -> dict[str, Any]:
    return {
        "NodeID": node_id,
        "NodeManagerHostname": f"host-{node_id}",
        "Alive": alive,
        "Resources": {"memory": 1e9, **resources},
    }


def test_nodes_are_told_when_they_change_and_only_then() -> None:
    present = [node("b", CPU=4.0, GPU=2.0), node("a", CPU=2.0)]
    told: list[Any] = []
    census = Census(told.append, lambda: present)

    census.look()
    present.reverse()  # Ray's order says nothing
    census.look()
    present[:] = [node("a", CPU=2.0), node("b", alive=False, CPU=4.0, GPU=2.0)]
    census.look()

    first = {"node_id": "a", "node": "host-a", "cpu": 2.0, "gpu": 0.0}
    second = {"node_id": "b", "node": "host-b", "cpu": 4.0, "gpu": 2.0}
    assert told == [[first, second], [first]]


def test_what_is_no_placement_group_holds_nothing_known() -> None:
    assert held_on(None) == {}
