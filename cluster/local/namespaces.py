"""Machines in namespaces of their own, on a switch of their own.

Each has a network, a mount table, process ids and a name: an address on a private switch,
``/dev/shm`` and Ray's temporary folder to itself, and a private disk. Nothing of it is visible
outside, and all of it vanishes with its first process.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from machine_processes import (
    call,
    in_network,
    is_running,
    network_of,
    only_child,
    settings,
    started,
    wait_until,
)
from machines import Machines

__all__ = ["NamespacedMachines", "why_no_namespaces"]

_INIT = Path(__file__).with_name("node_init.py")
_RAY_FOLDER = "/tmp/ray"
_SHARED_MEMORY = "512m"


class NamespacedMachines(Machines):
    """Machines in namespaces of their own, on a switch of their own; needs root and iproute2."""

    def address(self, number: int) -> str:
        return f"10.77.0.{number}"

    def boot(self, number: int, argv: Sequence[str], env: Mapping[str, str]) -> int:
        own, disk = self.own(number), self.folder / "disk"
        for folder in (own / "disk", own / "ray", disk, Path(_RAY_FOLDER)):
            folder.mkdir(parents=True, exist_ok=True)
        flags = ["--net", "--mount", "--pid", "--uts", "--ipc", "--fork", "--kill-child"]
        flags += ["--mount-proc", "--propagation", "private"]
        with (own / "boot").open("wb") as said:
            outer = started(
                ["unshare", *flags, sys.executable, str(_INIT)],
                stdin=subprocess.PIPE,
                stdout=said,
                stderr=said,
            )
        first = only_child(outer.pid)
        self._plug_in(number, first)
        order = {
            "hostname": f"n{number}",
            "binds": [[str(own / "disk"), str(disk)], [str(own / "ray"), _RAY_FOLDER]],
            "memory_disks": [["/dev/shm", _SHARED_MEMORY]],
            "argv": list(argv),
            "env": dict(env),
            "log": str(own / "log"),
            "pid_file": str(own / "pid"),
        }
        assert outer.stdin is not None
        outer.stdin.write(json.dumps(order).encode() + b"\n")
        outer.stdin.close()
        return first

    def entering(self, machine: int, argv: Sequence[str], env: Mapping[str, str]) -> list[str]:
        inside = [
            "nsenter",
            "--target",
            str(machine),
            "--net",
            "--mount",
            "--pid",
            "--uts",
            "--ipc",
        ]
        return [*inside, "env", f"--chdir={Path.cwd()}", *settings(env), *argv]

    def interrupt(self, number: int, machine: int) -> None:
        inside = (self.own(number) / "pid").read_text().strip()
        call(*self.entering(machine, ["kill", "-TERM", inside], {}))

    def kill(self, number: int, machine: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(machine, signal.SIGKILL)
        wait_until(lambda: not is_running(machine), f"the end of process {machine}")

    def cut(self, number: int, seconds: float) -> None:
        switch = self._switch()
        call(*in_network(switch, "ip", "link", "set", f"p{number}", "down"))
        try:
            time.sleep(seconds)
        finally:
            call(*in_network(switch, "ip", "link", "set", f"p{number}", "up"))

    def close(self) -> None:
        holder = self.folder / "switch"
        if holder.exists():
            switch = int(holder.read_text())
            holder.unlink()
            self.kill(0, switch)

    def _plug_in(self, number: int, machine: int) -> None:
        """Give a machine its address, and a cable to the switch."""
        switch = self._switch()
        cable = ["ip", "link", "add", f"v{number}", "netns", str(machine), "type", "veth"]
        call(*cable, "peer", "name", f"p{number}", "netns", str(switch))
        call(*in_network(switch, "ip", "link", "set", f"p{number}", "master", "br0", "up"))
        address = f"{self.address(number)}/24"
        call(*in_network(machine, "ip", "addr", "add", address, "dev", f"v{number}"))
        for device in ("lo", f"v{number}"):
            call(*in_network(machine, "ip", "link", "set", device, "up"))

    def _switch(self) -> int:
        """Return the process that holds the switch; the first call makes one."""
        holder = self.folder / "switch"
        if holder.exists():
            return int(holder.read_text())
        switch = started(["unshare", "--net", "sleep", "infinity"]).pid
        wait_until(lambda: network_of(switch) != network_of(os.getpid()), "a network namespace")
        call(*in_network(switch, "ip", "link", "add", "br0", "type", "bridge"))
        call(*in_network(switch, "ip", "link", "set", "br0", "up"))
        holder.write_text(f"{switch}\n")
        return switch


def why_no_namespaces() -> str | None:
    """Return why machines cannot have namespaces of their own here; None where they can."""
    missing = [name for name in ("ip", "unshare", "nsenter", "mount") if not shutil.which(name)]
    if missing:
        return f"{', '.join(missing)} not installed (iproute2, util-linux)"
    if os.geteuid() != 0:
        return "namespaces need root"
    flags = ["--net", "--mount", "--pid", "--uts", "--ipc", "--fork", "--mount-proc"]
    tried = subprocess.run(
        ["unshare", *flags, "ip", "link", "add", "br0", "type", "bridge"],
        capture_output=True,
        check=False,
        text=True,
    )
    return tried.stderr.strip() or "unshare failed" if tried.returncode else None
