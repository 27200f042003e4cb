"""Where a worker process runs, told with its trial's reports; workers import this module."""

from __future__ import annotations

import socket
from typing import NamedTuple

import ray

__all__ = ["PLACE", "Place", "own_place"]

PLACE = "_place"
"""Key of a result: where the worker that made it runs."""


class Place(NamedTuple):
    """Where a worker runs.

    Attributes:
        node: The name of its host.
        node_id: Ray's id of its node; a node that was away comes back with another.
        gpus: Ids of the GPUs that Ray gave it, or a share of which.
    """

    node: str
    node_id: str
    gpus: tuple[str, ...]


def own_place() -> Place | None:
    """Return where this process runs; None where it is no worker of Ray."""
    if not ray.is_initialized():
        return None
    context = ray.get_runtime_context()
    gpus = tuple(context.get_accelerator_ids().get("GPU", ()))
    return Place(socket.gethostname(), context.get_node_id(), gpus)
