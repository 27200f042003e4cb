"""What was seen of a cluster: the driver's machine, and each node through a task on it."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ClusterFacts", "Listener", "NodeFacts", "StorageSight", "Versions"]


@dataclass(frozen=True)
class Versions:
    """What a process runs.

    Attributes:
        python: Such as ``3.11.9``.
        ray: Ray's version.
        tuner: That of tuner; None where it cannot be imported.
        torch: That of torch; None where it cannot be imported.
        tuner_error: Why tuner cannot be imported.
    """

    python: str
    ray: str
    tuner: str | None = None
    torch: str | None = None
    tuner_error: str = ""


@dataclass(frozen=True)
class StorageSight:
    """What one node saw of the storage path, as against the driver.

    Attributes:
        read: It read the file that the driver had written.
        written: The driver read the file that it had written.
        error: What went wrong, in a line; empty where nothing did.
    """

    read: bool
    written: bool
    error: str = ""

    @property
    def shared(self) -> bool:
        """Whether it is the folder that the driver has, to read and to write."""
        return self.read and self.written


@dataclass(frozen=True)
class Listener:
    """A port that one of Ray's processes has opened beyond the loopback interface.

    Attributes:
        process: What it is for: ``dashboard``, ``gcs_server``, ``raylet``, ...
        address: Where it is bound, ``0.0.0.0`` for every interface.
        port: Its number.
    """

    process: str
    address: str
    port: int


@dataclass(frozen=True)
class NodeFacts:
    """What was seen of a node.

    Attributes:
        node_id: Ray's own id.
        host: Its host name.
        address: Its IP address.
        gpus: How many GPUs Ray counts on it.
        is_driver: The driver runs on this machine.
        failure: Why the task that was to look at it came to nothing; all else is unknown then.
        versions: What its workers run.
        gpus_by_torch: How many GPUs torch can use there; None where there is no torch.
        disk_free: Free bytes where Ray keeps its session.
        disk_total: All bytes there.
        object_store: Bytes that Ray's object store may take.
        shared_memory: Bytes of ``/dev/shm``, where it is to lie.
        clock_ahead_s: Seconds its clock is ahead of the driver's (behind if negative), as far as
            the time of asking leaves no doubt.
        storage: What it saw of the storage path; None where none was asked for.
        listeners: Its open ports beyond loopback.
    """

    node_id: str
    host: str
    address: str
    gpus: float = 0.0
    is_driver: bool = False
    failure: str = ""
    versions: Versions | None = None
    gpus_by_torch: int | None = None
    disk_free: int = 0
    disk_total: int = 0
    object_store: int = 0
    shared_memory: int = 0
    clock_ahead_s: float = 0.0
    storage: StorageSight | None = None
    listeners: tuple[Listener, ...] = ()

    @property
    def name(self) -> str:
        """What a person calls it: host name and address."""
        return f"{self.host} ({self.address})"


@dataclass(frozen=True)
class ClusterFacts:
    """What was seen of a cluster.

    Attributes:
        address: How the driver joined it; None for a local Ray.
        driver: What the driver runs.
        nodes: What was seen of each node.
        token: Whether Ray asks for a token.
        storage_path: The storage path, as text without credentials; None where none was asked for.
        storage_error: Why the driver itself cannot write there.
        hidden_by: What in the driver's working directory workers import in place of tuner; None for
            nothing.
    """

    address: str | None
    driver: Versions
    nodes: tuple[NodeFacts, ...]
    token: bool
    storage_path: str | None = None
    storage_error: str = ""
    hidden_by: str | None = None
