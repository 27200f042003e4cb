"""Which process of which machine: told apart from any other, also from one that got its pid."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

__all__ = ["Process", "this_machine", "this_process"]

_STATE, _STARTED = 0, 19
"""Positions in ``/proc/PID/stat`` after the name of the command (proc(5): fields 3 and 22)."""

_DEAD_STATES = frozenset("ZXx")
"""Ended; a zombie's parent has not asked yet."""


@dataclass(frozen=True)
class Process:
    """A process, by what no other process has in common with it.

    Attributes:
        machine: As `this_machine` names it.
        pid: Its process id there.
        started: When it started, in ticks since the machine did; None where nobody can tell.
    """

    machine: str
    pid: int
    started: int | None

    def runs(self) -> bool | None:
        """Return whether it still runs; None where this machine cannot tell of that one."""
        if self.machine != this_machine():
            return None
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            pass  # it belongs to someone else
        state, started = _stat(self.pid)
        if state in _DEAD_STATES:
            return False
        return started is None or self.started is None or started == self.started


def this_process() -> Process:
    """Return the calling process."""
    _, started = _stat(os.getpid())
    return Process(this_machine(), os.getpid(), started)


@cache
def this_machine() -> str:
    """Return a name within which pids mean the same: this boot of this kernel, this container."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return f"{boot}/{Path('/proc/self/ns/pid').readlink()}"


def _stat(pid: int) -> tuple[str, int | None]:
    """Return the state and the start of a process; no state and None where /proc hides it."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return "", None
    fields = text.rpartition(")")[2].split()  # a command's name may hold spaces and brackets
    return fields[_STATE], int(fields[_STARTED])
