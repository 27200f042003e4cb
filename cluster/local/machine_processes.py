"""Processes of this machine that stand for others, and commands that are to succeed."""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

_PATIENCE_S = 10.0

_children: list[subprocess.Popen[bytes]] = []
"""Those that this process has started: they stay as zombies until it asks for them."""


def started(argv: Sequence[str], **options: Any) -> subprocess.Popen[bytes]:
    """Start a process that outlives this one."""
    process = subprocess.Popen(
        argv, **{"stdin": subprocess.DEVNULL, "start_new_session": True, **options}
    )
    _children.append(process)
    return process


def call(*argv: str) -> None:
    """Run a command; raise OSError with its own words where it fails."""
    done = subprocess.run(argv, capture_output=True, check=False, text=True)
    if done.returncode:
        raise OSError(f"{' '.join(argv)}: {done.stderr.strip() or done.returncode}")


def in_network(machine: int, *argv: str) -> list[str]:
    """Return the command that runs another in the network of a process."""
    return ["nsenter", "--target", str(machine), "--net", *argv]


def settings(env: Mapping[str, str]) -> list[str]:
    """Return environment variables as ``env`` takes them."""
    return [f"{name}={value}" for name, value in env.items()]


def network_of(process: int) -> str:
    """Return what identifies the network of a process."""
    return str(Path(f"/proc/{process}/ns/net").readlink())


def only_child(process: int) -> int:
    """Return the child of a process that is about to have one."""
    found: list[int] = []

    def look() -> bool:
        found[:] = [child for child, parent in _parents() if parent == process]
        return bool(found)

    wait_until(look, "a process namespace")
    return found[0]


def _parents() -> Iterator[tuple[int, int]]:
    """Yield each process of this machine with its parent."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            yield int(stat.parent.name), int(fields[1])


def marked(mark: bytes) -> Iterator[int]:
    """Yield the processes with a variable, ``NAME=value``, in their environment."""
    for environ in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if mark in environ.read_bytes().split(b"\0"):
                yield int(environ.parent.name)


def is_running(process: int) -> bool:
    """Return whether a process has not ended."""
    _children[:] = [child for child in _children if child.poll() is None]
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def wait_until(holds: Callable[[], bool], what: str, seconds: float = _PATIENCE_S) -> None:
    """Return once something holds.

    Raises:
        OSError: It did not come about within ``seconds``.
    """
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise OSError(f"waited {seconds:.0f} s for {what}")
        time.sleep(0.05)
