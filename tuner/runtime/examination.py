"""Gathers what `tuner.diagnosis` judges: asks the driver's machine and every node."""

from __future__ import annotations

import platform
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from importlib import metadata
from pathlib import Path
from typing import Any

import ray
from ray._private.authentication.authentication_utils import is_token_auth_enabled

from tuner.diagnosis import ClusterFacts, Listener, NodeFacts, StorageSight, Versions
from tuner.errors import StorageError
from tuner.places import Place
from tuner.provenance import installed_version
from tuner.runtime import node_probe
from tuner.runtime.hiding import what_hides_tuner
from tuner.runtime.node_tasks import Answer, Node, ask, live_nodes
from tuner.runtime.shared_folder import SharedFolder

__all__ = ["examine"]

_DESCRIBING_TAKES_S = 180.0  # starting a worker, and importing torch in another process
_CLOCK_TAKES_S = 15.0


def examine(address: str | None, storage: Place | None) -> ClusterFacts:
    """Return what can be seen of the cluster that this process is connected to.

    Args:
        address: How it was joined.
        storage: The storage path to try from every node; None for none.
    """
    nodes, error = live_nodes(), ""
    hiding = what_hides_tuner(Path.cwd())
    folder: SharedFolder | None = None
    with ExitStack() as leave:
        if storage is not None:
            try:
                folder = leave.enter_context(SharedFolder(storage))
            except StorageError as failure:
                error = str(failure)
        facts = _describe(nodes, folder)
    return ClusterFacts(
        address=address,
        driver=_own_versions(),
        nodes=tuple(facts),
        token=is_token_auth_enabled(),
        storage_path=None if storage is None else str(storage),
        storage_error=error,
        hidden_by=None if hiding is None else str(hiding),
    )


def _describe(nodes: Sequence[Node], folder: SharedFolder | None) -> list[NodeFacts]:
    def request(node: Node) -> tuple[dict[str, Any] | None]:
        return (None if folder is None else folder.request(node.node_id),)

    asked = ask(nodes, node_probe.describe, request, within_s=_DESCRIBING_TAKES_S)
    described = asked.take(wait=True)
    ahead = _clocks([node for node, answer in described.items() if not answer.failure])
    return [_facts(node, described[node], ahead.get(node, 0.0), folder) for node in nodes]


def _clocks(nodes: Sequence[Node]) -> dict[Node, float]:
    """Return how far each clock is ahead of the driver's, beyond the doubt of the asking.

    A node's time was read between the question and the answer, by whichever clock.
    """
    found = {}
    for node in nodes:  # one by one: an answer is to be taken as soon as it is there
        before = time.time()
        answer = ask([node], node_probe.now, within_s=_CLOCK_TAKES_S).take(wait=True)[node]
        after = time.time()
        if not answer.failure:
            found[node] = max(answer.value - after, 0.0) + min(answer.value - before, 0.0)
    return found


def _facts(
    node: Node, answer: Answer, clock_ahead_s: float, folder: SharedFolder | None
) -> NodeFacts:
    known: dict[str, Any] = {
        "node_id": node.node_id,
        "host": node.host,
        "address": node.address,
        "gpus": node.resources.get("GPU", 0.0),
        "object_store": int(node.resources.get("object_store_memory", 0)),
        "is_driver": node.is_driver,
    }
    if answer.failure:
        return NodeFacts(**known, failure=answer.failure)
    seen: Mapping[str, Any] = answer.value
    sight: StorageSight | None = None
    if folder is not None:
        sight = folder.sight(node.node_id, seen["storage"])
    return NodeFacts(
        **known,
        versions=Versions(**seen["versions"]),
        gpus_by_torch=seen["gpus_by_torch"],
        disk_free=seen["disk_free"],
        disk_total=seen["disk_total"],
        shared_memory=seen["shared_memory"],
        clock_ahead_s=clock_ahead_s,
        storage=sight,
        listeners=tuple(Listener(**each) for each in seen["listeners"]),
    )


def _own_versions() -> Versions:
    return Versions(
        python=platform.python_version(),
        ray=ray.__version__,
        tuner=metadata.version("tuner"),
        torch=installed_version("torch"),
    )
