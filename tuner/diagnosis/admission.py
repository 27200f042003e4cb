"""Whether nodes can serve a sweep: they see its folder, and can load what it trains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tuner.diagnosis.facts import StorageSight
from tuner.errors import ScenarioError, StorageError

__all__ = ["NodeAnswer", "check_admissible"]

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
        raise StorageError(
            f"every node must see the sweep's folder, and {folder} is not shared with "
            f"{_listed(list(strangers))} ({_reason(strangers)}); choose a --storage-path on a "
            "file system that all nodes mount, or a URI such as s3://bucket/results"
        )
    broken = {name: answer.load_error for name, answer in answers.items() if answer.load_error}
    if broken:
        error = next(iter(broken.values()))
        raise ScenarioError(
            f"every node must be able to load the trainable, and {_listed(list(broken))} cannot "
            f"({error}); install there what it imports, or keep it beside the scenario's file"
        )


def _reason(strangers: Mapping[str, StorageSight]) -> str:
    sight = next(iter(strangers.values()))
    if sight.error:
        return sight.error
    return "what one writes the other does not see"


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NODES
    rest = f" and {more} more" if more > 0 else ""
    return ", ".join(names[:_MOST_NODES]) + rest
