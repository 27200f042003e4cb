"""What a local cluster runs on: an interface, and its simplest kind.

`namespaces` has machines that are as good as real ones; where it does not work, groups of
processes of this machine have to do.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path

from machine_processes import marked, settings, started

__all__ = ["GroupedMachines", "Machines"]

_MARK = "TUNER_LOCAL_NODE"


class Machines(ABC):
    """What a local cluster runs on.

    Args:
        folder: The cluster's; it holds ``shared``, ``disk`` and a folder of each machine.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @abstractmethod
    def address(self, number: int) -> str:
        """Return the address of a machine, which are numbered from 1."""

    @abstractmethod
    def boot(self, number: int, argv: Sequence[str], env: Mapping[str, str]) -> int:
        """Start a machine that runs a command, and return a process id that stands for it."""

    @abstractmethod
    def entering(self, machine: int, argv: Sequence[str], env: Mapping[str, str]) -> list[str]:
        """Return the command that runs ``argv`` on a machine, given its process id."""

    @abstractmethod
    def interrupt(self, number: int, machine: int) -> None:
        """Send SIGTERM to the command that a machine was started with."""

    @abstractmethod
    def kill(self, number: int, machine: int) -> None:
        """Kill all that runs on a machine, at once."""

    def cut(self, number: int, seconds: float) -> None:
        """Take a machine's network away for some seconds.

        Raises:
            OSError: Machines of this kind share one.
        """
        raise OSError("only a machine with a network of its own can be cut off")

    @abstractmethod
    def close(self) -> None:
        """Remove what the machines shared, once all are gone."""

    def own(self, number: int) -> Path:
        """Return the folder of a machine."""
        return self.folder / "nodes" / f"n{number}"


class GroupedMachines(Machines):
    """Groups of processes on this machine, which share its network and disks."""

    def address(self, number: int) -> str:
        return "127.0.0.1"

    def boot(self, number: int, argv: Sequence[str], env: Mapping[str, str]) -> int:
        self.own(number).mkdir(parents=True, exist_ok=True)
        named = {**env, _MARK: str(self.own(number))}
        with (self.own(number) / "log").open("ab") as log:
            return started(argv, env=named, stdout=log, stderr=log).pid

    def entering(self, machine: int, argv: Sequence[str], env: Mapping[str, str]) -> list[str]:
        return ["env", *settings(env), *argv]

    def interrupt(self, number: int, machine: int) -> None:
        os.kill(machine, signal.SIGTERM)

    def kill(self, number: int, machine: int) -> None:
        mark = f"{_MARK}={self.own(number)}".encode()
        while found := list(marked(mark)):  # what they start before they die is marked as well
            for process in found:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
            time.sleep(0.05)

    def close(self) -> None:
        pass
