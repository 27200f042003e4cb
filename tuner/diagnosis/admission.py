"""Whether nodes can serve a sweep: they see its folder, and can load what it trains.

Those that are there before the first trial are refused together; of those that join later each is
passed over by itself, and the sweep goes on without it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tuner.diagnosis.facts import StorageSight
from tuner.errors import ScenarioError, StorageError

__all__ = ["NodeAnswer", "check_admissible", "objection"]

_MOST_NODES = 5  # in one message


@dataclass(frozen=True)
class NodeAnswer:
    """What a node said when it was asked whether it can serve a sweep.

    Attributes:
        storage: What it saw of the sweep's folder; None where every node reaches it by itself.
        load_error: Why it cannot load the trainable, in a line; empty where it can.
    """

    storage: StorageSight | None = None
    load_error: str = ""


def check_admissible(answers: Mapping[str, NodeAnswer], folder: str) -> None:
    """Refuse nodes on which trials would fail, or lose what they save.

    Args:
        answers: What each node said, by its name.
        folder: The sweep's folder, as text.

    Raises:
        StorageError: Some do not have the folder, or cannot write there.
        ScenarioError: Some cannot load the trainable.
    """
    strangers = {
        name: answer.storage
        for name, answer in answers.items()
        if answer.storage is not None and not answer.storage.shared
    }
    if strangers:
        why = _strangeness(next(iter(strangers.values())))
        raise StorageError(
            f"every node must see the sweep's folder, and {folder} is not shared with "
            f"{_listed(list(strangers))} ({why}); choose a --storage-path on a "
            "file system that all nodes mount, or a URI such as s3://bucket/results"
        )
    broken = {name: answer.load_error for name, answer in answers.items() if answer.load_error}
    if broken:
        error = next(iter(broken.values()))
        raise ScenarioError(
            f"every node must be able to load the trainable, and {_listed(list(broken))} cannot "
            f"({error}); install there what it imports, or keep it beside the scenario's file"
        )


def objection(answer: NodeAnswer, folder: str) -> str:
    """Return why a node that joins a running sweep cannot serve it, with the remedy.

    Args:
        answer: What it said.
        folder: The sweep's folder, as text.

    Returns:
        The end of a line that begins with the node's name; empty where it can serve.
    """
    sight = answer.storage
    if sight is not None and not sight.shared:
        return (
            f"is not used: {folder} is not shared with it ({_strangeness(sight)}); mount it there, "
            "and start Ray there again"
        )
    if answer.load_error:
        return (
            f"is not used: it cannot load the trainable ({answer.load_error}); install there what "
            "it imports, and start Ray there again"
        )
    return ""


def _strangeness(sight: StorageSight) -> str:
    return sight.error or "what one writes the other does not see"


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NODES
    rest = f" and {more} more" if more > 0 else ""
    return ", ".join(names[:_MOST_NODES]) + rest
