"""A task on each node of the cluster, and what becomes of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from tuner.runtime import node_probe
from tuner.scenario.transport import send_by_value
from tuner.store import last_line

__all__ = ["Answer", "Asked", "Node", "ask", "live_nodes"]


@dataclass(frozen=True)
class Node:
    """A live node.

    Attributes:
        node_id: Ray's id.
        host: Its host name.
        address: Its IP address.
        resources: Its total resources, in Ray's spelling.
        is_driver: The driver runs on the same machine.
    """

    node_id: str
    host: str
    address: str
    resources: Mapping[str, float] = field(hash=False)
    is_driver: bool

    @property
    def name(self) -> str:
        """What a person calls it."""
        return f"{self.host} ({self.address})"


@dataclass(frozen=True)
class Answer:
    """What a task on a node returned, or why it returned nothing."""

    value: Any = None
    failure: str = ""


class Asked:
    """Tasks under way, one per node.

    Args:
        tasks: The node of each task.
        within_s: Seconds until those that have not answered count as failed.
    """

    def __init__(self, tasks: Mapping[ray.ObjectRef[Any], Node], within_s: float) -> None:
        self._tasks = dict(tasks)
        self._within_s = within_s
        self._deadline = time.monotonic() + within_s

    def __bool__(self) -> bool:
        return bool(self._tasks)

    @property
    def nodes(self) -> Collection[Node]:
        """The nodes that have yet to answer."""
        return self._tasks.values()

    def take(self, *, wait: bool) -> dict[Node, Answer]:
        """Return the answers that are there and have not been taken.

        Args:
            wait: Wait for all; else those still to come may be taken later.
        """
        if not self._tasks:
            return {}
        left_s = max(self._deadline - time.monotonic(), 0.0)
        done, late = ray.wait(
            list(self._tasks), num_returns=len(self._tasks), timeout=left_s if wait else 0
        )
        answers = {self._tasks.pop(task): _answer(task) for task in done}
        if wait or not left_s:
            for task in late:
                ray.cancel(task, force=True)
                failure = f"no answer within {self._within_s:g} s"
                answers[self._tasks.pop(task)] = Answer(failure=failure)
        return answers


def ask(
    nodes: Iterable[Node],
    what: Callable[..., Any],
    arguments: Callable[[Node], tuple[Any, ...]] = lambda _: (),
    *,
    within_s: float,
) -> Asked:
    """Start a task on each node; it holds none of the node's resources.

    Args:
        nodes: Where.
        what: A function of `tuner.runtime.node_probe`.
        arguments: Its arguments for a node.
        within_s: As `Asked` takes it.
    """
    send_by_value(node_probe)
    remote = ray.remote(num_cpus=0, max_retries=0)(what)
    tasks = {
        remote.options(
            scheduling_strategy=NodeAffinitySchedulingStrategy(node.node_id, soft=False)
        ).remote(*arguments(node)): node
        for node in nodes
    }
    return Asked(tasks, within_s)


def live_nodes() -> Sequence[Node]:
    """Return the nodes that are there, the driver's own first."""
    own = ray.util.get_node_ip_address()
    found = [
        Node(
            node_id=node["NodeID"],
            host=node["NodeManagerHostname"],
            address=node["NodeManagerAddress"],
            resources=dict(node["Resources"]),
            is_driver=node["NodeManagerAddress"] == own,
        )
        for node in ray.nodes()
        if node["Alive"]
    ]
    return sorted(found, key=lambda node: (not node.is_driver, node.host, node.address))


def _answer(task: ray.ObjectRef[Any]) -> Answer:
    try:
        return Answer(ray.get(task))
    except Exception as error:  # of Ray, or what the task raised
        return Answer(failure=last_line(str(error)) or type(error).__name__)
