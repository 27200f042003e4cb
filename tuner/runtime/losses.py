"""Tells a worker that was lost with its node from one that failed.

A trial is not to blame for its node: nothing that this module recognises counts against
``max_failures``.
"""

from __future__ import annotations

from typing import Any

from ray._private import state
from ray.core.generated import common_pb2
from ray.exceptions import ActorUnavailableError, RayActorError
from ray.tune import TuneError

from tuner.errors import RankFailedError

__all__ = ["NodeLeavingError", "died_with_node", "node_loss"]


class NodeLeavingError(TuneError):
    """A trial leaves its node, which is about to be taken away."""

    def __init__(self) -> None:
        super().__init__("its node is to be taken away")


def node_loss(error: object) -> str | None:
    """Return what became of a worker's node, in a few words; None where the worker itself failed.

    Args:
        error: With which a call to the worker came back. One call to Ray's head node is made where
            it says too little.
    """
    if isinstance(error, NodeLeavingError):
        return str(error)
    cause = getattr(error, "cause", None)
    if isinstance(cause, RankFailedError):  # a trial's own worker lives on without its ranks
        return node_loss(cause.death)
    if not isinstance(error, RayActorError):
        return None
    if error.preempted:
        return "its node was taken away"
    if isinstance(error, ActorUnavailableError):  # a node's death is noticed only much later
        return "its node cannot be reached"
    if error.actor_id is not None:
        known = state.state.actor_table(error.actor_id)
        if known and died_with_node(known["DeathCause"]):
            return "its node was lost"
    return None


def died_with_node(cause: Any) -> bool:
    """Return whether an actor died because its node did.

    Args:
        cause: Ray's ``ActorDeathCause``.
    """
    messages: Any = common_pb2
    node_died = messages.ActorDiedErrorContext.Reason.NODE_DIED
    return bool(cause.actor_died_error_context.reason == node_died)
