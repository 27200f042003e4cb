"""A Ray cluster on machines of one host: raised, harmed, mended, and taken down."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from machine_processes import is_running, wait_until
from machines import GroupedMachines, Machines
from namespaces import NamespacedMachines

__all__ = ["LocalCluster", "Node"]

_PORT = 6379
_OBJECT_STORE_BYTES = 100_000_000
_STARTED = "Ray runtime started."
_STARTS_WITHIN_S = 120.0


@dataclass(frozen=True)
class Node:
    """A node of the cluster.

    Attributes:
        number: From 1, the head.
        cpus: Logical CPUs.
        gpus: Logical GPUs.
        machine: The process that stands for it; None while it is down.
    """

    number: int
    cpus: float
    gpus: float
    machine: int | None = None

    @property
    def name(self) -> str:
        return f"n{self.number}"

    @property
    def is_up(self) -> bool:
        return self.machine is not None and is_running(self.machine)


class LocalCluster:
    """A cluster that is up, or was; what there is to know of it lies in its folder.

    Args:
        folder: The cluster's.

    Attributes:
        nodes: By name.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        known = json.loads((folder / "cluster.json").read_text())
        self.nodes = {node.name: node for node in (Node(**each) for each in known["nodes"])}
        self._dashboard: bool = known["dashboard"]
        self._settings: dict[str, str] = known["settings"]
        self._machines: Machines = _machines(folder, plain=known["plain"])

    @classmethod
    def up(
        cls,
        folder: Path,
        *,
        cpus: Sequence[float],
        gpus: Sequence[float],
        plain: bool = False,
        token: bool = True,
        dashboard: bool = False,
        settings: Mapping[str, str] | None = None,
    ) -> LocalCluster:
        """Raise a cluster.

        Args:
            folder: Where it shall lie; made where it does not exist.
            cpus: Logical CPUs of each node; the first is the head.
            gpus: Logical GPUs of each node.
            plain: Groups of processes instead of namespaces.
            token: Let in only who knows the cluster's token.
            dashboard: Start Ray's, on the head's loopback; ``ray job submit`` needs it.
            settings: Environment variables of Ray on all nodes.

        Raises:
            OSError: There is one already, or a node did not start.
        """
        if (folder / "cluster.json").exists():
            raise OSError(f"there is a cluster in {folder} already; take it down first")
        (folder / "shared").mkdir(parents=True, exist_ok=True)
        (folder / "disk").mkdir(exist_ok=True)
        if token:
            (folder / "token").touch(mode=0o600)
            (folder / "token").write_text(secrets.token_hex(32))
        pairs = enumerate(zip(cpus, gpus, strict=True), start=1)
        nodes = [asdict(Node(number, *sizes)) for number, sizes in pairs]
        known = {"plain": plain, "dashboard": dashboard, "nodes": nodes}
        known["settings"] = dict(settings or {})
        (folder / "cluster.json").write_text(json.dumps(known, indent=2))
        cluster = cls(folder)
        try:
            cluster.start(*cluster.nodes)
        except BaseException:
            cluster.down()
            raise
        return cluster

    @property
    def address(self) -> str:
        """What drivers on a node give as Ray's address."""
        return f"{self._machines.address(1)}:{_PORT}"

    @property
    def shared(self) -> Path:
        """The folder that is the same on all nodes."""
        return self.folder / "shared"

    @property
    def env(self) -> dict[str, str]:
        """Variables with which a program on a node joins the cluster."""
        token = self.folder / "token"
        if token.exists():
            auth = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(token)}
        else:
            auth = {"RAY_AUTH_MODE": "disabled"}
        return {**auth, "RAY_ADDRESS": self.address}

    def start(self, *names: str) -> None:
        """Bring nodes up, the head before the others; returns when they have joined."""
        for name in names:
            self._check(name)
        wanted = [self.nodes[name] for name in names]
        for batch in ([n for n in wanted if n.number == 1], [n for n in wanted if n.number > 1]):
            for node in batch:
                self._boot(node)
            for node in batch:
                wait_until(lambda node=node: self._has_joined(node), "Ray", _STARTS_WITHIN_S)

    def kill(self, name: str) -> None:
        """Kill all processes of a node at once, as a loss of power does."""
        machine = self._machine(name)
        self._machines.kill(self.nodes[name].number, machine)
        self._keep(name, None)

    def notice(self, name: str) -> None:
        """Tell a node that it will be taken away, as clouds tell spot machines."""
        machine = self._machine(name)
        self._machines.interrupt(self.nodes[name].number, machine)

    def cut(self, name: str, seconds: float) -> None:
        """Take a node's network away, and give it back after some seconds."""
        self._machine(name)
        self._machines.cut(self.nodes[name].number, seconds)

    def command(self, name: str, argv: Sequence[str], **env: str) -> list[str]:
        """Return the command that runs ``argv`` on a node, with variables ``env``."""
        return self._machines.entering(self._machine(name), argv, {**self.env, **env})

    def down(self) -> None:
        """Kill all nodes and forget the cluster; ``shared`` stays."""
        for name, node in self.nodes.items():
            if node.is_up:
                self.kill(name)
        self._machines.close()
        (self.folder / "cluster.json").unlink(missing_ok=True)
        (self.folder / "token").unlink(missing_ok=True)
        shutil.rmtree(self.folder / "nodes", ignore_errors=True)

    def _check(self, name: str) -> None:
        if name not in self.nodes:
            raise OSError(f"no node {name!r}; there are {', '.join(self.nodes)}")

    def _machine(self, name: str) -> int:
        self._check(name)
        machine = self.nodes[name].machine
        if machine is None or not self.nodes[name].is_up:
            raise OSError(f"node {name} is down; start it first")
        return machine

    def _boot(self, node: Node) -> None:
        if node.is_up:
            raise OSError(f"node {node.name} is up already")
        (self._machines.own(node.number) / "log").unlink(missing_ok=True)
        env = {**os.environ, **self._settings, **self.env}
        del env["RAY_ADDRESS"]  # which `ray start` takes for one to join
        machine = self._machines.boot(node.number, self._ray(node), env)
        self._keep(node.name, machine)

    def _ray(self, node: Node) -> list[str]:
        place = ["--head", f"--port={_PORT}"] if node.number == 1 else [f"--address={self.address}"]
        if node.number == 1:
            place.append(f"--include-dashboard={str(self._dashboard).lower()}")
        sizes = [f"--num-cpus={node.cpus:g}", f"--num-gpus={node.gpus:g}"]
        return [
            *(sys.executable, "-m", "ray.scripts.scripts", "start", "--block"),
            *(*place, *sizes, f"--node-ip-address={self._machines.address(node.number)}"),
            *(f"--object-store-memory={_OBJECT_STORE_BYTES}", "--disable-usage-stats"),
        ]

    def _has_joined(self, node: Node) -> bool:
        log = self._machines.own(node.number) / "log"
        said = log.read_text(errors="replace") if log.exists() else ""
        if not self.nodes[node.name].is_up or "Traceback" in said:
            raise OSError(f"node {node.name} did not start:\n{said}")
        return _STARTED in said

    def _keep(self, name: str, machine: int | None) -> None:
        node = self.nodes[name]
        self.nodes[name] = replace(node, machine=machine)
        known = json.loads((self.folder / "cluster.json").read_text())
        known["nodes"] = [asdict(each) for each in self.nodes.values()]
        (self.folder / "cluster.json").write_text(json.dumps(known, indent=2))


def _machines(folder: Path, *, plain: bool) -> Machines:
    return GroupedMachines(folder) if plain else NamespacedMachines(folder)
